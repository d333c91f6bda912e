// SPDX-License-Identifier: GPL-3.0-or-later
#include "relay/route.h"

#include "base/log.h"
#include <algorithm>
#include <utility>

namespace postern::relay {
namespace {

using namespace std::chrono_literals;

constexpr Milliseconds kPlanLife = 60s;      // then names are asked again
constexpr Milliseconds kCeilingLife = 60s;   // how long a refused further connection is remembered
constexpr Milliseconds kSizeLimitLife = 600s; // how long a peer's limit is remembered
constexpr Milliseconds kIdleLife = 120s;     // a route that nobody uses
constexpr Milliseconds kStalledAfter = 30s;  // without a sign of life in the middle of a mail: told to people
constexpr Milliseconds kSlack = 1s;          // between a pause and the end of keeping alive
constexpr int kMostFailuresInRow = 10;

// Of how to be there: what a connection was made by stays with it.
bool leadsToSamePlace(const policy::RelaySpec& a, const policy::RelaySpec& b) {
    return &a == &b || (a.era == b.era && a.verify == b.verify && a.tlsRequired == b.tlsRequired &&
                        a.isBackup == b.isBackup && a.backupMx == b.backupMx && a.caFile == b.caFile &&
                        a.credentialsName == b.credentialsName &&
                        std::equal(a.urls.begin(), a.urls.end(), b.urls.begin(), b.urls.end(),
                                   [](const auto& x, const auto& y) { return x.print() == y.print(); }));
}

} // namespace

Route::Route(RouteServices& services, QByteArray key, std::vector<policy::RelayUrl> urls)
    : m_services(services), m_key(std::move(key)), m_urls(std::move(urls)), m_lastUse(services.clock.steady()) {}

Route::~Route() {
    for (const auto& link : m_links)
        giveUpPlace(link->place);
    for (Leaving& leaving : m_leaving)
        giveUpPlace(leaving.place);
}

void Route::add(RelayJob job) {
    const bool hasNewWords = m_spec && (!leadsToSamePlace(*job.spec, *m_spec) || job.identity != m_identity ||
                                        job.handshakes != m_handshakes);
    m_spec = job.spec;
    m_action = job.action;
    m_domain = job.domain;
    m_serverName = job.serverName;
    m_socket = job.socket;
    m_ownAddresses = job.ownAddresses;
    m_identity = job.identity;
    m_handshakes = job.handshakes;
    m_lastRoute = job.delivery.route;
    if (!m_settings || job.settings != m_settings) {
        m_settings = job.settings;
        const QByteArray& name = !m_urls.empty()        ? m_urls.front().host()
                                 : !m_spec->urls.empty() ? m_spec->urls.front().host()
                                                         : m_domain;
        m_limits = m_settings ? m_settings->mtaLimitsFor(name) : policy::MtaLimits();
    }
    m_lastUse = m_services.clock.steady();
    if (hasNewWords) {
        m_plan.reset(); // a reload may mean another place, or another way to be there
        leaveOldConnections();
    }
    auto shipment = std::make_unique<Shipment>(std::move(job));
    if (!shipment->hasRecipients())
        m_services.report(shipment->report());
    else if (isTooLarge(*shipment))
        m_services.report(reportAll(shipment->job(), queue::TryResult::Permanent,
                                    smtp::tooLargeFor(m_sizeLimit.peer, shipment->job().body->size, m_sizeLimit.octets), true));
    else
        m_waiting.push_back(std::move(shipment));
}

// Mail must not leave by a session that was made without what is asked for now, be it TLS, a certificate or a login.
void Route::leaveOldConnections() {
    std::vector<ClientConnection*> idle;
    for (const auto& link : m_links) {
        link->isOutdated = true;
        if (std::exchange(link->idle, false)) // from now on it is no place for mail
            idle.push_back(link->connection.get());
    }
    for (ClientConnection* connection : idle)
        connection->quit();
}

// RFC 1870 §6.1: the limit told once need not be heard again for each message that breaks it.
bool Route::isTooLarge(const Shipment& shipment) const {
    return m_proven.size() == 1 && m_sizeLimit.octets > 0 && m_services.clock.steady() < m_sizeLimit.ends &&
           shipment.job().body->size > m_sizeLimit.octets;
}

void Route::pump() {
    const SteadyTime now = m_services.clock.steady();
    for (size_t i = 0; i < m_links.size() && !m_waiting.empty(); ++i)
        if (m_links[i]->idle && mayDispatch(*m_links[i], now))
            dispatch(*m_links[i]);
    if (m_waiting.empty() || m_stopping || m_isPlanning || !m_services.limits.rate->mayGo(m_action, m_spec->maxRate, now))
        return;
    if (!m_plan || (now >= m_planEnds && m_links.empty()))
        makePlan();
    else
        openLinks();
}

void Route::makePlan() {
    PlanQuestion question{m_spec, m_urls.empty() ? m_spec->urls : m_urls, m_domain, m_serverName,
                          m_ownAddresses ? *m_ownAddresses : QByteArrayList(), m_socket};
    m_isPlanning = true;
    m_planning = std::make_unique<RoutePlan>(m_services.resolver, m_services.random, std::move(question),
                                             [this](Plan plan) { onPlan(std::move(plan)); });
    m_planning->start();
}

void Route::onPlan(Plan plan) {
    m_isPlanning = false;
    if (plan.candidates.empty()) {
        m_plan.reset();
        failWaiting(plan.trouble, plan.permanent, true);
        return;
    }
    m_plan = std::move(plan);
    m_planEnds = m_services.clock.steady() + kPlanLife;
    openLinks();
}

void Route::linkFailed(Link& link) {
    if (link.carries) { // nobody else takes it either: the first one's words stand
        removeLink(link);
        return;
    }
    const QByteArray text = link.troubles.join("; ");
    const bool permanent = link.onlyPermanent && m_plan && m_plan->byMx;
    removeLink(link);
    if (m_links.empty()) {
        m_proven.clear();
        m_plan.reset();
        log(LogLevel::Notice, LogArea::Relay, text);
        failWaiting(text, permanent, true);
        return;
    }
    m_ceiling = int(m_links.size()); // the others work: this many, for now
    m_ceilingEnds = m_services.clock.steady() + kCeilingLife;
    log(LogLevel::Info, LogArea::Relay, "no further connection: " + text);
}

void Route::removeLink(const Link& link) {
    const auto at = std::find_if(m_links.begin(), m_links.end(), [&](const auto& each) { return each.get() == &link; });
    if (at == m_links.end())
        return;
    const std::unique_ptr<Link> gone = std::move(*at);
    m_links.erase(at);
    retire(*gone);
    if (gone->carries)
        m_services.report(std::move(gone->verdict));
}

Route::Link* Route::linkOf(const ClientConnection& connection) {
    for (const auto& link : m_links)
        if (link->connection.get() == &connection)
            return link.get();
    return nullptr;
}

bool Route::servesElsewhere(const Link& link) const {
    return std::any_of(m_links.begin(), m_links.end(), [&](const auto& other) {
        return other.get() != &link && other->ready && other->endpoint->key() == link.endpoint->key();
    });
}

void Route::onConnectionReady(ClientConnection& connection) {
    Link* link = linkOf(connection);
    if (!link)
        return;
    const SteadyTime now = m_services.clock.steady();
    m_lastUse = now;
    const bool first = !std::exchange(link->ready, true);
    if (first) {
        m_proven.insert(link->endpoint->key());
        m_sizeLimit = {connection.peer(), connection.offers().maxSize, now + kSizeLimitLife};
        m_services.penalties.worked(penaltyKey(m_spec->source ? link->source : QByteArray(), *link->endpoint));
    }
    const bool detourIsOver = link->isDetour && !link->carries;
    if (m_stopping || detourIsOver || link->isOutdated || connection.mailsDone() >= std::max(m_limits.sessionMailMax, 1) ||
        connection.hasServedItsMails() || link->failuresInRow >= kMostFailuresInRow ||
        link->failures >= std::max(m_limits.maxFailuresPerSession, 1)) {
        connection.quit();
    } else if (mayDispatch(*link, now)) {
        dispatch(*link);
    } else {
        link->idle = true;
        const Milliseconds keepAlive = Seconds(m_limits.sessionKeepalive);
        connection.rest(std::max(keepAlive, link->notBefore - now + kSlack));
    }
    if (first)
        pump(); // proven now: more may open
}

// Now, by the pause of its session and the rate of the action. A detour's mail has been counted when it first went.
bool Route::mayDispatch(const Link& link, SteadyTime now) const {
    return now >= link.notBefore &&
           (link.carries || (!m_waiting.empty() && m_services.limits.rate->take(m_action, m_spec->maxRate, now)));
}

void Route::dispatch(Link& link) {
    link.idle = false;
    std::unique_ptr<Shipment> shipment;
    if (link.carries) {
        shipment = std::move(link.carries);
    } else {
        shipment = std::move(m_waiting.front());
        m_waiting.pop_front();
    }
    link.connection->offer(std::move(shipment));
}

void Route::onMailOver(ClientConnection& connection, std::unique_ptr<Shipment> shipment, MailEnd end) {
    Link* link = linkOf(connection);
    const std::vector<smtp::RecipientOutcome>& outcomes = shipment->outcomes();
    const bool answered = std::any_of(outcomes.begin(), outcomes.end(),
                                      [](const smtp::RecipientOutcome& each) {
                                          return each.reply.code != 0 && each.reply.code != 421;
                                      });
    // A kept connection that the peer closed just as we came back says nothing about the mail.
    if (end == MailEnd::Untouched && !answered && link && link->delivered && !shipment->wasRequeued && !m_stopping) {
        shipment->wasRequeued = true;
        shipment->forgetOutcomes();
        m_waiting.push_front(std::move(shipment));
        return;
    }
    RelayReport report = shipment->report();
    report.peer = connection.peer();
    report.tls = connection.tlsVersion();
    if (link) {
        const auto taken = std::count_if(outcomes.begin(), outcomes.end(), [](const smtp::RecipientOutcome& each) {
            return each.kind == smtp::OutcomeKind::Delivered;
        });
        link->failuresInRow = taken > 0 ? 0 : link->failuresInRow + 1;
        link->failures += int(qsizetype(outcomes.size()) - taken);
        link->notBefore = m_services.clock.steady() + Seconds(m_limits.sessionTransactionDelay);
        link->delivered = link->delivered || connection.isReady(); // the session goes on: the peer gave its word
        report.routeWorked = connection.isReady();
        report.routeFailed = !link->delivered && !shipment->isUnreadable();
        if (report.routeFailed && !outcomes.empty())
            report.routeText = outcomes.back().text;
        if (end == MailEnd::SenderDeferred && !m_stopping && tryElsewhere(*link, shipment, report))
            return;
    }
    m_services.report(std::move(report));
}

// standards 10.8: 4xx to MAIL, so the next host now. False: there is none, the verdict stands.
bool Route::tryElsewhere(const Link& link, std::unique_ptr<Shipment>& shipment, RelayReport& verdict) {
    shipment->deferredBy.append(link.endpoint->candidate.host);
    if (!m_plan || shipment->deferredBy.size() >= m_services.limits.maxAddressesTried ||
        int(m_links.size()) >= m_limits.maxConnPerRelay)
        return false;
    QByteArray blockedBy;
    std::deque<Endpoint> others = endpoints(blockedBy);
    std::erase_if(others, [&](const Endpoint& other) { return shipment->deferredBy.contains(other.candidate.host); });
    if (others.empty())
        return false;
    shipment->forgetOutcomes(); // the verdict has them
    auto detour = std::make_unique<Link>();
    detour->ahead = std::move(others);
    detour->isDetour = true;
    detour->carries = std::move(shipment);
    detour->verdict = std::move(verdict);
    Link& opened = *detour;
    m_links.push_back(std::move(detour));
    tryNext(opened);
    return true;
}

// One failure speaks for everything that waits.
void Route::failWaiting(const QByteArray& text, bool permanent, bool countsAsTry) {
    const auto result = permanent ? queue::TryResult::Permanent : queue::TryResult::Temporary;
    for (const auto& shipment : std::exchange(m_waiting, {})) {
        RelayReport report = reportAll(shipment->job(), result, text, countsAsTry);
        report.routeFailed = !permanent;
        report.routeText = text;
        m_services.report(std::move(report));
    }
}

void Route::tick(SteadyTime now) {
    for (Leaving& leaving : m_leaving) {
        leaving.connection->tick(now);
        if (leaving.connection->isGone())
            giveUpPlace(leaving.place);
    }
    std::erase_if(m_leaving, [](const Leaving& leaving) { return leaving.connection->isGone(); });
    std::vector<ClientConnection*> live; // ticking may remove links
    for (const auto& link : m_links)
        if (link->connection)
            live.push_back(link->connection.get());
    for (ClientConnection* connection : live)
        connection->tick(now);
    for (const auto& link : m_links) // whose time was over says goodbye by now, and takes no more mail
        link->idle = link->idle && link->connection->isReady();
    noteStalls(now);
    pump();
}

// All that is under way stands still: a next hop that died in the middle of a mail looks like one that works otherwise.
void Route::noteStalls(SteadyTime now) {
    const ClientConnection* silent = nullptr;
    bool moves = false;
    for (const auto& link : m_links) {
        if (!link->connection || !link->connection->hasMail())
            continue;
        if (link->connection->silence(now) >= kStalledAfter)
            silent = link->connection.get();
        else
            moves = true;
    }
    const bool isStalled = silent && !moves;
    if (isStalled == m_isStalled)
        return;
    m_isStalled = isStalled;
    RelayReport report;
    report.route = m_lastRoute;
    report.stalled = isStalled;
    if (silent) {
        report.peer = silent->peer();
        report.routeText = silent->peer() + " has stopped answering in the middle of a message; we are waiting for " +
                           silent->awaited();
        log(LogLevel::Notice, LogArea::Relay, report.routeText);
    }
    m_services.report(std::move(report));
}

void Route::forgetFailures() {
    m_ceilingEnds = {};
    m_plan.reset();
}

void Route::stop() {
    m_stopping = true;
    m_planning.reset();
    m_isPlanning = false;
    for (const auto& shipment : std::exchange(m_waiting, {}))
        m_services.report(reportAll(shipment->job(), queue::TryResult::Temporary, "the gateway is stopping", false));
    std::vector<ClientConnection*> idle;
    for (const auto& link : m_links)
        if (link->connection && !link->connection->hasMail())
            idle.push_back(link->connection.get());
    for (ClientConnection* connection : idle)
        connection->quit();
    std::vector<Link*> asking; // still at their tables
    for (const auto& link : m_links)
        if (!link->connection)
            asking.push_back(link.get());
    for (const Link* link : asking)
        removeLink(*link);
}

void Route::abandon() {
    stop();
    std::vector<ClientConnection*> live;
    for (const auto& link : m_links)
        live.push_back(link->connection.get());
    for (ClientConnection* connection : live)
        connection->abandon("the gateway stopped before the next hop answered");
}

bool Route::isEmpty() const {
    return m_waiting.empty() && m_links.empty() && !m_isPlanning;
}

bool Route::isIdle(SteadyTime now) const {
    return isEmpty() && m_leaving.empty() && now - m_lastUse > kIdleLife;
}

} // namespace postern::relay
