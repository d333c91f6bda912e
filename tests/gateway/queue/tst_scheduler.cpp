// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who goes when: turns, the retry curve, expiry, what people ask for. What it lists is in tst_scheduler_pages.cpp.
#include "scheduler_desk.h"

#include <QTest>

#include <algorithm>

using namespace postern;
using namespace postern::queue;
using namespace postern::test;
using namespace std::chrono_literals;

class TestScheduler : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }
    void sendsAtOnceAndTogether();
    void takesTurnsBetweenRoutes();
    void keepsTheLimitPerRoute();
    void retriesEverySoOftenWhenTold();
    void keepsTheLimitOfAllTogether();
    void R08_boundsWhatLiesInMemoryOnItsWay();
    void retriesAlongTheCurve();
    void probesAFailedRoute();
    void probeBacksOffUpToAnHour();
    void triesOnlyTheRecipientsThatAreLeft();
    void notTriedIsNoTry();
    void failsForGood();
    void expires();
    void expiresWhileItsRouteIsDead();
    void oldMailGetsOneTryAfterStart();
    void heldAndCaughtNeverExpire();
    void clockJumps_data();
    void clockJumps();
    void holdsReleasesRemoves();
    void leavesWhatIsInFlightAlone();
    void keepsWhatCouldNotBeReturned();
    void retriesNow();
    void pauses();
    void localMailIsTriedTenSecondsTimesTheSquare();
    void sendingAndDeliveringArePausedApart();
    void neitherKindHoldsUpTheOther();
    void noMoreOfOneUserThanItsLimit();
    void reroutes();
    void ignoresWhatItDoesNotKnow();
    void isQuickWithAFullQueue();
};

void TestScheduler::sendsAtOnceAndTogether() {
    Desk desk;
    desk.add({"a@one.example", "b@two.example", "c@one.example"});
    QCOMPARE(desk.go(), QByteArray("1x2@one.example 1@two.example"));
    QCOMPARE(desk.go(), QByteArray());
    QCOMPARE(desk.numbers(), QByteArray("1 messages: 0 waiting 3 in flight 0 held 0 caught"));
    QVERIFY(desk.scheduler.nextWake() == std::nullopt || *desk.scheduler.nextWake() > desk.clock.steady());
    for (quint32 i = 1; i <= 3; ++i) {
        const auto settled = desk.settle(id(1, i), TryResult::Delivered);
        QCOMPARE(settled.updates.size(), size_t(1));
        QVERIFY(settled.updates[0].kind == EnvelopeUpdate::Kind::Remove && settled.updates[0].id == id(1, i));
    }
    QCOMPARE(desk.numbers(), QByteArray("0 messages: 0 waiting 0 in flight 0 held 0 caught"));
}

void TestScheduler::takesTurnsBetweenRoutes() {
    Desk desk;
    for (int i = 0; i < 4; ++i)
        desk.add({"x@busy"});
    desk.add({"x@small"});
    desk.add({"x@other"});
    QCOMPARE(desk.go(), QByteArray("1@busy 5@small 6@other 2@busy 3@busy 4@busy"));
}

void TestScheduler::keepsTheLimitPerRoute() {
    Desk desk;
    desk.scheduler.setMaxInFlightPerRoute(3);
    desk.add({"a@r", "b@r"});
    desk.add({"a@r", "b@r", "c@r", "d@r"});
    desk.add({"a@s"});
    QCOMPARE(desk.go(), QByteArray("1x2@r 3@s 2@r")); // the second message is split
    QCOMPARE(desk.go(), QByteArray());
    (void)desk.settle(id(1, 1), TryResult::Delivered);
    QCOMPARE(desk.go(), QByteArray("2@r"));
    (void)desk.settle(id(1, 2), TryResult::Delivered);
    (void)desk.settle(id(2, 1), TryResult::Delivered);
    QCOMPARE(desk.go(), QByteArray("2x2@r"));
}

