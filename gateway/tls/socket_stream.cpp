// SPDX-License-Identifier: GPL-3.0-or-later
#include "tls/socket_stream.h"

#include "base/contract.h"
#include "base/crash_notes.h"
#include "base/log.h"
#include "tls/client_hello.h"
#include "tls/read_buffer.h"

#include <QCoreApplication>
#include <QEvent>
#include <QPointer>
#include <QSocketNotifier>
#include <QTimerEvent>

#include <algorithm>
#include <utility>

namespace postern::tls {

char* readBuffer() {
    thread_local const std::unique_ptr<char[]> buffer(new char[size_t(kReadBufferSize)]);
    return buffer.get();
}

SocketStream::SocketStream(int descriptor, StreamHandler* handler, Limits limits)
    : m_limits(limits), m_handler(handler), m_descriptor(descriptor), m_peer(net::peerOf(descriptor)), m_local(net::localOf(descriptor)) {
    net::prepare(descriptor);
    updateInterest();
}

SocketStream::SocketStream(const Result<int>& descriptor, net::Endpoint peer, Milliseconds connectTimeout,
                           StreamHandler* handler, Limits limits)
    : m_limits(limits), m_handler(handler), m_phase(Phase::Connecting), m_peer(std::move(peer)) {
    if (!descriptor) {
        failLater(descriptor.error());
        return;
    }
    m_descriptor = *descriptor;
    m_timer.start(int(connectTimeout.count()), Qt::CoarseTimer, this);
    updateInterest();
}

SocketStream::~SocketStream() {
    if (m_phase == Phase::Clear && !m_writeBlocked && !m_out.empty())
        sendClear(); // what a handler wrote just before it let go gets its one try
    m_phase = Phase::Closed;
    release();
}

void SocketStream::setHandler(StreamHandler* handler) {
    m_handler = handler;
    if (m_ending && handler)
        settleLater();
    updateInterest();
}

void SocketStream::write(QByteArray bytes) {
    if (bytes.isEmpty() || m_closing || m_phase == Phase::Closed || m_phase == Phase::Lingering)
        return;
    POSTERN_CHECK(m_phase != Phase::Upgrading && m_phase != Phase::AwaitingHello, return); // the last octet in clear is written
    m_writtenDue = true;
    if (m_phase == Phase::Encrypted) {
        m_leg->write(bytes);
    } else {
        m_outBytes += bytes.size();
        m_out.push_back(std::move(bytes));
    }
    if (m_depth > 0)
        return; // settle() follows when the handler returns
    if (m_phase == Phase::Encrypted)
        m_leg->flush();
    else if (m_phase == Phase::Clear && !m_writeBlocked)
        sendClear();
    if (unsent() == 0)
        settleLater();
}

qint64 SocketStream::unsent() const {
    return m_leg ? m_leg->unsent() : m_outBytes;
}

void SocketStream::setReading(bool on) {
    if (m_reading == on)
        return;
    m_reading = on;
    updateInterest();
}

void SocketStream::startServerTls(const ServerTls& tls) {
    if (m_phase == Phase::Closed || m_closing)
        return;
    POSTERN_CHECK(m_phase == Phase::Clear, return);
    m_phase = Phase::Upgrading;
    m_upgradeTo = tls;
    updateInterest();
    settleLater();
}

void SocketStream::startClientTls(const ClientTlsPolicy& policy) {
    if (m_phase == Phase::Closed || m_closing)
        return;
    POSTERN_CHECK(m_phase == Phase::Clear, return);
    m_phase = Phase::Upgrading;
    m_upgradeTo = policy;
    updateInterest();
    settleLater();
}

void SocketStream::close() {
    if (m_closing || m_phase == Phase::Closed)
        return;
    m_closing = true;
    if (m_phase == Phase::Connecting) {
        failLater({});
        return;
    }
    m_timer.start(int(m_limits.flush.count()), Qt::CoarseTimer, this);
    if (m_phase == Phase::Encrypted) {
        updateInterest();
        m_leg->close();
        return;
    }
    updateInterest();
    if (m_depth == 0)
        settleLater();
}

void SocketStream::abort() {
    m_phase = Phase::Closed;
    m_ending.reset();
    m_handler = nullptr;
    release();
}

void SocketStream::customEvent(QEvent*) {
    m_settlePosted = false;
    settle();
}

void SocketStream::timerEvent(QTimerEvent* event) {
    if (event->timerId() != m_timer.timerId())
        return;
    m_timer.stop();
    const QByteArray who = m_peer.address + " port " + QByteArray::number(m_peer.port);
    if (m_phase == Phase::Connecting)
        fail({ErrorCode::Timeout, "connection to " + who + " timed out", Permanence::Temporary});
    else if (m_phase == Phase::Lingering)
        fail(std::exchange(m_farewell, {}));
    else if (m_closing)
        fail({ErrorCode::Timeout, who + " did not take the last octets in time", Permanence::Temporary});
    else
        fail({ErrorCode::Timeout, "TLS handshake with " + who + " did not finish in time", Permanence::Temporary});
}

// Runs `call` on the handler. False: it destroyed or aborted the stream, touch nothing.
template <class Call>
bool SocketStream::tell(Call call) {
    if (!m_handler)
        return true;
    const QPointer<SocketStream> alive(this);
    const AtWork here(m_handler->work());
    ++m_depth;
    call(*m_handler);
    if (!alive)
        return false;
    --m_depth;
    return m_phase != Phase::Closed;
}

void SocketStream::onReadable() {
    if (m_phase == Phase::Lingering) {
        discardInput();
        return;
    }
    if (m_phase == Phase::AwaitingHello) {
        onHello();
        return;
    }
    for (int i = 0; i < kReadsPerTurn; ++i) {
        const qint64 most = m_mostAtOnce > 0 ? std::min(m_mostAtOnce, kReadBufferSize) : kReadBufferSize;
        const net::IoResult got = net::receive(m_descriptor, readBuffer(), most);
        switch (got.what) {
        case net::Io::WouldBlock: return;
        case net::Io::Ended: fail({ErrorCode::Io, m_peer.address + " closed the connection", Permanence::Temporary}, true); return;
        case net::Io::Failed: fail(net::brokenError(m_peer, got.error)); return;
        case net::Io::Done: break;
        }
        if (!tell([&](StreamHandler& handler) { handler.onBytes(QByteArrayView(readBuffer(), got.bytes)); }))
            return;
        const QPointer<SocketStream> alive(this);
        settle();
        if (!alive || got.bytes < most || m_phase != Phase::Clear || !wantsInput())
            return;
    }
}

void SocketStream::onWritable() {
    if (m_phase == Phase::Connecting) {
        finishConnect();
        return;
    }
    m_writeBlocked = false;
    settle();
}

void SocketStream::finishConnect() {
    if (const int error = net::pendingError(m_descriptor)) {
        fail(net::connectError(m_peer, error));
        return;
    }
    m_timer.stop();
    m_phase = Phase::Clear;
    m_local = net::localOf(m_descriptor);
    updateInterest();
    if (tell([](StreamHandler& handler) { handler.onConnected(); }))
        settle();
}

// Sends what the kernel takes. A broken connection is reported from the event loop.
void SocketStream::sendClear() {
    while (!m_out.empty()) {
        const net::IoResult sent = net::sendSome(m_descriptor, m_out, m_outOffset);
        if (sent.what == net::Io::WouldBlock) {
            m_writeBlocked = true;
            break;
        }
        if (sent.what != net::Io::Done) {
            failLater(net::brokenError(m_peer, sent.error));
            return;
        }
        m_outBytes -= sent.bytes;
        m_outOffset += sent.bytes;
        while (!m_out.empty() && m_outOffset >= m_out.front().size()) {
            m_outOffset -= m_out.front().size();
            m_out.pop_front();
        }
    }
    updateInterest();
}

void SocketStream::updateInterest() {
    if (m_leg)
        m_leg->setReading(wantsInput());
    const bool owns = m_descriptor >= 0 && m_phase != Phase::Closed;
    const bool read = owns && (m_phase == Phase::Lingering || (m_phase == Phase::AwaitingHello && !m_closing) ||
                                (m_phase == Phase::Clear && wantsInput()));
    const bool write = owns && (m_phase == Phase::Connecting || (m_writeBlocked && !m_out.empty()));
    const auto set = [this](std::unique_ptr<QSocketNotifier>& notifier, QSocketNotifier::Type type, bool on, auto slot) {
        if (!notifier && on) {
            notifier = std::make_unique<QSocketNotifier>(m_descriptor, type);
            connect(notifier.get(), &QSocketNotifier::activated, this, slot);
        } else if (notifier && notifier->isEnabled() != on) {
            notifier->setEnabled(on);
        }
    };
    set(m_readNotifier, QSocketNotifier::Read, read, [this] { onReadable(); });
    set(m_writeNotifier, QSocketNotifier::Write, write, [this] { onWritable(); });
}

// Brings everything that is due forward by one step; called from the event loop only, never inside a callback.
void SocketStream::settle() {
    if (m_phase == Phase::Closed) {
        if (m_ending && m_handler) {
            StreamHandler* handler = std::exchange(m_handler, nullptr);
            const Ending ending = std::move(*m_ending);
            m_ending.reset();
            handler->onClosed(ending.reason, ending.peerEnded);
        }
        return;
    }
    const AtWork here(m_handler ? m_handler->work() : 0);
    if (m_phase == Phase::Encrypted)
        m_leg->flush();
    else if (!m_writeBlocked && !m_out.empty() && m_phase != Phase::Connecting)
        sendClear();
    if (m_phase == Phase::Closed)
        return; // the send failed; a posted settle() tells
    if (unsent() == 0 && m_phase == Phase::Upgrading && !m_closing) {
        m_writtenDue = false;
        upgrade();
        return;
    }
    if (unsent() == 0 && m_closing && m_phase != Phase::Encrypted) {
        closeClear();
        return;
    }
    if (unsent() == 0 && std::exchange(m_writtenDue, false)) {
        if (!tell([](StreamHandler& handler) { handler.onWritten(); }))
            return;
        if (m_writtenDue || m_closing)
            settleLater(); // one step a turn: a fast reader must not keep the others waiting
    }
}

void SocketStream::settleLater() {
    if (!std::exchange(m_settlePosted, true))
        QCoreApplication::postEvent(this, new QEvent(QEvent::User));
}

// The clear output is gone. Nothing may wait to be read now, except, for a server, the hello itself: whatever else came
// was said before the handshake and must not be taken for something said inside it.
void SocketStream::upgrade() {
    const bool server = std::holds_alternative<ServerTls>(m_upgradeTo);
    constexpr char kTlsHandshakeRecord = 0x16;
    char first = 0;
    const net::IoResult waiting = net::peekOne(m_descriptor, &first);
    if (waiting.what == net::Io::Failed) {
        fail(net::brokenError(m_peer, waiting.error));
        return;
    }
    if (waiting.what == net::Io::Done && (!server || first != kTlsHandshakeRecord)) {
        fail({ErrorCode::Tls, "bytes behind STARTTLS from " + m_peer.address + " (injected commands?)", Permanence::Temporary});
        return;
    }
    m_timer.start(int(m_limits.handshake.count()), Qt::CoarseTimer, this);
    if (!server || !std::get<ServerTls>(m_upgradeTo).identity) {
        beginTls();
        return;
    }
    m_phase = Phase::AwaitingHello;
    m_helloWanted = 1;
    updateInterest();
    onHello(); // it may be there already
}

// The hello is read where it lies, so that the TLS library still finds it. A wake-up that brings less than was waited for
// means that no more will come, or that the kernel has no room for it: the library may see what it makes of that.
void SocketStream::onHello() {
    const net::IoResult got = net::peek(m_descriptor, readBuffer(), kMostHello);
    if (got.what == net::Io::WouldBlock)
        return;
    if (got.what == net::Io::Ended) {
        fail(tlsFailed("the client left before it began"));
        return;
    }
    if (got.what == net::Io::Failed) {
        fail(net::brokenError(m_peer, got.error));
        return;
    }
    const ClientHello hello = readClientHello(QByteArrayView(readBuffer(), got.bytes));
    switch (hello.state) {
    case ClientHello::State::NotTls:
        fail(tlsFailed("the other side does not speak TLS here (another port, or STARTTLS first?)"));
        return;
    case ClientHello::State::NeedMore:
        if (got.bytes >= m_helloWanted) {
            m_helloWanted = hello.wanted;
            net::wakeWhenWaiting(m_descriptor, hello.wanted);
            return;
        }
        break;
    case ClientHello::State::Complete: {
        if (speaksSomethingElse(hello)) {
            // RFC 8446 §6.2: fatal, no_application_protocol
            refuseHello(tlsFailed("the client wants to speak \"" + harmless(hello.protocols.first(), 40) + "\", not SMTP"),
                        QByteArrayView("\x15\x03\x03\x00\x02\x02\x78", 7));
            return;
        }
        ServerTls& tls = std::get<ServerTls>(m_upgradeTo);
        const IdentityPtr named =
            tls.names && !hello.serverName.isEmpty() ? tls.names->find(hello.serverName) : nullptr;
        if (named)
            tls.identity = named;
        break;
    }
    case ClientHello::State::Unreadable:
        break;
    }
    beginTls();
}

// The hello is left unread, so closing at once would be a reset and could overtake the alert.
void SocketStream::refuseHello(Error why, QByteArrayView alert) {
    net::wakeWhenWaiting(m_descriptor, 1);
    (void)net::sendSome(m_descriptor, {alert.toByteArray()}, 0);
    m_farewell = std::move(why);
    m_phase = Phase::Lingering;
    net::endWriting(m_descriptor);
    m_timer.start(int(m_limits.linger.count()), Qt::CoarseTimer, this);
    updateInterest();
}

Error SocketStream::tlsFailed(const QByteArray& why) const {
    return {ErrorCode::Tls, "TLS with " + m_peer.address + " port " + QByteArray::number(m_peer.port) + " failed: " + why,
            Permanence::Temporary};
}

void SocketStream::beginTls() {
    const bool server = std::holds_alternative<ServerTls>(m_upgradeTo);
    if (m_helloWanted > 1)
        net::wakeWhenWaiting(m_descriptor, 1);
    m_readNotifier.reset();
    m_writeNotifier.reset();
    m_phase = Phase::Encrypted;
    m_leg = std::make_unique<TlsLeg>(static_cast<TlsLegOwner&>(*this), m_peer);
    m_leg->setReading(wantsInput());
    const int descriptor = std::exchange(m_descriptor, -1);
    const auto target = std::exchange(m_upgradeTo, std::monostate{});
    if (server)
        m_leg->startServer(descriptor, std::get<ServerTls>(target));
    else
        m_leg->startClient(descriptor, std::get<ClientTlsPolicy>(target));
}

// Everything is with the kernel. Closing while input waits would reset the connection and could destroy our last reply
// on its way, so such a peer is listened to (and ignored) for a moment.
void SocketStream::closeClear() {
    char first = 0;
    const bool inputWaits = net::peekOne(m_descriptor, &first).what == net::Io::Done;
    if (!inputWaits) {
        fail({});
        return;
    }
    m_phase = Phase::Lingering;
    net::endWriting(m_descriptor);
    m_timer.start(int(m_limits.linger.count()), Qt::CoarseTimer, this);
    updateInterest();
}

void SocketStream::discardInput() {
    for (int i = 0; i < kReadsPerTurn; ++i) {
        const net::IoResult got = net::receive(m_descriptor, readBuffer(), kReadBufferSize);
        if (got.what == net::Io::WouldBlock)
            return;
        if (got.what != net::Io::Done) {
            fail(std::exchange(m_farewell, {}));
            return;
        }
    }
}

// The end. From the event loop only, as the last thing done: the handler may destroy us.
void SocketStream::fail(Error reason, bool peerEnded) {
    if (m_phase == Phase::Closed)
        return;
    m_phase = Phase::Closed;
    release();
    m_ending = Ending{std::move(reason), peerEnded};
    settle();
}

void SocketStream::failLater(Error reason, bool peerEnded) {
    if (m_phase == Phase::Closed)
        return;
    m_phase = Phase::Closed;
    release();
    m_ending = Ending{std::move(reason), peerEnded};
    settleLater();
}

void SocketStream::release() {
    m_timer.stop();
    m_readNotifier.reset();
    m_writeNotifier.reset();
    m_leg.reset();
    m_out.clear();
    m_outBytes = m_outOffset = 0;
    if (m_descriptor >= 0)
        net::closeDescriptor(std::exchange(m_descriptor, -1));
}

void SocketStream::legBytes(QByteArrayView bytes) {
    if (m_closing)
        return;
    if (tell([&](StreamHandler& handler) { handler.onBytes(bytes); }))
        settle();
}

void SocketStream::legEncrypted(const SessionFacts& facts) {
    if (m_closing)
        return;
    m_timer.stop();
    if (tell([&](StreamHandler& handler) { handler.onEncrypted(facts); }))
        settle();
}

void SocketStream::legWritten() {
    if (m_depth == 0)
        settle();
    else
        settleLater();
}

void SocketStream::legEnded(const Error& reason, bool peerEnded) {
    if (m_closing)
        fail({});
    else
        fail(reason, peerEnded);
}

std::unique_ptr<Stream> adoptStream(qintptr descriptor, StreamHandler* handler) {
    return std::make_unique<SocketStream>(int(descriptor), handler, SocketStream::Limits());
}

std::unique_ptr<Stream> connectStream(const QByteArray& address, quint16 port, const QByteArray& sourceAddress,
                                      Milliseconds connectTimeout, StreamHandler* handler) {
    const net::Endpoint peer{address, port};
    return std::make_unique<SocketStream>(net::startConnect(peer, sourceAddress), peer, connectTimeout, handler,
                                          SocketStream::Limits());
}

} // namespace postern::tls
