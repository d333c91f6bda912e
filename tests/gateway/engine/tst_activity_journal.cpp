// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/activity_journal.h"

#include "support/fake_clock.h"

#include <QDateTime>
#include <QTest>

using namespace postern;
using namespace postern::engine;
using namespace postern::test;
using namespace std::chrono_literals;
using namespace Qt::StringLiterals;

class TestActivityJournal : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void countsByKind_data();
    void countsByKind();
    void countsStartAgainAtMidnight();
    void countsGoOnAfterARestart();
    void tellsWhatCameSince();
    void forgetsTheOldest();
    void wordsFromOutsideAreHarmless();
    void hidesSignInsInDetails();
    void theLogHoldsTheFirstLineOfTheDetail_data();
    void theLogHoldsTheFirstLineOfTheDetail();
    void keepsTheLastLogLines();
    void tellsEachEventOnce();
};

void TestActivityJournal::countsByKind_data() {
    QTest::addColumn<QByteArray>("kind");
    QTest::addColumn<int>("taken");
    QTest::addColumn<int>("delivered");
    QTest::addColumn<int>("refused");
    QTest::addColumn<int>("bounced");
    QTest::addRow("taken in") << QByteArray("taken") << 1 << 0 << 0 << 0;
    QTest::addRow("caught counts as taken in") << QByteArray("caught") << 1 << 0 << 0 << 0;
    QTest::addRow("delivered") << QByteArray("delivered") << 0 << 1 << 0 << 0;
    QTest::addRow("refused") << QByteArray("refused") << 0 << 0 << 1 << 0;
    QTest::addRow("returned") << QByteArray("bounced") << 0 << 0 << 0 << 1;
    QTest::addRow("a delay counts as nothing") << QByteArray("delayed") << 0 << 0 << 0 << 0;
    QTest::addRow("a session counts as nothing") << QByteArray("session") << 0 << 0 << 0 << 0;
}

void TestActivityJournal::countsByKind() {
    QFETCH(QByteArray, kind);
    const FakeClock clock;
    ActivityJournal journal(clock);
    journal.add(kind.constData(), "x");
    const control::Counters& today = journal.today();
    QTEST(int(today.taken), "taken");
    QTEST(int(today.delivered), "delivered");
    QTEST(int(today.refused), "refused");
    QTEST(int(today.bounced), "bounced");
    const int hour = QDateTime::fromSecsSinceEpoch(clock.unixNow()).time().hour();
    QTEST(today.takenPerHour[hour], "taken");
    QTEST(today.refusedPerHour[hour], "refused");
}

void TestActivityJournal::countsStartAgainAtMidnight() {
    FakeClock clock;
    ActivityJournal journal(clock);
    journal.add("taken", "x");
    journal.noteWaiting(7);
    QCOMPARE(journal.today().taken, 1);
    clock.advance(24h);
    QCOMPARE(journal.today().taken, 0);
    QCOMPARE(journal.today().takenPerHour, QList<int>(24, 0));
    QCOMPARE(journal.today().waitingPerHour, QList<int>(24, 0));
    QCOMPARE(journal.since(0, 10).size(), 1); // what happened stays
}

void TestActivityJournal::countsGoOnAfterARestart() {
    FakeClock clock;
    std::map<QByteArray, qint64> disk;
    const auto keep = [&disk](ActivityJournal& journal) {
        const auto values = journal.countersToKeep();
        for (const auto& [name, value] : values)
            disk[name] = value;
        return !values.empty();
    };
    ActivityJournal before(clock);
    before.add("taken", "x");
    before.add("delivered", "x");
    before.noteWaiting(7);
    QVERIFY(keep(before));
    QVERIFY(!keep(before)); // nothing new: the disk may sleep
    QVERIFY(!before.keepAgain().empty()); // it had no room
    QVERIFY(keep(before));
    QVERIFY(!keep(before));
    before.add("refused", "x");
    QVERIFY(keep(before));

    ActivityJournal after(clock);
    after.restoreCounters(disk);
    QVERIFY(!keep(after));
    after.add("taken", "x");
    QCOMPARE(after.today().taken, 2);
    QCOMPARE(after.today().delivered, 1);
    const int hour = QDateTime::fromSecsSinceEpoch(clock.unixNow()).time().hour();
    QCOMPARE(after.today().takenPerHour[hour], 2);
    QCOMPARE(after.today().waitingPerHour[hour], 7);
    QCOMPARE(after.today().refusedPerHour[hour], 1);

    clock.advance(24h);
    ActivityJournal tomorrow(clock);
    tomorrow.restoreCounters(disk);
    QCOMPARE(tomorrow.today().taken, 0);
}

