// SPDX-License-Identifier: GPL-3.0-or-later
//
// Rules written in the words of each dialect. Internal to this layer.
//
// A rule whose conditions can't be said is left out (its line becomes a comment); one whose delivery can't be said refuses
// its mail, so that no later rule takes it. Both are reported. Thread: one session's.
#pragma once

#include "convert/session.h"

namespace postern::convert {

struct WrittenRule {
    QByteArrayList actions; // statements to stand before it (action/match)
    QByteArrayList rules;   // nothing: it can't be said
    bool isComplete = true; // false: the original should stay beside it as a comment
};

// `conditionsAt`: the rule or match; `deliveryAt`: the rule, or the action that the match names.
WrittenRule writeModern(Session& session, const config::StatementView& at, const std::vector<Routing>& routings);
WrittenRule writeOld(Session& session, const config::StatementView& conditionsAt,
                     const config::StatementView& deliveryAt, const Routing& routing);

// The relay part of an action (without the word) and of an old rule. Nothing: it can't be said, and why is reported.
std::optional<QByteArray> modernRelay(Session& session, const config::StatementView& at, const Delivery& delivery);
std::optional<QByteArray> oldRelay(Session& session, const config::StatementView& at, const Delivery& delivery);

// " tls no-verify" where all relays of a table need it; reports where one word can't fit all.
QByteArray tableTls(Session& session, const config::StatementView& at, const Relay& relay);

} // namespace postern::convert
