// SPDX-License-Identifier: GPL-3.0-or-later
//
// Fetches the queue a page at a time: what waits, is being sent, or is held (caught mail has its own page). Never more
// than the wanted number of rows; showMore() wants another thousand.
//
// Refreshing is throttled by size, so that a queue of 100 000 rows costs no more than a short one.
// Thread: the GUI thread. Failure: a reply that says no ends this round and is told by failed().
#pragma once

#include "window/link/gateway_link.h"

namespace postern::window {

class QueueLoader final : public QObject {
    Q_OBJECT
  public:
    QueueLoader(GatewayLink& link, QStringList states, QObject* parent = nullptr);

    void setActive(bool on); // its page is in front
    void refresh();          // soon
    void refreshNow();
    void showMore();

    const QList<control::QueueRow>& rows() const { return m_rows; }
    int total() const { return m_total; }
    bool isComplete() const { return m_rows.size() >= m_total; }
    const QString& newest() const { return m_newest; } // of the last state, for a removal of all of them
    bool wasLoaded() const { return m_wasLoaded; }

    static constexpr int kPage = 250;
    static constexpr int kStep = 1000;

  Q_SIGNALS:
    void loaded();
    void failed(const QString& reason);

  private:
    void startRound();
    void askPage();
    void takePage(const control::Reply& reply);

    GatewayLink& m_link;
    QStringList m_states;
    QList<control::QueueRow> m_rows;
    int m_total = 0;
    QString m_newest;
    int m_wanted = kStep;
    bool m_isActive = false;
    bool m_isBusy = false;
    bool m_again = false;
    bool m_wasLoaded = false;
    QTimer m_soon;
    // the round in progress
    QList<control::QueueRow> m_fresh;
    int m_freshTotal = 0;
    int m_state = 0;
    QString m_after; // where the next page begins
};

} // namespace postern::window
