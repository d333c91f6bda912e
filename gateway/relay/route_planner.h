// SPDX-License-Identifier: GPL-3.0-or-later
//
// From "how and where to relay" to the ordered list of places to knock at.
//
// By URL: the host's own addresses, never its MX. Without one: the MX hosts of the recipient's domain by preference, equals
// shuffled, or the domain itself where there are none. Knows nothing of connections.
// Thread: one I/O thread. Lifetime: destroying a RoutePlan cancels it; `done` is called at most once, maybe inside start(),
//   and must not destroy the RoutePlan.
// Failure: a plan without candidates says why and whether waiting can help.
// Spec: RFC 5321 §5.1, RFC 7505, relay URLs by era (policy::RelayMeaning).
#pragma once

#include "dns/resolver.h"
#include "policy/ruleset.h"
#include "smtp/client_session.h"

#include <functional>
#include <limits>
#include <memory>
#include <vector>

namespace postern::relay {

// One host to talk to in one way.
struct Candidate {
    QByteArray host;          // for SNI, the certificate's name and texts
    QByteArrayList addresses; // in the order to try
    quint16 port = 25;
    smtp::ClientTls tls = smtp::ClientTls::Opportunistic;
    bool verify = false;      // the certificate must check out
    bool lmtp = false;
    bool needsAuth = false;
    QByteArray label;         // key into the credentials table
    bool maybeWrapped = false; // `either` on one port: a server that does not greet waits for TLS
    int preference = 0;
};

struct Plan {
    std::vector<Candidate> candidates;
    bool byMx = false;
    bool permanent = false;   // without candidates: the domain takes no mail
    QByteArray trouble;       // why there are none
};

struct PlanQuestion {
    std::shared_ptr<const policy::RelaySpec> spec;
    std::vector<policy::RelayUrl> urls; // the spec's, or the one its host table gave
    QByteArray domain;                  // for relaying by MX
    QByteArray serverName;              // that is us
    QByteArrayList ownAddresses;        // where our own port 25 answers: that is us, too
    QByteArray socket = {};             // LMTP by a socket of this computer; then nothing above counts
};

// What a URL and its action mean together. `either` makes two: STARTTLS first, then TLS from the start.
Result<std::vector<Candidate>> candidatesFor(const policy::RelayUrl& url, const policy::RelaySpec& spec);

class RoutePlan {
  public:
    using Random = std::function<quint32(quint32 below)>;
    using Done = std::function<void(Plan)>;

    RoutePlan(dns::Resolver& resolver, Random random, PlanQuestion question, Done done);
    void start();

  private:
    void planUrls();
    void planMx();
    void onMx(dns::MxAnswer answer);
    void resolveHosts();
    void onAddresses(size_t index, dns::AddressAnswer answer);
    void finish();
    void giveUp(bool permanent, QByteArray why);
    void addTrouble(const QByteArray& text);
    bool isOurs(const QByteArray& address) const { return m_question.ownAddresses.contains(address); }
    const policy::RelayUrl* backupUrl() const;
    Candidate mxCandidate(const QByteArray& host, int preference) const;

    dns::Resolver& m_resolver;
    Random m_random;
    PlanQuestion m_question;
    Done m_done;
    Plan m_plan;
    QByteArrayList m_troubles; // of hosts without addresses
    size_t m_waitingFor = 0;
    bool m_someFailed = false;
    bool m_loops = false;      // an MX led to this computer
    int m_ours = std::numeric_limits<int>::max(); // preference of the best MX that is this gateway by its address
    bool m_otherTrouble = false;
    std::vector<std::unique_ptr<dns::Question>> m_open;
};

} // namespace postern::relay
