// SPDX-License-Identifier: GPL-3.0-or-later
//
// The inside of Scheduler, shared by scheduler.cpp (what goes when), scheduler_words.cpp (whose words are in memory) and
// scheduler_pages.cpp (what people read). Private.
//
// Each envelope is in exactly one place (enum Place); moveTo() is the only function that changes it and keeps the
// counts, the lists that people read, the sleepers ordered by time, the expiry order and the routes' lines in step.
#pragma once

#include "queue/both_turns.h"
#include "queue/message_id.h"
#include "queue/scheduler.h"

#include <array>
#include <map>
#include <set>
#include <unordered_map>

namespace postern::queue {

struct Scheduler::Impl {
    Impl(const Clock& theClock, RouteOf given) : clock(theClock), routeOf(std::move(given)) {}

    enum class Place : quint8 {
        Sleeping, // until `due`
        Ready,    // in its route's line
        InFlight, // handed out by due(), not yet finished()
        Held,
        Caught,
        Leaving, // delivered, failed, expired or removed; known until forget()
    };
    using Listed = std::map<RowPlace, EnvelopeId>;
    struct WayState {
        RouteKey route;
        int users = 0; // entries
    };
    using Ways = std::map<Way, WayState>;
    using OnRoute = std::map<RouteKey, int>;

    struct Entry;
    struct MessageEntry {
        MessageId id = 0;
        int visible = 0; // envelopes that are not Leaving
        int inFlight = 0, inHand = 0;
        qint64 createdAt = 0, size = 0;
        SteadyTime born{};
        ClientShares::Share share;              // as long as it is known, its octets are on the disk
        std::shared_ptr<const Message> message; // while one of its envelopes is in hand
        std::vector<std::unique_ptr<Entry>> envelopes; // by id
    };
    struct Entry {
        EnvelopeId id = 0;
        MessageEntry* owner = nullptr;          // the nodes of these three maps stay where they are
        Ways::value_type* way = nullptr;
        OnRoute::value_type* route = nullptr;   // while Sleeping, Ready or InFlight
        std::unique_ptr<Envelope> words;        // while it is in hand
        SteadyTime due{}, expires{};
        qint64 ttl = 0, nextTryAt = 0, lastTryAt = 0;
        quint64 arrival = 0;
        int tries = 0;
        Place place = Place::Leaving;
        RowPlace row() const { return {owner->createdAt, arrival}; }
    };

    const Clock& clock;
    const RouteOf routeOf;
    ClientSharesPtr shares;
    int maxInFlight = 5000; // of all routes together
    Seconds retryInterval{0};
    qint64 octetsInFlight = 0; // of messages with an envelope on its way
    int inHand = 0, leaving = 0;
    std::unordered_map<MessageId, MessageEntry, BySerial> messages;
    Ways ways;
    OnRoute onRoute; // Sleeping, Ready and InFlight, by entry.route
    std::array<Listed, 4> listed; // by RowState
    quint64 lastArrival = 0;
    std::set<std::pair<SteadyTime, EnvelopeId>> sleepers, expiries;
    BothTurns turns;
    QueueCounts counts;

    SteadyTime now() const { return clock.steady(); }
    qint64 wallNow() const { return clock.wall().time_since_epoch().count(); }
    qint64 wallAt(SteadyTime time) const {
        return wallNow() + std::chrono::duration_cast<Seconds>(time - now()).count();
    }
    Entry* find(EnvelopeId id);
    const Entry* find(EnvelopeId id) const { return const_cast<Impl*>(this)->find(id); }
    static std::vector<std::unique_ptr<Entry>>::iterator placeOf(MessageEntry& owner, EnvelopeId id);
    Entry& known(EnvelopeId id) { return *find(id); } // of our own books
    static bool mayExpire(Place place);
    static bool hasRoute(Place place);
    static std::optional<RowState> stateAt(Place place);
    Listed& list(RowState state) { return listed[size_t(state)]; }
    const Listed& list(RowState state) const { return listed[size_t(state)]; }

    // scheduler.cpp
    int* counter(Place place);
    bool mayGo() const;
    bool mayLeave() const;
    void count(Entry& entry, int change);
    void putOnRoute(Entry& entry);
    void takeOffRoute(Entry& entry);
    void moveTo(Entry& entry, Place place);
    void expireNotBefore(Entry& entry, SteadyTime earliest);
    void wakeSleepers();
    struct Moment {
        SteadyTime steady;
        qint64 wall;
    };
    Ways::value_type* wayOf(const Way& way);
    void forgetIfUnused(Ways::value_type* way);
    MessageEntry& ownerOf(const QueueOutline::OfMessage& message, const Moment& moment);
    void forgetIfEmpty(MessageEntry& owner);
    Entry* enter(MessageEntry& owner, const QueueOutline::OfEnvelope& envelope, Ways::value_type* way, const Moment& moment);
    void erase(EnvelopeId id);
    std::vector<EnvelopeUpdate> change(const std::vector<EnvelopeId>& ids,
                                       const std::function<std::optional<EnvelopeUpdate>(Entry&)>& one);
    void reschedule(Entry& entry, const TryOutcome& outcome, Settled& settled);

    // scheduler_words.cpp
    bool mayKeepWords() const;
    void giveWords(Entry& entry, const std::shared_ptr<const Message>& message, Envelope envelope);
    void dropWords(Entry& entry);
    Envelope inFull(const Entry& entry) const; // with what words there are
    bool fill(std::shared_ptr<const Message>& message, std::vector<Envelope>& envelopes) const;

    // scheduler_pages.cpp
    Row rowOf(const Entry& entry) const;
};

} // namespace postern::queue
