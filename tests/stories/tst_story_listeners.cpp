// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a listener's line promises, kept end to end: certificates by name and of clients, senders of a login, a proxy in
// front, names, tags, accounts, and the socket for programs of this computer. Real clients: openssl, swaks.
#include "stories/support/gateway_process.h"
#include "stories/support/mail_sink.h"
#include "stories/support/smtp_sender.h"
#include "support/test_certs.h"

#include <QDir>
#include <QLocalSocket>
#include <QTcpSocket>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace postern::test;

namespace {

constexpr char kCatch[] = "action \"box\" catch\nmatch from local for any action \"box\"\n";

QByteArray pki(const QByteArray& name, const CertificateFiles& files) {
    return "pki " + name + " cert \"" + files.certFile + "\"\npki " + name + " key \"" + files.keyFile + "\"\n";
}

// The text of the n-th message as it was sent on, our trace field on top.
QByteArray sent(const MailSink& sink, int n) {
    return sink.waitFor(n) ? sink.mails().at(n - 1).content : "only " + QByteArray::number(sink.mails().size()) + " messages came";
}

QByteArray to(const MailSink& sink) {
    return "127.0.0.1:" + QByteArray::number(sink.port());
}

QStringList swaksTo(quint16 port, const QString& from = u"scan@office.example"_s) {
    return {u"--server"_s, u"127.0.0.1:%1"_s.arg(port), u"--from"_s, from, u"--to"_s, u"petra@office.example"_s, u"--helo"_s, u"scanner.office.example"_s};
}

// Everything that is said until `end` comes or nothing more does.
QByteArray talk(QIODevice& device, const QByteArray& says, const QByteArray& end) {
    device.write(says);
    QByteArray heard;
    while (!heard.contains(end) && (device.bytesAvailable() > 0 || device.waitForReadyRead(10'000)))
        heard += device.readAll();
    return heard;
}

} // namespace

class StoryListeners : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void theNameAskedForChoosesTheCertificate_data() {
        QTest::addColumn<QStringList>("asks");
        QTest::addColumn<QByteArray>("gets");
        QTest::addRow("the second") << QStringList{u"-servername"_s, u"mx.two.example"_s} << QByteArray("CN = mx.two.example");
        QTest::addRow("the first") << QStringList{u"-servername"_s, u"mx.one.example"_s} << QByteArray("CN = mx.one.example");
        QTest::addRow("T12 nobody's") << QStringList{u"-servername"_s, u"mx.nine.example"_s} << QByteArray("CN = mx.one.example");
        QTest::addRow("no name") << QStringList{u"-noservername"_s} << QByteArray("CN = mx.one.example");
    }
    void theNameAskedForChoosesTheCertificate() {
        QFETCH(QStringList, asks);
        QFETCH(QByteArray, gets);
        TestCerts certs;
        GatewayProcess gateway(pki("one", certs.server("mx.one.example")) + pki("two", certs.server("mx.two.example")) +
                               "listen on 127.0.0.1 port 0 tls pki one pki two\n"
                               "listen on 127.0.0.1 port 0 smtps pki one pki two\n" + kCatch);
        STORY_VERIFY(gateway.start(), gateway.log());
        for (const int listener : {0, 1}) {
            QStringList arguments{u"s_client"_s, u"-connect"_s, u"127.0.0.1:%1"_s.arg(gateway.port(listener))};
            if (listener == 0)
                arguments += {u"-starttls"_s, u"smtp"_s};
            const Ran seen = run(u"openssl"_s, arguments + asks, "QUIT\r\n");
            STORY_VERIFY(seen.out.contains("subject=" + gets), seen.out + seen.err);
        }
        // T16
        const Ran web = run(u"openssl"_s, {u"s_client"_s, u"-connect"_s, u"127.0.0.1:%1"_s.arg(gateway.port(1)), u"-alpn"_s, u"http/1.1"_s}, "GET / HTTP/1.1\r\n");
        STORY_VERIFY(web.exit != 0 && web.err.contains("no application protocol"), web.out + web.err);
        QCOMPARE(gateway.stop(), 0);
    }

    void aClientCertificateIsDemandedOrAskedFor() {
        MailSink sink;
        TestCerts certs, strangers("Unknown Authority");
        const CertificateFiles device = certs.issue({.dnsNames = {"copier.office.example"}});
        const CertificateFiles stranger = strangers.issue({.dnsNames = {"copier.office.example"}});
        GatewayProcess gateway("ca office cert \"" + certs.caFile() + "\"\n" + pki("gw.example", certs.server("gw.example")) +
                               "listen on 127.0.0.1 port 0 tls-require verify pki gw.example ca office\n"
                               "listen on 127.0.0.1 port 0 tls pki gw.example ca office\n"
                               "action \"out\" relay host smtp+notls://" + to(sink) + "\nmatch from local for any action \"out\"\n");
        STORY_VERIFY(gateway.start(), gateway.log());
        const auto with = [](const CertificateFiles& files) {
            return QStringList{u"--tls"_s, u"--tls-cert"_s, QString::fromUtf8(files.certFile), u"--tls-key"_s, QString::fromUtf8(files.keyFile)};
        };
        int kept = 0;
        const Ran bare = run(u"swaks"_s, swaksTo(gateway.port(0)) + QStringList{u"--tls"_s});
        STORY_VERIFY(bare.exit != 0, bare.out);
        const Ran foreign = run(u"swaks"_s, swaksTo(gateway.port(0)) + with(stranger));
        STORY_VERIFY(foreign.exit != 0, foreign.out);
        QCOMPARE(gateway.queue().size(), 0);
        const Ran own = run(u"swaks"_s, swaksTo(gateway.port(0)) + with(device));
        STORY_VERIFY(own.exit == 0, own.out);
        QByteArray text = sent(sink, ++kept);
        STORY_VERIFY(text.contains(":YES)"), text);

        const Ran plain = run(u"swaks"_s, swaksTo(gateway.port(1)) + QStringList{u"--tls"_s});
        STORY_VERIFY(plain.exit == 0, plain.out);
        text = sent(sink, ++kept);
        STORY_VERIFY(text.contains(":NO)"), text);
        QCOMPARE(gateway.stop(), 0);
    }

    void loginsUseTheirOwnAddresses_data() {
        QTest::addColumn<QByteArray>("rules");
        QTest::newRow("action/match") << QByteArray("action \"out\" relay host smtp+notls://HOP\nmatch from local for any action \"out\"\n");
        QTest::newRow("accept/reject") << QByteArray("accept from local for any relay via smtp://HOP\n");
    }
    void loginsUseTheirOwnAddresses() { // A14
        QFETCH(QByteArray, rules);
        MailSink sink;
        rules.replace("HOP", to(sink));
        TestCerts certs;
        const bool isOld = rules.startsWith("accept");
        QByteArray certificate = pki("gw.example", certs.server("gw.example"));
        if (isOld)
            certificate.replace(" cert ", " certificate ");
        GatewayProcess gateway(certificate + "table users file:users\ntable may { carol = \"carol@office.example, @carol.example\" }\n"
                               "listen on 127.0.0.1 port 0 tls pki gw.example hostname mail.office.example received-auth auth <users> senders <may> masquerade\n" + rules);
        const Ran hash = posternctl({u"encrypt"_s, u"s3cret"_s});
        gateway.write(u"users"_s, "carol " + hash.out);
        const Ran checked = posternctl({u"check"_s, gateway.path(u"smtpd.conf"_s)});
        STORY_VERIFY(checked.exit == 0 && checked.err.isEmpty(), checked.err);
        STORY_VERIFY(gateway.start(), gateway.log());
        const QStringList signIn{u"--tls"_s, u"--auth"_s, u"PLAIN"_s, u"--auth-user"_s, u"carol"_s, u"--auth-password"_s, u"s3cret"_s};
        const Ran spoof = run(u"swaks"_s, swaksTo(gateway.port(), u"boss@office.example"_s) + signIn);
        STORY_VERIFY(spoof.exit != 0 && spoof.out.contains("550 5.7.1"), spoof.out);
        const Ran own = run(u"swaks"_s, swaksTo(gateway.port(), u"carol@office.example"_s) + signIn +
                                            QStringList{u"--header"_s, u"From: The Boss <boss@office.example>"_s});
        STORY_VERIFY(own.exit == 0, own.out);
        const QByteArray text = sent(sink, 1);
        STORY_VERIFY(text.contains("From: The Boss <carol@office.example>\r\n"), text);
        STORY_VERIFY(text.contains("by mail.office.example (Postern) with ESMTPSA "), text);
        STORY_VERIFY(text.contains(" auth=yes user=carol"), text);
        STORY_VERIFY(own.out.contains("220 mail.office.example "), own.out);
        QCOMPARE(gateway.stop(), 0);
    }

    // RFC 6409: what a program of this computer leaves out is added, and what it hid stays hidden.
    void whatIsHandedInIsCompleted() {
        MailSink sink;
        GatewayProcess gateway("listen on 127.0.0.1 port 0 hostname gw.office.example\naction \"out\" relay host smtp+notls://" + to(sink) +
                               "\nmatch from local for any action \"out\"\n");
        STORY_VERIFY(gateway.start(), gateway.log());
        const auto hand = [&gateway](const QString& data) { return run(u"swaks"_s, swaksTo(gateway.port()) + QStringList{u"--data"_s, data}); };
        const Ran bare = hand(u"From: cron\\nTo: Petra <petra>\\nBcc: boss@office.example,\\n dan@office.example\\nSubject: x\\n\\ndone\\n"_s);
        STORY_VERIFY(bare.exit == 0, bare.out);
        QByteArray text = sent(sink, 1);
        STORY_VERIFY(text.contains("\r\nFrom: cron@gw.office.example\r\nTo: Petra <petra@gw.office.example>\r\nSubject: x\r\nDate: "), text);
        STORY_VERIFY(text.contains("@gw.office.example>\r\n\r\ndone\r\n") && text.count("\r\nMessage-ID: <") == 1, text);
        STORY_VERIFY(!text.contains("boss") && !text.contains("dan@"), text);

        const Ran relayed = hand(u"Received: from a by b; Thu, 19 Nov 2026 14:32:00 +0000\\nFrom: cron\\nBcc: boss\\n\\ndone\\n"_s);
        STORY_VERIFY(relayed.exit == 0, relayed.out);
        text = sent(sink, 2);
        STORY_VERIFY(text.contains("+0000\r\nFrom: cron\r\nBcc: boss\r\n\r\ndone\r\n"), text);
        QCOMPARE(gateway.stop(), 0);
    }

    // Only the proxy says who is there; rules and the trace field go by it.
    void aProxyNamesTheClient() { // N09
        MailSink sink;
        GatewayProcess gateway("listen on 127.0.0.1 port 0 proxy-v2 mask-src tag inner\naction \"out\" relay host smtp+notls://" + to(sink) +
                               "\nmatch from src { \"192.0.2.9\" } tag inner for any action \"out\"\n");
        STORY_VERIFY(gateway.start(), gateway.log());
        const auto mailAs = [&](const QByteArray& octets) {
            QTcpSocket socket;
            socket.connectToHost(u"127.0.0.1"_s, gateway.port());
            socket.waitForConnected(10'000);
            socket.write(QByteArray::fromHex("0d0a0d0a000d0a515549540a2111000c") + QByteArray::fromHex(octets) + QByteArray::fromHex("c00002019c400019"));
            QByteArray heard = talk(socket, "EHLO x\r\n", "250 HELP");
            heard += talk(socket, "MAIL FROM:<a@b.example>\r\n", "\r\n");
            heard += talk(socket, "RCPT TO:<c@d.example>\r\n", "\r\n");
            heard += talk(socket, "DATA\r\n", "\r\n");
            return heard.contains("354 ") ? heard + talk(socket, "Subject: x\r\n\r\ny\r\n.\r\nQUIT\r\n", "221") : heard;
        };
        const QByteArray other = mailAs("c000020a"); // 192.0.2.10
        STORY_VERIFY(other.contains("[192.0.2.10]") && other.contains("550 5.7.1"), other);
        const QByteArray named = mailAs("c0000209");
        STORY_VERIFY(named.contains("[192.0.2.9]") && named.contains("250 2.0.0"), named);
        const QByteArray text = sent(sink, 1);
        STORY_VERIFY(!text.contains("192.0.2.9") && text.startsWith("Received: by "), text); // mask-src
        SmtpSender bare(gateway.port());
        QVERIFY(bare.greeting().isEmpty());
        QCOMPARE(gateway.stop(), 0);
    }

    void theAddressChoosesTheName() { // 127.0.0.2 is this computer, too
        GatewayProcess gateway("table names { \"127.0.0.1\" = \"one.example\", \"127.0.0.2\" = \"two.example\" }\n"
                               "listen on 0.0.0.0 port 0 hostnames <names>\n" + QByteArray(kCatch));
        STORY_VERIFY(gateway.start(), gateway.log());
        for (const auto& [address, name] : {std::pair{u"127.0.0.1"_s, "220 one.example "}, std::pair{u"127.0.0.2"_s, "220 two.example "}}) {
            QTcpSocket socket;
            socket.connectToHost(address, gateway.port());
            const QByteArray heard = talk(socket, "", "\r\n");
            STORY_VERIFY(heard.startsWith(name), heard);
        }
        QCOMPARE(gateway.stop(), 0);
    }

    // In 2012 a listener without a tag went by its interface.
    void theTagOf2012IsTheInterface() {
        GatewayProcess gateway("listen on 127.0.0.1 port 0\nlisten on 127.0.0.1 port 0 tag other\n"
                               "accept on 127.0.0.1 from all for all relay via \"smtp://127.0.0.1:9\"\n");
        const Ran checked = posternctl({u"check"_s, gateway.path(u"smtpd.conf"_s)});
        STORY_VERIFY(checked.exit == 0, checked.err);
        STORY_VERIFY(gateway.start(), gateway.log());
        SmtpSender untagged(gateway.port(0)), tagged(gateway.port(1));
        QVERIFY(untagged.command("EHLO x").startsWith("250"));
        QVERIFY(untagged.send("a@b.example", {"c@d.example"}, "Subject: x\r\n\r\ny\r\n").startsWith("250"));
        QVERIFY(tagged.command("EHLO x").startsWith("250"));
        QVERIFY(tagged.send("a@b.example", {"c@d.example"}, "").startsWith("5"));
        QCOMPARE(gateway.stop(), 0);
    }

    void programsOfThisComputerHandInByTheSocket_data() {
        QTest::addColumn<QByteArray>("config");
        QTest::addColumn<bool>("masked");
        QTest::newRow("not written: it is there all the same")
            << QByteArray("listen on 127.0.0.1 port 0\naction \"out\" relay host smtp+notls://HOP\nmatch from socket for any action \"out\"\n") << false;
        QTest::newRow("with a tag, masked")
            << QByteArray("listen on 127.0.0.1 port 0\nlisten on socket tag cron mask-src\naction \"out\" relay host smtp+notls://HOP\n"
                          "match tag cron from socket for any action \"out\"\n") << true;
        QTest::newRow("accept/reject: tagged local, and local")
            << QByteArray("listen on 127.0.0.1 port 0 hostname x.example\naccept tagged \"local\" from local for any relay via smtp://HOP\n") << false;
    }
    void programsOfThisComputerHandInByTheSocket() {
        QFETCH(QByteArray, config);
        QFETCH(bool, masked);
        MailSink sink;
        config.replace("HOP", to(sink));
        GatewayProcess gateway(config);
        STORY_VERIFY(gateway.start(), gateway.log());
        const QJsonObject status = gateway.ctl({u"status"_s, u"--json"_s}).json().toObject()["socket"_L1].toObject();
        QVERIFY(status["open"_L1].toBool());
        QLocalSocket socket;
        socket.connectToServer(status["address"_L1].toString());
        STORY_VERIFY(socket.waitForConnected(10'000), socket.errorString().toUtf8());
        const QByteArray greeted = talk(socket, "EHLO cron\r\n", "250 HELP");
        STORY_VERIFY(greeted.contains(" Hello cron [local], "), greeted);
        QByteArray heard = talk(socket, "MAIL FROM:<root@office.example>\r\n", "\r\n");
        heard += talk(socket, "RCPT TO:<petra@office.example>\r\n", "\r\n");
        heard += talk(socket, "DATA\r\n", "\r\n");
        heard += talk(socket, "Subject: cron\r\n\r\ndone\r\n.\r\nQUIT\r\n", "221");
        STORY_VERIFY(heard.contains("250 2.0.0 "), heard);
        const QByteArray text = sent(sink, 1);
        STORY_VERIFY(text.contains("(localhost [local])") == !masked, text);
        SmtpSender network(gateway.port());
        QVERIFY(network.command("EHLO x").startsWith("250"));
        QVERIFY(network.send("a@b.example", {"c@d.example"}, "").startsWith("550")); // not from the socket
        QCOMPARE(gateway.stop(), 0);
    }

    // Whoever hands in on this computer meets the limits that a client of the network meets.
    void K06_theSocketHasTheLimitsOfTheNetwork_data() {
        QTest::addColumn<QByteArray>("says"); // behind EHLO, in one piece
        QTest::addColumn<QByteArrayList>("hears");
        const QByteArray toData = "MAIL FROM:<root@office.example>\r\nRCPT TO:<petra@office.example>\r\nDATA\r\n";
        QByteArray many = "MAIL FROM:<root@office.example>\r\n";
        for (int i = 0; i < 1100; ++i)
            many += "RCPT TO:<u" + QByteArray::number(i) + "@office.example>\r\n";
        QTest::newRow("1100 recipients") << many << QByteArrayList{"250 2.1.5", "452 4.5.3"};
        QTest::newRow("a size over the limit") << "MAIL FROM:<a@office.example> SIZE=99999999\r\n"_ba << QByteArrayList{"552 5.3.4"};
        QTest::newRow("a sender that is none") << "MAIL FROM:<a b;c@office.example>\r\n"_ba << QByteArrayList{"501 5.1.7"};
        QTest::newRow("a NUL") << toData + "a: b\0c\r\n\r\n.\r\n"_ba << QByteArrayList{"354", "550 5.6.0"};
        QTest::newRow("a dot on a line of its own, by LF") << toData + "a: b\n.\nMAIL FROM:<x@x.example>\r\n.\r\n"
                                                           << QByteArrayList{"354", "550 5.5.2"};
        QTest::newRow("no SMTP") << "GET / HTTP/1.0\r\n"_ba << QByteArrayList{"554 5.5.0"};
    }
    void K06_theSocketHasTheLimitsOfTheNetwork() {
        QFETCH(const QByteArray, says);
        QFETCH(const QByteArrayList, hears);
        GatewayProcess gateway("listen on 127.0.0.1 port 0\n" + QByteArray(kCatch));
        STORY_VERIFY(gateway.start(), gateway.log());
        QLocalSocket socket;
        socket.connectToServer(gateway.ctl({u"status"_s, u"--json"_s}).json().toObject()["socket"_L1].toObject()["address"_L1].toString());
        STORY_VERIFY(socket.waitForConnected(10'000), socket.errorString().toUtf8());
        (void)talk(socket, "EHLO cron\r\n", "250 HELP");
        const QByteArray heard = talk(socket, says, hears.last());
        for (const QByteArray& reply : hears)
            STORY_VERIFY(heard.contains(reply), heard.right(500));
        QVERIFY(gateway.queue().isEmpty());
        QCOMPARE(gateway.stop(), 0);
    }

    // T13: a key that is broken when the configuration is read again changes nothing.
    void aReloadWithABrokenKeyKeepsTheOldPair() {
        TestCerts certs;
        const CertificateFiles own = certs.server("gw.example");
        GatewayProcess gateway("pki gw.example cert \"gw.crt\"\npki gw.example key \"gw.key\"\n"
                               "listen on 127.0.0.1 port 0 tls pki gw.example\n" + QByteArray(kCatch));
        QVERIFY(QFile::copy(QString::fromUtf8(own.certFile), gateway.path(u"gw.crt"_s)));
        QVERIFY(QFile::copy(QString::fromUtf8(own.keyFile), gateway.path(u"gw.key"_s)));
        STORY_VERIFY(gateway.start(), gateway.log());
        gateway.write(u"gw.key"_s, "-----BEGIN PRIVATE KEY-----\nrubbish\n");
        const Ran reload = gateway.ctl({u"reload"_s});
        QCOMPARE(reload.exit, 1);
        STORY_VERIFY((reload.out + reload.err).contains("gw.key"), reload.out + reload.err);
        const Ran mailed = run(u"swaks"_s, swaksTo(gateway.port()) + QStringList{u"--tls"_s});
        STORY_VERIFY(mailed.exit == 0, mailed.out);
        QVERIFY(QFile::remove(gateway.path(u"gw.key"_s)));
        QCOMPARE(gateway.ctl({u"reload"_s}).exit, 1);
        const Ran again = run(u"swaks"_s, swaksTo(gateway.port()) + QStringList{u"--tls"_s});
        STORY_VERIFY(again.exit == 0, again.out);
        QCOMPARE(gateway.stop(), 0);
    }

    void ciphersAndProtocolsAsWritten() {
        TestCerts certs;
        GatewayProcess gateway("smtp ciphers \"ECDHE-ECDSA-AES128-GCM-SHA256\"\n" + pki("gw.example", certs.server("gw.example")) +
                               "listen on 127.0.0.1 port 0 smtps pki gw.example protocols \"tlsv1.2\"\n"
                               "listen on 127.0.0.1 port 0 smtps pki gw.example ciphers \"ECDHE-ECDSA-CHACHA20-POLY1305\" protocols \"tlsv1.2\"\n"
                               "listen on 127.0.0.1 port 0 smtps pki gw.example protocols \"tlsv1.3\"\n" + kCatch);
        STORY_VERIFY(gateway.start(), gateway.log());
        const auto session = [&](int listener, const QStringList& options) {
            return run(u"openssl"_s, QStringList{u"s_client"_s, u"-connect"_s, u"127.0.0.1:%1"_s.arg(gateway.port(listener))} + options, "QUIT\r\n").out;
        };
        STORY_VERIFY(session(0, {}).contains("New, TLSv1.2, Cipher is ECDHE-ECDSA-AES128-GCM-SHA256"), session(0, {}));
        STORY_VERIFY(session(1, {}).contains("New, TLSv1.2, Cipher is ECDHE-ECDSA-CHACHA20-POLY1305"), session(1, {}));
        STORY_VERIFY(session(2, {}).contains("New, TLSv1.3"), session(2, {}));
        STORY_VERIFY(session(2, {u"-tls1_2"_s}).contains("Cipher is (NONE)"), session(2, {u"-tls1_2"_s}));
        gateway.setConfig("smtp ciphers \"FROB\"\n" + pki("gw.example", certs.server("gw.example")) + "listen on 127.0.0.1 port 0 smtps pki gw.example\n" + kCatch);
        const Ran checked = posternctl({u"check"_s, gateway.path(u"smtpd.conf"_s)});
        QCOMPARE(checked.exit, 1);
        STORY_VERIFY(checked.err.contains(":1:1: error: ciphers \"FROB\": OpenSSL knows no cipher"), checked.err);
        QCOMPARE(gateway.stop(), 0);
    }
};

QTEST_GUILESS_MAIN(StoryListeners)
#include "tst_story_listeners.moc"
