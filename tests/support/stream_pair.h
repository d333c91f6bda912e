// SPDX-License-Identifier: GPL-3.0-or-later
//
// Two ends of a loopback connection on a free port, and a handler that remembers what it was told.
//
// A test drives one or both ends; everything runs on the test's own event loop (QTRY_COMPARE turns it).
#pragma once

#include "tls/stream.h"

#include <QByteArray>

#include <functional>
#include <memory>
#include <optional>

namespace postern::test {

// Notes every callback. onEvent, if set, is called after each of them has been noted ("bytes", "written", ...).
class RecordingHandler : public tls::StreamHandler {
  public:
    void onConnected() override;
    void onBytes(QByteArrayView bytes) override;
    void onEncrypted(const tls::SessionFacts& facts) override;
    void onWritten() override;
    void onClosed(const Error& reason, bool peerEnded) override;

    QByteArray received;
    int connects = 0, written = 0, closes = 0, callbacksAfterClose = 0;
    qint64 largestPiece = 0;
    std::optional<tls::SessionFacts> facts;
    Error reason;
    bool peerEnded = false;
    std::function<void(const char* what)> onEvent;

  private:
    void note(const char* what);
};

// A listening socket on 127.0.0.1, any free port, that hands out what it accepted as descriptors.
class LoopbackListener {
  public:
    LoopbackListener();
    ~LoopbackListener();
    quint16 port() const { return m_port; }
    int accept() const; // blocking, which on loopback after a connect is immediate

  private:
    int m_descriptor = -1;
    quint16 m_port = 0;
};

// Both ends as descriptors, connected: the "server" one was accepted.
struct DescriptorPair {
    int server = -1, client = -1;
};
DescriptorPair connectedPair();

// Both ends as streams with recording handlers. Either stream may be reset by the test.
struct StreamPair {
    StreamPair();
    RecordingHandler serverHandler, clientHandler;
    std::unique_ptr<tls::Stream> server, client;
};

// Lets everything happen that can happen by now, to show that something did not. No waiting: what one end of a loopback
// connection has sent, the other can read at once.
void turnTheLoop();

} // namespace postern::test
