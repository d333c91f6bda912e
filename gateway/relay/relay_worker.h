// SPDX-License-Identifier: GPL-3.0-or-later
//
// The sending half of one I/O thread: takes deliveries, finds the next hop, keeps connections to it and reports what came
// of each recipient.
//
// A route (equal key) is always served by the same thread, so its connections need no lock. A route not yet proven carries
// one connection until it succeeds; then as many as the limits of the configuration allow, while deliveries wait.
// Connections are reused for session-mail-max messages and kept open session-keepalive seconds when idle.
// Thread: one I/O thread, all of it; report is called there and must only post. Failure: every delivery is reported once.
#pragma once

#include "base/clock.h"
#include "base/file_store.h"
#include "dns/resolver.h"
#include "policy/ruleset.h"
#include "queue/scheduler.h"
#include "relay/connection_ledger.h"
#include "relay/sending_rate.h"
#include "smtp/address.h"
#include "tls/stream.h"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace postern::relay {

// A delivery with everything a worker needs to carry it out.
struct RelayJob {
    queue::Delivery delivery;
    queue::BodyPtr body;
    std::shared_ptr<const policy::RelaySpec> spec;
    QByteArray action;      // what max-rate and max-connections of `spec` count for: all routes of one action
    QByteArray domain;      // recipient's domain, for MX relaying
    QByteArray serverName;  // HELO unless the spec says otherwise
    std::shared_ptr<const QByteArrayList> ownAddresses; // where this gateway itself listens on port 25; may be null
    tls::IdentityPtr identity; // client certificate (`pki`), may be null
    tls::ClientRulesPtr handshakes; // `ciphers`, `protocols`; null = the usual ones
    std::shared_ptr<const policy::Settings> settings; // the limits; null = the defaults
    QByteArray socket;      // LMTP by this socket of the computer, in place of what `spec` says; "" = as it says
    std::vector<smtp::Address> rcptAs; // of the envelopes: what RCPT says in place of the destination; empty = the destination
};

struct RelayReport {
    queue::RouteKey route;
    std::vector<queue::TryOutcome> outcomes;
    bool routeFailed = false;   // the next hop as a whole did not work (connect, TLS, sign-in, 421)
    bool routeWorked = false;
    bool damaged = false;       // the content as it is stored cannot be sent, now or later, to anybody
    QByteArray routeText;       // why, one line, with host, port and the peer's words
    QByteArray peer;            // "mx.example.net [192.0.2.25]:25", "" if none was reached
    QByteArray tls;             // "TLSv1.3", "" = in clear
    std::shared_ptr<const queue::Message> message;
    std::vector<queue::Envelope> relayed; // delivered to a peer that sends no notices, though one of success was asked for
    // Instead of outcomes: a mail under way has not moved for half a minute (the text says where), or moves again.
    std::optional<bool> stalled;
};

using Connector = std::function<std::unique_ptr<tls::Stream>(const QByteArray& address, quint16 port,
                                                             const QByteArray& sourceAddress, Milliseconds timeout,
                                                             tls::StreamHandler* handler)>;

// What no configuration sets. How many connections and how often: policy::MtaLimits.
struct RelayLimits {
    Milliseconds connectTimeout{30'000};
    int maxAddressesTried = 5;
    std::shared_ptr<ConnectionLedger> ledger = {}; // that of all workers, like the next; null = one of its own
    std::shared_ptr<SendingRate> rate = {};
};

class RelayWorker {
  public:
    // connector: how connections are made; empty = tls::connectStream (tests bring their own).
    RelayWorker(const Clock& clock, FileStore& files, std::unique_ptr<dns::Resolver> resolver, RelayLimits limits,
                std::function<void(RelayReport)> report, Connector connector = {});
    ~RelayWorker(); // connections are cut; what was not reported yet is reported as not tried

    void submit(std::vector<RelayJob> jobs);
    void forgetFailures(); // a person said "try now", or a reload: penalties of addresses are dropped
    void drain(Milliseconds grace, std::function<void()> done); // what has not begun is reported as not tried
    int connections() const;
    void tick(); // looks after deadlines; a timer of its own calls it, tests too

  private:
    struct Impl;
    std::unique_ptr<Impl> m;
};

} // namespace postern::relay
