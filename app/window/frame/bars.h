// SPDX-License-Identifier: GPL-3.0-or-later
//
// The two bars of the frame: on top the state of the gateway and Pause; below receiving, queue, sending, and where the
// engine runs. Every part is a button that opens its cause.
// Thread: the GUI thread.
#pragma once

#include "window/overview/status_words.h"

#include <QWidget>

class QMenu;
class QPushButton;

namespace postern::window {

class StateButton;

class TopBar final : public QWidget {
    Q_OBJECT
  public:
    // The bell becomes a part of it.
    TopBar(QMenu* pauseMenu, QWidget* bell, QWidget* parent = nullptr);
    void showState(const StateWords& words, bool canPause, bool isPaused);

  Q_SIGNALS:
    void stateOpened();
    void resumeAsked();

  protected:
    void paintEvent(QPaintEvent* event) override;

  private:
    StateButton* m_state = nullptr;
    QPushButton* m_pause = nullptr;
    QPushButton* m_resume = nullptr;
};

class FootBar final : public QWidget {
    Q_OBJECT
  public:
    explicit FootBar(QWidget* parent = nullptr);
    void showState(const LinkState& link, const control::Status& status);

  Q_SIGNALS:
    void receivingOpened();
    void queueOpened();
    void sendingOpened();

  protected:
    void paintEvent(QPaintEvent* event) override;

  private:
    StateButton* m_receiving = nullptr;
    StateButton* m_queue = nullptr;
    StateButton* m_sending = nullptr;
    StateButton* m_where = nullptr;
};

} // namespace postern::window
