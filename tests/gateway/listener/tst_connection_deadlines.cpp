// SPDX-License-Identifier: GPL-3.0-or-later
//
// How long a client may take, with a clock that the test moves. Limits: RFC 5321 4.5.3.2.7 and ARCHITECTURE.md.
#include "base/log.h"
#include "connection_bench.h"

#include <QRegularExpression>
#include <QTest>

using namespace postern;
using namespace postern::listener;
using namespace postern::test;
using namespace Qt::StringLiterals;

class TestConnectionDeadlines : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() { setLogToStandardError(false); }
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }
    void endsASilentSession();
    void countsCommandsNotOctets();
    void demandsAMinimumRateOfContent();
    void toleratesAShortStallInFastContent();
    void endsAStalledMessage();
    void endsASlowHandshake();
    void endsACloseThatNobodyReads();
    void saysGoodbyeAtShutdown();
    void finishesTheCommitBeforeShutdown();
};

void TestConnectionDeadlines::endsASilentSession() { // R01
    ConnectionBench bench;
    bench.connect();
    (void)bench.ask("EHLO scanner");
    bench.tick(Milliseconds(299'000));
    QCOMPARE(bench.heard(), ""_ba);
    bench.tick(Milliseconds(1'000));
    QCOMPARE(bench.heard(), "421 4.4.2 Timeout, closing connection\r\n"_ba);
    QVERIFY(bench.peer().closed);
    QCOMPARE(bench.events.size(), size_t(1));
    QVERIFY(bench.events[0].kind == SessionEvent::Kind::SessionClosed);
}

void TestConnectionDeadlines::countsCommandsNotOctets() { // R02
    ConnectionBench bench;
    bench.connect();
    (void)bench.ask("EHLO scanner");
    for (int second = 0; second < 299; ++second) {
        bench.peer().says("N");
        bench.tick(Milliseconds(1'000));
    }
    QVERIFY(!bench.peer().closed);
    bench.tick(Milliseconds(1'000));
    QVERIFY(bench.peer().closed);

    ConnectionBench working;
    working.connect();
    (void)working.ask("EHLO scanner");
    for (int i = 0; i < 10; ++i) { // whole commands renew it
        working.tick(Milliseconds(200'000));
        QVERIFY(working.ask("NOOP").startsWith("250 "));
    }
}

void TestConnectionDeadlines::demandsAMinimumRateOfContent() { // R03
    ConnectionBench bench;
    bench.connect();
    (void)bench.ask("EHLO scanner");
    (void)bench.ask("MAIL FROM:<a@office.test>");
    (void)bench.ask("RCPT TO:<bob@example.org>");
    (void)bench.ask("DATA");
    for (int second = 0; second < 60; ++second) {
        bench.peer().says("x");
        bench.tick(Milliseconds(1'000));
    }
    QVERIFY(!bench.peer().closed); // a minute's grace
    bench.peer().says("x");
    bench.tick(Milliseconds(1'000));
    QVERIFY(bench.peer().closed);
    QVERIFY(bench.heard().startsWith("421 "));
    QCOMPARE(bench.stores(), 0);
    QCOMPARE(bench.events.size(), size_t(1));
    QVERIFY(bench.events[0].text.contains("too slowly"));
}

void TestConnectionDeadlines::toleratesAShortStallInFastContent() {
    ConnectionBench bench;
    bench.connect();
    (void)bench.ask("EHLO scanner");
    (void)bench.ask("MAIL FROM:<a@office.test>");
    (void)bench.ask("RCPT TO:<bob@example.org>");
    (void)bench.ask("DATA");
    bench.peer().says("Subject: in bursts\r\n\r\n");
    const QByteArray line = QByteArray(998, 'x') + "\r\n";
    bench.peer().says(line.repeated(200)); // 200 kB: enough for 400 s at 500 octets a second
    bench.tick(Milliseconds(200'000));
    QVERIFY(!bench.peer().closed);
    for (int second = 0; second < 120; ++second) { // 500 a second exactly is enough
        bench.peer().says(QByteArray(498, 'y') + "\r\n");
        bench.tick(Milliseconds(1'000));
    }
    QVERIFY(!bench.peer().closed);
}

void TestConnectionDeadlines::endsAStalledMessage() {
    ConnectionBench bench;
    bench.connect();
    (void)bench.ask("EHLO scanner");
    (void)bench.ask("MAIL FROM:<a@office.test>");
    (void)bench.ask("RCPT TO:<bob@example.org>");
    (void)bench.ask("DATA");
    bench.peer().says("Subject: stalled\r\n\r\n");
    bench.peer().says((QByteArray(998, 'x') + "\r\n").repeated(2000)); // a rate that would last for an hour
    bench.tick(Milliseconds(299'000));
    QVERIFY(!bench.peer().closed);
    bench.tick(Milliseconds(1'000));
    QVERIFY(bench.peer().closed);
    QCOMPARE(bench.discarded.size(), 1);
}

void TestConnectionDeadlines::endsASlowHandshake() { // T17
    ConnectionBench bench;
    bench.service.spec.tls = policy::ListenTls::Wrapped;
    bench.connect();
    bench.tick(Milliseconds(59'000));
    QVERIFY(bench.connection());
    bench.tick(Milliseconds(1'000));
    QVERIFY(!bench.connection());
    QVERIFY(bench.peer().aborted);
    QCOMPARE(bench.heard(), ""_ba); // nothing in clear
    QCOMPARE(bench.events.size(), size_t(1));
    QVERIFY(bench.events[0].text.contains("Encrypted connection"));
}

void TestConnectionDeadlines::endsACloseThatNobodyReads() { // R04
    ConnectionBench bench;
    bench.connect();
    bench.peer().peerReads = false;
    (void)bench.ask("QUIT");
    QVERIFY(bench.peer().closed);
    bench.tick(Milliseconds(59'000));
    QVERIFY(bench.connection());
    bench.tick(Milliseconds(1'000));
    QVERIFY(!bench.connection());
}

void TestConnectionDeadlines::saysGoodbyeAtShutdown() {
    ConnectionBench bench;
    bench.connect();
    (void)bench.ask("EHLO scanner");
    bench.connection()->shutDown();
    QCOMPARE(bench.heard(), "421 4.3.2 Service is shutting down, try again later\r\n"_ba);
    QVERIFY(bench.peer().closed);

    ConnectionBench inHandshake;
    inHandshake.service.spec.tls = policy::ListenTls::Wrapped;
    inHandshake.connect();
    inHandshake.connection()->shutDown();
    QVERIFY(!inHandshake.connection());
    QCOMPARE(inHandshake.heard(), ""_ba);
}

void TestConnectionDeadlines::finishesTheCommitBeforeShutdown() {
    ConnectionBench bench;
    bench.connect();
    (void)bench.ask("EHLO scanner");
    (void)bench.ask("MAIL FROM:<a@office.test>");
    (void)bench.ask("RCPT TO:<bob@example.org>");
    (void)bench.ask("DATA");
    bench.peer().says("Subject: last\r\n\r\nhello\r\n.\r\n");
    bench.connection()->shutDown();
    QCOMPARE(bench.heard(), ""_ba);
    QVERIFY(!bench.peer().closed);
    bench.commit(0);
    const QByteArray replies = bench.heard();
    QVERIFY2(replies.startsWith("250 2.0.0 "), replies.constData());
    QVERIFY(replies.endsWith("421 4.3.2 Service is shutting down, try again later\r\n"));
    QVERIFY(bench.peer().closed);
}

QTEST_GUILESS_MAIN(TestConnectionDeadlines)
#include "tst_connection_deadlines.moc"
