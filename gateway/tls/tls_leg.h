// SPDX-License-Identifier: GPL-3.0-or-later
//
// The encrypted part of a stream: a QSslSocket with its buffers capped, kinds of ending told apart, errors readable.
//
// Not a stream of its own: it takes over a connected descriptor whose clear input is known to be empty.
// Thread: its own. Lifetime: the owner may destroy it inside any of the owner's functions; nothing is called after
//   legEnded(). Failure: exactly one legEnded(). Spec: RFC 8446 §6.1 (close_notify), RFC 9525 (names).
#pragma once

#include "base/result.h"
#include "tls/socket_calls.h"
#include "tls/tls_policy.h"

#include <QObject>
#include <QSslConfiguration>
#include <QSslError>

#include <optional>
#include <utility>

namespace postern::tls {

class ThriftySocket;

class TlsLegOwner {
  public:
    virtual ~TlsLegOwner() = default;
    virtual void legBytes(QByteArrayView bytes) = 0;
    virtual void legEncrypted(const SessionFacts& facts) = 0;
    virtual void legWritten() = 0; // nothing is left unsent
    virtual void legEnded(const Error& reason, bool peerEnded) = 0;
};

class TlsLeg final : public QObject {
  public:
    TlsLeg(TlsLegOwner& owner, net::Endpoint peer);
    ~TlsLeg() override; // closes hard

    void startServer(int descriptor, const ServerTls& tls);
    void startClient(int descriptor, const ClientTlsPolicy& policy);

    void write(const QByteArray& bytes);
    void flush();
    qint64 unsent() const;
    void setReading(bool on);
    void close(); // flush, close_notify, close
    bool isEncrypted() const { return m_encrypted; }

  protected:
    void customEvent(QEvent* event) override;

  private:
    bool take(int descriptor, const Result<QSslConfiguration>& configuration);
    void advance();
    void advanceLater();
    void rest();
    void onEncrypted();
    void onWritten();
    void onSocketError();
    void onDisconnected();
    void conclude(Error reason, bool peerEnded);
    Error handshakeError() const;
    Error tlsFailed(const QByteArray& why) const;

    // Constant after start.
    TlsLegOwner& m_owner;
    const net::Endpoint m_peer;
    QByteArray m_peerName; // the name the certificate must carry; client only
    bool m_client = false, m_mustVerify = false;

    ThriftySocket* m_socket; // ours; not deleted inside its own signals
    int m_inCall = 0, m_inSignal = 0;
    bool m_reading = true, m_encrypted = false, m_verified = false, m_closing = false, m_advancePosted = false;
    bool m_peerSaidGoodbye = false; // close_notify arrived: what came before it is complete
    QByteArray m_alert;             // what the peer complained about
    QList<QSslError> m_verifyErrors;
    std::optional<std::pair<Error, bool>> m_conclusion; // how it ended; told when all input has been handed on
};

} // namespace postern::tls