void TestScheduler::retriesAlongTheCurve() {
    Desk desk;
    desk.add({"a@r"});
    const SteadyTime start = desk.clock.steady();
    QList<qint64> delays;
    for (int i = 0; i < 7; ++i) {
        QCOMPARE(desk.go(), QByteArray("1@r"));
        desk.clock.advance(1500ms); // the try
        const auto settled = desk.settle(id(1), TryResult::Temporary, "451 4.3.0 try again");
        desk.scheduler.routeFailed("r");
        QCOMPARE(settled.updates.size(), size_t(1));
        QCOMPARE(settled.updates[0].tries, i + 1);
        QCOMPARE(settled.updates[0].lastTryAt, desk.clock.unixNow());
        QCOMPARE(settled.updates[0].lastError, QByteArray("451 4.3.0 try again"));
        const auto wake = desk.scheduler.nextWake();
        QVERIFY(wake);
        desk.clock.advance(*wake - desk.clock.steady() - 1ms);
        QCOMPARE(desk.go(), QByteArray());
        desk.clock.advance(1ms);
        delays.append(std::chrono::duration_cast<Seconds>(desk.clock.steady() - start).count());
    }
    QCOMPARE(delays, (QList<qint64>{400, 1600, 3600, 6400, 10000, 14400, 19600}));
}

