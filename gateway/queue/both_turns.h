// SPDX-License-Identifier: GPL-3.0-or-later
//
// The turns of routes to other computers and of those on this one: each kind can be paused, and neither holds up the other.
// Part of the scheduler, as RouteTurns. Thread: the scheduler's.
#pragma once

#include "queue/route_turns.h"

namespace postern::queue {

class BothTurns {
  public:
    BothTurns() { m_here.setMaxInFlight(50); }

    void setMaxInFlight(int away, int here) {
        m_away.setMaxInFlight(away);
        m_here.setMaxInFlight(here);
    }
    void setPaused(bool away, bool here) {
        m_awayPaused = away;
        m_herePaused = here;
    }
    bool isPaused() const { return m_awayPaused && m_herePaused; }

    void push(const RouteKey& key, EnvelopeId id) { of(key).push(key, id); }
    void withdraw(const RouteKey& key, EnvelopeId id) { of(key).withdraw(key, id); }
    void landed(const RouteKey& key) { of(key).landed(key); }
    void failed(const RouteKey& key, SteadyTime now) { of(key).failed(key, now); }
    void works(const RouteKey& key) { of(key).works(key); }
    void probeNow(const RouteKey& key, SteadyTime now) { of(key).probeNow(key, now); }
    std::optional<SteadyTime> pausedUntil(const RouteKey& key) const { return (isLocal(key) ? m_here : m_away).pausedUntil(key); }

    std::optional<RouteTurns::Taken> take(SteadyTime now);        // of the one kind, then of the other
    std::optional<SteadyTime> nextTurn(SteadyTime now) const;
    std::vector<EnvelopeId> withdrawAll();

  private:
    RouteTurns& of(const RouteKey& key) { return isLocal(key) ? m_here : m_away; }

    RouteTurns m_away, m_here;
    bool m_awayPaused = false, m_herePaused = false;
    bool m_hereIsNext = false;
};

} // namespace postern::queue
