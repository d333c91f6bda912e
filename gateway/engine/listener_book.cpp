// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/listener_book.h"

using namespace Qt::StringLiterals;

namespace postern::engine {
namespace {

QByteArray nameOf(const QByteArray& address, quint16 port) {
    return (address.contains(':') ? '[' + address + ']' : address) + ':' + QByteArray::number(port);
}

QString textOf(const QByteArray& bytes) {
    return QString::fromUtf8(bytes);
}

QString whereOf(const policy::Origin& origin) {
    return origin.line > 0 ? textOf(origin.file) + u':' + QString::number(origin.line) : QString();
}

QString toText(policy::ListenTls tls) {
    switch (tls) {
    case policy::ListenTls::None: return u"none"_s;
    case policy::ListenTls::StartTls: return u"starttls"_s;
    case policy::ListenTls::StartTlsRequired: return u"starttls-required"_s;
    case policy::ListenTls::Wrapped: return u"wrapped"_s;
    }
    return {};
}

QString toText(policy::ListenAuth auth) {
    switch (auth) {
    case policy::ListenAuth::Off: return u"off"_s;
    case policy::ListenAuth::Optional: return u"optional"_s;
    case policy::ListenAuth::Required: return u"required"_s;
    }
    return {};
}

} // namespace

void ListenerBook::apply(const LoadedConfig& config) {
    m_rules = config.rules;
    m_identities = config.identities;
    std::vector<Entry> before = std::exchange(m_entries, {});
    for (const policy::ListenerSpec& spec : m_rules->listeners) {
        auto addresses = listener::interfaceAddresses(spec.interface, spec.family);
        if (!addresses) {
            m_entries.push_back({spec, {}, nullptr, addresses.error().text, nullptr});
            continue;
        }
        for (const QByteArray& address : *addresses) {
            Entry entry{spec, address, nullptr, {}, nullptr};
            for (Entry& old : before) {
                if (old.socket && old.address == address && old.spec.port == spec.port) {
                    entry.socket = std::move(old.socket);
                    break;
                }
            }
            m_entries.push_back(std::move(entry));
        }
    }
    before.clear(); // closes what is not asked for any more, before new ones open
    for (Entry& entry : m_entries) {
        if (!entry.socket)
            open(entry);
        if (entry.socket)
            makeService(entry);
    }
}

void ListenerBook::open(Entry& entry) {
    if (entry.address.isEmpty()) {
        auto addresses = listener::interfaceAddresses(entry.spec.interface, entry.spec.family);
        if (!addresses || addresses->isEmpty())
            return;
        entry.address = addresses->first();
    }
    for (const Entry& other : m_entries) {
        if (&other != &entry && other.socket && other.address == entry.address && entry.spec.port != 0 &&
            other.socket->port() == entry.spec.port) {
            entry.reason = nameOf(entry.address, entry.spec.port) + " is already taken by the listener of line " +
                           QByteArray::number(other.spec.origin.line) + "; remove one of the two";
            return;
        }
    }
    auto opened = listener::OpenListener::open(entry.address, entry.spec.port);
    if (opened) {
        entry.socket = std::move(opened).value();
        entry.reason.clear();
    } else {
        entry.reason = opened.error().text;
    }
}

void ListenerBook::makeService(Entry& entry) const {
    auto service = std::make_shared<listener::ListenerService>();
    service->socket = entry.socket;
    service->spec = entry.spec;
    service->rules = m_rules;
    service->hostname = entry.spec.hostname.isEmpty() ? serverName(*m_rules) : entry.spec.hostname;
    service->localNames = localNames(*m_rules);
    service->clientCaFile = entry.spec.caFile;
    if (entry.spec.tls != policy::ListenTls::None) {
        if (const policy::Pki* pki = pkiFor(*m_rules, entry.spec, service->hostname)) {
            const auto at = m_identities.find(pki->name);
            if (at != m_identities.end())
                service->identity = at->second;
        }
    }
    entry.service = std::move(service);
}

bool ListenerBook::retryFailed() {
    bool any = false;
    for (Entry& entry : m_entries) {
        if (entry.socket)
            continue;
        open(entry);
        if (entry.socket) {
            makeService(entry);
            any = true;
        }
    }
    return any;
}

ListenerBook::Services ListenerBook::services() const {
    Services services;
    for (const Entry& entry : m_entries)
        if (entry.service)
            services.push_back(entry.service);
    return services;
}

QByteArrayList ListenerBook::mailAddresses() const {
    constexpr quint16 kSmtp = 25;
    QByteArrayList addresses;
    for (const Entry& entry : m_entries) {
        if (!entry.socket || entry.socket->port() != kSmtp)
            continue;
        const bool isWildcard = entry.address == "0.0.0.0" || entry.address == "::";
        if (!isWildcard) {
            addresses.append(entry.address);
            continue;
        }
        for (const QByteArray& own : listener::ownAddresses())
            if (own.contains(':') == entry.address.contains(':'))
                addresses.append(own);
    }
    return addresses;
}

QByteArrayList ListenerBook::openNames() const {
    QByteArrayList names;
    for (const Entry& entry : m_entries)
        if (entry.socket)
            names.append(entry.socket->name());
    return names;
}

std::vector<ListenerBook::Failure> ListenerBook::failures() const {
    std::vector<Failure> failures;
    for (const Entry& entry : m_entries)
        if (!entry.socket)
            failures.push_back({entry.address.isEmpty() ? entry.spec.interface : nameOf(entry.address, entry.spec.port),
                                entry.reason, entry.spec.origin});
    return failures;
}

QList<control::ListenerStatus> ListenerBook::statuses(const std::map<QByteArray, int>& sessions,
                                                      const std::map<QByteArray, qint64>& lastAt) const {
    QList<control::ListenerStatus> out;
    for (const Entry& entry : m_entries) {
        control::ListenerStatus status;
        status.address = textOf(entry.address.isEmpty() ? entry.spec.interface : entry.address);
        status.port = entry.socket ? entry.socket->port() : entry.spec.port;
        status.name = entry.spec.comment.isEmpty()
                          ? status.address + u", port "_s + QString::number(status.port)
                          : textOf(entry.spec.comment);
        status.open = entry.socket != nullptr;
        status.detail = textOf(entry.reason);
        status.tls = toText(entry.spec.tls);
        status.auth = toText(entry.spec.auth);
        status.where = whereOf(entry.spec.origin);
        if (entry.socket) {
            const QByteArray name = entry.socket->name();
            if (const auto at = sessions.find(name); at != sessions.end())
                status.sessions = at->second;
            if (const auto at = lastAt.find(name); at != lastAt.end())
                status.lastAt = at->second;
        }
        out.append(status);
    }
    return out;
}

void ListenerBook::clear() {
    m_entries.clear();
}

} // namespace postern::engine
