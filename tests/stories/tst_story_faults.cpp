// SPDX-License-Identifier: GPL-3.0-or-later
//
// What goes wrong on a user's first day: a message that says what, where and what to do, and nothing lost.
#include "stories/support/gateway_process.h"
#include "stories/support/mail_sink.h"
#include "stories/support/smtp_sender.h"
#include "support/places.h"
#include "support/test_certs.h"

#include <QHostAddress>
#include <QTcpServer>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace postern::test;

class StoryFaults : public QObject {
    Q_OBJECT

    static constexpr char kCatch[] = "listen on 127.0.0.1 port 0\naction \"caught\" catch\n"
                                     "match from any for any action \"caught\"\n";

  private Q_SLOTS:
    void brokenConfigurationsAreRefusedWithPlaceAndReason_data() {
        QTest::addColumn<QByteArray>("config");
        QTest::addColumn<QByteArray>("place");
        QTest::addColumn<QByteArray>("says");
        QTest::newRow("near miss of a keyword")
            << QByteArray("listen on 127.0.0.1 prot 2525\nmatch from any for any reject\n") << QByteArray(":1:")
            << QByteArray("port");
        QTest::newRow("unknown table")
            << QByteArray("listen on 127.0.0.1 port 0\nmatch from src <nobody> for any reject\n") << QByteArray(":2:")
            << QByteArray("nobody");
        QTest::newRow("unknown action")
            << QByteArray("listen on 127.0.0.1 port 0\nmatch for any action \"gone\"\n") << QByteArray(":2:")
            << QByteArray("gone");
        QTest::newRow("table file missing")
            << QByteArray("table t file:nowhere/users\nlisten on 127.0.0.1 port 0\nmatch from src <t> for any reject\n")
            << QByteArray(":1:") << QByteArray("nowhere/users");
        QTest::newRow("certificate missing")
            << QByteArray("pki x cert \"missing.crt\"\npki x key \"missing.key\"\n"
                          "listen on 127.0.0.1 port 0 tls pki x\nmatch for any reject\n")
            << QByteArray(":1:") << QByteArray("missing.crt");
        QTest::newRow("no certificate named")
            << QByteArray("listen on 127.0.0.1 port 0 tls\nmatch for any reject\n") << QByteArray(":1:")
            << QByteArray("pki");
        QTest::newRow("relay URL near miss")
            << QByteArray("listen on 127.0.0.1 port 0\naction \"o\" relay host \"smtp+tsl://mx.example\"\n"
                          "match for any action \"o\"\n")
            << QByteArray(":2:") << QByteArray("smtp+tls");
        QTest::newRow("nothing to do") << QByteArray("listen on 127.0.0.1 port 0\n") << QByteArray(":") << QByteArray("rule");
    }

    void brokenConfigurationsAreRefusedWithPlaceAndReason() {
        QFETCH(QByteArray, config);
        QFETCH(QByteArray, place);
        QFETCH(QByteArray, says);
        GatewayProcess gateway(config);
        const Ran checked = posternctl({u"check"_s, gateway.path(u"smtpd.conf"_s)});
        QCOMPARE(checked.exit, 1);
        STORY_VERIFY(checked.err.contains("smtpd.conf" + place) && checked.err.contains("error: ") &&
                     checked.err.contains(says), checked.err);
        STORY_VERIFY(!gateway.start(), "it should not have started");
        QVERIFY(gateway.waitGone(5));
        QCOMPARE(gateway.exitStatus(), 1);
        STORY_VERIFY(gateway.log().contains("smtpd.conf" + place) && gateway.log().contains(says), gateway.log());
    }

    void aKeyThatDoesNotFitItsCertificateIsNamed() {
        TestCerts certs;
        const CertificateFiles one = certs.server("a.example"), two = certs.server("b.example");
        GatewayProcess gateway("pki x cert \"" + one.certFile + "\"\npki x key \"" + two.keyFile +
                               "\"\nlisten on 127.0.0.1 port 0 tls pki x\nmatch for any reject\n");
        const Ran checked = posternctl({u"check"_s, gateway.path(u"smtpd.conf"_s)});
        QCOMPARE(checked.exit, 1);
        STORY_VERIFY(checked.err.contains(two.keyFile) && checked.err.contains("does not belong"), checked.err);
    }

