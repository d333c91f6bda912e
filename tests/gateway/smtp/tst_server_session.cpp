// SPDX-License-Identifier: GPL-3.0-or-later
//
// The server session as a peer sees it: every reply of the standards' table, what resets what, pipelining, limits.
// Each dialogue runs whole, byte by byte and cut at every position, with prompt and with late answers.
// One file on purpose: it is data, one table of dialogues through one check, and reads beside the standards' table.
#include "support/server_dialogue.h"

#include <QTest>

using namespace postern;
using namespace postern::smtp;
using namespace postern::test;
using namespace Qt::StringLiterals;

using Setup = void (*)(ServerDialogue&);
Q_DECLARE_METATYPE(Setup)

static void nothing(ServerDialogue&) {}

class TestServerSession : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void dialogue_data() {
        QTest::addColumn<QByteArray>("script");
        QTest::addColumn<Setup>("setup");
        const auto row = [](const char* name, const char* script, Setup setup = nothing) {
            QTest::newRow(name) << QByteArray(script) << setup;
        };
        const auto inTls = [](ServerDialogue& d) { d.startInTls = true; };

        row("a message from greeting to quit", R"(
            C: EHLO client.example
            S: 250 HELP
            C: MAIL FROM:<a@a.example>
            S: 250 2.1.0
            C: RCPT TO:<b@b.example>
            S: 250 2.1.5
            C: DATA
            S: 354
            C: Subject: x
            C:
            C: ..
            C: .
            S: 250 2.0.0 1a2b3c4d
            C: QUIT
            S: 221 2.0.0
            S: <close>)");
        row("HELO is answered in one line", R"(
            C: HELO client.example
            S: 250 gate.example Hello client.example [192.0.2.7])");
        row("HELO and EHLO without or with a bad argument", R"(
            C: HELO
            S: 501 5.5.4
            C: EHLO
            S: 501 5.5.4
            C: EHLO a b
            S: 501 5.5.4
            C: EHLO <script>alert(1)</script>
            S: 501 5.5.4
            C: EHLO a;id|b `x`
            S: 501 5.5.4
            C: MAIL FROM:<a@a.example>
            S: 503 5.5.1)");
        row("N02 address literals must be taken as HELO names", R"(
            C: EHLO [127.0.0.1]
            S: 250
            C: EHLO [IPv6:::1]
            S: 250
            C: EHLO 192.168.1.5
            S: 250
            C: EHLO PRINTER_2
            S: 250)");
        row("N03 MAIL, RCPT and DATA out of order", R"(
            C: MAIL FROM:<a@a.example>
            S: 503 5.5.1
            C: EHLO c.example
            S: 250
            C: RCPT TO:<b@b.example>
            S: 503 5.5.1
            C: DATA
            S: 503 5.5.1
            C: MAIL FROM:<a@a.example>
            S: 250 2.1.0
            C: DATA
            S: 503 5.5.1 No valid recipients
            C: RCPT TO:<>
            S: 501 5.1.3
            C: DATA
            S: 503 5.5.1)");
        row("N03 DATA after refused recipients only", R"(
            C: EHLO c.example
            S: 250
            C: MAIL FROM:<a@a.example>
            S: 250
            C: RCPT TO:<refused@b.example>
            S: 550 5.1.1
            C: RCPT TO:<later@b.example>
            S: 451 4.3.0
            C: DATA
            S: 503 5.5.1)");
        row("N04 a second MAIL is out of order and changes nothing", R"(
            C: EHLO c.example
            S: 250
            C: MAIL FROM:<a@a.example>
            S: 250
            C: MAIL FROM:<x@x.example>
            S: 503 5.5.1
            C: RCPT TO:<b@b.example>
            S: 250)");
        row("N04 RSET drops the transaction", R"(
            C: EHLO c.example
            S: 250
            C: MAIL FROM:<a@a.example>
            S: 250
            C: RCPT TO:<b@b.example>
            S: 250
            C: RSET
            S: 250 2.0.0
            C: RCPT TO:<b@b.example>
            S: 503
            C: DATA
            S: 503)");
        row("N04 EHLO in mid-session drops the transaction", R"(
            C: EHLO c.example
            S: 250
            C: MAIL FROM:<a@a.example>
            S: 250
            C: RCPT TO:<b@b.example>
            S: 250
            C: EHLO c.example
            S: 250
            C: DATA
            S: 503
            C: MAIL FROM:<a@a.example>
            S: 250)");
        row("N04 a bad EHLO leaves the transaction alone", R"(
            C: EHLO c.example
            S: 250
            C: MAIL FROM:<a@a.example>
            S: 250
            C: EHLO
            S: 501
            C: RCPT TO:<b@b.example>
            S: 250)");
        row("a refused sender leaves no transaction", R"(
            C: EHLO c.example
            S: 250
            C: MAIL FROM:<refused@a.example>
            S: 550
            C: RCPT TO:<b@b.example>
            S: 503
            C: MAIL FROM:<later@a.example>
            S: 451
            C: MAIL FROM:<a@a.example>
            S: 250)");
        row("N05 unknown and unimplemented verbs", R"(
            C: EHLO c.example
            S: 250
            C: FROB x
            S: 500 5.5.2
            C: WIZ
            S: 500 5.5.2
            C: DEBUG
            S: 500 5.5.2
            C: TURN
            S: 502 5.5.1
            C: SEND FROM:<a@b.example>
            S: 502 5.5.1
            C:
            S: 500 5.5.2)");
        row("N05 verbs are case-insensitive", R"(
            C: ehlo c.example
            S: 250
            C: nOoP
            S: 250 2.0.0
            C: mAiL fRoM:<a@a.example>
            S: 250)");
        row("N06 VRFY and EXPN tell nothing", R"(
            C: EHLO c.example
            S: 250
            C: VRFY root
            S: 252 2.5.2
            C: VRFY
            S: 501 5.5.4
            C: EXPN staff
            S: 502 5.5.1)");
        row("NOOP with any argument, HELP, RSET before HELO", R"(
            C: NOOP ignore me
            S: 250 2.0.0
            C: HELP
            S: 214 2.0.0
            C: RSET
            S: 250 2.0.0
            C: MAIL FROM:<a@a.example>
            S: 503)");
        row("S18 DATA, RSET, QUIT and STARTTLS take no argument", R"(
            C: EHLO c.example
            S: 250
            C: STARTTLS now
            S: 501 5.5.4
            C: MAIL FROM:<a@a.example>
            S: 250
            C: RSET x
            S: 501 5.5.4
            C: RCPT TO:<b@b.example>
            S: 250
            C: DATA now
            S: 501 5.5.4
            C: QUIT now
            S: 501 5.5.4
            C: DATA
            S: 354)");
        row("N08 XCLIENT and XFORWARD from anybody", R"(
            C: EHLO c.example
            S: 250
            C: XCLIENT ADDR=10.0.0.1 LOGIN=admin
            S: 500 5.5.2
            C: XFORWARD ADDR=192.0.2.1
            S: 500 5.5.2)");
        row("N15 ETRN", R"(
            C: EHLO c.example
            S: 250
            C: ETRN host'; drop table
            S: 502 5.5.1)");
        row("N13 unknown, repeated and malformed parameters", R"(
            C: EHLO c.example
            S: 250
            C: MAIL FROM:<a@a.example> FROB=1
            S: 555 5.5.4
            C: MAIL FROM:<a@a.example> SIZE=1 SIZE=2
            S: 501 5.5.4
            C: MAIL FROM:<a@a.example> =1
            S: 501 5.5.4
            C: MAIL FROM:<a@a.example> AUTH=<>
            S: 555 5.5.4
            C: MAIL FROM:<a@a.example>   SIZE=1   BODY=8bitmime
            S: 250
            C: RCPT TO:<b@b.example> FROB=1
            S: 555 5.5.4)");
        row("S13 BODY values", R"(
            C: EHLO c.example
            S: 250
            C: MAIL FROM:<a@a.example> BODY=BINARYMIME
            S: 501 5.5.4
            C: MAIL FROM:<a@a.example> BODY=9BIT
            S: 501 5.5.4
            C: MAIL FROM:<a@a.example> BODY=7BIT
            S: 250)");
        row("L04 SIZE over the limit and no number", R"(
            C: EHLO c.example
            S: 250
            C: MAIL FROM:<a@a.example> SIZE=36700161
            S: 552 5.3.4
            C: MAIL FROM:<a@a.example> SIZE=99999999999999999999
            S: 552 5.3.4
            C: MAIL FROM:<a@a.example> SIZE=99999999999999999999999999
            S: 501 5.5.4
            C: MAIL FROM:<a@a.example> SIZE=-1
            S: 501 5.5.4
            C: MAIL FROM:<a@a.example> SIZE=abc
            S: 501 5.5.4
            C: MAIL FROM:<a@a.example> SIZE=
            S: 501 5.5.4
            C: MAIL FROM:<a@a.example> SIZE=36700160
            S: 250)");
        row("P01 paths without, with unbalanced and with text behind brackets", R"(
            C: EHLO c.example
            S: 250
            C: MAIL FROM:a@a.example
            S: 501 5.1.7
            C: MAIL FROM:<a@a.example
            S: 501 5.1.7
            C: MAIL FROM:<a@a.example>junk
            S: 501 5.1.7
            C: MAIL
            S: 501 5.5.2
            C: MAIL FROM:<a@[999.1.1.1]>
            S: 501 5.1.8
            C: MAIL FROM:<.a@a.example>
            S: 501 5.1.7
            C: MAIL FROM: <a@a.example>
            S: 250
            C: RCPT TO:b@b.example
            S: 501 5.1.3
            C: RCPT TO:<b@b..example>
            S: 501 5.1.2
            C: RCPT TO:<b.@b.example>
            S: 501 5.1.3
            C: RCPT FROM:<b@b.example>
            S: 501 5.5.2)");
        row("P02 null sender and bare postmaster must be taken", R"(
            C: EHLO c.example
            S: 250
            C: MAIL FROM:<>
            S: 250
            C: RCPT TO:<postmaster>
            S: 250
            C: RCPT TO:<PostMaster>
            S: 250)");
        row("P03 shell text as sender", R"(
            C: EHLO c.example
            S: 250
            C: MAIL FROM:<;sleep 66;>
            S: 501 5.1.7
            C: MAIL FROM:<$(id)@>
            S: 501 5.1.7)");
        row("P05 NUL, CR and ESC in a path; LF is no command end", R"(
            C: EHLO c.example
            S: 250
            C: MAIL FROM:<a\0b@x.example>
            S: 501
            C: MAIL FROM:<a\rb@x.example>
            S: 501
            C: MAIL FROM:<a\e[31mb@x.example>
            S: 501
            C: MAIL FROM:<a@a.example>\nRCPT TO:<b@b.example>
            S: 501
            C: NOOP
            S: 250)");
        row("P07 UTF-8 addresses without SMTPUTF8", R"(
            C: EHLO c.example
            S: 250
            C: MAIL FROM:<\xc3\xbc@example.org>
            S: 553 5.6.7
            C: MAIL FROM:<\xc0\x80\xff@example.org> SMTPUTF8
            S: 501 5.1.7
            C: MAIL FROM:<a@a.example>
            S: 250
            C: RCPT TO:<\xc3\xbc@example.org>
            S: 553 5.6.7
            C: RCPT TO:<\xed\xa0\x80@example.org>
            S: 501 5.1.3)");
        row("N11 pipelined MAIL, RCPT and DATA are answered in order", R"(
            C: EHLO c.example
            S: 250
            C: MAIL FROM:<a@a.example>
            C: RCPT TO:<b@b.example>
            C: RCPT TO:<refused@b.example>
            C: RCPT TO:<c@b.example>
            C: DATA
            S: 250 2.1.0
            S: 250 2.1.5
            S: 550 5.1.1
            S: 250 2.1.5
            S: 354
            C: Subject: x
            C:
            C: .
            C: MAIL FROM:<c@a.example>
            C: RSET
            C: QUIT
            S: 250 2.0.0 1a2b
            S: 250 2.1.0
            S: 250 2.0.0
            S: 221
            S: <close>)");
        row("N11 EHLO in front of a group is answered in order", R"(
            C: EHLO c.example
            C: MAIL FROM:<a@a.example>
            C: QUIT
            C: NOOP
            S: 250 HELP
            S: 250 2.1.0
            S: 221
            S: <close>)");
        row("TLS required: 530 until it is on", R"(
            C: EHLO c.example
            S: 250
            C: MAIL FROM:<a@a.example>
            S: 530 5.7.0
            C: VRFY a
            S: 530 5.7.0
            C: NOOP
            S: 250
            C: RSET
            S: 250
            C: HELP
            S: 214
            C: STARTTLS
            S: 220 2.0.0
            C: MAIL FROM:<a@a.example>
            S: 503 5.5.1
            C: EHLO c.example
            S: 250
            C: MAIL FROM:<a@a.example>
            S: 250)",
            [](ServerDialogue& d) { d.features.requireTls = true; });
        row("AUTH required: 530 until logged in", R"(
            C: EHLO c.example
            S: 250
            C: MAIL FROM:<a@a.example>
            S: 530 5.7.0
            C: AUTH PLAIN AHVzZXIAcmlnaHQ=
            S: 235 2.7.0
            C: MAIL FROM:<a@a.example>
            S: 250)",
            [](ServerDialogue& d) {
                d.startInTls = true;
                d.features.auth = AuthMode::Required;
            });
        row("T03 STARTTLS forgets HELO", R"(
            C: EHLO c.example
            S: 250
            C: STARTTLS
            S: 220 2.0.0
            C: RCPT TO:<b@b.example>
            S: 503
            C: MAIL FROM:<a@a.example>
            S: 503
            C: EHLO c.example
            S: 250)");
        row("T03 STARTTLS inside a transaction and before EHLO is out of order", R"(
            C: STARTTLS
            S: 503
            C: EHLO c.example
            S: 250
            C: MAIL FROM:<a@a.example>
            S: 250
            C: STARTTLS
            S: 503)");
        row("T04 second STARTTLS", R"(
            C: EHLO c.example
            S: 250
            C: STARTTLS
            S: 503 5.5.1)", inTls);
        row("STARTTLS without a certificate", R"(
            C: EHLO c.example
            S: 250
            C: STARTTLS
            S: 454 4.7.0
            C: NOOP
            S: 250)", [](ServerDialogue& d) { d.features.startTls = false; });
        row("A01 AUTH before TLS", R"(
            C: EHLO c.example
            S: 250
            C: AUTH PLAIN AHVzZXIAcmlnaHQ=
            S: 538 5.7.11)");
        row("AUTH where it is not offered", R"(
            C: EHLO c.example
            S: 250
            C: AUTH PLAIN AHVzZXIAcmlnaHQ=
            S: 502 5.5.1)", [](ServerDialogue& d) {
            d.startInTls = true;
            d.features.auth = AuthMode::Off;
        });
        row("A02 unknown and no mechanism", R"(
            C: EHLO c.example
            S: 250
            C: AUTH FROB
            S: 504 5.5.4
            C: AUTH FROB abcd
            S: 504 5.5.4
            C: AUTH
            S: 501 5.5.4)", inTls);
        row("AUTH after HELO is out of order", R"(
            C: HELO c.example
            S: 250
            C: AUTH PLAIN
            S: 503)", inTls);
        row("AUTH PLAIN in two steps, then A09 a second AUTH", R"(
            C: EHLO c.example
            S: 250
            C: AUTH PLAIN
            S: 334
            C: AHVzZXIAcmlnaHQ=
            S: 235 2.7.0
            C: AUTH PLAIN AHVzZXIAcmlnaHQ=
            S: 503 5.5.1
            C: EHLO c.example
            S: 250
            C: AUTH LOGIN
            S: 503 5.5.1)", inTls);
        row("AUTH LOGIN", R"(
            C: EHLO c.example
            S: 250
            C: auth login
            S: 334 VXNlcm5hbWU6
            C: dXNlcg==
            S: 334 UGFzc3dvcmQ6
            C: cmlnaHQ=
            S: 235 2.7.0)", inTls);
        row("AUTH LOGIN with the user at once", R"(
            C: EHLO c.example
            S: 250
            C: AUTH LOGIN dXNlcg==
            S: 334 UGFzc3dvcmQ6
            C: cmlnaHQ=
            S: 235)", inTls);
        row("A04 a cancelled exchange", R"(
            C: EHLO c.example
            S: 250
            C: AUTH PLAIN
            S: 334
            C: *
            S: 501
            C: AUTH LOGIN
            S: 334
            C: *
            S: 501
            C: AUTH LOGIN dXNlcg==
            S: 334
            C: *
            S: 501
            C: NOOP
            S: 250)", inTls);
        row("A05 wrong passwords are limited", R"(
            C: EHLO c.example
            S: 250
            C: AUTH PLAIN AHVzZXIAd3Jvbmc=
            S: 535 5.7.8
            C: AUTH LOGIN dXNlcg==
            S: 334
            C: d3Jvbmc=
            S: 535 5.7.8
            C: AUTH PLAIN AHVzZXIA
            S: 535 5.7.8
            C: AUTH PLAIN AHVzZXIAd3Jvbmc=
            S: 421 4.7.0
            S: <close>)", inTls);
        row("A07 AUTH inside a transaction", R"(
            C: EHLO c.example
            S: 250
            C: MAIL FROM:<a@a.example>
            S: 250
            C: AUTH PLAIN AHVzZXIAcmlnaHQ=
            S: 503 5.5.1)", inTls);
        row("A11 the login backend is down", R"(
            C: EHLO c.example
            S: 250
            C: AUTH PLAIN AHVzZXIAZG93bg==
            S: 454 4.7.0
            C: AUTH PLAIN AHVzZXIAcmlnaHQ=
            S: 235)", inTls);
        row("P11 AUTH= hides no line end and is taken where AUTH is offered", R"(
            C: EHLO c.example
            S: 250
            C: MAIL FROM:<a@a.example> AUTH=a+0D+0Ab@example.org
            S: 501 5.5.4
            C: MAIL FROM:<a@a.example> AUTH=a+ZZ@example.org
            S: 501 5.5.4
            C: MAIL FROM:<a@a.example> AUTH=
            S: 501 5.5.4
            C: MAIL FROM:<a@a.example> AUTH=e+3Dmc2@example.org
            S: 250
            C: RSET
            S: 250
            C: MAIL FROM:<a@a.example> AUTH=<>
            S: 250)", inTls);
        row("L05 recipients beyond the limit are 452, earlier ones stay", R"(
            C: EHLO c.example
            S: 250
            C: MAIL FROM:<a@a.example>
            S: 250
            C: RCPT TO:<b@b.example>
            S: 250
            C: RCPT TO:<c@b.example>
            S: 250
            C: RCPT TO:<d@b.example>
            S: 452 4.5.3
            C: DATA
            S: 354
            C: Subject: x
            C:
            C: .
            S: 250)", [](ServerDialogue& d) { d.limits.maxRecipients = 2; });
        row("messages beyond the session's limit are 452", R"(
            C: EHLO c.example
            S: 250
            C: MAIL FROM:<a@a.example>
            S: 250
            C: RSET
            S: 250
            C: MAIL FROM:<a@a.example>
            S: 250
            C: RCPT TO:<b@b.example>
            S: 250
            C: DATA
            S: 354
            C: .
            S: 250
            C: MAIL FROM:<a@a.example>
            S: 452 4.5.3
            C: QUIT
            S: 221
            S: <close>)", [](ServerDialogue& d) { d.limits.maxMails = 1; });
        row("N07 too many errors", R"(
            C: X
            S: 500
            C: X
            S: 500
            C: X
            S: 421 4.7.0
            S: <close>)", [](ServerDialogue& d) { d.limits.maxErrors = 3; });
        row("L01 a command of 512 octets is taken, one over the limit is not", R"(
            C: NOOP xxxxxxxxxxxxxxxxxxxx
            S: 250
            C: NOOP xxxxxxxxxxxxxxxxxxxxx
            S: 500 5.5.6
            C: NOOP
            S: 250)", [](ServerDialogue& d) { d.limits.maxCommandLine = 25; });
        row("idle too long", R"(
            C: EHLO c.example
            S: 250
            C~ <timeout>
            S: 421 4.4.2
            S: <close>)");
        row("shutdown between commands", R"(
            C: EHLO c.example
            S: 250
            C~ <shutdown>
            S: 421 4.3.2
            S: <close>)");
        row("shutdown and time-out in mid-content discard it", R"(
            C: EHLO c.example
            S: 250
            C: MAIL FROM:<a@a.example>
            S: 250
            C: RCPT TO:<b@b.example>
            S: 250
            C: DATA
            S: 354
            C: Subject: x
            C~ <timeout>
            S: 421 4.4.2
            S: <close>)");
        row("S16 hang-up in mid-content", R"(
            C: EHLO c.example
            S: 250
            C: MAIL FROM:<a@a.example>
            S: 250
            C: RCPT TO:<b@b.example>
            S: 250
            C: DATA
            S: 354
            C: Subject: x
            C~ .
            C~ <gone>
            S: <close>)");
    }

    void dialogue() {
        QFETCH(const QByteArray, script);
        QFETCH(const Setup, setup);
        ServerDialogue d;
        d.script = script;
        setup(d);
        QCOMPARE(d.check(), QByteArray());
    }
};

QTEST_APPLESS_MAIN(TestServerSession)
#include "tst_server_session.moc"
