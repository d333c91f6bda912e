// SPDX-License-Identifier: GPL-3.0-or-later
//
// Mail that ends on this computer: how it is handed to the worker, by which definition of its action, and what its reports do.
#include "engine/local_checks.h"
#include "office.h"
#include "policy/compile.h"

#include <QTest>

using namespace postern;
using namespace postern::test;
using namespace Qt::StringLiterals;

namespace {

struct LocalOffice : Office {
    bool openWith(const QByteArray& config) { return open() && reload(config); }
    bool reload(const QByteArray& config) {
        memory.put("/c", config);
        const policy::Compiled compiled = policy::compile(memory, "/c", {});
        if (!compiled.isUsable())
            return false;
        desk->setRules(compiled.ruleset, "office.example", {});
        return true;
    }
    QueuedMessage here(const LocalEnd& end, const QByteArray& action = "in") {
        QueuedMessage queued = message(EnvelopeState::Waiting);
        queued.envelopes[0].recipient = "team@office.example";
        queued.envelopes[0].destination = end.user + "@office.example";
        queued.envelopes[0].action = action;
        queued.envelopes[0].local = std::make_shared<const LocalEnd>(end);
        return queued;
    }
    void take(const QueuedMessage& queued) {
        spool.post(StoreMessage{queued.message, queued.envelopes, *smallBody(), {}});
        desk->storedSink()(queued, smallBody());
    }
    void report(const local::LocalJob& job, TryResult result, const QByteArray& text = "5.3.0 the disk says no", bool counts = true) {
        local::LocalReport report;
        report.route = job.delivery.route;
        report.message = job.delivery.message;
        report.peer = "maildir /home/ann/Maildir";
        for (const Envelope& envelope : job.delivery.envelopes)
            report.outcomes.push_back({envelope.id, result, text, counts});
        desk->localReportSink()(report);
    }
    QByteArrayList caughtSubjects() {
        QByteArrayList out;
        queue::Scheduler::Wish wish;
        wish.state = queue::Scheduler::RowState::Caught;
        for (const auto& row : desk->scheduler().page(wish).rows)
            out.append(onDisk(messageOf(row.envelope.id))->message.subject);
        return out;
    }
};

const LocalEnd kAnn{"maildir", "", "ann", 1000, 1001, "/home/ann"};
const QByteArray kRules = "mda wrapper \"w\" \"/bin/wrap %{mda}\"\naction \"box\" catch\n"
                          "action \"in\" maildir \"~/Mail\" junk wrapper \"w\"\n"
                          "action \"srv\" lmtp \"/run/lmtp\" rcpt-to\naction \"out\" relay\n"
                          "match from any for domain \"office.example\" action \"box\"\nmatch for any action \"out\"\n";

} // namespace

class TestLocalDesk : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() { setLogThreshold(LogLevel(99)); }
    void handsOverAsTheActionSays();
    void anEditedActionHoldsForQueuedMail();
    void whatAnAliasNamedStaysAsItWasNamed();
    void olderDialectsKeepTheirDelivery();
    void anActionThatIsGoneMakesMailWait_data();
    void anActionThatIsGoneMakesMailWait();
    void eachUserHasARouteAndAServerHasOne();
    void whatIsDeliveredIsGone();
    void whatFailsForNowIsTriedAgainAfterTenSeconds();
    void whatFailsForGoodIsReturned();
    void RFC3461_successIsToldWhereItWasAskedFor();
    void pausesApart();
    void whatCannotBeDeliveredIsTold_data();
    void whatCannotBeDeliveredIsTold();
};