void TestActivityJournal::tellsWhatCameSince() {
    const FakeClock clock;
    ActivityJournal journal(clock);
    for (const char* text : {"one", "two", "three"})
        journal.add("engine", text);
    const auto texts = [&journal](qint64 serial, int most) {
        QStringList out;
        for (const control::ActivityEvent& event : journal.since(serial, most))
            out.append(event.text);
        return out.join(u' ');
    };
    QCOMPARE(texts(0, 10), u"one two three"_s);
    QCOMPARE(texts(1, 10), u"two three"_s);
    QCOMPARE(texts(0, 2), u"two three"_s); // the newest ones
    QCOMPARE(texts(3, 10), QString());
    QCOMPARE(texts(99, 10), QString());
    QCOMPARE(texts(-5, 10), u"one two three"_s);
}

void TestActivityJournal::forgetsTheOldest() {
    const FakeClock clock;
    ActivityJournal journal(clock);
    for (qsizetype i = 0; i < ActivityJournal::kMost + 5; ++i)
        journal.add("session", "x");
    const auto all = journal.since(0, int(ActivityJournal::kMost) * 2);
    QCOMPARE(all.size(), ActivityJournal::kMost);
    QCOMPARE(all.first().serial, 6);
}

void TestActivityJournal::wordsFromOutsideAreHarmless() {
    const FakeClock clock;
    ActivityJournal journal(clock);
    journal.add("refused", "from \x1b[31mred\r\n", "first\x07\nsecond\0line"_ba);
    const control::ActivityEvent event = journal.since(0, 1).first();
    QCOMPARE(event.text, u"from \\x1b[31mred\\x0d\\x0a"_s);
    QCOMPARE(event.detail.count(u'\n'), 1); // a detail may have lines
    for (const QChar c : event.text + event.detail)
        QVERIFY2(c == u'\n' || c.unicode() >= 0x20, qPrintable(event.detail));
}

void TestActivityJournal::hidesSignInsInDetails() {
    const FakeClock clock;
    ActivityJournal journal(clock);
    journal.add("session", "x", "AUTH PLAIN AGNhcm9sAHMzY3JldA==\nvia smtps://carol:s3cret@mx.example");
    const QString detail = journal.since(0, 1).first().detail;
    QVERIFY2(!detail.contains(u"AGNhcm9s"_s) && !detail.contains(u"s3cret"_s), qPrintable(detail));
}

void TestActivityJournal::theLogHoldsTheFirstLineOfTheDetail_data() {
    QTest::addColumn<QByteArray>("detail");
    QTest::addColumn<QByteArray>("line");
    QTest::addRow("a reply of one line") << "550 5.5.2 bare <CR>"_ba << "A message was refused (550 5.5.2 bare <CR>)"_ba;
    QTest::addRow("a dialogue") << "550 no\n<- 550 no"_ba << "A message was refused (550 no)"_ba;
    QTest::addRow("no detail") << QByteArray() << "A message was refused"_ba;
    QTest::addRow("said already") << "refused"_ba << "A message was refused"_ba;
}

void TestActivityJournal::theLogHoldsTheFirstLineOfTheDetail() {
    QFETCH(QByteArray, detail);
    QFETCH(QByteArray, line);
    const FakeClock clock;
    ActivityJournal journal(clock);
    QByteArrayList logged;
    setLogListener([&logged](const LogLine& l) { logged.append(l.text); });
    journal.add("refused", "A message was refused", detail);
    setLogListener({});
    QCOMPARE(logged, QByteArrayList{line});
}

void TestActivityJournal::keepsTheLastLogLines() {
    const FakeClock clock;
    ActivityJournal journal(clock);
    for (qsizetype i = 0; i < ActivityJournal::kMostLogLines + 3; ++i)
        journal.addLogLine({0, LogLevel::Notice, LogArea::Queue, QByteArray::number(i)});
    const QStringList all = journal.logTail(10'000);
    QCOMPARE(all.size(), ActivityJournal::kMostLogLines);
    QVERIFY2(all.first().endsWith(u" queue notice: 3"_s), qPrintable(all.first()));
    QCOMPARE(journal.logTail(2), all.last(2));
}

void TestActivityJournal::tellsEachEventOnce() {
    const FakeClock clock;
    ActivityJournal journal(clock);
    QList<qint64> told;
    journal.setSink([&told](const control::ActivityEvent& event) { told.append(event.serial); });
    journal.add("engine", "one");
    journal.add("engine", "two");
    QCOMPARE(told, QList<qint64>({1, 2}));
}

QTEST_GUILESS_MAIN(TestActivityJournal)
#include "tst_activity_journal.moc"
