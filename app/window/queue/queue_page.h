// SPDX-License-Identifier: GPL-3.0-or-later
//
// What waits and why, with the cure beside it.
// Thread: the GUI thread.
#pragma once

#include "window/queue/queue_model.h"
#include "window/widgets/page.h"

class QPushButton;
class QStackedWidget;
class QVBoxLayout;

namespace postern::window {

class BannerStack;
class ElidedLabel;
class GatewayLink;
class LinkButton;
class PendingRemoval;
class QueueLoader;
class QueueView;
class UndoBar;
struct LinkState;

class QueuePage final : public Page {
    Q_OBJECT
  public:
    explicit QueuePage(GatewayLink& link, QWidget* parent = nullptr);
    QLineEdit* finder() const override { return m_filter; }
    bool escape() override;
    void shown() override;
    void showState(const LinkState& state);
    void removeLater(const QStringList& ids); // also for the message page
    void showRelay(const QString& relay);     // the group of what waits for it

  Q_SIGNALS:
    void messageOpened(const QString& envelopeId);
    void resumeAsked();

  protected:
    void hideEvent(QHideEvent* event) override;

  private:
    void makeTools(QVBoxLayout* column);
    void makeFoot(QVBoxLayout* column);
    void showRows();
    void showSelection();
    QString behind(const QStringList& ids) const;
    void selectNext();
    void selectWanted();
    void askToRemove(const QStringList& ids);
    void change(const QByteArray& verb, const QStringList& ids, const QString& whenRefused);
    void carryOut(Cure cure, const QStringList& ids);

    GatewayLink& m_link;
    QueueModel* m_model = nullptr;
    QueueLoader* m_loader = nullptr;
    PendingRemoval* m_removal = nullptr;
    QueueView* m_view = nullptr;
    PageHeader* m_header = nullptr;
    BannerStack* m_banners = nullptr;
    EmptyState* m_empty = nullptr;
    QStackedWidget* m_body = nullptr;
    QLineEdit* m_filter = nullptr;
    QLabel* m_selected = nullptr;
    QWidget* m_foot = nullptr;
    ElidedLabel* m_footTitle = nullptr;
    ElidedLabel* m_footWords = nullptr;
    LinkButton* m_more = nullptr;
    UndoBar* m_undo = nullptr;
    QPushButton* m_tryAll = nullptr;
    QWidget* m_tools = nullptr;
    QAction* m_tryNow = nullptr;
    QAction* m_hold = nullptr;
    QAction* m_release = nullptr;
    QAction* m_save = nullptr;
    QAction* m_remove = nullptr;
    QAction* m_open = nullptr;
    bool m_wasChanged = false; // by hand, and not yet shown
    QString m_goOnWith;        // the row to select then
    QString m_wantedRelay;     // until its rows have come
};

} // namespace postern::window
