// SPDX-License-Identifier: GPL-3.0-or-later
//
// The half of Route that makes connections: which address next, from which of ours, under which name, signed in as whom.
// Each step may have to ask a table, so it is a chain: tryNext -> credentials -> source -> HELO name -> connect.
#include "base/log.h"
#include "relay/credentials.h"
#include "relay/route.h"

#include <QHostAddress>

#include <algorithm>
#include <tuple>
#include <utility>

namespace postern::relay {
namespace {

using namespace std::chrono_literals;

constexpr Milliseconds kOtherFamilyTime = 8s; // D14: a black-holed family must not hold up the other
constexpr Milliseconds kSilenceMeansTls = 15s; // a greeting that does not come where TLS may be expected from the start
constexpr qsizetype kMostTroubles = 3;       // told in one text
constexpr int kMostSources = 64;             // of one table, tried for one connection
constexpr int kUnknownSources = 8;           // the same, of a table that cannot tell how many it has

bool isV6(const QByteArray& address) {
    return address.contains(':');
}

bool isSocket(const QByteArray& address) {
    return address.startsWith('/');
}

bool isAddress(const QByteArray& text) {
    return !QHostAddress(QString::fromLatin1(text)).isNull();
}

QByteArray sourceKey(const QByteArray& source) {
    return "from " + source;
}

} // namespace

QByteArray Route::Endpoint::key() const {
    return address + ':' + QByteArray::number(candidate.port) + (candidate.tls == smtp::ClientTls::Wrapped ? "/tls" : "");
}

QByteArray Route::Endpoint::name() const {
    if (isSocket(address))
        return address;
    const QByteArray where = '[' + address + "]:" + QByteArray::number(candidate.port);
    return candidate.host == address ? where : candidate.host + ' ' + where;
}

QByteArray Route::penaltyKey(const QByteArray& source, const Endpoint& endpoint) {
    return source.isEmpty() ? endpoint.key() : source + '>' + endpoint.key();
}

bool Route::mayUse(const QByteArray& address) const {
    return m_limits.family == 0 || isSocket(address) || (m_limits.family == 6) == isV6(address);
}

int Route::linksTo(const Endpoint& endpoint) const {
    return int(std::count_if(m_links.begin(), m_links.end(), [&](const auto& link) {
        return link->endpoint && link->endpoint->key() == endpoint.key();
    }));
}

ConnectionLedger::Place Route::placeOf(const Endpoint& endpoint, const QByteArray& source) const {
    return {m_key, m_plan && m_plan->byMx ? m_domain : endpoint.candidate.host, source, endpoint.address,
            m_action, m_spec->maxConnections};
}

int Route::allowedConnections(SteadyTime now) const {
    if (m_proven.isEmpty())
        return 1;
    return now < m_ceilingEnds ? std::min(m_ceiling, m_limits.maxConnPerRelay) : m_limits.maxConnPerRelay;
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
        if (!bringToFront(link->ahead))
            return; // the best ones merely wait; so does the mail
        Link& opened = *link;
        m_links.push_back(std::move(link));
        tryNext(opened);
    }
}

// What to try, in order: best preference first, in it the address with the fewest connections; addresses that failed lately
// are left out.
std::deque<Route::Endpoint> Route::endpoints(QByteArray& blockedBy) const {
    const SteadyTime now = m_services.clock.steady();
    struct Choice {
        Endpoint endpoint;
        int links = 0;
        qsizetype nth = 0; // of its host's addresses
    };
    std::vector<Choice> choices;
    Milliseconds soonest = Milliseconds::max();
    bool otherFamily = false;
    for (const Candidate& candidate : m_plan->candidates) {
        for (qsizetype nth = 0; nth < candidate.addresses.size(); ++nth) {
            Endpoint endpoint{candidate, candidate.addresses[nth]};
            if (!mayUse(endpoint.address)) {
                otherFamily = true;
                continue;
            }
            QByteArray trouble;
            const Milliseconds left = blockedFor(endpoint, now, trouble);
            if (left == Milliseconds(0)) {
                const int links = linksTo(endpoint);
                choices.push_back({std::move(endpoint), links, nth});
            } else if (left < soonest) {
                soonest = left;
                blockedBy = "All routes to destination blocked for " +
                            QByteArray::number(qlonglong((left.count() + 999) / 1000)) + " s after the last failure: " + trouble;
            }
        }
    }
    if (choices.empty() && blockedBy.isEmpty() && otherFamily)
        blockedBy = "Address family mismatch on destination MXs: only IPv" + QByteArray::number(m_limits.family) +
                    " is allowed (mta limit inet" + QByteArray::number(m_limits.family) + ')';
    std::stable_sort(choices.begin(), choices.end(), [](const Choice& a, const Choice& b) {
        return std::tie(a.endpoint.candidate.preference, a.links, a.nth) <
               std::tie(b.endpoint.candidate.preference, b.links, b.nth);
    });
    std::deque<Endpoint> out;
    for (Choice& choice : choices)
        if (out.size() < size_t(m_services.limits.maxAddressesTried))
            out.push_back(std::move(choice.endpoint));
    return out;
}

