// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the icon beside the clock says: the state by its shape, one sentence as tool tip, the menu, notifications.
//
// Everything in its menu also exists in the window, because there may be no tray. The icon is shown even when no tray is
// there yet: on some desktops it comes after the programs that start at login.
// Thread: the GUI thread.
#pragma once

#include "window/frame/notices.h"
#include "window/frame/tray_icon.h"
#include "window/overview/status_words.h"

#include <memory>

class QAction;
class QMenu;

namespace postern::window {

enum class TrayState : quint8 { Running, Paused, Attention, Stopped };

TrayState trayState(const LinkState& link, const control::Status& status);
QString trayIconName(TrayState state);
QString traySentence(const LinkState& link, const control::Status& status);

struct TrayActions { // they belong to the window
    QAction* open = nullptr;
    QAction* find = nullptr;
    QAction* queue = nullptr;
    QMenu* pause = nullptr;
    QAction* resume = nullptr;
    QAction* quit = nullptr;
};

class Tray final : public QObject {
    Q_OBJECT
  public:
    Tray(std::unique_ptr<TrayIcon> icon, const TrayActions& actions, QObject* parent = nullptr);
    ~Tray() override;
    void showState(const LinkState& link, const control::Status& status);
    void tell(const Notice& notice);
    void recolor();
    bool isThere() const { return m_icon->isThere(); }
    QMenu& menu() { return *m_menu; }

  Q_SIGNALS:
    void opened();
    void stateOpened();
    void noticeOpened(const QString& problemId);

  private:
    std::unique_ptr<QMenu> m_menu;
    std::unique_ptr<TrayIcon> m_icon;
    QAction* m_sentence = nullptr;
    TrayState m_state = TrayState::Stopped;
    QString m_words;
    QString m_noticeId;
};

} // namespace postern::window
