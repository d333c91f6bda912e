// SPDX-License-Identifier: GPL-3.0-or-later
//
// What happens, live: follows the newest line until somebody scrolls, then counts what is new.
// Thread: the GUI thread.
#pragma once

#include "window/activity/activity_model.h"
#include "window/widgets/page.h"

class QPlainTextEdit;
class QPushButton;
class QSplitter;
class QStackedWidget;
class QTreeView;

namespace postern::window {

class ElidedLabel;
class FilterChip;
class GatewayLink;
class StateButton;
struct LinkState;

class ActivityPage final : public Page {
    Q_OBJECT
  public:
    explicit ActivityPage(GatewayLink& link, QWidget* parent = nullptr);
    QLineEdit* finder() const override { return m_find; }
    bool escape() override;
    void showState(const LinkState& state);

  Q_SIGNALS:
    void messageOpened(const QString& messageId);

  private:
    QWidget* makeDetails();
    void take(const QList<control::ActivityEvent>& events);
    void follow(); // merges what is new and goes to the newest
    bool isStandingStill() const; // paused, or scrolled to older lines
    void pause();
    void copySelected();
    void showLive();
    void showCurrent();
    void showEmptiness();
    const control::ActivityEvent* current() const;

    GatewayLink& m_link;
    ActivityModel* m_model = nullptr;
    ActivityFilter* m_filter = nullptr;
    QList<control::ActivityEvent> m_new; // while paused
    int m_newCount = 0;
    bool m_isPaused = false; // by hand
    PageHeader* m_header = nullptr;
    StateButton* m_live = nullptr;
    QList<FilterChip*> m_chips;
    QLineEdit* m_find = nullptr;
    QTreeView* m_view = nullptr;
    EmptyState* m_empty = nullptr;
    QStackedWidget* m_body = nullptr;
    QWidget* m_details = nullptr;
    QSplitter* m_split = nullptr;
    bool m_hasSplit = false;
    ElidedLabel* m_title = nullptr;
    QPlainTextEdit* m_words = nullptr;
    QPushButton* m_openButton = nullptr;
    QAction* m_open = nullptr;
    QAction* m_copy = nullptr;
    QAction* m_pause = nullptr;
};

} // namespace postern::window
