// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/lookup_desk.h"

#include "support/fake_clock.h"

#include <QTest>

using namespace postern;
using namespace postern::tables;
using namespace std::chrono_literals;

namespace {

// A desk with a clock, what it answered, and a lane that the test moves by hand.
class Bench {
  public:
    explicit Bench(LookupLimits limits = {}) : desk("users", std::move(limits)) {}

    LookupDesk desk;
    test::FakeClock clock;
    QByteArrayList answers; // "KEY: value", "KEY: -", "KEY: failed: why"

    void ask(const QByteArray& key, Service service = Service::Alias) {
        desk.lookup(service, key, taker(key), clock.steady());
        collect();
    }
    void fetch() {
        desk.fetch(Service::Source, taker("fetch"), clock.steady());
        collect();
    }
    std::optional<LookupDesk::Job> next() { return desk.next(clock.steady()); }
    QByteArray nextKey() {
        const auto job = next();
        return !job ? QByteArray("nothing") : job->asking == Asking::Probe ? QByteArray("probe") : job->key;
    }
    LookupDesk::Lane finish(const LookupDesk::Job& job, Result<LookupDesk::Found> outcome) {
        const LookupDesk::Lane lane = desk.finished(job.id, std::move(outcome), clock.steady(), clock.wall());
        collect();
        return lane;
    }
    void find(const QByteArray& value) {
        const auto job = next();
        finish(*job, LookupDesk::Found{true, value, {}, {}});
    }
    void miss() { finish(*next(), LookupDesk::Found()); }
    void fail(ErrorCode code = ErrorCode::Invalid, const QByteArray& why = "it is away") { finish(*next(), Error{code, why}); }
    void pass(Milliseconds time) {
        clock.advance(time);
        desk.tick(clock.steady(), clock.wall());
        collect();
    }
    QByteArrayList taken() { return std::exchange(answers, {}); }

  private:
    LookupDone taker(const QByteArray& key) {
        return [this, key](const LookupResult& result) {
            answers.append(key + ": " + (result.failed ? "failed: " + result.value : result.found ? result.value : QByteArray("-")));
        };
    }
    void collect() {
        for (auto& [done, result] : desk.takeAnswers())
            done(result);
    }
};

QByteArrayList one(const QByteArray& text) {
    return {text};
}

} // namespace

class TestLookupDesk : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void aQuestionIsAnswered();
    void keysAreAskedInLowerCase();
    void B02_keysThatBreakLinesNeverReachTheBackend_data();
    void B02_keysThatBreakLinesNeverReachTheBackend();
    void B05_aHangingBackendIsAnsweredForInTime();
    void B05_aHangingLaneIsReplaced();
    void B05_onlySoManyLanesAreGivenUp();
    void B05_whoWaitsBehindAHangingBackendIsAnsweredInTime();
    void aPassingFailureIsTriedAgainAfterLongerAndLongerPauses();
    void tryingAgainEndsWithTheDeadline();
    void aFailureThatNoTryMendsIsToldAtOnce();
    void A11_afterThreeFailuresQuestionsFailAtOnceWithTheCause();
    void pausesDoubleUntilHalfAMinute();
    void aProbeThatSucceedsOpensTheDoor();
    void aSingleFailureIsProbedToo();
    void sinceIsTheFirstFailure();
    void whatIsWrongWithOneQuestionIsNobodyElsesTrouble();
    void aFoundRowIsKeptForThreeSeconds();
    void aMissingRowIsKeptForOneSecond();
    void S10_aPasswordIsNeverKept();
    void theSameQuestionTwiceIsAskedOnce();
    void theSamePasswordQuestionUnderWayIsAskedAgain();
    void theCacheIsLimited();
    void refreshForgets();
    void B05_tooManyQuestionsFail();
    void B07_valuesAreChecked_data();
    void B07_valuesAreChecked();
    void elementsAreTakenInTurn();
    void elementsAreAskedAgainAfterSomeTurns();
    void elementsAreAskedAgainAfterSomeTime();
    void B07_anElementOfNoUseFails();
    void closingAnswersAll();
    void aTestAsksEvenDuringAPause();
};

void TestLookupDesk::aQuestionIsAnswered() {
    Bench bench;
    bench.ask("ann");
    QVERIFY(bench.taken().isEmpty());
    bench.find("ann@example.org");
    QCOMPARE(bench.taken(), one("ann: ann@example.org"));
    bench.ask("eve");
    bench.miss();
    QCOMPARE(bench.taken(), one("eve: -"));
    QVERIFY(!bench.desk.isBusy());
}

