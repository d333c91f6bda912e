// SPDX-License-Identifier: GPL-3.0-or-later
//
// LMTP deliveries: one mail for all its recipients at one server, spoken by the relay's own machinery.
//
// Adds what a local destination has of its own: sockets of this computer, recipients without a domain, no mail policy of the
// outgoing side. Thread: one event loop. Failure: every envelope is reported once. Spec: RFC 2033; threat M09.
#pragma once

#include "local/local_worker.h"

#include <map>

namespace postern::local {

class LmtpDesk {
  public:
    LmtpDesk(const Clock& clock, FileStore& files, std::unique_ptr<dns::Resolver> resolver, relay::Connector connector,
             std::function<void(LocalReport)> report);
    ~LmtpDesk();

    // Of `job` the recipients `which`, all to `destination` (filled in).
    void submit(const LocalJob& job, const std::vector<size_t>& which, const QByteArray& destination);
    void forgetFailures() { m_relay.forgetFailures(); }
    void drain(Milliseconds grace, std::function<void()> done) { m_relay.drain(grace, std::move(done)); }
    void tick() { m_relay.tick(); }

  private:
    void reported(relay::RelayReport report);

    std::function<void(LocalReport)> m_report;
    std::map<queue::EnvelopeId, queue::RouteKey> m_routes; // as whoever submitted calls them
    relay::RelayWorker m_relay;
};

} // namespace postern::local
