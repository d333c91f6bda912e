// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/retry_schedule.h"

#include <QTest>

#include <limits>

using namespace postern;
using namespace postern::queue;

class TestRetrySchedule : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void followsTheCurve_data();
    void followsTheCurve();
    void everySoOften();
    void skipsWhatWasMissed_data();
    void skipsWhatWasMissed();
};

// behaviour of smtpd(8): ctime + base·n². The delays are written out, as its manual's readers know them.
void TestRetrySchedule::followsTheCurve_data() {
    QTest::addColumn<qint64>("base");
    QTest::addColumn<QList<qint64>>("delays");
    QTest::addRow("relayed mail: 400 s and its squares")
        << qint64(400) << QList<qint64>{400, 1600, 3600, 6400, 10000, 14400, 19600, 25600};
    QTest::addRow("local mail: 10 s and its squares") << qint64(10) << QList<qint64>{10, 40, 90, 160, 250};
}

void TestRetrySchedule::followsTheCurve() {
    QFETCH(qint64, base);
    QFETCH(QList<qint64>, delays);
    const qint64 created = 1'795'098'720;
    QList<qint64> got;
    qint64 now = created;
    int tries = 0;
    for (qsizetype i = 0; i < delays.size(); ++i) {
        const NextTry next = nextTry(created, tries, now, Seconds(base));
        got.append(next.at - created);
        tries = next.tries;
        now = next.at + 2; // the try itself took two seconds
    }
    QCOMPARE(got, delays);
}

void TestRetrySchedule::everySoOften() { // 2012: a scan every `queue interval` seconds, 15 minutes unless written
    QList<qint64> got;
    qint64 now = 1'000'000;
    int tries = 0;
    for (int i = 0; i < 4; ++i) {
        const NextTry next = nextTryEvery(Seconds(900), 1'000'000, tries, now);
        got.append(next.at - 1'000'000);
        tries = next.tries;
        now = next.at + 2;
    }
    QCOMPARE(got, (QList<qint64>{900, 1800, 2700, 3600}));
    QCOMPARE(tries, 4);
    QCOMPARE(nextTryEvery(Seconds(900), 1000, 2, 1000 + 36'000).at, qint64(1000 + 36'900)); // after a night switched off
    QCOMPARE(nextTryEvery(Seconds(900), 1000, 2, -86'400).at, qint64(1900));               // Q10
    QCOMPARE(nextTryEvery(Seconds(1), 0, std::numeric_limits<int>::max(), 5).tries, std::numeric_limits<int>::max());
}

void TestRetrySchedule::skipsWhatWasMissed_data() {
    QTest::addColumn<int>("tries");
    QTest::addColumn<qint64>("age");
    QTest::addColumn<qint64>("next");
    QTest::addColumn<int>("newTries");
    QTest::addRow("first try failed at once") << 0 << qint64(0) << qint64(400) << 1;
    QTest::addRow("exactly at a step the next one counts") << 0 << qint64(400) << qint64(1600) << 2;
    QTest::addRow("one second before a step") << 0 << qint64(399) << qint64(400) << 1;
    QTest::addRow("after a night switched off") << 2 << qint64(36000) << qint64(40000) << 10;
    QTest::addRow("the counter never goes back") << 5 << qint64(10) << qint64(14400) << 6;
    QTest::addRow("Q10 clock set back before creation") << 0 << qint64(-86400) << qint64(400) << 1;
    QTest::addRow("Q10 a year ahead does not overflow") << 1 << qint64(31'536'000) << qint64(400) * 281 * 281 << 281;
}

void TestRetrySchedule::skipsWhatWasMissed() {
    QFETCH(int, tries);
    QFETCH(qint64, age);
    const NextTry got = nextTry(1'000'000'000, tries, 1'000'000'000 + age);
    QTEST(got.at - 1'000'000'000, "next");
    QTEST(got.tries, "newTries");
}

QTEST_APPLESS_MAIN(TestRetrySchedule)
#include "tst_retry_schedule.moc"
