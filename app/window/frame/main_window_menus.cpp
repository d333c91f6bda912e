// SPDX-License-Identifier: GPL-3.0-or-later
//
// The menu bar of the main window, its dialogs, closing and what it remembers: everything that is words and choices
// rather than layout.
#include "window/frame/main_window.h"

#include "window/frame/tray.h"
#include "window/theme/line_icon.h"
#include "window/theme/theme.h"
#include "window/widgets/page.h"
#include "window/words/phrases.h"

#include <QActionGroup>
#include <QApplication>
#include <QCheckBox>
#include <QCloseEvent>
#include <QLineEdit>
#include <QMenuBar>
#include <QMessageBox>
#include <QPushButton>
#include <QScreen>
#include <QSettings>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

const auto kOnCloseKey = u"window/onClose"_s;
const auto kGeometryKey = u"window/geometry"_s;
const auto kPageKey = u"window/page"_s;
const auto kSchemeKey = u"window/colors"_s;

} // namespace

void MainWindow::makeActions() {
    m_open = new QAction(tr("Open Postern"), this);
    connect(m_open, &QAction::triggered, this, &MainWindow::bringToFront);
    m_showQueue = new QAction(lineIcon(u"queue"_s), tr("Queue"), this);
    connect(m_showQueue, &QAction::triggered, this, [this] {
        bringToFront();
        openPage(u"queue"_s);
    });
    m_find = new QAction(lineIcon(u"search"_s), tr("Find a message…"), this);
    m_find->setShortcut(QKeySequence(u"Ctrl+K"_s));
    connect(m_find, &QAction::triggered, this, &MainWindow::findMessage);
    m_pauseMenu = new QMenu(tr("Pause sending"), this);
    m_pauseMenu->menuAction()->setIcon(lineIcon(u"pause"_s));
    m_timedPauses = {m_pauseMenu->addAction(tr("For 15 minutes"), this, [this] { pause(u"mta"_s, true, 15); }),
                     m_pauseMenu->addAction(tr("For 1 hour"), this, [this] { pause(u"mta"_s, true, 60); })};
    m_pauseMenu->addAction(tr("Until I resume"), this, [this] { pause(u"mta"_s, true); });
    m_resume = new QAction(lineIcon(u"play"_s), tr("Resume sending"), this);
    connect(m_resume, &QAction::triggered, this, [this] { pause(u"mta"_s, false); });
    m_pauseReceiving = new QAction(tr("Pause receiving"), this);
    connect(m_pauseReceiving, &QAction::triggered, this, [this] { pause(u"smtp"_s, true); });
    m_resumeReceiving = new QAction(tr("Resume receiving"), this);
    connect(m_resumeReceiving, &QAction::triggered, this, [this] { pause(u"smtp"_s, false); });
    m_reload = new QAction(lineIcon(u"refresh"_s), tr("Read settings again"), this);
    m_reload->setShortcut(QKeySequence(u"Ctrl+R"_s));
    connect(m_reload, &QAction::triggered, this, &MainWindow::reloadConfig);
    m_quit = new QAction(lineIcon(u"power"_s), tr("Quit Postern"), this);
    m_quit->setShortcut(QKeySequence(u"Ctrl+Q"_s));
    m_quit->setMenuRole(QAction::QuitRole);
    connect(m_quit, &QAction::triggered, this, &MainWindow::askToQuit);
    for (QAction* action : {m_find, m_quit})
        action->setShortcutVisibleInContextMenu(false); // in the tray's menu it would promise a key that works only here
    m_keepRunning = new QAction(tr("Keep running when the window is closed"), this);
    m_keepRunning->setCheckable(true);
    connect(m_keepRunning, &QAction::triggered, this, [this](bool on) {
        m_onClose = on ? OnClose::Keep : OnClose::Quit;
        remember();
    });
}