void TestLocalDesk::handsOverAsTheActionSays() {
    LocalOffice office;
    QVERIFY(office.openWith(kRules));
    office.take(office.here(kAnn));
    QTRY_COMPARE(office.localJobs.size(), size_t(1));
    const local::LocalJob& job = office.localJobs[0];
    QVERIFY(job.method == policy::Method::Maildir);
    QCOMPARE(job.target, "~/Mail");
    QVERIFY(job.junk && !job.isOwnTarget);
    QCOMPARE(job.wrapper, "/bin/wrap %{mda}");
    QCOMPARE(job.users.size(), size_t(1));
    QCOMPARE(job.users[0].name, "ann");
    QCOMPARE(job.users[0].uid, 1000);
    QCOMPARE(job.users[0].gid, 1001);
    QCOMPARE(job.users[0].home, "/home/ann");
    QCOMPARE(job.body->bytes, smallBody()->bytes);
    QCOMPARE(job.serverName, "office.example");
    QVERIFY(job.settings);
    QCOMPARE(office.jobs.size(), size_t(0));
}

void TestLocalDesk::anEditedActionHoldsForQueuedMail() { // from 6.4 on only the action's name travels
    LocalOffice office;
    QVERIFY(office.openWith(kRules));
    office.desk->setPaused(false, true);
    office.take(office.here(kAnn));
    QTRY_COMPARE(office.desk->scheduler().counts().waiting, 1);
    QVERIFY(office.reload("action \"in\" mda \"/bin/lda\"\nmatch from any for any action \"in\"\n"));
    office.desk->setPaused(false, false);
    QCOMPARE(office.localJobs.size(), size_t(1));
    QVERIFY(office.localJobs[0].method == policy::Method::Mda);
    QCOMPARE(office.localJobs[0].target, "/bin/lda");
}

void TestLocalDesk::whatAnAliasNamedStaysAsItWasNamed() {
    LocalOffice office;
    QVERIFY(office.openWith(kRules));
    office.take(office.here({"mda", "/bin/list %{sender}", "", -1, -1, ""}));
    QTRY_COMPARE(office.localJobs.size(), size_t(1));
    QVERIFY(office.localJobs[0].method == policy::Method::Mda);
    QVERIFY(office.localJobs[0].isOwnTarget);
    QCOMPARE(office.localJobs[0].target, "/bin/list %{sender}");
    QCOMPARE(office.localJobs[0].wrapper, ""); // that is the action's
    QCOMPARE(office.localJobs[0].users[0].name, "");
}

void TestLocalDesk::olderDialectsKeepTheirDelivery() {
    LocalOffice office;
    QVERIFY(office.openWith("accept from any for any deliver to mbox\n"));
    QueuedMessage queued = office.here(kAnn, "");
    policy::LocalDelivery says;
    says.target = "/mail/%u";
    queued.envelopes[0].relay = says.toBytes(policy::Era::Map2012);
    office.take(queued);
    QTRY_COMPARE(office.localJobs.size(), size_t(1));
    QVERIFY(office.localJobs[0].method == policy::Method::Maildir);
    QCOMPARE(office.localJobs[0].target, "/mail/%u");
    QVERIFY(office.localJobs[0].era == policy::Era::Map2012);
}

void TestLocalDesk::anActionThatIsGoneMakesMailWait_data() {
    QTest::addColumn<QByteArray>("action");
    QTest::addColumn<QByteArray>("says");
    QTest::newRow("gone") << "other"_ba << "the configuration has no action \"other\" any more that delivers on this computer"_ba;
    QTest::newRow("relays now") << "out"_ba << "the configuration has no action \"out\" any more that delivers on this computer"_ba;
    QTest::newRow("only expands now") << "exp"_ba << "action \"exp\" does not deliver on this computer any more"_ba;
}

void TestLocalDesk::anActionThatIsGoneMakesMailWait() {
    QFETCH(QByteArray, action);
    QFETCH(QByteArray, says);
    LocalOffice office;
    QVERIFY(office.openWith("action \"exp\" expand-only\n" + kRules));
    const QueuedMessage queued = office.here(kAnn, action);
    office.take(queued);
    QByteArray error;
    QTRY_VERIFY((error = office.onDisk(queued.message.id)->envelopes.at(0).lastError, !error.isEmpty()));
    QVERIFY2(error.startsWith(says), error.constData());
    QCOMPARE(office.localJobs.size(), size_t(0));
    QCOMPARE(office.desk->scheduler().counts().waiting, 1);
}

