// SPDX-License-Identifier: GPL-3.0-or-later
//
// What hostile clients send to the server session, by the rows of the threat list: N, S, P, L, T and A.
#include "support/server_dialogue.h"

#include <QTest>

using namespace postern;
using namespace postern::smtp;
using namespace postern::test;
using namespace Qt::StringLiterals;

using Setup = void (*)(ServerDialogue&);
Q_DECLARE_METATYPE(Setup)

namespace {

void nothing(ServerDialogue&) {}
void inTls(ServerDialogue& d) {
    d.startInTls = true;
}

const QByteArray kToData = "C: EHLO c.example\nS: 250\nC: MAIL FROM:<a@a.example>\nS: 250\n"
                           "C: RCPT TO:<b@b.example>\nS: 250\nC: DATA\nS: 354\n";

// Fed whole, to a session with a transaction open up to 354. Gives the replies' codes and the events behind "begin".
QByteArray outcomeOf(const QByteArray& content, const ServerLimits& limits = {}) {
    ServerDialogue d;
    d.limits = limits;
    d.script = kToData;
    QByteArray escaped;
    for (const char c : content)
        escaped += "\\x" + QByteArray(1, c).toHex();
    d.script += "C~ " + escaped + "\nS: ?\n";
    QByteArray got = d.checkUncut();
    got = got.mid(got.indexOf("got [") + 5).chopped(1);
    const qsizetype begin = d.events.indexOf("begin");
    return got + " / " + d.events.mid(begin + 1).join(' ');
}

} // namespace

