// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/relay_record.h"

#include <algorithm>

namespace postern::engine {
namespace {

using queue::TryResult;

QByteArray wayOf(const RelayRecord& relay, const policy::Ruleset& rules) {
    if (!relay.action.isEmpty())
        return "action \"" + relay.action + '"';
    for (const policy::Rule& rule : rules.rules)
        if (rule.action && rule.action->kind == policy::ActionKind::Relay && rule.action->relay.toBytes() == relay.relay)
            return "rule at " + rule.origin.file + ':' + QByteArray::number(rule.origin.line);
    return "a rule that is no longer in the configuration";
}

} // namespace

// What it says to one recipient is about that mail, unless it is "later" to all of them.
void RelayRecord::hear(const std::vector<queue::TryOutcome>& outcomes, qint64 now) {
    failing = isStalled = false;
    answered = true;
    const auto last = [&](TryResult result) {
        return std::find_if(outcomes.rbegin(), outcomes.rend(),
                            [&](const queue::TryOutcome& each) { return each.result == result && each.countsAsTry; });
    };
    const auto later = last(TryResult::Temporary);
    const bool delivered = last(TryResult::Delivered) != outcomes.rend();
    if (delivered)
        lastSentAt = now;
    defers = later != outcomes.rend() && !delivered && last(TryResult::Permanent) == outcomes.rend();
    detail = defers ? later->text : QByteArray(); // else it is over; the activity still tells of it
}

void RelayRecord::setStalled(bool stalled, const QByteArray& why) {
    if (stalled && !failing) {
        failing = isStalled = true;
        detail = why;
    } else if (!stalled && isStalled) {
        failing = isStalled = false;
        detail.clear();
    }
}

void tellTwinsApart(std::map<queue::RouteKey, RelayRecord>& relays, const policy::Ruleset& rules) {
    std::map<QByteArray, std::vector<RelayRecord*>> byName;
    for (auto& [route, relay] : relays)
        byName[relay.name].push_back(&relay);
    for (const auto& [name, twins] : byName) {
        for (RelayRecord* relay : twins) {
            if (twins.size() == 1)
                relay->way.clear();
            else if (relay->way.isEmpty())
                relay->way = wayOf(*relay, rules);
        }
    }
}

} // namespace postern::engine
