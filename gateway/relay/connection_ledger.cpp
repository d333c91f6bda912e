// SPDX-License-Identifier: GPL-3.0-or-later
#include "relay/connection_ledger.h"

#include <algorithm>

namespace postern::relay {
namespace {

using namespace std::chrono_literals;
using policy::MtaLimits;

constexpr qsizetype kPruneFrom = 4096; // places
constexpr Milliseconds kForgetAfter = 1h;

Milliseconds secondsOf(int seconds) {
    return Milliseconds(qint64(seconds) * 1000);
}

} // namespace

const std::array<ConnectionLedger::Rule, ConnectionLedger::kKinds> ConnectionLedger::kRules{{
    {Kind::Host, &MtaLimits::maxConnPerHost, &MtaLimits::connDelayHost},
    {Kind::Route, &MtaLimits::maxConnPerRoute, &MtaLimits::connDelayRoute},
    {Kind::Source, &MtaLimits::maxConnPerSource, &MtaLimits::connDelaySource},
    {Kind::Connector, &MtaLimits::maxConnPerConnector, &MtaLimits::connDelayConnector},
    {Kind::Relay, &MtaLimits::maxConnPerRelay, &MtaLimits::connDelayRelay},
    {Kind::Domain, &MtaLimits::maxConnPerDomain, &MtaLimits::connDelayDomain},
}};

QByteArray ConnectionLedger::key(Kind kind, const Place& place) {
    switch (kind) {
    case Kind::Host: return "h" + place.host;
    case Kind::Route: return "r" + place.source + '>' + place.host;
    case Kind::Source: return "s" + place.source;
    case Kind::Connector: return "c" + place.source + '>' + place.relay;
    case Kind::Relay: return "y" + place.relay;
    case Kind::Domain: return "d" + place.domain;
    }
    return {};
}

bool ConnectionLedger::needsSource(Kind kind) {
    switch (kind) {
    case Kind::Route:
    case Kind::Source:
    case Kind::Connector:
        return true;
    case Kind::Host:
    case Kind::Relay:
    case Kind::Domain:
        return false;
    }
    return false;
}

Milliseconds ConnectionLedger::waitLocked(const Place& place, const MtaLimits& limits, SteadyTime now,
                                          bool withSource) const {
    if (place.actionMost > 0 && m_entries.value(actionKey(place)).open >= place.actionMost)
        return kUntilOneCloses;
    Milliseconds longest{0};
    for (const Rule& rule : kRules) {
        if (needsSource(rule.kind) && !withSource)
            continue;
        const auto at = m_entries.constFind(key(rule.kind, place));
        const Entry entry = at == m_entries.cend() ? Entry{} : *at;
        if (entry.open >= limits.*rule.most)
            return kUntilOneCloses;
        if (entry.opened)
            longest = std::max(longest, entry.lastOpened + secondsOf(limits.*rule.delay) - now);
        if (rule.kind == Kind::Route && entry.hasClosed)
            longest = std::max(longest, entry.lastClosed + secondsOf(limits.reconnDelayRoute) - now);
    }
    return longest;
}

Milliseconds ConnectionLedger::wait(const Place& place, const MtaLimits& limits, SteadyTime now, bool sourceChosen) const {
    const std::lock_guard lock(m_lock);
    return waitLocked(place, limits, now, sourceChosen);
}

bool ConnectionLedger::open(const Place& place, const MtaLimits& limits, SteadyTime now) {
    const std::lock_guard lock(m_lock);
    if (waitLocked(place, limits, now, true) > Milliseconds(0))
        return false;
    if (m_entries.size() >= kPruneFrom)
        prune(now);
    for (const Rule& rule : kRules) {
        Entry& entry = m_entries[key(rule.kind, place)];
        ++entry.open;
        entry.opened = true;
        entry.lastOpened = now;
    }
    if (place.actionMost > 0)
        ++m_entries[actionKey(place)].open;
    return true;
}

void ConnectionLedger::closed(const Place& place, SteadyTime now) {
    const std::lock_guard lock(m_lock);
    for (const Rule& rule : kRules) {
        const auto at = m_entries.find(key(rule.kind, place));
        if (at == m_entries.end() || at->open == 0)
            continue;
        --at->open;
        at->hasClosed = true;
        at->lastClosed = now;
    }
    if (place.actionMost > 0) {
        const auto at = m_entries.find(actionKey(place));
        if (at != m_entries.end() && at->open > 0)
            --at->open;
    }
}

int ConnectionLedger::openTo(const QByteArray& host) const {
    const std::lock_guard lock(m_lock);
    return m_entries.value("h" + host).open;
}

void ConnectionLedger::prune(SteadyTime now) {
    m_entries.removeIf([now](const auto& entry) {
        return entry.value().open == 0 && entry.value().lastClosed + kForgetAfter < now;
    });
}

} // namespace postern::relay
