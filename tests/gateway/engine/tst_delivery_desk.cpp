// SPDX-License-Identifier: GPL-3.0-or-later
//
// The desk between scheduler, spool and relay workers, with a real spool on a disk in memory and workers that only note
// what they are given. Time stands still: what happens, happens through mailboxes.
#include "office.h"
#include "policy/compile.h"

#include <QTest>

using namespace postern;
using namespace postern::engine;
using namespace postern::queue;
using namespace postern::test;

class TestDeliveryDesk : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() { setLogThreshold(LogLevel(99)); }
    void sendsWhatWasStored();
    void keepsNoContentThatNeverLeaves();
    void tellsWhenTheQueueCanBeWrittenAgain();
    void returnsMailToASenderAtOurAddress();
    void discoversWhatLiesOnTheDiskUnscheduled();
    void aRelayThatWorksAgainHasNoTrouble();
    void oneThatStopsAnsweringIsNoLongerWorking();
    void noMoreThanTaskHiwatAreUnderWay_data();
    void noMoreThanTaskHiwatAreUnderWay();
    void mailOfAFailedHopGoesOnWhenItWorks_data();
    void mailOfAFailedHopGoesOnWhenItWorks();
    void relaysHaveNamesForPeople_data();
    void relaysHaveNamesForPeople();
    void startsNothingOnceStopped();
    void S08_whatCanNeverBeSentIsHeldAtOnce();
    void Q15_whatTheGatewayDiedOfTooOftenIsHeld();
    void Q16_sendsWhatIsNotInMemory();
    void Q16_whatIsNotOnTheDiskEitherIsHeld();
    void Q16_whatCannotBeReadNowIsTriedLater();
};

void TestDeliveryDesk::sendsWhatWasStored() {
    Office office;
    QVERIFY(office.open());
    office.desk->storedSink()(office.message(EnvelopeState::Waiting), smallBody());
    QTRY_COMPARE(office.jobs.size(), size_t(1));
    QCOMPARE(office.jobs.front().domain, QByteArray("far.example"));
    QCOMPARE(office.jobs.front().serverName, QByteArray("office.example"));
}

// A gateway that catches everything must not fill its memory with mail that nobody will send.
void TestDeliveryDesk::keepsNoContentThatNeverLeaves() {
    Office office;
    QVERIFY(office.open());
    BodyPtr body = smallBody();
    const std::weak_ptr<const Body> kept = body;
    office.desk->storedSink()(office.message(EnvelopeState::Caught), std::move(body));
    QTRY_COMPARE(office.desk->scheduler().counts().caught, 1);
    QVERIFY(kept.expired());
}

void TestDeliveryDesk::tellsWhenTheQueueCanBeWrittenAgain() {
    Office office;
    QVERIFY(office.open());
    const QueuedMessage queued = office.message(EnvelopeState::Waiting);
    office.spool.post(StoreMessage{queued.message, queued.envelopes, *smallBody(), {}});
    office.desk->storedSink()(queued, smallBody());
    QTRY_COMPARE(office.jobs.size(), size_t(1));
    office.faults->mode = DiskFaults::Mode::FromThenOn;
    office.faults->failAt = office.faults->count + 1;
    relay::RelayReport report;
    report.route = office.jobs.front().delivery.route;
    report.outcomes = {{queued.envelopes.front().id, TryResult::Temporary, "busy", true}};
    office.desk->reportSink()(report);
    QTRY_VERIFY(office.troubles > 0);
    QCOMPARE(office.recoveries, 0);

    office.faults->failAt = 0;
    office.desk->recordAgain();
    QTRY_VERIFY(office.recoveries > 0);
}

