// SPDX-License-Identifier: GPL-3.0-or-later
//
// The icon in the system tray: the state by its shape, one sentence as tool tip, the menu, notifications.
//
// Everything in its menu also exists in the window, because there may be no tray. The icon is made even when no tray is
// there yet: on some desktops it comes after the programs that start at login.
// Thread: the GUI thread.
#pragma once

#include "window/frame/notices.h"
#include "window/overview/status_words.h"

#include <QSystemTrayIcon>

#include <memory>

class QAction;
class QMenu;

namespace postern::window {

enum class TrayState : quint8 { Running, Paused, Attention, Stopped };

TrayState trayState(const LinkState& link, const control::Status& status);
QString trayIconName(TrayState state);
QString traySentence(const LinkState& link, const control::Status& status);

class Tray final : public QObject {
    Q_OBJECT
  public:
    // The actions belong to the window.
    Tray(QAction* open, QAction* queue, QMenu* pauseMenu, QAction* resume, QAction* quit, QObject* parent = nullptr);
    ~Tray() override;
    void showState(const LinkState& link, const control::Status& status);
    void tell(const Notice& notice);
    void recolor();
    static bool isThere() { return QSystemTrayIcon::isSystemTrayAvailable(); }

  Q_SIGNALS:
    void opened();
    void stateOpened();
    void noticeOpened(const QString& problemId);

  private:
    QSystemTrayIcon m_icon;
    std::unique_ptr<QMenu> m_menu;
    QAction* m_sentence = nullptr;
    TrayState m_state = TrayState::Stopped;
    QString m_noticeId;
};

} // namespace postern::window
