// SPDX-License-Identifier: GPL-3.0-or-later
//
// A few threads that carry out blocking jobs beside the one that posts them, in no particular order.
//
// Not for objects that live on a thread (see mailbox.h), nor for answers: a job posts its own to a mailbox or a latch.
// Threads are started when the first job needs them. Not QThreadPool: ThreadSanitizer does not see into it.
// Thread: post() any. Lifetime: destruction carries out all that was posted, then ends the threads; it blocks until then.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace postern {

class WorkerThreads {
  public:
    explicit WorkerThreads(size_t most) : m_most(most) {}
    ~WorkerThreads();
    WorkerThreads(const WorkerThreads&) = delete;
    WorkerThreads& operator=(const WorkerThreads&) = delete;

    void post(std::function<void()> job);
    void clear(); // what has not begun is dropped

  private:
    void work();

    const size_t m_most;
    std::mutex m_mutex;
    std::condition_variable m_wake;
    std::deque<std::function<void()>> m_jobs; // guarded by m_mutex, as all below
    std::vector<std::thread> m_threads;
    size_t m_idle = 0;
    bool m_ending = false;
};

} // namespace postern