// The sender is at this computer's address; `for local` must know that as a listener does.
void TestDeliveryDesk::returnsMailToASenderAtOurAddress() {
    Office office;
    QVERIFY(office.open());
    office.memory.put("/c", "action \"box\" catch\nmatch from local for local action \"box\"\n"
                            "action \"out\" relay host smtp://relay.example\nmatch for any action \"out\"\n");
    const policy::Compiled compiled = policy::compile(office.memory, "/c", {});
    QVERIFY(compiled.isUsable());
    office.desk->setRules(compiled.ruleset, "office.example", {});
    QueuedMessage queued = office.message(EnvelopeState::Waiting);
    queued.message.sender = "scanner@[127.0.0.1]";
    office.spool.post(StoreMessage{queued.message, queued.envelopes, *smallBody(), {}});
    office.desk->storedSink()(queued, smallBody());
    QTRY_COMPARE(office.jobs.size(), size_t(1));
    relay::RelayReport report;
    report.route = office.jobs.front().delivery.route;
    report.outcomes = {{queued.envelopes.front().id, TryResult::Permanent, "550 no such user", true}};
    office.desk->reportSink()(report);
    QTRY_COMPARE(office.desk->scheduler().counts().caught, 1); // the notice, for reading
    QCOMPARE(office.desk->scheduler().counts().held, 0);
}

// Rows that the scheduler never heard of, as after a message between threads that was lost: found, sent, and found once.
void TestDeliveryDesk::discoversWhatLiesOnTheDiskUnscheduled() {
    Office office;
    QVERIFY(office.open());
    QueuedMessage stored = office.message(EnvelopeState::Waiting);
    for (const char* to : {"b@far.example", "c@far.example"}) {
        Envelope envelope = stored.envelopes.front();
        envelope.id = newEnvelopeId(stored.message.id);
        envelope.recipient = envelope.destination = to;
        stored.envelopes.push_back(envelope);
    }
    office.spool.post(StoreMessage{stored.message, stored.envelopes, *smallBody(), {}}); // and nobody tells the desk
    const auto load = [&] { return office.onDisk(stored.message.id).value(); };
    QCOMPARE(load().envelopes.size(), size_t(3));
    QCOMPARE(office.desk->scheduler().rowsOf(stored.message.id).size(), size_t(0));
    QCOMPARE(office.desk->discover(load(), 0), 0); // it may still be on its way to the desk
    office.clock.advance(std::chrono::seconds(11));
    const EnvelopeId second = stored.envelopes[1].id;
    QCOMPARE(office.desk->discover(load(), second), 1);
    QTRY_COMPARE(office.jobs.size(), size_t(1)); // its content is read from the disk, and it goes out
    QCOMPARE(office.jobs[0].delivery.envelopes.front().id, second);
    QCOMPARE(office.jobs[0].body->bytes, smallBody()->bytes);
    QCOMPARE(office.desk->discover(load(), second), 0);
    QCOMPARE(office.desk->discover(load(), 0), 2);
    QCOMPARE(office.desk->discover(load(), 0), 0);
    QTRY_COMPARE(office.jobs.size(), size_t(2));
    QCOMPARE(office.jobs[1].delivery.envelopes.size(), size_t(2));
}

void TestDeliveryDesk::aRelayThatWorksAgainHasNoTrouble() {
    Office office;
    QVERIFY(office.open());
    office.desk->storedSink()(office.message(EnvelopeState::Waiting), smallBody());
    QTRY_COMPARE(office.jobs.size(), size_t(1));
    const auto record = [&office] { return office.desk->relays().begin()->second; };
    relay::RelayReport report;
    report.route = office.jobs.front().delivery.route;
    report.routeFailed = true;
    report.routeText = "connection refused";
    office.desk->reportSink()(report);
    QTRY_COMPARE(record().detail, QByteArray("connection refused"));
    report.routeFailed = false;
    report.routeWorked = true;
    office.desk->reportSink()(report);
    QTRY_VERIFY(!record().failing);
    QCOMPARE(record().detail, QByteArray());
}

void TestDeliveryDesk::oneThatStopsAnsweringIsNoLongerWorking() {
    Office office;
    QVERIFY(office.open());
    office.desk->storedSink()(office.message(EnvelopeState::Waiting), smallBody());
    QTRY_COMPARE(office.jobs.size(), size_t(1));
    const auto record = [&office] { return office.desk->relays().begin()->second; };
    relay::RelayReport report;
    report.route = office.jobs.front().delivery.route;
    report.stalled = true;
    report.routeText = "mx has stopped answering";
    office.desk->reportSink()(report);
    QTRY_VERIFY(record().failing);
    QCOMPARE(record().detail, QByteArray("mx has stopped answering"));
    report.stalled = false; // moves again
    office.desk->reportSink()(report);
    QTRY_VERIFY(!record().failing);

    relay::RelayReport failed; // a failure that came between is not taken back by it
    failed.route = report.route;
    failed.routeFailed = true;
    failed.routeText = "timed out";
    office.desk->reportSink()(failed);
    office.desk->reportSink()(report);
    QTRY_COMPARE(record().detail, QByteArray("timed out"));
    QVERIFY(record().failing);
}

