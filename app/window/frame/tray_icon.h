// SPDX-License-Identifier: GPL-3.0-or-later
//
// The place beside the clock, as little of it as the window needs: an icon by name, one sentence, a menu, a notification.
//
// A seam: tests put their own in its place. The icon may be shown while no tray is there; it appears when one comes.
// Thread: the GUI thread. Failure: none; a desktop without notifications shows none.
#pragma once

#include <QObject>

#include <memory>

class QMenu;

namespace postern::window {

class TrayIcon : public QObject {
    Q_OBJECT
  public:
    virtual bool isThere() const = 0; // somebody shows icons now; asked each time, because trays come and go
    virtual void show(QMenu* menu) = 0; // the menu must outlive the icon
    virtual void setState(const QString& iconName, const QString& sentence) = 0;
    virtual void tell(const QString& title, const QString& text) = 0;

  Q_SIGNALS:
    void clicked();
    void noticeClicked();
};

std::unique_ptr<TrayIcon> makeSystemTrayIcon();

} // namespace postern::window
