// SPDX-License-Identifier: GPL-3.0-or-later
//
// A stream in clear, over loopback: broken and ended connections, back-pressure, closing, destruction in callbacks.
#include "support/engine_main.h"
#include "support/stream_pair.h"
#include "tls/socket_stream.h"

#include <QElapsedTimer>
#include <QRegularExpression>
#include <QTest>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <sys/socket.h>
#include <unistd.h>

using namespace Qt::StringLiterals;
using namespace postern;
using namespace postern::test;

class TestClearStream : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }

    void refusedConnectionSaysWhereAndWhy() {
        quint16 port = 0;
        {
            const LoopbackListener gone;
            port = gone.port();
        }
        RecordingHandler handler;
        const auto stream = tls::connectStream("127.0.0.1", port, {}, Milliseconds(5000), &handler);
        QCOMPARE(handler.closes, 0); // never from inside the call
        QTRY_COMPARE(handler.closes, 1);
        QCOMPARE(handler.reason.text, "connection to 127.0.0.1 port " + QByteArray::number(port) + " refused");
        QVERIFY(handler.reason.code == ErrorCode::Unavailable);
        QVERIFY(!handler.peerEnded);
        QCOMPARE(handler.connects, 0);
    }

    void impossibleConnectionsFailWithWords_data() {
        QTest::addColumn<QByteArray>("address");
        QTest::addColumn<QByteArray>("source");
        QTest::addColumn<QByteArray>("text");
        QTest::addRow("a name is not looked up") << "mx.one.example"_ba << ""_ba << "\"mx.one.example\" is not an IP address"_ba;
        QTest::addRow("source of the other family")
            << "127.0.0.1"_ba << "::1"_ba << "source address ::1 cannot reach 127.0.0.1: one is IPv4, the other IPv6"_ba;
        QTest::addRow("source that is not ours")
            << "127.0.0.1"_ba << "192.0.2.77"_ba
            << "source address 192.0.2.77 cannot be used: cannot assign requested address"_ba;
    }
    void impossibleConnectionsFailWithWords() {
        QFETCH(QByteArray, address);
        QFETCH(QByteArray, source);
        RecordingHandler handler;
        const auto stream = tls::connectStream(address, 25, source, Milliseconds(5000), &handler);
        QCOMPARE(handler.closes, 0);
        QTRY_COMPARE(handler.closes, 1);
        QTEST(handler.reason.text, "text");
    }

    void connectTimesOut() {
        // A listener whose queue is full answers no further SYN: the connection neither succeeds nor fails.
        const int full = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address = {};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        QCOMPARE(::bind(full, reinterpret_cast<sockaddr*>(&address), length), 0);
        QCOMPARE(::listen(full, 0), 0);
        QCOMPARE(::getsockname(full, reinterpret_cast<sockaddr*>(&address), &length), 0);
        const quint16 port = ntohs(address.sin_port);
        RecordingHandler fillers[3];
        std::unique_ptr<tls::Stream> fill[3];
        for (int i = 0; i < 3; ++i)
            fill[i] = tls::connectStream("127.0.0.1", port, {}, Milliseconds(60'000), &fillers[i]);
        QTRY_VERIFY(fillers[0].connects == 1);
        RecordingHandler handler;
        const auto stream = tls::connectStream("127.0.0.1", port, {}, Milliseconds(50), &handler);
        QTRY_COMPARE(handler.closes, 1);
        QCOMPARE(handler.reason.text, "connection to 127.0.0.1 port " + QByteArray::number(port) + " timed out");
        QVERIFY(handler.reason.code == ErrorCode::Timeout);
        ::close(full);
    }

    void resetIsNotAnOrderlyEnd() {
        const DescriptorPair pair = connectedPair();
        RecordingHandler handler;
        const auto stream = tls::adoptStream(pair.server, &handler);
        const linger hard = {1, 0};
        ::setsockopt(pair.client, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        ::close(pair.client);
        QTRY_COMPARE(handler.closes, 1);
        QVERIFY(!handler.peerEnded);
        QVERIFY2(handler.reason.text.endsWith("was reset by the peer"), handler.reason.text.constData());
        QVERIFY(handler.reason.code == ErrorCode::Io);
    }

    void endOfStreamComesAfterTheBytes() {
        StreamPair pair;
        pair.client->write("MAIL FROM:<a@one.example>\r\n");
        pair.client->close();
        QTRY_COMPARE(pair.serverHandler.closes, 1);
        QCOMPARE(pair.serverHandler.received, "MAIL FROM:<a@one.example>\r\n");
        QVERIFY(pair.serverHandler.peerEnded);
        QTRY_COMPARE(pair.clientHandler.closes, 1);
        QVERIFY(!pair.clientHandler.peerEnded);
        QCOMPARE(pair.clientHandler.reason.text, ""); // our own wish is no error
    }

    void writingToAGonePeerReportsOnce() {
        const DescriptorPair pair = connectedPair();
        RecordingHandler handler;
        const auto stream = tls::adoptStream(pair.server, &handler);
        const linger hard = {1, 0};
        ::setsockopt(pair.client, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        ::close(pair.client);
        stream->write("220 hello\r\n");
        stream->write("more\r\n");
        QCOMPARE(handler.closes, 0);
        QTRY_COMPARE(handler.closes, 1);
        stream->close();
        stream->write("nothing");
        turnTheLoop();
        QCOMPARE(handler.closes, 1);
        QCOMPARE(handler.callbacksAfterClose, 0);
    }

    void connectedStreamKnowsBothEnds() {
        const LoopbackListener listener;
        RecordingHandler handler;
        const auto stream = tls::connectStream("127.0.0.1", listener.port(), "127.0.0.1", Milliseconds(5000), &handler);
        stream->write("EHLO early\r\n"); // before the connection is up: kept
        QTRY_COMPARE(handler.connects, 1);
        RecordingHandler far;
        const auto accepted = tls::adoptStream(listener.accept(), &far);
        QTRY_COMPARE(far.received, "EHLO early\r\n");
        QCOMPARE(stream->peerAddress(), "127.0.0.1");
        QCOMPARE(stream->peerPort(), listener.port());
        QCOMPARE(stream->localAddress(), "127.0.0.1");
        QCOMPARE(accepted->peerPort(), stream->localPort());
        QVERIFY(!stream->isEncrypted());
    }

    void slowReaderHoldsTheWriterBack() {
        StreamPair pair;
        pair.server->setReading(false);
        const QByteArray block(1024 * 1024, 'x');
        for (int i = 0; i < 32; ++i)
            pair.client->write(block);
        turnTheLoop();
        QVERIFY(pair.serverHandler.received.isEmpty());
        QVERIFY(pair.client->unsent() > 0);
        QCOMPARE(pair.clientHandler.written, 0);
        pair.server->setReading(true);
        QTRY_COMPARE(pair.serverHandler.received.size(), 32 * block.size());
        QTRY_COMPARE(pair.clientHandler.written, 1);
        QCOMPARE(pair.client->unsent(), 0);
        QVERIFY(pair.serverHandler.largestPiece <= 256 * 1024);
    }

    void everyByteArrivesInOrder() {
        StreamPair pair;
        QByteArray sent;
        for (int i = 0; i < 5000; ++i) {
            const QByteArray line = "line " + QByteArray::number(i) + "\r\n";
            sent += line;
            pair.client->write(line);
        }
        QTRY_COMPARE(pair.serverHandler.received, sent);
    }

    void writtenComesFromTheLoopForAnImmediateWriteToo() {
        StreamPair pair;
        pair.client->write("x");
        QCOMPARE(pair.clientHandler.written, 0);
        QCOMPARE(pair.client->unsent(), 0);
        QTRY_COMPARE(pair.clientHandler.written, 1);
    }

    void aWriterDrivenByOnWrittenGetsEverythingOut() {
        StreamPair pair;
        int left = 50;
        pair.clientHandler.onEvent = [&](const char* what) {
            if (qstrcmp(what, "written") == 0 && left-- > 0)
                pair.client->write(QByteArray(1000, 'y'));
        };
        pair.client->write(QByteArray(1000, 'y'));
        QTRY_COMPARE(pair.serverHandler.received.size(), 51'000);
    }

    void repliesOfOneBatchLeaveInOnePiece() {
        StreamPair pair;
        pair.serverHandler.onEvent = [&](const char* what) {
            if (qstrcmp(what, "bytes") != 0)
                return;
            for (int i = 0; i < 10; ++i)
                pair.server->write("250 ok\r\n");
        };
        pair.client->write("RSET\r\n");
        QTRY_COMPARE(pair.clientHandler.received.size(), 80);
        QCOMPARE(pair.clientHandler.largestPiece, 80);
    }

    void lastReplyReachesAPeerThatStillTalks() {
        // Closing with unread input would reset the connection and could take the reply back.
        const DescriptorPair pair = connectedPair();
        RecordingHandler handler;
        const auto stream = tls::adoptStream(pair.server, &handler);
        handler.onEvent = [&](const char* what) {
            if (qstrcmp(what, "bytes") != 0)
                return;
            stream->write("554 5.7.0 go away\r\n");
            stream->close();
        };
        const QByteArray flood(600'000, 'z');
        ::send(pair.client, flood.constData(), size_t(flood.size()), MSG_DONTWAIT);
        QTRY_VERIFY(!handler.received.isEmpty());
        ::send(pair.client, flood.constData(), 1000, MSG_DONTWAIT);
        turnTheLoop();
        char text[64] = "";
        QCOMPARE(::recv(pair.client, text, sizeof text, 0), 19);
        QCOMPARE(QByteArray(text, 19), "554 5.7.0 go away\r\n");
        ::close(pair.client);
        QTRY_COMPARE(handler.closes, 1);
    }

    void destroyedInACallback_data() {
        QTest::addColumn<QByteArray>("when");
        for (const char* when : {"bytes", "written", "closed"})
            QTest::addRow("in %s", when) << QByteArray(when);
    }
    void destroyedInACallback() {
        QFETCH(QByteArray, when);
        StreamPair pair;
        bool destroyed = false;
        pair.serverHandler.onEvent = [&](const char* what) {
            if (when == what && !destroyed) {
                destroyed = true;
                pair.server.reset();
            }
        };
        pair.server->write("220 ready\r\n");
        pair.client->write("QUIT\r\n");
        if (when == "closed")
            pair.client->close();
        QTRY_VERIFY(destroyed);
        QTRY_COMPARE(pair.clientHandler.closes, 1);
        QCOMPARE(pair.serverHandler.callbacksAfterClose, 0);
    }

    void abortedInACallbackSaysNothingMore() {
        StreamPair pair;
        pair.serverHandler.onEvent = [&](const char*) { pair.server->abort(); };
        pair.client->write("x");
        QTRY_COMPARE(pair.clientHandler.closes, 1);
        QCOMPARE(pair.serverHandler.closes, 0);
    }

    void aPeerThatReadsNothingCannotHoldAClosingStream() {
        const DescriptorPair ends = connectedPair();
        RecordingHandler handler;
        tls::SocketStream stream(ends.server, &handler, {.flush = Milliseconds(40)});
        stream.write(QByteArray(32 * 1024 * 1024, 'x'));
        stream.close();
        QTRY_COMPARE(handler.closes, 1);
        QVERIFY(handler.reason.code == ErrorCode::Timeout);
        QVERIFY2(handler.reason.text.endsWith(" did not take the last octets in time"), handler.reason.text.constData());
        ::close(ends.client);
    }

    void aPeerThatNeverStopsTalkingCannotHoldAClosingStream() {
        const DescriptorPair ends = connectedPair();
        RecordingHandler handler;
        tls::SocketStream stream(ends.server, &handler, {.linger = Milliseconds(40)});
        stream.setReading(false);
        QCOMPARE(::send(ends.client, "MAIL", 4, 0), ssize_t(4));
        stream.close(); // input waits, and the peer stays
        QTRY_COMPARE(handler.closes, 1);
        ::close(ends.client);
    }

    void bytesWaitForAHandler() {
        const DescriptorPair ends = connectedPair();
        const auto stream = tls::adoptStream(ends.server, nullptr);
        QCOMPARE(::send(ends.client, "hello", 5, 0), 5);
        ::close(ends.client);
        turnTheLoop();
        RecordingHandler handler;
        stream->setHandler(&handler);
        QTRY_COMPARE(handler.closes, 1);
        QCOMPARE(handler.received, "hello");
        QVERIFY(handler.peerEnded);
    }
};

POSTERN_ENGINE_TEST_MAIN(TestClearStream)
#include "tst_clear_stream.moc"
