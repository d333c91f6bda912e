// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/frame/tray_icon.h"

#include "window/theme/line_icon.h"
#include "window/theme/theme.h"

#include <QSystemTrayIcon>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

class SystemTrayIcon final : public TrayIcon {
  public:
    SystemTrayIcon() {
        connect(&m_icon, &QSystemTrayIcon::activated, this, [this](QSystemTrayIcon::ActivationReason reason) {
            if (reason == QSystemTrayIcon::Trigger || reason == QSystemTrayIcon::DoubleClick)
                Q_EMIT clicked();
        });
        connect(&m_icon, &QSystemTrayIcon::messageClicked, this, &TrayIcon::noticeClicked);
    }
    bool isThere() const override { return QSystemTrayIcon::isSystemTrayAvailable(); }
    void show(QMenu* menu) override {
        m_icon.setContextMenu(menu);
        m_icon.show();
    }
    void setState(const QString& iconName, const QString& sentence) override {
        m_icon.setIcon(lineIcon(iconName, theme::roles().text));
        m_icon.setToolTip(sentence);
    }
    void tell(const QString& title, const QString& text) override {
        if (isThere() && QSystemTrayIcon::supportsMessages())
            m_icon.showMessage(title, text, lineIcon(u"app"_s, theme::roles().text));
    }

  private:
    QSystemTrayIcon m_icon;
};

} // namespace

std::unique_ptr<TrayIcon> makeSystemTrayIcon() {
    return std::make_unique<SystemTrayIcon>();
}

} // namespace postern::window
