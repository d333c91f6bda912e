// SPDX-License-Identifier: GPL-3.0-or-later
//
// A stream that turns into TLS, over loopback: injection before the handshake, every reason to refuse a certificate,
// endings that are not orderly, back-pressure and destruction inside callbacks.
#include "support/engine_main.h"
#include "support/stream_pair.h"
#include "support/test_certs.h"
#include "tls/socket_stream.h"

#include <QRegularExpression>
#include <QSslConfiguration>
#include <QSslSocket>

#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace Qt::StringLiterals;
using namespace postern;
using namespace postern::test;

namespace {

constexpr auto kName = "mx.one.example";

tls::IdentityPtr load(const CertificateFiles& files) {
    const auto loaded = tls::loadIdentity(files.certFile, files.keyFile);
    if (!loaded)
        qFatal("%s", loaded.error().text.constData());
    return loaded->identity;
}

void sendAll(int descriptor, const QByteArray& bytes) {
    if (::send(descriptor, bytes.constData(), size_t(bytes.size()), MSG_NOSIGNAL) != bytes.size())
        qFatal("send");
}

} // namespace

class TestEncryptedStream : public QObject {
    Q_OBJECT

    TestCerts m_certs;
    tls::IdentityPtr m_identity;

    tls::ServerTls server() const { return {m_identity, false, {}}; }
    tls::ClientTlsPolicy client() const { return {kName, true, m_certs.caFile(), nullptr}; }

    // Both ends start at once; the loop runs until each has said something.
    void handshake(StreamPair& pair, const tls::ServerTls& ours, const tls::ClientTlsPolicy& theirs) {
        pair.server->startServerTls(ours);
        pair.client->startClientTls(theirs);
        const auto settled = [](const RecordingHandler& handler) { return handler.facts || handler.closes > 0; };
        QTRY_VERIFY(settled(pair.serverHandler) && settled(pair.clientHandler));
    }