void TestDeliveryDesk::noMoreThanTaskHiwatAreUnderWay_data() {
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<size_t>("underWay");
    QTest::addRow("task-hiwat 50, as OpenSMTPD begins") << QByteArray("mta limit task-hiwat 50\n") << size_t(50);
    QTest::addRow("task-hiwat 3") << QByteArray("mta limit task-hiwat 3\n") << size_t(3);
}
void TestDeliveryDesk::noMoreThanTaskHiwatAreUnderWay() { // to one next hop; what comes back makes room
    QFETCH(QByteArray, line);
    QFETCH(size_t, underWay);
    Office office;
    QVERIFY(office.open());
    office.memory.put("/c", line + "action \"out\" relay host smtp://relay.example\nmatch for any action \"out\"\n");
    const policy::Compiled compiled = policy::compile(office.memory, "/c", {});
    QVERIFY(compiled.isUsable());
    office.desk->setRules(compiled.ruleset, "office.example", {});
    for (int i = 0; i < 60; ++i)
        office.desk->storedSink()(office.message(EnvelopeState::Waiting), smallBody());
    QTRY_COMPARE(office.desk->scheduler().counts().waiting + office.desk->scheduler().counts().inFlight, 60);
    QTRY_COMPARE(office.jobs.size(), underWay);
    relay::RelayReport report;
    report.route = office.jobs.front().delivery.route;
    report.routeWorked = true;
    report.outcomes = {{office.jobs.front().delivery.envelopes.front().id, TryResult::Delivered, "250 ok", true}};
    office.desk->reportSink()(report);
    QTRY_COMPARE(office.jobs.size(), underWay + 1);
}

void TestDeliveryDesk::mailOfAFailedHopGoesOnWhenItWorks_data() {
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<size_t>("goesOn");
    QTest::addRow("max-deferred not written: 100") << QByteArray() << size_t(4);
    QTest::addRow("max-deferred 2") << QByteArray("mta max-deferred 2\n") << size_t(2);
    QTest::addRow("max-deferred 0") << QByteArray("mta max-deferred 0\n") << size_t(0);
}
void TestDeliveryDesk::mailOfAFailedHopGoesOnWhenItWorks() {
    QFETCH(QByteArray, line);
    QFETCH(size_t, goesOn);
    Office office;
    QVERIFY(office.open());
    office.memory.put("/c", line + "action \"out\" relay host smtp://relay.example\nmatch for any action \"out\"\n");
    const policy::Compiled compiled = policy::compile(office.memory, "/c", {});
    QVERIFY(compiled.isUsable());
    office.desk->setRules(compiled.ruleset, "office.example", {});
    std::vector<EnvelopeId> ids;
    for (int i = 0; i < 5; ++i) {
        const QueuedMessage queued = office.message(EnvelopeState::Waiting);
        ids.push_back(queued.envelopes.front().id);
        office.spool.post(StoreMessage{queued.message, queued.envelopes, *smallBody(), {}});
        office.desk->storedSink()(queued, smallBody());
    }
    QTRY_COMPARE(office.jobs.size(), size_t(5));
    relay::RelayReport report;
    report.route = office.jobs.front().delivery.route;
    for (size_t i = 0; i < 4; ++i) { // the next hop is away: tries are spent
        report.outcomes = {{ids[i], TryResult::Temporary, "refused", true}};
        report.routeFailed = true;
        office.desk->reportSink()(report);
    }
    report.routeFailed = false; // the last one is taken
    report.routeWorked = true;
    report.outcomes = {{ids[4], TryResult::Delivered, "250 ok", true}};
    office.desk->reportSink()(report);
    QTRY_VERIFY(!office.desk->relays().begin()->second.failing);
    QTRY_COMPARE(office.jobs.size(), 5 + goesOn);
    QCoreApplication::processEvents();
    QCOMPARE(office.jobs.size(), 5 + goesOn);
}

