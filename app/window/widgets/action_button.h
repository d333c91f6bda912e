// SPDX-License-Identifier: GPL-3.0-or-later
//
// A push button that is an action: its text, icon, state and visibility; the shortcut in its tool tip.
// Thread: the GUI thread.
#pragma once

#include <QPushButton>

class QAction;

namespace postern::window {

class ActionButton final : public QPushButton {
    Q_OBJECT
  public:
    explicit ActionButton(QAction* action, QWidget* parent = nullptr);

  private:
    void follow();
    QAction* m_action;
};

} // namespace postern::window