void TestLocalDesk::eachUserHasARouteAndAServerHasOne() {
    LocalOffice office;
    QVERIFY(office.openWith(kRules));
    const auto routeOf = [&](const LocalEnd& end, const QByteArray& action) {
        const QueuedMessage queued = office.here(end, action);
        return office.desk->routeOf(Way::of(queued.envelopes[0]));
    };
    LocalEnd bob = kAnn;
    bob.user = "bob";
    QVERIFY(queue::isLocal(routeOf(kAnn, "in")));
    QCOMPARE(routeOf(kAnn, "in"), routeOf(kAnn, "in"));
    QVERIFY(routeOf(kAnn, "in") != routeOf(bob, "in"));
    QCOMPARE(routeOf(kAnn, "srv"), routeOf(bob, "srv"));
    LocalEnd piped = kAnn;
    piped.target = "/bin/x";
    QVERIFY(routeOf(piped, "in") != routeOf(kAnn, "in"));
}

void TestLocalDesk::whatIsDeliveredIsGone() {
    LocalOffice office;
    QVERIFY(office.openWith(kRules));
    const QueuedMessage queued = office.here(kAnn);
    office.take(queued);
    QTRY_COMPARE(office.localJobs.size(), size_t(1));
    QCOMPARE(office.desk->scheduler().counts().inFlightHere, 1);
    office.report(office.localJobs[0], TryResult::Delivered, "delivered");
    QTRY_COMPARE(office.desk->scheduler().counts().messages, 0);
    QCOMPARE(office.desk->tries().delivered, 1);
    QCOMPARE(office.desk->tries().deliveredHere, 1);
    QCOMPARE(office.caughtSubjects(), QByteArrayList()); // nobody asked to be told
    bool gone = false; // from the spool too
    office.spool.post(ReadBody{queued.message.id, [&gone](const Result<BodyPtr>& body) { gone = !body; }});
    office.spool.stop();
    QVERIFY(gone);
    QStringList told;
    for (const auto& event : office.journal.since(0, 100))
        if (event.kind == u"delivered")
            told << event.text;
    QCOMPARE(told, QStringList{u"Delivered to team@office.example by maildir /home/ann/Maildir"_s});
}

