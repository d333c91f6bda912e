// SPDX-License-Identifier: GPL-3.0-or-later
//
// One step of a story: time, state on a vertical line, bold fact, dim reason, and the other side's words; the step that
// matters now holds them in a box.
// Thread: the GUI thread.
#pragma once

#include "window/message/story.h"

#include <QWidget>

namespace postern::window {

class StoryStepWidget final : public QWidget {
    Q_OBJECT
  public:
    // cure: a button in the box of the open step; null = none. It belongs to the page.
    StoryStepWidget(const StoryStep& step, bool isLast, QAction* cure = nullptr, QWidget* parent = nullptr);

  protected:
    void paintEvent(QPaintEvent* event) override;

  private:
    StoryStep m_step;
    bool m_isLast;
};

} // namespace postern::window
