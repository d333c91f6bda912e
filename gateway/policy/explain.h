// SPDX-License-Identifier: GPL-3.0-or-later
//
// Why: what would happen to one recipient, every rule that was tried, and where the mail would go next.
//
// The same match() as the engine's.
// Thread: any; `done` as in match(). Texts hold no secrets.
#pragma once

#include "policy/match.h"

#include <QJsonObject>

namespace postern::policy {

// One next hop. By MX of the recipient's domain: url is "".
struct ExplainedRelay {
    QByteArray url;        // without path; of a table of relays the first in its order
    QByteArrayList others; // the table's further relays, taken in turn
    TlsUse tls = TlsUse::Opportunistic;
    bool verify = false;   // a certificate that does not check out stops the delivery
    QByteArray label;      // key of the credentials, "" = no login
    QByteArrayList source; // addresses to send from, in turn; empty = the system chooses
    QByteArray helo;       // "" = unknown
};

struct ExplainedEnvelope {
    QByteArray recipient;
    QByteArray via;                      // "relay" or "catch"
    std::optional<ExplainedRelay> relay; // of "relay"
};

struct Explanation {
    QByteArray verdict; // "relay", "deliver", "reject" or "tempfail"
    int line = 0;       // of the rule that decided; 0 = none matched
    QByteArray rule;
    QByteArray reply;  // what the client gets when the recipient is not taken; "" otherwise
    QByteArray reason; // for people: why a tempfail
    std::vector<RuleTrace> trace;
    std::vector<ExplainedEnvelope> envelopes;

    // {"verdict", "line", "rule", "reply", "trace": [...], "envelopes": [...]}; "either" TLS counts as
    // required.
    QJsonObject toJson() const;
    QByteArray toText() const; // sentences, one a line
};

// serverName: what the gateway calls itself where the configuration does not say.
void explain(const RulesetPtr& rules, const MatchContext& context, const QByteArray& serverName,
             std::function<void(Explanation)> done);

} // namespace postern::policy
