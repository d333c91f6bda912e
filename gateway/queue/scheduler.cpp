// SPDX-License-Identifier: GPL-3.0-or-later
//
// Each envelope is in exactly one place (enum Place); moveTo() is the only function that changes it and keeps the
// counts, the lists that people read, the sleepers ordered by time, the expiry order and the routes' lines in step.
//
// Time: `born` is where on the steady clock the message was made, from its stored age when it was added. From then on
// ages and waits are steady time, so that a jump of the wall clock (or a laptop's sleep) neither expires mail nor wakes
// it all at once. Wall times in updates and rows are computed back from it.
#include "queue/scheduler.h"

#include "queue/retry_schedule.h"
#include "queue/route_turns.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <set>
#include <unordered_map>

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
constexpr int kInFlightAtMost = 5000;    // of all routes together
constexpr qint64 kOctetsInFlight = 32LL << 20; // of contents that are not files: those are read into memory
constexpr qint64 kReadWhole = 256 * 1024;      // octets; a larger content is a file and goes out in pieces

enum class Place : quint8 {
    Sleeping, // until `due`
    Ready,    // in its route's line
    InFlight, // handed out by due(), not yet finished()
    Held,
    Caught,
    Leaving, // delivered, failed, expired or removed; known until forget()
};

struct Entry {
    Envelope envelope;
    std::shared_ptr<const Message> message;
    Place place = Place::Leaving;
    RouteKey route;       // while Sleeping, Ready or InFlight
    SteadyTime born{}, due{}, expires{};
    Scheduler::RowPlace row;
};

constexpr std::array kRowStates{Scheduler::RowState::Waiting, Scheduler::RowState::Sending, Scheduler::RowState::Held,
                               Scheduler::RowState::Caught};

using Listed = std::map<Scheduler::RowPlace, EnvelopeId>;

struct MessageEntry {
    std::shared_ptr<const Message> message;
    std::vector<EnvelopeId> envelopes;
    int visible = 0; // those not Leaving
    int inFlight = 0;
};

bool mayExpire(Place place) {
    return place == Place::Sleeping || place == Place::Ready;
}

bool hasRoute(Place place) {
    return mayExpire(place) || place == Place::InFlight;
}

std::optional<Scheduler::RowState> stateAt(Place place) {
    switch (place) {
    case Place::Sleeping:
    case Place::Ready: return Scheduler::RowState::Waiting;
    case Place::InFlight: return Scheduler::RowState::Sending;
    case Place::Held: return Scheduler::RowState::Held;
    case Place::Caught: return Scheduler::RowState::Caught;
    case Place::Leaving: return std::nullopt;
    }
    return std::nullopt;
}

} // namespace

struct Scheduler::Impl {
    Impl(const Clock& theClock, RouteOf given) : clock(theClock), routeOf(std::move(given)) {}

    const Clock& clock;
    const RouteOf routeOf;
    ClientSharesPtr shares;
    bool paused = false;
    int maxInFlight = kInFlightAtMost;
    Seconds retryInterval{0};
    qint64 octetsInFlight = 0; // of messages with an envelope on its way
    std::unordered_map<EnvelopeId, Entry> entries;
    std::unordered_map<MessageId, MessageEntry> messages;
    std::array<Listed, 4> listed; // by RowState
    quint64 lastArrival = 0;
    std::map<RouteKey, int> onRoute; // Sleeping, Ready and InFlight, by entry.route
    std::set<std::pair<SteadyTime, EnvelopeId>> sleepers, expiries;
    RouteTurns turns;
    QueueCounts counts;

    SteadyTime now() const { return clock.steady(); }
    qint64 wallNow() const { return clock.wall().time_since_epoch().count(); }
    qint64 wallAt(SteadyTime time) const {
        return wallNow() + std::chrono::duration_cast<Seconds>(time - now()).count();
    }
    Entry* find(EnvelopeId id) {
        const auto at = entries.find(id);
        return at == entries.end() ? nullptr : &at->second;
    }
    Listed& list(RowState state) { return listed[size_t(state)]; }
    const Listed& list(RowState state) const { return listed[size_t(state)]; }
    int* counter(Place place);
    bool mayGo() const { return counts.inFlight < maxInFlight && octetsInFlight < kOctetsInFlight; }
    void count(Entry& entry, int change);
    void putOnRoute(Entry& entry);
    void takeOffRoute(Entry& entry);
    void moveTo(Entry& entry, Place place);
    void expireNotBefore(Entry& entry, SteadyTime earliest);
    void wakeSleepers();
    void erase(EnvelopeId id);
    std::vector<EnvelopeUpdate> change(const std::vector<EnvelopeId>& ids,
                                       const std::function<std::optional<EnvelopeUpdate>(Entry&)>& one);
    void reschedule(Entry& entry, const TryOutcome& outcome, Settled& settled);
    Row rowOf(const Entry& entry) const;
    static void fail(Entry& entry, std::vector<Failure>& failures, bool expired);
};

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

