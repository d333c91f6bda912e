// SPDX-License-Identifier: GPL-3.0-or-later
//
// What happened lately, one plain line each, in memory: the last kMost events, the counters of today and the last log lines.
//
// Counters begin anew at local midnight, not at a restart: the engine keeps them in the spool. Thread: engine control. Not the durable record: the queue is.
#pragma once

#include "base/clock.h"
#include "base/log.h"
#include "control/snapshots.h"

#include <deque>
#include <functional>
#include <map>
#include <utility>
#include <vector>

namespace postern::engine {

class ActivityJournal {
  public:
    static constexpr qsizetype kMost = 20'000;
    static constexpr qsizetype kMostLogLines = 2'000;

    explicit ActivityJournal(const Clock& clock) : m_clock(clock) {}

    void setSink(std::function<void(const control::ActivityEvent&)> sink) { m_sink = std::move(sink); }

    // kind as in control::ActivityEvent. Text may hold words from outside: it is made harmless here.
    void add(const char* kind, const QByteArray& text, const QByteArray& detail = {}, const QByteArray& message = {});
    const QString& addLogLine(const LogLine& line); // as it is kept

    QList<control::ActivityEvent> since(qint64 serial, int most) const; // events after `serial`, the newest `most`
    QStringList logTail(int most) const;
    const control::Counters& today();
    const control::Counters& total() const { return m_total; } // since the start; no hours
    void noteWaiting(int waiting); // for the hour's bar

    // Today's counters as named numbers, to be kept on disk; nothing if they are as they were when last asked for.
    std::vector<std::pair<QByteArray, qint64>> countersToKeep();
    // What countersToKeep() gave was not kept after all; it gives them again, and here they are.
    std::vector<std::pair<QByteArray, qint64>> keepAgain() { return std::exchange(m_kept, {}); }
    void restoreCounters(const std::map<QByteArray, qint64>& kept); // of another day: ignored

  private:
    void rollOver();

    const Clock& m_clock;
    std::function<void(const control::ActivityEvent&)> m_sink;
    std::deque<control::ActivityEvent> m_events;
    std::deque<QString> m_logLines;
    control::Counters m_today, m_total;
    qint64 m_serial = 0;
    qint64 m_day = -1; // Julian day of m_today
    std::vector<std::pair<QByteArray, qint64>> m_kept; // what countersToKeep() gave last
};

} // namespace postern::engine