void TestLocalDesk::whatFailsForNowIsTriedAgainAfterTenSeconds() {
    LocalOffice office;
    QVERIFY(office.openWith(kRules));
    office.take(office.here(kAnn));
    QTRY_COMPARE(office.localJobs.size(), size_t(1));
    office.report(office.localJobs[0], TryResult::Temporary, "4.2.2 no room");
    QTRY_COMPARE(office.desk->scheduler().counts().waiting, 1);
    office.clock.advance(std::chrono::milliseconds(9'999));
    office.desk->setPaused(false, false); // looks at what is due
    QCOMPARE(office.localJobs.size(), size_t(1));
    office.clock.advance(std::chrono::milliseconds(1));
    office.desk->setPaused(false, false);
    QTRY_COMPARE(office.localJobs.size(), size_t(2));
    QCOMPARE(office.localJobs[1].delivery.envelopes[0].tries, 1);
}

void TestLocalDesk::whatFailsForGoodIsReturned() {
    LocalOffice office;
    QVERIFY(office.openWith(kRules));
    office.take(office.here(kAnn));
    QTRY_COMPARE(office.localJobs.size(), size_t(1));
    office.report(office.localJobs[0], TryResult::Permanent);
    QTRY_COMPARE(office.caughtSubjects(), QByteArrayList{"Mail could not be delivered"});
    QTRY_COMPARE(office.desk->scheduler().counts().messages, 1); // only the notice
}

void TestLocalDesk::RFC3461_successIsToldWhereItWasAskedFor() {
    LocalOffice office;
    QVERIFY(office.openWith(kRules));
    QueuedMessage queued = office.here(kAnn);
    queued.envelopes[0].params.notify = "SUCCESS,FAILURE";
    office.take(queued);
    QTRY_COMPARE(office.localJobs.size(), size_t(1));
    office.report(office.localJobs[0], TryResult::Temporary, "4.2.2 no room");
    QTRY_COMPARE(office.desk->scheduler().counts().inFlight, 0);
    QCoreApplication::processEvents();
    QCOMPARE(office.caughtSubjects(), QByteArrayList());
    office.clock.advance(std::chrono::seconds(10));
    office.desk->setPaused(false, false);
    QTRY_COMPARE(office.localJobs.size(), size_t(2));
    office.report(office.localJobs[1], TryResult::Delivered);
    QTRY_COMPARE(office.caughtSubjects(), QByteArrayList{"Mail was delivered"});
    QCOMPARE(office.desk->scheduler().counts().messages, 1);
}

void TestLocalDesk::pausesApart() {
    LocalOffice office;
    QVERIFY(office.openWith(kRules));
    office.desk->setPaused(false, true);
    office.take(office.here(kAnn));
    QueuedMessage away = office.message(EnvelopeState::Waiting);
    office.take(away);
    QTRY_COMPARE(office.jobs.size(), size_t(1));
    QCOMPARE(office.localJobs.size(), size_t(0));
    office.desk->setPaused(true, false);
    QTRY_COMPARE(office.localJobs.size(), size_t(1));
}

void TestLocalDesk::whatCannotBeDeliveredIsTold_data() {
    QTest::addColumn<QByteArray>("action");
    QTest::addColumn<int>("uid");
    QTest::addColumn<QByteArray>("text"); // "" = nothing is told
    QTest::newRow("root delivers to everybody") << "mbox"_ba << 0 << ""_ba;
    QTest::newRow("somebody else does not") << "maildir"_ba << 1000 << "run by ann, the gateway can deliver to ann alone"_ba;
    QTest::newRow("nor run commands as everybody") << "mda \"/bin/lda\""_ba << 1000 << "run by ann"_ba;
    QTest::newRow("LMTP is spoken by the gateway itself") << "lmtp localhost:24"_ba << 1000 << ""_ba;
    QTest::newRow("what only expands delivers nothing") << "expand-only"_ba << 1000 << ""_ba;
    QTest::newRow("as himself") << "maildir user ann"_ba << 1000 << ""_ba;
    QTest::newRow("as another") << "maildir user vmail"_ba << 1000 << "the gateway can't deliver as vmail"_ba;
    QTest::newRow("root as another") << "maildir user vmail"_ba << 0 << ""_ba;
    QTest::newRow("as nobody there is") << "maildir user gone"_ba << 0 << "there is no account gone on this computer"_ba;
}

void TestLocalDesk::whatCannotBeDeliveredIsTold() {
    QFETCH(QByteArray, action);
    QFETCH(int, uid);
    QFETCH(QByteArray, text);
    MemoryFileStore files;
    files.put("/c", "action \"in\" " + action + "\nmatch for local action \"in\"\nmatch for any action \"in\"\n");
    const policy::Compiled compiled = policy::compile(files, "/c", {});
    QVERIFY(compiled.isUsable());
    const auto found = whatCannotBeDelivered(
        *compiled.ruleset, {uid == 0 ? "root"_ba : "ann"_ba, uid, uid, "/"},
        [](const QByteArray& name) -> Result<std::optional<delivery::LocalUser>> {
            return name == "ann"     ? std::optional(delivery::LocalUser{name, 1000, 1000, "/home/ann"})
                   : name == "vmail" ? std::optional(delivery::LocalUser{name, 2000, 2000, "/vmail"})
                                     : std::nullopt;
        });
    QCOMPARE(found.size(), size_t(text.isEmpty() ? 0 : 1)); // once, however many rules name it
    QVERIFY(found.empty() || (found[0].origin.line == 1 && found[0].text.contains(text)));
}

QTEST_GUILESS_MAIN(TestLocalDesk)
#include "tst_local_desk.moc"
