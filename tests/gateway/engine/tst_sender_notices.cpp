// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which notices a sender gets while mail fails, waits and leaves: one each, durable together with what they are about, and
// not without end.
#include "office.h"
#include "policy/compile.h"

#include <QTest>

using namespace postern;
using namespace postern::test;
using namespace Qt::StringLiterals;

namespace {

struct TellingOffice : Office {
    bool openWithRules(std::vector<qint64> warnIntervals = {}, const QByteArray& firstRules = {}) {
        if (!open())
            return false;
        memory.put("/c", "action \"box\" catch\naction \"out\" relay host smtp://relay.example\n" + firstRules +
                         "match for domain \"far.example\" action \"out\"\nmatch for any action \"box\"\n");
        policy::Compiled compiled = policy::compile(memory, "/c", {});
        if (!compiled.isUsable())
            return false;
        auto rules = std::make_shared<policy::Ruleset>(*compiled.ruleset);
        rules->settings.warnIntervals = std::move(warnIntervals);
        desk->setRules(rules, "office.example", {});
        return true;
    }
    QueuedMessage stored(const QByteArray& notify) {
        QueuedMessage queued = message(EnvelopeState::Waiting);
        queued.envelopes[0].params.notify = notify;
        spool.post(StoreMessage{queued.message, queued.envelopes, *smallBody(), {}});
        desk->storedSink()(queued, smallBody());
        return queued;
    }
    void report(const relay::RelayJob& job, TryResult result, bool relayed = false) {
        relay::RelayReport report;
        report.route = job.delivery.route;
        report.message = job.delivery.message;
        report.outcomes = {{job.delivery.envelopes.front().id, result, "mx said so", true}};
        if (relayed)
            report.relayed = job.delivery.envelopes;
        desk->reportSink()(report);
    }
    QByteArrayList caughtSubjects() {
        QByteArrayList out;
        queue::Scheduler::Wish wish;
        wish.state = queue::Scheduler::RowState::Caught;
        wish.most = 1000;
        for (const auto& row : desk->scheduler().page(wish).rows)
            out.append(onDisk(messageOf(row.envelope.id))->message.subject);
        return out;
    }
};

} // namespace

class TestSenderNotices : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() { setLogThreshold(LogLevel(99)); }
    void tellsOnceThatMailIsLate();
    void tellsThatMailWasHandedOn();
    void whatFailedToBeToldIsNotSentAgain();
    void theStoryOfReturnedMailHasAnEnd_data();
    void theStoryOfReturnedMailHasAnEnd();
    void tellsThatARecipientStandsForSeveral();
    void noticesFollowTheAliasesOfASender();
    void mailIsHeldIfItsSendersAliasIsRefused();
    void Q14_noMoreThanSoManyInAnHour();
    void Q16_mailThatIsNotInMemoryIsReturnedWhenItsTimeIsUp();
};

void TestSenderNotices::tellsOnceThatMailIsLate() { // bounce warn-interval: the try before the moment tells
    TellingOffice office;
    QVERIFY(office.openWithRules({300}));
    office.stored("");
    QTRY_COMPARE(office.jobs.size(), size_t(1));
    office.report(office.jobs[0], TryResult::Temporary); // the next try is in 400 s
    QTRY_COMPARE(office.caughtSubjects(), QByteArrayList{"Mail is not delivered yet"});
    office.clock.advance(std::chrono::seconds(500));
    office.desk->setPaused(false, false); // looks at what is due
    QTRY_COMPARE(office.jobs.size(), size_t(2));
    office.report(office.jobs[1], TryResult::Temporary);
    QTRY_COMPARE(office.desk->scheduler().counts().inFlight, 0);
    QCoreApplication::processEvents();
    QCOMPARE(office.caughtSubjects().size(), 1);
}

