// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/frame/tray.h"

#include "window/theme/line_icon.h"
#include "window/theme/theme.h"

#include <QAction>
#include <QCoreApplication>
#include <QMenu>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(Tray)
};

} // namespace

TrayState trayState(const LinkState& link, const control::Status& status) {
    if (!link.isThere)
        return TrayState::Stopped;
    if (!status.problems.isEmpty())
        return TrayState::Attention;
    return status.relayPaused || status.smtpPaused ? TrayState::Paused : TrayState::Running;
}

QString trayIconName(TrayState state) {
    switch (state) {
    case TrayState::Running:
        return u"tray-running"_s;
    case TrayState::Paused:
        return u"tray-paused"_s;
    case TrayState::Attention:
        return u"tray-attention"_s;
    case TrayState::Stopped:
        return u"tray-stopped"_s;
    }
    return u"tray-stopped"_s;
}

QString traySentence(const LinkState& link, const control::Status& status) {
    if (!link.isThere)
        return Words::tr("Postern does not receive mail");
    const auto banners = needsYou(link, status);
    return banners.isEmpty() ? Words::tr("Postern is running") : banners.first().title;
}

Tray::Tray(QAction* open, QAction* queue, QMenu* pauseMenu, QAction* resume, QAction* quit, QObject* parent)
    : QObject(parent), m_menu(std::make_unique<QMenu>()) {
    m_sentence = m_menu->addAction(QString());
    connect(m_sentence, &QAction::triggered, this, &Tray::stateOpened);
    m_menu->addSeparator();
    m_menu->addAction(open);
    m_menu->setDefaultAction(open);
    m_menu->addAction(queue);
    m_menu->addSeparator();
    m_menu->addMenu(pauseMenu);
    m_menu->addAction(resume);
    m_menu->addSeparator();
    m_menu->addAction(quit);
    m_icon.setContextMenu(m_menu.get());
    connect(&m_icon, &QSystemTrayIcon::activated, this, [this](QSystemTrayIcon::ActivationReason reason) {
        if (reason == QSystemTrayIcon::Trigger || reason == QSystemTrayIcon::DoubleClick)
            Q_EMIT opened();
    });
    connect(&m_icon, &QSystemTrayIcon::messageClicked, this, [this] { Q_EMIT noticeOpened(m_noticeId); });
    recolor();
    m_icon.show();
}

Tray::~Tray() = default;

void Tray::recolor() {
    m_icon.setIcon(lineIcon(trayIconName(m_state), theme::roles().text));
}

void Tray::showState(const LinkState& link, const control::Status& status) {
    if (const TrayState now = trayState(link, status); now != m_state) {
        m_state = now;
        recolor();
    }
    const QString sentence = traySentence(link, status);
    m_icon.setToolTip(sentence);
    m_sentence->setText(QString(sentence).replace(u'&', u"&&"_s));
    const StateWords words = stateWords(link, status);
    m_sentence->setIcon(lineIcon(words.icon, theme::roles().tone(words.tone).ink));
}

void Tray::tell(const Notice& notice) {
    m_noticeId = notice.problemId;
    if (m_icon.isVisible() && QSystemTrayIcon::supportsMessages())
        m_icon.showMessage(notice.title, notice.text, lineIcon(u"app"_s, theme::roles().text));
}

} // namespace postern::window
