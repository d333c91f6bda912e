// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a server's authority says of its certificate, stapled to the handshake (RFC 6066 §8): revoked is refused where
// verification is on. None, an old one or one of somebody else keeps no mail from going; only what is no answer at all does.
#include "support/engine_main.h"
#include "support/stream_pair.h"
#include "support/test_certs.h"
#include "tls/socket_stream.h"

#include <QFile>
#include <QRegularExpression>
#include <QSslSocket>

#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <thread>

using namespace Qt::StringLiterals;
using namespace postern;
using namespace postern::test;

namespace {

constexpr auto kName = "mx.one.example";

// A TLS server that staples `response` ("" = does not staple), on a thread of its own; says hello once it is encrypted.
class StaplingServer {
  public:
    StaplingServer(int descriptor, const CertificateFiles& files, QByteArray response)
        : m_descriptor(descriptor), m_response(std::move(response)), m_thread([this, files] { serve(files); }) {}
    ~StaplingServer() {
        ::shutdown(m_descriptor, SHUT_RDWR);
        m_thread.join();
        ::close(m_descriptor);
    }

  private:
    static int staple(SSL* ssl, void* self) {
        const QByteArray& response = static_cast<StaplingServer*>(self)->m_response;
        if (response.isEmpty())
            return SSL_TLSEXT_ERR_NOACK;
        auto* const copy = static_cast<unsigned char*>(OPENSSL_malloc(size_t(response.size())));
        std::memcpy(copy, response.constData(), size_t(response.size()));
        SSL_set_tlsext_status_ocsp_resp(ssl, copy, response.size());
        return SSL_TLSEXT_ERR_OK;
    }
    void serve(const CertificateFiles& files) {
        SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
        SSL_CTX_use_certificate_chain_file(context, files.certFile.constData());
        SSL_CTX_use_PrivateKey_file(context, files.keyFile.constData(), SSL_FILETYPE_PEM);
        SSL_CTX_set_tlsext_status_cb(context, &StaplingServer::staple);
        SSL_CTX_set_tlsext_status_arg(context, this);
        SSL* const ssl = SSL_new(context);
        SSL_set_fd(ssl, m_descriptor);
        if (SSL_accept(ssl) == 1) {
            SSL_write(ssl, "hello", 5);
            char last = 0;
            while (SSL_read(ssl, &last, 1) > 0) {
            }
        }
        SSL_free(ssl);
        SSL_CTX_free(context);
    }

    const int m_descriptor;
    const QByteArray m_response;
    std::thread m_thread;
};

} // namespace

class TestStapledStatus : public QObject {
    Q_OBJECT

    TestCerts m_certs;
    CertificateFiles m_files, m_chain;

  private Q_SLOTS:
    void initTestCase() {
        QTest::failOnWarning(QRegularExpression(u".*"_s));
        m_files = m_certs.server(kName);
        m_chain = m_files;
        m_chain.certFile = m_certs.folder() + "/chain.pem"; // its issuer behind it, as most servers send it
        QFile chain(QFile::decodeName(m_chain.certFile));
        QVERIFY(chain.open(QIODevice::WriteOnly));
        for (const QByteArray& part : {m_files.certFile, m_certs.caFile()}) {
            QFile file(QFile::decodeName(part));
            QVERIFY(file.open(QIODevice::ReadOnly) && chain.write(file.readAll()) > 0);
        }
        if (!QSslSocket::supportedFeatures().contains(QSsl::SupportedFeature::Ocsp))
            QSKIP("this Qt was built without OCSP");
    }
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }

    void T11_aRevokedCertificateIsRefused_data() {
        QTest::addColumn<CertificateFiles>("files");
        QTest::addColumn<QByteArray>("response");
        QTest::addColumn<bool>("verify");
        QTest::addColumn<QByteArray>("why"); // "" = it goes on
        QTest::addColumn<QString>("warns");  // Qt, about OpenSSL
        const QByteArray good = m_certs.staple(m_files, Staple::Good), revoked = m_certs.staple(m_files, Staple::Revoked);
        const QByteArray forged = TestCerts("Somebody").staple(m_files, Staple::Revoked);
        QTest::addRow("revoked") << m_chain << revoked << true << "certificate was revoked by Postern Test CA"_ba << QString();
        QTest::addRow("revoked, sent without its issuer") << m_files << revoked << true << "certificate was revoked by Postern Test CA"_ba << QString();
        QTest::addRow("good, sent without its issuer") << m_files << good << true << QByteArray() << QString();
        QTest::addRow("revoked, and nobody wants to know") << m_chain << revoked << false << QByteArray() << QString();
        QTest::addRow("good") << m_chain << good << true << QByteArray() << QString();
        QTest::addRow("no staple, as most servers") << m_chain << QByteArray() << true << QByteArray() << QString();
        QTest::addRow("good until yesterday") << m_chain << m_certs.staple(m_files, Staple::Expired) << true << QByteArray() << u"status expired"_s;
        QTest::addRow("revoked, says somebody else") << m_chain << forged << true << QByteArray() << u"certificate verify error"_s;
        QTest::addRow("rubbish") << m_chain << "rubbish"_ba << true << "Failed to decode OCSP response"_ba << u"asn1 encoding routines"_s;
        QTest::addRow("of another certificate") << m_chain << m_certs.staple(m_certs.server(kName), Staple::Good) << true << QByteArray() << QString();
    }
    void T11_aRevokedCertificateIsRefused() {
        QFETCH(CertificateFiles, files);
        QFETCH(QByteArray, response);
        QFETCH(bool, verify);
        QFETCH(QByteArray, why);
        QFETCH(QString, warns);
        if (!warns.isEmpty())
            QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"Discarding errors.*"_s + warns));
        const DescriptorPair ends = connectedPair();
        StaplingServer server(ends.server, files, response);
        RecordingHandler handler;
        const auto stream = tls::adoptStream(ends.client, &handler);
        stream->startClientTls({kName, verify, m_certs.caFile(), nullptr});
        QTRY_VERIFY(handler.received == "hello" || handler.closes > 0);
        if (why.isEmpty()) {
            QVERIFY2(handler.facts.has_value() && handler.closes == 0, handler.reason.text.constData());
            QVERIFY(handler.facts->peerVerified);
        } else {
            QVERIFY(!handler.facts);
            QCOMPARE(handler.reason.text, "TLS with 127.0.0.1 port " + QByteArray::number(stream->peerPort()) + " failed: " + why);
        }
    }

    // What else is wrong with a certificate counts beside a staple that does not.
    void T11_anExpiredCertificateWithoutAStapleIsStillRefused() {
        const CertificateFiles expired = m_certs.expired(kName);
        const DescriptorPair ends = connectedPair();
        StaplingServer server(ends.server, expired, {});
        RecordingHandler handler;
        const auto stream = tls::adoptStream(ends.client, &handler);
        stream->startClientTls({kName, true, m_certs.caFile(), nullptr});
        QTRY_COMPARE(handler.closes, 1);
        QVERIFY2(handler.reason.text.contains("certificate expired on ") && !handler.reason.text.contains(';'), handler.reason.text.constData());
    }
};

POSTERN_ENGINE_TEST_MAIN(TestStapledStatus)
#include "tst_stapled_status.moc"
