// SPDX-License-Identifier: GPL-3.0-or-later
//
// tls::Stream over a socket: the clear part itself, the encrypted part through a TlsLeg.
//
// Callbacks only ever come from the event loop, never from inside a call of write(), close(), setHandler()... What those
// find out is posted to ourselves. What a handler writes inside a callback leaves in one send when it returns.
// Thread: its own. Spec: RFC 3207 (the answer to STARTTLS is the last octet in clear).
#pragma once

#include "tls/socket_calls.h"
#include "tls/stream.h"
#include "tls/tls_leg.h"

#include <QBasicTimer>
#include <QObject>

#include <deque>
#include <memory>
#include <optional>
#include <variant>

class QSocketNotifier;

namespace postern::tls {

class SocketStream final : public QObject, public Stream, private TlsLegOwner {
  public:
    struct Limits {
        Milliseconds handshake{60'000};
        Milliseconds flush{30'000}; // close() with a peer that does not read
        Milliseconds linger{2'000};
    };

    SocketStream(int descriptor, StreamHandler* handler, Limits limits);
    SocketStream(const Result<int>& descriptor, net::Endpoint peer, Milliseconds connectTimeout, StreamHandler* handler,
                 Limits limits);
    ~SocketStream() override;

    void setHandler(StreamHandler* handler) override;
    void write(QByteArray bytes) override;
    qint64 unsent() const override;
    void setReading(bool on) override;
    void limitReads(qint64 octets) override { m_mostAtOnce = octets; }
    void startServerTls(const ServerTls& tls) override;
    void startClientTls(const ClientTlsPolicy& policy) override;
    void close() override;
    void abort() override;
    QByteArray peerAddress() const override { return m_peer.address; }
    quint16 peerPort() const override { return m_peer.port; }
    QByteArray localAddress() const override { return m_local.address; }
    quint16 localPort() const override { return m_local.port; }
    bool isEncrypted() const override { return m_leg && m_leg->isEncrypted(); }

  protected:
    void customEvent(QEvent* event) override;
    void timerEvent(QTimerEvent* event) override;

  private:
    // Connecting → Clear → Upgrading (clear output leaves, nothing is read) → AwaitingHello (servers: what the client asks
    // for is looked at, and left in the kernel) → Encrypted (from the first octet that the TLS library reads on).
    // Lingering: said all, listens until the peer has read it. Closed is final.
    enum class Phase { Connecting, Clear, Upgrading, AwaitingHello, Encrypted, Lingering, Closed };
    struct Ending {
        Error reason;
        bool peerEnded = false;
    };

    void onReadable();
    void onWritable();
    void finishConnect();
    void discardInput();
    void sendClear();
    bool wantsInput() const { return m_reading && !m_closing && m_handler; }
    void updateInterest();
    void settle();
    void settleLater();
    void upgrade();
    void onHello();
    void refuseHello(Error why, QByteArrayView alert);
    void beginTls();
    Error tlsFailed(const QByteArray& why) const;
    void closeClear();
    void fail(Error reason, bool peerEnded = false);
    void failLater(Error reason, bool peerEnded = false);
    void release();
    template <class Call> bool tell(Call call);

    void legBytes(QByteArrayView bytes) override;
    void legEncrypted(const SessionFacts& facts) override;
    void legWritten() override;
    void legEnded(const Error& reason, bool peerEnded) override;

    const Limits m_limits;
    StreamHandler* m_handler;
    int m_descriptor = -1; // -1 once handed to the leg or closed
    Phase m_phase = Phase::Clear;
    bool m_reading = true;
    bool m_closing = false;      // close() was called: flush, then go
    bool m_writtenDue = false;   // onWritten() is owed
    bool m_settlePosted = false;
    bool m_writeBlocked = false; // the kernel's buffer was full
    int m_depth = 0;             // inside so many callbacks
    net::Endpoint m_peer, m_local;
    std::deque<QByteArray> m_out; // clear output; the first m_outOffset octets of the front are gone
    qsizetype m_outOffset = 0;
    qint64 m_outBytes = 0;
    std::unique_ptr<QSocketNotifier> m_readNotifier, m_writeNotifier;
    std::variant<std::monostate, ServerTls, ClientTlsPolicy> m_upgradeTo;
    qsizetype m_helloWanted = 1;    // octets of the hello that must wait before it is looked at again
    Error m_farewell;               // why Lingering ends
    qint64 m_mostAtOnce = 0;        // octets of one read; 0 = no limit
    std::unique_ptr<TlsLeg> m_leg;
    std::optional<Ending> m_ending; // waits to be told
    QBasicTimer m_timer;            // connecting, handshake, closing: one at a time
};

} // namespace postern::tls