// An old queue's content with a lone LF in it, say: trying again is no use, and it must not be lost either.
void TestDeliveryDesk::S08_whatCanNeverBeSentIsHeldAtOnce() {
    Office office;
    QVERIFY(office.open());
    const QueuedMessage queued = office.message(EnvelopeState::Waiting);
    office.spool.post(StoreMessage{queued.message, queued.envelopes, *smallBody(), {}});
    office.desk->storedSink()(queued, smallBody());
    QTRY_COMPARE(office.jobs.size(), size_t(1));
    relay::RelayReport report;
    report.route = office.jobs.front().delivery.route;
    report.damaged = true;
    report.outcomes = {{queued.envelopes.front().id, TryResult::Temporary, "holds a CR or LF of its own at octet 7", true}};
    office.desk->reportSink()(report);
    QTRY_COMPARE(office.desk->scheduler().counts().held, 1);
    QCOMPARE(office.desk->scheduler().counts().waiting, 0);
    QVERIFY(!office.desk->relays().begin()->second.failing); // the next hop is not to blame
    office.clock.advance(std::chrono::hours(24 * 30)); // nor does it expire
    office.desk->setPaused(false);
    QCoreApplication::processEvents();
    QCOMPARE(office.jobs.size(), size_t(1));
    QCOMPARE(office.desk->scheduler().counts().held, 1);

    const Result<QueuedMessage> onDisk = office.onDisk(queued.message.id);
    QVERIFY(onDisk);
    QCOMPARE(onDisk->envelopes.front().state, EnvelopeState::Held);
    QCOMPARE(onDisk->envelopes.front().lastError, report.outcomes.front().text);
}

// The workers are gone by the time the last contents have been read.
void TestDeliveryDesk::relaysHaveNamesForPeople_data() {
    QTest::addColumn<QByteArray>("relay");
    QTest::addColumn<QByteArray>("name");
    QTest::newRow("by MX") << QByteArray("") << QByteArray("mail servers of far.example");
    QTest::newRow("one URL") << QByteArray("host smtp://a.example") << QByteArray("smtp://a.example");
    QTest::newRow("a list written in the rule") << QByteArray("host { \"smtp://a.example\", \"smtp://b.example\", \"smtp://c.example\" }")
                                                << QByteArray("smtp://a.example and 2 more");
    QTest::newRow("a table") << QByteArray("host <upstreams>") << QByteArray("hosts of table upstreams");
}
void TestDeliveryDesk::relaysHaveNamesForPeople() {
    QFETCH(QByteArray, relay);
    Office office;
    QVERIFY(office.open());
    office.memory.put("/c", "table upstreams { \"smtp://a.example\", \"smtp://b.example\" }\naction \"out\" relay " + relay +
                                "\nmatch for any action \"out\"\n");
    const policy::Compiled compiled = policy::compile(office.memory, "/c", {});
    QVERIFY(compiled.isUsable());
    office.desk->setRules(compiled.ruleset, "office.example", {});
    office.desk->storedSink()(office.message(EnvelopeState::Waiting), smallBody());
    QTRY_COMPARE(office.jobs.size(), size_t(1));
    QCOMPARE(office.desk->relays().size(), size_t(1));
    QTEST(office.desk->relays().begin()->second.name, "name");
}

void TestDeliveryDesk::startsNothingOnceStopped() {
    Office office;
    QVERIFY(office.open());
    const QueuedMessage queued = office.message(EnvelopeState::Waiting);
    office.spool.post(StoreMessage{queued.message, queued.envelopes, *smallBody(), {}});
    office.desk->add(outlineOf({queued})); // its content must be read first
    office.desk->stop();
    office.spool.stop(); // has answered
    QCoreApplication::processEvents();
    QVERIFY(office.jobs.empty());
}

