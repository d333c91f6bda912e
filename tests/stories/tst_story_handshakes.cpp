// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a relay's own words about TLS come to at a real Postfix: `ciphers`, `protocols`, `smtp ciphers`, and the certificate
// that `pki` shows. Postfix writes into Received what it agreed on; what cannot be agreed on waits, or goes in clear where
// the URL allows that.
#include "stories/support/gateway_process.h"
#include "stories/support/postfix_peer.h"
#include "stories/support/smtp_sender.h"
#include "support/test_certs.h"

#include <QTest>

using namespace Qt::StringLiterals;
using namespace postern::test;

class StoryHandshakes : public QObject {
    Q_OBJECT

    TestCerts m_certs;
    PostfixPeer m_any;  // TLS 1.2 and 1.3, and whatever ciphers
    PostfixPeer m_old;  // TLS 1.2 only, without ChaCha20
    PostfixPeer m_asks; // for a certificate of our authority; mail without one is refused

    QByteArray config(const QByteArray& globals, const QByteArray& url, quint16 port, const QByteArray& words) const {
        return "ca test cert \"" + m_certs.caFile() + "\"\n" + globals + "listen on 127.0.0.1 port 0\n" +
               "action \"out\" relay host \"" + url + "localhost:" + QByteArray::number(port) + "\" ca test " + words +
               "\nmatch from any for any action \"out\"\n";
    }

    static bool send(const GatewayProcess& gateway) {
        SmtpSender sender(gateway.port());
        return sender.command("EHLO scanner.example").startsWith("250") &&
               sender.send("a@office.example", {"c@far.example"}, "Subject: x\r\n\r\nhello\r\n").startsWith("250");
    }

  private Q_SLOTS:
    void initTestCase() {
        const CertificateFiles cert = m_certs.server("localhost");
        const QStringList tls{u"--tls"_s,  QString::fromLatin1(cert.certFile),        QString::fromLatin1(cert.keyFile),
                              u"--set"_s, u"smtpd_tls_received_header=yes"_s};
        STORY_VERIFY(m_any.start(tls), m_any.log());
        STORY_VERIFY(m_old.start(tls + QStringList{u"--set"_s, u"smtpd_tls_protocols=TLSv1.2"_s, u"--set"_s,
                                                   u"smtpd_tls_exclude_ciphers=CHACHA20"_s}),
                     m_old.log());
        STORY_VERIFY(m_asks.start(tls + QStringList{u"--set"_s, u"smtpd_tls_ask_ccert=yes"_s, u"--set"_s,
                                                    u"smtpd_tls_CAfile="_s + QString::fromLatin1(m_certs.caFile()), u"--set"_s,
                                                    u"smtpd_relay_restrictions=permit_tls_all_clientcerts, reject"_s}),
                     m_asks.log());
    }

