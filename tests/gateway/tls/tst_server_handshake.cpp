// SPDX-License-Identifier: GPL-3.0-or-later
//
// The listening side's handshakes with a bare OpenSSL client: certificates by name, protocols by name, sessions that are
// not taken up again, and what a listener's words ask for.
#include "support/engine_main.h"
#include "support/stream_pair.h"
#include "support/test_certs.h"
#include "tls/socket_stream.h"

#include <QRegularExpression>
#include <QThread>

#include <openssl/err.h>
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

// A client without our code or Qt's, in a thread of its own: it does what `talk` says with its end of the connection.
enum class SocketMode { Blocking, InMemory };
class BareClient {
  public:
    BareClient(int descriptor, std::function<void(SSL*)> talk, SocketMode mode = SocketMode::Blocking)
        : m_thread(QThread::create([descriptor, talk = std::move(talk), mode] {
              const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
              const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), &SSL_free);
              if (mode == SocketMode::Blocking) {
                  SSL_set_fd(ssl.get(), descriptor);
              } else { // reading finds nothing at first, so that the first flight comes alone
                  SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
              }
              ERR_clear_error();
              talk(ssl.get());
              ::close(descriptor);
          })) {
        m_thread->start();
    }
    ~BareClient() { wait(); }
    void wait() { m_thread->wait(); }

  private:
    std::unique_ptr<QThread> m_thread;
};

} // namespace

class TestServerHandshake : public QObject {
    Q_OBJECT

    TestCerts m_certs;
    tls::IdentityPtr m_identity;

    tls::ServerTls server() const { return {m_identity, false, {}}; }

