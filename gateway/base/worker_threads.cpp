// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/worker_threads.h"

namespace postern {

WorkerThreads::~WorkerThreads() {
    {
        const std::lock_guard lock(m_mutex);
        m_ending = true;
    }
    m_wake.notify_all();
    for (std::thread& thread : m_threads)
        thread.join();
}

void WorkerThreads::post(std::function<void()> job) {
    {
        const std::lock_guard lock(m_mutex);
        m_jobs.push_back(std::move(job));
        if (m_jobs.size() > m_idle && m_threads.size() < m_most)
            m_threads.emplace_back([this] { work(); });
    }
    m_wake.notify_one();
}

void WorkerThreads::clear() {
    std::deque<std::function<void()>> dropped; // ends after the lock: a job's own end may post
    const std::lock_guard lock(m_mutex);
    dropped.swap(m_jobs);
}

void WorkerThreads::work() {
    std::unique_lock lock(m_mutex);
    for (;;) {
        ++m_idle;
        m_wake.wait(lock, [this] { return m_ending || !m_jobs.empty(); });
        --m_idle;
        if (m_jobs.empty())
            return;
        const std::function<void()> job = std::move(m_jobs.front());
        m_jobs.pop_front();
        lock.unlock();
        job();
        lock.lock();
    }
}

} // namespace postern
