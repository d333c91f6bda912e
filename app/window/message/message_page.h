// SPDX-License-Identifier: GPL-3.0-or-later
//
// One message: its story at the leading side, the facts and what can be done at the trailing one.
// Thread: the GUI thread.
#pragma once

#include "window/message/story.h"
#include "window/widgets/page.h"

class QPushButton;
class QScrollArea;
class QVBoxLayout;

namespace postern::window {

class GatewayLink;
class LinkButton;
class StateButton;

class MessagePage final : public Page {
    Q_OBJECT
  public:
    explicit MessagePage(GatewayLink& link, QWidget* parent = nullptr);
    void open(const QString& envelopeId, const QString& fromPage, const QString& fromTitle);
    const QString& fromPage() const { return m_fromPage; }
    bool escape() override;

  Q_SIGNALS:
    void backAsked(const QString& pageId);
    void removeAsked(const QStringList& envelopeIds, const QString& fromPage);

  private:
    void refresh();
    void showRows();
    void change(const QByteArray& verb);

    GatewayLink& m_link;
    QString m_id;
    QString m_fromPage;
    QString m_message;
    QList<control::QueueRow> m_rows;
    control::QueueRow m_last; // what was known before it left
    LinkButton* m_back = nullptr;
    PageHeader* m_header = nullptr;
    StateButton* m_stand = nullptr;
    QWidget* m_story = nullptr;
    QVBoxLayout* m_steps = nullptr;
    QVBoxLayout* m_facts = nullptr;
    QAction* m_tryNow = nullptr;
    QAction* m_hold = nullptr;
    QAction* m_release = nullptr;
    QAction* m_save = nullptr;
    QAction* m_remove = nullptr;
};

} // namespace postern::window