// How long until this endpoint may be tried again from any of our addresses.
Milliseconds Route::blockedFor(const Endpoint& endpoint, SteadyTime now, QByteArray& trouble) const {
    const AddressPenalties& penalties = m_services.penalties;
    const QByteArrayList sources = m_spec->source ? m_spec->source->keys() : QByteArrayList();
    if (sources.isEmpty()) {
        trouble = penalties.lastTrouble(endpoint.key());
        return penalties.remaining(endpoint.key(), now);
    }
    Milliseconds soonest = Milliseconds::max();
    for (const QByteArray& source : sources.mid(0, kMostSources)) {
        if (isV6(source) != isV6(endpoint.address))
            continue;
        const Milliseconds gone = penalties.remaining(sourceKey(source), now);
        const Milliseconds bad = penalties.remaining(penaltyKey(source, endpoint), now);
        if (std::max(gone, bad) < soonest) {
            soonest = std::max(gone, bad);
            trouble = penalties.lastTrouble(gone > bad ? sourceKey(source) : penaltyKey(source, endpoint));
        }
    }
    return soonest == Milliseconds::max() ? Milliseconds(0) : soonest; // none fits: that is told when it is tried
}

// Of the best preference, one that may have another connection now. An endpoint not yet proven carries one.
bool Route::bringToFront(std::deque<Endpoint>& ahead) const {
    const SteadyTime now = m_services.clock.steady();
    const int best = ahead.front().candidate.preference;
    const auto at = std::find_if(ahead.begin(), ahead.end(), [&](const Endpoint& endpoint) {
        return endpoint.candidate.preference == best && (m_proven.contains(endpoint.key()) || linksTo(endpoint) == 0) &&
               m_services.limits.ledger->wait(placeOf(endpoint, {}), m_limits, now, !m_spec->source) == Milliseconds(0);
    });
    if (at == ahead.end())
        return false;
    std::rotate(ahead.begin(), at, at + 1);
    return true;
}

void Route::giveUpPlace(std::optional<ConnectionLedger::Place>& place) {
    if (place)
        m_services.limits.ledger->closed(*std::exchange(place, std::nullopt), m_services.clock.steady());
}

void Route::retire(Link& link) {
    if (!link.connection)
        return;
    if (link.connection->isGone())
        giveUpPlace(link.place);
    m_leaving.push_back({std::move(link.connection), std::exchange(link.place, std::nullopt)});
}