class TestServerAttacks : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void theDialogueItselfFindsWrongReplies() {
        ServerDialogue d;
        d.script = "C: NOOP\nS: 251\n";
        QVERIFY(!d.check().isEmpty());
        d.script = "C: NOOP\n";
        QVERIFY(!d.check().isEmpty());
        d.script = "C: NOOP\nS: 250\nS: 250\n";
        QVERIFY(!d.check().isEmpty());
    }

    // Scripts that mean the same however the network cuts them.
    void attack_data() {
        QTest::addColumn<QByteArray>("script");
        QTest::addColumn<QByteArray>("events");
        QTest::addColumn<Setup>("setup");
        const auto row = [](const char* name, const QByteArray& script, const char* events = "", Setup setup = nothing) {
            QTest::newRow(name) << script << QByteArray(events) << setup;
        };
        row("N02 a lone CR inside EHLO is one command with one reply", "C: EHLO a.example\\rNOOP\nS: 501\n");
        row("N02 NUL and high octets in EHLO",
            "C: EHLO a\\0b\nS: 501\nC: EHLO \\x80\\xff\\xfe\nS: 501\nC: EHLO x\\e]0;t\\x07y\nS: 501\n");
        row("N09 PROXY v1", "C: PROXY TCP4 192.0.2.1 192.0.2.2 4711 25\nC: EHLO c.example\nS: 554\nS: <close>\n");
        row("N09 PROXY v2",
            "C~ \\r\\n\\r\\n\\0\\r\\nQUIT\\n\\x21\\x11\\0\\x0c\\r\\n\nS: 500\nS: 500\nS: 554\nS: <close>\n");
        row("N10 HTTP with SMTP in its body",
            "C: POST / HTTP/1.1\nC: Host: x\nC:\nC: EHLO web.example\nC: MAIL FROM:<a@a.example>\nS: 554\nS: <close>\n");
        row("N10 HTTP in mid-session", "C: EHLO c.example\nS: 250\nC: GET / HTTP/1.0\nS: 554\nS: <close>\n");
        row("N10 TLS on a plain port", "C~ \\x16\\x03\\x01\\x02\\0\\x01\nS: 554\nS: <close>\n");
        row("N10 line noise behind an empty line", "C: \nS: 500\nC: \\x80\\x81\nS: 554\nS: <close>\n");
        row("P10 a source route is dropped before anybody asks",
            "C: EHLO c.example\nS: 250\nC: MAIL FROM:<@relay.example:a@a.example>\nS: 250\n"
            "C: RCPT TO:<@local.example,@x.example:b@b.example>\nS: 250\n",
            "sender:a@a.example rcpt:b@b.example");
        row("P02 a bare postmaster gets our name",
            "C: EHLO c.example\nS: 250\nC: MAIL FROM:<>\nS: 250\nC: RCPT TO:<postmaster>\nS: 250\n",
            "sender: rcpt:postmaster@gate.example");
        row("P09 one canonical form",
            "C: EHLO c.example\nS: 250\nC: MAIL FROM:<\"a\\\\\\ b\"@a.example>\nS: 250\nC: RCPT TO:<\"b\"@b.example>\nS: 250\n",
            "sender:\"a b\"@a.example rcpt:b@b.example");
        row("A03 a malformed PLAIN never reaches the backend",
            "C: EHLO c.example\nS: 250\nC: AUTH PLAIN !!!!\nS: 501\nC: AUTH PLAIN =\nS: 501\nC: AUTH PLAIN AAA=\nS: 535\n",
            "", inTls);
        row("A08 query text as login is a login like any other",
            "C: EHLO c.example\nS: 250\nC: AUTH PLAIN " + "\0*)(uid=*\0x"_ba.toBase64() + "\nS: 535\n",
            "login:*)(uid=*:x:PLAIN", inTls);
        row("S16 nothing is committed when the client goes away in its data",
            kToData + "C: Subject: x\nC~ .\nC~ <gone>\nS: <close>\n",
            "sender:a@a.example rcpt:b@b.example begin discard");
        row("T08 nor when we give up waiting",
            kToData + "C: Subject: x\nC~ <timeout>\nS: 421 4.4.2\nS: <close>\n",
            "sender:a@a.example rcpt:b@b.example begin discard");
        row("a shutdown in mid-content discards it",
            kToData + "C: Subject: x\nC~ <shutdown>\nS: 421 4.3.2\nS: <close>\n",
            "sender:a@a.example rcpt:b@b.example begin discard");
        row("an empty message is one", kToData + "C: .\nS: 250\n", "sender:a@a.example rcpt:b@b.example begin commit");
        row("S14 a message that begins with its body is one",
            kToData + "C:\nC: body\nC: .\nS: 250\n", "sender:a@a.example rcpt:b@b.example begin commit");
        row("S14 a first line that begins with a blank",
            kToData + "C: \\sx: y\nC:\nC: .\nS: 550 5.6.0\n", "sender:a@a.example rcpt:b@b.example begin discard");
        row("S14 a first line without a colon",
            kToData + "C: no header\nC: .\nS: 550 5.6.0\n", "sender:a@a.example rcpt:b@b.example begin discard");
        row("S14 an empty field name",
            kToData + "C: : x\nC:\nC: .\nS: 550 5.6.0\n", "sender:a@a.example rcpt:b@b.example begin discard");
        row("L07 a loop",
            kToData + "C: Received: a\nC: Received: b\nC: Received: c\nC:\nC: .\nS: 554 5.4.6\nC: NOOP\nS: 250\n",
            "sender:a@a.example rcpt:b@b.example begin discard",
            [](ServerDialogue& d) { d.limits.maxHops = 3; });
        row("L07 one hop fewer is no loop",
            kToData + "C: Received: a\nC: Received: b\nC:\nC: Received: body\nC: .\nS: 250\n",
            "sender:a@a.example rcpt:b@b.example begin commit",
            [](ServerDialogue& d) { d.limits.maxHops = 3; });
        row("L04 more than the limit",
            kToData + "C: a: 45678\nC:\nC: x\nC: .\nS: 552 5.3.4\nC: MAIL FROM:<a@a.example>\nS: 250\n",
            "sender:a@a.example rcpt:b@b.example begin discard sender:a@a.example",
            [](ServerDialogue& d) { d.limits.maxMessageSize = 14; });
        row("L04 exactly the limit",
            kToData + "C: a: 45678\nC:\nC: x\nC: .\nS: 250\n", "sender:a@a.example rcpt:b@b.example begin commit",
            [](ServerDialogue& d) { d.limits.maxMessageSize = 15; });
        row("L03 a text line over the limit",
            kToData + "C: a: 4567890\nC: .\nS: 550 5.6.0\n", "sender:a@a.example rcpt:b@b.example begin discard",
            [](ServerDialogue& d) { d.limits.maxTextLine = 9; });
        row("S09 lone CR", kToData + "C: a: x\\ry\nC: .\nS: 550 5.5.2\nC: NOOP\nS: 250\n",
            "sender:a@a.example rcpt:b@b.example begin discard");
        row("S09 lone LF", kToData + "C: a: x\\ny\nC: .\nS: 550 5.5.2\nC: NOOP\nS: 250\n",
            "sender:a@a.example rcpt:b@b.example begin discard");
        row("S10 NUL", kToData + "C: a: x\\0y\nC: .\nS: 550 5.6.0\n", "sender:a@a.example rcpt:b@b.example begin discard");
    }

    void attack() {
        QFETCH(const QByteArray, script);
        QFETCH(const QByteArray, events);
        QFETCH(const Setup, setup);
        ServerDialogue d;
        d.script = script;
        setup(d);
        QCOMPARE(d.check(), QByteArray());
        if (!events.isEmpty())
            QCOMPARE(d.events.join(' '), events);
        QVERIFY(!d.allOutput.contains('\x1b') && !d.allOutput.contains('\0'));
    }

    void smuggling_data() {
        QTest::addColumn<QByteArray>("imposter");
        QTest::newRow("S01 LF . LF") << "\\n.\\n"_ba;
        QTest::newRow("S02 LF . CRLF") << "\\n.\\r\\n"_ba;
        QTest::newRow("S03 CRLF . LF") << "\\r\\n.\\n"_ba;
        QTest::newRow("S04 CR . CRLF") << "\\r.\\r\\n"_ba;
        QTest::newRow("S04 CRLF . CR") << "\\r\\n.\\r"_ba;
        QTest::newRow("S04 CR . CR") << "\\r.\\r"_ba;
        QTest::newRow("S04 CR . LF") << "\\r.\\n"_ba;
        QTest::newRow("S04 LF . CR") << "\\n.\\r"_ba;
        QTest::newRow("S06 LF LF . CR CR LF") << "\\n\\n.\\r\\r\\n"_ba;
        QTest::newRow("S06 CRCRLF . CRCRLF") << "\\r\\r\\n.\\r\\r\\n"_ba;
        QTest::newRow("S05 CRLF NUL . CRLF") << "\\r\\n\\0.\\r\\n"_ba;
        QTest::newRow("S05 CRLF . NUL CRLF") << "\\r\\n.\\0\\r\\n"_ba;
    }

    void smuggling() {
        QFETCH(const QByteArray, imposter);
        ServerDialogue d;
        // The inner commands draw no reply; the one true end of data draws one refusal and nothing is stored.
        d.script = kToData + "C~ Subject: outer\\r\\n\\r\\nouter body" + imposter +
                   "\nC: MAIL FROM:<smuggled@evil.example>\nC: RCPT TO:<b@b.example>\nC: DATA\nC: Subject: inner\nC:\n"
                   "C: inner\nC: .\nS: 550\n";
        QCOMPARE(d.check(), QByteArray());
        QCOMPARE(d.events.join(' '), "sender:a@a.example rcpt:b@b.example begin discard"_ba);
    }

    void S01_whatFollowsARefusedMessageInTheSamePacketIsNotRun() {
        QCOMPARE(outcomeOf("a: x\ny\r\n.\r\nMAIL FROM:<x@x.example>\r\n"), "550 5.5.2 bare <CR> or <LF> in message | <close> / discard"_ba);
        QCOMPARE(outcomeOf("a: x\0y\r\n.\r\nNOOP\r\n"_ba), "550 5.6.0 NUL in message | <close> / discard"_ba);
    }

    void L04_aMessageFarOverTheLimitEndsTheSession() {
        ServerLimits limits;
        limits.maxMessageSize = 1000;
        const QByteArray lines = "Subject: x\r\n" + (QByteArray(70, 'y') + "\r\n").repeated(100);
        ServerSession session({"gate.example"}, limits, {"192.0.2.7", 1, {}});
        (void)session.greet();
        (void)session.feed("EHLO c\r\nMAIL FROM:<a@a.example>\r\n");
        (void)session.senderChecked(makeReply(250, {2, 1, 0}, "Ok"));
        (void)session.feed("RCPT TO:<b@b.example>\r\n");
        (void)session.recipientChecked(makeReply(250, {2, 1, 5}, "Ok"));
        (void)session.feed("DATA\r\n");
        qint64 fed = 0;
        while (!session.isClosed() && fed < 10'000'000) {
            for (const ServerEffect& e : session.feed(lines))
                if (const auto* send = std::get_if<effect::Send>(&e))
                    QCOMPARE(send->bytes.left(9), "421 4.3.4"_ba);
            fed += lines.size();
        }
        QVERIFY(session.isClosed());
        QVERIFY(fed <= 2 * limits.maxMessageSize + 1024 * 1024 + 2 * lines.size());
    }

    void L02_anEndlessCommandEndsTheSession_data() {
        QTest::addColumn<qsizetype>("piece");
        QTest::newRow("in small pieces") << qsizetype(100);
        QTest::newRow("in one") << qsizetype(4 << 20);
    }

    void L02_anEndlessCommandEndsTheSession() {
        QFETCH(const qsizetype, piece);
        ServerSession session({"gate.example"}, {}, {"192.0.2.7", 1, {}});
        (void)session.greet();
        const QByteArray block(piece, 'A');
        qsizetype fed = 0;
        ServerEffects effects;
        while (!session.isClosed() && fed < (5 << 20)) {
            effects = session.feed(block);
            fed += piece;
        }
        QVERIFY(session.isClosed());
        QVERIFY(fed <= std::max<qsizetype>(65536, piece));
        QCOMPARE(effects.size(), size_t(2));
        QVERIFY(std::get<effect::Send>(effects[0]).bytes.startsWith("500 5.5.6"));
    }

    void A06_aHugeResponseIsRefused() {
        ServerDialogue d;
        d.startInTls = true;
        d.script = "C: EHLO c.example\nS: 250\nC: AUTH PLAIN " + QByteArray(20'000, 'A') + "\nS: 500 5.5.6\nS: <close>\n";
        QCOMPARE(d.checkUncut(), QByteArray());
        d.script = "C: EHLO c.example\nS: 250\nC: AUTH PLAIN\nS: 334\nC: " + QByteArray(20'000, 'A') + "\nS: 500 5.5.6\nS: <close>\n";
        QCOMPARE(d.checkUncut(), QByteArray());
        d.script = "C: EHLO c.example\nS: 250\nC: NOOP " + QByteArray(5'000, 'A') + "\nS: 500 5.5.6\nC: NOOP\nS: 250\n";
        QCOMPARE(d.checkUncut(), QByteArray());
    }

    // Scripts whose packets matter: something stands behind a command that must be the last of its group.
    void behindASyncPoint_data() {
        QTest::addColumn<QByteArray>("script");
        QTest::addColumn<QByteArray>("events");
        QTest::addColumn<Setup>("setup");
        QTest::newRow("T02 commands behind STARTTLS")
            << "C: EHLO c.example\nS: 250\nC: STARTTLS\nC: EHLO injected.example\nC: NOOP\nS: 554 5.5.0\nS: <close>\n"_ba
            << ""_ba << Setup(nothing);
        QTest::newRow("T02 one octet behind STARTTLS")
            << "C: EHLO c.example\nS: 250\nC: STARTTLS\nC~ E\nS: 554 5.5.0\nS: <close>\n"_ba << ""_ba << Setup(nothing);
        QTest::newRow("A10 secrets behind AUTH LOGIN")
            << "C: EHLO c.example\nS: 250\nC: AUTH LOGIN\nC: dXNlcg==\nC: cmlnaHQ=\nS: 554 5.5.0\nS: <close>\n"_ba << ""_ba
            << Setup(inTls);
        QTest::newRow("A10 secrets behind the user")
            << "C: EHLO c.example\nS: 250\nC: AUTH LOGIN\nS: 334\nC: dXNlcg==\nC: cmlnaHQ=\nS: 554 5.5.0\nS: <close>\n"_ba
            << ""_ba << Setup(inTls);
        QTest::newRow("A10 secrets behind a refused AUTH")
            << "C: EHLO c.example\nS: 250\nC: AUTH LOGIN\nC: dXNlcg==\nC: cmlnaHQ=\nS: 554 5.5.0\nS: <close>\n"_ba << ""_ba
            << Setup(nothing);
        QTest::newRow("N11 a body behind a refused DATA")
            << "C: EHLO c.example\nS: 250\nC: MAIL FROM:<a@a.example>\nC: RCPT TO:<refused@b.example>\nC: DATA\n"
               "C: Subject: x\nC: RSET\nC: .\nS: 250\nS: 550\nS: 503 5.5.1\nS: 554 5.5.0\nS: <close>\n"_ba
            << "sender:a@a.example rcpt:refused@b.example"_ba << Setup(nothing);
        QTest::newRow("N11 a body behind an accepted DATA is the body")
            << "C: EHLO c.example\nS: 250\nC: MAIL FROM:<a@a.example>\nC: RCPT TO:<b@b.example>\nC: DATA\n"
               "C: Subject: x\nC:\nC: RSET\nC: .\nC: QUIT\nS: 250\nS: 250\nS: 354\nS: 250\nS: 221\nS: <close>\n"_ba
            << "sender:a@a.example rcpt:b@b.example begin commit"_ba << Setup(nothing);
    }

    void behindASyncPoint() {
        QFETCH(const QByteArray, script);
        QFETCH(const QByteArray, events);
        QFETCH(const Setup, setup);
        ServerDialogue d;
        d.script = script;
        setup(d);
        QCOMPARE(d.checkUncut(), QByteArray());
        QCOMPARE(d.events.join(' '), events);
    }

    void T05_plaintextBehindThe220IsNeverAnswered() {
        ServerSession session({"gate.example", true}, {}, {"192.0.2.7", 1, {}});
        (void)session.greet();
        (void)session.feed("EHLO c\r\n");
        const ServerEffects started = session.feed("STARTTLS\r\n");
        QCOMPARE(started.size(), size_t(2));
        QVERIFY(std::holds_alternative<effect::StartTls>(started[1]));
        const ServerEffects effects = session.feed("MAIL FROM:<a@a.example>\r\n");
        QCOMPARE(effects.size(), size_t(1));
        QVERIFY(std::holds_alternative<effect::Close>(effects[0]));
        QVERIFY(session.isClosed());
    }

    void T05_aHandshakeHasItsOwnDeadlineAndNoLastWords() {
        ServerSession session({"gate.example", true}, {}, {"192.0.2.7", 1, {}});
        (void)session.greet();
        (void)session.feed("EHLO c\r\n");
        (void)session.feed("STARTTLS\r\n");
        QCOMPARE(session.timeout(), Milliseconds(60'000));
        const ServerEffects effects = session.timedOut();
        QCOMPARE(effects.size(), size_t(1));
        QVERIFY(std::holds_alternative<effect::Close>(effects[0]));
    }

    void T03_startTlsForgetsWhoSpoke() {
        ServerSession session({"gate.example", true, false, false, AuthMode::Optional}, {}, {"192.0.2.7", 1, {}});
        (void)session.greet();
        (void)session.feed("EHLO c.example\r\n");
        QCOMPARE(session.helo(), "c.example"_ba);
        (void)session.feed("STARTTLS\r\n");
        QVERIFY(session.tlsStarted({"TLSv1.3", "x", 256, false, {}}).empty());
        QVERIFY(session.isTls());
        QCOMPARE(session.helo(), QByteArray());
        QVERIFY(!session.isEsmtp());
        QCOMPARE(session.stateName().toByteArray(), "greeted"_ba);
    }

    void inputWhileAQuestionIsOpenIsBounded() {
        ServerSession session({"gate.example"}, {}, {"192.0.2.7", 1, {}});
        (void)session.greet();
        (void)session.feed("EHLO c\r\n");
        QCOMPARE(session.feed("MAIL FROM:<a@a.example>\r\n").size(), size_t(1));
        QVERIFY(session.isWaiting());
        const QByteArray line = "RCPT TO:<b@b.example>\r\n";
        qsizetype held = 0;
        while (!session.isClosed() && held < (1 << 20)) {
            (void)session.feed(line);
            held += line.size();
        }
        QVERIFY(session.isClosed());
        QVERIFY(held <= 65536 + line.size());
        QVERIFY(session.senderChecked(makeReply(250, {2, 1, 0}, "Ok")).empty()); // too late
    }

    void S17_pipelinedCommandsAreAnsweredBehindAHalfClose() {
        ServerSession session({"gate.example"}, {}, {"192.0.2.7", 1, {}});
        (void)session.greet();
        (void)session.feed("EHLO c\r\n");
        (void)session.feed("MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\n");
        QVERIFY(session.peerClosed().empty());
        const ServerEffects first = session.senderChecked(makeReply(250, {2, 1, 0}, "Ok"));
        QCOMPARE(std::get<effect::Send>(first.at(0)).bytes, "250 2.1.0 Ok\r\n"_ba);
        QVERIFY(std::holds_alternative<effect::CheckRecipient>(first.at(1)));
        const ServerEffects effects = session.recipientChecked(makeReply(250, {2, 1, 5}, "Ok"));
        QCOMPARE(effects.size(), size_t(2));
        QCOMPARE(std::get<effect::Send>(effects[0]).bytes, "250 2.1.5 Ok\r\n"_ba);
        QVERIFY(std::holds_alternative<effect::Close>(effects[1]));
    }

    void aCommitUnderWayIsWaitedFor_data() {
        QTest::addColumn<int>("what");
        QTest::newRow("shutdown") << 0;
        QTest::newRow("time-out") << 1;
        QTest::newRow("S15 client gone") << 2;
    }

    void aCommitUnderWayIsWaitedFor() {
        QFETCH(const int, what);
        ServerSession session({"gate.example"}, {}, {"192.0.2.7", 1, {}});
        (void)session.greet();
        (void)session.feed("EHLO c\r\nMAIL FROM:<a@a.example>\r\n");
        (void)session.senderChecked(makeReply(250, {2, 1, 0}, "Ok"));
        (void)session.feed("RCPT TO:<b@b.example>\r\n");
        (void)session.recipientChecked(makeReply(250, {2, 1, 5}, "Ok"));
        (void)session.feed("DATA\r\n");
        (void)session.feed("Subject: x\r\n\r\n.\r\n");
        QCOMPARE(session.stateName().toByteArray(), "storing"_ba);
        const ServerEffects now = what == 0 ? session.shutDown() : what == 1 ? session.timedOut() : session.peerClosed();
        QVERIFY(now.empty());
        QVERIFY(!session.isClosed());
        const ServerEffects effects = session.stored(makeReply(250, {2, 0, 0}, "queued"));
        QVERIFY(std::get<effect::Send>(effects.at(0)).bytes.startsWith("250 2.0.0 queued\r\n"));
        QCOMPARE(session.isClosed(), what != 1);
    }

    void N07_refusedRecipientsWeighLess() {
        ServerDialogue d;
        d.limits.maxErrors = 2;
        d.script = "C: EHLO c.example\nS: 250\nC: MAIL FROM:<a@a.example>\nS: 250\n";
        for (int i = 0; i < 9; ++i)
            d.script += "C: RCPT TO:<refused@b.example>\nS: 550\n";
        d.script += "C: RCPT TO:<refused@b.example>\nS: 421 4.7.0\nS: <close>\n";
        QCOMPARE(d.check(), QByteArray());
    }

    void contentFactsAreCompleteAtCommit() {
        ServerDialogue d;
        d.script = kToData + "C: Subject: =?utf-8?Q?caf=C3=A9?=\nC: Date: x\nC: Message-ID: <y>\nC:\nC: ..\\xe4\nC: .\nS: 250\n";
        QCOMPARE(d.check(), QByteArray());
        QCOMPARE(d.content, "Subject: =?utf-8?Q?caf=C3=A9?=\r\nDate: x\r\nMessage-ID: <y>\r\n\r\n.\xe4\r\n"_ba);
        QCOMPARE(d.facts.octets, qint64(d.content.size()));
        QCOMPARE(d.facts.subject, "caf\xc3\xa9"_ba);
        QVERIFY(d.facts.hasEightBit && d.facts.hasDate && d.facts.hasMessageId);
        QCOMPARE(d.transaction.sender.text(), "a@a.example"_ba);
        QCOMPARE(d.transaction.recipients.size(), size_t(1));
    }

    void repliesToOnePacketLeaveInOneSend() {
        ServerSession session({"gate.example"}, {}, {"192.0.2.7", 1, {}});
        (void)session.greet();
        const ServerEffects effects = session.feed("EHLO c\r\nNOOP\r\nRSET\r\nNOOP\r\n");
        QCOMPARE(effects.size(), size_t(1));
        QCOMPARE(std::get<effect::Send>(effects[0]).bytes.count("\r\n250 2.0.0 "), 3);
    }

    void repliesToAPipelinedGroupLeaveInOneSend() {
        ServerSession session({"gate.example"}, {}, {"192.0.2.7", 1, {}});
        (void)session.greet();
        (void)session.feed("EHLO c\r\n");
        QCOMPARE(session.feed("MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\nDATA\r\n").size(), size_t(1));
        QCOMPARE(session.senderChecked(makeReply(250, {2, 1, 0}, "Ok")).size(), size_t(1));
        const ServerEffects effects = session.recipientChecked(makeReply(250, {2, 1, 5}, "Ok"));
        QVERIFY(std::get<effect::Send>(effects.at(0)).bytes.startsWith("250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 "));
        QVERIFY(std::holds_alternative<effect::BeginContent>(effects.at(1)));
    }

    void aBodyRefusedInThePacketOfItsDataWasNeverBegun() {
        ServerDialogue d;
        d.script = "C: EHLO c.example\nS: 250\nC: MAIL FROM:<a@a.example>\nC: RCPT TO:<b@b.example>\nC: DATA\nC: no header\n"
                   "C: .\nC: MAIL FROM:<c@c.example>\nS: 250\nS: 250\nS: 354\nS: 550 5.6.0\nS: 250\n";
        QCOMPARE(d.checkUncut(), QByteArray());
        QCOMPARE(d.events.join(' '), "sender:a@a.example rcpt:b@b.example sender:c@c.example"_ba);
    }

    void X01_theTraceTellsEveryMoveAndNoSecret() {
        ServerSession session({"gate.example", true, false, false, AuthMode::Optional}, {}, {"192.0.2.7", 1, {}});
        QByteArrayList moves;
        session.setTrace([&](QByteArrayView from, QByteArrayView event, QByteArrayView to) {
            moves.append(from.toByteArray() + ' ' + event.toByteArray() + ' ' + to.toByteArray());
        });
        (void)session.tlsStarted({"TLSv1.3", "x", 256, false, {}});
        (void)session.greet();
        (void)session.feed("EHLO c\r\n");
        (void)session.feed("AUTH LOGIN\r\n");
        (void)session.feed("dXNlcg==\r\n");
        (void)session.feed("cmlnaHQ=\r\n");
        (void)session.loginChecked(LoginOutcome::Accepted);
        (void)session.feed("QUIT\r\n");
        QCOMPARE(moves.join(" | "), "opening tls-up opening | opening greet greeted | greeted EHLO idle | "
                                    "idle AUTH LOGIN auth-login-user | auth-login-user auth-response auth-login-password | "
                                    "auth-login-password auth-response checking-login | checking-login login-answer idle | "
                                    "idle QUIT idle | idle end closed"_ba);
    }

    void overloadIsSaidInsteadOfAGreeting() {
        ServerSession session({"gate.example"}, {}, {"192.0.2.7", 1, {}});
        const ServerEffects effects = session.refuse(makeReply(421, {4, 3, 2}, "Too many sessions"));
        QCOMPARE(std::get<effect::Send>(effects.at(0)).bytes, "421 4.3.2 Too many sessions\r\n"_ba);
        QVERIFY(std::holds_alternative<effect::Close>(effects.at(1)));
        QVERIFY(session.feed("EHLO c\r\n").empty());
    }
};

QTEST_APPLESS_MAIN(TestServerAttacks)
#include "tst_server_attacks.moc"