void MainWindow::makeMenus() {
    QMenu* file = menuBar()->addMenu(tr("&File"));
    file->addAction(lineIcon(u"file"_s), tr("Open smtpd.conf"), this, [this] { carryOut(Remedy::OpenConfig); });
    file->addAction(lineIcon(u"folder"_s), tr("Open the profile's folder"), this, [this] { carryOut(Remedy::OpenFolder); });
    file->addSeparator();
    file->addAction(m_keepRunning);
    file->addAction(tr("Close window"), QKeySequence(u"Ctrl+W"_s), this, &QWidget::close);
    file->addAction(m_quit);

    m_messageMenu = menuBar()->addMenu(tr("&Message"));
    m_messageMenu->menuAction()->setVisible(false);

    m_viewMenu = menuBar()->addMenu(tr("&View"));
    int key = 1;
    for (const QString& id : std::as_const(m_pageOrder)) {
        const QString text = m_pages.value(id)->accessibleName();
        m_viewMenu->addAction(text, QKeySequence(u"Ctrl+%1"_s.arg(key++)), this, [this, id] { openPage(id); });
    }
    m_viewMenu->addSeparator();
    m_viewMenu->addAction(m_find);
    m_viewMenu->addAction(tr("Find on this page"), QKeySequence(u"Ctrl+F"_s), this, [this] {
        if (QLineEdit* finder = currentPage()->finder()) {
            finder->setFocus(Qt::ShortcutFocusReason);
            finder->selectAll();
        }
    });
    m_viewMenu->addAction(tr("Refresh"), QKeySequence(u"F5"_s), &m_link, &GatewayLink::refresh);
    m_viewMenu->addAction(tr("Next area"), QKeySequence(u"F6"_s), this, [this] { cycleAreas(true); });
    m_viewMenu->addAction(tr("Previous area"), QKeySequence(u"Shift+F6"_s), this, [this] { cycleAreas(false); });
    m_viewMenu->addSeparator();
    QMenu* colors = m_viewMenu->addMenu(tr("Colours"));
    auto* group = new QActionGroup(this);
    const std::pair<theme::Scheme, QString> schemes[] = {{theme::Scheme::System, tr("As the system")},
                                                         {theme::Scheme::Light, tr("Light")},
                                                         {theme::Scheme::Dark, tr("Dark")},
                                                         {theme::Scheme::HighContrast, tr("High contrast")}};
    for (const auto& [scheme, text] : schemes) {
        QAction* action = colors->addAction(text, this, [this, scheme = scheme] {
            theme::install(*qApp, scheme);
            if (m_settings)
                m_settings->setValue(kSchemeKey, theme::toString(scheme));
        });
        action->setCheckable(true);
        action->setChecked(theme::scheme() == scheme);
        group->addAction(action);
    }

    QMenu* gateway = menuBar()->addMenu(tr("&Gateway"));
    gateway->addMenu(m_pauseMenu);
    gateway->addAction(m_resume);
    gateway->addAction(m_pauseReceiving);
    gateway->addAction(m_resumeReceiving);
    gateway->addSeparator();
    gateway->addAction(m_reload);

    QMenu* help = menuBar()->addMenu(tr("&Help"));
    help->addAction(lineIcon(u"help"_s), tr("Keyboard shortcuts"), QKeySequence(u"F1"_s), this, &MainWindow::showShortcuts);
    help->addAction(tr("About Postern"), this, &MainWindow::showAbout)->setMenuRole(QAction::AboutRole);
}

void MainWindow::showShortcuts() {
    QStringList lines;
    const auto list = [&lines](const QList<QAction*>& actions) {
        for (const QAction* action : actions) {
            if (!action->shortcut().isEmpty())
                lines << action->shortcut().toString(QKeySequence::NativeText) + u"\t"_s + QString(action->text()).remove(u'&');
        }
    };
    list(currentPage()->actions());
    for (const QAction* menu : menuBar()->actions()) {
        if (menu->menu() != m_messageMenu)
            list(menu->menu()->actions());
    }
    lines << tr("Enter") + u"\t"_s + tr("Open the selected thing") << tr("Esc") + u"\t"_s + tr("Go back");
    auto* box = new QMessageBox(QMessageBox::NoIcon, tr("Keyboard shortcuts"), tr("Keyboard shortcuts"), QMessageBox::Close, this);
    box->setTextFormat(Qt::PlainText);
    box->setInformativeText(lines.join(u'\n'));
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->open();
}

void MainWindow::showAbout() {
    auto* box = new QMessageBox(QMessageBox::NoIcon, tr("About Postern"), tr("Postern %1").arg(QStringLiteral(POSTERN_VERSION)),
                                QMessageBox::Close, this);
    box->setTextFormat(Qt::PlainText);
    box->setInformativeText(tr("A mail gateway for the desktop: any device in, any relay out, nothing lost.\n"
                               "Licence: GNU General Public License, version 3 or later."));
    box->setIconPixmap(lineIcon(u"app"_s, theme::roles().accentLine).pixmap(32, 32));
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->open();
}

