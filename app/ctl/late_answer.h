// SPDX-License-Identifier: GPL-3.0-or-later
//
// Waits on this thread for an answer that may come at once, or later from another: `done` goes to whoever is asked.
//
// For commands that ask one thing and end. Whoever is asked sees to it that it answers in time; the limit here is for the case
// that it does not. Thread: wait() the one that made it, done() any.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

namespace postern::ctl {

template <class T>
class LateAnswer {
  public:
    std::function<void(T)> done() const {
        return [state = m_state](T answer) {
            const std::lock_guard lock(state->mutex);
            state->answer = std::move(answer);
            state->came.notify_all();
        };
    }
    std::optional<T> wait(std::chrono::seconds limit) {
        std::unique_lock lock(m_state->mutex);
        m_state->came.wait_for(lock, limit, [this] { return m_state->answer.has_value(); });
        return std::move(m_state->answer);
    }

  private:
    struct State { // outlives us with a `done` that is called too late
        std::mutex mutex;
        std::condition_variable came;
        std::optional<T> answer; // guarded by mutex
    };
    const std::shared_ptr<State> m_state = std::make_shared<State>();
};

} // namespace postern::ctl
