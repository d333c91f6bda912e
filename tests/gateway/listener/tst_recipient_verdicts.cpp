// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a recipient is told and what becomes of it: rules, the postmaster, room on the disk.
#include "base/log.h"
#include "connection_bench.h"
#include "queue/spool.h"

#include <QRegularExpression>
#include <QTest>

using namespace postern;
using namespace postern::listener;
using namespace postern::test;
using namespace Qt::StringLiterals;

class TestRecipientVerdicts : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() { setLogToStandardError(false); }
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }

    void refusesBeforeTheDiskIsFull();
    void L10_whoFillsTheQueueLeavesHalfToOthers();
    void L10_aMessageThatGrowsBeyondTheShareIsRefused();
    void answersByRule_data();
    void answersByRule();
    void givesEachEnvelopeItsRulesFate();
    void keepsMailForThePostmasterForReading();
    void obeysARuleAboutThePostmaster();
    void copiesTheRelayOfOlderDialects();
    void reportsARefusalWithItsLine();
};

void TestRecipientVerdicts::refusesBeforeTheDiskIsFull() { // L10
    ConnectionBench bench;
    bench.connect();
    (void)bench.ask("EHLO scanner");
    bench.hasRoom = false;
    QCOMPARE(bench.ask("MAIL FROM:<a@office.test> SIZE=1000"),
             "452 4.3.1 Insufficient system storage, try again later\r\n"_ba);
    QCOMPARE(bench.events.size(), size_t(1));
    QVERIFY(bench.ask("RCPT TO:<bob@example.org>").startsWith("503 "));
    bench.hasRoom = true;
    QVERIFY(bench.ask("MAIL FROM:<a@office.test> SIZE=1000").startsWith("250 2.1.0 "));
}

