// SPDX-License-Identifier: GPL-3.0-or-later
//
// Messages made fit for what a next hop offers: its size, its number of recipients, its seven bits.
#include "base/log.h"
#include "relay_world.h"

#include <QRegularExpression>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace postern;
using namespace postern::test;
using namespace std::chrono_literals;

namespace {

const QByteArray kEightBit = "Subject: t\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                             "Content-Transfer-Encoding: 8bit\r\n\r\n.\xc3\xbc\r\n";
const QByteArray kSevenBit = "Subject: t\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                             "Content-Transfer-Encoding: quoted-printable\r\n\r\n.=C3=BC\r\n";

} // namespace

class TestRelayExtensions : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() { setLogToStandardError(false); }
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void aLimitToldOnceIsNotAskedForAgain() { // RFC 1870 §6.1
        World w;
        w.useUrl("smtp://hop.example");
        w.hop().keywords = {"SIZE 30"};
        w.content = QByteArray("Subject: x\r\n\r\n") + QByteArray(40, 'x') + "\r\n";
        const QByteArray text = "5.3.4 message too large for peer: it is 56 octets, hop.example [192.0.2.1]:25 takes 30";
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("P"));
        QCOMPARE(w.lastText(), text);
        w.pass(60s); // the connection is gone
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("P | P"));
        QCOMPARE(w.lastText(), text);
        QCOMPARE(w.hop().connects, 1);
        QVERIFY(!w.hop().saw("MAIL"));
        w.content = kContent; // what fits goes
        w.hop().keywords = {"SIZE 300"};
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("P | P | D"));
        w.content = QByteArray("Subject: x\r\n\r\n") + QByteArray(40, 'x') + "\r\n";
        w.pass(60s);
        w.submit(w.job()); // the new limit was heard
        QCOMPARE(w.results(), QByteArray("P | P | D | D"));
    }

    void recipientsBeyondRcptmaxFollow_data() { // RFC 9422 §4
        QTest::addColumn<QByteArray>("keyword");
        QTest::addColumn<int>("transactions");
        QTest::addColumn<QByteArray>("results");
        QTest::newRow("no limit") << QByteArray("LIMITS") << 1 << QByteArray("D D P D D");
        QTest::newRow("two at once") << QByteArray("LIMITS RCPTMAX=2") << 3 << QByteArray("D D P D D");
        QTest::newRow("two at once, two mails a connection")
            << QByteArray("LIMITS RCPTMAX=2 MAILMAX=2") << 2 << QByteArray("D D P D T(untried)");
    }
    void recipientsBeyondRcptmaxFollow() {
        QFETCH(const QByteArray, keyword);
        QFETCH(const int, transactions);
        QFETCH(const QByteArray, results);
        World w;
        w.useUrl("smtp://hop.example");
        w.hop().keywords = {"PIPELINING", keyword};
        w.hop().rcptReply = {{"c@b.example", "550 5.1.1 no"}};
        w.submit(w.job({"a@b.example", "b@b.example", "c@b.example", "d@b.example", "e@b.example"}));
        QCOMPARE(w.results(), results);
        QCOMPARE(int(w.hop().mails.size()), transactions);
        for (const QByteArray& mail : w.hop().mails)
            QCOMPARE(mail, kContent);
        QCOMPARE(w.reports.size(), size_t(1));
    }

    void aConnectionEndsWithItsLastMail() { // RFC 9422 MAILMAX
        World w;
        w.useUrl("smtp://hop.example");
        w.hop().keywords = {"PIPELINING", "LIMITS MAILMAX=2"};
        for (int i = 0; i < 5; ++i)
            w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("D | D | D | D | D"));
        QCOMPARE(w.hop().connects, 3);
    }

    void eightBitContentIsFittedToThePeer_data() { // RFC 6152 §3
        QTest::addColumn<QByteArrayList>("keywords");
        QTest::addColumn<QByteArray>("arrives");
        QTest::addColumn<QByteArray>("mail");
        QTest::newRow("8BITMIME: as it is") << QByteArrayList{"PIPELINING", "8BITMIME", "SIZE"} << kEightBit
                                            << "MAIL FROM:<me@a.example> SIZE=" + QByteArray::number(kEightBit.size()) + " BODY=8BITMIME";
        QTest::newRow("not: coded, and its size told") << QByteArrayList{"PIPELINING", "SIZE"} << kSevenBit
                                                       << "MAIL FROM:<me@a.example> SIZE=" + QByteArray::number(kSevenBit.size());
        QTest::newRow("not, by BDAT: coded, to the octet") << QByteArrayList{"PIPELINING", "CHUNKING"} << kSevenBit
                                                           << QByteArray("MAIL FROM:<me@a.example>");
    }
    void eightBitContentIsFittedToThePeer() {
        QFETCH(const QByteArrayList, keywords);
        QFETCH(const QByteArray, arrives);
        QFETCH(const QByteArray, mail);
        for (const bool inFile : {false, true}) {
            World w;
            w.useUrl("smtp://hop.example");
            w.hop().keywords = keywords;
            w.content = kEightBit;
            RelayJob job = w.job();
            if (inFile) {
                auto file = w.files.create("spool/body");
                QVERIFY(file && (*file)->write(kEightBit) && (*file)->close());
                job.body = std::make_shared<queue::Body>(queue::Body{{}, "spool/body", kEightBit.size()});
            }
            w.submit(std::move(job));
            QCOMPARE(w.results(), QByteArray("D"));
            QCOMPARE(w.hop().mails, std::vector<QByteArray>{arrives});
            QVERIFY(w.hop().commands.contains(mail));
        }
    }

    void whatCannotBeCodedComesBack() { // RFC 6152 §3: 5.6.3, and never raw
        World w;
        w.useUrl("smtp://hop.example");
        w.hop().keywords = {"PIPELINING"};
        w.content = "DKIM-Signature: v=1\r\n" + kEightBit;
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("P"));
        QVERIFY(w.lastText().startsWith("5.6.3 ") && w.lastText().contains("DKIM-Signature"));
        QVERIFY(!w.hop().saw("MAIL"));
    }

    void aContentThatCannotBeReadIsTemporary() {
        World w;
        w.useUrl("smtp://hop.example");
        w.hop().keywords = {"PIPELINING"};
        w.content = kEightBit;
        RelayJob job = w.job();
        job.body = std::make_shared<queue::Body>(queue::Body{{}, "spool/gone", kEightBit.size()});
        w.submit(std::move(job));
        QCOMPARE(w.results(), QByteArray("T"));
        QVERIFY(!w.hop().saw("MAIL"));
        w.content = kContent;
        w.submit(w.job()); // the connection is still good
        QCOMPARE(w.results(), QByteArray("T | D"));
        QCOMPARE(w.hop().connects, 1);
    }

    void flaggedMailGoesAsThePeerTakesIt_data() { // standards §9, the SMTPUTF8 rows
        QTest::addColumn<QByteArrayList>("keywords");
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QByteArray>("results");
        QTest::addColumn<QByteArray>("mail");
        const QByteArray utf8Header = "Subject: \xc3\xbc\r\n\r\nx\r\n";
        QTest::newRow("a header beyond ASCII, offered")
            << QByteArrayList{"8BITMIME", "SMTPUTF8"} << utf8Header << QByteArray("D")
            << QByteArray("MAIL FROM:<me@a.example> BODY=8BITMIME SMTPUTF8");
        QTest::newRow("a header beyond ASCII, not offered") << QByteArrayList{"8BITMIME"} << utf8Header << QByteArray("P") << QByteArray();
        QTest::newRow("a body beyond ASCII only, not offered")
            << QByteArrayList{"8BITMIME"} << kEightBit << QByteArray("D") << QByteArray("MAIL FROM:<me@a.example> BODY=8BITMIME");
        QTest::newRow("a body beyond ASCII only, neither offered")
            << QByteArrayList{"HELP"} << kEightBit << QByteArray("D") << QByteArray("MAIL FROM:<me@a.example>");
        QTest::newRow("all ASCII, not offered")
            << QByteArrayList{"8BITMIME"} << kContent << QByteArray("D") << QByteArray("MAIL FROM:<me@a.example>");
    }
    void flaggedMailGoesAsThePeerTakesIt() {
        QFETCH(const QByteArrayList, keywords);
        QFETCH(const QByteArray, content);
        QFETCH(const QByteArray, results);
        QFETCH(const QByteArray, mail);
        World w;
        w.useUrl("smtp://hop.example");
        w.hop().keywords = keywords;
        w.content = content;
        RelayJob job = w.job();
        auto message = std::make_shared<queue::Message>(*job.delivery.message);
        message->params.smtpUtf8 = true;
        job.delivery.message = message;
        w.submit(std::move(job));
        QCOMPARE(w.results(), results);
        if (results == "D")
            QVERIFY(w.hop().commands.contains(mail));
        else
            QVERIFY(w.lastText().startsWith("5.6.7 ") && !w.hop().saw("MAIL"));
    }

    void namesThoseWhoseSuccessThePeerDoesNotTell() { // RFC 3461 §6.2.7
        for (const bool offered : {false, true}) {
            World w;
            w.useUrl("smtp://hop.example");
            w.hop().keywords = {"PIPELINING", offered ? "DSN" : "HELP"};
            w.hop().rcptReply = {{"c@b.example", "550 5.1.1 no"}};
            RelayJob job = w.job({"a@b.example", "b@b.example", "c@b.example"});
            job.delivery.envelopes[1].params.notify = "SUCCESS,FAILURE";
            job.delivery.envelopes[2].params.notify = "SUCCESS";
            w.submit(std::move(job));
            QCOMPARE(w.results(), QByteArray("D D P"));
            QCOMPARE(w.reports[0].relayed.size(), size_t(offered ? 0 : 1));
            if (!offered)
                QCOMPARE(w.reports[0].relayed[0].destination, QByteArray("b@b.example"));
        }
    }

    void aContentThatCannotBeReadSaysNothingAboutTheHop_data() {
        QTest::addColumn<bool>("isThere");
        QTest::addRow("its file is gone") << false;
        QTest::addRow("its file is cut short") << true;
    }
    void aContentThatCannotBeReadSaysNothingAboutTheHop() {
        QFETCH(bool, isThere);
        World w;
        w.useUrl("smtp://hop.example");
        if (isThere)
            w.files.put("/q/body", kContent.chopped(3));
        RelayJob job = w.job();
        job.body = std::make_shared<queue::Body>(queue::Body{{}, "/q/body", kContent.size()});
        w.submit(std::move(job));
        QCOMPARE(w.results(), QByteArray("T"));
        QVERIFY(w.reports.back().damaged && !w.reports.back().routeFailed && !w.reports.back().routeWorked);
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("T | D"));
        QVERIFY(!w.reports.back().damaged);
    }

    void S08_noLoneCrOrLfIsSentOn_data() { // whatever the queue holds; listeners take none in
        QTest::addColumn<QByteArray>("lines");
        QTest::newRow("LF . LF") << "\n.\n"_ba;
        QTest::newRow("LF . CRLF") << "\n.\r\n"_ba;
        QTest::newRow("CRLF . LF") << "\r\n.\n"_ba;
        QTest::newRow("CR . CR") << "\r.\r"_ba;
        QTest::newRow("CRLF . CR") << "\r\n.\r"_ba;
        QTest::newRow("CR . CRLF") << "\r.\r\n"_ba;
        QTest::newRow("CR CRLF . CR CRLF") << "\r\r\n.\r\r\n"_ba;
        QTest::newRow("a CR at the end") << QByteArray();
    }
    void S08_noLoneCrOrLfIsSentOn() {
        QFETCH(QByteArray, lines);
        const QByteArray behind = "MAIL FROM:<ceo@bank.example>";
        for (const bool chunks : {false, true}) {
            for (const bool inAFile : {false, true}) {
                World w;
                w.useUrl("smtp://hop.example");
                if (chunks)
                    w.hop().keywords.append("CHUNKING");
                const QByteArray before = QByteArray("0123456789abcdef0123456789abc.\r\n").repeated(2048) + "more"; // over one piece
                const QByteArray content = lines.isEmpty() ? before + '\r' : before + lines + behind + "\r\n";
                w.files.put("/q/body", content);
                RelayJob job = w.job();
                job.body = std::make_shared<queue::Body>(inAFile ? queue::Body{{}, "/q/body", content.size()}
                                                                 : queue::Body{content, {}, content.size()});
                w.submit(std::move(job));
                QCOMPARE(w.results(), QByteArray("T"));
                QVERIFY2(w.lastText().contains("holds a CR or LF of its own at octet "), w.lastText().constData());
                QVERIFY(w.hop().mails.empty());
                QVERIFY(!w.hop().halfMail.contains(behind) && !w.hop().saw(behind));
                QCOMPARE(w.hop().open, 0);
                QVERIFY(w.reports.back().damaged); // no try will mend it
                QVERIFY(!w.reports.back().routeFailed);
                w.submit(w.job()); // the next hop is not to blame: other mail goes there at once
                QCOMPARE(w.results(), QByteArray("T | D"));
            }
        }
    }
};

QTEST_GUILESS_MAIN(TestRelayExtensions)
#include "tst_relay_extensions.moc"
