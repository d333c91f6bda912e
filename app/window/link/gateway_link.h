// SPDX-License-Identifier: GPL-3.0-or-later
//
// The window's one line to the gateway: asks, keeps the newest status, hands on what happened.
//
// Asks `status` again on a "changed" event, at most twice a second, and slowly all the time, because events may be
// dropped. Activity is handed on in batches, four times a second, so that 10 000 lines a second do not reach a widget.
// Knows nothing of widgets. Replies for a receiver that is gone are dropped.
// Thread: the GUI thread. Lifetime: facade and clock must outlive it.
// Failure: a gateway that does not answer turns isThere() false, with its own sentence in reason().
#pragma once

#include "base/clock.h"
#include "control/facade.h"

#include <QObject>
#include <QPointer>
#include <QTimer>

namespace postern::window {

class GatewayLink : public QObject {
    Q_OBJECT
  public:
    GatewayLink(control::Facade& facade, const Clock& clock, QObject* parent = nullptr);

    void start(); // subscribes, asks for the first time, starts the slow poll
    void refresh();

    using Done = std::function<void(const control::Reply&)>;
    void ask(const QByteArray& verb, const QJsonObject& args, QObject* receiver, Done done);

    bool isInProcess() const;
    qint64 now() const; // Unix seconds
    bool isThere() const { return m_isThere; }
    bool wasEverThere() const { return m_wasEverThere; }
    const QString& reason() const { return m_reason; }
    const control::Status& status() const { return m_status; }
    const QList<control::ActivityEvent>& recent() const { return m_recent; } // newest last, at most kMostRecent

    static constexpr int kMostRecent = 5000;

  Q_SIGNALS:
    void statusChanged();  // also when the gateway comes or goes
    void queueChanged();   // the queue may look different now
    void activityArrived(const QList<control::ActivityEvent>& events); // oldest first

  private:
    void listen();
    void onEvent(const control::Event& event);
    void flushActivity();
    void askStatus();
    void takeStatus(const control::Reply& reply);
    void catchUp();

    // constant after construction
    control::Facade& m_facade;
    const Clock& m_clock;
    // GUI thread
    control::Status m_status;
    QList<control::ActivityEvent> m_recent;
    QList<control::ActivityEvent> m_batch;
    QString m_reason;
    qint64 m_lastSerial = 0;
    bool m_isThere = false;
    bool m_wasEverThere = false;
    bool m_isAsking = false;
    bool m_askAgain = false;
    QTimer m_soon;  // half a second after "changed"
    QTimer m_slow;
    QTimer m_flush;
};

} // namespace postern::window
