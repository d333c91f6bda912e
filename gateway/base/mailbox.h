// SPDX-License-Identifier: GPL-3.0-or-later
//
// The one way in which values travel between threads: post() from anywhere, the handler runs on the owner's thread.
//
// The queue is unbounded; whoever posts bounds what it has in flight. Values posted by one thread arrive in order, in
// batches: the handler gets everything that came since the last wake-up, which is what makes natural group commit work.
// Thread: post() any; construction, destruction and the handler: the thread that constructed it.
// Lifetime: destroy it on its own thread; values not yet handled are dropped, and a later post() through a
//   MailboxAddress that outlived it is dropped too.
#pragma once

#include <QObject>

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace postern {

// The wake-up half, not a template: one posted event however many values wait.
class MailboxWaker : public QObject {
  public:
    explicit MailboxWaker(std::function<void()> drain) : m_drain(std::move(drain)) {}
    void wake(); // any thread

  protected:
    void customEvent(QEvent* event) override;

  private:
    std::function<void()> m_drain;
};

template <class T>
class MailboxState {
  public:
    std::mutex mutex;
    std::deque<T> values;        // guarded by mutex
    MailboxWaker* waker = nullptr; // guarded by mutex; null once the mailbox is gone
};

// Copyable sending end; may outlive the mailbox (posts are dropped then). Thread: any.
template <class T>
class MailboxAddress {
  public:
    MailboxAddress() = default;
    explicit MailboxAddress(std::shared_ptr<MailboxState<T>> state) : m_state(std::move(state)) {}

    void post(T value) const {
        if (!m_state)
            return;
        const std::lock_guard lock(m_state->mutex);
        if (!m_state->waker)
            return;
        const bool wasEmpty = m_state->values.empty();
        m_state->values.push_back(std::move(value));
        if (wasEmpty)
            m_state->waker->wake();
    }

  private:
    std::shared_ptr<MailboxState<T>> m_state;
};

template <class T>
class Mailbox {
  public:
    using Handler = std::function<void(std::vector<T>&&)>;

    explicit Mailbox(Handler handler)
        : m_handler(std::move(handler)), m_state(std::make_shared<MailboxState<T>>()), m_waker([this] { drain(); }) {
        m_state->waker = &m_waker;
    }
    ~Mailbox() {
        std::deque<T> dropped; // ends after the lock: a value's own end may post
        const std::lock_guard lock(m_state->mutex);
        m_state->waker = nullptr;
        dropped.swap(m_state->values);
    }
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;

    MailboxAddress<T> address() const { return MailboxAddress<T>(m_state); }
    void post(T value) { address().post(std::move(value)); }

  private:
    void drain() {
        std::vector<T> batch;
        {
            const std::lock_guard lock(m_state->mutex);
            batch.assign(std::make_move_iterator(m_state->values.begin()),
                         std::make_move_iterator(m_state->values.end()));
            m_state->values.clear();
        }
        if (!batch.empty())
            m_handler(std::move(batch));
    }

    Handler m_handler;
    std::shared_ptr<MailboxState<T>> m_state;
    MailboxWaker m_waker;
};

} // namespace postern
