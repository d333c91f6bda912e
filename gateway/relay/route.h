// SPDX-License-Identifier: GPL-3.0-or-later
//
// One next hop: what waits for it, where it is, and the connections to it.
//
// Not yet proven it carries one connection; after the first that gets as far as taking mail, as many as the limits allow
// while deliveries wait. Addresses of one preference share the load; a worse one is taken only when of the better ones none
// can be used and none merely waits for a limit or a delay. When no address works, everything that waits is handed back, so
// that one failure speaks for all. A message whose sender is answered 4xx is offered to another host at once.
// Thread: one I/O thread. Lifetime: the worker destroys it from tick() only, when isIdle().
// Failure: every job that add() took is reported once.
// In two files: route.cpp (mail and its fate), route_links.cpp (from an address to a connection).
#pragma once

#include "relay/address_penalties.h"
#include "relay/client_connection.h"
#include "relay/route_planner.h"
#include "relay/table_asker.h"

#include <QSet>

#include <deque>

namespace postern::relay {

// What all routes of a worker share.
struct RouteServices {
    const Clock& clock;
    FileStore& files;
    dns::Resolver& resolver;
    TableAsker& tables;
    AddressPenalties& penalties;
    RelayLimits limits; // ledger and rate: never null
    Connector connector;
    RoutePlan::Random random;
    std::function<void(RelayReport)> report;
};

class Route final : public ConnectionOwner {
  public:
    // key: what its deliveries have in common. urls: those that a table gave for them, if that is how they go.
    Route(RouteServices& services, QByteArray key, std::vector<policy::RelayUrl> urls);
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
    void onMailOver(ClientConnection& connection, std::unique_ptr<Shipment> shipment, MailEnd end) override;
    void onHeloWanted(ClientConnection& connection, const QByteArray& localAddress) override;
    void onConnectionOver(ClientConnection& connection, const std::optional<smtp::Fault>& fault) override;
    void onConnectionGone(ClientConnection& connection) override;

  private:
    struct Endpoint {
        Candidate candidate;
        QByteArray address;
        QByteArray key() const; // of the way to be there: address, port, TLS from the start or not
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
        int failuresInRow = 0;            // mails without any recipient taken
        int failures = 0;                 // recipients that were not taken
        SteadyTime notBefore{};           // the next mail: session-transaction-delay
        std::optional<smtp::Credentials> credentials;
        std::unique_ptr<TableQuestion> question;
        std::unique_ptr<ClientConnection> connection;
        std::optional<ConnectionLedger::Place> place; // while it counts
        QByteArray source, helo;
        int sourcesLeft = 0;              // how many more its table may be asked for
        bool sourceWaits = false;         // one that would do waits for a limit
        QByteArray sourceTrouble;
        QByteArrayList troubles;
        bool onlyPermanent = true;        // every refusal so far said "never"
        std::unique_ptr<Shipment> carries; // made for this mail, which another host put off ...
        RelayReport verdict;               // ... with these words
        bool isDetour = false;             // carries, or carried, one: not for the rest of the mail
        bool isOutdated = false;           // made by words that hold no more: no further mail
    };

    void leaveOldConnections();
    void makePlan();
    void onPlan(Plan plan);
    void openLinks();
    std::deque<Endpoint> endpoints(QByteArray& blockedBy) const;
    bool bringToFront(std::deque<Endpoint>& ahead) const;
    Milliseconds blockedFor(const Endpoint& endpoint, SteadyTime now, QByteArray& trouble) const;
    void tryNext(Link& link);
    void retire(Link& link);
    void giveUpPlace(std::optional<ConnectionLedger::Place>& place);
    void askCredentials(Link& link);
    void askSource(Link& link);
    void fetchSource(Link& link);
    void onSource(Link& link, const tables::LookupResult& answer);
    void askHelo(Link& link);
    void onHelo(Link& link, const tables::LookupResult& answer);
    void sourceUnfit(Link& link, const QByteArray& trouble);
    void connectTo(Link& link);
    ConnectionPlan connectionPlan(const Link& link) const;
    void postpone(Link& link);
    void endpointFailed(Link& link, const QByteArray& trouble, bool permanent, bool sameHostToo);
    void linkFailed(Link& link);
    void removeLink(const Link& link);
    void dispatch(Link& link);
    bool mayDispatch(const Link& link, SteadyTime now) const;
    void failWaiting(const QByteArray& text, bool permanent, bool countsAsTry);
    bool isTooLarge(const Shipment& shipment) const;
    bool tryElsewhere(const Link& link, std::unique_ptr<Shipment>& shipment, RelayReport& verdict);
    void noteStalls(SteadyTime now);
    Link* linkOf(const ClientConnection& connection);
    bool servesElsewhere(const Link& link) const;
    int linksTo(const Endpoint& endpoint) const;
    int allowedConnections(SteadyTime now) const;
    bool mayUse(const QByteArray& address) const; // its family, by the limits
    ConnectionLedger::Place placeOf(const Endpoint& endpoint, const QByteArray& source) const;
    static QByteArray penaltyKey(const QByteArray& source, const Endpoint& endpoint);

    RouteServices& m_services;
    const QByteArray m_key;
    const std::vector<policy::RelayUrl> m_urls;

    std::deque<std::unique_ptr<Shipment>> m_waiting;
    std::shared_ptr<const policy::RelaySpec> m_spec; // of the latest job, like the next seven
    QByteArray m_action, m_domain, m_serverName, m_socket;
    std::shared_ptr<const QByteArrayList> m_ownAddresses;
    tls::IdentityPtr m_identity;
    tls::ClientRulesPtr m_handshakes;
    std::shared_ptr<const policy::Settings> m_settings;
    policy::MtaLimits m_limits; // of m_settings, for this destination

    std::unique_ptr<RoutePlan> m_planning;
    bool m_isPlanning = false;
    std::optional<Plan> m_plan;
    SteadyTime m_planEnds{};
    QSet<QByteArray> m_proven;        // keys of endpoints that worked last
    struct SizeLimit {
        QByteArray peer;
        qint64 octets = 0; // 0 = none told
        SteadyTime ends{};
    };
    SizeLimit m_sizeLimit;            // of the last one that worked
    bool m_stopping = false;
    bool m_isStalled = false;
    int m_ceiling = 0;                // connections the next hop seems to allow
    SteadyTime m_ceilingEnds{};
    SteadyTime m_lastUse{};
    QByteArray m_lastRoute;           // the scheduler's name for it

    std::vector<std::unique_ptr<Link>> m_links;
    // Said QUIT or were given up; they count until they are gone. Destroyed from tick(), never inside their own calls.
    struct Leaving {
        std::unique_ptr<ClientConnection> connection;
        std::optional<ConnectionLedger::Place> place;
    };
    std::vector<Leaving> m_leaving;
};

} // namespace postern::relay
