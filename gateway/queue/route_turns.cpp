// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/route_turns.h"

#include <algorithm>

namespace postern::queue {
namespace {

constexpr Milliseconds kFirstPause = std::chrono::minutes(1);
constexpr Milliseconds kLongestPause = std::chrono::hours(1);

} // namespace

RouteTurns::Route& RouteTurns::route(const RouteKey& key) {
    Route& found = m_routes[key];
    found.key = key;
    return found;
}

RouteTurns::Route* RouteTurns::find(const RouteKey& key) {
    const auto at = m_routes.find(key);
    return at == m_routes.end() ? nullptr : &at->second;
}

const RouteTurns::Route* RouteTurns::find(const RouteKey& key) const {
    const auto at = m_routes.find(key);
    return at == m_routes.end() ? nullptr : &at->second;
}

// The one function that decides where a route stands; call it after every change.
void RouteTurns::place(Route& r) {
    const bool hasMail = !r.line.empty();
    const bool ring = hasMail && !r.failed && r.inFlight < m_maxInFlight;
    const bool probe = hasMail && r.failed && r.inFlight == 0;
    if (r.inRing != ring) {
        if (ring)
            r.ringPlace = m_ring.insert(m_ring.end(), &r);
        else
            m_ring.erase(r.ringPlace);
        r.inRing = ring;
    }
    if (r.amongProbes != probe) {
        if (probe)
            m_probes.emplace(r.probeAt, r.key);
        else
            m_probes.erase({r.probeAt, r.key});
        r.amongProbes = probe;
    }
}

void RouteTurns::forgetIfIdle(Route& r) {
    if (r.line.empty() && r.inFlight == 0 && !r.failed) {
        const RouteKey key = r.key; // the argument of erase() must outlive the element
        m_routes.erase(key);
    }
}

void RouteTurns::setMaxInFlight(int envelopes) {
    m_maxInFlight = std::max(1, envelopes);
    for (auto& [key, r] : m_routes)
        place(r);
}

void RouteTurns::push(const RouteKey& key, EnvelopeId id) {
    Route& r = route(key);
    const MessageId message = messageOf(id);
    const auto at = r.groupOf.find(message);
    if (at != r.groupOf.end()) {
        at->second->ids.push_back(id);
        return;
    }
    r.line.push_back({++m_order, message, {id}});
    r.groupOf.emplace(message, std::prev(r.line.end()));
    place(r);
}

void RouteTurns::withdraw(const RouteKey& key, EnvelopeId id) {
    Route* r = find(key);
    if (!r)
        return;
    const auto at = r->groupOf.find(messageOf(id));
    if (at == r->groupOf.end())
        return;
    std::erase(at->second->ids, id);
    if (at->second->ids.empty()) {
        r->line.erase(at->second);
        r->groupOf.erase(at);
    }
    place(*r);
    forgetIfIdle(*r);
}

std::optional<RouteTurns::Taken> RouteTurns::take(SteadyTime now) {
    Route* r = nullptr;
    if (!m_probes.empty() && m_probes.begin()->first <= now)
        r = find(m_probes.begin()->second);
    else if (!m_ring.empty())
        r = m_ring.front();
    if (!r)
        return std::nullopt;

    Group& group = r->line.front();
    Taken taken{r->key, {}};
    const auto room = size_t(m_maxInFlight - std::min(r->inFlight, m_maxInFlight - 1));
    if (group.ids.size() <= room) {
        taken.ids = std::move(group.ids);
        r->groupOf.erase(group.message);
        r->line.pop_front();
    } else {
        const auto end = group.ids.begin() + std::ptrdiff_t(room);
        taken.ids.assign(group.ids.begin(), end);
        group.ids.erase(group.ids.begin(), end);
    }
    r->inFlight += int(taken.ids.size());
    if (r->inRing)
        m_ring.splice(m_ring.end(), m_ring, r->ringPlace);
    place(*r);
    return taken;
}

void RouteTurns::landed(const RouteKey& key) {
    Route* r = find(key);
    if (!r)
        return;
    r->inFlight = std::max(0, r->inFlight - 1);
    place(*r);
    forgetIfIdle(*r);
}

void RouteTurns::failed(const RouteKey& key, SteadyTime now) {
    Route& r = route(key);
    if (r.failed && now < r.probeAt)
        return; // the others that were out when it failed; they tell nothing new
    if (r.amongProbes)
        m_probes.erase({r.probeAt, r.key});
    r.amongProbes = false;
    r.pause = r.failed ? std::min(r.pause * 2, kLongestPause) : kFirstPause;
    r.failed = true;
    r.probeAt = now + r.pause;
    place(r);
}

void RouteTurns::works(const RouteKey& key) {
    Route* r = find(key);
    if (!r || !r->failed)
        return;
    if (r->amongProbes)
        m_probes.erase({r->probeAt, r->key});
    r->amongProbes = false;
    r->failed = false;
    place(*r);
    forgetIfIdle(*r);
}

void RouteTurns::probeNow(const RouteKey& key, SteadyTime now) {
    Route* r = find(key);
    if (!r || !r->failed)
        return;
    if (r->amongProbes)
        m_probes.erase({r->probeAt, r->key});
    r->amongProbes = false;
    r->probeAt = std::min(r->probeAt, now);
    place(*r);
}

std::vector<EnvelopeId> RouteTurns::withdrawAll() {
    std::vector<Group> groups;
    for (auto& [key, r] : m_routes) {
        std::move(r.line.begin(), r.line.end(), std::back_inserter(groups));
        r.line.clear();
        r.groupOf.clear();
        place(r);
    }
    std::erase_if(m_routes, [](const auto& entry) { return entry.second.inFlight == 0 && !entry.second.failed; });
    std::sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) { return a.order < b.order; });
    std::vector<EnvelopeId> ids;
    for (const Group& group : groups)
        ids.insert(ids.end(), group.ids.begin(), group.ids.end());
    return ids;
}

std::optional<SteadyTime> RouteTurns::nextTurn(SteadyTime now) const {
    if (!m_ring.empty())
        return now;
    if (m_probes.empty())
        return std::nullopt;
    return std::max(now, m_probes.begin()->first);
}

std::optional<SteadyTime> RouteTurns::pausedUntil(const RouteKey& key) const {
    const Route* r = find(key);
    if (!r || !r->failed)
        return std::nullopt;
    return r->probeAt;
}

} // namespace postern::queue
