// SPDX-License-Identifier: GPL-3.0-or-later
//
// "Removed 3 messages." with Undo, as long as it can be taken back.
// Thread: the GUI thread.
#pragma once

#include <QFrame>

class QLabel;
class QPushButton;

namespace postern::window {

class UndoBar final : public QFrame {
    Q_OBJECT
  public:
    explicit UndoBar(QWidget* parent = nullptr);
    void showRemoved(int count); // 0 hides

  Q_SIGNALS:
    void undone();

  protected:
    void paintEvent(QPaintEvent* event) override;

  private:
    QLabel* m_words = nullptr;
    QPushButton* m_undo = nullptr;
};

} // namespace postern::window
