// SPDX-License-Identifier: GPL-3.0-or-later
//
// The beginning of a ServerConnection: who is there (a proxy may say so), what we are called on the address he came to, and
// his name, which is looked up while he already talks.
#include "listener/server_connection.h"

#include "base/contract.h"
#include "base/log.h"

#include <thread>
#include <utility>

namespace postern::listener {
namespace {

constexpr Milliseconds kProxyLimit{4'000};    // seen by a tick a second: the header is waited for 5 s at most (N09)
constexpr Milliseconds kHostnameLimit{5'000}; // of a table that does not answer

smtp::ServerFeatures featuresOf(const ListenerService& service, QByteArray hostname) {
    smtp::ServerFeatures features;
    features.hostname = std::move(hostname);
    features.dsn = !service.spec.noDsn;
    const bool hasIdentity = service.tls.identity != nullptr;
    switch (service.spec.tls) {
    case policy::ListenTls::None: break;
    case policy::ListenTls::StartTls: features.startTls = hasIdentity; break;
    case policy::ListenTls::StartTlsRequired:
        features.startTls = hasIdentity;
        features.requireTls = true;
        break;
    case policy::ListenTls::Wrapped: features.implicitTls = true; break;
    }
    switch (service.spec.auth) {
    case policy::ListenAuth::Off: features.auth = smtp::AuthMode::Off; break;
    case policy::ListenAuth::Optional: features.auth = smtp::AuthMode::Optional; break;
    case policy::ListenAuth::Required: features.auth = smtp::AuthMode::Required; break;
    }
    return features;
}

smtp::ServerLimits limitsOf(const ListenerService& service) {
    smtp::ServerLimits limits;
    const policy::Settings& settings = service.rules->settings;
    limits.maxMessageSize = settings.maxMessageSize;
    limits.maxRecipients = settings.maxRecipients;
    limits.maxMails = settings.maxMails;
    return limits;
}

// Whether a question was answered before the call returned. Touched by the asking thread only.
struct AskedNow {
    const std::thread::id thread = std::this_thread::get_id();
    bool open = true;
    std::optional<tables::LookupResult> result;
};

} // namespace

void ServerConnection::start(std::unique_ptr<tls::Stream> stream) {
    const Door door(*this);
    m_stream = std::move(stream);
    m_since = m_unsentSince = m_openedAt = now();
    m_client = {m_stream->peerAddress(), m_stream->peerPort(), {}};
    if (m_service->spec.isSocket) {
        m_client = {"local", 0, "localhost"};
    } else if (m_client.address.isEmpty()) { // it left again before we came
        m_stream->abort();
        m_ended = true;
        return;
    }
    if (m_service->spec.proxyV2) {
        m_proxy.emplace();
        m_stream->limitReads(m_proxy->wanted());
    }
    m_stream->setHandler(this);
    if (!m_proxy)
        open();
}

void ServerConnection::onProxyHeader(QByteArrayView bytes) {
    switch (m_proxy->feed(bytes)) {
    case ProxyHeader::State::NeedMore:
        m_stream->limitReads(m_proxy->wanted());
        return;
    case ProxyHeader::State::Faulty:
        refuseProxy(m_proxy->fault());
        return;
    case ProxyHeader::State::Complete:
        break;
    }
    if (!m_proxy->isLocal()) {
        m_client.address = m_proxy->address();
        m_client.port = m_proxy->port();
        if (!m_host.recognise(m_id, m_client.address)) {
            if (m_service->spec.tls != policy::ListenTls::Wrapped)
                m_stream->write("421 4.7.0 too many connections from your address, try again later\r\n");
            m_closing = true;
            m_since = now();
            m_stream->close();
            return;
        }
    }
    m_proxy.reset();
    m_stream->limitReads(0);
    open();
}

void ServerConnection::refuseProxy(const QByteArray& why) {
    services().report({SessionEvent::Kind::Refused, m_service->socket->name(), m_client.address,
                       "A connection from " + m_client.address + " at the proxy's listener was closed: " + why, {}, 0});
    m_stream->abort();
    m_ended = true;
}

void ServerConnection::open() {
    m_since = now();
    m_reverseName = m_service->spec.isSocket ? m_client.reverseName : m_host.reverseNameOf(m_id, m_client.address);
    if (m_reverseName)
        m_client.reverseName = *m_reverseName;
    if (!m_service->spec.hostnames) {
        begin(m_service->hostname);
        return;
    }
    m_reading = false;
    m_stream->setReading(false);
    const QByteArray local = m_stream->localAddress();
    askTable(*m_service->spec.hostnames, tables::Service::Addrname, local.contains(':') ? '[' + local + ']' : local,
             TableAnswer::Of::Hostname);
}

void ServerConnection::begin(QByteArray hostname) {
    m_since = now();
    m_session.emplace(featuresOf(*m_service, std::move(hostname)), limitsOf(*m_service), m_client);
    if (isLogged(LogLevel::Debug))
        m_session->setTrace([who = "session " + QByteArray::number(m_id) + " of " + m_client.address + ": "](
                                QByteArrayView from, QByteArrayView event, QByteArrayView to) {
            log(LogLevel::Debug, LogArea::Smtp, who + from.toByteArray() + ", " + event.toByteArray() + ": " + to.toByteArray());
        });
    if (m_service->spec.tls == policy::ListenTls::Wrapped)
        startTls();
    else
        carryOut(m_session->greet());
}

void ServerConnection::tickBeforeTheGreeting() {
    const auto elapsed = now() - m_since;
    if (m_closing) { // turned away
        if (elapsed >= kProxyLimit) {
            m_stream->abort();
            m_ended = true;
        }
        return;
    }
    if (m_proxy && elapsed >= kProxyLimit) {
        refuseProxy("no PROXY header came");
    } else if (!m_proxy && elapsed >= kHostnameLimit) {
        log(LogLevel::Warning, LogArea::Smtp,
            "table " + m_service->spec.hostnames->name() + " does not answer; the listener " + m_service->socket->name() +
                " goes by " + m_service->hostname);
        begin(m_service->hostname);
    }
}

void ServerConnection::learnReverseName(QByteArray name) {
    m_reverseName = name;
    m_client.reverseName = name;
    if (!m_session)
        return;
    m_session->setReverseName(std::move(name));
    if (m_senderWaitsForName)
        checkSenderOn();
}

void ServerConnection::askTable(const tables::Table& table, tables::Service service, const QByteArray& key,
                                TableAnswer::Of what) {
    const auto call = std::make_shared<AskedNow>();
    table.lookup(service, key.toLower(),
                 [call, what, id = m_id, outcomes = m_host.outcomes()](tables::LookupResult result) {
                     if (call->thread == std::this_thread::get_id() && call->open)
                         call->result = std::move(result);
                     else
                         outcomes.post({id, TableAnswer{what, std::move(result)}});
                 });
    call->open = false;
    if (call->result)
        onTableAnswer({what, std::move(*call->result)});
}

void ServerConnection::onTableAnswer(const TableAnswer& answer) {
    switch (answer.of) {
    case TableAnswer::Of::Hostname:
        if (m_session)
            return; // too late
        if (answer.result.failed)
            log(LogLevel::Warning, LogArea::Smtp,
                "table " + m_service->spec.hostnames->name() + " cannot be asked: " + answer.result.value + "; the listener " +
                    m_service->socket->name() + " goes by " + m_service->hostname);
        begin(answer.result.found && !answer.result.failed ? answer.result.value : m_service->hostname);
        return;
    case TableAnswer::Of::Senders:
        if (m_sender)
            judgeSender(answer.result);
        return;
    }
}

} // namespace postern::listener
