// SPDX-License-Identifier: GPL-3.0-or-later
//
// QSslSocket emits its signals in the middle of its own work, also from inside write() and flush(). So: what happens
// while we call it (m_inCall) is noted and handled from the event loop; what happens in its own signals may reach the
// owner at once, and a socket whose owner let go there is deleted later.
#include "tls/tls_leg.h"

#include "base/log.h"
#include "tls/peer_check.h"
#include "tls/qt_ssl.h"
#include "tls/read_buffer.h"

#include <QCoreApplication>
#include <QEvent>
#include <QPointer>
#include <QSslConfiguration>
#include <QSslSocket>

#include <utility>

using namespace Qt::StringLiterals;

namespace postern::tls {
namespace {

constexpr qint64 kBufferLimit = 64 * 1024; // decrypted, and the same again not yet decrypted

class Counted {
  public:
    explicit Counted(int& count) : m_count(count) { ++m_count; }
    ~Counted() { --m_count; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;

  private:
    int& m_count;
};

} // namespace

// Qt keeps 48 KiB of emptied buffers for each socket; most of ten thousand clients are waiting.
class ThriftySocket final : public QSslSocket {
  public:
    // When nothing is in them, and not from one of its signals: closing and opening the device forgets its buffers only.
    void giveBackBuffers() {
        const OpenMode mode = openMode();
        setOpenMode(NotOpen);
        setOpenMode(mode);
    }
};

TlsLeg::TlsLeg(TlsLegOwner& owner, net::Endpoint peer)
    : m_owner(owner), m_peer(std::move(peer)), m_socket(new ThriftySocket) {
    connect(m_socket, &QSslSocket::encrypted, this, [this] { onEncrypted(); });
    connect(m_socket, &QSslSocket::readyRead, this, [this] {
        advanceLater(); // to rest, if that was all
        advance();
    });
    connect(m_socket, &QSslSocket::disconnected, this, [this] { onDisconnected(); });
    connect(m_socket, &QSslSocket::errorOccurred, this, [this] { onSocketError(); });
    connect(m_socket, &QSslSocket::bytesWritten, this, [this] { onWritten(); });
    connect(m_socket, &QSslSocket::encryptedBytesWritten, this, [this] { onWritten(); });
    connect(m_socket, &QSslSocket::sslErrors, this, [this](const QList<QSslError>& errors) {
        m_verifyErrors = countingErrors(errors);
        if (m_verifyErrors.isEmpty())
            m_socket->ignoreSslErrors(errors);
    });
    connect(m_socket, &QSslSocket::alertReceived, this,
            [this](QSsl::AlertLevel, QSsl::AlertType type, const QString& description) {
                if (type == QSsl::AlertType::CloseNotify)
                    m_peerSaidGoodbye = true;
                else
                    m_alert = harmless(description.toUtf8());
            });
}

TlsLeg::~TlsLeg() {
    m_socket->disconnect(this);
    if (m_inSignal > 0)
        m_socket->deleteLater();
    else
        delete m_socket;
}

void TlsLeg::startServer(int descriptor, const ServerTls& tls) {
    const auto configuration = serverConfiguration(tls);
    if (take(descriptor, configuration))
        m_socket->startServerEncryption();
}

void TlsLeg::startClient(int descriptor, const ClientTlsPolicy& policy) {
    m_client = true;
    m_mustVerify = policy.verify;
    m_peerName = policy.peerName;
    const auto configuration = clientConfiguration(policy);
    if (!take(descriptor, configuration))
        return;
    m_socket->setPeerVerifyName(QString::fromUtf8(m_peerName)); // also what the server is told we want (SNI)
    m_socket->startClientEncryption();
}

bool TlsLeg::take(int descriptor, const Result<QSslConfiguration>& configuration) {
    const Counted call(m_inCall);
    m_socket->setReadBufferSize(kBufferLimit);
    if (!m_socket->setSocketDescriptor(descriptor)) {
        net::closeDescriptor(descriptor);
        conclude({ErrorCode::Io, "connection with " + m_peer.address + " is gone", Permanence::Temporary}, false);
        return false;
    }
    if (!configuration) {
        conclude(configuration.error(), false);
        return false;
    }
    m_socket->setSslConfiguration(*configuration);
    return true;
}

void TlsLeg::write(const QByteArray& bytes) {
    const Counted call(m_inCall);
    m_socket->write(bytes);
}

void TlsLeg::flush() {
    const Counted call(m_inCall);
    m_socket->flush();
    advanceLater();
}

qint64 TlsLeg::unsent() const {
    return m_socket->bytesToWrite() + m_socket->encryptedBytesToWrite();
}

void TlsLeg::setReading(bool on) {
    if (std::exchange(m_reading, on) != on && on)
        advanceLater();
}

void TlsLeg::close() {
    const Counted call(m_inCall);
    m_closing = true;
    m_socket->disconnectFromHost();
    if (m_socket->state() == QAbstractSocket::UnconnectedState)
        conclude({}, false);
}

void TlsLeg::customEvent(QEvent*) {
    m_advancePosted = false;
    const QPointer<TlsLeg> alive(this);
    advance();
    if (alive && !m_advancePosted)
        rest();
}

void TlsLeg::rest() {
    const bool idle = m_inCall == 0 && m_inSignal == 0 && m_encrypted && !m_closing && !m_conclusion;
    if (idle && m_socket->bytesAvailable() == 0 && unsent() == 0)
        m_socket->giveBackBuffers();
}

void TlsLeg::advanceLater() {
    if (!std::exchange(m_advancePosted, true))
        QCoreApplication::postEvent(this, new QEvent(QEvent::User));
}

// Hands on what has been decrypted, then the end if it has come. Everything that arrived before the end comes first.
void TlsLeg::advance() {
    if (m_inCall > 0 || m_inSignal > 0) {
        advanceLater();
        return;
    }
    const QPointer<TlsLeg> alive(this);
    for (int i = 0; i < kReadsPerTurn && m_encrypted && m_reading && m_socket->bytesAvailable() > 0; ++i) {
        ++m_inSignal;
        const qint64 got = m_socket->read(readBuffer(), kReadBufferSize);
        if (got > 0)
            m_owner.legBytes(QByteArrayView(readBuffer(), got));
        if (!alive)
            return;
        --m_inSignal;
        if (got <= 0)
            break;
    }
    const bool drained = !m_encrypted || m_closing || m_socket->bytesAvailable() == 0;
    if (m_conclusion && drained) {
        const auto [reason, peerEnded] = *std::exchange(m_conclusion, std::nullopt);
        m_socket->disconnect(this);
        ++m_inSignal;
        m_owner.legEnded(reason, peerEnded);
        return;
    }
    if (!drained && m_reading)
        advanceLater();
}

void TlsLeg::onEncrypted() {
    if (m_client) {
        const QSslCertificate certificate = m_socket->peerCertificate();
        m_verified = countingErrors(m_socket->sslHandshakeErrors()).isEmpty() && carriesName(certificate, m_peerName);
        if (m_mustVerify && !m_verified) {
            conclude(tlsFailed(wrongNameText(certificate, m_peerName)), false);
            return;
        }
    } else {
        m_verified = !m_socket->peerCertificate().isNull() && m_socket->sslHandshakeErrors().isEmpty();
    }
    m_encrypted = true;
    SessionFacts facts = factsOf(*m_socket);
    facts.peerVerified = m_verified;
    const QPointer<TlsLeg> alive(this);
    ++m_inSignal;
    m_owner.legEncrypted(facts);
    if (!alive)
        return;
    --m_inSignal;
    advanceLater();
}

void TlsLeg::onWritten() {
    if (m_inCall > 0 || m_inSignal > 0 || m_conclusion || unsent() > 0)
        return; // whoever called asks unsent() afterwards
    const QPointer<TlsLeg> alive(this);
    ++m_inSignal;
    m_owner.legWritten();
    if (alive)
        --m_inSignal;
}

void TlsLeg::onSocketError() {
    if (!m_encrypted)
        conclude(handshakeError(), false);
    else if (m_socket->error() == QAbstractSocket::RemoteHostClosedError)
        onDisconnected();
    else
        conclude({ErrorCode::Io,
                  "TLS connection with " + m_peer.address + " port " + QByteArray::number(m_peer.port) +
                      " broke: " + (m_alert.isEmpty() ? harmless(m_socket->errorString().toUtf8()) : m_alert),
                  Permanence::Temporary},
                 false);
}

// After close_notify the peer has said all; a connection that ends without one may have been cut (RFC 8446 §6.1).
void TlsLeg::onDisconnected() {
    if (!m_encrypted) {
        conclude(handshakeError(), false);
        return;
    }
    const QByteArray who = m_peer.address + " port " + QByteArray::number(m_peer.port);
    if (m_peerSaidGoodbye)
        conclude({ErrorCode::Io, who + " closed the connection", Permanence::Temporary}, true);
    else
        conclude({ErrorCode::Io, who + " cut the TLS connection without ending it", Permanence::Temporary}, false);
}

// The first reason stays.
void TlsLeg::conclude(Error reason, bool peerEnded) {
    if (!m_conclusion)
        m_conclusion.emplace(std::move(reason), peerEnded);
    advanceLater();
}

Error TlsLeg::tlsFailed(const QByteArray& why) const {
    return {ErrorCode::Tls,
            "TLS with " + m_peer.address + " port " + QByteArray::number(m_peer.port) + " failed: " + why,
            Permanence::Temporary};
}

Error TlsLeg::handshakeError() const {
    if (m_client && m_mustVerify && !m_verifyErrors.isEmpty())
        return tlsFailed(describe(m_verifyErrors, m_peerName));
    if (!m_client && !m_verifyErrors.isEmpty())
        return tlsFailed("client: " + describe(m_verifyErrors, {}));
    if (!m_alert.isEmpty())
        return tlsFailed("the peer says: " + m_alert);
    // OpenSSL's way of saying that what came is no TLS record.
    const QString text = m_socket->errorString();
    for (const auto sign : {"wrong version number"_L1, "packet length too long"_L1, "http request"_L1})
        if (text.contains(sign))
            return tlsFailed("the other side does not speak TLS here (another port, or STARTTLS first?)");
    return tlsFailed(harmless(text.toUtf8()));
}

} // namespace postern::tls
