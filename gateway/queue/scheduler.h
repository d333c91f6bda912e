// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which envelopes are due, in what order, and what becomes of them after a try. Pure: no thread, no disk, no sockets.
//
// Envelopes of one message that share a route travel together as one Delivery. Routes take turns (fair between
// destinations); each has at most maxInFlight envelopes out. A route that failed as a whole is probed with one delivery
// at a time until it succeeds (R11: one probe, not 10 000).
// Thread: the one that made it (engine control). Time: the Clock given; a wall-clock jump neither expires nor storms:
//   waits are kept on the steady clock, ages are stored times compared with a wall clock that may not run backwards.
// Each change that must survive a crash comes back as an EnvelopeUpdate for the spool; the scheduler itself stores
// nothing.
#pragma once

#include "base/clock.h"
#include "queue/envelope.h"
#include "queue/spool_requests.h"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace postern::queue {

using RouteKey = QByteArray; // equal keys may share connections; made by the engine from the relay and the domain

struct Delivery {
    RouteKey route;
    std::shared_ptr<const Message> message;
    std::vector<Envelope> envelopes; // same message, same route
};

enum class TryResult : quint8 { Delivered, Temporary, Permanent };

struct TryOutcome {
    EnvelopeId id = 0;
    TryResult result = TryResult::Temporary;
    QByteArray text;       // one line
    bool countsAsTry = true; // false: nothing was attempted for it (connection limit, shutdown); the counter stays
};

// Recipients of one message that failed for good and need a notice to the sender.
struct Failure {
    std::shared_ptr<const Message> message;
    std::vector<Envelope> envelopes; // lastError = why
    bool expired = false;
};

struct QueueCounts {
    int messages = 0, waiting = 0, inFlight = 0, held = 0, caught = 0;
};

class Scheduler {
  public:
    using RouteOf = std::function<RouteKey(const Message&, const Envelope&)>;

    Scheduler(const Clock& clock, RouteOf routeOf);
    ~Scheduler();

    void setMaxInFlightPerRoute(int envelopes); // default 200
    void setPaused(bool paused);                // "pause mta"
    void add(QueuedMessage queued);

    // All that may go now, fair between routes; they count as in flight until finished(). Expired ones come out of
    // expired() instead, checked before each try.
    std::vector<Delivery> due();
    std::vector<Failure> expired();
    std::optional<SteadyTime> nextWake() const;

    // Results of a delivery. Returns what the spool must record and who needs a bounce.
    struct Settled {
        std::vector<EnvelopeUpdate> updates;
        std::vector<Failure> failures; // permanent; their Remove is *not* in updates: it goes with the bounce
    };
    Settled finished(const std::vector<TryOutcome>& outcomes);
    void routeFailed(const RouteKey& route); // the next hop as a whole did not work: probe
    void routeWorks(const RouteKey& route);

    // A person's wishes; ids that are not there (or in flight, for remove/hold) are left out of the returned updates.
    std::vector<EnvelopeUpdate> retryNow(const std::vector<EnvelopeId>& ids);
    std::vector<EnvelopeUpdate> hold(const std::vector<EnvelopeId>& ids);
    std::vector<EnvelopeUpdate> release(const std::vector<EnvelopeId>& ids);
    std::vector<EnvelopeUpdate> remove(const std::vector<EnvelopeId>& ids);
    void forget(const std::vector<EnvelopeId>& ids); // durable removal is done (bounced, removed)
    // Failed or expired ones whose return to the sender did not work after all: back in the books, on hold with the
    // reason (a person must decide) or waiting a minute for another try at returning them.
    enum class Unreturned : quint8 { Hold, TryAgain };
    std::vector<EnvelopeUpdate> keep(const std::vector<EnvelopeId>& ids, const QByteArray& why, Unreturned what);

    void rerouteAll(); // after a reload: route keys are made anew

    QueueCounts counts() const;
    struct Row {
        std::shared_ptr<const Message> message;
        Envelope envelope;
        bool inFlight = false;
    };
    std::vector<Row> rows(int offset, int most) const; // oldest first; most < 0 = all
    std::vector<Row> rowsOf(MessageId id) const;
    std::vector<EnvelopeId> allIds() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> m;
};

} // namespace postern::queue
