// SPDX-License-Identifier: GPL-3.0-or-later
//
// The questions put to one backend, as a value machine: which is asked next, what becomes of an answer, when one is given up.
//
// Knows no threads and no clock of its own. Its owner asks, hands next() to a free lane (a thread with its own connection),
// brings back how that went, ticks, and passes on what takeAnswers() holds.
//   Every question is answered within the deadline, whatever the backend does. A lane that hangs longer is given up: another
//     takes its place, and finished() tells it to end once it is back. Only mostStuck are given up at a time; then questions
//     fail at once until one is back.
//   A failure that another try may mend is tried again while the deadline allows.
//   After failuresToRest failures in a row questions fail at once, with the cause, for a while that doubles each time; then a
//     probe goes first, and what it finds decides. A single failure is probed too, so that the state told is never an old one.
//   Answers are kept for a moment, found ones longer than missing ones; credentials never, so that a changed password counts
//     at once. The same question twice is asked once.
// Failure: LookupResult::failed with a text that names the table and the cause. Threats A11, B05.
// Thread: one at a time, the owner sees to it. Answers come out of takeAnswers() only, never from inside a call.
#pragma once

#include "tables/backend.h"
#include "tables/lookup_cache.h"

#include <list>
#include <map>
#include <vector>

namespace postern::tables {

struct LookupLimits {
    Milliseconds deadline{10'000}; // of one question, all tries together
    int lanes = 2;                 // questions under way at a time
    int mostStuck = 2;             // lanes given up and not back yet
    size_t mostWaiting = 1'000;    // more at once fail
    std::vector<Milliseconds> retries{Milliseconds(0), Milliseconds(300), Milliseconds(1'500)}; // before each further try
    int failuresToRest = 3;
    Milliseconds firstRest{1'000}, longestRest{30'000};
    Milliseconds foundFor{3'000}, missingFor{1'000}; // in the cache: a changed row is seen after 3 s at the latest
    size_t mostCached = 1'000;
    qsizetype mostCachedOctets = 1 << 20;
};

enum class Asking : quint8 { Lookup, Check, Fetch, Probe };

class LookupDesk {
  public:
    using JobId = quint64;
    struct Job {
        JobId id = 0;
        Asking asking = Asking::Lookup;
        Service service = Service::String;
        QByteArray key;
    };
    struct Found {
        bool found = false;
        QByteArray value;        // of a lookup
        QByteArrayList elements; // of a fetch
        FetchRule rule;
    };
    enum class Lane : quint8 { GoesOn, Ends };
    using Answer = std::pair<LookupDone, LookupResult>;

    LookupDesk(QByteArray table, LookupLimits limits);

    void lookup(Service service, const QByteArray& key, LookupDone done, SteadyTime now);
    void fetch(Service service, LookupDone done, SteadyTime now);
    // Can it be asked at all? "Found" if so; goes to the backend also while questions rest.
    void test(LookupDone done, SteadyTime now);
    // Forgets what was answered so far.
    void refresh();
    // What a free lane is to do; nothing = there is nothing yet.
    std::optional<Job> next(SteadyTime now);
    bool hasNext(SteadyTime now) const;
    // How it went. A lane that was given up meanwhile ends.
    Lane finished(JobId id, Result<Found> outcome, SteadyTime now, WallTime wall);
    void tick(SteadyTime now, WallTime wall);
    // Nobody will answer any more: all open questions fail.
    void close(const QByteArray& why);

    std::vector<Answer> takeAnswers();
    bool isBusy() const { return !m_open.empty(); }
    bool isRestless() const { return isBusy() || m_state.isFailing; } // wants to be ticked
    TableState state() const { return m_state; }
    int stuck() const { return m_stuck; }

  private:
    struct Open {
        Job job;
        std::vector<LookupDone> waiting;
        SteadyTime deadline{}, notBefore{};
        size_t tries = 0;
        bool isUnderWay = false;
    };
    struct Cycle { // what fetch() takes its turns in
        QByteArrayList elements;
        qsizetype next = 0;
        int left = 0;
        SteadyTime until{};
    };
    using At = std::list<Open>::iterator;

    void ask(Asking asking, Service service, const QByteArray& key, LookupDone done, SteadyTime now);
    std::list<Open>::const_iterator nextOpen(SteadyTime now) const;
    void answer(At at, const LookupResult& result);
    void succeeded(At at, Found&& found, SteadyTime now);
    void failed(At at, const QByteArray& why, SteadyTime now, WallTime wall);
    void trouble(const QByteArray& why, SteadyTime now, WallTime wall);
    void recovered();
    LookupResult failure(const QByteArray& why) const;
    LookupResult turn(Cycle& cycle);

    const QByteArray m_table;
    const LookupLimits m_limits;
    JobId m_lastId = 0;
    std::list<Open> m_open; // oldest first; a probe too
    int m_underWay = 0, m_stuck = 0;
    bool m_isClosed = false;
    // in trouble
    TableState m_state;
    int m_failures = 0;     // in a row
    bool m_isResting = false;
    Milliseconds m_rest{0}; // the present one, or the last
    SteadyTime m_probeAt{};
    // what was answered
    LookupCache m_cache;
    std::map<Service, Cycle> m_cycles;
    std::vector<Answer> m_answers;
};

} // namespace postern::tables
