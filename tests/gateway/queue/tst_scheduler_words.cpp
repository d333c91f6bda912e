// SPDX-License-Identifier: GPL-3.0-or-later
//
// A queue of which the scheduler has numbers only (Q16): all that can be done with a message works on one whose words lie on
// the disk, and what is in memory has a limit.
#include "scheduler_desk.h"
#include "support/whole_queue.h"

#include <QRegularExpression>
#include <QTest>

#include <algorithm>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

using namespace postern;
using namespace postern::queue;
using namespace postern::test;
using namespace std::chrono_literals;

namespace {

// A desk after a restart: the words are on the disk, the scheduler was given the outline.
struct Restarted : Desk {
    void start(const std::vector<QueuedMessage>& queued) {
        for (const QueuedMessage& one : queued)
            disk[one.message.id] = one;
        scheduler.add(outlineOf(queued));
    }
};

std::vector<EnvelopeId> idsOf(const std::vector<Failure>& failures) {
    std::vector<EnvelopeId> ids;
    for (const Failure& failure : failures)
        for (const Envelope& envelope : failure.envelopes)
            ids.push_back(envelope.id);
    return ids;
}

} // namespace

class TestSchedulerWords : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }
    void Q16_whatIsDueWithoutWordsIsFilledFromTheSpool();
    void Q16_whatIsNewGoesWithoutAskingTheSpool();
    void Q16_keepsTheWordsOfSoManyOnly();
    void Q16_wordsAreGoneWhenItWaits_data();
    void Q16_wordsAreGoneWhenItWaits();
    void Q16_numbersInMemoryCountNotThoseOnTheDisk();
    void Q16_isNotFilledWithWhatTheDiskDoesNotHave();
    void Q16_wishesReachWhatIsNotInMemory();
    void Q16_staysFairBetweenDestinations();
    void Q16_goesBackToItsSenderNotAllAtOnce();
    void Q16_aReloadReroutesWhatIsNotInMemory();
    void Q16_aReloadLooksAtEachWayOnce();
    void Q16_oneEnvelopeTakesLessThanAKibibyte_data();
    void Q16_oneEnvelopeTakesLessThanAKibibyte();
};

void TestSchedulerWords::Q16_whatIsDueWithoutWordsIsFilledFromTheSpool() {
    Restarted desk;
    const QueuedMessage queued = desk.message({"a@r", "b@r"});
    desk.start({queued});
    std::vector<Delivery> due = desk.scheduler.due();
    QCOMPARE(due.size(), size_t(1));
    QVERIFY(!due[0].message);
    QCOMPARE(due[0].envelopes.size(), size_t(2));
    QCOMPARE(due[0].envelopes[1].id, id(1, 2));
    QVERIFY(!desk.scheduler.fill(due[0])); // nobody has read it yet
    QVERIFY(desk.scheduler.due().empty()); // it is on its way all the same, and nobody else's (Q12)

    desk.scheduler.supply(queued);
    QVERIFY(desk.scheduler.fill(due[0]));
    QCOMPARE(due[0].message->sender, QByteArray("scanner@office.example"));
    QCOMPARE(due[0].envelopes[0].recipient, QByteArray("a@r"));
    QCOMPARE(due[0].envelopes[1].recipient, QByteArray("b@r"));
}

void TestSchedulerWords::Q16_whatIsNewGoesWithoutAskingTheSpool() {
    Desk desk;
    desk.add({"a@r"});
    const std::vector<Delivery> due = desk.scheduler.due();
    QCOMPARE(due.size(), size_t(1));
    QVERIFY(due[0].message);
    QCOMPARE(due[0].envelopes[0].recipient, QByteArray("a@r"));
}