void Scheduler::Impl::count(Entry& entry, int change) {
    int* const one = counter(entry.place);
    if (!one)
        return;
    *one += change;
    MessageEntry& owner = messages.at(entry.message->id);
    if (entry.place == Place::InFlight) {
        const bool wasOut = owner.inFlight > 0;
        owner.inFlight += change;
        if (wasOut != (owner.inFlight > 0) && entry.message->size <= kReadWhole)
            octetsInFlight += wasOut ? -entry.message->size : entry.message->size;
    }
    int& visible = owner.visible;
    const bool before = visible > 0;
    visible += change;
    counts.messages += int(visible > 0) - int(before);
}

void Scheduler::Impl::putOnRoute(Entry& entry) {
    const auto at = onRoute.try_emplace(routeOf(*entry.message, entry.envelope), 0).first;
    entry.route = at->first; // shares its bytes
    ++at->second;
}

void Scheduler::Impl::takeOffRoute(Entry& entry) {
    const auto at = onRoute.find(entry.route);
    if (at != onRoute.end() && --at->second == 0)
        onRoute.erase(at);
}

void Scheduler::Impl::moveTo(Entry& entry, Place place) {
    const EnvelopeId id = entry.envelope.id;
    count(entry, -1);
    if (const auto state = stateAt(entry.place))
        list(*state).erase(entry.row);
    if (entry.place == Place::Sleeping)
        sleepers.erase({entry.due, id});
    if (entry.place == Place::Ready && place != Place::InFlight)
        turns.withdraw(entry.route, id);
    if (entry.place == Place::InFlight)
        turns.landed(entry.route);
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
    if (const auto state = stateAt(place))
        list(*state).emplace(entry.row, id);
    if (place == Place::Sleeping)
        sleepers.emplace(entry.due, id);
    if (place == Place::Ready)
        turns.push(entry.route, id);
    if (mayExpire(place))
        expiries.emplace(entry.expires, id);
}

// Only while the entry is not among the expiries.
void Scheduler::Impl::expireNotBefore(Entry& entry, SteadyTime earliest) {
    entry.expires = entry.born + std::clamp(Seconds(entry.envelope.ttl), Seconds(0), kLongestLife);
    if (entry.expires <= now())
        entry.expires = std::max(entry.expires, earliest);
}

void Scheduler::Impl::wakeSleepers() {
    const SteadyTime time = now();
    while (!sleepers.empty() && sleepers.begin()->first <= time)
        moveTo(entries.at(sleepers.begin()->second), Place::Ready);
}