void TestScheduler::probesAFailedRoute() { // R11: one probe, not 10 000
    Desk desk;
    desk.scheduler.setMaxInFlightPerRoute(2);
    for (int i = 0; i < 10'000; ++i)
        desk.add({"x@dead"});
    desk.add({"x@alive"});
    QCOMPARE(desk.go(), QByteArray("1@dead 10001@alive 2@dead"));
    desk.scheduler.routeFailed("dead");
    (void)desk.settle(id(1), TryResult::Temporary);
    (void)desk.settle(id(2), TryResult::Temporary);
    (void)desk.settle(id(10'001), TryResult::Delivered);
    QCOMPARE(desk.go(), QByteArray());
    desk.add({"x@alive"}); // others flow
    QCOMPARE(desk.go(), QByteArray("10002@alive"));
    desk.clock.advance(59s);
    QCOMPARE(desk.go(), QByteArray());
    desk.clock.advance(1s);
    QCOMPARE(desk.go(), QByteArray("3@dead"));
    QCOMPARE(desk.go(), QByteArray());
    (void)desk.settle(id(3), TryResult::Delivered); // it lives
    QCOMPARE(desk.go(), QByteArray("4@dead 5@dead"));
}

void TestScheduler::probeBacksOffUpToAnHour() {
    Desk desk;
    for (int i = 0; i < 20; ++i)
        desk.add({"x@dead"});
    (void)desk.go();
    for (quint32 i = 1; i <= 20; ++i) {
        (void)desk.settle(id(i), TryResult::Temporary, "later", false);
        desk.scheduler.routeFailed("dead"); // each of those that were out reports the same: one failure
    }
    QList<qint64> pauses;
    for (quint32 i = 1; i <= 9; ++i) {
        const SteadyTime from = desk.clock.steady();
        desk.clock.advance(5s);
        QVERIFY(desk.due().empty());
        std::vector<Delivery> probe;
        while (probe.empty()) { // the wakes on the way are envelopes that get in line
            desk.clock.advance(*desk.scheduler.nextWake() - desk.clock.steady());
            probe = desk.due();
        }
        pauses.append(std::chrono::duration_cast<std::chrono::minutes>(desk.clock.steady() - from).count());
        QCOMPARE(probe.size(), size_t(1));
        (void)desk.settle(probe[0].envelopes[0].id, TryResult::Temporary, "still dead");
        desk.scheduler.routeFailed("dead");
    }
    QCOMPARE(pauses, (QList<qint64>{1, 2, 4, 8, 16, 32, 60, 60, 60}));
}

void TestScheduler::triesOnlyTheRecipientsThatAreLeft() { // Q13
    Desk desk;
    desk.add({"a@r", "b@r", "c@r", "d@r", "e@r"});
    QCOMPARE(desk.go(), QByteArray("1x5@r"));
    (void)desk.scheduler.finished({{id(1, 1), TryResult::Delivered, {}, true},
                                   {id(1, 2), TryResult::Temporary, "later", true},
                                   {id(1, 3), TryResult::Delivered, {}, true},
                                   {id(1, 4), TryResult::Temporary, "later", true},
                                   {id(1, 5), TryResult::Delivered, {}, true}});
    desk.clock.advance(400s);
    const auto again = desk.due();
    QCOMPARE(again.size(), size_t(1));
    QCOMPARE(again[0].envelopes.size(), size_t(2));
    QCOMPARE(again[0].envelopes[0].id, id(1, 2));
    QCOMPARE(again[0].envelopes[1].id, id(1, 4));
}

void TestScheduler::notTriedIsNoTry() {
    Desk desk;
    desk.add({"a@r"});
    (void)desk.go();
    const auto settled = desk.settle(id(1), TryResult::Temporary, "no connection free", false);
    QVERIFY(settled.updates.empty());
    QCOMPARE(desk.rowsOf(1)[0].envelope.tries, 0);
    desk.clock.advance(3s);
    QCOMPARE(desk.go(), QByteArray("1@r"));
}

void TestScheduler::failsForGood() {
    Desk desk;
    desk.add({"a@r", "b@r", "c@r"});
    (void)desk.go();
    const auto settled = desk.scheduler.finished({{id(1, 1), TryResult::Permanent, "550 5.1.1 no such user", true},
                                                  {id(1, 2), TryResult::Delivered, {}, true},
                                                  {id(1, 3), TryResult::Permanent, "550 5.7.1 no", true}});
    QCOMPARE(settled.updates.size(), size_t(1)); // the delivered one; the others leave with their notice
    QCOMPARE(settled.failures.size(), size_t(1));
    QVERIFY(!settled.failures[0].expired);
    QCOMPARE(settled.failures[0].envelopes.size(), size_t(2));
    QCOMPARE(settled.failures[0].envelopes[0].lastError, QByteArray("550 5.1.1 no such user"));
    QCOMPARE(desk.numbers(), QByteArray("0 messages: 0 waiting 0 in flight 0 held 0 caught"));
    desk.scheduler.forget({id(1, 1), id(1, 3)});
    QVERIFY(desk.rowsOf(1).empty());
    desk.clock.advance(10h);
    QCOMPARE(desk.go(), QByteArray());
}

void TestScheduler::expires() {
    Desk desk;
    QueuedMessage queued = desk.message({"a@r", "b@r"});
    queued.envelopes[0].ttl = 3600;
    queued.envelopes[1].ttl = 7200;
    desk.add(std::move(queued));
    (void)desk.go();
    (void)desk.settle(id(1, 1), TryResult::Temporary, "451 4.7.1 greylisted");
    (void)desk.settle(id(1, 2), TryResult::Temporary, "451 4.7.1 greylisted");
    desk.clock.advance(3599s);
    QVERIFY(desk.expired().empty());
    desk.clock.advance(1s);
    const auto gone = desk.expired();
    QCOMPARE(gone.size(), size_t(1));
    QVERIFY(gone[0].expired);
    QCOMPARE(gone[0].envelopes.size(), size_t(1));
    QCOMPARE(gone[0].envelopes[0].id, id(1, 1));
    QCOMPARE(gone[0].envelopes[0].lastError, QByteArray("451 4.7.1 greylisted"));
    QVERIFY(desk.expired().empty());
    QCOMPARE(desk.go(), QByteArray("1@r")); // the other one, due since 1600 s
    desk.clock.advance(3600s);
    QVERIFY(desk.expired().empty()); // in flight: its try is waited for
    (void)desk.settle(id(1, 2), TryResult::Temporary, "421 shutting down");
    QCOMPARE(desk.go(), QByteArray());
    QCOMPARE(desk.expired().size(), size_t(1));
}

void TestScheduler::expiresWhileItsRouteIsDead() {
    Desk desk;
    desk.scheduler.setMaxInFlightPerRoute(1);
    for (int i = 0; i < 3; ++i) {
        QueuedMessage queued = desk.message({"a@r"});
        queued.envelopes[0].ttl = 50;
        desk.add(std::move(queued));
    }
    (void)desk.go();
    (void)desk.settle(id(1), TryResult::Temporary);
    desk.scheduler.routeFailed("r");
    QCOMPARE(*desk.scheduler.nextWake() - desk.clock.steady(), Milliseconds(50s));
    desk.clock.advance(50s);
    QCOMPARE(desk.go(), QByteArray());
    const auto gone = desk.expired();
    QCOMPARE(gone.size(), size_t(3));
    QCOMPARE(gone[1].envelopes[0].lastError, QByteArray("Envelope expired")); // never tried: nobody else's words
    QVERIFY(!desk.scheduler.nextWake());
}

void TestScheduler::oldMailGetsOneTryAfterStart() {
    Desk desk;
    desk.add({"a@r"}, 30 * 86400); // the machine was off for a month
    QVERIFY(desk.expired().empty());
    QCOMPARE(desk.go(), QByteArray("1@r"));
    (void)desk.settle(id(1), TryResult::Temporary, "451 no");
    desk.clock.advance(15min);
    QCOMPARE(desk.expired().size(), size_t(1));
}

void TestScheduler::heldAndCaughtNeverExpire() {
    Desk desk;
    QueuedMessage queued = desk.message({"held@r", "caught@r"});
    queued.envelopes[0].state = EnvelopeState::Held;
    queued.envelopes[1].state = EnvelopeState::Caught;
    desk.add(std::move(queued));
    desk.clock.advance(24h * 365);
    QVERIFY(desk.expired().empty());
    QCOMPARE(desk.go(), QByteArray());
    QCOMPARE(desk.numbers(), QByteArray("1 messages: 0 waiting 0 in flight 1 held 1 caught"));
    QCOMPARE(desk.scheduler.release({id(1, 1)}).size(), size_t(1));
    QVERIFY(desk.expired().empty()); // first a try
    QCOMPARE(desk.go(), QByteArray("1@r"));
}

void TestScheduler::clockJumps_data() {
    QTest::addColumn<qint64>("jump");
    QTest::addRow("Q10 a year ahead") << qint64(31'536'000);
    QTest::addRow("Q10 a year back") << qint64(-31'536'000);
    QTest::addRow("Q10 an hour back") << qint64(-3600);
    QTest::addRow("Q10 summer time") << qint64(3600);
}

void TestScheduler::clockJumps() {
    QFETCH(qint64, jump);
    Desk desk;
    desk.add({"a@r"});
    (void)desk.go();
    (void)desk.settle(id(1), TryResult::Temporary);
    desk.clock.jumpWall(Seconds(jump));
    QVERIFY(desk.expired().empty());
    QCOMPARE(desk.go(), QByteArray()); // no storm
    QCOMPARE(*desk.scheduler.nextWake() - desk.clock.steady(), Milliseconds(400s));
    QCOMPARE(desk.rowsOf(1)[0].envelope.nextTryAt, desk.clock.unixNow() + 400); // told in the new time
    desk.clock.advance(400s);
    QCOMPARE(desk.go(), QByteArray("1@r"));
    const auto settled = desk.settle(id(1), TryResult::Temporary);
    QCOMPARE(settled.updates[0].tries, 2); // still on the curve
    QCOMPARE(*desk.scheduler.nextWake() - desk.clock.steady(), Milliseconds(1200s));
    // And a start under the new clock: what was stored under the old one neither sleeps for a year nor expires untried.
    Desk restarted;
    restarted.clock.jumpWall(Seconds(jump));
    QueuedMessage queued = desk.message({"a@r"});
    queued.message.createdAt = queued.envelopes[0].nextTryAt = 1'795'098'720;
    queued.message.id = 7;
    queued.envelopes[0].id = id(7);
    restarted.add(std::move(queued));
    QVERIFY(restarted.expired().empty());
    restarted.clock.advance(7h);
    QVERIFY(!restarted.due().empty() || !restarted.expired().empty());
}

void TestScheduler::holdsReleasesRemoves() {
    Desk desk;
    desk.add({"a@r", "b@r", "c@r"});
    const auto held = desk.scheduler.hold({id(1, 1), id(1, 2)});
    QCOMPARE(held.size(), size_t(2));
    QVERIFY(held[0].kind == EnvelopeUpdate::Kind::Hold);
    QCOMPARE(desk.numbers(), QByteArray("1 messages: 1 waiting 0 in flight 2 held 0 caught"));
    QCOMPARE(desk.go(), QByteArray("1@r"));
    QVERIFY(desk.scheduler.hold({id(1, 1)}).empty()); // is held
    const auto removed = desk.scheduler.remove({id(1, 1)});
    QCOMPARE(removed.size(), size_t(1));
    QVERIFY(removed[0].kind == EnvelopeUpdate::Kind::Remove);
    QVERIFY(desk.scheduler.release({id(1, 1)}).empty()); // is gone
    const auto released = desk.scheduler.release({id(1, 2)});
    QCOMPARE(released.size(), size_t(1));
    QVERIFY(released[0].kind == EnvelopeUpdate::Kind::Release);
    QCOMPARE(released[0].nextTryAt, desk.clock.unixNow());
    QCOMPARE(desk.go(), QByteArray("1@r"));
}

void TestScheduler::leavesWhatIsInFlightAlone() {
    Desk desk;
    desk.add({"a@r"});
    (void)desk.go();
    QVERIFY(desk.scheduler.hold({id(1)}).empty());
    QVERIFY(desk.scheduler.remove({id(1)}).empty());
    QVERIFY(desk.scheduler.retryNow({id(1)}).empty());
    QVERIFY(desk.rowsOf(1)[0].state == Scheduler::RowState::Sending);
    QCOMPARE(desk.settle(id(1), TryResult::Delivered).updates.size(), size_t(1));
}

void TestScheduler::keepsWhatCouldNotBeReturned() {
    Desk desk;
    const EnvelopeId held = desk.add({"x@a"}), again = desk.add({"y@a"});
    desk.go();
    desk.settle(held, TryResult::Permanent, "550 no");
    desk.settle(again, TryResult::Permanent, "550 no");
    QCOMPARE(desk.numbers(), QByteArray("0 messages: 0 waiting 0 in flight 0 held 0 caught"));

    const auto updates = desk.store(desk.scheduler.keep({held}, "no rule takes the notice", Scheduler::Unreturned::Hold));
    QCOMPARE(updates.size(), size_t(2)); // the reason, and the hold
    QCOMPARE(updates[1].kind, EnvelopeUpdate::Kind::Hold);
    QCOMPARE(desk.scheduler.keep({again}, "disk full", Scheduler::Unreturned::TryAgain).size(), size_t(1));
    QCOMPARE(desk.numbers(), QByteArray("2 messages: 1 waiting 0 in flight 1 held 0 caught"));
    QCOMPARE(desk.rowsOf(1).at(0).envelope.lastError, QByteArray("no rule takes the notice"));
    QCOMPARE(desk.go(), QByteArray());
    desk.clock.advance(61s);
    QCOMPARE(desk.go(), QByteArray("2@a"));
    QVERIFY(desk.scheduler.keep({again}, "in flight", Scheduler::Unreturned::Hold).empty());
}

void TestScheduler::retriesNow() {
    Desk desk;
    desk.add({"a@r"});
    desk.add({"b@r"});
    (void)desk.go();
    (void)desk.settle(id(1), TryResult::Temporary, "first answer");
    (void)desk.settle(id(2), TryResult::Temporary, "first answer");
    desk.scheduler.routeFailed("r");
    const auto updates = desk.scheduler.retryNow({id(1), id(2)});
    QCOMPARE(updates.size(), size_t(2));
    QVERIFY(updates[0].kind == EnvelopeUpdate::Kind::Reschedule);
    QCOMPARE(updates[0].tries, -1);
    QCOMPARE(updates[0].lastTryAt, qint64(0));
    QVERIFY(updates[0].lastError.isNull()); // stays as it is
    QCOMPARE(desk.go(), QByteArray("1@r")); // the pause of the route is lifted, yet one goes first
    (void)desk.settle(id(1), TryResult::Delivered);
    QCOMPARE(desk.go(), QByteArray("2@r"));
}

void TestScheduler::pauses() {
    Desk desk;
    desk.add({"a@r"});
    desk.scheduler.setPaused(true);
    QCOMPARE(desk.go(), QByteArray());
    QVERIFY(*desk.scheduler.nextWake() > desk.clock.steady()); // expiry only: no spinning
    desk.scheduler.setPaused(false);
    QCOMPARE(*desk.scheduler.nextWake(), desk.clock.steady());
    QCOMPARE(desk.go(), QByteArray("1@r"));
}

namespace {

// A scheduler in which recipients at "here" are delivered on this computer.
struct MixedDesk : Desk {
    Scheduler mixed{clock, [](const Way& way) { return way.isHere() ? '\0' + way.user : way.domain; }};
    std::map<EnvelopeId, QByteArray> names;
    void add(const QByteArray& recipient) {
        QueuedMessage queued = message({recipient});
        LocalEnd end;
        end.method = "mbox";
        end.user = recipient.left(recipient.indexOf('@'));
        if (recipient.endsWith("@here"))
            queued.envelopes[0].local = std::make_shared<const LocalEnd>(end);
        names[queued.envelopes[0].id] = recipient;
        mixed.add(std::move(queued));
    }
    QByteArrayList due() {
        QByteArrayList out;
        for (const Delivery& d : mixed.due())
            out.append(names[d.envelopes[0].id]);
        return out;
    }
};

} // namespace

void TestScheduler::localMailIsTriedTenSecondsTimesTheSquare() { // reference: 0, 10, 40, 90, 160 s
    MixedDesk desk;
    desk.add("a@here");
    const SteadyTime start = desk.clock.steady();
    QList<qint64> delays;
    for (int i = 0; i < 4; ++i) {
        QCOMPARE(desk.due(), QByteArrayList{"a@here"});
        QCOMPARE(desk.mixed.counts().inFlightHere, 1);
        (void)desk.mixed.finished({{id(1), TryResult::Temporary, "4.3.0 no room", true}});
        QCOMPARE(desk.mixed.counts().inFlightHere, 0);
        desk.clock.advance(*desk.mixed.nextWake() - desk.clock.steady());
        delays.append(std::chrono::duration_cast<Seconds>(desk.clock.steady() - start).count());
    }
    QCOMPARE(delays, (QList<qint64>{10, 40, 90, 160}));
}

void TestScheduler::sendingAndDeliveringArePausedApart() {
    MixedDesk desk;
    desk.add("a@here");
    desk.add("b@away");
    desk.mixed.setPaused(true, true);
    QCOMPARE(desk.due(), QByteArrayList());
    QVERIFY(*desk.mixed.nextWake() > desk.clock.steady()); // expiry only: no spinning
    desk.mixed.setPaused(true, false);
    QCOMPARE(*desk.mixed.nextWake(), desk.clock.steady());
    QCOMPARE(desk.due(), QByteArrayList{"a@here"});
    QVERIFY(*desk.mixed.nextWake() > desk.clock.steady());
    desk.add("c@here");
    desk.mixed.setPaused(false, true);
    QCOMPARE(desk.due(), QByteArrayList{"b@away"});
    desk.mixed.setPaused(false, false);
    QCOMPARE(desk.due(), QByteArrayList{"c@here"});
}

void TestScheduler::neitherKindHoldsUpTheOther() {
    MixedDesk desk;
    desk.mixed.setMaxInFlight(4);
    for (const char* user : {"a", "b", "c", "d"}) {
        desk.add(QByteArray(user) + "@away");
        desk.add(QByteArray(user) + "@here");
    }
    const QByteArrayList first = desk.due();
    QCOMPARE(first.size(), 4);
    QCOMPARE(std::count_if(first.begin(), first.end(), [](const QByteArray& one) { return one.endsWith("@here"); }), 2);
    QCOMPARE(desk.mixed.counts().inFlightHere, 2);
}

void TestScheduler::noMoreOfOneUserThanItsLimit() { // mda limit task-hiwat
    MixedDesk desk;
    desk.mixed.setMaxInFlightPerRoute(200, 2);
    for (int i = 0; i < 5; ++i)
        desk.add("a@here");
    QCOMPARE(desk.due().size(), 2);
}

void TestScheduler::reroutes() {
    FakeClock clock;
    RouteKey route = "old";
    Scheduler scheduler(clock, [&route](const Way&) { return route; });
    Desk maker;
    scheduler.add(maker.message({"a@r"}));
    scheduler.add(maker.message({"b@r"}));
    const auto first = scheduler.due();
    QCOMPARE(first[0].route, QByteArray("old"));
    scheduler.setMaxInFlightPerRoute(1);
    scheduler.add(maker.message({"c@r"}));
    route = "new";
    scheduler.rerouteAll();
    const auto second = scheduler.due();
    QCOMPARE(second.size(), size_t(1));
    QCOMPARE(second[0].route, QByteArray("new"));
    (void)scheduler.finished({{id(1), TryResult::Delivered, {}, true}}); // those under way end on their old route
    QCOMPARE(scheduler.counts().inFlight, 2);
}

void TestScheduler::ignoresWhatItDoesNotKnow() {
    Desk desk;
    QVERIFY(desk.settle(id(9), TryResult::Delivered).updates.empty());
    QVERIFY(desk.scheduler.remove({id(9)}).empty());
    desk.scheduler.forget({id(9)});
    desk.scheduler.routeWorks("never heard of");
    QueuedMessage twice = desk.message({"a@r"});
    desk.add(twice);
    desk.add(twice);
    QCOMPARE(desk.numbers(), QByteArray("1 messages: 1 waiting 0 in flight 0 held 0 caught"));
    (void)desk.go();
    (void)desk.settle(id(1), TryResult::Temporary);
    QVERIFY(desk.settle(id(1), TryResult::Delivered).updates.empty()); // reported twice (Q12)
}

void TestScheduler::isQuickWithAFullQueue() { // Q16; a quadratic step anywhere would take minutes
    Desk desk;
    for (int i = 0; i < 20'000; ++i) {
        QueuedMessage queued = desk.message({"x@d" + QByteArray::number(i % 1000)});
        queued.envelopes[0].nextTryAt += 1000 + i % 3000;
        desk.add(std::move(queued));
    }
    int delivered = 0;
    while (desk.scheduler.counts().waiting > 0) {
        const auto wake = desk.scheduler.nextWake();
        QVERIFY(wake);
        desk.clock.advance(std::max(*wake - desk.clock.steady(), Milliseconds(0)));
        for (const Delivery& d : desk.due()) {
            std::vector<TryOutcome> outcomes;
            for (const Envelope& e : d.envelopes)
                outcomes.push_back({e.id, TryResult::Delivered, {}, true});
            delivered += int(desk.scheduler.finished(outcomes).updates.size());
        }
    }
    QCOMPARE(delivered, 20'000);
}

void TestScheduler::retriesEverySoOftenWhenTold() {
    Desk desk;
    desk.scheduler.setRetryInterval(Seconds(900));
    const EnvelopeId id = desk.add({"a@x"});
    QList<qint64> delays;
    const SteadyTime start = desk.clock.steady();
    for (int i = 0; i < 4; ++i) {
        QVERIFY(!desk.go().isEmpty());
        (void)desk.settle(id, TryResult::Temporary);
        const auto wake = desk.scheduler.nextWake();
        QVERIFY(wake);
        delays.append(std::chrono::duration_cast<Seconds>(*wake - start).count());
        desk.clock.advance(*wake - desk.clock.steady());
    }
    QCOMPARE(delays, (QList<qint64>{900, 1800, 2700, 3600}));
}

void TestScheduler::keepsTheLimitOfAllTogether() { // `scheduler limit max-inflight`
    Desk desk;
    desk.scheduler.setMaxInFlight(2);
    const EnvelopeId first = desk.add({"a@x"});
    (void)desk.add({"a@y"});
    (void)desk.add({"a@z"});
    QCOMPARE(desk.due().size(), size_t(2));
    QVERIFY(desk.due().empty());
    (void)desk.settle(first, TryResult::Delivered);
    QCOMPARE(desk.due().size(), size_t(1));
}

void TestScheduler::R08_boundsWhatLiesInMemoryOnItsWay() {
    Desk desk;
    std::vector<EnvelopeId> ids;
    for (int i = 0; i < 400; ++i) {
        QueuedMessage queued = desk.message({"a@x" + QByteArray::number(i % 40), "b@x" + QByteArray::number(i % 40)});
        queued.message.size = 256 * 1024; // read into memory: no more than 32 MiB of them
        ids.push_back(queued.envelopes.front().id);
        ids.push_back(queued.envelopes.back().id);
        desk.add(std::move(queued));
    }
    QCOMPARE(desk.due().size(), size_t(128));
    QVERIFY(desk.due().empty());
    size_t delivered = 0;
    for (int round = 0; round < 100 && desk.scheduler.counts().messages > 0; ++round) {
        for (const EnvelopeId id : ids)
            (void)desk.settle(id, TryResult::Delivered);
        delivered += desk.due().size();
    }
    QCOMPARE(desk.scheduler.counts().messages, 0);
    QCOMPARE(delivered, size_t(400 - 128));
    for (int i = 0; i < 400; ++i) { // files go out in pieces: they do not count
        QueuedMessage queued = desk.message({"a@x" + QByteArray::number(i % 40)});
        queued.message.size = 35 << 20;
        desk.add(std::move(queued));
    }
    QCOMPARE(desk.due().size(), size_t(400));
}

QTEST_APPLESS_MAIN(TestScheduler)
#include "tst_scheduler.moc"
