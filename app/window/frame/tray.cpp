// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/frame/tray.h"

#include "window/overview/needs_you.h"
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

// The worst open thing in one sentence, with what it means for the mail if that is a number.
QString traySentence(const LinkState& link, const control::Status& status) {
    const auto banners = needsYou(link, status);
    if (!link.isThere)
        return banners.isEmpty() ? Words::tr("Postern is starting") : Words::tr("Postern does not receive mail");
    if (banners.isEmpty())
        return Words::tr("Postern is running");
    const BannerText& worst = banners.first();
    for (const auto& relay : status.relays) {
        if (relay.waiting > 0 && isAboutQueue(worst.id) && worst.id.endsWith(u':' + relay.name))
            return Words::tr("%1: %n message(s) wait", "what is wrong, count", relay.waiting).arg(worst.title);
    }
    return worst.title;
}

Tray::Tray(std::unique_ptr<TrayIcon> icon, const TrayActions& actions, QObject* parent)
    : QObject(parent), m_menu(std::make_unique<QMenu>()), m_icon(std::move(icon)) {
    m_sentence = m_menu->addAction(QString());
    QFont bold = m_sentence->font();
    bold.setBold(true);
    m_sentence->setFont(bold);
    connect(m_sentence, &QAction::triggered, this, &Tray::stateOpened);
    m_menu->addSeparator();
    m_menu->addAction(actions.open);
    m_menu->setDefaultAction(actions.open);
    m_menu->addAction(actions.find);
    m_menu->addAction(actions.queue);
    m_menu->addSeparator();
    m_menu->addMenu(actions.pause);
    m_menu->addAction(actions.resume);
    m_menu->addSeparator();
    m_menu->addAction(actions.quit);
    connect(m_icon.get(), &TrayIcon::clicked, this, &Tray::opened);
    connect(m_icon.get(), &TrayIcon::noticeClicked, this, [this] { Q_EMIT noticeOpened(m_noticeId); });
    recolor();
    m_icon->show(m_menu.get());
}

Tray::~Tray() = default;

void Tray::recolor() {
    m_icon->setState(trayIconName(m_state), m_words);
}

void Tray::showState(const LinkState& link, const control::Status& status) {
    const TrayState state = trayState(link, status);
    const QString words = traySentence(link, status);
    if (state == m_state && words == m_words)
        return;
    m_state = state;
    m_words = words;
    recolor();
    m_sentence->setText(QString(words).replace(u'&', u"&&"_s));
    const StateWords shown = stateWords(link, status);
    m_sentence->setIcon(lineIcon(shown.icon, theme::roles().tone(shown.tone).ink));
}

void Tray::tell(const Notice& notice) {
    m_noticeId = notice.problemId;
    m_icon->tell(notice.title, notice.text);
}

} // namespace postern::window
