// SPDX-License-Identifier: GPL-3.0-or-later
//
// Qt switches write notifiers on and off for nearly every reply. So a change of interest is only noted and applied just
// before waiting, when most have cancelled out. One thing is done at once: a descriptor that loses its last notifier
// leaves the epoll set, because it may be closed and its number used again before we wait. Events carry a generation
// that such a leave increases: what the kernel reported about the old connection never reaches the new one.
#include "base/epoll_dispatcher.h"

#include "base/timer_queue.h"

#include <QCoreApplication>
#include <QEvent>
#include <QEventLoop>
#include <QSocketNotifier>

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <limits>
#include <vector>

namespace postern {
namespace {

constexpr int kEventsPerTurn = 256;
constexpr quint64 kWakeTag = std::numeric_limits<quint64>::max();

class EpollDispatcher final : public QAbstractEventDispatcher {
  public:
    EpollDispatcher(int epoll, int wake) : m_epoll(epoll), m_wake(wake) {}
    ~EpollDispatcher() override {
        ::close(m_wake);
        ::close(m_epoll);
    }

    bool processEvents(QEventLoop::ProcessEventsFlags flags) override;

    void registerSocketNotifier(QSocketNotifier* notifier) override;
    void unregisterSocketNotifier(QSocketNotifier* notifier) override;

    void registerTimer(int id, qint64 interval, Qt::TimerType type, QObject* object) override {
        m_timers.add(id, interval, type, object, now());
    }
    bool unregisterTimer(int id) override { return m_timers.remove(id); }
    bool unregisterTimers(QObject* object) override { return m_timers.removeAllOf(object); }
    QList<TimerInfo> registeredTimers(QObject* object) const override { return m_timers.of(object); }
    int remainingTime(int id) override {
        const auto left = m_timers.remaining(id, now());
        return left ? toMilliseconds(*left) : -1;
    }

    void wakeUp() override {
        if (m_wakePending.exchange(true))
            return;
        const quint64 one = 1;
        [[maybe_unused]] const ssize_t written = ::write(m_wake, &one, sizeof one);
    }
    void interrupt() override {
        m_interrupted = true;
        wakeUp();
    }

  private:
    struct Descriptor {
        std::array<QSocketNotifier*, 3> notifiers = {}; // by QSocketNotifier::Type
        quint32 armed = 0;                              // what the kernel was told
        quint32 generation = 0;
        bool dirty = false; // is in m_dirty
        bool isIdle() const { return !notifiers[0] && !notifiers[1] && !notifiers[2]; }
    };

    static TimerQueue::Time now() { return std::chrono::steady_clock::now().time_since_epoch(); }
    static int toMilliseconds(TimerQueue::Time left) { // rounded up: waking too early would only wait again
        const auto whole = std::chrono::ceil<std::chrono::milliseconds>(left).count();
        return int(std::min<qint64>(whole, std::numeric_limits<int>::max()));
    }
    static quint32 interest(const Descriptor& descriptor) {
        return (descriptor.notifiers[QSocketNotifier::Read] ? quint32(EPOLLIN) : 0u) |
               (descriptor.notifiers[QSocketNotifier::Write] ? quint32(EPOLLOUT) : 0u) |
               (descriptor.notifiers[QSocketNotifier::Exception] ? quint32(EPOLLPRI) : 0u);
    }

    void applyInterest();
    int waitForAll(std::array<epoll_event, kEventsPerTurn>& events, int timeoutMs);
    bool waitForWakeOnly(int timeoutMs);
    void clearWake();
    bool sendSocketEvents(const epoll_event& event);
    bool notify(int number, quint32 generation, QSocketNotifier::Type type);
    bool sendTimers();

    const int m_epoll, m_wake;
    std::atomic<bool> m_interrupted{false}; // any thread
    std::atomic<bool> m_wakePending{false}; // any thread; true: the eventfd is readable or about to be