    void ciphersAndProtocolsOfARelay_data() {
        QTest::addColumn<QByteArray>("globals");
        QTest::addColumn<QByteArray>("url");
        QTest::addColumn<QByteArray>("words");
        QTest::addColumn<bool>("old");          // at the one that speaks TLS 1.2 only
        QTest::addColumn<QByteArray>("agreed"); // in Received; "clear"; else what the mail waits for
        const auto row = [](const char* name, const char* globals, const char* url, const char* words, bool old, const char* agreed) {
            QTest::newRow(name) << QByteArray(globals) << QByteArray(url) << QByteArray(words) << old << QByteArray(agreed);
        };
        row("nothing written: the newest", "", "smtp+tls://", "", false, "using TLSv1.3 ");
        row("protocols tlsv1.2", "", "smtp+tls://", "protocols \"tlsv1.2\"", false, "using TLSv1.2 ");
        row("protocols all without tlsv1.3", "", "smtp+tls://", "protocols \"all:!tlsv1.3\"", false, "using TLSv1.2 ");
        row("one cipher", "", "smtp+tls://", "protocols \"tlsv1.2\" ciphers \"ECDHE-ECDSA-CHACHA20-POLY1305\"", false,
            "using TLSv1.2 with cipher ECDHE-ECDSA-CHACHA20-POLY1305 ");
        row("the first of two is preferred", "", "smtp+tls://",
            "protocols \"tlsv1.2\" ciphers \"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384\"", false,
            "using TLSv1.2 with cipher ECDHE-ECDSA-AES128-GCM-SHA256 ");
        row("smtp ciphers hold for relays, too", "smtp ciphers \"ECDHE-ECDSA-AES128-SHA256\"\n", "smtp+tls://",
            "protocols \"tlsv1.2\"", false, "using TLSv1.2 with cipher ECDHE-ECDSA-AES128-SHA256 ");
        row("an action's own ciphers come before them", "smtp ciphers \"ECDHE-ECDSA-AES128-SHA256\"\n", "smtp+tls://",
            "protocols \"tlsv1.2\" ciphers \"ECDHE-ECDSA-AES256-GCM-SHA384\"", false,
            "using TLSv1.2 with cipher ECDHE-ECDSA-AES256-GCM-SHA384 ");
        row("a choice for TLS 1.2 leaves TLS 1.3 alone", "", "smtp+tls://", "ciphers \"ECDHE-ECDSA-AES256-GCM-SHA384\"", false,
            "using TLSv1.3 ");
        row("no protocol in common: the mail waits", "", "smtp+tls://", "protocols \"tlsv1.3\"", true, "protocol version");
        row("no cipher in common: the mail waits", "", "smtp+tls://", "ciphers \"ECDHE-ECDSA-CHACHA20-POLY1305\"", true,
            "handshake failure");
        row("no protocol in common where TLS is not demanded: in clear", "", "smtp://", "protocols \"tlsv1.3\"", true, "clear");
    }
    void ciphersAndProtocolsOfARelay() {
        QFETCH(QByteArray, globals);
        QFETCH(QByteArray, url);
        QFETCH(QByteArray, words);
        QFETCH(bool, old);
        QFETCH(QByteArray, agreed);
        PostfixPeer& peer = old ? m_old : m_any;
        const int before = int(peer.mails().size());
        GatewayProcess gateway(config(globals, url, peer.port(), words));
        STORY_VERIFY(gateway.start(), gateway.log());
        QVERIFY(send(gateway));
        if (old && agreed != "clear") {
            QString error;
            STORY_TRY((error = gateway.queue().at(0).toObject()["lastError"_L1].toString(), !error.isEmpty()), gateway.log(), 30'000);
            STORY_VERIFY(error.contains(QString::fromLatin1(agreed)), error.toUtf8());
            QCOMPARE(int(peer.mails().size()), before);
            return;
        }
        STORY_VERIFY(peer.waitFor(before + 1), gateway.log() + peer.log().right(2000));
        const QByteArray mail = peer.mails().last().simplified();
        if (agreed == "clear")
            STORY_VERIFY(!mail.contains("using TLS"), mail);
        else
            STORY_VERIFY(mail.contains('(' + agreed), mail);
    }

    void theCertificateOfARelayIsShown() { // `pki` of an action
        const CertificateFiles ours = m_certs.issue({.dnsNames = {"gw.office.example"}});
        const QByteArray pki = "pki ours cert \"" + ours.certFile + "\"\npki ours key \"" + ours.keyFile + "\"\n";
        GatewayProcess gateway(config(pki, "smtp+tls://", m_asks.port(), ""));
        STORY_VERIFY(gateway.start(), gateway.log());
        QVERIFY(send(gateway)); // without it: Postfix refuses the recipient, and a bounce is left that nobody takes either
        STORY_TRY(m_asks.log().contains("554 5.7.1 <c@far.example>: Recipient address rejected: Access denied") ||
                      m_asks.log().contains("Relay access denied"),
                  gateway.log() + m_asks.log().right(2000), 30'000);
        QCOMPARE(m_asks.mails().size(), 0);
        gateway.setConfig(config(pki, "smtp+tls://", m_asks.port(), "pki ours"));
        const Ran reloaded = gateway.ctl({u"reload"_s});
        STORY_VERIFY(reloaded.exit == 0, reloaded.err);
        QVERIFY(send(gateway));
        STORY_VERIFY(m_asks.waitFor(1), gateway.log().right(900) + m_asks.log().right(900));
        const QByteArray mail = m_asks.mails().last().simplified();
        STORY_VERIFY(mail.contains("Client CN \"gw.office.example\", Issuer \"Postern Test CA\" (verified OK)"), mail);
    }

    void RFC8996_nothingOldOrWeakIsEverOffered_data() {
        QTest::addColumn<QStringList>("options"); // of openssl s_server, and of the client that shows that it works
        QTest::addColumn<QByteArray>("words");    // that ask for more than we give
        const QByteArray all = "ciphers \"ALL:eNULL:aNULL:@SECLEVEL=0\" protocols \"legacy\"";
        QTest::newRow("T06 TLS 1.0 only") << QStringList{u"-tls1"_s, u"-cipher"_s, u"ALL:@SECLEVEL=0"_s} << all;
        QTest::newRow("T06 TLS 1.1 only") << QStringList{u"-tls1_1"_s, u"-cipher"_s, u"ALL:@SECLEVEL=0"_s} << all;
        QTest::newRow("T07 no encryption") << QStringList{u"-tls1_2"_s, u"-cipher"_s, u"eNULL:@SECLEVEL=0"_s} << all;
        QTest::newRow("T07 no certificate") << QStringList{u"-tls1_2"_s, u"-cipher"_s, u"aNULL:@SECLEVEL=0"_s} << all;
        QTest::newRow("RFC 9325 4.1 no forward secrecy, unless written")
            << QStringList{u"-tls1_2"_s, u"-cipher"_s, u"AES128-GCM-SHA256"_s} << QByteArray();
    }
    void RFC8996_nothingOldOrWeakIsEverOffered() {
        QFETCH(QStringList, options);
        QFETCH(QByteArray, words);
        const CertificateFiles cert = m_certs.issue({.dnsNames = {"localhost"}, .key = KeyKind::Rsa2048});
        QProcess server;
        server.setProcessChannelMode(QProcess::MergedChannels);
        server.start(u"openssl"_s, QStringList{u"s_server"_s, u"-accept"_s, u"127.0.0.1:0"_s, u"-cert"_s, QString::fromLatin1(cert.certFile),
                                               u"-key"_s, QString::fromLatin1(cert.keyFile)} + options);
        QByteArray out;
        while (!out.contains("ACCEPT ") && server.waitForReadyRead(20'000))
            out += server.readAll();
        const qsizetype at = out.indexOf("127.0.0.1:") + 10;
        const quint16 port = out.mid(at, out.indexOf('\n', at) - at).trimmed().toUShort();
        STORY_VERIFY(port != 0, out);
        const Ran able = run(u"openssl"_s, QStringList{u"s_client"_s, u"-connect"_s, u"127.0.0.1:%1"_s.arg(port)} + options, "Q\n");
        STORY_VERIFY(able.out.contains("Cipher is ") && !able.out.contains("Cipher is (NONE)"), able.out + able.err);

        GatewayProcess gateway(config("", "smtps://", port, "tls no-verify " + words));
        STORY_VERIFY(gateway.start(), gateway.log());
        QVERIFY(send(gateway));
        QString error;
        STORY_TRY((error = gateway.queue().at(0).toObject()["lastError"_L1].toString(), !error.isEmpty()), gateway.log(), 30'000);
        STORY_VERIFY(error.contains(u"failed: the peer says: "_s), error.toUtf8());
        server.kill();
        server.waitForFinished();
    }

    void ciphersThatAreNoneAreRefusedWhereTheyStand() {
        GatewayProcess gateway(config("smtp ciphers \"FROB\"\n", "smtp+tls://", 25, ""));
        const Ran ofAll = posternctl({u"check"_s, gateway.path(u"smtpd.conf"_s)});
        QCOMPARE(ofAll.exit, 1);
        STORY_VERIFY(ofAll.err.contains(":2:1: error: ciphers \"FROB\": OpenSSL knows no cipher"), ofAll.err);
        gateway.setConfig(config("", "smtp+tls://", 25, "ciphers \"eNULL\""));
        const Ran ofOne = posternctl({u"check"_s, gateway.path(u"smtpd.conf"_s)});
        QCOMPARE(ofOne.exit, 1);
        STORY_VERIFY(ofOne.err.contains(":3:1: error: action \"out\": ciphers \"eNULL\": "), ofOne.err);
        gateway.setConfig(config("", "smtp+tls://", 25, "protocols \"tlsv1.1\""));
        const Ran broken = posternctl({u"check"_s, gateway.path(u"smtpd.conf"_s)});
        QCOMPARE(broken.exit, 1);
        STORY_VERIFY(broken.err.contains("error: no protocol is left: TLS 1.2 and 1.3 are spoken here"), broken.err);
        gateway.setConfig(config("", "smtp+tls://", 25, "protocols \"tlsv1.2\" ciphers \"HIGH\""));
        const Ran good = posternctl({u"check"_s, gateway.path(u"smtpd.conf"_s)});
        QCOMPARE(good.exit, 0);
        STORY_VERIFY(!good.err.contains("no effect"), good.err);
    }
};

QTEST_GUILESS_MAIN(StoryHandshakes)
#include "tst_story_handshakes.moc"
