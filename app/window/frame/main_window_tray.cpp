// SPDX-License-Identifier: GPL-3.0-or-later
//
// The main window and the place beside the clock: what is told there, hiding there, and never getting lost there.
#include "window/frame/main_window.h"

#include "window/activity/activity_page.h"
#include "window/frame/bell.h"
#include "window/frame/tray.h"

#include <QLineEdit>
#include <QSettings>

#include <utility>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

const auto kToldCaughtKey = u"window/toldCaught"_s;

} // namespace

void MainWindow::makeTray() {
    m_trayPatience.setObjectName(u"trayPatience"_s);
    m_trayPatience.setParent(this);
    m_trayPatience.setSingleShot(true);
    m_trayPatience.setInterval(kPatience);
    connect(&m_trayPatience, &QTimer::timeout, this, [this] {
        if (!isVisible() && !hasTray())
            showMinimized();
    });
    if (!m_setup.tray)
        return;
    m_tray = new Tray(std::move(m_setup.tray), {m_open, m_find, m_showQueue, m_pauseMenu, m_resume, m_quit}, this);
    connect(m_tray, &Tray::opened, this, &MainWindow::bringToFront);
    connect(m_tray, &Tray::stateOpened, this, [this] {
        bringToFront();
        openState();
    });
    connect(m_tray, &Tray::noticeOpened, this, [this](const QString& id) {
        bringToFront();
        openProblem(id);
    });
}

bool MainWindow::hasTray() const {
    return m_tray && m_tray->isThere();
}

void MainWindow::showHidden() {
    m_isFirstLook = true;
    if (!m_tray)
        showMinimized();
    else if (!hasTray())
        m_trayPatience.start();
}

void MainWindow::keepRunning() {
    if (hasTray())
        hide();
    else
        showMinimized();
}

void MainWindow::showInTray(const LinkState& state) {
    const auto& status = m_link.status();
    const bool hasAnswer = m_link.isThere() || !m_link.reason().isEmpty();
    if (hasAnswer && std::exchange(m_isFirstLook, false) && stateWords(state, status).tone == Tone::Error)
        bringToFront();
    const auto notice = m_notices.due(needsYou(state, status), m_link.now());
    m_bell->showState(m_link.now());
    tellCaught(status);
    if (!m_tray)
        return;
    m_tray->showState(state, status);
    if (notice && !isActiveWindow())
        m_tray->tell(*notice);
    // The panel went away while the window was hidden in it.
    if (m_link.wasEverThere() && !isVisible() && !m_isEnding && !hasTray() && !m_trayPatience.isActive())
        m_trayPatience.start();
}

// The very first message that is caught: who set Postern up looks for it, and may not know where.
void MainWindow::tellCaught(const control::Status& status) {
    const bool isFirst = m_link.isThere() && m_lastCaught == 0 && status.caught > 0;
    m_lastCaught = m_link.isThere() ? status.caught : m_lastCaught;
    if (!isFirst || !m_settings || m_settings->value(kToldCaughtKey).toBool())
        return;
    m_settings->setValue(kToldCaughtKey, true);
    const auto notice = m_notices.once(u"caught"_s, tr("Your first message was caught"),
                                       tr("It is kept for reading and was not sent to anybody. You find it under “Caught mail”."),
                                       m_link.now());
    m_bell->showState(m_link.now());
    if (notice && m_tray && !isActiveWindow())
        m_tray->tell(*notice);
}

// The activity knows every message, also those that have left.
void MainWindow::findMessage() {
    bringToFront();
    openPage(u"activity"_s);
    QLineEdit* finder = m_activity->finder();
    finder->setFocus(Qt::ShortcutFocusReason);
    finder->selectAll();
}

} // namespace postern::window