    // The loop's thread.
    TimerQueue m_timers;
    std::vector<Descriptor> m_descriptors; // by number
    std::vector<int> m_dirty;
};

void EpollDispatcher::registerSocketNotifier(QSocketNotifier* notifier) {
    const auto number = size_t(notifier->socket());
    if (number >= m_descriptors.size())
        m_descriptors.resize(std::max(number + 1, m_descriptors.size() * 2));
    Descriptor& descriptor = m_descriptors[number];
    QSocketNotifier*& slot = descriptor.notifiers[size_t(notifier->type())];
    if (slot && slot != notifier)
        qWarning("two socket notifiers of one type on descriptor %d", int(number));
    slot = notifier;
    if (!std::exchange(descriptor.dirty, true))
        m_dirty.push_back(int(number));
}

void EpollDispatcher::unregisterSocketNotifier(QSocketNotifier* notifier) {
    const auto number = size_t(notifier->socket());
    if (number >= m_descriptors.size())
        return;
    Descriptor& descriptor = m_descriptors[number];
    QSocketNotifier*& slot = descriptor.notifiers[size_t(notifier->type())];
    if (slot != notifier)
        return;
    slot = nullptr;
    if (descriptor.isIdle()) {
        if (descriptor.armed != 0)
            ::epoll_ctl(m_epoll, EPOLL_CTL_DEL, int(number), nullptr);
        descriptor.armed = 0;
        ++descriptor.generation;
    } else if (!std::exchange(descriptor.dirty, true)) {
        m_dirty.push_back(int(number));
    }
}

void EpollDispatcher::applyInterest() {
    for (const int number : m_dirty) {
        Descriptor& descriptor = m_descriptors[size_t(number)];
        descriptor.dirty = false;
        const quint32 wanted = interest(descriptor);
        if (wanted == descriptor.armed)
            continue;
        epoll_event event = {};
        event.events = wanted;
        event.data.u64 = (quint64(descriptor.generation) << 32) | quint32(number);
        if (::epoll_ctl(m_epoll, descriptor.armed ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, number, &event) == 0)
            descriptor.armed = wanted;
        else
            qWarning("descriptor %d cannot be watched: error %d", number, errno);
    }
    m_dirty.clear();
}

bool EpollDispatcher::processEvents(QEventLoop::ProcessEventsFlags flags) {
    m_interrupted = false;
    Q_EMIT awake();
    QCoreApplication::sendPostedEvents();
    if (m_interrupted)
        return false;

    const bool wantsTimers = !(flags & QEventLoop::X11ExcludeTimers);
    const bool wantsSockets = !(flags & QEventLoop::ExcludeSocketNotifiers);
    int timeout = 0;
    if (flags & QEventLoop::WaitForMoreEvents) {
        // Events posted since, by whatever thread, have made the eventfd readable: no need to look at the queue again.
        Q_EMIT aboutToBlock();
        const auto next = wantsTimers ? m_timers.untilNext(now()) : std::nullopt;
        timeout = next ? toMilliseconds(*next) : -1;
    }

    bool did = false;
    if (wantsSockets) {
        applyInterest();
        std::array<epoll_event, kEventsPerTurn> events;
        const int count = waitForAll(events, timeout);
        for (int i = 0; i < count; ++i)
            did |= sendSocketEvents(events[size_t(i)]);
    } else {
        did = waitForWakeOnly(timeout);
    }
    if (wantsTimers)
        did |= sendTimers();
    return did;
}

int EpollDispatcher::waitForAll(std::array<epoll_event, kEventsPerTurn>& events, int timeoutMs) {
    const int count = ::epoll_wait(m_epoll, events.data(), kEventsPerTurn, timeoutMs);
    return std::max(count, 0); // a signal came: the caller's loop comes back
}

bool EpollDispatcher::waitForWakeOnly(int timeoutMs) {
    pollfd wake = {m_wake, POLLIN, 0};
    if (::poll(&wake, 1, timeoutMs) <= 0)
        return false;
    clearWake();
    return true;
}

// Read first, then allow the next write. The other way round a wake-up between the two would be read away with the flag
// left set, and no later one would ever be written.
void EpollDispatcher::clearWake() {
    quint64 count = 0;
    [[maybe_unused]] const ssize_t got = ::read(m_wake, &count, sizeof count);
    m_wakePending = false;
}

bool EpollDispatcher::sendSocketEvents(const epoll_event& event) {
    if (event.data.u64 == kWakeTag) {
        clearWake();
        return true;
    }
    const int number = int(event.data.u64 & 0xffff'ffffu);
    const auto generation = quint32(event.data.u64 >> 32);
    constexpr quint32 broken = quint32(EPOLLHUP) | quint32(EPOLLERR); // reading or writing will tell what it is
    bool did = false;
    if (event.events & (quint32(EPOLLIN) | broken))
        did |= notify(number, generation, QSocketNotifier::Read);
    if (event.events & (quint32(EPOLLOUT) | broken))
        did |= notify(number, generation, QSocketNotifier::Write);
    if (event.events & quint32(EPOLLPRI))
        did |= notify(number, generation, QSocketNotifier::Exception);
    return did;
}

// Looked up anew for every event: any handler before may have removed the notifier or closed the descriptor.
bool EpollDispatcher::notify(int number, quint32 generation, QSocketNotifier::Type type) {
    const Descriptor& descriptor = m_descriptors[size_t(number)];
    QSocketNotifier* notifier = descriptor.notifiers[size_t(type)];
    if (!notifier || descriptor.generation != generation)
        return false;
    QEvent event(QEvent::SockAct);
    QCoreApplication::sendEvent(notifier, &event);
    return true;
}

bool EpollDispatcher::sendTimers() {
    const TimerQueue::Time time = now();
    bool did = false;
    for (const int id : m_timers.begin(time)) {
        QObject* object = m_timers.take(id, time);
        if (!object)
            continue;
        QTimerEvent event(id);
        QCoreApplication::sendEvent(object, &event);
        m_timers.done(id);
        did = true;
    }
    return did;
}

} // namespace

std::unique_ptr<QAbstractEventDispatcher> makeEngineDispatcher() {
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        return nullptr;
    const int wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    epoll_event event = {};
    event.events = EPOLLIN;
    event.data.u64 = kWakeTag;
    if (wake < 0 || ::epoll_ctl(epoll, EPOLL_CTL_ADD, wake, &event) != 0) {
        if (wake >= 0)
            ::close(wake);
        ::close(epoll);
        return nullptr;
    }
    return std::make_unique<EpollDispatcher>(epoll, wake);
}

} // namespace postern