void TestSchedulerWords::Q16_keepsTheWordsOfSoManyOnly() {
    Desk desk;
    desk.scheduler.setMaxInFlight(30'000);
    desk.scheduler.setMaxInFlightPerRoute(30'000);
    for (int i = 0; i < 20'010; ++i)
        desk.scheduler.add(desk.message({"a@r"}));
    const std::vector<Delivery> due = desk.scheduler.due();
    QCOMPARE(due.size(), size_t(20'010));
    QCOMPARE(std::count_if(due.begin(), due.end(), [](const Delivery& one) { return one.message != nullptr; }), 20'000);
}

void TestSchedulerWords::Q16_wordsAreGoneWhenItWaits_data() {
    QTest::addColumn<int>("what");
    QTest::addRow("for its next try") << 0;
    QTest::addRow("for a person") << 1;
    QTest::addRow("caught from the beginning") << 2;
    QTest::addRow("to be returned again") << 3;
}

void TestSchedulerWords::Q16_wordsAreGoneWhenItWaits() {
    QFETCH(int, what);
    Desk desk;
    QueuedMessage queued = desk.message({"a@r"});
    queued.envelopes[0].state = what == 2 ? EnvelopeState::Caught : EnvelopeState::Waiting;
    desk.add(std::move(queued));
    if (what == 0 || what == 3)
        (void)desk.go();
    if (what == 0)
        (void)desk.settle(id(1), TryResult::Temporary);
    if (what == 1)
        (void)desk.scheduler.hold({id(1)});
    if (what == 3) {
        QVERIFY(desk.settle(id(1), TryResult::Permanent, "550 no").failures.front().message);
        (void)desk.store(desk.scheduler.keep({id(1)}, "disk full", Scheduler::Unreturned::TryAgain));
    }
    const auto row = desk.scheduler.rowOf(id(1));
    QVERIFY(row);
    QVERIFY(!row->message);
    QCOMPARE(row->envelope.recipient, QByteArray());
    QCOMPARE(row->envelope.id, id(1)); // the numbers are there
    QCOMPARE(row->envelope.ttl, qint64(4 * 86400));
    QCOMPARE(row->place.createdAt, desk.clock.unixNow());
}

// While the spool cannot be written what it has is behind.
void TestSchedulerWords::Q16_numbersInMemoryCountNotThoseOnTheDisk() {
    Desk desk;
    desk.add({"a@r"});
    (void)desk.go();
    (void)desk.scheduler.finished({{id(1), TryResult::Temporary, "451 later", true}}); // not stored
    desk.clock.advance(400s);
    const std::vector<Delivery> due = desk.due();
    QCOMPARE(due.size(), size_t(1));
    QCOMPARE(desk.disk[1].envelopes[0].tries, 0);
    QCOMPARE(due[0].envelopes[0].tries, 1);
    QCOMPARE(due[0].envelopes[0].nextTryAt, desk.clock.unixNow());
    QCOMPARE(due[0].envelopes[0].lastTryAt, desk.clock.unixNow() - 400);
}

void TestSchedulerWords::Q16_isNotFilledWithWhatTheDiskDoesNotHave() {
    Restarted desk;
    QueuedMessage queued = desk.message({"a@r", "b@r"});
    desk.start({queued});
    std::vector<Delivery> due = desk.scheduler.due();
    queued.envelopes.pop_back(); // its row is gone
    desk.scheduler.supply(queued);
    QVERIFY(!desk.scheduler.fill(due[0]));
    QVERIFY(!due[0].message);
    // It can be put back and held without its words.
    QCOMPARE(desk.settle(id(1, 2), TryResult::Temporary, "cannot be read").updates.size(), size_t(1));
    QCOMPARE(desk.scheduler.hold({id(1, 2)}).size(), size_t(1));
    desk.scheduler.supply(desk.message({"stranger@r"})); // what nobody asked for
    QCOMPARE(desk.numbers(), QByteArray("1 messages: 0 waiting 1 in flight 1 held 0 caught"));
}

void TestSchedulerWords::Q16_wishesReachWhatIsNotInMemory() {
    Restarted desk;
    std::vector<QueuedMessage> queued;
    for (int i = 0; i < 4; ++i) {
        queued.push_back(desk.message({"a@r"}));
        queued.back().envelopes[0].nextTryAt += 3600;
        queued.back().envelopes[0].lastError = "451 4.7.1 greylisted";
    }
    queued[3].envelopes[0].state = EnvelopeState::Held;
    desk.start(queued);
    QCOMPARE(desk.go(), QByteArray());
    const auto retried = desk.scheduler.retryNow({id(1)});
    QCOMPARE(retried.size(), size_t(1));
    QVERIFY(retried[0].lastError.isNull()); // stays as it is on the disk
    QCOMPARE(desk.scheduler.hold({id(2)}).size(), size_t(1));
    QCOMPARE(desk.scheduler.remove({id(3)}).size(), size_t(1));
    QCOMPARE(desk.scheduler.release({id(4)}).size(), size_t(1));
    QCOMPARE(desk.go(), QByteArray("1@r 4@r"));
    QCOMPARE(desk.numbers(), QByteArray("3 messages: 0 waiting 2 in flight 1 held 0 caught"));
    const auto settled = desk.settle(id(1), TryResult::Permanent, "550 5.1.1 no such user");
    QCOMPARE(settled.failures.size(), size_t(1));
    QCOMPARE(settled.failures[0].message->sender, QByteArray("scanner@office.example"));
    QCOMPARE(settled.failures[0].envelopes[0].recipient, QByteArray("a@r"));
    QCOMPARE(settled.failures[0].envelopes[0].lastError, QByteArray("550 5.1.1 no such user"));
}

void TestSchedulerWords::Q16_staysFairBetweenDestinations() {
    Restarted desk;
    std::vector<QueuedMessage> queued;
    for (const char* to : {"x@busy", "x@busy", "x@busy", "x@small", "x@other"})
        queued.push_back(desk.message({to}));
    desk.start(queued);
    desk.add({"x@new"}); // and what comes in takes its turn among them
    QCOMPARE(desk.go(), QByteArray("1@busy 4@small 5@other 6@new 2@busy 3@busy"));
}

// Each is read and returned; a thousand that expire together must not all lie in memory for it.
void TestSchedulerWords::Q16_goesBackToItsSenderNotAllAtOnce() {
    Restarted desk;
    std::vector<QueuedMessage> queued;
    for (int i = 0; i < 250; ++i) {
        queued.push_back(desk.message({"a@r"}));
        queued.back().envelopes[0].nextTryAt += 7200;
        queued.back().envelopes[0].ttl = 3600;
    }
    queued[0].envelopes[0].lastError = "451 4.7.1 greylisted";
    desk.start(queued);
    desk.clock.advance(3600s);
    const auto first = desk.scheduler.expired();
    QCOMPARE(first.size(), size_t(100));
    QVERIFY(!first[0].message && first[0].expired);
    QVERIFY(desk.scheduler.expired().empty());
    QVERIFY(desk.scheduler.nextWake() > desk.clock.steady()); // no spinning until they are returned
    std::vector<Failure> read = desk.read(first);
    QCOMPARE(read[0].envelopes[0].lastError, QByteArray("451 4.7.1 greylisted"));
    QCOMPARE(read[1].envelopes[0].lastError, QByteArray("Envelope expired"));
    QCOMPARE(read[1].message->sender, QByteArray("scanner@office.example"));
    desk.scheduler.forget(idsOf(first));
    QCOMPARE(*desk.scheduler.nextWake(), desk.clock.steady());
    const auto second = desk.scheduler.expired();
    QCOMPARE(second.size(), size_t(100));
    (void)desk.scheduler.keep(idsOf(second), "disk full", Scheduler::Unreturned::Hold);
    QCOMPARE(desk.scheduler.expired().size(), size_t(50));
    QCOMPARE(desk.numbers(), QByteArray("100 messages: 0 waiting 0 in flight 100 held 0 caught"));
}

void TestSchedulerWords::Q16_aReloadReroutesWhatIsNotInMemory() {
    FakeClock clock;
    QByteArray prefix = "old ";
    Scheduler scheduler(clock, [&prefix](const Way& way) { return prefix + way.action + ' ' + way.domain; });
    Desk maker;
    std::vector<QueuedMessage> queued{maker.message({"a@One.example"}), maker.message({"b@two.example"})};
    for (QueuedMessage& one : queued)
        one.envelopes[0].action = "out";
    scheduler.add(outlineOf(queued));
    prefix = "new ";
    scheduler.rerouteAll();
    QByteArrayList routes;
    for (const Delivery& delivery : scheduler.due())
        routes.append(delivery.route);
    QCOMPARE(routes, (QByteArrayList{"new out one.example", "new out two.example"}));
    QCOMPARE(scheduler.waitingByRoute().size(), size_t(2));
}

// However many messages go that way; and who waits in line, or is on the way, is not disturbed if it stays the same.
void TestSchedulerWords::Q16_aReloadLooksAtEachWayOnce() {
    FakeClock clock;
    int asked = 0;
    QByteArray prefix;
    Scheduler scheduler(clock, [&](const Way& way) {
        ++asked;
        return prefix + way.domain;
    });
    scheduler.setMaxInFlightPerRoute(1);
    Desk maker;
    for (int i = 0; i < 100; ++i)
        scheduler.add(maker.message({i % 2 == 0 ? "a@even" : "b@odd"}));
    QCOMPARE(asked, 2);
    QCOMPARE(scheduler.due().size(), size_t(2)); // 1 and 2
    scheduler.rerouteAll();
    QCOMPARE(asked, 4);
    QCOMPARE(scheduler.waitingByRoute(), (std::map<RouteKey, int>{{"even", 50}, {"odd", 50}}));
    (void)scheduler.finished({{id(1), TryResult::Delivered, {}, true}});
    const auto next = scheduler.due();
    QCOMPARE(next.size(), size_t(1));
    QCOMPARE(next[0].envelopes[0].id, id(3));
    prefix = "by ";
    scheduler.rerouteAll(); // what is on the way ends there, the others go by the new one
    QCOMPARE(scheduler.waitingByRoute(), (std::map<RouteKey, int>{{"by even", 48}, {"by odd", 49}, {"even", 1}, {"odd", 1}}));
}

void TestSchedulerWords::Q16_oneEnvelopeTakesLessThanAKibibyte_data() {
    QTest::addColumn<int>("domains");
    QTest::addColumn<int>("waits"); // seconds
    QTest::addRow("asleep, a thousand domains") << 1000 << 3600;
    QTest::addRow("ready, one domain") << 1 << 0;
    QTest::addRow("asleep, each to a domain of its own") << 100'000 << 3600;
}

// As counted by the allocator, at the start; the words of a message would be as long as a stranger likes.
void TestSchedulerWords::Q16_oneEnvelopeTakesLessThanAKibibyte() {
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
    QFETCH(int, domains);
    QFETCH(int, waits);
    constexpr int kMessages = 100'000;
    Desk desk;
    desk.scheduler.setPaused(true);
    const auto used = [] {
        const auto info = mallinfo2();
        return qint64(info.uordblks + info.hblkhd);
    };
    QueueOutline outline;
    for (int i = 0; i < domains; ++i)
        outline.ways.push_back({"out", {}, "d" + QByteArray::number(i) + ".example", {}, {}, {}});
    for (int i = 0; i < kMessages; ++i) {
        outline.messages.push_back({MessageId(i + 1), quint32(i), 1, desk.clock.unixNow(), 4096, "192.0.2.7"});
        outline.envelopes.push_back(
            {id(quint32(i + 1)), quint32(i % domains), EnvelopeState::Waiting, 0, 4 * 86400, desk.clock.unixNow() + waits + i % 100, 0});
    }
    const qint64 before = used();
    if (before == 0)
        QSKIP("this allocator does not count");
    desk.scheduler.add(outline);
    const qint64 each = (used() - before) / kMessages;
    qInfo("%lld octets an envelope", static_cast<long long>(each));
    QVERIFY2(each > 0 && each < 1024, QByteArray::number(each).constData());
    QCOMPARE(desk.scheduler.counts().waiting, kMessages);
#else
    QSKIP("counts with glibc only");
#endif
}

QTEST_APPLESS_MAIN(TestSchedulerWords)
#include "tst_scheduler_words.moc"