    void aTakenPortIsNamedAndTheOtherListenerServes() {
        QTcpServer taker;
        QVERIFY(taker.listen(QHostAddress::LocalHost));
        const QByteArray port = QByteArray::number(taker.serverPort());
        GatewayProcess gateway("listen on 127.0.0.1 port " + port + "\n" + kCatch);
        STORY_VERIFY(gateway.start(), gateway.log());
        STORY_VERIFY(gateway.log().contains("port " + port) && gateway.log().contains("taken"), gateway.log());
        const Ran status = gateway.ctl({u"status"_s, u"--json"_s});
        const QJsonObject problem = status.json().toObject()["problems"_L1].toArray().at(0).toObject();
        STORY_VERIFY(problem["where"_L1].toString().endsWith(u"smtpd.conf:1"_s), status.out);
        SmtpSender sender(gateway.port());
        QVERIFY(sender.greeting().startsWith("220"));
        // The taker goes; the gateway takes the port by itself.
        taker.close();
        STORY_TRY(SmtpSender(port.toUShort()).greeting().startsWith("220"), gateway.log(), 30'000);
    }

    void aTakenPortAloneIsTheEnd() {
        QTcpServer taker;
        QVERIFY(taker.listen(QHostAddress::LocalHost));
        GatewayProcess gateway("listen on 127.0.0.1 port " + QByteArray::number(taker.serverPort()) +
                               "\nmatch from any for any reject\n");
        QVERIFY(!gateway.start());
        QVERIFY(gateway.waitGone(5));
        QCOMPARE(gateway.exitStatus(), 1);
        STORY_VERIFY(gateway.log().contains("taken"), gateway.log());
    }

    void aSecondInstanceIsSentAwayAndTheFirstGoesOn() {
        GatewayProcess gateway(kCatch);
        STORY_VERIFY(gateway.start(), gateway.log());
        const Ran second = run(QStringLiteral(POSTERN_BIN_DIR "/posternctl"),
                               {u"run"_s, u"-f"_s, gateway.path(u"smtpd.conf"_s), u"--state"_s, gateway.path(u"state"_s)});
        QCOMPARE(second.exit, 1);
        STORY_VERIFY(second.err.contains(QByteArray::number(gateway.pid())), second.err);
        QVERIFY(SmtpSender(gateway.port()).greeting().startsWith("220"));
    }

    void aReloadTakesAGoodChangeAndRefusesABadOne() {
        GatewayProcess gateway(kCatch);
        STORY_VERIFY(gateway.start(), gateway.log());
        SmtpSender before(gateway.port());
        QVERIFY(before.command("EHLO a.example").startsWith("250"));

        gateway.setConfig("listen on 127.0.0.1 port 0\nmatch from any for any action \"nowhere\"\n");
        const Ran bad = gateway.ctl({u"reload"_s});
        QCOMPARE(bad.exit, 1);
        STORY_VERIFY(bad.err.contains("smtpd.conf:2") && bad.err.contains("nowhere"), bad.err);
        STORY_VERIFY(gateway.ctl({u"status"_s}).out.contains("smtpd.conf:2"), "status does not tell");
        QVERIFY(SmtpSender(gateway.port()).greeting().startsWith("220"));

        gateway.setConfig("listen on 127.0.0.1 port 0\nmatch from any for any reject\n");
        QCOMPARE(gateway.ctl({u"reload"_s}).exit, 0);
        // A session in progress keeps the rules it began with (C05); a new one has the new rules.
        QVERIFY(before.send("a@b.example", {"c@d.example"}, "Subject: x\r\n\r\ny\r\n").startsWith("250"));
        SmtpSender after(gateway.port());
        QVERIFY(after.command("EHLO a.example").startsWith("250"));
        QVERIFY(after.send("a@b.example", {"c@d.example"}, "").startsWith("550"));
        QVERIFY(!gateway.ctl({u"status"_s}).out.contains("smtpd.conf:2"));
    }

    void aRefusalOfTheNextHopComesBackAsABounceThatSaysWhy() {
        MailSink sink;
        sink.answer("RCPT", "550 5.1.1 nobody of that name here\r\n");
        GatewayProcess gateway("listen on 127.0.0.1 port 0\naction \"out\" relay host smtp://127.0.0.1:" +
                               QByteArray::number(sink.port()) +
                               "\naction \"back\" catch\nmatch from any for domain \"office.example\" action \"back\"\n"
                               "match from any for any action \"out\"\n");
        STORY_VERIFY(gateway.start(), gateway.log());
        SmtpSender sender(gateway.port());
        QVERIFY(sender.command("EHLO a.example").startsWith("250"));
        QVERIFY(sender.send("scan@office.example", {"gone@far.example"}, "Subject: lost?\r\n\r\ny\r\n").startsWith("250"));
        STORY_VERIFY(gateway.waitQueue(1, u"caught"_s), gateway.log());
        const QJsonObject bounce = gateway.queue().at(0).toObject();
        QCOMPARE(gateway.queue().size(), 1);
        QCOMPARE(bounce["sender"_L1].toString(), QString());
        QCOMPARE(bounce["recipient"_L1].toString(), u"scan@office.example"_s);
        // A null sender's failure is not answered by another notice (RFC 5321 §6.1).
        QVERIFY(sender.send("", {"gone@far.example"}, "Subject: nobody to tell\r\n\r\ny\r\n").startsWith("250"));
        QVERIFY(gateway.waitQueue(1));
    }

    void aDownNextHopGetsItsMailWhenItIsBack() {
        MailSink sink;
        const quint16 port = sink.port();
        sink.setDown(true);
        GatewayProcess gateway("listen on 127.0.0.1 port 0\naction \"out\" relay host smtp://127.0.0.1:" +
                               QByteArray::number(port) + "\nmatch from any for any action \"out\"\n");
        STORY_VERIFY(gateway.start(), gateway.log());
        SmtpSender sender(gateway.port());
        QVERIFY(sender.command("EHLO a.example").startsWith("250"));
        for (int i = 0; i < 5; ++i)
            QVERIFY(sender.send("a@b.example", {"c@d.example"}, "Subject: x\r\n\r\ny\r\n").startsWith("250"));
        QTRY_VERIFY_WITH_TIMEOUT(gateway.ctl({u"status"_s}).out.contains("attention"), 20'000);
        gateway.kill();
        sink.setDown(false);
        STORY_VERIFY(gateway.start(), gateway.log());
        QCOMPARE(gateway.ctl({u"queue"_s, u"retry"_s}).exit, 0);
        STORY_VERIFY(sink.waitFor(5), gateway.log());
        QVERIFY(gateway.waitQueue(0));
    }

    void aStopDuringDataAcknowledgesNothingAndEndsSoon() {
        GatewayProcess gateway(kCatch);
        STORY_VERIFY(gateway.start(), gateway.log());
        SmtpSender sender(gateway.port());
        sender.command("EHLO a.example");
        sender.command("MAIL FROM:<a@b.example>");
        sender.command("RCPT TO:<c@d.example>");
        QVERIFY(sender.command("DATA").startsWith("354"));
        sender.write("Subject: half\r\n\r\nhalf a mess");
        QCOMPARE(gateway.stop(15), 0);
        QVERIFY(gateway.queue().isEmpty());
    }

    void anEndWithoutGraceLeavesNoStaleLockOrSocket() {
        GatewayProcess gateway(kCatch);
        for (int i = 0; i < 3; ++i) {
            STORY_VERIFY(gateway.start(), gateway.log());
            QCOMPARE(gateway.ctl({u"status"_s}).exit, 0);
            gateway.kill();
            QCOMPARE(gateway.ctl({u"status"_s}).exit, 1);
        }
    }

    void hostileBytesAtTheControlSocketCostOnlyThatConnection() {
        GatewayProcess gateway(kCatch);
        STORY_VERIFY(gateway.start(), gateway.log());
        const Ran junk = run(u"python3"_s, {u"-c"_s,
            u"import socket,sys,os\n"
            "for blob in (b'\\0'*100+b'\\n', b'{}\\n', b'[1,2]\\n', os.urandom(5000)+b'\\n', b'x'*3000000, b'{\"verb\":\"queue.remove\",\"args\":{\"ids\":[\"zz\"]}}\\n'):\n"
            "    s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n"
            "    try: s.sendall(blob); s.settimeout(2); s.recv(100)\n"
            "    except OSError: pass\n"_s, gateway.path(u"state/control.sock"_s)});
        QCOMPARE(junk.exit, 0);
        QCOMPARE(gateway.ctl({u"status"_s}).exit, 0); // K01: the gateway lives
    }
};

QTEST_GUILESS_MAIN(StoryFaults)
#include "tst_story_faults.moc"
