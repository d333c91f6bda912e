// SPDX-License-Identifier: GPL-3.0-or-later
#include "relay/client_connection.h"

#include "base/contract.h"
#include "base/crash_notes.h"
#include "base/log.h"

namespace postern::relay {
namespace {

constexpr qint64 kMostUnsent = 256 * 1024; // content in flight of one connection
constexpr Milliseconds kHandshakeTime{60'000};
constexpr Milliseconds kClosingTime{5'000};

// The stream says "TLS with ADDRESS port N failed: why"; our own texts name the peer better, so only the cause is kept.
QByteArray causeOf(const Error& reason) {
    const QByteArray marker = " failed: ";
    const qsizetype at = reason.text.indexOf(marker);
    return reason.code == ErrorCode::Tls && at >= 0 ? reason.text.mid(at + marker.size()) : reason.text;
}

// Faults after which nothing more is said; after the others our QUIT still leaves.
bool isRude(smtp::FaultKind kind) {
    switch (kind) {
    case smtp::FaultKind::ConnectionLost:
    case smtp::FaultKind::Timeout:
    case smtp::FaultKind::TlsFailed:
    case smtp::FaultKind::ProtocolError:
        return true;
    case smtp::FaultKind::GreetingRefused:
    case smtp::FaultKind::HeloRefused:
    case smtp::FaultKind::TlsUnavailable:
    case smtp::FaultKind::AuthUnavailable:
    case smtp::FaultKind::AuthRefused:
    case smtp::FaultKind::ServiceClosing:
        return false;
    }
    return true;
}

} // namespace

ClientConnection::ClientConnection(const Clock& clock, FileStore& files, const Connector& connector,
                                   ConnectionPlan plan, ConnectionOwner& owner)
    : m_clock(clock), m_files(files), m_owner(owner), m_plan(std::move(plan)), m_session(m_plan.session) {
    m_deadline = m_clock.steady() + m_plan.connectTimeout + kClosingTime; // the stream itself gives up first
    m_stream = connector(m_plan.address, m_plan.port, m_plan.sourceAddress, m_plan.connectTimeout, this);
}

ClientConnection::~ClientConnection() = default;

QByteArray ClientConnection::stateText() const {
    return m_phase == Phase::Connecting ? QByteArray("connecting") : m_session.stateName().toByteArray();
}

Milliseconds ClientConnection::silence(SteadyTime now) const {
    return m_phase == Phase::Talking && m_shipment ? now - m_lastMove : Milliseconds(0);
}

quint32 ClientConnection::work() const {
    return m_shipment ? m_shipment->job().delivery.message->id : 0;
}

void ClientConnection::offer(std::unique_ptr<Shipment> shipment) {
    POSTERN_CHECK(!m_shipment, return);
    m_shipment = std::move(shipment);
    const AtWork here(work());
    m_contentBegun = false;
    m_ownCause.clear();
    if (auto fits = m_shipment->fitTo(m_session.offers(), m_files); !fits) {
        log(LogLevel::Error, LogArea::Relay, fits.error().text);
        const smtp::RecipientOutcome unread{smtp::OutcomeKind::Temporary, {}, fits.error().text};
        m_done = smtp::effect::MailDone{std::vector(m_shipment->mail().recipients.size(), unread)};
        m_becameReady = true;
        tellOwner();
        return;
    }
    perform(m_session.offer(m_shipment->mail()));
}

void ClientConnection::rest(Milliseconds keepAlive) {
    m_deadline = m_clock.steady() + keepAlive;
}

void ClientConnection::quit() {
    if (m_phase == Phase::Talking)
        perform(m_session.quit());
    else if (m_phase != Phase::Closing)
        abandon("the connection is no longer needed");
}

void ClientConnection::abandon(const QByteArray& why) {
    if (m_phase == Phase::Closing)
        return;
    m_ownCause = why;
    m_stream->abort();
    m_gone = true;
    perform(m_session.peerClosed({}));
}

void ClientConnection::discard() {
    m_phase = Phase::Closing;
    m_stream->abort();
    m_gone = true;
}

void ClientConnection::tick(SteadyTime now) {
    if (m_gone || now < m_deadline)
        return;
    const AtWork here(work());
    switch (m_phase) {
    case Phase::Connecting:
    case Phase::Naming:
    case Phase::Wrapping: {
        const QByteArray what = m_phase == Phase::Wrapping ? "TLS handshake with " : "connection to ";
        m_stream->abort();
        m_gone = true;
        over(smtp::Fault{smtp::FaultKind::Timeout, false, {}, what + peer() + " timed out"});
        return;
    }
    case Phase::Talking:
        if (m_session.isReady())
            quit();
        else
            perform(m_session.timedOut());
        return;
    case Phase::Closing:
        m_stream->abort();
        m_gone = true;
        return;
    }
}

void ClientConnection::onConnected() {
    if (!m_plan.asksHelo) {
        begin();
        return;
    }
    m_phase = Phase::Naming;
    m_stream->setReading(false); // the greeting waits in the kernel
    m_owner.onHeloWanted(*this, m_stream->localAddress());
}

void ClientConnection::proceed(const QByteArray& helo) {
    POSTERN_CHECK(m_phase == Phase::Naming, return);
    m_plan.session.helo = helo;
    m_session = smtp::ClientSession(m_plan.session);
    m_stream->setReading(true);
    begin();
}

void ClientConnection::begin() {
    if (m_plan.session.tls == smtp::ClientTls::Wrapped) {
        m_phase = Phase::Wrapping;
        m_deadline = m_clock.steady() + kHandshakeTime + kClosingTime; // the stream itself gives up first
        m_stream->startClientTls(m_plan.tls);
        return;
    }
    m_phase = Phase::Talking;
    perform(m_session.connected());
    restartDeadline();
}

void ClientConnection::onEncrypted(const tls::SessionFacts& facts) {
    m_tlsVersion = facts.version;
    const bool wrapped = m_phase == Phase::Wrapping;
    m_phase = Phase::Talking;
    restartDeadline();
    perform(wrapped ? m_session.connected() : m_session.tlsStarted());
}

void ClientConnection::onBytes(QByteArrayView bytes) {
    if (m_phase == Phase::Talking)
        perform(m_session.feed(bytes));
}

void ClientConnection::onWritten() {
    if (m_phase != Phase::Talking || !m_wantsContent)
        return;
    restartDeadline(); // the peer took a block
    perform({});
}

void ClientConnection::onClosed(const Error& reason, bool) {
    m_gone = true;
    switch (m_phase) {
    case Phase::Connecting:
    case Phase::Naming:
        m_sourceRefused = reason.code == ErrorCode::NotFound;
        over(smtp::Fault{smtp::FaultKind::ConnectionLost, false, {}, "cannot reach " + peer() + ": " + causeOf(reason)});
        return;
    case Phase::Wrapping:
        over(smtp::Fault{smtp::FaultKind::TlsFailed, false, {}, "TLS with " + peer() + " failed: " + causeOf(reason)});
        return;
    case Phase::Talking:
        perform(m_session.isHandshaking() ? m_session.tlsFailed(causeOf(reason)) : m_session.peerClosed(reason.text));
        return;
    case Phase::Closing:
        m_owner.onConnectionGone(*this);
        return;
    }
}

void ClientConnection::perform(smtp::ClientEffects effects) {
    bool moved = !effects.empty();
    collect(std::move(effects));
    moved = sendContent() || moved;
    flush();
    if (moved || m_session.progress() != m_progress)
        restartDeadline();
    tellOwner();
}

void ClientConnection::collect(smtp::ClientEffects effects) {
    for (smtp::ClientEffect& effect : effects) {
        if (auto* send = std::get_if<smtp::effect::ClientSend>(&effect)) {
            if (m_out.isEmpty())
                m_out = std::move(send->bytes);
            else
                m_out += send->bytes;
        } else if (std::holds_alternative<smtp::effect::ClientStartTls>(effect)) {
            m_wantsTls = true;
        } else if (std::holds_alternative<smtp::effect::NeedContent>(effect)) {
            m_wantsContent = m_contentBegun = true;
        } else if (auto* done = std::get_if<smtp::effect::MailDone>(&effect)) {
            m_done = std::move(*done);
            m_wantsContent = false;
        } else if (std::holds_alternative<smtp::effect::Ready>(effect)) {
            m_becameReady = true;
        } else if (auto* finished = std::get_if<smtp::effect::Finished>(&effect)) {
            m_finished = std::move(*finished);
        }
    }
}

// As much as may be under way. A small message and its end leave with one write.
bool ClientConnection::sendContent() {
    bool moved = false;
    while (m_wantsContent && !m_gone && m_out.size() + m_stream->unsent() < kMostUnsent) {
        const auto piece = m_shipment->nextPiece(m_files);
        if (!piece) { // an end of data now would make half a message a whole one
            log(LogLevel::Error, LogArea::Relay, piece.error().text);
            m_ownCause = piece.error().text;
            m_unreadable = true;
            m_out.clear();
            m_stream->abort();
            m_gone = true;
            collect(m_session.peerClosed({}));
            return true;
        }
        moved = true;
        m_wantsContent = false;
        collect(m_session.content(*piece));
        if (m_out.size() >= kMostUnsent / 4)
            flush();
    }
    return moved;
}

void ClientConnection::flush() {
    if (!m_out.isEmpty() && !m_gone)
        m_stream->write(std::exchange(m_out, {}));
    m_out.clear();
    if (std::exchange(m_wantsTls, false) && !m_gone)
        m_stream->startClientTls(m_plan.tls);
}

// Last thing of every step: the owner may come back with the next mail or quit.
void ClientConnection::tellOwner() {
    if (m_done) {
        smtp::effect::MailDone done = *std::exchange(m_done, std::nullopt);
        std::vector<smtp::RecipientOutcome>& outcomes = done.outcomes;
        if (!m_ownCause.isEmpty())
            for (smtp::RecipientOutcome& outcome : outcomes)
                if (outcome.reply.code == 0 && outcome.kind == smtp::OutcomeKind::Temporary)
                    outcome.text = m_ownCause;
        const bool untouched = m_finished && m_finished->fault && !m_contentBegun && m_ownCause.isEmpty();
        if (m_shipment) {
            // What comes in several transactions has its verdicts; only a whole message can go elsewhere.
            const bool deferred = done.senderDeferred && m_shipment->outcomes().empty();
            const bool more = m_shipment->add(outcomes);
            if (more && !deferred && m_becameReady && !m_finished && !hasServedItsMails()) {
                m_becameReady = false;
                m_shipment->rewind();
                perform(m_session.offer(m_shipment->mail()));
                return;
            }
            const MailEnd end = untouched ? MailEnd::Untouched : deferred ? MailEnd::SenderDeferred : MailEnd::Decided;
            m_owner.onMailOver(*this, std::move(m_shipment), end);
        }
    }
    if (m_finished) {
        auto finished = *std::exchange(m_finished, std::nullopt);
        m_becameReady = false;
        if (m_unreadable)
            finished.fault.reset(); // ours, not the peer's
        over(std::move(finished.fault));
    } else if (std::exchange(m_becameReady, false)) {
        m_owner.onConnectionReady(*this);
    }
}

bool ClientConnection::hasServedItsMails() const {
    const int most = m_session.offers().maxMails;
    return most > 0 && m_session.mailsDone() >= most;
}

void ClientConnection::over(std::optional<smtp::Fault> fault) {
    m_phase = Phase::Closing;
    m_deadline = m_clock.steady() + kClosingTime;
    if (!m_gone && fault && isRude(fault->kind)) {
        m_stream->abort(); // what is still queued must not reach the peer behind our back
        m_gone = true;
    } else if (!m_gone) {
        m_stream->close();
    }
    m_owner.onConnectionOver(*this, fault);
}

void ClientConnection::restartDeadline() {
    m_progress = m_session.progress();
    m_lastMove = m_clock.steady();
    if (m_phase == Phase::Talking)
        m_deadline = m_clock.steady() + m_session.timeout();
}

} // namespace postern::relay
