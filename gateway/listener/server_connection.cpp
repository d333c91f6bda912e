// SPDX-License-Identifier: GPL-3.0-or-later
#include "listener/server_connection.h"

#include "base/contract.h"
#include "base/log.h"

#include <algorithm>
#include <utility>

namespace postern::listener {
namespace {

constexpr qint64 kMostUnsent = 256 * 1024;      // replies a client may leave unread before we stop listening to it
constexpr Milliseconds kUnsentLimit{60'000};    // without one octet of progress
constexpr Milliseconds kHandshakeLimit{60'000};
constexpr Milliseconds kCloseLimit{60'000};
constexpr Milliseconds kDataRateGrace{60'000};
constexpr int kErrorsBeforeSlow = 10;           // as Postfix's soft limit

smtp::TlsFacts factsOf(const tls::SessionFacts& facts) {
    return {facts.version, facts.cipher, facts.bits, facts.peerVerified, facts.peerName};
}

// The first reply of a batch that refuses something, without its line end.
QByteArray firstRefusal(QByteArrayView replies) {
    for (qsizetype at = 0; at < replies.size();) {
        const qsizetype end = replies.indexOf('\n', at);
        const QByteArrayView line = replies.sliced(at, (end < 0 ? replies.size() : end) - at);
        if (line.startsWith('4') || line.startsWith('5'))
            return line.toByteArray().trimmed();
        if (end < 0)
            break;
        at = end + 1;
    }
    return {};
}

// Not of a command that is unknown, out of place, or about signing in.
bool isAboutMail(const QByteArray& code) {
    static const QByteArrayList codes{"501", "550", "551", "552", "553", "554", "555", "556"};
    return codes.contains(code);
}

} // namespace

ServerConnection::ServerConnection(ConnectionHost& host, ConnectionId id, std::shared_ptr<const ListenerService> service)
    : m_host(host), m_id(id), m_service(std::move(service)) {}

ServerConnection::~ServerConnection() {
    if (m_stream)
        m_stream->setHandler(nullptr);
    discardContent();
}

void ServerConnection::deliver(Outcome outcome) {
    const Door door(*this);
    if (m_ended)
        return;
    if (const auto* store = std::get_if<StoreAnswer>(&outcome.answer)) {
        if (store->reply.isPositive())
            m_errors = 0;
        carryOut(m_session->stored(store->reply));
    } else if (const auto* login = std::get_if<LoginAnswer>(&outcome.answer)) {
        carryOut(m_session->loginChecked(login->outcome));
    } else if (const auto* verdict = std::get_if<VerdictAnswer>(&outcome.answer)) {
        decide(verdict->verdict);
    } else if (auto* ends = std::get_if<EndsAnswer>(&outcome.answer)) {
        onEnds(std::move(*ends));
    } else if (auto* name = std::get_if<NameAnswer>(&outcome.answer)) {
        learnReverseName(std::move(name->reverseName));
    } else if (const auto* table = std::get_if<TableAnswer>(&outcome.answer)) {
        onTableAnswer(*table);
    } else if (const auto* domain = std::get_if<DomainAnswer>(&outcome.answer)) {
        onDomainAnswer(*domain);
    }
}

void ServerConnection::shutDown() {
    const Door door(*this);
    if (m_ended || m_closing)
        return;
    if (m_handshaking || !m_session) { // nothing can be said in the middle of a handshake, or of a proxy's header
        m_stream->abort();
        m_ended = true;
        return;
    }
    carryOut(m_session->shutDown());
}

void ServerConnection::tick() {
    const Door door(*this);
    if (m_ended)
        return;
    if (!m_session) {
        tickBeforeTheGreeting();
        return;
    }
    const SteadyTime time = now();
    m_slowed = false;

    const qint64 unsent = m_stream->unsent();
    if (unsent == 0 || unsent != m_unsent) {
        m_unsent = unsent;
        m_unsentSince = time;
    }
    const bool hangs = (time - m_unsentSince >= kUnsentLimit) || (m_closing && time - m_since >= kCloseLimit);
    if (hangs) {
        log(LogLevel::Notice, LogArea::Smtp, m_session->client().address + " does not read our replies; connection closed");
        m_stream->abort();
        m_ended = true;
        carryOut(m_session->peerClosed());
        return;
    }
    if (m_closing)
        return;
    if (m_handshaking) {
        if (time - m_since >= kHandshakeLimit) {
            m_stream->abort();
            onClosed({ErrorCode::Timeout, "the TLS handshake did not finish in time", Permanence::Temporary}, false);
        }
        return;
    }
    if (m_senderWaitsForName)
        checkSenderOn();
    stopWaitingForDomain();
    stopWaitingForEnds();
    if (m_session->isWaiting())
        return; // for us
    if (m_session->isReceivingContent()) {
        const auto elapsed = time - m_contentSince;
        const qint64 due = smtp::ServerLimits{}.minDataRate * std::chrono::duration_cast<Seconds>(elapsed).count();
        if (elapsed > kDataRateGrace && m_contentOctets < due) {
            timeOut("sends its message too slowly");
            return;
        }
    }
    if (time - m_since >= m_session->timeout())
        timeOut("said nothing for too long");
}

void ServerConnection::onBytes(QByteArrayView bytes) {
    const Door door(*this);
    if (m_closing || m_ended)
        return;
    if (!m_session) {
        POSTERN_CHECK(m_proxy.has_value(), return); // nothing else is read before the greeting
        onProxyHeader(bytes);
        return;
    }
    carryOut(m_session->feed(bytes));
    if (m_session->isReceivingContent()) {
        m_contentOctets += bytes.size();
        m_since = now();
    }
}

void ServerConnection::onEncrypted(const tls::SessionFacts& facts) {
    const Door door(*this);
    m_handshaking = false;
    m_since = now();
    carryOut(m_session->tlsStarted(factsOf(facts)));
    if (m_service->spec.tls == policy::ListenTls::Wrapped)
        carryOut(m_session->greet());
}

void ServerConnection::onWritten() {
    const Door door(*this); // reading may go on
}

void ServerConnection::onClosed(const Error& reason, bool peerEnded) {
    const Door door(*this);
    if (std::exchange(m_ended, true) || !m_session)
        return;
    if (m_handshaking && !peerEnded) {
        const QByteArray address = m_session->client().address;
        const QByteArray why = harmless(reason.text);
        services().report({SessionEvent::Kind::SessionClosed, m_service->socket->name(), address,
                           "Encrypted connection from " + address + " failed", why, 0});
    }
    carryOut(m_session->peerClosed());
}

// Effects may bring answers at once, and those more effects: they queue up behind the ones under way.
void ServerConnection::carryOut(smtp::ServerEffects effects) {
    if (m_effects.empty())
        m_effects = std::move(effects);
    else
        m_effects.insert(m_effects.end(), std::make_move_iterator(effects.begin()), std::make_move_iterator(effects.end()));
    if (m_carryingOut)
        return;
    m_carryingOut = true;
    for (size_t at = 0; at < m_effects.size(); ++at) {
        smtp::ServerEffect effect = std::move(m_effects[at]); // m_effects may grow
        std::visit([this](auto& one) { perform(one); }, effect);
    }
    m_effects.clear();
    m_carryingOut = false;
}

void ServerConnection::perform(smtp::effect::Send& send) {
    if (m_ended || m_closing)
        return;
    countErrors(send.bytes);
    if (m_out.isEmpty())
        m_out = std::move(send.bytes);
    else
        m_out += send.bytes;
    m_since = now();
}

void ServerConnection::perform(smtp::effect::StartTls&) {
    if (!m_ended)
        startTls();
}

void ServerConnection::perform(smtp::effect::Close&) {
    if (m_ended || std::exchange(m_closing, true))
        return;
    flush();
    m_since = now();
    m_stream->close();
}

void ServerConnection::startTls() {
    flush();
    m_handshaking = true;
    m_since = now();
    m_stream->startServerTls(m_service->tls);
}

void ServerConnection::timeOut(const char* why) {
    const QByteArray address = m_session->client().address;
    services().report({SessionEvent::Kind::SessionClosed, m_service->socket->name(), address,
                       "Connection from " + address + " closed: the client " + why, m_session->stateName().toByteArray(), 0});
    discardContent(); // told already
    carryOut(m_session->timedOut());
}

// End of a turn: everything that was caused by one event has been carried out.
void ServerConnection::settle() {
    if (!m_session)
        return;
    flush();
    updateReading();
}

void ServerConnection::flush() {
    if (m_out.isEmpty() || m_ended)
        return;
    if (std::exchange(m_contentRefused, false)) {
        reportRefusal("A message from " + m_session->client().address + " was refused", firstRefusal(m_out));
        m_toldCode.clear(); // its reply has been counted
    }
    m_stream->write(std::exchange(m_out, {}));
}

void ServerConnection::updateReading() {
    if (m_ended || m_closing || m_handshaking)
        return;
    const bool on = !m_session->isWaiting() && !m_slowed && m_stream->unsent() <= kMostUnsent;
    if (on != m_reading) {
        m_reading = on;
        m_stream->setReading(on);
    }
}

// Counts refusals for good, and reports those of mail that nobody has reported yet: the session's own, for size or spelling.
void ServerConnection::countErrors(QByteArrayView replies) {
    for (qsizetype at = 0, end = 0; at < replies.size(); at = end + 1) {
        end = replies.indexOf('\n', at);
        if (end < 0)
            end = replies.size();
        if (replies[at] != '5')
            continue;
        if (++m_errors > kErrorsBeforeSlow)
            m_slowed = true;
        const QByteArrayView line = replies.sliced(at, end - at).trimmed();
        const QByteArray code = line.first(std::min<qsizetype>(3, line.size())).toByteArray();
        const bool isTold = !m_toldCode.isEmpty() && std::exchange(m_toldCode, {}) == code;
        if (!isTold && !m_contentRefused && isAboutMail(code))
            reportRefusal("A command of " + m_session->client().address + " was refused", line.toByteArray());
        m_toldCode.clear();
    }
}

} // namespace postern::listener
