// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/listener_book.h"

#include "base/log.h"

#include <algorithm>
#include <utility>

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

ListenerBook::ListenerBook(QByteArray localSocket, AddressesOf addressesOf)
    : m_socketPath(std::move(localSocket)), m_addressesOf(std::move(addressesOf)) {}

void ListenerBook::apply(const LoadedConfig& config) {
    m_config = {config.rules, {}, config.identities};
    m_told.clear();
    arrange(When::Applying);
    arrangeSocket(When::Applying);
}

bool ListenerBook::refresh() {
    if (!m_config.rules)
        return false;
    const auto open = [this] {
        QByteArrayList names;
        for (const Entry& entry : m_entries)
            names.append(entry.socket ? entry.socket->name() : QByteArray());
        names.append(m_socketEntry.socket ? QByteArray("socket") : QByteArray());
        return names;
    };
    const QByteArrayList before = open();
    ++m_refreshes;
    arrange(When::Refreshing);
    arrangeSocket(When::Refreshing);
    return open() != before;
}

void ListenerBook::arrange(When when) {
    std::vector<Entry> before = std::exchange(m_entries, {});
    for (const policy::ListenerSpec& spec : m_config.rules->listeners)
        addEntries(spec, before, when);
    for (Entry& old : before) // what is not asked for any more ends, before new ones open; sessions that came by it go on
        if (old.socket)
            old.socket->stopListening();
    before.clear();
    for (Entry& entry : m_entries) {
        if (!entry.socket && !entry.address.isEmpty())
            open(entry);
        if (entry.socket && !entry.service)
            makeService(entry);
    }
}

// One entry for each address that the interface has now, or one that says why it has none.
void ListenerBook::addEntries(const policy::ListenerSpec& spec, std::vector<Entry>& before, When when) {
    constexpr int kRefreshesPerQuestion = 6;
    const auto isSame = [&](const Entry& old) { 
        return old.spec.origin.file == spec.origin.file && old.spec.origin.line == spec.origin.line && old.spec.port == spec.port;
    };
    if (when == When::Refreshing && listener::needsNameServer(spec.interface)) {
        const auto known = std::find_if(before.begin(), before.end(), isSame);
        const bool isKnown = known != before.end() && !known->address.isEmpty();
        if (isKnown || m_refreshes % kRefreshesPerQuestion != 0) {
            for (Entry& old : before)
                if (isSame(old))
                    m_entries.push_back(std::exchange(old, {}));
            return;
        }
    }
    const auto addresses = m_addressesOf(spec.interface, spec.family);
    const QByteArray found = addresses ? addresses->join(", ") : addresses.error().text;
    QByteArray& told = m_told[QByteArray::number(spec.origin.line) + ' ' + spec.interface];
    if (std::exchange(told, found) != found && (!addresses || found != spec.interface))
        log(addresses ? LogLevel::Notice : LogLevel::Error, LogArea::Engine,
            spec.origin.file + ':' + QByteArray::number(spec.origin.line) + ": " +
                (addresses ? spec.interface + " is " + found : found));
    if (!addresses) {
        m_entries.push_back({spec, {}, nullptr, addresses.error().text, nullptr});
        return;
    }
    for (const QByteArray& address : *addresses) {
        Entry entry{spec, address, nullptr, {}, nullptr};
        for (Entry& old : before) {
            if (!old.socket || old.address != address || old.spec.port != spec.port)
                continue;
            entry.socket = std::move(old.socket);
            if (when == When::Refreshing)
                entry.service = std::move(old.service);
            break;
        }
        m_entries.push_back(std::move(entry));
    }
}

void ListenerBook::arrangeSocket(When when) {
    if (m_socketPath.isEmpty())
        return;
    Entry& entry = m_socketEntry;
    if (!entry.socket) {
        auto opened = listener::OpenListener::openLocal(m_socketPath);
        entry.reason = opened ? QByteArray() : opened.error().text;
        if (opened)
            entry.socket = std::move(opened).value();
    } else if (when == When::Refreshing) {
        return;
    }
    const policy::SocketSpec& written = m_config.rules->socket;
    policy::ListenerSpec spec;
    spec.interface = "socket";
    spec.isSocket = true;
    spec.tag = written.tag;
    spec.maskSource = written.maskSource;
    spec.noDsn = written.noDsn;
    spec.filters = written.filters;
    spec.origin = written.origin;
    spec.text = written.text;
    entry.spec = std::move(spec);
    entry.address = m_socketPath;
    if (entry.socket)
        makeService(entry);
}

void ListenerBook::open(Entry& entry) {
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
    service->rules = m_config.rules;
    service->hostname = hostnameOf(*m_config.rules, entry.spec);
    service->localNames = localNames(*m_config.rules);
    if (entry.spec.tls != policy::ListenTls::None) {
        if (auto tls = serverTls(m_config, entry.spec, service->hostname))
            service->tls = *tls; // errors were told when it was loaded
    }
    entry.service = std::move(service);
}

ListenerBook::Services ListenerBook::services() const {
    Services services;
    for (const Entry& entry : m_entries)
        if (entry.service)
            services.push_back(entry.service);
    if (m_socketEntry.service)
        services.push_back(m_socketEntry.service);
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
    if (!m_socketEntry.reason.isEmpty())
        failures.push_back({m_socketPath, m_socketEntry.reason, m_socketEntry.spec.origin});
    return failures;
}

QList<control::ListenerStatus> ListenerBook::statuses(const std::map<QByteArray, int>& sessions,
                                                      const std::map<QByteArray, qint64>& lastAt) const {
    QList<control::ListenerStatus> out;
    for (const Entry& entry : m_entries) {
        control::ListenerStatus status;
        status.interface = textOf(entry.spec.interface);
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

control::ListenerStatus ListenerBook::socketStatus(const std::map<QByteArray, int>& sessions) const {
    control::ListenerStatus status;
    status.name = u"socket"_s;
    status.address = textOf(m_socketPath);
    status.open = m_socketEntry.socket != nullptr;
    status.detail = textOf(m_socketEntry.reason);
    status.tls = toText(policy::ListenTls::None);
    status.auth = toText(policy::ListenAuth::Off);
    status.where = whereOf(m_socketEntry.spec.origin);
    if (const auto at = sessions.find("socket"); at != sessions.end())
        status.sessions = at->second;
    return status;
}

void ListenerBook::clear() {
    m_entries.clear();
    m_socketEntry = {};
}

} // namespace postern::engine
