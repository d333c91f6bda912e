// SPDX-License-Identifier: GPL-3.0-or-later
//
// First match wins: which rule decides a recipient, and why.
//
// The engine calls match() for each RCPT; explain (the simulator) calls it with a trace. Both are the same code.
// Thread: any; `done` follows the tables' promise (at once for static and file tables, else later).
// One case is decided without a rule: mail for our own postmaster that none takes is caught, kept on this computer for
// reading (RFC 5321 4.5.1: who relays takes it). A rule that turns it away is obeyed.
// Failure: a table that cannot be asked ends in Verdict::TemporaryFailure (451), never inverted by "!".
#pragma once

#include "policy/ruleset.h"

#include <functional>

namespace postern::policy {

// Everything a rule may ask about.
struct MatchContext {
    QByteArray clientAddress;     // "192.0.2.1", "2001:db8::1"; "" with isSocket
    bool isSocket = false;        // local submission
    bool isLocalAddress = false;  // loopback or an address of this host (the caller knows)
    bool isAuthenticated = false;
    QByteArray user;
    std::optional<QByteArray> reverseName; // of the client's address; "" = it has none, nothing = nobody looked
    QByteArray helo;
    QByteArray tag;
    QByteArray sender;            // "local@domain", "" = null
    QByteArray recipient;         // "local@domain"
    QByteArrayList localNames;    // server name, "localhost", own addresses bare and bracketed
    QByteArray hostname;          // what the listener calls itself, for its postmaster; "" = that case is not looked at
    // An address that an alias, a virtual user or a .forward file led to: local, whoever the client was.
    bool isInternal = false;
};

// Local: the action delivers on this computer or follows aliases; delivery/expand.h says what becomes of the recipient.
enum class Decision : quint8 { Relay, Catch, Local, Reject, NoMatch, TemporaryFailure };
QByteArrayView toString(Decision decision);

struct RuleTrace {
    int line = 0;
    bool matched = false;
    QByteArray rule;    // text
    QByteArray because; // "from local: 192.0.2.66 is not this computer"; for the match: what fitted
};

struct Verdict {
    Decision decision = Decision::NoMatch;
    const Rule* rule = nullptr;   // owned by the ruleset; null: none matched, which also a caught postmaster's has
    ActionPtr action;
    QByteArray reason;            // for TemporaryFailure
    std::vector<RuleTrace> trace; // only if asked for
};

enum class WantTrace { No, Yes };
void match(const RulesetPtr& rules, MatchContext context, WantTrace trace, std::function<void(Verdict)> done);

// For a thread that nobody may call back: the verdict if it comes at once; else nothing, and `later` is called with it, on
// whatever thread answers.
std::optional<Verdict> matchNow(const RulesetPtr& rules, MatchContext context, std::function<void(Verdict)> later);

// The reply a client gets for a verdict, as far as the rules alone decide ("250 2.1.5 ...", "550 5.7.1 Invalid recipient: <a@b>", "451 4.3.0 ...").
struct ReplyLine {
    int code = 250;
    QByteArray text; // with enhanced code
};
ReplyLine replyFor(const Verdict& verdict, const QByteArray& recipient);

} // namespace postern::policy
