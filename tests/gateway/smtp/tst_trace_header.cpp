// SPDX-License-Identifier: GPL-3.0-or-later
//
// The Received field: its layout, what it leaves out, and S19 (nothing can break out of it).
#include "smtp/trace_header.h"

#include <QTest>

using namespace postern;
using namespace postern::smtp;
using namespace Qt::StringLiterals;

namespace {

struct Made {
    ServerFeatures features{"gate.example", true, false, false, AuthMode::Optional};
    ClientFacts client{"192.0.2.7", 4711, "client.example"};
    QByteArray helo = "pc.example";
    bool tls = false;
    bool login = false;
    QByteArray mailParameters;
    QByteArrayList recipients = {"b@b.example"};
    TlsFacts facts{"TLSv1.3", "TLS_AES_256_GCM_SHA384", 256, false, {}};

    QByteArray header(const ReceivedOptions& options = {}, const QByteArray& verb = "EHLO ") const {
        ServerSession session(features, {}, client);
        if (tls)
            (void)session.tlsStarted(facts);
        (void)session.greet();
        (void)session.feed(verb + helo + "\r\n");
        if (login) {
            (void)session.feed("AUTH PLAIN " + "\0ca rol;\0p"_ba.toBase64() + "\r\n");
            (void)session.loginChecked(LoginOutcome::Accepted);
        }
        (void)session.feed("MAIL FROM:<a@a.example>" + mailParameters + "\r\n");
        (void)session.senderChecked(makeReply(250, {}, {}));
        for (const QByteArray& recipient : recipients) {
            (void)session.feed("RCPT TO:<" + recipient + ">\r\n");
            (void)session.recipientChecked(makeReply(250, {}, {}));
        }
        return receivedHeader(session, "1a2b3c4d", WallTime(Seconds(1'717'492'087)), options);
    }
};

} // namespace

class TestTraceHeader : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() { qputenv("TZ", "UTC0"); }

    void plain() {
        QCOMPARE(Made().header(), "Received: from pc.example (client.example [192.0.2.7])\r\n"
                                  "\tby gate.example (Postern) with ESMTP id 1a2b3c4d\r\n"
                                  "\tfor <b@b.example>;\r\n"
                                  "\tTue, 4 Jun 2024 09:08:07 +0000 (UTC)\r\n"_ba);
    }

    void protocolWords_data() {
        QTest::addColumn<QByteArray>("verb");
        QTest::addColumn<bool>("tls");
        QTest::addColumn<bool>("login");
        QTest::addColumn<QByteArray>("expected");
        QTest::newRow("HELO") << "HELO "_ba << false << false << " with SMTP id "_ba;
        QTest::newRow("EHLO") << "EHLO "_ba << false << false << " with ESMTP id "_ba;
        QTest::newRow("EHLO in TLS") << "EHLO "_ba << true << false << " with ESMTPS id "_ba;
        QTest::newRow("logged in") << "EHLO "_ba << true << true << " with ESMTPSA id "_ba;
    }

    void protocolWords() {
        QFETCH(const QByteArray, verb);
        QFETCH(const bool, tls);
        QFETCH(const bool, login);
        QFETCH(const QByteArray, expected);
        Made made;
        made.tls = tls;
        made.login = login;
        QVERIFY(made.header({}, verb).contains(expected));
        if (verb != "EHLO "_ba)
            return;
        made.mailParameters = " SMTPUTF8"; // RFC 6531 §4.3: UTF8SMTP, UTF8SMTPS, UTF8SMTPSA
        QVERIFY(made.header({}, verb).contains(QByteArray(expected).replace("ESMTP", "UTF8SMTP")));
    }

    void inTls() {
        Made made;
        made.tls = true;
        QVERIFY(made.header().contains(" id 1a2b3c4d (TLSv1.3:TLS_AES_256_GCM_SHA384:256:NO)\r\n"));
        QVERIFY(made.header({false, true}).contains(":NO) auth=no\r\n"));
        made.facts.peerVerified = true;
        QVERIFY(made.header().contains(":256:YES)\r\n"));
        made.login = true;
        QVERIFY(!made.header().contains("auth="));
        QVERIFY(made.header({false, true}).contains(" auth=yes user=ca?rol?\r\n")); // S19
    }

    void authIsNotShownInClear() { QVERIFY(!Made().header({false, true}).contains("auth=")); }

    void theSourceCanBeMasked() {
        const QByteArray header = Made().header({true, false});
        QVERIFY(header.startsWith("Received: by gate.example (Postern) with ESMTP id 1a2b3c4d\r\n"));
        QVERIFY(!header.contains("192.0.2.7") && !header.contains("client.example") && !header.contains("pc.example"));
    }

    void forIsOnlySaidToOneRecipient() {
        Made made;
        made.recipients = {"b@b.example", "c@b.example"};
        QVERIFY(!made.header().contains("for <"));
        made.recipients = {"\"odd> ; x\"@b.example"};
        QVERIFY(!made.header().contains("odd"));
    }

    void forIsSaidInAscii() { // else the field itself would need SMTPUTF8 on the way on
        Made made;
        made.mailParameters = " SMTPUTF8";
        made.recipients = {"bob@b\xc3\xbc" "cher.example"};
        QVERIFY(made.header().contains("for <bob@xn--bcher-kva.example>"));
        made.recipients = {"j\xc3\xb6rg@b.example"};
        QVERIFY(!made.header().contains("for <"));
    }

    void unknownNamesAndIPv6() {
        Made made;
        made.client = {"2001:db8::1", 1, {}};
        made.helo = "[IPv6:2001:db8::1]";
        QVERIFY(made.header().contains("from [IPv6:2001:db8::1] (<unknown> [IPv6:2001:db8::1])\r\n"));
    }

    void S19_nothingBreaksOutOfTheField() {
        Made made;
        made.tls = true;
        made.client.reverseName = "evil\r\nX-Injected: 1 (a); b\x80";
        made.facts.cipher = "x\r\nSubject: y";
        const QByteArray header = made.header();
        QVERIFY(header.contains("(evil??X-Injected:?1??a???b? ["));
        QCOMPARE(header.count("\r\n"), 4);
        QVERIFY(!header.contains("\r\nX-") && !header.contains("\r\nSubject"));
        made.client.reverseName = QByteArray(5000, 'r');
        QVERIFY(made.header().size() < 1200);
    }
};

QTEST_APPLESS_MAIN(TestTraceHeader)
#include "tst_trace_header.moc"
