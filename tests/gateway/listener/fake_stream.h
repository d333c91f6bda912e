// SPDX-License-Identifier: GPL-3.0-or-later
//
// tls::Stream in memory: the test is the peer. What the peer says while reading is off waits, as it would in the kernel.
//
// The script outlives the stream, so a test can look at it after the connection is gone.
#pragma once

#include "tls/stream.h"

#include <QByteArrayList>

#include <algorithm>
#include <memory>
#include <utility>

namespace postern::test {

struct StreamScript {
    tls::StreamHandler* handler = nullptr;
    QByteArray address = "192.0.2.66";
    QByteArrayList writes;       // each write() of ours
    bool peerReads = true;       // false: everything stays unsent
    qint64 unsent = 0;
    bool reading = true;
    qint64 readLimit = 0;        // octets one onBytes() may bring
    int readingChanges = 0;
    bool tlsStarted = false, encrypted = false, closed = false, aborted = false, destroyed = false;
    QByteArray waiting;          // said by the peer while reading was off

    QByteArray written() const { return writes.join(); }

    void says(const QByteArray& bytes) {
        waiting += bytes;
        deliver();
    }
    void deliver() {
        bool goesOn = true;
        while (goesOn && reading && handler && !waiting.isEmpty()) {
            const qsizetype most = readLimit > 0 ? std::min<qsizetype>(readLimit, waiting.size()) : waiting.size();
            const QByteArray piece = waiting.first(most);
            waiting.remove(0, most);
            handler->onBytes(piece);
            goesOn = !waiting.isEmpty() && !closed && tlsStarted == encrypted;
        }
    }
    void handshakeDone() {
        encrypted = true;
        handler->onEncrypted({"TLSv1.3", "TLS_AES_256_GCM_SHA384", 256, false, {}});
        deliver();
    }
    void takes(qint64 octets) { // the peer reads so much of what is unsent
        unsent = qMax<qint64>(0, unsent - octets);
        if (unsent == 0 && handler)
            handler->onWritten();
        deliver();
    }
    void hangsUp() { end({ErrorCode::Io, "closed the connection", Permanence::Temporary}, true); }
    void breaks(const QByteArray& why) { end({ErrorCode::Io, why, Permanence::Temporary}, false); }
    void end(const Error& reason, bool peerEnded) {
        if (auto* last = std::exchange(handler, nullptr))
            last->onClosed(reason, peerEnded);
    }
};

class FakeStream final : public tls::Stream {
  public:
    explicit FakeStream(std::shared_ptr<StreamScript> script) : m_script(std::move(script)) {}
    ~FakeStream() override { m_script->destroyed = true; }

    void setHandler(tls::StreamHandler* handler) override { m_script->handler = handler; }
    void write(QByteArray bytes) override {
        if (!m_script->peerReads)
            m_script->unsent += bytes.size();
        m_script->writes.append(std::move(bytes));
    }
    qint64 unsent() const override { return m_script->unsent; }
    void setReading(bool on) override {
        m_script->reading = on;
        ++m_script->readingChanges;
    }
    void limitReads(qint64 octets) override { m_script->readLimit = octets; }
    void startServerTls(const tls::ServerTls&) override { m_script->tlsStarted = true; }
    void startClientTls(const tls::ClientTlsPolicy&) override {}
    void close() override { m_script->closed = true; }
    void abort() override {
        m_script->aborted = true;
        m_script->handler = nullptr;
    }
    QByteArray peerAddress() const override { return m_script->address; }
    quint16 peerPort() const override { return 40'000; }
    QByteArray localAddress() const override { return "192.0.2.1"; }
    quint16 localPort() const override { return 25; }
    bool isEncrypted() const override { return m_script->encrypted; }

  private:
    const std::shared_ptr<StreamScript> m_script;
};

} // namespace postern::test
