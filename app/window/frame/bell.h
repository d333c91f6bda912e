// SPDX-License-Identifier: GPL-3.0-or-later
//
// The bell of the top bar: a dot while a notification was not looked at, and the list of those there were; each opens its
// cause.
// Thread: the GUI thread. Lifetime: the notices must outlive it.
#pragma once

#include "window/frame/notices.h"

#include <QPushButton>

class QMenu;

namespace postern::window {

class Bell final : public QPushButton {
    Q_OBJECT
  public:
    explicit Bell(Notices& notices, QWidget* parent = nullptr);
    void showState(qint64 now); // after a new notice

  Q_SIGNALS:
    void noticeOpened(const QString& problemId);

  protected:
    void paintEvent(QPaintEvent* event) override;

  private:
    void fill();
    Notices& m_notices;
    QMenu* m_list = nullptr;
    qint64 m_now = 0;
};

} // namespace postern::window