void MainWindow::closeEvent(QCloseEvent* event) {
    remember();
    if (m_isEnding) {
        event->accept();
        return;
    }
    event->ignore();
    if (!m_link.isInProcess() || !m_link.isThere()) { // the gateway goes on by itself, or there is none: nothing to ask
        m_isEnding = true;
        Q_EMIT quitAsked();
        return;
    }
    switch (m_onClose) {
    case OnClose::Ask:
        askAboutClosing();
        break;
    case OnClose::Keep:
        keepRunning();
        break;
    case OnClose::Quit:
        askToQuit();
        break;
    }
}

void MainWindow::askAboutClosing() {
    if (findChild<QMessageBox*>(u"closeQuestion"_s))
        return;
    auto* box = new QMessageBox(QMessageBox::NoIcon, windowTitle(), tr("Keep running in the background?"), QMessageBox::NoButton, this);
    box->setObjectName(u"closeQuestion"_s);
    box->setTextFormat(Qt::PlainText);
    box->setInformativeText(hasTray() ? tr("Postern goes on taking in and sending mail. Its icon stays beside the clock; starting "
                                         "Postern again shows this window.")
                                    : tr("Postern goes on taking in and sending mail. The window is minimised; starting Postern "
                                         "again shows it."));
    QPushButton* keep = box->addButton(tr("Keep running"), QMessageBox::AcceptRole);
    QPushButton* quit = box->addButton(tr("Quit"), QMessageBox::DestructiveRole);
    box->setDefaultButton(keep);
    auto* remembered = new QCheckBox(tr("Don’t ask again"));
    box->setCheckBox(remembered);
    box->setAttribute(Qt::WA_DeleteOnClose);
    connect(box, &QMessageBox::buttonClicked, this, [this, keep, quit, remembered](const QAbstractButton* button) {
        if (remembered->isChecked() && (button == keep || button == quit)) {
            m_onClose = button == keep ? OnClose::Keep : OnClose::Quit;
            m_keepRunning->setChecked(button == keep);
            remember();
        }
        if (button == keep)
            keepRunning();
        else if (button == quit)
            askToQuit();
    });
    box->open();
}

void MainWindow::askToQuit() {
    const auto& status = m_link.status();
    const int waiting = status.waiting + status.inFlight + status.held;
    if (!m_link.isInProcess() || !m_link.isThere() || waiting == 0) {
        m_isEnding = true;
        Q_EMIT quitAsked();
        return;
    }
    if (findChild<QMessageBox*>(u"quitQuestion"_s))
        return;
    auto* box = new QMessageBox(QMessageBox::NoIcon, windowTitle(), tr("Quit Postern?"), QMessageBox::NoButton, this);
    box->setObjectName(u"quitQuestion"_s);
    box->setTextFormat(Qt::PlainText);
    box->setInformativeText(tr("%n message(s) are waiting. They stay safe and leave when Postern runs again.", nullptr, waiting));
    QPushButton* quit = box->addButton(tr("Quit"), QMessageBox::AcceptRole);
    box->addButton(QMessageBox::Cancel);
    box->setDefaultButton(quit);
    box->setAttribute(Qt::WA_DeleteOnClose);
    connect(box, &QMessageBox::buttonClicked, this, [this, quit](const QAbstractButton* button) {
        if (button != quit)
            return;
        m_isEnding = true;
        Q_EMIT quitAsked();
    });
    box->open();
}

void MainWindow::restore() {
    resize(1280, 800);
    if (!m_settings)
        return;
    const QString onClose = m_settings->value(kOnCloseKey).toString();
    m_onClose = onClose == u"keep" ? OnClose::Keep : onClose == u"quit" ? OnClose::Quit : OnClose::Ask;
    m_keepRunning->setChecked(m_onClose != OnClose::Quit);
    const QByteArray geometry = m_settings->value(kGeometryKey).toByteArray();
    if (!geometry.isEmpty() && restoreGeometry(geometry)) {
        const QScreen* on = QGuiApplication::screenAt(frameGeometry().center());
        if (!on) {
            resize(1280, 800);
            if (const QScreen* first = QGuiApplication::primaryScreen())
                move(first->availableGeometry().topLeft() + QPoint(40, 40));
        }
    }
    openPage(m_settings->value(kPageKey, u"overview"_s).toString());
}

void MainWindow::remember() {
    if (!m_settings)
        return;
    m_settings->setValue(kGeometryKey, saveGeometry());
    m_settings->setValue(kPageKey, m_pages.key(currentPage()));
    const auto word = [this] {
        switch (m_onClose) {
        case OnClose::Ask:
            return u"ask"_s;
        case OnClose::Keep:
            return u"keep"_s;
        case OnClose::Quit:
            return u"quit"_s;
        }
        return u"ask"_s;
    };
    m_settings->setValue(kOnCloseKey, word());
}

} // namespace postern::window
