// SPDX-License-Identifier: GPL-3.0-or-later
//
// One next hop: what waits for it, where it is, and the connections to it.
//
// Not yet proven it carries one connection; after the first that gets as far as taking mail, up to the limit while
// deliveries wait. A connection is made by trying the plan's addresses in order; when none works, everything that waits is
// handed back, so that one failure speaks for all.
// Thread: one I/O thread. Lifetime: the worker destroys it from tick() only, when isIdle().
// Failure: every job that add() took is reported once.
#pragma once

#include "relay/address_penalties.h"
#include "relay/client_connection.h"
#include "relay/route_planner.h"
#include "relay/table_asker.h"

#include <deque>

namespace postern::relay {

// What all routes of a worker share.
struct RouteServices {
    const Clock& clock;
    FileStore& files;
    dns::Resolver& resolver;
    TableAsker& tables;
    AddressPenalties& penalties;
    RelayLimits limits;
    Connector connector;
    RoutePlan::Random random;
    std::function<void(RelayReport)> report;
};

class Route final : public ConnectionOwner {
  public:
    // url: the one that a host table gave for these deliveries, if that is how they go.
    Route(RouteServices& services, std::optional<policy::RelayUrl> url);
    ~Route() override;

    void add(RelayJob job);
    void pump();              // after add(): puts what waits on its way
    void tick(SteadyTime now);
    void forgetFailures();
    void stop();              // no new mail: what waits comes back untried, idle connections say QUIT
    void abandon();           // now

    bool isIdle(SteadyTime now) const; // nothing to do and nothing worth keeping
    bool isEmpty() const;              // no jobs, no connections
    int connections() const { return int(m_links.size()); }

    // From our own connections only.
    void onConnectionReady(ClientConnection& connection) override;
    void onMailOver(ClientConnection& connection, std::unique_ptr<Shipment> shipment, bool untouched) override;
    void onConnectionOver(ClientConnection& connection, const std::optional<smtp::Fault>& fault) override;

  private:
    struct Endpoint {
        Candidate candidate;
        QByteArray address;
        QByteArray key() const { return address + ':' + QByteArray::number(candidate.port); }
        QByteArray name() const; // "mx.example.net [192.0.2.25]:25"
    };
    // One connection, from choosing where to until it is over.
    struct Link {
        std::deque<Endpoint> ahead;       // still to try
        std::optional<Endpoint> endpoint; // being tried, or connected to
        bool withoutTls = false;          // opportunistic handshake failed: once more in clear
        bool ready = false;               // took or can take mail
        bool idle = false;
        bool delivered = false;           // at least one mail got a reply of its own
        int failuresInRow = 0;
        std::optional<smtp::Credentials> credentials;
        std::unique_ptr<TableQuestion> question;
        std::unique_ptr<ClientConnection> connection;
        QByteArrayList troubles;
        bool onlyPermanent = true;        // every refusal so far said "never"
    };

    void makePlan();
    void onPlan(Plan plan);
    void openLinks();
    std::deque<Endpoint> endpoints(QByteArray& blockedBy) const;
    void tryNext(Link& link);
    void retire(Link& link);
    void askCredentials(Link& link);
    void askSource(Link& link);
    void connectTo(Link& link, const QByteArray& source);
    void endpointFailed(Link& link, const QByteArray& trouble, bool permanent, bool sameHostToo);
    void linkFailed(Link& link);
    void removeLink(const Link& link);
    void dispatch(Link& link);
    void failWaiting(const QByteArray& text, bool permanent, bool countsAsTry);
    bool isTooLarge(const Shipment& shipment) const;
    Link* linkOf(const ClientConnection& connection);
    bool servesElsewhere(const Link& link) const;
    int allowedConnections(SteadyTime now) const;

    RouteServices& m_services;
    std::optional<policy::RelayUrl> m_url;

    std::deque<std::unique_ptr<Shipment>> m_waiting;
    std::shared_ptr<const policy::RelaySpec> m_spec; // of the latest job, like the next four
    QByteArray m_domain, m_serverName;
    std::shared_ptr<const QByteArrayList> m_ownAddresses;
    tls::IdentityPtr m_identity;

    std::unique_ptr<RoutePlan> m_planning;
    bool m_isPlanning = false;
    std::optional<Plan> m_plan;
    SteadyTime m_planEnds{};
    std::optional<Endpoint> m_proven; // where it worked last
    struct SizeLimit {
        QByteArray peer;
        qint64 octets = 0; // 0 = none told
        SteadyTime ends{};
    };
    SizeLimit m_sizeLimit;            // of that place
    bool m_stopping = false;
    int m_ceiling;                    // connections the next hop seems to allow
    SteadyTime m_ceilingEnds{};
    SteadyTime m_lastUse{};

    std::vector<std::unique_ptr<Link>> m_links;
    std::vector<std::unique_ptr<ClientConnection>> m_over; // destroyed from tick(), never inside their own calls
};

} // namespace postern::relay
