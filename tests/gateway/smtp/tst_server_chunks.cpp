// SPDX-License-Identifier: GPL-3.0-or-later
//
// BDAT as a peer sees it: chunks of any shape make the same message as DATA, and no octet of a chunk is ever run as a
// command, refused or not. Each dialogue runs whole, byte by byte and cut at every position.
#include "support/server_dialogue.h"

#include <QTest>

using namespace postern;
using namespace postern::smtp;
using namespace postern::test;
using namespace Qt::StringLiterals;

using Setup = void (*)(ServerDialogue&);
Q_DECLARE_METATYPE(Setup)

static void nothing(ServerDialogue&) {}

// Every dialogue begins behind an accepted recipient.
static const QByteArray kOpening = R"(
    C: EHLO c.example
    S: 250
    C: MAIL FROM:<a@a.example>
    S: 250
    C: RCPT TO:<b@b.example>
    S: 250
)";

class TestServerChunks : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void dialogue_data() {
        QTest::addColumn<QByteArray>("script");
        QTest::addColumn<Setup>("setup");
        const auto row = [](const char* name, const char* script, Setup setup = nothing) {
            QTest::newRow(name) << QByteArray(script) << setup;
        };
        row("RFC 3030 one chunk", R"(
            C: BDAT 14 LAST
            C: Subject: x
            C:
            S: 250 2.0.0 1a2b3c4d)");
        row("RFC 3030 chunks may end anywhere and be pipelined", R"(
            C: BDAT 11
            C~ Subject: x\r
            C: BDAT 5
            C~ \n\r\nhi
            C: BDAT 0 LAST
            S: 250 2.0.0 11 octets received
            S: 250 2.0.0 5 octets received
            S: 250 2.0.0 1a2b3c4d)");
        row("RFC 3030 a dot on a line of its own is content", R"(
            C: BDAT 21 LAST
            C: Subject: x
            C:
            C: .
            C: .x
            C: NOOP
            S: 250 2.0.0 1a2b3c4d
            S: 250 2.0.0 Ok)");
        row("RFC 3030 §3 DATA behind BDAT is out of sequence", R"(
            C: BDAT 12
            C: Subject: x
            S: 250
            C: DATA
            S: 503 5.5.1
            C: RCPT TO:<c@b.example>
            S: 503 5.5.1
            C: MAIL FROM:<a@a.example>
            S: 503 5.5.1
            C: RSET
            S: 250 2.0.0
            C: BDAT 4 LAST
            C: xx
            S: 503 5.5.1 Need MAIL)");
        row("S12 octets of a refused BDAT are never commands", R"(
            C: RSET
            S: 250
            C: BDAT 6
            C: NOOP
            S: 503 5.5.1
            C: MAIL FROM:<a@a.example>
            S: 250
            C: BDAT 6 LAST
            C: QUIT
            S: 503 5.5.1 No valid recipients
            C: NOOP
            S: 250 2.0.0 Ok)");
        row("S12 the chunks behind a refused one are skipped", R"(
            C: BDAT 8
            C: a\nb: c
            C: BDAT 6 LAST
            C: QUIT
            C: NOOP
            S: 550 5.5.2
            S: 503 5.5.1 Need MAIL
            S: 250 2.0.0 Ok)");
        row("S12 a length that is none ends the session", R"(
            C: BDAT 6x LAST
            C: NOOP
            S: 501 5.5.4
            S: <close>)");
        row("S12 a length beyond all limits ends the session", R"(
            C: BDAT 99999999999999999999 LAST
            S: 501 5.5.4
            S: <close>)");
        row("S12 a huge chunk for nobody ends the session", R"(
            C: RSET
            S: 250
            C: BDAT 999999999999 LAST
            S: 503 5.5.1
            S: 421 4.3.4
            S: <close>)");
        row("S01 a bare LF in a chunk is refused", R"(
            C: BDAT 16 LAST
            C: Subject: x
            C~ \n.\r\n
            S: 550 5.5.2
            C: NOOP
            S: 250)");
        row("S01 a CR at the very end of the last chunk is refused", R"(
            C: BDAT 13 LAST
            C: Subject: x
            C~ \r
            S: 550 5.5.2)");
        row("S04 a NUL in a chunk is refused", R"(
            C: BDAT 15 LAST
            C: Subject: x
            C~ \0\r
            C~ \n
            S: 550 5.6.0)");
        row("RFC 1870 a message of chunks over the limit is 552", R"(
            C: BDAT 12
            C: Subject: x
            S: 250
            C: BDAT 12
            C: Another: y
            S: 552 5.3.4
            C: MAIL FROM:<a@a.example>
            S: 250)", [](ServerDialogue& d) { d.limits.maxMessageSize = 20; });
        row("a last line without its end gets one", R"(
            C: BDAT 10 LAST
            C~ Subject: x
            S: 250 2.0.0 1a2b3c4d)");
        row("hang-up between chunks", R"(
            C: BDAT 12
            C: Subject: x
            S: 250
            C~ <gone>
            S: <close>)");
    }

    void dialogue() {
        QFETCH(const QByteArray, script);
        QFETCH(const Setup, setup);
        ServerDialogue d;
        d.script = kOpening + script;
        setup(d);
        QCOMPARE(d.check(), QByteArray());
    }

    void theMessageIsThatOfItsChunks() {
        ServerDialogue d;
        d.script = kOpening + R"(
            C: BDAT 15
            C: Subject: x
            C~ \r\n.
            C: BDAT 3 LAST
            C~ \r\ny
            S: 250
            S: 250)";
        QCOMPARE(d.check(), QByteArray());
        QCOMPARE(d.content, "Subject: x\r\n\r\n.\r\ny\r\n"_ba);
        QCOMPARE(d.facts.octets, qint64(d.content.size()));
    }
};

QTEST_APPLESS_MAIN(TestServerChunks)
#include "tst_server_chunks.moc"
