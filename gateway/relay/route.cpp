// SPDX-License-Identifier: GPL-3.0-or-later
#include "relay/route.h"

#include "base/log.h"
#include "relay/credentials.h"

#include <QHostAddress>

#include <algorithm>
#include <utility>

namespace postern::relay {
namespace {

using namespace std::chrono_literals;

constexpr Milliseconds kPlanLife = 60s;      // then names are asked again
constexpr Milliseconds kCeilingLife = 60s;   // how long a refused further connection is remembered
constexpr Milliseconds kSizeLimitLife = 600s; // how long a peer's limit is remembered
constexpr Milliseconds kIdleLife = 120s;     // a route that nobody uses
constexpr Milliseconds kOtherFamilyTime = 8s; // D14: a black-holed family must not hold up the other
constexpr Milliseconds kSilenceMeansTls = 15s; // a greeting that does not come where TLS may be expected from the start
constexpr int kMostFailuresInRow = 10;
constexpr qsizetype kMostTroubles = 3;       // told in one text

bool isV6(const QByteArray& address) {
    return address.contains(':');
}

// The session died of its carrier, not of what it was told.
bool isCarrierFault(smtp::FaultKind kind) {
    return kind == smtp::FaultKind::ConnectionLost || kind == smtp::FaultKind::ServiceClosing;
}

bool leadsToSamePlace(const policy::RelaySpec& a, const policy::RelaySpec& b) {
    return &a == &b || (a.era == b.era && a.verify == b.verify && a.tlsRequired == b.tlsRequired &&
                        a.isBackup == b.isBackup && a.backupMx == b.backupMx &&
                        std::equal(a.urls.begin(), a.urls.end(), b.urls.begin(), b.urls.end(),
                                   [](const auto& x, const auto& y) { return x.print() == y.print(); }));
}

} // namespace

QByteArray Route::Endpoint::name() const {
    const QByteArray where = '[' + address + "]:" + QByteArray::number(candidate.port);
    return candidate.host == address ? where : candidate.host + ' ' + where;
}

Route::Route(RouteServices& services, std::optional<policy::RelayUrl> url)
    : m_services(services), m_url(std::move(url)), m_ceiling(services.limits.maxConnectionsPerRoute),
      m_lastUse(services.clock.steady()) {}

Route::~Route() = default;

void Route::add(RelayJob job) {
    if (!m_spec || !leadsToSamePlace(*job.spec, *m_spec))
        m_plan.reset(); // a reload may mean another place, or another way to be there
    m_spec = job.spec;
    m_domain = job.domain;
    m_serverName = job.serverName;
    m_ownAddresses = job.ownAddresses;
    m_identity = job.identity;
    m_lastUse = m_services.clock.steady();
    auto shipment = std::make_unique<Shipment>(std::move(job));
    if (!shipment->hasRecipients())
        m_services.report(shipment->report());
    else if (isTooLarge(*shipment))
        m_services.report(reportAll(shipment->job(), queue::TryResult::Permanent,
                                    smtp::tooLargeFor(m_sizeLimit.peer, shipment->job().body->size, m_sizeLimit.octets), true));
    else
        m_waiting.push_back(std::move(shipment));
}

// RFC 1870 §6.1: the limit told once need not be heard again for each message that breaks it.
bool Route::isTooLarge(const Shipment& shipment) const {
    return m_proven && m_sizeLimit.octets > 0 && m_services.clock.steady() < m_sizeLimit.ends &&
           shipment.job().body->size > m_sizeLimit.octets;
}

void Route::pump() {
    for (size_t i = 0; i < m_links.size() && !m_waiting.empty(); ++i)
        if (m_links[i]->idle)
            dispatch(*m_links[i]);
    if (m_waiting.empty() || m_stopping || m_isPlanning)
        return;
    const SteadyTime now = m_services.clock.steady();
    if (!m_plan || (now >= m_planEnds && m_links.empty()))
        makePlan();
    else
        openLinks();
}

void Route::makePlan() {
    PlanQuestion question{m_spec, m_url ? std::vector{*m_url} : m_spec->urls, m_domain, m_serverName,
                          m_ownAddresses ? *m_ownAddresses : QByteArrayList()};
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

int Route::allowedConnections(SteadyTime now) const {
    if (!m_proven)
        return 1;
    return now < m_ceilingEnds ? m_ceiling : m_services.limits.maxConnectionsPerRoute;
}

void Route::openLinks() {
    const SteadyTime now = m_services.clock.steady();
    while (!m_stopping && !m_waiting.empty() && int(m_links.size()) < allowedConnections(now)) {
        const size_t total = m_links.size();
        const auto connecting =
            size_t(std::count_if(m_links.begin(), m_links.end(), [](const auto& link) { return !link->ready; }));
        if (connecting >= m_waiting.size() || (total > 2 && total * 2 >= m_waiting.size()))
            return;
        auto link = std::make_unique<Link>();
        QByteArray blockedBy;
        link->ahead = endpoints(blockedBy);
        if (link->ahead.empty()) {
            if (m_links.empty())
                failWaiting(blockedBy, false, false);
            return;
        }
        Link& opened = *link;
        m_links.push_back(std::move(link));
        tryNext(opened);
    }
}

// What to try, in order: the place that worked first, then the plan's; addresses that failed lately are left out.
std::deque<Route::Endpoint> Route::endpoints(QByteArray& blockedBy) const {
    const SteadyTime now = m_services.clock.steady();
    std::deque<Endpoint> out;
    Milliseconds soonest = Milliseconds::max();
    for (const Candidate& candidate : m_plan->candidates) {
        for (const QByteArray& address : candidate.addresses) {
            Endpoint endpoint{candidate, address};
            const Milliseconds left = m_services.penalties.remaining(endpoint.key(), now);
            if (left == Milliseconds(0)) {
                out.push_back(std::move(endpoint));
            } else if (left < soonest) {
                soonest = left;
                blockedBy = "All routes to destination blocked for " +
                            QByteArray::number(qlonglong((left.count() + 999) / 1000)) +
                            " s after the last failure: " + m_services.penalties.lastTrouble(endpoint.key());
            }
        }
    }
    if (m_proven) {
        const auto at = std::find_if(out.begin(), out.end(), [this](const Endpoint& endpoint) {
            return endpoint.key() == m_proven->key() && endpoint.candidate.tls == m_proven->candidate.tls;
        });
        if (at != out.end())
            std::rotate(out.begin(), at, at + 1);
    }
    if (out.size() > size_t(m_services.limits.maxAddressesTried))
        out.resize(size_t(m_services.limits.maxAddressesTried));
    return out;
}

void Route::retire(Link& link) {
    if (link.connection)
        m_over.push_back(std::move(link.connection));
}

void Route::tryNext(Link& link) {
    retire(link);
    if (link.ahead.empty()) {
        linkFailed(link);
        return;
    }
    link.endpoint = std::move(link.ahead.front());
    link.ahead.pop_front();
    link.withoutTls = false;
    link.credentials.reset();
    if (link.endpoint->candidate.needsAuth)
        askCredentials(link);
    else
        askSource(link);
}

// Asked for each connection: a changed password is used at once.
void Route::askCredentials(Link& link) {
    const QByteArray label = link.endpoint->candidate.label;
    if (!m_spec->credentials) {
        endpointFailed(link, noCredentialsTable(label).text, false, true);
        return;
    }
    const QByteArray table =
        m_spec->credentialsName.isEmpty() ? m_spec->credentials->name() : m_spec->credentialsName;
    link.question = m_services.tables.lookup(
        m_spec->credentials, tables::Service::Credentials, label, [this, &link, label, table](tables::LookupResult answer) {
            auto credentials = readCredentials(std::move(answer), label, table);
            if (!credentials) {
                endpointFailed(link, credentials.error().text, false, true);
                return;
            }
            link.credentials = std::move(*credentials);
            askSource(link);
        });
}

void Route::askSource(Link& link) {
    if (!m_spec->source) {
        connectTo(link, {});
        return;
    }
    link.question =
        m_services.tables.fetch(m_spec->source, tables::Service::Source, [this, &link](tables::LookupResult answer) {
            const QByteArray table = m_spec->source->name();
            if (answer.failed || !answer.found) {
                endpointFailed(link, "Could not retrieve source address: table \"" + harmless(table, 100) + "\" " +
                                         (answer.failed ? harmless(answer.value, 200) : QByteArray("is empty")),
                               false, true);
                return;
            }
            const QByteArray source = answer.value.isEmpty() ? answer.key : answer.value;
            if (QHostAddress(QString::fromLatin1(source)).isNull())
                endpointFailed(link, "Could not retrieve source address: \"" + harmless(source, 100) + "\" in table \"" +
                                         harmless(table, 100) + "\" is no address", false, true);
            else if (isV6(source) != isV6(link.endpoint->address))
                endpointFailed(link, "Address family mismatch: source " + source + " cannot reach " + link.endpoint->name(),
                               false, false);
            else
                connectTo(link, source);
        });
}

void Route::connectTo(Link& link, const QByteArray& source) {
    const Endpoint& endpoint = *link.endpoint;
    const Candidate& candidate = endpoint.candidate;
    ConnectionPlan plan;
    plan.address = endpoint.address;
    plan.port = candidate.port;
    plan.sourceAddress = source;
    const bool otherFamilyAhead = std::any_of(link.ahead.begin(), link.ahead.end(), [&](const Endpoint& other) {
        return isV6(other.address) != isV6(endpoint.address);
    });
    plan.connectTimeout = otherFamilyAhead ? std::min(m_services.limits.connectTimeout, kOtherFamilyTime)
                                           : m_services.limits.connectTimeout;
    plan.session.helo = m_spec->helo.isEmpty() ? m_serverName : m_spec->helo;
    if (!smtp::isValidDomain(plan.session.helo, smtp::AllowUtf8::No))
        plan.session.helo = "localhost.localdomain";
    plan.session.tls = link.withoutTls ? smtp::ClientTls::Never : candidate.tls;
    plan.session.lmtp = candidate.lmtp;
    plan.session.auth = link.credentials;
    plan.session.peerName = endpoint.name();
    if (candidate.maybeWrapped)
        plan.session.greetingTimeout = kSilenceMeansTls;
    plan.tls = {candidate.host, candidate.verify, m_spec->caFile, m_identity};
    link.connection =
        std::make_unique<ClientConnection>(m_services.clock, m_services.files, m_services.connector, std::move(plan), *this);
}

// This address did not work for `link`; on to the next. sameHostToo: its other addresses would say the same.
void Route::endpointFailed(Link& link, const QByteArray& trouble, bool permanent, bool sameHostToo) {
    link.onlyPermanent = link.onlyPermanent && permanent;
    if (!link.troubles.contains(trouble) && link.troubles.size() < kMostTroubles)
        link.troubles.append(trouble);
    if (sameHostToo) {
        const Candidate failed = link.endpoint->candidate;
        std::erase_if(link.ahead, [&](const Endpoint& next) {
            return next.candidate.host == failed.host && next.candidate.label == failed.label;
        });
    }
    tryNext(link);
}

void Route::linkFailed(Link& link) {
    const QByteArray text = link.troubles.join("; ");
    const bool permanent = link.onlyPermanent && m_plan && m_plan->byMx;
    removeLink(link);
    if (m_links.empty()) {
        m_proven.reset();
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
    retire(**at);
    m_links.erase(at);
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
    m_lastUse = m_services.clock.steady();
    const bool first = !std::exchange(link->ready, true);
    if (first) {
        m_proven = link->endpoint;
        m_sizeLimit = {connection.peer(), connection.offers().maxSize, m_services.clock.steady() + kSizeLimitLife};
        m_services.penalties.worked(link->endpoint->key());
    }
    if (m_stopping || connection.mailsDone() >= m_services.limits.mailsPerConnection || connection.hasServedItsMails() ||
        link->failuresInRow >= kMostFailuresInRow) {
        connection.quit();
    } else if (!m_waiting.empty()) {
        dispatch(*link);
    } else {
        link->idle = true;
        connection.rest(m_services.limits.keepAlive);
    }
    if (first)
        pump(); // proven now: more may open
}

void Route::dispatch(Link& link) {
    link.idle = false;
    auto shipment = std::move(m_waiting.front());
    m_waiting.pop_front();
    link.connection->offer(std::move(shipment));
}

void Route::onMailOver(ClientConnection& connection, std::unique_ptr<Shipment> shipment, bool untouched) {
    Link* link = linkOf(connection);
    const std::vector<smtp::RecipientOutcome>& outcomes = shipment->outcomes();
    const bool answered = std::any_of(outcomes.begin(), outcomes.end(),
                                      [](const smtp::RecipientOutcome& each) {
                                          return each.reply.code != 0 && each.reply.code != 421;
                                      });
    // A kept connection that the peer closed just as we came back says nothing about the mail.
    if (untouched && !answered && link && link->delivered && !shipment->wasRequeued && !m_stopping) {
        shipment->wasRequeued = true;
        shipment->forgetOutcomes();
        m_waiting.push_front(std::move(shipment));
        return;
    }
    RelayReport report = shipment->report();
    report.peer = connection.peer();
    report.tls = connection.tlsVersion();
    if (link) {
        const bool some = std::any_of(outcomes.begin(), outcomes.end(), [](const smtp::RecipientOutcome& each) {
            return each.kind == smtp::OutcomeKind::Delivered;
        });
        link->failuresInRow = some ? 0 : link->failuresInRow + 1;
        link->delivered = link->delivered || connection.isReady(); // the session goes on: the peer gave its word
        report.routeWorked = connection.isReady();
        report.routeFailed = !link->delivered;
        if (report.routeFailed && !outcomes.empty())
            report.routeText = outcomes.back().text;
    }
    m_services.report(std::move(report));
}

void Route::onConnectionOver(ClientConnection& connection, const std::optional<smtp::Fault>& fault) {
    Link* link = linkOf(connection);
    if (!link)
        return;
    const SteadyTime now = m_services.clock.steady();
    const QByteArray trouble = fault ? fault->text : QByteArray();
    if (!link->ready) {
        const Candidate& candidate = link->endpoint->candidate;
        if (m_stopping) {
            removeLink(*link);
            return;
        }
        const bool mayGoClear = candidate.tls == smtp::ClientTls::Opportunistic && !link->credentials;
        if (fault && fault->kind == smtp::FaultKind::TlsFailed && mayGoClear && !link->withoutTls) {
            link->withoutTls = true;
            log(LogLevel::Notice, LogArea::Relay, trouble + "; trying without TLS");
            retire(*link);
            askSource(*link);
            return;
        }
        if (!servesElsewhere(*link))
            m_services.penalties.failed(link->endpoint->key(), now, trouble);
        const bool refusedUs = fault && fault->kind == smtp::FaultKind::AuthRefused; // do not lock the account
        endpointFailed(*link, trouble, fault && fault->permanent, refusedUs);
    } else {
        const bool neverWorked = !link->delivered && fault && isCarrierFault(fault->kind) && !servesElsewhere(*link);
        const bool hadMail = fault && connection.mailsDone() > 0;
        if (neverWorked && hadMail)
            m_services.penalties.failed(link->endpoint->key(), now, trouble);
        removeLink(*link);
        if (neverWorked && hadMail && m_links.empty()) {
            m_proven.reset();
            failWaiting(trouble, false, false);
        }
    }
    pump();
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
    for (size_t i = 0; i < m_over.size(); ++i)
        m_over[i]->tick(now);
    std::erase_if(m_over, [](const auto& connection) { return connection->isGone(); });
    std::vector<ClientConnection*> live; // ticking may remove links
    for (const auto& link : m_links)
        if (link->connection)
            live.push_back(link->connection.get());
    for (ClientConnection* connection : live)
        connection->tick(now);
    pump();
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
    std::erase_if(m_links, [](const auto& link) { return !link->connection; }); // still asking tables
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
    return isEmpty() && m_over.empty() && now - m_lastUse > kIdleLife;
}

} // namespace postern::relay
