// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/stream_pair.h"

#include <QCoreApplication>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace postern::test {

void RecordingHandler::note(const char* what) {
    if (closes > 0 && qstrcmp(what, "closed") != 0)
        ++callbacksAfterClose;
    if (onEvent) {
        const auto call = onEvent; // it may replace itself, or destroy us
        call(what);
    }
}

void RecordingHandler::onConnected() {
    ++connects;
    note("connected");
}

void RecordingHandler::onBytes(QByteArrayView bytes) {
    received.append(bytes);
    largestPiece = qMax<qint64>(largestPiece, bytes.size());
    note("bytes");
}

void RecordingHandler::onEncrypted(const tls::SessionFacts& sessionFacts) {
    facts = sessionFacts;
    note("encrypted");
}

void RecordingHandler::onWritten() {
    ++written;
    note("written");
}

void RecordingHandler::onClosed(const Error& why, bool ended) {
    ++closes;
    reason = why;
    peerEnded = ended;
    note("closed");
}

LoopbackListener::LoopbackListener() : m_descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (::bind(m_descriptor, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(m_descriptor, 64) != 0 ||
        ::getsockname(m_descriptor, reinterpret_cast<sockaddr*>(&address), &length) != 0)
        qFatal("no loopback socket to listen on");
    m_port = ntohs(address.sin_port);
}

LoopbackListener::~LoopbackListener() {
    ::close(m_descriptor);
}

int LoopbackListener::accept() const {
    return ::accept4(m_descriptor, nullptr, nullptr, SOCK_CLOEXEC);
}

DescriptorPair connectedPair() {
    const LoopbackListener listener;
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(listener.port());
    DescriptorPair pair;
    pair.client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(pair.client, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        qFatal("no loopback connection");
    pair.server = listener.accept();
    return pair;
}

StreamPair::StreamPair() {
    const DescriptorPair pair = connectedPair();
    server = tls::adoptStream(pair.server, &serverHandler);
    client = tls::adoptStream(pair.client, &clientHandler);
}

void turnTheLoop() {
    for (int i = 0; i < 10; ++i)
        QCoreApplication::processEvents();
}

} // namespace postern::test
