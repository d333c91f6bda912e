// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who goes when.
//
// Time: `born` is where on the steady clock the message was made, from its stored age when it was added. From then on
// ages and waits are steady time, so that a jump of the wall clock (or a laptop's sleep) neither expires mail nor wakes
// it all at once. Wall times in updates and rows are computed back from it.
#include "queue/scheduler_impl.h"

#include "queue/retry_schedule.h"

#include <algorithm>
#include <utility>

namespace postern::queue {
namespace {

// A stored time further ahead than any step of the curve within the usual lifetime was written under a wrong clock.
constexpr Seconds kLongestWait = std::chrono::hours(7);
// Mail that is too old when it is loaded or released gets this long for one more try: the machine was off, not the
// peer.
constexpr Seconds kGrace = std::chrono::minutes(15);
constexpr Seconds kLongestLife = std::chrono::years(10);
constexpr Seconds kNotTriedWait{3};      // nothing was attempted: connection limit, shutdown
constexpr Seconds kUnreturnedWait{60};   // a bounce that could not be stored
constexpr qint64 kOctetsInFlight = 32LL << 20; // of contents that are not files: those are read into memory
constexpr qint64 kReadWhole = 256 * 1024;      // octets; a larger content is a file and goes out in pieces
constexpr int kLeavingAtOnce = 100;            // expired ones: each is read, and returned to its sender

} // namespace

int* Scheduler::Impl::counter(Place place) {
    switch (place) {
    case Place::Sleeping:
    case Place::Ready: return &counts.waiting;
    case Place::InFlight: return &counts.inFlight;
    case Place::Held: return &counts.held;
    case Place::Caught: return &counts.caught;
    case Place::Leaving: return nullptr;
    }
    return nullptr;
}

bool Scheduler::Impl::mayExpire(Place place) {
    return place == Place::Sleeping || place == Place::Ready;
}

bool Scheduler::Impl::hasRoute(Place place) {
    return mayExpire(place) || place == Place::InFlight;
}

std::optional<Scheduler::RowState> Scheduler::Impl::stateAt(Place place) {
    switch (place) {
    case Place::Sleeping:
    case Place::Ready: return RowState::Waiting;
    case Place::InFlight: return RowState::Sending;
    case Place::Held: return RowState::Held;
    case Place::Caught: return RowState::Caught;
    case Place::Leaving: return std::nullopt;
    }
    return std::nullopt;
}

bool Scheduler::Impl::mayGo() const {
    return counts.inFlight < maxInFlight && octetsInFlight < kOctetsInFlight;
}

bool Scheduler::Impl::mayLeave() const {
    return leaving < kLeavingAtOnce;
}

void Scheduler::Impl::count(Entry& entry, int change) {
    int* const one = counter(entry.place);
    if (!one) {
        leaving += change;
        return;
    }
    *one += change;
    MessageEntry& owner = *entry.owner;
    if (entry.place == Place::InFlight) {
        const bool wasOut = owner.inFlight > 0;
        owner.inFlight += change;
        counts.inFlightHere += entry.way->first.isHere() ? change : 0;
        if (wasOut != (owner.inFlight > 0) && owner.size <= kReadWhole)
            octetsInFlight += wasOut ? -owner.size : owner.size;
    }
    int& visible = owner.visible;
    const bool before = visible > 0;
    visible += change;
    counts.messages += int(visible > 0) - int(before);
}

void Scheduler::Impl::putOnRoute(Entry& entry) {
    entry.route = &*onRoute.try_emplace(entry.way->second.route, 0).first;
    ++entry.route->second;
}

void Scheduler::Impl::takeOffRoute(Entry& entry) {
    if (--entry.route->second == 0)
        onRoute.erase(onRoute.find(entry.route->first));
    entry.route = nullptr;
}

void Scheduler::Impl::moveTo(Entry& entry, Place place) {
    const EnvelopeId id = entry.id;
    count(entry, -1);
    if (const auto state = stateAt(entry.place))
        list(*state).erase(entry.row());
    if (entry.place == Place::Sleeping)
        sleepers.erase({entry.due, id});
    if (entry.place == Place::Ready && place != Place::InFlight)
        turns.withdraw(entry.route->first, id);
    if (entry.place == Place::InFlight)
        turns.landed(entry.route->first);
    if (mayExpire(entry.place))
        expiries.erase({entry.expires, id});

    const bool hadRoute = hasRoute(entry.place);
    const bool isNewTry = entry.place == Place::InFlight && mayExpire(place); // the rules may be others by now
    if (hadRoute && (isNewTry || !hasRoute(place)))
        takeOffRoute(entry);
    if (hasRoute(place) && (isNewTry || !hadRoute))
        putOnRoute(entry);

    entry.place = place;
    count(entry, +1);
    if (const auto state = stateAt(place)) // mostly the newest of all
        list(*state).emplace_hint(list(*state).end(), entry.row(), id);
    if (place == Place::Sleeping)
        sleepers.emplace(entry.due, id);
    if (place == Place::Ready)
        turns.push(entry.route->first, id);
    if (mayExpire(place))
        expiries.emplace_hint(expiries.end(), entry.expires, id);
    if (place == Place::Sleeping || place == Place::Held || place == Place::Caught)
        dropWords(entry);
}

// Only while the entry is not among the expiries.
void Scheduler::Impl::expireNotBefore(Entry& entry, SteadyTime earliest) {
    entry.expires = entry.owner->born + std::clamp(Seconds(entry.ttl), Seconds(0), kLongestLife);
    if (entry.expires <= now())
        entry.expires = std::max(entry.expires, earliest);
}

void Scheduler::Impl::wakeSleepers() {
    const SteadyTime time = now();
    while (!sleepers.empty() && sleepers.begin()->first <= time)
        moveTo(known(sleepers.begin()->second), Place::Ready);
}

Scheduler::Impl::Entry* Scheduler::Impl::find(EnvelopeId id) {
    const auto owner = messages.find(messageOf(id));
    if (owner == messages.end())
        return nullptr;
    const auto at = placeOf(owner->second, id);
    return at == owner->second.envelopes.end() || (*at)->id != id ? nullptr : at->get();
}

// Where it stands among the envelopes of its message, or would.
std::vector<std::unique_ptr<Scheduler::Impl::Entry>>::iterator Scheduler::Impl::placeOf(MessageEntry& owner, EnvelopeId id) {
    return std::lower_bound(owner.envelopes.begin(), owner.envelopes.end(), id,
                            [](const std::unique_ptr<Entry>& one, EnvelopeId wanted) { return one->id < wanted; });
}

Scheduler::Impl::Ways::value_type* Scheduler::Impl::wayOf(const Way& way) {
    const auto [at, isNew] = ways.try_emplace(way);
    if (isNew)
        at->second.route = routeOf(way);
    return &*at;
}

void Scheduler::Impl::forgetIfUnused(Ways::value_type* way) {
    if (way->second.users == 0)
        ways.erase(ways.find(way->first));
}

Scheduler::Impl::MessageEntry& Scheduler::Impl::ownerOf(const QueueOutline::OfMessage& message, const Moment& moment) {
    const auto [at, isNew] = messages.try_emplace(message.id);
    MessageEntry& owner = at->second;
    if (isNew) {
        // Made in the future = the clock was set back since. Damaged numbers must not overflow the arithmetic.
        owner.born = moment.steady - Seconds(moment.wall - std::clamp<qint64>(message.createdAt, 0, moment.wall));
        owner.id = message.id;
        owner.createdAt = message.createdAt;
        owner.size = message.size;
        if (shares)
            owner.share = shares->take(message.clientAddress, message.size);
    }
    return owner;
}

// Null: it is known already.
Scheduler::Impl::Entry* Scheduler::Impl::enter(MessageEntry& owner, const QueueOutline::OfEnvelope& envelope,
                                               Ways::value_type* way, const Moment& moment) {
    const auto at = placeOf(owner, envelope.id);
    if (at != owner.envelopes.end() && (*at)->id == envelope.id)
        return nullptr;
    Entry& entry = **owner.envelopes.insert(at, std::make_unique<Entry>());
    entry.id = envelope.id;
    entry.owner = &owner;
    entry.way = way;
    ++way->second.users;
    entry.arrival = ++lastArrival;
    entry.ttl = envelope.ttl;
    entry.nextTryAt = envelope.nextTryAt;
    entry.lastTryAt = envelope.lastTryAt;
    entry.tries = envelope.tries;
    ++leaving; // as it is made
    expireNotBefore(entry, moment.steady + kGrace);
    const Seconds wait(std::clamp<qint64>(entry.nextTryAt, moment.wall, moment.wall + kLongestWait.count()) - moment.wall);
    entry.due = moment.steady + wait;
    switch (envelope.state) {
    case EnvelopeState::Waiting: moveTo(entry, wait > Seconds(0) ? Place::Sleeping : Place::Ready); break;
    case EnvelopeState::Held: moveTo(entry, Place::Held); break;
    case EnvelopeState::Caught: moveTo(entry, Place::Caught); break;
    }
    return &entry;
}

void Scheduler::Impl::erase(EnvelopeId id) {
    Entry* const entry = find(id);
    if (!entry)
        return;
    moveTo(*entry, Place::Leaving);
    dropWords(*entry);
    --entry->way->second.users;
    forgetIfUnused(entry->way);
    --leaving;
    MessageEntry& owner = *entry->owner;
    owner.envelopes.erase(placeOf(owner, id));
    forgetIfEmpty(owner);
}

void Scheduler::Impl::forgetIfEmpty(MessageEntry& owner) {
    if (owner.envelopes.empty())
        messages.erase(messages.find(owner.id));
}

std::vector<EnvelopeUpdate> Scheduler::Impl::change(const std::vector<EnvelopeId>& ids,
                                                    const std::function<std::optional<EnvelopeUpdate>(Entry&)>& one) {
    std::vector<EnvelopeUpdate> updates;
    for (const EnvelopeId id : ids)
        if (Entry* entry = find(id))
            if (auto update = one(*entry))
                updates.push_back(std::move(*update));
    return updates;
}

Scheduler::Scheduler(const Clock& clock, RouteOf routeOf)
    : m(std::make_unique<Impl>(clock, std::move(routeOf))) {}

Scheduler::~Scheduler() = default;

void Scheduler::setMaxInFlightPerRoute(int envelopes, int here) {
    m->turns.setMaxInFlight(envelopes, here);
}

void Scheduler::setMaxInFlight(int envelopes) {
    m->maxInFlight = std::max(1, envelopes);
}

void Scheduler::setRetryInterval(Seconds interval) {
    m->retryInterval = interval;
}

void Scheduler::setPaused(bool away, bool here) {
    m->turns.setPaused(away, here);
}

void Scheduler::setShares(ClientSharesPtr shares) {
    m->shares = std::move(shares);
}

void Scheduler::add(QueuedMessage queued) {
    const Message& given = queued.message;
    const Impl::Moment moment{m->now(), m->wallNow()};
    Impl::MessageEntry& owner = m->ownerOf({given.id, 0, 0, given.createdAt, given.size, given.clientAddress}, moment);
    std::shared_ptr<const Message> message = owner.message;
    for (Envelope& e : queued.envelopes) {
        const QueueOutline::OfEnvelope outline{e.id, 0, e.state, e.tries, e.ttl, e.nextTryAt, e.lastTryAt};
        Impl::Ways::value_type* const way = m->wayOf(Way::of(e));
        Impl::Entry* const entry = m->enter(owner, outline, way, moment);
        m->forgetIfUnused(way);
        if (!entry || entry->place != Impl::Place::Ready || !m->mayKeepWords())
            continue;
        if (!message)
            message = std::make_shared<const Message>(given);
        m->giveWords(*entry, message, std::move(e));
    }
    m->forgetIfEmpty(owner);
}

void Scheduler::add(const QueueOutline& outline) {
    const Impl::Moment moment{m->now(), m->wallNow()};
    m->messages.reserve(m->messages.size() + outline.messages.size());
    std::vector<Impl::Ways::value_type*> ways;
    for (const Way& way : outline.ways)
        ways.push_back(m->wayOf(way));
    for (const QueueOutline::OfMessage& message : outline.messages) {
        Impl::MessageEntry& owner = m->ownerOf(message, moment);
        owner.envelopes.reserve(owner.envelopes.size() + message.count);
        for (quint32 i = message.first; i < message.first + message.count; ++i)
            (void)m->enter(owner, outline.envelopes[i], ways[outline.envelopes[i].way], moment);
        m->forgetIfEmpty(owner);
    }
    std::sort(ways.begin(), ways.end()); // two may be the same
    ways.erase(std::unique(ways.begin(), ways.end()), ways.end());
    for (Impl::Ways::value_type* const way : ways)
        m->forgetIfUnused(way);
}

std::vector<Delivery> Scheduler::due() {
    std::vector<Delivery> deliveries;
    m->wakeSleepers();
    const SteadyTime now = m->now();
    while (m->mayGo()) {
        const auto taken = m->turns.take(now);
        if (!taken)
            break;
        Delivery delivery{taken->route, {}, {}};
        for (const EnvelopeId id : taken->ids) {
            Impl::Entry& entry = m->known(id);
            const bool isExpired = entry.expires <= now;
            m->moveTo(entry, Impl::Place::InFlight);
            if (isExpired) { // its time ran out while it stood in line: back, so that expired() finds it
                entry.due = now;
                m->moveTo(entry, Impl::Place::Sleeping);
            } else {
                delivery.envelopes.emplace_back().id = id;
            }
        }
        if (delivery.envelopes.empty())
            continue;
        (void)fill(delivery);
        deliveries.push_back(std::move(delivery));
    }
    return deliveries;
}

std::vector<Failure> Scheduler::expired() {
    std::vector<Failure> failures;
    std::unordered_map<MessageId, size_t> failureOf;
    const SteadyTime now = m->now();
    while (m->mayLeave() && !m->expiries.empty() && m->expiries.begin()->first <= now) {
        const EnvelopeId id = m->expiries.begin()->second;
        m->moveTo(m->known(id), Impl::Place::Leaving);
        const auto [at, isNew] = failureOf.try_emplace(messageOf(id), failures.size());
        if (isNew)
            failures.push_back({nullptr, {}, true});
        failures[at->second].envelopes.emplace_back().id = id;
    }
    for (Failure& failure : failures)
        (void)fill(failure);
    return failures;
}

std::optional<SteadyTime> Scheduler::nextWake() const {
    const SteadyTime now = m->now();
    std::optional<SteadyTime> wake;
    const auto consider = [&](SteadyTime time) { wake = wake ? std::min(*wake, time) : time; };
    if (m->mayLeave() && !m->expiries.empty())
        consider(std::max(now, m->expiries.begin()->first));
    if (!m->turns.isPaused() && m->mayGo()) {
        if (!m->sleepers.empty())
            consider(std::max(now, m->sleepers.begin()->first));
        if (const auto turn = m->turns.nextTurn(now))
            consider(*turn);
    }
    return wake;
}

void Scheduler::Impl::reschedule(Entry& entry, const TryOutcome& outcome, Settled& settled) {
    if (!outcome.countsAsTry) {
        entry.due = now() + kNotTriedWait;
        moveTo(entry, Impl::Place::Sleeping);
        return;
    }
    // Along the curve by age, not by date: the same steps whatever the wall clock does meanwhile.
    const qint64 age = std::chrono::duration_cast<Seconds>(now() - entry.owner->born).count();
    const NextTry next = retryInterval > Seconds(0) ? nextTryEvery(retryInterval, 0, entry.tries, age)
                                                    : nextTry(0, entry.tries, age, entry.way->first.isHere() ? kLocalBase : kRelayBase);
    entry.due = entry.owner->born + Seconds(next.at);
    entry.tries = next.tries;
    entry.lastTryAt = wallNow();
    entry.nextTryAt = wallAt(entry.due);
    settled.updates.push_back({EnvelopeUpdate::Kind::Reschedule, entry.id, entry.nextTryAt, entry.lastTryAt, entry.tries,
                               outcome.text.isNull() ? QByteArray("") : outcome.text});
    moveTo(entry, Impl::Place::Sleeping);
}

Scheduler::Settled Scheduler::finished(const std::vector<TryOutcome>& outcomes) {
    Settled settled;
    std::unordered_map<MessageId, size_t> failureOf;
    for (const TryOutcome& outcome : outcomes) {
        Impl::Entry* entry = m->find(outcome.id);
        if (!entry || entry->place != Impl::Place::InFlight)
            continue; // reported twice
        const RouteKey route = entry->route->first;
        switch (outcome.result) {
        case TryResult::Delivered:
            settled.updates.push_back({EnvelopeUpdate::Kind::Remove, outcome.id, 0, 0, 0, {}});
            m->erase(outcome.id);
            m->turns.works(route);
            break;
        case TryResult::Temporary: m->reschedule(*entry, outcome, settled); break;
        case TryResult::Permanent: {
            entry->lastTryAt = m->wallNow();
            m->moveTo(*entry, Impl::Place::Leaving);
            const auto [at, isNew] = failureOf.try_emplace(messageOf(outcome.id), settled.failures.size());
            if (isNew)
                settled.failures.push_back({nullptr, {}, false});
            Envelope& failed = settled.failures[at->second].envelopes.emplace_back();
            failed.id = outcome.id;
            failed.lastError = outcome.text;
            break;
        }
        }
    }
    for (Failure& failure : settled.failures)
        (void)fill(failure);
    return settled;
}

void Scheduler::routeFailed(const RouteKey& route) {
    m->turns.failed(route, m->now());
}

void Scheduler::routeWorks(const RouteKey& route) {
    m->turns.works(route);
}

std::vector<EnvelopeUpdate> Scheduler::retryNow(const std::vector<EnvelopeId>& ids) {
    return m->change(ids, [this](Impl::Entry& entry) -> std::optional<EnvelopeUpdate> {
        if (!Impl::mayExpire(entry.place))
            return std::nullopt;
        if (entry.place == Impl::Place::Sleeping)
            m->moveTo(entry, Impl::Place::Ready);
        m->turns.probeNow(entry.route->first, m->now());
        entry.nextTryAt = m->wallNow();
        return EnvelopeUpdate{EnvelopeUpdate::Kind::Reschedule, entry.id, entry.nextTryAt, 0, -1, {}};
    });
}

std::vector<EnvelopeUpdate> Scheduler::hold(const std::vector<EnvelopeId>& ids) {
    return m->change(ids, [this](Impl::Entry& entry) -> std::optional<EnvelopeUpdate> {
        if (!Impl::mayExpire(entry.place))
            return std::nullopt;
        m->moveTo(entry, Impl::Place::Held);
        return EnvelopeUpdate{EnvelopeUpdate::Kind::Hold, entry.id, 0, 0, 0, {}};
    });
}

std::vector<EnvelopeUpdate> Scheduler::release(const std::vector<EnvelopeId>& ids) {
    return m->change(ids, [this](Impl::Entry& entry) -> std::optional<EnvelopeUpdate> {
        if (entry.place != Impl::Place::Held)
            return std::nullopt;
        entry.nextTryAt = m->wallNow();
        m->expireNotBefore(entry, m->now() + kGrace);
        m->moveTo(entry, Impl::Place::Ready);
        return EnvelopeUpdate{EnvelopeUpdate::Kind::Release, entry.id, entry.nextTryAt, 0, 0, {}};
    });
}

std::vector<EnvelopeUpdate> Scheduler::remove(const std::vector<EnvelopeId>& ids) {
    return m->change(ids, [this](Impl::Entry& entry) -> std::optional<EnvelopeUpdate> {
        if (entry.place == Impl::Place::InFlight || entry.place == Impl::Place::Leaving)
            return std::nullopt;
        m->moveTo(entry, Impl::Place::Leaving);
        return EnvelopeUpdate{EnvelopeUpdate::Kind::Remove, entry.id, 0, 0, 0, {}};
    });
}

void Scheduler::forget(const std::vector<EnvelopeId>& ids) {
    for (const EnvelopeId id : ids)
        m->erase(id);
}

std::vector<EnvelopeUpdate> Scheduler::keep(const std::vector<EnvelopeId>& ids, const QByteArray& why,
                                            Unreturned what) {
    std::vector<EnvelopeUpdate> updates;
    for (const EnvelopeId id : ids) {
        Impl::Entry* const entry = m->find(id);
        if (!entry || entry->place != Impl::Place::Leaving)
            continue;
        entry->due = m->now() + kUnreturnedWait;
        m->expireNotBefore(*entry, entry->due); // not at once again: the disk may need its minute
        entry->nextTryAt = m->wallAt(entry->due);
        updates.push_back({EnvelopeUpdate::Kind::Reschedule, id, entry->nextTryAt, 0, -1, why});
        if (what == Unreturned::Hold) {
            updates.push_back({EnvelopeUpdate::Kind::Hold, id, 0, 0, 0, {}});
            m->moveTo(*entry, Impl::Place::Held);
        } else {
            m->moveTo(*entry, Impl::Place::Sleeping);
        }
    }
    return updates;
}

void Scheduler::rerouteAll() {
    bool isOther = false;
    for (auto& [way, state] : m->ways) {
        const RouteKey before = std::exchange(state.route, m->routeOf(way));
        isOther = isOther || before != state.route;
    }
    if (!isOther) // mostly; a queue of a million would take a second
        return;
    const std::vector<EnvelopeId> ready = m->turns.withdrawAll();
    for (const auto& [place, id] : m->list(RowState::Waiting)) {
        Impl::Entry& entry = m->known(id);
        m->takeOffRoute(entry);
        m->putOnRoute(entry);
    }
    for (const EnvelopeId id : ready)
        m->turns.push(m->known(id).route->first, id);
}

QueueCounts Scheduler::counts() const {
    return m->counts;
}

const std::map<RouteKey, int>& Scheduler::waitingByRoute() const {
    return m->onRoute;
}

} // namespace postern::queue
