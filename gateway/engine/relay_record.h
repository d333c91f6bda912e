// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is known about one next hop since the start, for people: does it take mail, and if not, what it said.
//
// Decides nothing: when mail goes again is the scheduler's. Thread: engine control; values.
#pragma once

#include "policy/ruleset.h"
#include "queue/scheduler.h"

#include <QByteArray>

#include <map>
#include <vector>

namespace postern::engine {

struct RelayRecord {
    QByteArray name;          // for people
    QByteArray action, relay; // of its envelopes (queue::Envelope)
    QByteArray way;           // two of one name: what tells this one apart
    bool failing = false;     // the hop as a whole
    bool defers = false;      // it answers, and put off all of the last message it was given
    bool answered = false;    // worked at least once
    QByteArray detail;        // why it fails or defers, in its words; else ""
    qint64 lastSentAt = 0;    // Unix seconds, 0 = nothing yet
    bool isStalled = false;   // failing only because a mail under way has not moved for a while
    std::vector<queue::EnvelopeId> deferred; // failed with the hop as a whole; at most `mta max-deferred`

    // The hop works and said this to the recipients of one message.
    void hear(const std::vector<queue::TryOutcome>& outcomes, qint64 now);
    void setStalled(bool stalled, const QByteArray& why);
};

// Fills in `way` where names are alike: the action, or the line of the rule.
void tellTwinsApart(std::map<queue::RouteKey, RelayRecord>& relays, const policy::Ruleset& rules);

} // namespace postern::engine
