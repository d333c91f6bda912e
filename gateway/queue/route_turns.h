// SPDX-License-Identifier: GPL-3.0-or-later
//
// Envelopes that may go now, in one line per route, and whose turn it is. Part of the scheduler; knows ids only.
//
// Routes that can give something stand in a ring; each turn takes one group (the ready envelopes of one message) from
// the front route, which then goes to the back. A route at its limit, or failed, stands aside until that changes. A
// failed route gives one group at a time, the first when its pause is over (1 minute, doubled by each failed probe, at
// most 1 hour); one success makes it whole again.
// Thread: the scheduler's. Cost: constant per event, apart from the recipients of one message.
#pragma once

#include "base/clock.h"
#include "queue/message_id.h"
#include "queue/scheduler.h"

#include <list>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

namespace postern::queue {

class RouteTurns {
  public:
    struct Taken {
        RouteKey route;
        std::vector<EnvelopeId> ids; // of one message
    };

    void setMaxInFlight(int envelopes);
    void push(const RouteKey& key, EnvelopeId id);            // to the end of its line, or to its message's others
    void withdraw(const RouteKey& key, EnvelopeId id);        // out of the line
    std::optional<Taken> take(SteadyTime now);                // they are in flight now
    void landed(const RouteKey& key);                         // one envelope is back
    void failed(const RouteKey& key, SteadyTime now);
    void works(const RouteKey& key);
    void probeNow(const RouteKey& key, SteadyTime now);       // a person does not want to wait for the pause
    std::vector<EnvelopeId> withdrawAll();                    // in the order in which they came

    std::optional<SteadyTime> nextTurn(SteadyTime now) const; // when take() may give something; now = at once
    std::optional<SteadyTime> pausedUntil(const RouteKey& key) const;

  private:
    struct Group {
        quint64 order = 0;
        MessageId message = 0;
        std::vector<EnvelopeId> ids;
    };
    struct Route {
        RouteKey key;
        std::list<Group> line;
        std::unordered_map<MessageId, std::list<Group>::iterator, BySerial> groupOf;
        int inFlight = 0;
        bool failed = false;
        Milliseconds pause{0};
        SteadyTime probeAt{};
        bool inRing = false, amongProbes = false;
        std::list<Route*>::iterator ringPlace;
    };
    Route& route(const RouteKey& key);
    Route* find(const RouteKey& key);
    const Route* find(const RouteKey& key) const;
    void place(Route& route);         // into the ring, among the probes, or aside
    void forgetIfIdle(Route& route);

    std::map<RouteKey, Route> m_routes; // nodes stay where they are
    std::list<Route*> m_ring;
    std::set<std::pair<SteadyTime, RouteKey>> m_probes;
    int m_maxInFlight = 200;
    quint64 m_order = 0;
};

} // namespace postern::queue
