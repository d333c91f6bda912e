// SPDX-License-Identifier: GPL-3.0-or-later
//
// The timers of one event loop, ordered by when they are due. Knows no clock and sends nothing: it is told the time.
//
// A timer is due at most once a round, however late the round is; a late one does not catch up but starts anew.
// Coarse timers are moved later, by at most 1/20 of their interval, onto common points so that they fall due together.
// Thread: its loop's.
#pragma once

#include <QAbstractEventDispatcher>

#include <chrono>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

namespace postern {

class TimerQueue {
  public:
    using Time = std::chrono::nanoseconds; // since any fixed point

    void add(int id, qint64 intervalMs, Qt::TimerType type, QObject* object, Time now);
    bool remove(int id);
    bool removeAllOf(const QObject* object);
    QList<QAbstractEventDispatcher::TimerInfo> of(const QObject* object) const;
    std::optional<Time> remaining(int id, Time now) const; // never negative
    std::optional<Time> untilNext(Time now) const;         // of those that are not being sent right now

    // A round: begin() notes what is due now, in order; take() gives them one by one, set for their next time and
    // marked as being sent, leaving out what was removed meanwhile; done() ends the sending of one.
    std::vector<int> begin(Time now) const;
    QObject* take(int id, Time now);
    void done(int id);

  private:
    struct Timer {
        qint64 interval = 0;
        Qt::TimerType type = Qt::CoarseTimer;
        QObject* object = nullptr;
        std::pair<Time, quint64> due; // time, then order of setting
        bool sending = false;         // its event is on the stack (a nested loop must not send it again)
    };
    void schedule(int id, Timer& timer, Time at);

    std::unordered_map<int, Timer> m_timers;
    std::map<std::pair<Time, quint64>, int> m_byTime;
    quint64 m_serial = 0;
};

} // namespace postern