void Route::onConnectionGone(ClientConnection& connection) {
    for (Leaving& leaving : m_leaving)
        if (leaving.connection.get() == &connection)
            giveUpPlace(leaving.place);
    pump();
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
    link.question.reset();
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

// --- from which of our addresses, and under which name --------------------------------------------------------------

void Route::askSource(Link& link) {
    link.source.clear();
    link.sourceWaits = false;
    link.sourceTrouble.clear();
    if (!m_spec->source) {
        link.helo = m_spec->helo.isEmpty() ? m_serverName : m_spec->helo;
        connectTo(link);
        return;
    }
    const qsizetype known = m_spec->source->size();
    link.sourcesLeft = known < 0 ? kUnknownSources : int(std::min<qsizetype>(std::max<qsizetype>(known, 1), kMostSources));
    fetchSource(link);
}

void Route::fetchSource(Link& link) {
    if (link.sourcesLeft-- > 0) {
        link.question = m_services.tables.fetch(m_spec->source, tables::Service::Source,
                                                [this, &link](const tables::LookupResult& answer) { onSource(link, answer); });
    } else if (link.sourceWaits) {
        postpone(link);
    } else {
        endpointFailed(link, link.sourceTrouble, false, false);
    }
}

// The next one in the rotation; one that does not do is passed over, so that the others carry on (D15).
void Route::onSource(Link& link, const tables::LookupResult& answer) {
    const QByteArray table = harmless(m_spec->source->name(), 100);
    if (answer.failed || !answer.found) {
        endpointFailed(link, "Could not retrieve source address: table \"" + table + "\" " +
                                 (answer.failed ? harmless(answer.value, 200) : QByteArray("is empty")),
                       false, true);
        return;
    }
    const SteadyTime now = m_services.clock.steady();
    const QByteArray source = answer.value.isEmpty() ? answer.key : answer.value;
    const AddressPenalties& penalties = m_services.penalties;
    const QByteArray pair = penaltyKey(source, *link.endpoint);
    if (!isAddress(source)) {
        sourceUnfit(link, "Could not retrieve source address: \"" + harmless(source, 100) + "\" in table \"" + table +
                              "\" is no address");
    } else if (isV6(source) != isV6(link.endpoint->address)) {
        sourceUnfit(link, "Address family mismatch: source " + source + " cannot reach " + link.endpoint->name());
    } else if (penalties.isBlocked(sourceKey(source), now) || penalties.isBlocked(pair, now)) {
        const QByteArray trouble = penalties.lastTrouble(sourceKey(source));
        sourceUnfit(link, trouble.isEmpty() ? penalties.lastTrouble(pair) : trouble);
    } else if (m_services.limits.ledger->wait(placeOf(*link.endpoint, source), m_limits, now, true) > Milliseconds(0)) {
        link.sourceWaits = true;
        fetchSource(link);
    } else {
        link.source = source;
        askHelo(link);
    }
}

// A family that does not fit is the least of the causes: it says nothing about those that do.
void Route::sourceUnfit(Link& link, const QByteArray& trouble) {
    if (link.sourceTrouble.isEmpty() || !trouble.startsWith("Address family"))
        link.sourceTrouble = trouble;
    fetchSource(link);
}

void Route::askHelo(Link& link) {
    if (!m_spec->heloBySource) {
        link.helo = m_spec->helo.isEmpty() ? m_serverName : m_spec->helo;
        connectTo(link);
        return;
    }
    link.question = m_services.tables.lookup(m_spec->heloBySource, tables::Service::Addrname, link.source,
                                             [this, &link](const tables::LookupResult& answer) { onHelo(link, answer); });
}

void Route::onHelo(Link& link, const tables::LookupResult& answer) {
    if (answer.found && !answer.failed && !answer.value.isEmpty()) {
        link.helo = answer.value;
        if (link.connection)
            link.connection->proceed(connectionPlan(link).session.helo);
        else
            connectTo(link);
        return;
    }
    const QByteArray trouble = "Failed to retrieve helo string: table \"" + harmless(m_spec->heloBySource->name(), 100) + "\" " +
                               (answer.failed ? "could not be asked: " + harmless(answer.value, 200)
                                              : "has no name for the address " + link.source);
    if (link.connection) { // the system chose the address, so there is no other
        link.connection->discard();
        endpointFailed(link, trouble, false, true);
    } else {
        sourceUnfit(link, trouble);
    }
}

void Route::onHeloWanted(ClientConnection& connection, const QByteArray& localAddress) {
    Link* link = linkOf(connection);
    if (!link)
        return;
    link->source = localAddress;
    link->question = m_services.tables.lookup(m_spec->heloBySource, tables::Service::Addrname, localAddress,
                                              [this, link](const tables::LookupResult& answer) { onHelo(*link, answer); });
}

// --- the connection ---------------------------------------------------------------------------------------------------

ConnectionPlan Route::connectionPlan(const Link& link) const {
    const Endpoint& endpoint = *link.endpoint;
    const Candidate& candidate = endpoint.candidate;
    ConnectionPlan plan;
    plan.address = endpoint.address;
    plan.port = candidate.port;
    plan.sourceAddress = m_spec->source ? link.source : QByteArray();
    plan.asksHelo = m_spec->heloBySource && !m_spec->source;
    const bool otherFamilyAhead = std::any_of(link.ahead.begin(), link.ahead.end(), [&](const Endpoint& other) {
        return isV6(other.address) != isV6(endpoint.address);
    });
    plan.connectTimeout = otherFamilyAhead ? std::min(m_services.limits.connectTimeout, kOtherFamilyTime)
                                           : m_services.limits.connectTimeout;
    plan.session.helo = link.helo;
    if (!smtp::isValidDomain(plan.session.helo, smtp::AllowUtf8::No))
        plan.session.helo = "localhost.localdomain";
    plan.session.tls = link.withoutTls ? smtp::ClientTls::Never : candidate.tls;
    plan.session.lmtp = candidate.lmtp;
    plan.session.auth = link.credentials;
    plan.session.peerName = endpoint.name();
    if (candidate.maybeWrapped)
        plan.session.greetingTimeout = kSilenceMeansTls;
    plan.tls = {candidate.host, candidate.verify, m_spec->caFile, m_identity, m_handshakes};
    return plan;
}

void Route::connectTo(Link& link) {
    const QByteArray source = m_spec->source ? link.source : QByteArray();
    const auto place = placeOf(*link.endpoint, source);
    if (!m_services.limits.ledger->open(place, m_limits, m_services.clock.steady())) {
        postpone(link);
        return;
    }
    link.place = place;
    m_services.penalties.probing(penaltyKey(source, *link.endpoint), m_services.clock.steady());
    link.connection = std::make_unique<ClientConnection>(m_services.clock, m_services.files, m_services.connector,
                                                         connectionPlan(link), *this);
}

// It could be reached, but a limit or a delay of ours is in the way. Another of the same preference may do; a worse one may not.
void Route::postpone(Link& link) {
    if (!link.ahead.empty() && link.ahead.front().candidate.preference == link.endpoint->candidate.preference)
        tryNext(link);
    else
        removeLink(link); // what waits goes on waiting
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

void Route::onConnectionOver(ClientConnection& connection, const std::optional<smtp::Fault>& fault) {
    Link* link = linkOf(connection);
    if (!link)
        return;
    const SteadyTime now = m_services.clock.steady();
    const QByteArray trouble = fault ? fault->text : QByteArray();
    const QByteArray peer = penaltyKey(m_spec->source ? link->source : QByteArray(), *link->endpoint);
    if (!link->ready) {
        const Candidate& candidate = link->endpoint->candidate;
        if (m_stopping) {
            removeLink(*link);
            return;
        }
        if (connection.sourceRefused() && m_spec->source) { // its own fault, not the peer's: another source, same place
            m_services.penalties.failed(sourceKey(link->source), now, trouble);
            log(LogLevel::Warning, LogArea::Relay, trouble + "; the other source addresses are used until it is back");
            retire(*link);
            sourceUnfit(*link, trouble);
            pump();
            return;
        }
        const bool mayGoClear = candidate.tls == smtp::ClientTls::Opportunistic && !link->credentials;
        if (fault && fault->kind == smtp::FaultKind::TlsFailed && mayGoClear && !link->withoutTls) {
            link->withoutTls = true; // the connection is gone, and so is its place
            log(LogLevel::Notice, LogArea::Relay, trouble + "; trying without TLS");
            retire(*link);
            connectTo(*link);
            return;
        }
        if (!servesElsewhere(*link))
            m_services.penalties.failed(peer, now, trouble);
        m_proven.remove(link->endpoint->key());
        const bool refusedUs = fault && fault->kind == smtp::FaultKind::AuthRefused; // do not lock the account
        endpointFailed(*link, trouble, fault && fault->permanent, refusedUs);
    } else {
        const bool carrier = fault && (fault->kind == smtp::FaultKind::ConnectionLost ||
                                       fault->kind == smtp::FaultKind::ServiceClosing); // not what it was told
        const bool neverWorked = !link->delivered && carrier && !servesElsewhere(*link);
        const bool hadMail = fault && connection.mailsDone() > 0;
        if (neverWorked && hadMail) {
            m_services.penalties.failed(peer, now, trouble);
            m_proven.remove(link->endpoint->key());
        }
        removeLink(*link);
        if (neverWorked && hadMail && m_links.empty())
            failWaiting(trouble, false, false);
    }
    pump();
}

} // namespace postern::relay