// Of two messages at the start one is known to bring the gateway down: it stays, held, with the reason, also on the disk.
void TestDeliveryDesk::Q15_whatTheGatewayDiedOfTooOftenIsHeld() {
    Office office;
    QVERIFY(office.open());
    const QueuedMessage poison = office.message(EnvelopeState::Waiting);
    const QueuedMessage other = office.message(EnvelopeState::Waiting);
    for (const QueuedMessage& one : {poison, other})
        office.spool.post(StoreMessage{one.message, one.envelopes, *smallBody(), {}});
    office.desk->add(outlineOf({poison, other}), {poison.message.id});
    QTRY_COMPARE(office.jobs.size(), size_t(1));
    QCOMPARE(office.jobs.front().delivery.message->id, other.message.id);
    const auto rows = office.desk->scheduler().rowsOf(poison.message.id);
    QCOMPARE(rows.size(), size_t(1));
    QCOMPARE(rows.front().state, Scheduler::RowState::Held);
    const auto onDisk = office.onDisk(poison.message.id);
    QVERIFY(onDisk);
    QCOMPARE(onDisk->envelopes.front().state, EnvelopeState::Held);
    QVERIFY(onDisk->envelopes.front().lastError.startsWith("held: the gateway broke down"));

    QCOMPARE(office.desk->release({poison.envelopes.front().id}), 1);
    QTRY_COMPARE(office.jobs.size(), size_t(2)); // a person may try again
}

// As after a start: all that is known is the outline, and a message goes out once, with its words and its content.
void TestDeliveryDesk::Q16_sendsWhatIsNotInMemory() {
    Office office;
    QVERIFY(office.open());
    QueuedMessage stored = office.message(EnvelopeState::Waiting);
    stored.envelopes.push_back(stored.envelopes.front());
    stored.envelopes.back().id = newEnvelopeId(stored.message.id);
    stored.envelopes.back().recipient = stored.envelopes.back().destination = "b@far.example";
    office.spool.post(StoreMessage{stored.message, stored.envelopes, *smallBody(), {}});
    office.desk->add(outlineOf({stored}));
    office.desk->setPaused(false); // looks again before the spool has answered (Q12)
    QTRY_COMPARE(office.jobs.size(), size_t(1));
    QCOMPARE(office.jobs[0].delivery.message->sender, stored.message.sender);
    QCOMPARE(office.jobs[0].delivery.envelopes.size(), size_t(2));
    QCOMPARE(office.jobs[0].delivery.envelopes[0].recipient, QByteArray("a@far.example"));
    QCOMPARE(office.jobs[0].body->bytes, smallBody()->bytes);
    QCoreApplication::processEvents();
    QCOMPARE(office.jobs.size(), size_t(1));
}

void TestDeliveryDesk::Q16_whatIsNotOnTheDiskEitherIsHeld() {
    Office office;
    QVERIFY(office.open());
    const QueuedMessage lost = office.message(EnvelopeState::Waiting);
    QueuedMessage half = office.message(EnvelopeState::Waiting);
    office.spool.post(StoreMessage{half.message, half.envelopes, *smallBody(), {}});
    half.envelopes.push_back(half.envelopes.front()); // the row of this one has gone
    half.envelopes.back().id = newEnvelopeId(half.message.id);
    office.desk->add(outlineOf({lost, half}));
    QTRY_COMPARE(office.desk->scheduler().counts().held, 3);
    QVERIFY(office.jobs.empty());
    QVERIFY(office.onDisk(half.message.id)->envelopes.front().lastError.startsWith("the stored message cannot be read"));
}

void TestDeliveryDesk::Q16_whatCannotBeReadNowIsTriedLater() {
    Office office;
    QVERIFY(office.open());
    const QueuedMessage stored = office.message(EnvelopeState::Waiting);
    office.spool.post(StoreMessage{stored.message, stored.envelopes, *smallBody(), {}});
    (void)office.onDisk(stored.message.id);
    office.faults->mode = DiskFaults::Mode::FromThenOn; // the disk is away: the database is shut
    office.faults->failAt = office.faults->count + 1;
    office.spool.post(KeepCounters{{{"n", 1}}});
    office.desk->add(outlineOf({stored}));
    QTRY_COMPARE(office.desk->scheduler().counts().waiting, 1);
    QVERIFY(office.jobs.empty());
    QCOMPARE(office.desk->scheduler().counts().held, 0);
    office.faults->failAt = 0;
    office.clock.advance(std::chrono::seconds(400));
    office.desk->setPaused(false); // looks at what is due
    QTRY_COMPARE(office.jobs.size(), size_t(1));
    QCOMPARE(office.jobs[0].delivery.envelopes.front().tries, 1);
}

QTEST_GUILESS_MAIN(TestDeliveryDesk)
#include "tst_delivery_desk.moc"