void Scheduler::Impl::erase(EnvelopeId id) {
    const auto at = entries.find(id);
    if (at == entries.end())
        return;
    moveTo(at->second, Place::Leaving);
    const auto owner = messages.find(messageOf(id));
    std::erase(owner->second.envelopes, id);
    if (owner->second.envelopes.empty())
        messages.erase(owner);
    entries.erase(at);
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

void Scheduler::Impl::fail(Entry& entry, std::vector<Failure>& failures, bool expired) {
    for (Failure& failure : failures)
        if (failure.message == entry.message && failure.expired == expired) {
            failure.envelopes.push_back(entry.envelope);
            return;
        }
    failures.push_back({entry.message, {entry.envelope}, expired});
}

Scheduler::Scheduler(const Clock& clock, RouteOf routeOf)
    : m(std::make_unique<Impl>(clock, std::move(routeOf))) {}

Scheduler::~Scheduler() = default;

void Scheduler::setMaxInFlightPerRoute(int envelopes) {
    m->turns.setMaxInFlight(envelopes);
}

void Scheduler::setMaxInFlight(int envelopes) {
    m->maxInFlight = std::max(1, envelopes);
}

void Scheduler::setRetryInterval(Seconds interval) {
    m->retryInterval = interval;
}

void Scheduler::setPaused(bool paused) {
    m->paused = paused;
}

void Scheduler::setShares(ClientSharesPtr shares) {
    m->shares = std::move(shares);
}

void Scheduler::add(QueuedMessage queued) {
    struct Counted { // as long as anybody has the message, its octets are on the disk
        Message message;
        ClientShares::Share share;
    };
    const auto counted = std::make_shared<Counted>(Counted{std::move(queued.message), {}});
    if (m->shares)
        counted->share = m->shares->take(counted->message.clientAddress, counted->message.size);
    const std::shared_ptr<const Message> message(counted, &counted->message);
    const SteadyTime now = m->now();
    const qint64 wall = m->wallNow();
    // Made in the future = the clock was set back since. Damaged numbers must not overflow the arithmetic.
    const Seconds age(wall - std::clamp<qint64>(message->createdAt, 0, wall));
    for (Envelope& envelope : queued.envelopes) {
        const EnvelopeId id = envelope.id;
        const auto [at, isNew] = m->entries.try_emplace(id);
        if (!isNew)
            continue;
        auto& owner = m->messages[message->id];
        if (!owner.message)
            owner.message = message;
        owner.envelopes.push_back(id);
        Entry& entry = at->second;
        entry.message = owner.message;
        entry.row = {owner.message->createdAt, ++m->lastArrival};
        entry.envelope = std::move(envelope);
        entry.born = now - age;
        m->expireNotBefore(entry, now + kGrace);
        const Seconds wait(std::clamp<qint64>(entry.envelope.nextTryAt, wall, wall + kLongestWait.count()) - wall);
        entry.due = now + wait;
        switch (entry.envelope.state) {
        case EnvelopeState::Waiting: m->moveTo(entry, wait > Seconds(0) ? Place::Sleeping : Place::Ready); break;
        case EnvelopeState::Held: m->moveTo(entry, Place::Held); break;
        case EnvelopeState::Caught: m->moveTo(entry, Place::Caught); break;
        }
    }
}

std::vector<Delivery> Scheduler::due() {
    std::vector<Delivery> deliveries;
    m->wakeSleepers();
    if (m->paused)
        return deliveries;
    const SteadyTime now = m->now();
    while (m->mayGo()) {
        const auto taken = m->turns.take(now);
        if (!taken)
            break;
        Delivery delivery{taken->route, {}, {}};
        for (const EnvelopeId id : taken->ids) {
            Entry& entry = m->entries.at(id);
            delivery.message = entry.message;
            const bool isExpired = entry.expires <= now;
            m->moveTo(entry, Place::InFlight);
            if (isExpired) { // its time ran out while it stood in line: back, so that expired() finds it
                entry.due = now;
                m->moveTo(entry, Place::Sleeping);
            } else {
                delivery.envelopes.push_back(entry.envelope);
            }
        }
        if (!delivery.envelopes.empty())
            deliveries.push_back(std::move(delivery));
    }
    return deliveries;
}

std::vector<Failure> Scheduler::expired() {
    std::vector<Failure> failures;
    std::unordered_map<MessageId, size_t> failureOf;
    const SteadyTime now = m->now();
    while (!m->expiries.empty() && m->expiries.begin()->first <= now) {
        Entry& entry = m->entries.at(m->expiries.begin()->second);
        m->moveTo(entry, Place::Leaving);
        if (entry.envelope.lastError.isEmpty())
            entry.envelope.lastError = "Envelope expired";
        const auto [at, isNew] = failureOf.try_emplace(entry.message->id, failures.size());
        if (isNew)
            failures.push_back({entry.message, {}, true});
        failures[at->second].envelopes.push_back(entry.envelope);
    }
    return failures;
}

std::optional<SteadyTime> Scheduler::nextWake() const {
    const SteadyTime now = m->now();
    std::optional<SteadyTime> wake;
    const auto consider = [&](SteadyTime time) { wake = wake ? std::min(*wake, time) : time; };
    if (!m->expiries.empty())
        consider(std::max(now, m->expiries.begin()->first));
    if (!m->paused && m->mayGo()) {
        if (!m->sleepers.empty())
            consider(std::max(now, m->sleepers.begin()->first));
        if (const auto turn = m->turns.nextTurn(now))
            consider(*turn);
    }
    return wake;
}

void Scheduler::Impl::reschedule(Entry& entry, const TryOutcome& outcome, Settled& settled) {
    Envelope& envelope = entry.envelope;
    if (!outcome.countsAsTry) {
        entry.due = now() + kNotTriedWait;
        moveTo(entry, Place::Sleeping);
        return;
    }
    // Along the curve by age, not by date: the same steps whatever the wall clock does meanwhile.
    const qint64 age = std::chrono::duration_cast<Seconds>(now() - entry.born).count();
    const NextTry next = retryInterval > Seconds(0) ? nextTryEvery(retryInterval, 0, envelope.tries, age)
                                                    : nextTry(0, envelope.tries, age);
    entry.due = entry.born + Seconds(next.at);
    envelope.tries = next.tries;
    envelope.lastTryAt = wallNow();
    envelope.nextTryAt = wallAt(entry.due);
    envelope.lastError = outcome.text;
    settled.updates.push_back({EnvelopeUpdate::Kind::Reschedule, envelope.id, envelope.nextTryAt, envelope.lastTryAt,
                               envelope.tries, envelope.lastError});
    moveTo(entry, Place::Sleeping);
}

Scheduler::Settled Scheduler::finished(const std::vector<TryOutcome>& outcomes) {
    Settled settled;
    for (const TryOutcome& outcome : outcomes) {
        Entry* entry = m->find(outcome.id);
        if (!entry || entry->place != Place::InFlight)
            continue; // reported twice
        const RouteKey route = entry->route;
        switch (outcome.result) {
        case TryResult::Delivered:
            settled.updates.push_back({EnvelopeUpdate::Kind::Remove, outcome.id, 0, 0, 0, {}});
            m->erase(outcome.id);
            m->turns.works(route);
            break;
        case TryResult::Temporary: m->reschedule(*entry, outcome, settled); break;
        case TryResult::Permanent:
            entry->envelope.lastError = outcome.text;
            entry->envelope.lastTryAt = m->wallNow();
            m->moveTo(*entry, Place::Leaving);
            Impl::fail(*entry, settled.failures, false);
            break;
        }
    }
    return settled;
}

void Scheduler::routeFailed(const RouteKey& route) {
    m->turns.failed(route, m->now());
}

void Scheduler::routeWorks(const RouteKey& route) {
    m->turns.works(route);
}

std::vector<EnvelopeUpdate> Scheduler::retryNow(const std::vector<EnvelopeId>& ids) {
    return m->change(ids, [this](Entry& entry) -> std::optional<EnvelopeUpdate> {
        if (!mayExpire(entry.place))
            return std::nullopt;
        if (entry.place == Place::Sleeping)
            m->moveTo(entry, Place::Ready);
        m->turns.probeNow(entry.route, m->now());
        entry.envelope.nextTryAt = m->wallNow();
        return EnvelopeUpdate{EnvelopeUpdate::Kind::Reschedule, entry.envelope.id, entry.envelope.nextTryAt, 0, -1,
                              entry.envelope.lastError};
    });
}

std::vector<EnvelopeUpdate> Scheduler::hold(const std::vector<EnvelopeId>& ids) {
    return m->change(ids, [this](Entry& entry) -> std::optional<EnvelopeUpdate> {
        if (!mayExpire(entry.place))
            return std::nullopt;
        entry.envelope.state = EnvelopeState::Held;
        m->moveTo(entry, Place::Held);
        return EnvelopeUpdate{EnvelopeUpdate::Kind::Hold, entry.envelope.id, 0, 0, 0, {}};
    });
}

std::vector<EnvelopeUpdate> Scheduler::release(const std::vector<EnvelopeId>& ids) {
    return m->change(ids, [this](Entry& entry) -> std::optional<EnvelopeUpdate> {
        if (entry.place != Place::Held)
            return std::nullopt;
        entry.envelope.state = EnvelopeState::Waiting;
        entry.envelope.nextTryAt = m->wallNow();
        m->expireNotBefore(entry, m->now() + kGrace);
        m->moveTo(entry, Place::Ready);
        return EnvelopeUpdate{EnvelopeUpdate::Kind::Release, entry.envelope.id, entry.envelope.nextTryAt, 0, 0, {}};
    });
}

std::vector<EnvelopeUpdate> Scheduler::remove(const std::vector<EnvelopeId>& ids) {
    return m->change(ids, [this](Entry& entry) -> std::optional<EnvelopeUpdate> {
        if (entry.place == Place::InFlight || entry.place == Place::Leaving)
            return std::nullopt;
        m->moveTo(entry, Place::Leaving);
        return EnvelopeUpdate{EnvelopeUpdate::Kind::Remove, entry.envelope.id, 0, 0, 0, {}};
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
        Entry* const entry = m->find(id);
        if (!entry || entry->place != Place::Leaving)
            continue;
        Envelope& envelope = entry->envelope;
        envelope.lastError = why;
        entry->due = m->now() + kUnreturnedWait;
        m->expireNotBefore(*entry, entry->due); // not at once again: the disk may need its minute
        envelope.nextTryAt = m->wallAt(entry->due);
        updates.push_back({EnvelopeUpdate::Kind::Reschedule, id, envelope.nextTryAt, 0, -1, why});
        if (what == Unreturned::Hold) {
            envelope.state = EnvelopeState::Held;
            updates.push_back({EnvelopeUpdate::Kind::Hold, id, 0, 0, 0, {}});
            m->moveTo(*entry, Place::Held);
        } else {
            m->moveTo(*entry, Place::Sleeping);
        }
    }
    return updates;
}

void Scheduler::rerouteAll() {
    const std::vector<EnvelopeId> ready = m->turns.withdrawAll();
    for (const auto& [place, id] : m->list(RowState::Waiting)) {
        Entry& entry = m->entries.at(id);
        m->takeOffRoute(entry);
        m->putOnRoute(entry);
    }
    for (const EnvelopeId id : ready)
        m->turns.push(m->entries.at(id).route, id);
}

QueueCounts Scheduler::counts() const {
    return m->counts;
}

const std::map<RouteKey, int>& Scheduler::waitingByRoute() const {
    return m->onRoute;
}

Scheduler::Row Scheduler::Impl::rowOf(const Entry& entry) const {
    Row row{entry.message, entry.envelope, stateAt(entry.place).value_or(RowState::Waiting), entry.row};
    if (entry.place == Place::Sleeping)
        row.envelope.nextTryAt = wallAt(entry.due);
    if (entry.place == Place::Ready)
        row.envelope.nextTryAt = wallAt(std::max(now(), turns.pausedUntil(entry.route).value_or(now())));
    return row;
}

// The lists that are wanted are read side by side; the next row is the first of their heads.
Scheduler::Page Scheduler::page(const Wish& wish) const {
    struct Reader {
        const Listed* list;
        Listed::const_iterator at; // == end: nothing left
    };
    std::vector<Reader> readers;
    for (const RowState state : kRowStates) {
        if (wish.state && *wish.state != state)
            continue;
        const Listed& list = m->list(state);
        auto at = list.begin();
        if (wish.newestFirst) {
            at = wish.after ? list.lower_bound(*wish.after) : list.end();
            at = at == list.begin() ? list.end() : std::prev(at);
        } else if (wish.after) {
            at = list.upper_bound(*wish.after);
        }
        readers.push_back({&list, at});
    }
    const auto isFirst = [&](const Reader& a, const Reader& b) {
        if (a.at == a.list->end() || b.at == b.list->end())
            return a.at != a.list->end();
        return wish.newestFirst ? b.at->first < a.at->first : a.at->first < b.at->first;
    };
    Page page;
    while (true) {
        Reader& next = *std::min_element(readers.begin(), readers.end(), isFirst);
        if (next.at == next.list->end())
            return page;
        if (page.rows.size() >= size_t(std::max(0, wish.most))) {
            page.hasMore = true;
            return page;
        }
        page.rows.push_back(m->rowOf(m->entries.at(next.at->second)));
        if (!wish.newestFirst)
            ++next.at;
        else
            next.at = next.at == next.list->begin() ? next.list->end() : std::prev(next.at);
    }
}

int Scheduler::total(std::optional<RowState> state) const {
    size_t n = 0;
    for (const RowState one : kRowStates)
        n += !state || *state == one ? m->list(one).size() : 0;
    return int(n);
}

std::optional<Scheduler::RowPlace> Scheduler::newest(std::optional<RowState> state) const {
    std::optional<RowPlace> newest;
    for (const RowState one : kRowStates)
        if (const Listed& list = m->list(one); (!state || *state == one) && !list.empty())
            newest = std::max(newest.value_or(RowPlace{}), list.rbegin()->first);
    return newest;
}

std::vector<Scheduler::Row> Scheduler::rowsOf(MessageId id) const {
    std::vector<Row> rows;
    const auto message = m->messages.find(id);
    if (message == m->messages.end())
        return rows;
    for (const EnvelopeId envelope : message->second.envelopes)
        if (const Entry& entry = m->entries.at(envelope); entry.place != Place::Leaving)
            rows.push_back(m->rowOf(entry));
    return rows;
}

} // namespace postern::queue
