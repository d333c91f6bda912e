// SPDX-License-Identifier: GPL-3.0-or-later
//
// Why: what would happen to one recipient, every rule that was tried, and where the mail would go next.
//
// Here are the explanation as a value, its two prints, and what the rules alone say. Aliases and users of this computer are
// followed by delivery/explain.h, which fills in the rest.
// Thread: any; `done` as in match(). Texts hold no secrets and nothing a terminal would obey.
#pragma once

#include "policy/match.h"

#include <QJsonObject>

namespace postern::policy {

// One next hop. By MX of the recipient's domain: url is "".
struct ExplainedRelay {
    QByteArray url;        // without path; of a table of relays the first in its order; "" = by MX
    QByteArrayList others; // the table's further relays, in its order
    RelayOrder order = RelayOrder::RoundRobin; // of url and others
    RelayRate maxRate;     // 0 messages = no limit of its own
    int maxConnections = 0; // 0 = no limit of its own
    TlsUse tls = TlsUse::Opportunistic;
    bool verify = false;   // a certificate that does not check out stops the delivery
    QByteArray label;      // key of the credentials, "" = no login
    QByteArrayList source; // addresses to send from, in turn; empty = the system chooses
    QByteArray helo;       // "" = unknown
    bool isBackup = false; // only to servers better than the one that is a backup here
    QByteArray problem;    // why no delivery can work: "<hosts> has no entry for a.example"
};

struct ExplainedEnvelope {
    QByteArray recipient;
    QByteArray via;                      // "relay", "catch", "mbox", "maildir", "mda", "lmtp"
    std::optional<ExplainedRelay> relay; // of "relay"
    QByteArray user;                     // who it is delivered as; "" = nobody in particular
    QByteArray path;                     // the maildir, file, command or LMTP destination, values filled in; "" = none
};

struct Explanation {
    QByteArray verdict; // "relay", "deliver", "expand", "reject" or "tempfail"
    int line = 0;       // of the rule that decided; 0 = none matched
    QByteArray rule;
    QByteArray reply;  // what the client gets when the recipient is not taken; "" otherwise
    QByteArray reason; // for people: why the recipient is not taken, where no rule says so
    QByteArrayList notes; // for people: what this version does differently today
    std::vector<RuleTrace> trace;
    std::vector<ExplainedEnvelope> envelopes;

    // {"verdict", "line", "rule", "reply", "trace": [...], "envelopes": [...]}; "either" TLS counts as
    // required. A relay has "others" and "order" if there are several, "maxRate" and "maxConnections" if they are written.
    QJsonObject toJson() const;
    QByteArray toText() const; // sentences, one a line
};

// serverName: what the gateway calls itself where the configuration does not say.
// The rules alone: a delivery on this computer is one envelope without user and path, aliases are not followed.
void explain(const RulesetPtr& rules, const MatchContext& context, const QByteArray& serverName,
             std::function<void(Explanation)> done);

// Parts of it, for who follows the rest.
Explanation explanationOf(Verdict verdict); // verdict word, line, rule, trace and notes; no envelopes, no reply
void explainRelay(const RulesetPtr& rules, const RelaySpec& spec, const QByteArray& recipient, const QByteArray& serverName,
                  std::function<void(ExplainedRelay)> done);

} // namespace postern::policy