void TestRecipientVerdicts::L10_whoFillsTheQueueLeavesHalfToOthers() {
    ConnectionBench bench;
    bench.shares = std::make_shared<queue::ClientShares>();
    bench.room = 600'000; // what is left beside 400 000 of this client's mail
    bench.connect();
    const auto waiting = bench.shares->take("192.0.2.66"_ba, 400'000);
    (void)bench.ask("EHLO scanner");
    QVERIFY(bench.ask("MAIL FROM:<a@office.test> SIZE=100000").startsWith("250 2.1.0 "));
    (void)bench.ask("RSET");
    QCOMPARE(bench.ask("MAIL FROM:<a@office.test> SIZE=100001"),
             "452 4.3.1 Insufficient system storage, try again later\r\n"_ba);
    QVERIFY(bench.events[0].text.contains("has used up its share"));
}

// It said nothing of its size.
void TestRecipientVerdicts::L10_aMessageThatGrowsBeyondTheShareIsRefused() {
    ConnectionBench bench;
    bench.shares = std::make_shared<queue::ClientShares>();
    bench.room = 4'000'000;
    StreamScript& client = bench.connect();
    (void)bench.ask("EHLO scanner");
    (void)bench.ask("MAIL FROM:<a@office.test>");
    (void)bench.ask("RCPT TO:<bob@example.org>");
    QVERIFY(bench.ask("DATA").startsWith("354"));
    client.says("Subject: x\r\n\r\n");
    const QByteArray line = QByteArray(998, 'x') + "\r\n";
    for (int i = 0; i < 10'000; ++i)
        client.says(line);
    QVERIFY(bench.shares->heldBy("192.0.2.66"_ba) > 2'000'000);
    client.says(".\r\n");
    QVERIFY2(bench.heard().contains("452 4.3.1"), "no 452");
    QCOMPARE(bench.shares->heldBy("192.0.2.66"_ba), 0);
}

void TestRecipientVerdicts::answersByRule_data() {
    QTest::addColumn<QByteArray>("recipient");
    QTest::addColumn<QByteArray>("reply");
    QTest::addColumn<QByteArray>("event");
    QTest::addRow("rejected") << "nobody@example.org"_ba << "550 5.7.1 Invalid recipient: <nobody@example.org>\r\n"_ba
                              << "Mail from a@office.test to nobody@example.org, handed in by 192.0.2.66, refused by line 3: match rule of line 3"_ba;
    for (const char* name : {"*", "%", "'or'1'='1", "?", "a|b", "$1"})
        QTest::addRow("P12 %s is a name like any other", name)
            << name + "@elsewhere.test"_ba << "550 5.7.1 Invalid recipient: <"_ba + name + "@elsewhere.test>\r\n"
            << "Mail from a@office.test to "_ba + name + "@elsewhere.test, handed in by 192.0.2.66, refused: no rule takes it";
    QTest::addRow("no rule") << "a@elsewhere.test"_ba << "550 5.7.1 Invalid recipient: <a@elsewhere.test>\r\n"_ba
                             << "Mail from a@office.test to a@elsewhere.test, handed in by 192.0.2.66, refused: no rule takes it"_ba;
    QTest::addRow("a user that this computer does not have")
        << "box@home.example"_ba << "550 5.1.1 Invalid recipient: <box@home.example>\r\n"_ba
        << "Mail from a@office.test to box@home.example, handed in by 192.0.2.66, refused: there is no user box on this computer"_ba;
    QTest::addRow("relayed") << "bob@example.org"_ba
                             << "250 2.1.5 Destination address valid: Recipient ok\r\n"_ba << ""_ba;
    QTest::addRow("P02 postmaster of another's domain is no case of its own")
        << "postmaster@elsewhere.test"_ba << "550 5.7.1 Invalid recipient: <postmaster@elsewhere.test>\r\n"_ba
        << "Mail from a@office.test to postmaster@elsewhere.test, handed in by 192.0.2.66, refused: no rule takes it"_ba;
    QTest::addRow("P02 bare postmaster, which no rule takes") // RFC 5321 4.5.1
        << "postmaster"_ba << "250 2.1.5 Destination address valid: Recipient ok\r\n"_ba << ""_ba;
    QTest::addRow("P02 postmaster of our name, in any case, which no rule takes")
        << "PostMaster@GATE.test"_ba << "250 2.1.5 Destination address valid: Recipient ok\r\n"_ba << ""_ba;
    QTest::addRow("caught") << "caught@example.org"_ba
                            << "250 2.1.5 Destination address valid: Recipient ok\r\n"_ba << ""_ba;
}

void TestRecipientVerdicts::answersByRule() {
    QFETCH(QByteArray, recipient);
    QFETCH(QByteArray, reply);
    QFETCH(QByteArray, event);
    ConnectionBench bench;
    bench.connect();
    (void)bench.ask("EHLO scanner");
    (void)bench.ask("MAIL FROM:<a@office.test>");
    QCOMPARE(bench.ask("RCPT TO:<" + recipient + ">"), reply);
    QCOMPARE(bench.events.empty() ? QByteArray() : bench.events[0].text, event);
}

void TestRecipientVerdicts::givesEachEnvelopeItsRulesFate() {
    ConnectionBench bench;
    bench.rules->settings.queueTtl = 7200;
    bench.connect();
    (void)openData(bench, {"caught@example.org", "nobody@example.org", "short@example.org", "bob@example.org"});
    bench.peer().says(kMessage + ".\r\n");
    QCOMPARE(bench.stores(), 1);
    const auto& envelopes = bench.store(0).envelopes;
    QCOMPARE(envelopes.size(), size_t(3));
    QVERIFY(envelopes[0].state == queue::EnvelopeState::Caught);
    QCOMPARE(envelopes[0].action, "catch"_ba);
    QCOMPARE(envelopes[0].nextTryAt, qint64(0));
    QVERIFY(envelopes[1].state == queue::EnvelopeState::Waiting);
    QCOMPARE(envelopes[1].action, "short"_ba);
    QCOMPARE(envelopes[1].ttl, qint64(3600));
    QCOMPARE(envelopes[2].ttl, qint64(7200));

    ConnectionBench onlyCaught;
    onlyCaught.connect();
    (void)openData(onlyCaught, {"caught@example.org"});
    onlyCaught.peer().says(kMessage + ".\r\n");
    onlyCaught.commit(0);
    QVERIFY(onlyCaught.events[0].kind == SessionEvent::Kind::Caught);
    QCOMPARE(onlyCaught.events[0].text, "\"Scan 7\" from scanner@office.test for caught@example.org caught"_ba);
}

void TestRecipientVerdicts::keepsMailForThePostmasterForReading() { // P02, RFC 5321 4.5.1
    ConnectionBench bench;
    bench.connect();
    (void)openData(bench, {"postmaster", "postmaster@gate.test"});
    bench.peer().says(kMessage + ".\r\n");
    bench.commit(0);
    const auto& envelopes = bench.store(0).envelopes;
    QCOMPARE(envelopes.size(), size_t(1)); // one box, named twice
    QCOMPARE(envelopes[0].recipient, "postmaster@gate.test"_ba);
    QVERIFY(envelopes[0].state == queue::EnvelopeState::Caught);
    QVERIFY(bench.events[0].kind == SessionEvent::Kind::Caught);
}

void TestRecipientVerdicts::obeysARuleAboutThePostmaster() {
    ConnectionBench bench;
    bench.rules->rules.clear();
    policy::Rule reject;
    reject.reject = true;
    reject.origin.line = 9;
    reject.text = "match from any for any reject";
    bench.rules->rules.push_back(reject);
    bench.connect();
    (void)bench.ask("EHLO scanner");
    (void)bench.ask("MAIL FROM:<a@office.test>");
    QVERIFY(bench.ask("RCPT TO:<postmaster>").startsWith("550 5.7.1 "));
}

// Up to 6.3 the rule's relay travels with the envelope, so that an edited rule does not change queued mail.
void TestRecipientVerdicts::copiesTheRelayOfOlderDialects() {
    for (const policy::Era era : {policy::Era::Map2012, policy::Era::Legacy}) {
        ConnectionBench bench;
        bench.rules->era = era;
        bench.connect();
        (void)openData(bench, {"bob@example.org", "carol@example.org", "caught@example.org"});
        bench.peer().says(kMessage + ".\r\n");
        QCOMPARE(bench.stores(), 1);
        const auto& envelopes = bench.store(0).envelopes;
        const QByteArray relay = bench.rules->rules.back().action->relay.toBytes();
        QVERIFY(!relay.isEmpty());
        QCOMPARE(envelopes[0].relay, relay);
        QCOMPARE(envelopes[1].relay, relay);
        QCOMPARE(envelopes[2].relay, ""_ba); // nothing to relay
    }
}

void TestRecipientVerdicts::reportsARefusalWithItsLine() {
    ConnectionBench bench;
    bench.connect();
    (void)bench.ask("EHLO scanner");
    for (int i = 0; i < 200 && !bench.peer().closed; ++i) {
        (void)bench.ask("MAIL FROM:<a@office.test>");
        (void)bench.ask("RCPT TO:<nobody@example.org>");
        (void)bench.ask("RSET");
        bench.tick(Milliseconds(1000));
    }
    QVERIFY(bench.events.size() >= 2);
    QVERIFY(bench.events.size() <= 20); // one story, not thousands of lines
    QCOMPARE(bench.events[0].clientAddress, "192.0.2.66"_ba);
    QCOMPARE(bench.events[0].listener, bench.service.socket->name());
}

QTEST_GUILESS_MAIN(TestRecipientVerdicts)
#include "tst_recipient_verdicts.moc"
