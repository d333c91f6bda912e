// SPDX-License-Identifier: GPL-3.0-or-later
//
// One TCP connection that may turn into TLS: bytes in and out, back-pressure, orderly close.
//
// In clear it owns the descriptor itself (one read per wake-up into a per-thread buffer); startServerTls()/startClientTls()
// hand the descriptor to QSslSocket. Because the clear part has no hidden buffer, nothing that arrived behind STARTTLS can
// be taken for encrypted input: upgrading with unread plaintext fails (CVE-2011-0411), also when it sits in the kernel.
// Thread: the one that made it; needs its event loop. Lifetime: the handler outlives the stream, or calls setHandler(nullptr)
//   first. A handler may destroy the stream inside any callback.
// Callbacks come from the event loop only, never from inside a call of one of the stream's functions. What is written
//   inside a callback leaves in one send when the callback returns.
// Failure: exactly one onClosed(), after which nothing is called. Spec: RFC 3207, RFC 8446.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "tls/tls_policy.h"

#include <QByteArray>

#include <memory>

namespace postern::tls {

class StreamHandler {
  public:
    virtual ~StreamHandler() = default;
    virtual void onConnected() {}                        // outgoing: TCP is up
    virtual void onBytes(QByteArrayView bytes) = 0;      // view valid during the call only
    virtual void onEncrypted(const SessionFacts& facts) = 0;
    virtual void onWritten() {}                          // everything handed to write() has left for the kernel
    // peerEnded: the peer closed in an orderly way (in TLS: with close_notify). Otherwise `reason` says what broke, with
    // host and port; its text is empty after our own close().
    virtual void onClosed(const Error& reason, bool peerEnded) = 0;
    virtual quint32 work() const { return 0; }           // the message under way, for crash notes (base/crash_notes.h)
};

class Stream {
  public:
    virtual ~Stream() = default; // closes hard
    virtual void setHandler(StreamHandler* handler) = 0;

    virtual void write(QByteArray bytes) = 0;            // queued; tried at once. Not between startTls and onEncrypted
    virtual qint64 unsent() const = 0;                   // octets not yet with the kernel
    virtual void setReading(bool on) = 0;                // back-pressure
    // In clear: no call of onBytes() brings more than so many octets, the rest stays in the kernel; 0 = no limit.
    virtual void limitReads(qint64 octets) = 0;

    // What is queued leaves in clear first. Then onEncrypted(), or onClosed() with what is wrong.
    virtual void startServerTls(const ServerTls& tls) = 0;
    virtual void startClientTls(const ClientTlsPolicy& policy) = 0;

    virtual void close() = 0;  // flush, then close; onClosed() follows
    virtual void abort() = 0;  // at once; no callback

    virtual QByteArray peerAddress() const = 0;
    virtual quint16 peerPort() const = 0;
    virtual QByteArray localAddress() const = 0;
    virtual quint16 localPort() const = 0;
    virtual bool isEncrypted() const = 0;
};

// A connection that was accepted. Takes the descriptor over.
std::unique_ptr<Stream> adoptStream(qintptr descriptor, StreamHandler* handler);

// An outgoing connection to an address literal, or to a socket of this computer if it begins with "/"; sourceAddress "" = the system chooses. onConnected() or onClosed() follows.
std::unique_ptr<Stream> connectStream(const QByteArray& address, quint16 port, const QByteArray& sourceAddress,
                                      Milliseconds connectTimeout, StreamHandler* handler);

} // namespace postern::tls
