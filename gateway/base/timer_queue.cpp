// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/timer_queue.h"

#include <algorithm>

namespace postern {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

// The next common point at or after `at`.
nanoseconds align(nanoseconds at, qint64 intervalMs, Qt::TimerType type) {
    nanoseconds step{1};
    if (type == Qt::CoarseTimer && intervalMs >= 20) {
        milliseconds grain{1}; // the largest power of two within 1/20 of the interval, one second at most
        while (grain.count() * 2 <= std::min<qint64>(intervalMs / 20, 1024))
            grain *= 2;
        step = grain;
    } else if (type == Qt::VeryCoarseTimer) {
        step = seconds(1);
    }
    return (at + step - nanoseconds(1)) / step.count() * step.count();
}

} // namespace

void TimerQueue::schedule(int id, Timer& timer, Time at) {
    timer.due = {align(at, timer.interval, timer.type), m_serial++};
    m_byTime.emplace(timer.due, id);
}

void TimerQueue::add(int id, qint64 intervalMs, Qt::TimerType type, QObject* object, Time now) {
    remove(id);
    Timer timer;
    timer.interval = std::max<qint64>(intervalMs, 0);
    timer.type = type;
    timer.object = object;
    schedule(id, m_timers.emplace(id, timer).first->second, now + milliseconds(timer.interval));
}

bool TimerQueue::remove(int id) {
    const auto found = m_timers.find(id);
    if (found == m_timers.end())
        return false;
    m_byTime.erase(found->second.due);
    m_timers.erase(found);
    return true;
}

bool TimerQueue::removeAllOf(const QObject* object) {
    std::vector<int> ids;
    for (const auto& [id, timer] : m_timers)
        if (timer.object == object)
            ids.push_back(id);
    for (const int id : ids)
        remove(id);
    return !ids.empty();
}

QList<QAbstractEventDispatcher::TimerInfo> TimerQueue::of(const QObject* object) const {
    QList<QAbstractEventDispatcher::TimerInfo> list;
    for (const auto& [id, timer] : m_timers)
        if (timer.object == object)
            list.append({id, int(timer.interval), timer.type});
    return list;
}

std::optional<TimerQueue::Time> TimerQueue::remaining(int id, Time now) const {
    const auto found = m_timers.find(id);
    if (found == m_timers.end())
        return std::nullopt;
    return std::max(found->second.due.first - now, Time(0));
}

std::optional<TimerQueue::Time> TimerQueue::untilNext(Time now) const {
    for (const auto& [due, id] : m_byTime)
        if (!m_timers.at(id).sending)
            return std::max(due.first - now, Time(0));
    return std::nullopt;
}

std::vector<int> TimerQueue::begin(Time now) const {
    std::vector<int> due;
    for (const auto& [when, id] : m_byTime) {
        if (when.first > now)
            break;
        due.push_back(id);
    }
    return due;
}

QObject* TimerQueue::take(int id, Time now) {
    const auto found = m_timers.find(id);
    if (found == m_timers.end() || found->second.sending || found->second.due.first > now)
        return nullptr;
    Timer& timer = found->second;
    const Time was = timer.due.first;
    m_byTime.erase(timer.due);
    const Time next = was + milliseconds(timer.interval);
    schedule(id, timer, next > now ? next : now + milliseconds(timer.interval));
    timer.sending = true;
    return timer.object;
}

void TimerQueue::done(int id) {
    const auto found = m_timers.find(id);
    if (found != m_timers.end())
        found->second.sending = false;
}

} // namespace postern
