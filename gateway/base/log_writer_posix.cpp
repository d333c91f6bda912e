// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/log_writer.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <utility>

#include <poll.h>
#include <unistd.h>

namespace postern {
namespace {

constexpr int kLookAgainMs = 100; // whether we are ending, while nobody reads

} // namespace

LogWriter::LogWriter(int descriptor) : m_descriptor(descriptor), m_thread([this] { run(); }) {}

LogWriter::LogWriter(std::function<void(const QByteArray&)> write)
    : m_write(std::move(write)), m_thread([this] { run(); }) {}

LogWriter::~LogWriter() {
    (void)flush();
    {
        const std::lock_guard lock(m_mutex);
        m_ending = true;
    }
    m_wake.notify_one();
    m_thread.join();
}

void LogWriter::add(QByteArrayView line) {
    const std::lock_guard lock(m_mutex);
    if (m_waiting.size() + line.size() > kMostWaiting) {
        ++m_dropped;
        return;
    }
    const bool wasIdle = m_waiting.isEmpty();
    if (m_dropped > 0)
        m_waiting += QByteArray::number(std::exchange(m_dropped, 0)) + " log lines were dropped: nobody read them\n";
    m_waiting += line;
    if (wasIdle)
        m_wake.notify_one();
}

bool LogWriter::flush(Milliseconds atMost) {
    std::unique_lock lock(m_mutex);
    return m_idle.wait_for(lock, atMost, [this] { return m_waiting.isEmpty() && !m_busy; });
}

void LogWriter::run() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr); // signals, SIGPIPE above all, are for others
    std::unique_lock lock(m_mutex);
    bool alive = true;
    while (alive) {
        m_wake.wait(lock, [this] { return m_ending || !m_waiting.isEmpty(); });
        if (m_waiting.isEmpty())
            return;
        const QByteArray lines = std::exchange(m_waiting, QByteArray());
        m_busy = true;
        lock.unlock();
        alive = writeOut(lines);
        lock.lock();
        m_busy = false;
        m_idle.notify_all();
    }
}

// A descriptor that polls as writable takes PIPE_BUF octets without blocking, whatever it is.
bool LogWriter::writeOut(const QByteArray& lines) {
    if (m_write) {
        m_write(lines);
        return true;
    }
    for (qsizetype at = 0; at < lines.size();) {
        pollfd ready{m_descriptor, POLLOUT, 0};
        const int found = ::poll(&ready, 1, kLookAgainMs);
        if (found == 0 || (found < 0 && errno == EINTR)) {
            const std::lock_guard lock(m_mutex);
            if (m_ending)
                return false;
            continue;
        }
        const ssize_t written = ::write(m_descriptor, lines.constData() + at,
                                        size_t(std::min<qsizetype>(lines.size() - at, PIPE_BUF)));
        if (written > 0)
            at += written;
        else if (errno != EINTR && errno != EAGAIN)
            return true; // closed or gone: these lines have no reader, later ones may
    }
    return true;
}

} // namespace postern
