// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which envelopes are due, in what order, and what becomes of them after a try. Pure: no thread, no disk, no sockets.
//
// Envelopes of one message that share a route travel together as one Delivery. Routes take turns (fair between
// destinations); each has at most maxInFlight envelopes out, and all together no more than some MiB of content that has to
// lie in memory to go out (R08). A route that failed as a whole is probed with one delivery
// at a time until it succeeds (R11: one probe, not 10 000).
// Of each envelope it keeps numbers only. Its words (struct Envelope, struct Message) are in memory while it is in hand: on its
// way, leaving, or new and waiting for its first turn, and of the last so many only (Q16). What is due without them must be read
// from the spool, then supply() and fill().
// Thread: the one that made it (engine control). Time: the Clock given; a wall-clock jump neither expires nor storms:
//   waits are kept on the steady clock, ages are stored times compared with a wall clock that may not run backwards.
// Each change that must survive a crash comes back as an EnvelopeUpdate for the spool; the scheduler itself stores
// nothing.
#pragma once

#include "base/clock.h"
#include "queue/client_shares.h"
#include "queue/envelope.h"
#include "queue/outline.h"
#include "queue/spool_requests.h"

#include <compare>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace postern::queue {

// Equal keys may share connections; made by the engine from the relay and the domain. One that begins with NUL is a delivery
// on this computer.
using RouteKey = QByteArray;
inline bool isLocal(const RouteKey& route) {
    return route.startsWith('\0');
}

struct Delivery {
    RouteKey route;
    std::shared_ptr<const Message> message; // null: the words are not in memory, the envelopes have nothing but their ids
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
    std::shared_ptr<const Message> message; // null: as in a Delivery
    std::vector<Envelope> envelopes; // lastError = why
    bool expired = false;
};

struct QueueCounts {
    int messages = 0, waiting = 0, inFlight = 0, held = 0, caught = 0;
    int inFlightHere = 0; // of inFlight, those on their way to a mailbox or command of this computer
};

class Scheduler {
  public:
    using RouteOf = std::function<RouteKey(const Way&)>;

    Scheduler(const Clock& clock, RouteOf routeOf);
    ~Scheduler();

    void setMaxInFlightPerRoute(int envelopes, int here = 50); // default 200; here: of routes on this computer
    void setMaxInFlight(int envelopes);         // of all routes together, default 5000
    void setRetryInterval(Seconds interval);    // tries that often in place of the curve; 0 = the curve
    void setPaused(bool away, bool here = false); // "pause mta", "pause mda"
    void setShares(ClientSharesPtr shares);     // what is added from now on counts there; null = nothing does
    void add(QueuedMessage queued);           // just stored
    void add(const QueueOutline& outline);    // at the start

    // All that may go now, fair between routes; they count as in flight until finished(). Expired ones come out of
    // expired() instead, checked before each try; not all at once: more when some of them have left.
    std::vector<Delivery> due();
    std::vector<Failure> expired();
    // The words of what is in hand, as the spool has them; and into what was given out without them. False: some are missing.
    void supply(const QueuedMessage& queued);
    bool fill(Delivery& delivery) const;
    bool fill(Failure& failure) const;
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
    // How many wait for each route or are on their way by it; exact, kept up to date, costs nothing to ask.
    const std::map<RouteKey, int>& waitingByRoute() const;

    // The queue as people read it: by age, then in the order in which it came.
    enum class RowState : quint8 { Waiting, Sending, Held, Caught };
    struct RowPlace {
        qint64 createdAt = 0;
        quint64 arrival = 0; // rises with each envelope added; anew after each start
        friend auto operator<=>(const RowPlace&, const RowPlace&) = default;
    };
    struct Row {
        std::shared_ptr<const Message> message; // null: its words are not in memory, nor are those of the envelope
        Envelope envelope;
        RowState state = RowState::Waiting;
        RowPlace place;
    };
    // A part of it, beginning behind `after`, also when the row that stood there has gone. Costs what it returns,
    // however long the queue is.
    struct Wish {
        std::optional<RowState> state; // none = all
        std::optional<RowPlace> after; // none = from the beginning
        bool newestFirst = false;
        int most = 100;
    };
    struct Page {
        std::vector<Row> rows;
        bool hasMore = false;
    };
    Page page(const Wish& wish) const;
    int total(std::optional<RowState> state) const;
    std::optional<RowPlace> newest(std::optional<RowState> state) const;
    std::vector<Row> rowsOf(MessageId id) const;
    std::optional<Row> rowOf(EnvelopeId id) const;

  private:
    struct Impl;
    std::unique_ptr<Impl> m;
};

} // namespace postern::queue