void TestSenderNotices::tellsThatMailWasHandedOn() { // RFC 3461 §6.2.7.3
    TellingOffice office;
    QVERIFY(office.openWithRules());
    const QueuedMessage queued = office.stored("SUCCESS");
    QTRY_COMPARE(office.jobs.size(), size_t(1));
    office.report(office.jobs[0], TryResult::Delivered, true);
    QTRY_COMPARE(office.caughtSubjects(), QByteArrayList{"Mail was handed on"});
    QCOMPARE(office.desk->scheduler().counts().waiting, 0);
    bool gone = false; // from the spool too, in the same commit
    office.spool.post(ReadBody{queued.message.id, [&gone](const Result<BodyPtr>& body) { gone = !body; }});
    office.spool.stop();
    QVERIFY(gone);
}

void TestSenderNotices::tellsThatARecipientStandsForSeveral() { // RFC 3461 §5.2.7.3 b
    TellingOffice office;
    QVERIFY(office.openWithRules());
    QueuedMessage queued = office.message(EnvelopeState::Waiting);
    office.spool.post(StoreMessage{queued.message, queued.envelopes, *smallBody(), {}});
    queue::Envelope several;
    several.recipient = several.destination = "team@office.example";
    several.params.notify = "SUCCESS";
    queued.expanded = {several};
    office.desk->storedSink()(queued, smallBody());
    QTRY_COMPARE(office.caughtSubjects(), QByteArrayList{"Mail goes to several recipients"});
    QTRY_COMPARE(office.jobs.size(), size_t(1)); // and the mail is on its way
}

void TestSenderNotices::noticesFollowTheAliasesOfASender() {
    TellingOffice office;
    QVERIFY(office.openWithRules({}, "action \"in\" expand-only alias { scanner = \"ann@far.example, bob@kept.example\" }\n"
                                     "match for domain \"office.example\" action \"in\"\n"));
    office.stored("");
    QTRY_COMPARE(office.jobs.size(), size_t(1));
    office.report(office.jobs[0], TryResult::Permanent);
    QTRY_COMPARE(office.jobs.size(), size_t(2)); // one of the two is relayed, the other is caught
    const queue::Delivery& notice = office.jobs[1].delivery;
    QVERIFY(notice.message->isBounce);
    QCOMPARE(notice.envelopes.front().recipient, "scanner@office.example");
    QCOMPARE(notice.envelopes.front().destination, "ann@far.example");
    QCOMPARE(office.caughtSubjects(), QByteArrayList{"Mail could not be delivered"});
    QCOMPARE(office.desk->scheduler().counts().messages, 1); // the mail itself is gone
}

void TestSenderNotices::mailIsHeldIfItsSendersAliasIsRefused() {
    TellingOffice office;
    QVERIFY(office.openWithRules({}, "action \"in\" expand-only alias { other = \"ann@far.example\" }\n"
                                     "match for domain \"office.example\" action \"in\"\n"));
    office.stored("");
    QTRY_COMPARE(office.jobs.size(), size_t(1));
    office.report(office.jobs[0], TryResult::Permanent);
    QTRY_COMPARE(office.desk->scheduler().counts().held, 1);
    const auto rows = office.desk->scheduler().page({}).rows;
    const QByteArray why = office.onDisk(messageOf(rows.front().envelope.id))->envelopes.front().lastError;
    QVERIFY2(why.contains("there is no user scanner on this computer"), why.constData());
}

void TestSenderNotices::whatFailedToBeToldIsNotSentAgain() {
    TellingOffice office;
    QVERIFY(office.openWithRules());
    office.stored("SUCCESS");
    QTRY_COMPARE(office.jobs.size(), size_t(1));
    office.faults->mode = DiskFaults::Mode::FromThenOn;
    office.faults->failAt = office.faults->count + 1;
    office.report(office.jobs[0], TryResult::Delivered, true);
    QTRY_VERIFY(office.troubles > 0);
    office.faults->failAt = 0;
    office.desk->recordAgain();
    QTRY_VERIFY(office.recoveries > 0);
    QCOMPARE(office.jobs.size(), size_t(1));
    QCOMPARE(office.desk->scheduler().counts().waiting, 0);
}

void TestSenderNotices::theStoryOfReturnedMailHasAnEnd_data() {
    QTest::addColumn<bool>("expires");
    QTest::addColumn<QString>("why");
    QTest::newRow("refused") << false << u"mail for a@far.example was refused: mx said so"_s;
    QTest::newRow("given up") << true << u"mail for a@far.example was given up, its time is over: mx said so"_s;
}