void TestLookupDesk::keysAreAskedInLowerCase() {
    Bench bench;
    bench.ask("Ann@Example.ORG");
    QCOMPARE(bench.nextKey(), "ann@example.org");
}

void TestLookupDesk::B02_keysThatBreakLinesNeverReachTheBackend_data() {
    QTest::addColumn<QByteArray>("key");
    QTest::newRow("a line feed") << QByteArray("ann\nGET secrets");
    QTest::newRow("a carriage return") << QByteArray("ann\rx");
    QTest::newRow("a NUL") << QByteArray("ann\0x", 5);
    QTest::newRow("1024 octets") << QByteArray(1024, 'a');
}

void TestLookupDesk::B02_keysThatBreakLinesNeverReachTheBackend() {
    QFETCH(QByteArray, key);
    Bench bench;
    bench.ask(key);
    QVERIFY(!bench.next());
    QCOMPARE(bench.answers.size(), 1);
    QVERIFY2(bench.answers[0].contains(": failed: table users: the key "), bench.answers[0].constData());
    QVERIFY(!bench.desk.state().isFailing);
}

void TestLookupDesk::B05_aHangingBackendIsAnsweredForInTime() {
    Bench bench;
    bench.ask("ann");
    QVERIFY(bench.next());
    bench.pass(9'999ms);
    QVERIFY(bench.taken().isEmpty());
    bench.pass(1ms);
    QCOMPARE(bench.taken(), one("ann: failed: table users: no answer within 10 s"));
}

void TestLookupDesk::B05_aHangingLaneIsReplaced() {
    LookupLimits limits;
    limits.lanes = 1;
    Bench bench(limits);
    bench.ask("ann");
    const auto hanging = bench.next();
    bench.pass(10s);
    bench.ask("eve");
    QCOMPARE(bench.nextKey(), "eve"); // by another lane
    QCOMPARE(bench.desk.stuck(), 1);
    bench.taken();
    QCOMPARE(int(bench.finish(*hanging, LookupDesk::Found{true, "late", {}, {}})), int(LookupDesk::Lane::Ends));
    QVERIFY(bench.taken().isEmpty()); // nobody is answered twice
    QCOMPARE(bench.desk.stuck(), 0);
}

void TestLookupDesk::B05_onlySoManyLanesAreGivenUp() {
    LookupLimits limits;
    limits.failuresToRest = 100;
    Bench bench(limits);
    bench.ask("ann");
    bench.ask("bob");
    const auto first = bench.next(), second = bench.next();
    QVERIFY(first && second);
    bench.pass(10s);
    bench.taken();
    bench.ask("eve");
    QCOMPARE(bench.taken(), one("eve: failed: table users: earlier questions have had no answer yet"));
    QVERIFY(!bench.next());
    bench.finish(*first, Error{ErrorCode::Timeout, "at last"});
    bench.ask("eve");
    QVERIFY(bench.next());
}

void TestLookupDesk::B05_whoWaitsBehindAHangingBackendIsAnsweredInTime() {
    LookupLimits limits;
    limits.lanes = 1;
    Bench bench(limits);
    bench.ask("ann");
    QVERIFY(bench.next());
    bench.ask("eve");
    bench.pass(10s);
    QCOMPARE(bench.taken(), (QByteArrayList{"ann: failed: table users: no answer within 10 s",
                                            "eve: failed: table users: its turn did not come within 10 s"}));
}

void TestLookupDesk::aPassingFailureIsTriedAgainAfterLongerAndLongerPauses() {
    Bench bench;
    bench.ask("ann");
    bench.fail(ErrorCode::Unavailable);
    bench.fail(ErrorCode::Busy); // at once: a connection that went away shows only now
    for (const Milliseconds pause : {300ms, 1'500ms}) {
        bench.pass(pause - 1ms);
        QVERIFY(!bench.next());
        bench.pass(1ms);
        bench.fail(ErrorCode::Unavailable);
    }
    QCOMPARE(bench.taken(), one("ann: failed: table users: it is away"));
    bench.ask("eve");
    bench.fail(ErrorCode::Timeout);
    bench.find("eve@example.org");
    QCOMPARE(bench.taken(), one("eve: eve@example.org"));
    QVERIFY(!bench.desk.state().isFailing);
}

void TestLookupDesk::tryingAgainEndsWithTheDeadline() {
    LookupLimits limits;
    limits.deadline = 1s;
    limits.retries = {2s};
    Bench bench(limits);
    bench.ask("ann");
    bench.fail(ErrorCode::Unavailable);
    QCOMPARE(bench.taken(), one("ann: failed: table users: it is away"));
}

void TestLookupDesk::aFailureThatNoTryMendsIsToldAtOnce() {
    Bench bench;
    bench.ask("ann");
    bench.fail(ErrorCode::Denied, "wrong password");
    QCOMPARE(bench.taken(), one("ann: failed: table users: wrong password"));
    QVERIFY(bench.desk.state().isFailing);
    QCOMPARE(bench.desk.state().trouble, "wrong password");
}

void TestLookupDesk::A11_afterThreeFailuresQuestionsFailAtOnceWithTheCause() {
    Bench bench;
    for (const char* key : {"ann", "bob", "eve"}) {
        bench.ask(key);
        bench.fail();
    }
    bench.taken();
    bench.ask("joe");
    QCOMPARE(bench.taken(), one("joe: failed: table users: it is away"));
    QVERIFY(!bench.next());
}

void TestLookupDesk::pausesDoubleUntilHalfAMinute() {
    Bench bench;
    for (const char* key : {"ann", "bob", "eve"}) {
        bench.ask(key);
        bench.fail();
    }
    for (const Milliseconds pause : {1s, 2s, 4s, 8s, 16s, 30s, 30s}) {
        bench.pass(pause - 1ms);
        QCOMPARE(bench.nextKey(), "nothing");
        bench.pass(1ms);
        const auto probe = bench.next();
        QVERIFY(probe && probe->asking == Asking::Probe);
        bench.ask("joe");
        QVERIFY(bench.taken().last().startsWith("joe: failed")); // not before the probe is back
        bench.finish(*probe, Error{ErrorCode::Unavailable, "still away"});
    }
    QCOMPARE(bench.desk.state().trouble, "still away");
}

void TestLookupDesk::aProbeThatSucceedsOpensTheDoor() {
    Bench bench;
    for (const char* key : {"ann", "bob", "eve"}) {
        bench.ask(key);
        bench.fail();
    }
    bench.pass(1s);
    bench.finish(*bench.next(), LookupDesk::Found());
    QVERIFY(!bench.desk.state().isFailing);
    QVERIFY(!bench.desk.isRestless());
    bench.taken();
    bench.ask("joe");
    bench.find("joe@example.org");
    QCOMPARE(bench.taken(), one("joe: joe@example.org"));
}

void TestLookupDesk::aSingleFailureIsProbedToo() {
    Bench bench;
    bench.ask("ann");
    bench.fail();
    QVERIFY(bench.desk.isRestless());
    bench.pass(1s);
    QCOMPARE(bench.nextKey(), "probe");
}

void TestLookupDesk::sinceIsTheFirstFailure() {
    Bench bench;
    const qint64 first = bench.clock.unixNow();
    bench.ask("ann");
    bench.fail();
    bench.clock.advance(60s);
    bench.ask("eve");
    bench.fail(ErrorCode::Invalid, "another cause");
    QCOMPARE(bench.desk.state().since, first);
    QCOMPARE(bench.desk.state().trouble, "another cause");
}

void TestLookupDesk::whatIsWrongWithOneQuestionIsNobodyElsesTrouble() {
    Bench bench;
    for (const ErrorCode code : {ErrorCode::Unsupported, ErrorCode::Corrupt, ErrorCode::Unsupported, ErrorCode::Corrupt}) {
        bench.ask("ann");
        bench.fail(code, "no query_alias");
    }
    QCOMPARE(bench.taken().last(), "ann: failed: table users: no query_alias");
    QVERIFY(!bench.desk.state().isFailing);
    bench.ask("eve");
    QVERIFY(bench.next());
}

void TestLookupDesk::aFoundRowIsKeptForThreeSeconds() {
    Bench bench;
    bench.ask("ann");
    bench.find("old@example.org");
    bench.taken();
    bench.pass(2'999ms);
    bench.ask("ANN");
    QCOMPARE(bench.taken(), one("ANN: old@example.org"));
    bench.pass(1ms);
    bench.ask("ann");
    bench.find("new@example.org");
    QCOMPARE(bench.taken(), one("ann: new@example.org"));
}

void TestLookupDesk::aMissingRowIsKeptForOneSecond() {
    Bench bench;
    bench.ask("ann", Service::Domain);
    bench.miss();
    bench.pass(999ms);
    bench.ask("ann", Service::Domain);
    QCOMPARE(bench.taken(), (QByteArrayList{"ann: -", "ann: -"}));
    bench.pass(1ms);
    bench.ask("ann", Service::Domain);
    QCOMPARE(bench.nextKey(), "ann");
}

void TestLookupDesk::S10_aPasswordIsNeverKept() {
    Bench bench;
    bench.ask("ann", Service::Credentials);
    bench.find("ann:old");
    bench.ask("ann", Service::Credentials);
    bench.find("ann:new");
    QCOMPARE(bench.taken(), (QByteArrayList{"ann: ann:old", "ann: ann:new"}));
}

void TestLookupDesk::theSameQuestionTwiceIsAskedOnce() {
    Bench bench;
    bench.ask("ann");
    const auto job = bench.next();
    bench.ask("ann");
    QVERIFY(!bench.next());
    bench.ask("ann", Service::Userinfo); // another question
    QVERIFY(bench.next());
    bench.finish(*job, LookupDesk::Found{true, "a@b.example", {}, {}});
    QCOMPARE(bench.taken(), (QByteArrayList{"ann: a@b.example", "ann: a@b.example"}));
}

void TestLookupDesk::theSamePasswordQuestionUnderWayIsAskedAgain() {
    Bench bench;
    bench.ask("ann", Service::Credentials);
    QVERIFY(bench.next());
    bench.ask("ann", Service::Credentials);
    QVERIFY(bench.next());
}

void TestLookupDesk::theCacheIsLimited() {
    LookupLimits limits;
    limits.mostCached = 2;
    limits.mostCachedOctets = 10'000;
    Bench bench(limits);
    for (const char* key : {"ann", "bob", "eve"}) {
        bench.ask(key);
        bench.find("x@example.org");
    }
    bench.ask("eve");
    bench.ask("bob");
    QCOMPARE(bench.taken().size(), 5);
    bench.ask("ann"); // the oldest went
    QCOMPARE(bench.nextKey(), "ann");

    bench.ask("large");
    bench.find(QByteArray(20'000, 'x'));
    bench.ask("large"); // too large to be kept
    QCOMPARE(bench.nextKey(), "large");
}

void TestLookupDesk::refreshForgets() {
    Bench bench;
    bench.ask("ann");
    bench.find("x@example.org");
    bench.desk.refresh();
    bench.ask("ann");
    QCOMPARE(bench.nextKey(), "ann");
}

void TestLookupDesk::B05_tooManyQuestionsFail() {
    LookupLimits limits;
    limits.mostWaiting = 3;
    Bench bench(limits);
    for (const char* key : {"a", "b", "c", "d"})
        bench.ask(key);
    QCOMPARE(bench.taken(), one("d: failed: table users: too many questions wait for an answer"));
}

void TestLookupDesk::B07_valuesAreChecked_data() {
    QTest::addColumn<Service>("service");
    QTest::addColumn<QByteArray>("value");
    QTest::addColumn<bool>("isTaken");
    const auto row = [](const char* name, Service service, const QByteArray& value, bool isTaken) {
        QTest::newRow(name) << service << value << isTaken;
    };
    row("an alias with a line end", Service::Alias, "ann\r\nRCPT TO:<x@y>", false);
    row("an alias with a NUL", Service::Alias, QByteArray("ann\0", 4), false);
    row("an alias of blanks", Service::Alias, " ", false);
    row("an alias of 64 KiB", Service::Alias, QByteArray(65'536, 'a'), true);
    row("an alias of more", Service::Alias, QByteArray(65'537, 'a'), false);
    row("userinfo", Service::Userinfo, "1000:1000:/home/ann", true);
    row("userinfo with a name, as until 2014", Service::Userinfo, "ann:1000:1000:/home/ann", true);
    row("userinfo without a home", Service::Userinfo, "1000:1000:", false);
    row("userinfo with a home that is no path", Service::Userinfo, "1000:1000:home", false);
    row("userinfo with a uid that is no number", Service::Userinfo, "1000:wheel:/home", false);
    row("userinfo with the uid that means nobody to the system", Service::Userinfo, "4294967295:0:/home", false);
    row("userinfo with a negative uid", Service::Userinfo, "-1:0:/home", false);
    row("credentials", Service::Credentials, "ann:$6$x$y", true);
    row("credentials without a user", Service::Credentials, ":secret", false);
    row("credentials without a password", Service::Credentials, "ann:", false);
    row("credentials of two octets", Service::Credentials, "ab", false);
    row("a source", Service::Source, "192.0.2.1", true);
    row("a source that is a network", Service::Source, "192.0.2.0/24", false);
    row("a source that is a name", Service::Source, "mx.example.org", false);
    row("a name", Service::Addrname, "mx.example.org", true);
    row("a name with a blank", Service::Addrname, "mx.example.org SIZE=1", false);
    row("a relay", Service::Relayhost, "smtp+tls://label@mx.example.org", true);
    row("a relay with a blank", Service::Relayhost, "smtp://mx x", false);
    row("addresses", Service::Mailaddrmap, "ann@example.org, @example.com", true);
}

void TestLookupDesk::B07_valuesAreChecked() {
    QFETCH(Service, service);
    QFETCH(QByteArray, value);
    QFETCH(bool, isTaken);
    Bench bench;
    bench.ask("key", service);
    bench.find(value);
    const QByteArray answer = bench.answers.value(0);
    QCOMPARE(answer == "key: " + value, isTaken);
    QCOMPARE(answer.startsWith("key: failed: table users: the entry of this key is of no use: the value "), !isTaken);
    QVERIFY(!bench.desk.state().isFailing);
}

void TestLookupDesk::elementsAreTakenInTurn() {
    Bench bench;
    bench.fetch();
    const auto job = bench.next();
    QVERIFY(job && job->asking == Asking::Fetch && job->service == Service::Source);
    bench.finish(*job, LookupDesk::Found{true, {}, {"192.0.2.1", "192.0.2.2"}, {}});
    bench.fetch();
    bench.fetch();
    QCOMPARE(bench.taken(), (QByteArrayList{"fetch: 192.0.2.1", "fetch: 192.0.2.2", "fetch: 192.0.2.1"}));
}

void TestLookupDesk::elementsAreAskedAgainAfterSomeTurns() {
    Bench bench;
    bench.fetch();
    bench.finish(*bench.next(), LookupDesk::Found{true, {}, {"192.0.2.1", "192.0.2.2"}, {60s, 2}});
    bench.fetch();
    bench.fetch();
    QCOMPARE(bench.taken().size(), 2);
    bench.finish(*bench.next(), LookupDesk::Found{true, {}, {"192.0.2.1", "192.0.2.3"}, {60s, 2}});
    QCOMPARE(bench.taken(), one("fetch: 192.0.2.1")); // the turn goes on
}

void TestLookupDesk::elementsAreAskedAgainAfterSomeTime() {
    Bench bench;
    bench.fetch();
    bench.finish(*bench.next(), LookupDesk::Found{true, {}, {"192.0.2.1"}, {60s, 1000}});
    bench.pass(60s);
    bench.fetch();
    QCOMPARE(bench.taken().size(), 1);
    QVERIFY(bench.next());
}

void TestLookupDesk::B07_anElementOfNoUseFails() {
    Bench bench;
    bench.fetch();
    bench.finish(*bench.next(), LookupDesk::Found{true, {}, {"192.0.2.1", "all"}, {}});
    QCOMPARE(bench.taken(), one("fetch: failed: table users: an entry is of no use: the value is not an address of this computer"));
}

void TestLookupDesk::closingAnswersAll() {
    Bench bench;
    bench.ask("ann");
    const auto job = bench.next();
    bench.ask("eve");
    bench.desk.close("the gateway is stopping");
    bench.ask("joe");
    QCOMPARE(bench.taken(), (QByteArrayList{"ann: failed: table users: the gateway is stopping",
                                            "eve: failed: table users: the gateway is stopping",
                                            "joe: failed: table users: it is not asked any more"}));
    QCOMPARE(int(bench.finish(*job, LookupDesk::Found())), int(LookupDesk::Lane::Ends));
}

void TestLookupDesk::aTestAsksEvenDuringAPause() {
    Bench bench;
    for (const char* key : {"ann", "bob", "eve"}) {
        bench.ask(key);
        bench.fail();
    }
    bench.taken();
    LookupResult answer;
    bench.desk.test([&answer](const LookupResult& result) { answer = result; }, bench.clock.steady());
    const auto job = bench.next();
    QVERIFY(job && job->asking == Asking::Probe);
    bench.finish(*job, LookupDesk::Found());
    QVERIFY(answer.found && !answer.failed);
}

QTEST_APPLESS_MAIN(TestLookupDesk)
#include "tst_lookup_desk.moc"
