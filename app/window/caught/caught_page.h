// SPDX-License-Identifier: GPL-3.0-or-later
//
// Mail that was caught for reading: the list, and beside it the message.
// Thread: the GUI thread.
#pragma once

#include "window/caught/caught_model.h"
#include "window/widgets/page.h"

class QListView;
class QStackedWidget;

namespace postern::window {

class GatewayLink;
class LinkButton;
class MailReader;
class PendingRemoval;
class QueueLoader;
class UndoBar;
struct LinkState;

class CaughtPage final : public Page {
    Q_OBJECT
  public:
    explicit CaughtPage(GatewayLink& link, QWidget* parent = nullptr);
    QLineEdit* finder() const override { return m_filter; }
    bool escape() override;
    void shown() override;
    void showState(const LinkState& state);
    void removeLater(const QStringList& ids);

  Q_SIGNALS:
    void messageOpened(const QString& envelopeId);

  protected:
    void hideEvent(QHideEvent* event) override;

  private:
    void makeActions();
    void showRows();
    void showCurrent();
    void askAboutAll();
    const CaughtMessage* current() const;
    static constexpr int kMostOctets = 8 * 1024 * 1024; // of a message that is shown

    GatewayLink& m_link;
    CaughtModel* m_model = nullptr;
    QueueLoader* m_loader = nullptr;
    PendingRemoval* m_removal = nullptr;
    PageHeader* m_header = nullptr;
    QListView* m_view = nullptr;
    MailReader* m_reader = nullptr;
    EmptyState* m_empty = nullptr;
    QStackedWidget* m_body = nullptr;
    QWidget* m_tools = nullptr;
    QLineEdit* m_filter = nullptr;
    LinkButton* m_more = nullptr;
    UndoBar* m_undo = nullptr;
    QLabel* m_emptyLine = nullptr;
    QString m_shown; // message in the reader
    QAction* m_save = nullptr;
    QAction* m_remove = nullptr;
    QAction* m_removeAll = nullptr;
    QAction* m_open = nullptr;
};

} // namespace postern::window
