// SPDX-License-Identifier: GPL-3.0-or-later
#include "relay/sending_rate.h"

namespace postern::relay {
namespace {

constexpr qsizetype kPruneFrom = 1024; // actions: those of old envelopes count as well

} // namespace

SendingRate::Sent& SendingRate::lately(const QByteArray& action, const policy::RelayRate& rate, SteadyTime now) {
    if (m_sent.size() >= kPruneFrom && !m_sent.contains(action))
        m_sent.removeIf([now](const auto& entry) { return entry.value().ends <= now; });
    Sent& sent = m_sent[action];
    while (!sent.times.empty() && sent.times.front() + Seconds(rate.seconds) <= now)
        sent.times.pop_front();
    return sent;
}

bool SendingRate::mayGo(const QByteArray& action, const policy::RelayRate& rate, SteadyTime now) {
    if (rate.messages <= 0)
        return true;
    const std::lock_guard lock(m_lock);
    return lately(action, rate, now).times.size() < size_t(rate.messages);
}

bool SendingRate::take(const QByteArray& action, const policy::RelayRate& rate, SteadyTime now) {
    if (rate.messages <= 0)
        return true;
    const std::lock_guard lock(m_lock);
    Sent& sent = lately(action, rate, now);
    if (sent.times.size() >= size_t(rate.messages))
        return false;
    sent.times.push_back(now);
    sent.ends = now + Seconds(rate.seconds);
    return true;
}

} // namespace postern::relay