  private Q_SLOTS:
    void initTestCase() { m_identity = load(m_certs.server(kName)); }
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }

    void sniChoosesTheCertificate_data() {
        QTest::addColumn<QByteArray>("asked");
        QTest::addColumn<QByteArray>("served");
        QTest::addRow("a name of the second certificate") << "mx.two.example"_ba << "mx.two.example"_ba;
        QTest::addRow("in capitals") << "MX.Two.Example"_ba << "mx.two.example"_ba;
        QTest::addRow("a name under a wildcard") << "smtp.three.example"_ba << "*.three.example"_ba;
        QTest::addRow("the default's own name") << QByteArray(kName) << QByteArray(kName);
        QTest::addRow("T12 nobody's name") << "mx.four.example"_ba << QByteArray(kName);
        QTest::addRow("T12 no name at all") << ""_ba << QByteArray(kName);
        QTest::addRow("T12 an address") << "192.0.2.1"_ba << QByteArray(kName);
        QTest::addRow("T12 the longest name") << "a."_ba.repeated(120) + "example" << QByteArray(kName);
    }
    void sniChoosesTheCertificate() {
        QFETCH(QByteArray, asked);
        QFETCH(QByteArray, served);
        tls::ServerTls ours = server();
        auto names = std::make_shared<tls::IdentityNames>();
        names->addNamesOf(load(m_certs.server("mx.two.example")));
        names->addNamesOf(load(m_certs.issue({.dnsNames = {"*.three.example"}})));
        ours.names = names;
        const DescriptorPair ends = connectedPair();
        RecordingHandler handler;
        const auto stream = tls::adoptStream(ends.server, &handler);
        stream->startServerTls(ours);
        QByteArray got;
        BareClient peer(ends.client, [&](SSL* ssl) {
            if (!asked.isEmpty())
                SSL_set_tlsext_host_name(ssl, asked.constData());
            if (SSL_connect(ssl) != 1)
                return;
            const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(ssl), &X509_free);
            char name[256] = "";
            X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name, sizeof name);
            got = name;
            SSL_shutdown(ssl);
        });
        QTRY_COMPARE(handler.closes, 1);
        peer.wait();
        QCOMPARE(got, served);
    }

    // The hello comes octet by octet; what was looked at is still there for the handshake.
    void sniOfAHelloInSmallPieces() {
        tls::ServerTls ours = server();
        auto names = std::make_shared<tls::IdentityNames>();
        names->addNamesOf(load(m_certs.server("mx.two.example")));
        ours.names = names;
        const DescriptorPair ends = connectedPair();
        RecordingHandler handler;
        const auto stream = tls::adoptStream(ends.server, &handler);
        stream->startServerTls(ours);
        bool fine = false;
        BareClient peer(ends.client, [&](SSL* ssl) {
            SSL_set_tlsext_host_name(ssl, "mx.two.example");
            // The first flight goes into memory and from there to the socket in pieces.
            BIO* memory = BIO_new(BIO_s_mem());
            SSL_set0_wbio(ssl, memory);
            SSL_connect(ssl); // wants an answer
            char* data = nullptr;
            const QByteArray hello = [&] {
                const long size = BIO_get_mem_data(memory, &data);
                return QByteArray(data, size);
            }();
            for (const char octet : hello)
                sendAll(ends.client, QByteArray(1, octet));
            SSL_set_fd(ssl, ends.client);
            fine = SSL_connect(ssl) == 1;
            SSL_shutdown(ssl);
        }, SocketMode::InMemory);
        QTRY_COMPARE(handler.closes, 1);
        peer.wait();
        QVERIFY2(handler.facts.has_value(), handler.reason.text.constData());
        QVERIFY(fine);
    }

    void aClientThatLeavesInItsHelloIsLetGo() {
        const DescriptorPair ends = connectedPair();
        RecordingHandler handler;
        const auto stream = tls::adoptStream(ends.server, &handler);
        stream->startServerTls(server());
        sendAll(ends.client, QByteArray::fromHex("1603010200010001fc0303"));
        turnTheLoop();
        QCOMPARE(handler.closes, 0);
        ::close(ends.client);
        QTRY_COMPARE(handler.closes, 1);
        QVERIFY(handler.reason.code == ErrorCode::Tls);
        QVERIFY(!handler.facts);
    }

    void T16_whoSpeaksAnotherProtocolGetsAnAlert_data() {
        QTest::addColumn<QByteArray>("protocols");
        QTest::addColumn<bool>("refused");
        QTest::addRow("http/1.1") << "\x08http/1.1"_ba << true;
        QTest::addRow("h2 and http/1.1") << "\x02h2\x08http/1.1"_ba << true;
        QTest::addRow("smtp") << "\x04smtp"_ba << false;
    }
    void T16_whoSpeaksAnotherProtocolGetsAnAlert() {
        QFETCH(QByteArray, protocols);
        QFETCH(bool, refused);
        for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
            const DescriptorPair ends = connectedPair();
            RecordingHandler handler;
            const auto stream = tls::adoptStream(ends.server, &handler);
            stream->startServerTls(server());
            int reason = 0, connected = -1;
            BareClient peer(ends.client, [&](SSL* ssl) {
                SSL_set_max_proto_version(ssl, version);
                SSL_set_alpn_protos(ssl, reinterpret_cast<const uchar*>(protocols.data()), unsigned(protocols.size()));
                connected = SSL_connect(ssl);
                reason = ERR_GET_REASON(ERR_peek_error());
                if (connected == 1)
                    SSL_shutdown(ssl);
            });
            QTRY_COMPARE(handler.closes, 1);
            peer.wait();
            QCOMPARE(connected == 1, !refused);
            if (!refused)
                continue;
            QCOMPARE(reason, SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL);
            QVERIFY2(handler.reason.text.endsWith(", not SMTP"), handler.reason.text.constData());
            QVERIFY(!handler.facts);
        }
    }

    // Nothing of one handshake shortens another, whatever the client kept of it, and no early data is invited.
    void T15_noSessionIsTakenUpAgain() {
        for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
            std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)> session(nullptr, &SSL_SESSION_free);
            bool reused = true;
            uint32_t early = 1;
            for (int round = 0; round < 2; ++round) {
                const DescriptorPair ends = connectedPair();
                RecordingHandler handler;
                const auto stream = tls::adoptStream(ends.server, &handler);
                handler.onEvent = [&](const char* what) {
                    if (qstrcmp(what, "encrypted") == 0)
                        stream->write("220 ready\r\n"); // what TLS 1.3 gives to keep comes before it
                };
                stream->startServerTls(server());
                BareClient peer(ends.client, [&](SSL* ssl) {
                    SSL_set_max_proto_version(ssl, version);
                    if (session)
                        SSL_set_session(ssl, session.get());
                    char greeting[16];
                    if (SSL_connect(ssl) != 1 || SSL_read(ssl, greeting, sizeof greeting) <= 0)
                        return;
                    reused = SSL_session_reused(ssl) == 1;
                    session.reset(SSL_get1_session(ssl));
                    early = SSL_SESSION_get_max_early_data(session.get());
                    SSL_shutdown(ssl);
                });
                QTRY_COMPARE(handler.closes, 1);
                peer.wait();
                QVERIFY(handler.facts.has_value());
            }
            QVERIFY(!reused);
            QCOMPARE(early, 0u);
        }
    }

    void protocolsAndCiphersAsWritten_data() {
        QTest::addColumn<QByteArray>("ciphers");
        QTest::addColumn<bool>("tls12");
        QTest::addColumn<bool>("tls13");
        QTest::addColumn<QByteArray>("version"); // of the session with a client that can do both, "" = none
        QTest::addColumn<QByteArray>("cipher");  // of one with TLS 1.2, "" = none
        QTest::addRow("TLS 1.3 only") << ""_ba << false << true << "TLSv1.3"_ba << ""_ba;
        QTest::addRow("TLS 1.2 only") << "ECDHE-ECDSA-AES256-SHA384"_ba << true << false << "TLSv1.2"_ba << "ECDHE-ECDSA-AES256-SHA384"_ba;
        QTest::addRow("the server's order decides") << "ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-GCM-SHA384"_ba << true << true << "TLSv1.3"_ba << "ECDHE-ECDSA-AES128-SHA"_ba;
    }
    void protocolsAndCiphersAsWritten() {
        QFETCH(QByteArray, ciphers);
        QFETCH(bool, tls12);
        QFETCH(bool, tls13);
        QFETCH(QByteArray, version);
        QFETCH(QByteArray, cipher);
        tls::ServerTls ours = server();
        const auto rules = tls::makeServerRules({.ciphers = ciphers, .tls12 = tls12, .tls13 = tls13});
        QVERIFY(rules.has_value());
        ours.rules = *rules;
        for (const int most : {TLS1_3_VERSION, TLS1_2_VERSION}) {
            const DescriptorPair ends = connectedPair();
            RecordingHandler handler;
            const auto stream = tls::adoptStream(ends.server, &handler);
            stream->startServerTls(ours);
            BareClient peer(ends.client, [&](SSL* ssl) {
                SSL_set_max_proto_version(ssl, most);
                if (SSL_connect(ssl) == 1)
                    SSL_shutdown(ssl);
            });
            QTRY_COMPARE(handler.closes, 1);
            peer.wait();
            const tls::SessionFacts facts = handler.facts.value_or(tls::SessionFacts());
            if (most == TLS1_3_VERSION)
                QCOMPARE(facts.version, version);
            else
                QCOMPARE(facts.cipher, cipher);
        }
    }
};

POSTERN_ENGINE_TEST_MAIN(TestServerHandshake)
#include "tst_server_handshake.moc"
