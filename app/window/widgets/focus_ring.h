// SPDX-License-Identifier: GPL-3.0-or-later
//
// The one focus ring of a window: 2 px outside the focused control with 1 px gap, only where the keyboard is.
// Lists paint the focus of their rows themselves.
// Thread: the GUI thread.
#pragma once

#include <QFocusFrame>

namespace postern::window {

class FocusRing final : public QFocusFrame {
    Q_OBJECT
  public:
    explicit FocusRing(QWidget* window);

  private:
    void follow(QWidget* now);
};

} // namespace postern::window