  private Q_SLOTS:
    void initTestCase() {
        QTest::failOnWarning(QRegularExpression(u".*"_s));
        m_identity = load(m_certs.server(kName));
    }
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }

    // --- before the handshake

    void injectedPlaintextEndsTheConnection_data() {
        QTest::addColumn<QByteArray>("behind");
        QTest::addRow("T02 a command in the next segment") << "EHLO x\r\nNOOP\r\n"_ba;
        QTest::addRow("T02 one octet") << "N"_ba;
        QTest::addRow("T05 zeros") << QByteArray(16384, '\0');
        QTest::addRow("T06 SSLv2 hello") << QByteArray::fromHex("802e0100020015000000100100800700c0030080060040020080040080");
    }
    void injectedPlaintextEndsTheConnection() {
        QFETCH(QByteArray, behind);
        const DescriptorPair ends = connectedPair();
        RecordingHandler handler;
        const auto stream = tls::adoptStream(ends.server, &handler);
        handler.onEvent = [&](const char* what) {
            if (qstrcmp(what, "bytes") != 0)
                return;
            sendAll(ends.client, behind); // is in our kernel before the answer is written
            stream->write("220 go ahead\r\n");
            stream->startServerTls(server());
        };
        sendAll(ends.client, "STARTTLS\r\n");
        QTRY_COMPARE(handler.closes, 1);
        QCOMPARE(handler.received, "STARTTLS\r\n");
        QCOMPARE(handler.reason.text, "bytes behind STARTTLS from 127.0.0.1 (injected commands?)");
        QVERIFY(handler.reason.code == ErrorCode::Tls);
        QVERIFY(!handler.facts);
        ::close(ends.client);
    }

    void t09InjectedRepliesEndTheClientsConnection() {
        StreamPair pair;
        pair.server->write("250-AUTH PLAIN\r\n");
        pair.client->setReading(false); // arrived behind the 220 that the client acts on
        turnTheLoop();
        pair.client->startClientTls(client());
        QTRY_COMPARE(pair.clientHandler.closes, 1);
        QVERIFY(pair.clientHandler.reason.text.startsWith("bytes behind STARTTLS"));
        QVERIFY(pair.clientHandler.received.isEmpty());
    }

    void t05AHandshakeThatIsNoneFails() {
        StreamPair pair;
        pair.server->startServerTls(server());
        turnTheLoop();
        pair.client->write("MAIL FROM:<a@one.example>\r\n");
        QTRY_COMPARE(pair.serverHandler.closes, 1);
        QVERIFY(pair.serverHandler.reason.code == ErrorCode::Tls);
        QCOMPARE(pair.serverHandler.reason.text,
                 "TLS with 127.0.0.1 port " + QByteArray::number(pair.server->peerPort()) +
                     " failed: the other side does not speak TLS here (another port, or STARTTLS first?)");
        QVERIFY(pair.serverHandler.received.isEmpty());
    }

    void aHandshakeThatStopsIsEnded_data() {
        QTest::addColumn<QByteArray>("sent");
        QTest::addRow("T17 nothing") << ""_ba;
        QTest::addRow("T05 one octet of a hello") << QByteArray(1, char(0x16));
        QTest::addRow("T05 a record header") << QByteArray::fromHex("1603010200");
    }
    void aHandshakeThatStopsIsEnded() {
        QFETCH(QByteArray, sent);
        const DescriptorPair ends = connectedPair();
        RecordingHandler handler;
        tls::SocketStream stream(ends.server, &handler, {.handshake = Milliseconds(40)});
        sendAll(ends.client, sent);
        stream.startServerTls(server());
        QTRY_COMPARE(handler.closes, 1);
        QVERIFY(handler.reason.code == ErrorCode::Timeout);
        QVERIFY2(handler.reason.text.startsWith("TLS handshake with 127.0.0.1 port "), handler.reason.text.constData());
        QVERIFY(handler.reason.text.endsWith(" did not finish in time"));
        ::close(ends.client);
    }

    void closingBeforeTheUpgradeJustCloses() {
        StreamPair pair;
        pair.server->write("421 not now\r\n");
        pair.server->startServerTls(server());
        pair.server->close();
        QTRY_COMPARE(pair.clientHandler.closes, 1);
        QCOMPARE(pair.clientHandler.received, "421 not now\r\n");
        QTRY_COMPARE(pair.serverHandler.closes, 1);
        QCOMPARE(pair.serverHandler.reason.text, "");
    }

    void closingInTheHandshakeEndsIt() {
        StreamPair pair;
        pair.server->startServerTls(server());
        turnTheLoop();
        pair.server->close();
        QTRY_COMPARE(pair.serverHandler.closes, 1);
        QTRY_COMPARE(pair.clientHandler.closes, 1);
    }

    void aPeerThatLeavesInTheHandshakeIsReported() {
        StreamPair pair;
        pair.client->startClientTls(client());
        turnTheLoop();
        pair.server->close();
        QTRY_COMPARE(pair.clientHandler.closes, 1);
        QVERIFY(pair.clientHandler.reason.code == ErrorCode::Tls);
        QVERIFY(!pair.clientHandler.peerEnded);
    }

    void aServerWithoutCertificateSaysSo() {
        StreamPair pair;
        pair.server->startServerTls({});
        QCOMPARE(pair.serverHandler.closes, 0);
        QTRY_COMPARE(pair.serverHandler.closes, 1);
        QCOMPARE(pair.serverHandler.reason.text, "this listener has no certificate");
    }

    void outputBeforeTheUpgradeLeavesInClear() {
        StreamPair pair;
        pair.serverHandler.onEvent = [&](const char* what) {
            if (qstrcmp(what, "bytes") == 0 && pair.serverHandler.received == "STARTTLS\r\n") {
                pair.server->write("220 go ahead\r\n");
                pair.server->startServerTls(server());
            }
        };
        pair.clientHandler.onEvent = [&](const char* what) {
            if (qstrcmp(what, "bytes") == 0 && pair.clientHandler.received == "220 go ahead\r\n")
                pair.client->startClientTls(client());
            if (qstrcmp(what, "encrypted") == 0)
                pair.client->write("EHLO again\r\n");
        };
        pair.client->write("STARTTLS\r\n");
        QTRY_COMPARE(pair.serverHandler.received, "STARTTLS\r\nEHLO again\r\n");
        QVERIFY(pair.server->isEncrypted());
        QVERIFY(pair.client->isEncrypted());
        QCOMPARE(pair.serverHandler.facts->version, "TLSv1.3");
        QVERIFY(pair.serverHandler.facts->bits >= 128);
        QVERIFY(!pair.serverHandler.facts->cipher.isEmpty());
        QVERIFY(!pair.serverHandler.facts->peerVerified); // no client certificate
        QVERIFY(pair.clientHandler.facts->peerVerified);
        QCOMPARE(pair.clientHandler.facts->peerName, kName);
    }

    // --- whom to trust

    void certificatesAreRefused_data() {
        QTest::addColumn<CertificateFiles>("files");
        QTest::addColumn<QByteArray>("why");
        const QByteArray past = QDateTime::currentDateTimeUtc().addDays(-10).date().toString(Qt::ISODate).toLatin1();
        const QByteArray soon = QDateTime::currentDateTimeUtc().addDays(5).date().toString(Qt::ISODate).toLatin1();
        static TestCerts strangers("Unknown Authority");
        QTest::addRow("T11 expired") << m_certs.expired(kName) << "certificate expired on " + past;
        QTest::addRow("T11 not yet valid") << m_certs.issue({.dnsNames = {kName}, .validFromDays = 5})
                                           << "certificate is not valid before " + soon;
        QTest::addRow("T11 other name") << m_certs.issue({.dnsNames = {"mx.two.example"}})
                                        << "certificate is for mx.two.example, not for mx.one.example"_ba;
        QTest::addRow("T11 name only in CN") << m_certs.issue({.commonName = kName})
                                             << "certificate is for mx.one.example (as common name only), not for mx.one.example"_ba;
        QTest::addRow("T11 self-signed") << m_certs.selfSigned(kName) << "certificate is self-signed"_ba;
        QTest::addRow("T11 chain to a CA that is not ours") << strangers.issue({.dnsNames = {kName}})
                                                            << "issuer not trusted: Unknown Authority"_ba;
        QTest::addRow("T11 two causes") << strangers.issue({.dnsNames = {"mx.two.example"}})
                                        << "certificate is for mx.two.example, not for mx.one.example; issuer not trusted: Unknown Authority"_ba;
    }
    void certificatesAreRefused() {
        QFETCH(CertificateFiles, files);
        QFETCH(QByteArray, why);
        StreamPair pair;
        handshake(pair, {load(files), false, {}}, client());
        QTRY_COMPARE(pair.clientHandler.closes, 1);
        QVERIFY(!pair.clientHandler.facts);
        const QByteArray text = pair.clientHandler.reason.text;
        QCOMPARE(text, "TLS with 127.0.0.1 port " + QByteArray::number(pair.client->peerPort()) + " failed: " + why);
        QVERIFY(pair.clientHandler.reason.code == ErrorCode::Tls);
        QTRY_COMPARE(pair.serverHandler.closes, 1);
    }

    void withoutVerificationAnyCertificateDoes_data() {
        QTest::addColumn<CertificateFiles>("files");
        QTest::addRow("expired") << m_certs.expired(kName);
        QTest::addRow("T12 a server name it does not know") << m_certs.server("mx.two.example");
        QTest::addRow("self-signed") << m_certs.selfSigned(kName);
    }
    void withoutVerificationAnyCertificateDoes() {
        QFETCH(CertificateFiles, files);
        StreamPair pair;
        tls::ClientTlsPolicy policy = client();
        policy.verify = false;
        handshake(pair, {load(files), false, {}}, policy);
        QVERIFY2(pair.clientHandler.facts.has_value(), pair.clientHandler.reason.text.constData());
        QVERIFY(!pair.clientHandler.facts->peerVerified); // but nobody is told that it was good
        pair.client->write("EHLO\r\n");
        QTRY_COMPARE(pair.serverHandler.received, "EHLO\r\n");
    }

    void anUnreadableCaFileIsNamed() {
        StreamPair pair;
        tls::ClientTlsPolicy policy = client();
        policy.caFile = m_certs.folder() + "/missing.pem";
        pair.client->startClientTls(policy);
        QTRY_COMPARE(pair.clientHandler.closes, 1);
        QCOMPARE(pair.clientHandler.reason.text,
                 "CA file " + policy.caFile + " cannot be read: No such file or directory");
    }

    void withoutACaFileTheSystemsAuthoritiesDecide() {
        StreamPair pair;
        tls::ClientTlsPolicy policy = client();
        policy.caFile.clear();
        handshake(pair, server(), policy);
        QTRY_COMPARE(pair.clientHandler.closes, 1);
        QVERIFY2(pair.clientHandler.reason.text.endsWith(" failed: issuer not trusted: Postern Test CA"),
                 pair.clientHandler.reason.text.constData());
    }

    void anAddressIsCheckedAsAddress() {
        StreamPair pair;
        tls::ClientTlsPolicy policy = client();
        policy.peerName = "127.0.0.1";
        handshake(pair, server(), policy);
        QVERIFY2(pair.clientHandler.facts.has_value(), pair.clientHandler.reason.text.constData());
        QVERIFY(pair.clientHandler.facts->peerVerified);
    }

    void clientCertificates_data() {
        QTest::addColumn<bool>("required");
        QTest::addColumn<int>("sent"); // 0 none, 1 ours, 2 a stranger's
        QTest::addColumn<bool>("goesOn");
        QTest::addColumn<bool>("verified");
        QTest::addRow("required, none sent") << true << 0 << false << false;
        QTest::addRow("required, a stranger's") << true << 2 << false << false;
        QTest::addRow("required, ours") << true << 1 << true << true;
        QTest::addRow("asked for, none sent") << false << 0 << true << false;
        QTest::addRow("asked for, a stranger's") << false << 2 << true << false;
        QTest::addRow("asked for, ours") << false << 1 << true << true;
    }
    void clientCertificates() {
        QFETCH(bool, required);
        QFETCH(int, sent);
        QFETCH(bool, goesOn);
        TestCerts strangers("Unknown Authority");
        StreamPair pair;
        tls::ClientTlsPolicy policy = client();
        if (sent > 0)
            policy.identity = load((sent == 1 ? m_certs : strangers).server("scanner.one.example"));
        handshake(pair, {m_identity, required, m_certs.caFile()}, policy);
        QCOMPARE(pair.serverHandler.facts.has_value(), goesOn);
        if (goesOn) {
            QTEST(pair.serverHandler.facts->peerVerified, "verified");
            QCOMPARE(pair.serverHandler.facts->peerName, sent > 0 ? "scanner.one.example" : "");
        } else {
            QVERIFY(pair.serverHandler.reason.code == ErrorCode::Tls);
            QTRY_COMPARE(pair.clientHandler.closes, 1); // TLS 1.3 clients learn it with their first read
            QVERIFY(!pair.clientHandler.peerEnded);
        }
    }

    // --- what may be negotiated

    void oldAndWeakIsRefused_data() {
        QTest::addColumn<QByteArray>("openssl"); // the client's cipher list
        QTest::addColumn<int>("version");
        QTest::addColumn<bool>("fine");
        QTest::addRow("TLS 1.2 with forward secrecy") << "ECDHE+AESGCM"_ba << TLS1_2_VERSION << true;
        QTest::addRow("T06 TLS 1.1") << "ALL:@SECLEVEL=0"_ba << TLS1_1_VERSION << false;
        QTest::addRow("T06 TLS 1.0") << "ALL:@SECLEVEL=0"_ba << TLS1_VERSION << false;
        QTest::addRow("T07 NULL") << "eNULL:@SECLEVEL=0"_ba << TLS1_2_VERSION << false;
        QTest::addRow("T07 anonymous") << "aNULL:@SECLEVEL=0"_ba << TLS1_2_VERSION << false;
        QTest::addRow("T07 RSA key exchange") << "kRSA:@SECLEVEL=0"_ba << TLS1_2_VERSION << false;
    }
    void oldAndWeakIsRefused() {
        QFETCH(QByteArray, openssl);
        QFETCH(int, version);
        QFETCH(bool, fine);
        // Qt's client would not even offer these; a bare OpenSSL client in another thread does.
        static const tls::IdentityPtr rsa = load(m_certs.issue({.dnsNames = {kName}, .key = KeyKind::Rsa2048}));
        const DescriptorPair ends = connectedPair();
        RecordingHandler handler;
        const auto stream = tls::adoptStream(ends.server, &handler);
        stream->startServerTls({rsa, false, {}});
        int connected = -1;
        const std::unique_ptr<QThread> peer(QThread::create([&] {
            const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
            SSL_CTX_set_min_proto_version(context.get(), version);
            SSL_CTX_set_max_proto_version(context.get(), version);
            SSL_CTX_set_cipher_list(context.get(), openssl.constData());
            const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), &SSL_free);
            SSL_set_fd(ssl.get(), ends.client);
            connected = SSL_connect(ssl.get());
            ::close(ends.client);
        }));
        peer->start();
        QTRY_VERIFY(handler.closes == 1);
        QVERIFY(peer->wait());
        QCOMPARE(handler.facts.has_value(), fine);
        QCOMPARE(connected == 1, fine);
        if (fine)
            QCOMPARE(handler.facts->version, "TLSv1.2");
    }

    void t07RenegotiationIsRefused() {
        const DescriptorPair ends = connectedPair();
        RecordingHandler handler;
        const auto stream = tls::adoptStream(ends.server, &handler);
        stream->startServerTls(server());
        int first = -1, second = -1;
        const std::unique_ptr<QThread> peer(QThread::create([&] {
            const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
            SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION);
            const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), &SSL_free);
            SSL_set_fd(ssl.get(), ends.client);
            first = SSL_connect(ssl.get());
            SSL_renegotiate(ssl.get());
            second = SSL_do_handshake(ssl.get());
            ::close(ends.client);
        }));
        peer->start();
        QTRY_COMPARE(handler.closes, 1);
        QVERIFY(peer->wait());
        QCOMPARE(first, 1);
        QVERIFY(second != 1);
    }

    // --- inside

    void bytesWaitForAHandler() {
        StreamPair pair;
        handshake(pair, server(), client());
        pair.server->setHandler(nullptr);
        pair.client->write("EHLO\r\n");
        turnTheLoop();
        QCOMPARE(pair.serverHandler.received, "");
        pair.server->setHandler(&pair.serverHandler);
        QTRY_COMPARE(pair.serverHandler.received, "EHLO\r\n");
    }

    void truncationIsNotAnOrderlyEnd_data() {
        QTest::addColumn<bool>("goodbye");
        QTest::addRow("T08 cut without close_notify") << false;
        QTest::addRow("close_notify") << true;
    }
    void truncationIsNotAnOrderlyEnd() {
        QFETCH(bool, goodbye);
        const DescriptorPair ends = connectedPair();
        const int spare = ::dup(ends.client);
        RecordingHandler serverHandler, clientHandler;
        const auto serverStream = tls::adoptStream(ends.server, &serverHandler);
        auto clientStream = tls::adoptStream(ends.client, &clientHandler);
        serverStream->startServerTls(server());
        clientStream->startClientTls(client());
        QTRY_VERIFY(serverHandler.facts && clientHandler.facts);
        clientStream->write("DATA\r\nhalf a mess");
        QTRY_COMPARE(clientHandler.written, 1);
        if (goodbye)
            clientStream->close();
        else
            ::shutdown(spare, SHUT_RDWR);
        ::close(spare);
        QTRY_COMPARE(serverHandler.closes, 1);
        QCOMPARE(serverHandler.received, "DATA\r\nhalf a mess");
        QCOMPARE(serverHandler.peerEnded, goodbye);
        QCOMPARE(serverHandler.callbacksAfterClose, 0);
        if (!goodbye)
            QVERIFY(serverHandler.reason.text.endsWith(" cut the TLS connection without ending it"));
        QTRY_COMPARE(clientHandler.closes, 1);
        turnTheLoop();
        QCOMPARE(serverHandler.closes, 1);
    }

    void muchDataArrivesWholeInBothDirections() {
        StreamPair pair;
        handshake(pair, server(), client());
        QByteArray block;
        for (int i = 0; block.size() < 3'000'000; ++i)
            block += QByteArray::number(i) + ' ';
        pair.client->write(block);
        pair.server->write(block);
        QTRY_COMPARE(pair.serverHandler.received.size(), block.size());
        QTRY_COMPARE(pair.clientHandler.received.size(), block.size());
        QVERIFY(pair.serverHandler.received == block);
        QVERIFY(pair.clientHandler.received == block);
        QTRY_VERIFY(pair.clientHandler.written > 0);
        QCOMPARE(pair.client->unsent(), 0);
    }

    void slowReaderHoldsTheWriterBack() {
        StreamPair pair;
        handshake(pair, server(), client());
        pair.server->setReading(false);
        const qsizetype size = 24 * 1024 * 1024;
        pair.client->write(QByteArray(size, 'x'));
        turnTheLoop();
        QVERIFY(pair.serverHandler.received.isEmpty());
        QVERIFY(pair.client->unsent() > size / 4); // neither we nor the kernel swallowed it
        QCOMPARE(pair.clientHandler.written, 0);
        pair.server->setReading(true);
        QTRY_COMPARE_WITH_TIMEOUT(pair.serverHandler.received.size(), size, 20'000);
        QTRY_COMPARE(pair.clientHandler.written, 1);
    }

    void whatCameBeforeTheEndIsReadAfterAPause() {
        StreamPair pair;
        handshake(pair, server(), client());
        pair.server->setReading(false);
        pair.client->write(QByteArray(40'000, 'x'));
        pair.client->close();
        QTRY_COMPARE(pair.clientHandler.closes, 1);
        turnTheLoop();
        QCOMPARE(pair.serverHandler.closes, 0);
        pair.server->setReading(true);
        QTRY_COMPARE(pair.serverHandler.closes, 1);
        QCOMPARE(pair.serverHandler.received.size(), 40'000);
        QVERIFY(pair.serverHandler.peerEnded);
    }

    void closeSendsWhatIsLeftFirst() {
        StreamPair pair;
        handshake(pair, server(), client());
        pair.server->write(QByteArray(500'000, 'y'));
        pair.server->close();
        QTRY_COMPARE(pair.clientHandler.closes, 1);
        QCOMPARE(pair.clientHandler.received.size(), 500'000);
        QVERIFY(pair.clientHandler.peerEnded);
        QTRY_COMPARE(pair.serverHandler.closes, 1);
        QCOMPARE(pair.serverHandler.reason.text, "");
    }

    void destroyedInACallback_data() {
        QTest::addColumn<QByteArray>("when");
        QTest::addColumn<bool>("abortOnly");
        for (const char* when : {"encrypted", "bytes", "written", "closed"}) {
            QTest::addRow("destroyed in %s", when) << QByteArray(when) << false;
            QTest::addRow("aborted in %s", when) << QByteArray(when) << true;
        }
    }
    void destroyedInACallback() {
        QFETCH(QByteArray, when);
        QFETCH(bool, abortOnly);
        StreamPair pair;
        bool gone = false;
        pair.serverHandler.onEvent = [&](const char* what) {
            if (qstrcmp(what, "encrypted") == 0 && when != "encrypted")
                pair.server->write("220 ready\r\n");
            if (when != what || gone)
                return;
            gone = true;
            if (abortOnly)
                pair.server->abort();
            else
                pair.server.reset();
        };
        pair.clientHandler.onEvent = [&](const char* what) {
            if (qstrcmp(what, "encrypted") == 0)
                pair.client->write("EHLO\r\n");
            if (qstrcmp(what, "bytes") == 0 && when == "closed")
                pair.client->close();
        };
        pair.server->startServerTls(server());
        pair.client->startClientTls(client());
        QTRY_VERIFY(gone);
        QTRY_COMPARE(pair.clientHandler.closes, 1);
        turnTheLoop();
        QCOMPARE(pair.serverHandler.callbacksAfterClose, 0);
        QCOMPARE(pair.serverHandler.closes, when == "closed" ? 1 : 0);
    }

    void manyHandshakesAtOnce() {
        // T17 in small: halves that never finish do not keep the others from working.
        std::vector<std::unique_ptr<StreamPair>> pairs;
        for (int i = 0; i < 40; ++i) {
            pairs.push_back(std::make_unique<StreamPair>());
            pairs.back()->server->startServerTls(server());
            if (i % 2 == 0)
                pairs.back()->client->startClientTls(client());
        }
        for (size_t i = 0; i < pairs.size(); i += 2)
            QTRY_VERIFY(pairs[i]->clientHandler.facts && pairs[i]->serverHandler.facts);
        for (size_t i = 1; i < pairs.size(); i += 2)
            QCOMPARE(pairs[i]->serverHandler.closes, 0);
    }
};

POSTERN_ENGINE_TEST_MAIN(TestEncryptedStream)
#include "tst_encrypted_stream.moc"