void TestSenderNotices::theStoryOfReturnedMailHasAnEnd() { // `trace`, and the window's story, ask by message
    QFETCH(bool, expires);
    QFETCH(QString, why);
    TellingOffice office;
    QVERIFY(office.openWithRules());
    const QueuedMessage queued = office.stored("");
    QTRY_COMPARE(office.jobs.size(), size_t(1));
    office.report(office.jobs[0], expires ? TryResult::Temporary : TryResult::Permanent);
    QTRY_COMPARE(office.desk->scheduler().counts().inFlight, 0);
    if (expires) {
        office.clock.advance(std::chrono::hours(24 * 5));
        office.desk->setPaused(false, false); // looks at what is due
    }
    QTRY_COMPARE(office.caughtSubjects(), QByteArrayList{"Mail could not be delivered"});
    QStringList bounced, notices;
    const QString id = QString::fromLatin1(queue::toText(queued.message.id));
    for (const auto& event : office.journal.since(0, 100)) {
        if (event.kind == u"bounced" && event.message == id)
            bounced << event.text;
        if (event.kind == u"notice" && event.message != id)
            notices << event.text;
    }
    QCOMPARE(bounced.size(), 1);
    QVERIFY2(bounced[0].contains(why), qPrintable(bounced[0]));
    QCOMPARE(notices, QStringList{u"Notice to scanner@office.example about message "_s + id + u": Mail could not be delivered"_s});
    QCOMPARE(office.journal.today().bounced, 1);
}

void TestSenderNotices::Q14_noMoreThanSoManyInAnHour() { // forged sender flood: what is over stays, on hold, with the reason
    TellingOffice office;
    QVERIFY(office.openWithRules());
    for (int i = 0; i < 205; ++i)
        office.stored("");
    QTRY_COMPARE(office.desk->scheduler().total(std::nullopt), 205);
    size_t reported = 0;
    for (int round = 0; round < 300 && reported < 205; ++round) {
        QTRY_VERIFY(office.jobs.size() > reported);
        while (reported < office.jobs.size())
            office.report(office.jobs[reported++], TryResult::Permanent);
        QCoreApplication::processEvents();
    }
    QTRY_COMPARE(office.desk->scheduler().counts().held, 5);
    QTRY_COMPARE(office.desk->scheduler().counts().caught, 200);
}

// 250 messages that were never tried again before their time ran out: each sender is told once, and none is left.
void TestSenderNotices::Q16_mailThatIsNotInMemoryIsReturnedWhenItsTimeIsUp() {
    TellingOffice office;
    QVERIFY(office.openWithRules());
    std::vector<QueuedMessage> queued;
    for (int i = 0; i < 250; ++i) {
        QueuedMessage one = office.message(EnvelopeState::Waiting);
        one.message.sender = "s" + QByteArray::number(i) + "@office.example";
        one.envelopes[0].ttl = 3600;
        one.envelopes[0].nextTryAt += 7200;
        one.envelopes[0].lastError = "451 4.7.1 greylisted";
        office.spool.post(StoreMessage{one.message, one.envelopes, *smallBody(), {}});
        queued.push_back(std::move(one));
    }
    office.desk->add(outlineOf(queued));
    office.clock.advance(std::chrono::seconds(3600));
    office.desk->setPaused(false); // looks at what is due
    QTRY_COMPARE(office.desk->scheduler().counts().caught, 250);
    QCOMPARE(office.desk->scheduler().counts().waiting, 0);
    QVERIFY(office.jobs.empty());
    QSet<QByteArray> told;
    for (const auto& row : office.desk->scheduler().page({queue::Scheduler::RowState::Caught, {}, false, 1000}).rows)
        told.insert(office.onDisk(messageOf(row.envelope.id))->envelopes.front().recipient);
    QCOMPARE(told.size(), 250);
    QVERIFY(!office.onDisk(queued.front().message.id)); // its removal and its notice are one commit
}

QTEST_GUILESS_MAIN(TestSenderNotices)
#include "tst_sender_notices.moc"
