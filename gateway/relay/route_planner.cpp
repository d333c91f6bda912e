// SPDX-License-Identifier: GPL-3.0-or-later
#include "relay/route_planner.h"

#include "base/log.h"
#include "policy/wire_tls.h"
#include "smtp/address.h"

#include <QHostAddress>

#include <algorithm>
#include <limits>

using namespace Qt::StringLiterals;

namespace postern::relay {
namespace {

constexpr size_t kMostHosts = 20; // of one domain; the best ones
constexpr qsizetype kMostTroubles = 3; // told in one text
constexpr quint16 kSmtpsPort = 465;
constexpr char kSayItInARule[] = "mail goes there only by a rule that names the host";

QByteArray bare(QByteArray name) {
    if (name.endsWith('.'))
        name.chop(1);
    return name.toLower();
}

// Mail for somebody else must not end at our own door because their DNS says so.
bool leadsHere(const QByteArray& address) {
    const QHostAddress parsed(QString::fromLatin1(address));
    return parsed.isLoopback() || parsed == QHostAddress(QHostAddress::AnyIPv4) ||
           parsed == QHostAddress(QHostAddress::AnyIPv6);
}

// Of nobody on the Internet: private, shared and link-local networks, multicast, reserved ones. Somebody else's DNS must not
// make us talk to a machine of the network that we stand in (D06); who means it writes the host into a rule.
bool isPrivate(const QByteArray& address) {
    static const auto kNets = [] {
        std::vector<std::pair<QHostAddress, int>> nets;
        for (const auto& net : {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
                                "224.0.0.0/3", "fc00::/7", "fe80::/10", "ff00::/8"})
            nets.push_back(QHostAddress::parseSubnet(QString::fromLatin1(net)));
        return nets;
    }();
    QHostAddress parsed(QString::fromLatin1(address));
    bool isMapped = false;
    if (const quint32 v4 = parsed.toIPv4Address(&isMapped); isMapped)
        parsed = QHostAddress(v4);
    return std::any_of(kNets.begin(), kNets.end(), [&](const auto& net) { return parsed.isInSubnet(net.first, net.second); });
}

QByteArray addressLiteral(const QByteArray& domain) {
    if (!domain.startsWith('[') || !domain.endsWith(']'))
        return {};
    const QByteArray inside = domain.mid(1, domain.size() - 2);
    return inside.toLower().startsWith("ipv6:") ? inside.mid(5) : inside;
}

smtp::ClientTls clientTls(policy::TlsUse use) {
    switch (use) {
    case policy::TlsUse::None: return smtp::ClientTls::Never;
    case policy::TlsUse::Opportunistic: return smtp::ClientTls::Opportunistic;
    case policy::TlsUse::Required: return smtp::ClientTls::Required;
    case policy::TlsUse::Wrapped: return smtp::ClientTls::Wrapped;
    case policy::TlsUse::Either: return smtp::ClientTls::Required;
    }
    return smtp::ClientTls::Required;
}

} // namespace

Result<std::vector<Candidate>> candidatesFor(const policy::RelayUrl& url, const policy::RelaySpec& spec) {
    const policy::RelayMeaning& meaning = url.meaning();
    const policy::WireTls wire = policy::wireTls(spec, &url);
    if (!wire.impossible.isEmpty())
        return Error{ErrorCode::Invalid, "TLS required for relaying: " + wire.impossible, Permanence::Temporary};
    Candidate candidate;
    candidate.host = url.host();
    if (url.isLiteral())
        candidate.addresses = {url.host()};
    candidate.port = meaning.port;
    candidate.tls = clientTls(wire.use);
    candidate.verify = wire.verify;
    candidate.lmtp = meaning.lmtp;
    candidate.needsAuth = meaning.auth || !url.label().isEmpty();
    if (candidate.needsAuth) // before labels existed, the host's name was the key
        candidate.label = url.label().isEmpty() ? url.host() : url.label();
    if (!spec.credentials || spec.credentials->kind() != "keychain")
        candidate.label = candidate.label.toLower(); // as OpenSMTPD asks; a keychain tells upper and lower case apart (B09)
    candidate.maybeWrapped = wire.use == policy::TlsUse::Either && url.port() != 0;
    std::vector<Candidate> out{candidate};
    if (wire.use == policy::TlsUse::Either) {
        candidate.maybeWrapped = false;
        candidate.tls = smtp::ClientTls::Wrapped;
        if (url.port() == 0)
            candidate.port = kSmtpsPort;
        out.push_back(candidate);
    }
    return out;
}

RoutePlan::RoutePlan(dns::Resolver& resolver, Random random, PlanQuestion question, Done done)
    : m_resolver(resolver), m_random(std::move(random)), m_question(std::move(question)), m_done(std::move(done)) {}

void RoutePlan::start() {
    if (!m_question.socket.isEmpty()) {
        Candidate candidate;
        candidate.host = m_question.socket;
        candidate.addresses = {m_question.socket};
        candidate.port = 0;
        candidate.tls = smtp::ClientTls::Never;
        candidate.lmtp = true;
        m_plan.candidates.push_back(std::move(candidate));
        return finish();
    }
    if (m_question.urls.empty() || backupUrl())
        planMx();
    else
        planUrls();
}

// backup://NAME: by MX, but only to hosts better than NAME.
const policy::RelayUrl* RoutePlan::backupUrl() const {
    return m_question.urls.size() == 1 && m_question.urls[0].meaning().backup ? &m_question.urls[0] : nullptr;
}

void RoutePlan::planUrls() {
    int preference = 0; // several: each is there for the failure of those before it
    for (const policy::RelayUrl& url : m_question.urls) {
        auto candidates = candidatesFor(url, *m_question.spec);
        if (!candidates) {
            addTrouble(candidates.error().text);
            continue;
        }
        for (Candidate& candidate : *candidates) {
            candidate.preference = preference++;
            m_plan.candidates.push_back(std::move(candidate));
        }
    }
    resolveHosts();
}

Candidate RoutePlan::mxCandidate(const QByteArray& host, int preference) const {
    const policy::WireTls wire = policy::wireTls(*m_question.spec, backupUrl());
    Candidate candidate;
    candidate.host = host;
    candidate.preference = preference;
    candidate.tls = clientTls(wire.use);
    candidate.verify = wire.verify;
    return candidate;
}

void RoutePlan::planMx() {
    m_plan.byMx = true;
    const QByteArray domain = bare(m_question.domain);
    const QByteArray literal = addressLiteral(domain);
    if (!literal.isEmpty()) {
        if (QHostAddress(QString::fromLatin1(literal)).isNull())
            return giveUp(true, "5.1.2 Invalid domain name: " + harmless(domain, 255));
        if (leadsHere(literal) || isOurs(literal))
            return giveUp(true, "5.4.6 mail loops back to myself: " + harmless(domain, 255) + " is this computer");
        if (isPrivate(literal))
            return giveUp(true, "5.4.4 " + harmless(domain, 255) + " is an address of a private network; " + kSayItInARule);
        m_plan.candidates.push_back(mxCandidate(literal, 0));
        m_plan.candidates.back().addresses = {literal};
        return finish();
    }
    const auto ascii = smtp::asciiDomain(domain); // an international one is asked for, and compared, by its A-label (RFC 5891)
    if (!ascii || ascii->isEmpty() || !smtp::isValidDomain(*ascii, smtp::AllowUtf8::No))
        return giveUp(true, "5.1.2 Invalid domain name: \"" + harmless(domain, 255) + '"');
    m_question.domain = *ascii;
    m_open.push_back(m_resolver.mx(*ascii, [this](dns::MxAnswer answer) { onMx(std::move(answer)); }));
}

void RoutePlan::onMx(dns::MxAnswer answer) {
    const QByteArray domain = bare(m_question.domain);
    switch (answer.outcome) {
    case dns::Outcome::NoSuchName:
        return giveUp(true, "5.1.2 Domain does not exist: " + domain);
    case dns::Outcome::Failed:
        return giveUp(false, "4.4.3 Temporary failure in MX lookup for " + domain +
                                 (answer.text.isEmpty() ? QByteArray() : ": " + harmless(answer.text, 200)));
    case dns::Outcome::NoData:
        answer.hosts = {{0, domain}}; // RFC 5321 §5.1: implicit MX
        break;
    case dns::Outcome::Found:
        break;
    }
    std::vector<dns::MxHost> hosts = std::move(answer.hosts);
    std::erase_if(hosts, [](const dns::MxHost& host) { // RFC 7505; among others it means nothing
        const QByteArray name = bare(host.name);
        return name.isEmpty() || name == "localhost";
    });
    if (hosts.empty())
        return giveUp(true, "556 5.1.10 Domain does not accept mail: " + domain + " has a null MX");

    const policy::RelaySpec& spec = *m_question.spec;
    const policy::RelayUrl* backup = backupUrl();
    const QByteArray us = bare(backup                                          ? backup->host()
                               : spec.isBackup && !spec.backupMx.isEmpty() ? spec.backupMx
                                                                               : m_question.serverName);
    int ours = std::numeric_limits<int>::max();
    for (const dns::MxHost& host : hosts)
        if (!us.isEmpty() && bare(host.name) == us)
            ours = std::min(ours, host.preference);
    std::erase_if(hosts, [ours](const dns::MxHost& host) { return host.preference >= ours; });
    if (hosts.empty())
        return giveUp(true, "5.4.6 mail loops back to myself: this server (" + us + ") is the best MX of " + domain);

    for (size_t i = hosts.size(); i > 1; --i) // shuffle, then sort by preference only: equals stay shuffled
        std::swap(hosts[i - 1], hosts[m_random(quint32(i))]);
    std::stable_sort(hosts.begin(), hosts.end(),
                     [](const dns::MxHost& a, const dns::MxHost& b) { return a.preference < b.preference; });
    if (hosts.size() > kMostHosts)
        hosts.resize(kMostHosts);
    for (const dns::MxHost& host : hosts)
        m_plan.candidates.push_back(mxCandidate(bare(host.name), host.preference));
    resolveHosts();
}

void RoutePlan::resolveHosts() {
    for (const Candidate& candidate : m_plan.candidates)
        m_waitingFor += candidate.addresses.isEmpty() ? 1 : 0;
    if (m_waitingFor == 0)
        return finish();
    for (size_t i = 0; i < m_plan.candidates.size(); ++i)
        if (m_plan.candidates[i].addresses.isEmpty())
            m_open.push_back(m_resolver.addresses(m_plan.candidates[i].host, [this, i](dns::AddressAnswer answer) {
                onAddresses(i, std::move(answer));
            }));
}

void RoutePlan::onAddresses(size_t index, dns::AddressAnswer answer) {
    Candidate& candidate = m_plan.candidates[index];
    candidate.addresses = std::move(answer.addresses);
    const bool ours = m_plan.byMx && std::any_of(candidate.addresses.begin(), candidate.addresses.end(),
                                                 [this](const QByteArray& address) { return isOurs(address); });
    if (ours) { // RFC 5321 §5.1: neither it nor what is no better
        m_ours = std::min(m_ours, candidate.preference);
        m_loops = true;
        addTrouble(candidate.host + " is this gateway");
    } else if (m_plan.byMx && candidate.addresses.removeIf(leadsHere) > 0 && candidate.addresses.isEmpty()) {
        m_loops = true;
        addTrouble(candidate.host + " leads to this computer");
    } else if (const QByteArray first = candidate.addresses.value(0);
               m_plan.byMx && candidate.addresses.removeIf(isPrivate) > 0 && candidate.addresses.isEmpty()) {
        m_otherTrouble = true;
        addTrouble(candidate.host + " leads into a private network (" + first + "); " + kSayItInARule);
    } else if (candidate.addresses.isEmpty()) {
        const bool failed = answer.outcome == dns::Outcome::Failed;
        m_someFailed = m_someFailed || failed;
        m_otherTrouble = true;
        addTrouble(failed ? "Temporary failure in address lookup for " + candidate.host +
                                       (answer.text.isEmpty() ? QByteArray() : ": " + harmless(answer.text, 200))
                                 : "Host not found: " + candidate.host + " has no address");
    }
    if (--m_waitingFor == 0)
        finish();
}

void RoutePlan::addTrouble(const QByteArray& text) {
    if (!m_troubles.contains(text) && m_troubles.size() < kMostTroubles)
        m_troubles.append(text);
}

void RoutePlan::finish() {
    std::erase_if(m_plan.candidates, [this](const Candidate& candidate) {
        return candidate.addresses.isEmpty() || candidate.preference >= m_ours;
    });
    if (m_plan.candidates.empty()) {
        if (m_loops && !m_otherTrouble)
            return giveUp(true, "5.4.6 mail loops back to myself: " + m_troubles.join("; "));
        return giveUp(false, (m_someFailed ? "4.4.3 " : "") + m_troubles.join("; "));
    }
    m_done(std::move(m_plan));
}

void RoutePlan::giveUp(bool permanent, QByteArray why) {
    m_plan.candidates.clear();
    m_plan.permanent = permanent;
    m_plan.trouble = std::move(why);
    m_done(std::move(m_plan));
}

} // namespace postern::relay
