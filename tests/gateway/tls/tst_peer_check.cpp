// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which names a certificate is good for.
#include "support/test_certs.h"
#include "tls/peer_check.h"

#include <QFile>
#include <QSslCertificate>
#include <QTest>

using namespace postern;
using namespace postern::test;
using namespace Qt::StringLiterals;

class TestPeerCheck : public QObject {
    Q_OBJECT

    TestCerts m_certs;

    QSslCertificate issue(const CertificateRequest& request) {
        return QSslCertificate::fromPath(QFile::decodeName(m_certs.issue(request).certFile)).constFirst();
    }

  private Q_SLOTS:
    void namesFit_data() {
        QTest::addColumn<QByteArrayList>("certified");
        QTest::addColumn<QByteArrayList>("addresses");
        QTest::addColumn<QByteArray>("asked");
        QTest::addColumn<bool>("fits");
        using List = QByteArrayList;
        QTest::addRow("the name") << List{"mx.one.example"} << List{} << "mx.one.example"_ba << true;
        QTest::addRow("case does not count") << List{"MX.One.example"} << List{} << "mx.oNE.example"_ba << true;
        QTest::addRow("final dot of the asked name") << List{"mx.one.example"} << List{} << "mx.one.example."_ba << true;
        QTest::addRow("second name") << List{"a.example", "b.one.example"} << List{} << "b.one.example"_ba << true;
        QTest::addRow("wildcard for one label") << List{"*.one.example"} << List{} << "mx.one.example"_ba << true;
        QTest::addRow("T11 wildcard is not two labels") << List{"*.one.example"} << List{} << "a.mx.one.example"_ba << false;
        QTest::addRow("T11 wildcard is not none") << List{"*.one.example"} << List{} << "one.example"_ba << false;
        QTest::addRow("T11 wildcard over a top-level domain") << List{"*.com"} << List{} << "example.com"_ba << false;
        QTest::addRow("T11 partial wildcard") << List{"m*.one.example"} << List{} << "mx.one.example"_ba << false;
        QTest::addRow("T11 other name") << List{"mx.two.example"} << List{} << "mx.one.example"_ba << false;
        QTest::addRow("T11 longer name") << List{"mx.one.example.evil.example"} << List{} << "mx.one.example"_ba << false;
        QTest::addRow("T11 a NUL behind the name") << List{QByteArray("mx.one.example\0.evil.example", 28)} << List{} << "mx.one.example"_ba << false;
        QTest::addRow("T11 a NUL at the end") << List{QByteArray("mx.one.example\0", 15)} << List{} << "mx.one.example"_ba << false;
        QTest::addRow("T11 a NUL in another name harms no good one")
            << List{QByteArray("evil.example\0", 13), "mx.one.example"} << List{} << "mx.one.example"_ba << true;
        QTest::addRow("address") << List{"mx.one.example"} << List{"192.0.2.9"} << "192.0.2.9"_ba << true;
        QTest::addRow("address in brackets") << List{} << List{"192.0.2.9"} << "[192.0.2.9]"_ba << true;
        QTest::addRow("IPv6 in another spelling") << List{} << List{"2001:db8::1"} << "2001:db8:0:0::1"_ba << true;
        QTest::addRow("T11 other address") << List{} << List{"192.0.2.9"} << "192.0.2.8"_ba << false;
        QTest::addRow("T11 address as a DNS name") << List{"192.0.2.9"} << List{} << "192.0.2.9"_ba << false;
        QTest::addRow("nothing asked fits nothing") << List{"mx.one.example"} << List{} << ""_ba << false;
    }
    void namesFit() {
        QFETCH(QByteArrayList, certified);
        QFETCH(QByteArrayList, addresses);
        QFETCH(QByteArray, asked);
        QTEST(tls::carriesName(issue({.dnsNames = certified, .addresses = addresses}), asked), "fits");
    }

    void t11NameOnlyAsCommonNameDoesNotCount() {
        const QSslCertificate certificate = issue({.commonName = "mx.one.example"});
        QVERIFY(!tls::carriesName(certificate, "mx.one.example"));
        QCOMPARE(tls::wrongNameText(certificate, "mx.one.example"),
                 "certificate is for mx.one.example (as common name only), not for mx.one.example");
    }

    void noCertificateFitsNothing() { QVERIFY(!tls::carriesName(QSslCertificate(), "mx.one.example")); }

    void causesAreToldOnceEach() {
        const QSslCertificate certificate = issue({.dnsNames = {"mx.one.example"}});
        const QList<QSslError> errors{QSslError(QSslError::UnableToGetLocalIssuerCertificate, certificate),
                                      QSslError(QSslError::UnableToVerifyFirstCertificate, certificate),
                                      QSslError(QSslError::HostNameMismatch, certificate)};
        QCOMPARE(tls::describe(errors, "mx.two.example"),
                 "issuer not trusted: Postern Test CA; certificate is for mx.one.example, not for mx.two.example");
    }

    void namesFromOutsideCannotDrawOnTheLog() {
        const QSslCertificate certificate = issue({.commonName = "a\r\nfaked line"});
        QVERIFY(!tls::wrongNameText(certificate, "b.example").contains('\n'));
    }
};

QTEST_GUILESS_MAIN(TestPeerCheck)
#include "tst_peer_check.moc"
