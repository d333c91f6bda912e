// SPDX-License-Identifier: GPL-3.0-or-later
//
// Carries log lines to a file descriptor, or to a function, on a thread of its own, so that a full pipe, a stopped terminal or
// a slow disk never stops mail.
//
// Lines wait in memory up to kMostWaiting octets; beyond that new ones are dropped and counted, and the count is told as
// soon as the reader reads again. Failure: a descriptor that cannot be written to swallows its lines.
// Thread: add() and flush() from any. Lifetime: does not own the descriptor; ends by itself, at most kPatience late.
#pragma once

#include "base/clock.h"

#include <QByteArray>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace postern {

class LogWriter {
  public:
    static constexpr qsizetype kMostWaiting = 1 << 20;
    static constexpr Milliseconds kPatience{1000}; // of the end, with a reader that does not read

    explicit LogWriter(int descriptor);
    explicit LogWriter(std::function<void(const QByteArray& lines)> write); // called on the thread, with whole lines
    ~LogWriter();
    LogWriter(const LogWriter&) = delete;
    LogWriter& operator=(const LogWriter&) = delete;

    void add(QByteArrayView line); // with its line end
    bool flush(Milliseconds atMost = kPatience); // false: not all is written yet

  private:
    void run();
    bool writeOut(const QByteArray& lines); // false: given up, we are ending

    const int m_descriptor = -1;
    const std::function<void(const QByteArray&)> m_write; // instead of the descriptor
    std::mutex m_mutex;
    std::condition_variable m_wake, m_idle;
    QByteArray m_waiting;      // guarded by m_mutex, as are the next three
    qint64 m_dropped = 0;
    bool m_busy = false;       // lines are being written
    bool m_ending = false;
    std::thread m_thread;
};

} // namespace postern
