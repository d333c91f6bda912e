// SPDX-License-Identifier: GPL-3.0-or-later
//
// Postern's own words behind a relay: `order`, `max-rate`, `max-connections`. Expected figures follow from the words: a share
// of 3 beside one of 1 is three of four, a rate of 3 in a minute is never more than 3 in any minute.
#include "relay_world.h"

#include "base/log.h"
#include "relay/host_lists.h"
#include "relay/sending_rate.h"
#include "support/fake_table.h"

#include <QRegularExpression>
#include <QTest>

using namespace postern;
using namespace postern::relay;
using namespace postern::test;
using namespace std::chrono_literals;

using policy::RelayOrder;

namespace {

constexpr char kFile[] = "/t/upstreams";

policy::RelaySpec listed(RelayOrder order) {
    policy::RelaySpec spec;
    spec.hostTable = std::make_shared<FakeTable>("upstreams");
    spec.hostFile = kFile;
    spec.order = order;
    return spec;
}

// The hosts that n deliveries are sent to, "a b a"; several for one delivery as "a,b".
QByteArray picks(HostLists& lists, const policy::RelaySpec& spec, int n) {
    QByteArrayList out;
    for (int i = 0; i < n; ++i) {
        const auto urls = lists.next(spec, SteadyTime{} + i * 1s);
        if (!urls)
            return urls.error().text;
        QByteArrayList hosts;
        for (const policy::RelayUrl& url : *urls)
            hosts.append(url.host());
        out.append(hosts.join(','));
    }
    return out.join(' ');
}

std::vector<RelayJob> jobs(World& world, int n, const QByteArray& action = "out", const QByteArray& route = "route") {
    std::vector<RelayJob> out;
    for (int i = 0; i < n; ++i) {
        out.push_back(world.job());
        out.back().action = action;
        out.back().delivery.route = route;
    }
    return out;
}

} // namespace

class TestRelayOrders : public QObject {
    Q_OBJECT

    static HostLists::Random noChance() {
        return [](quint32) -> quint32 { qFatal("only `order random` draws lots"); };
    }
    // A list of three; the deliveries go to the first that takes them.
    static void useFailover(World& w) {
        w.files.put(kFile, "smtp://[192.0.2.3]\nsmtp://[192.0.2.1]\nsmtp://[192.0.2.2]\n");
        w.spec = listed(RelayOrder::Failover);
    }

  private Q_SLOTS:
    void initTestCase() { setLogToStandardError(false); }
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    // --- which relay ---

    void picksByOrder_data() {
        QTest::addColumn<RelayOrder>("order");
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("expected");
        const QByteArray three = "smtp://c\nsmtp://a\nsmtp://b\n";
        QTest::addRow("in turn, by the bytes of the URLs") << RelayOrder::RoundRobin << three << QByteArray("a b c a b c");
        QTest::addRow("fail-over: all, as written") << RelayOrder::Failover << three << QByteArray("c,a,b c,a,b");
        QTest::addRow("a share of 3 beside 1, spread") << RelayOrder::Ratio << QByteArray("smtp://a 3\nsmtp://b 1\n")
                                                       << QByteArray("a a b a a a b a");
        QTest::addRow("without shares all are equal") << RelayOrder::Ratio << three << QByteArray("c a b c a b");
        QTest::addRow("one alone, whatever its share") << RelayOrder::Ratio << QByteArray("smtp://a 1000\n") << QByteArray("a a");
    }
    void picksByOrder() {
        QFETCH(RelayOrder, order);
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, expected);
        MemoryFileStore files;
        files.put(kFile, text);
        HostLists lists(files, noChance());
        QCOMPARE(picks(lists, listed(order), int(expected.count(' ')) + 1), expected);
    }

    void sharesHoldInEachRound() {
        MemoryFileStore files;
        files.put(kFile, "smtp://a 5\nsmtp://b 3\nsmtp://c 2\n");
        HostLists lists(files, noChance());
        const policy::RelaySpec spec = listed(RelayOrder::Ratio);
        for (int round = 0; round < 100; ++round) {
            const QByteArray ten = picks(lists, spec, 10);
            QCOMPARE(ten.count('a'), qsizetype(5));
            QCOMPARE(ten.count('b'), qsizetype(3));
            QCOMPARE(ten.count('c'), qsizetype(2));
        }
    }

    void atRandomEachIsDrawn() {
        MemoryFileStore files;
        files.put(kFile, "smtp://a\nsmtp://b\nsmtp://c\n");
        std::vector<quint32> lots{2, 0, 1, 1};
        size_t drawn = 0;
        bool ofThree = true;
        HostLists lists(files, [&](quint32 below) {
            ofThree = ofThree && below == 3;
            return lots[drawn++];
        });
        QCOMPARE(picks(lists, listed(RelayOrder::Random), 4), QByteArray("c a b b"));
        QVERIFY(ofThree);
    }

    void aListInTheConfigurationIsFollowedToo() { // no file: the table itself, and another table of that name is another list
        MemoryFileStore files;
        HostLists lists(files, noChance());
        policy::RelaySpec spec;
        spec.order = RelayOrder::Ratio;
        spec.hostTable = std::make_shared<FakeTable>("t", std::vector<std::pair<QByteArray, QByteArray>>{
                                                             {"smtp://a", "2"}, {"smtp://b", "1"}});
        QVERIFY(HostLists::isListed(spec));
        QCOMPARE(picks(lists, spec, 6), QByteArray("a b a a b a"));
        spec.hostTable = std::make_shared<FakeTable>("t", std::vector<std::pair<QByteArray, QByteArray>>{{"smtp://c", "1"}});
        QCOMPARE(picks(lists, spec, 2), QByteArray("c c"));
        spec.hostTable = std::make_shared<FakeTable>("t");
        QCOMPARE(picks(lists, spec, 1), QByteArray("is empty"));
    }

    void S07_aChangedListChangesTheOrder() {
        World w;
        useFailover(w);
        w.submit(w.job());
        QCOMPARE(w.reports.back().peer, QByteArray("[192.0.2.3]:25"));
        w.files.put(kFile, "smtp://[192.0.2.1]\nsmtp://[192.0.2.3]\n");
        w.submit(w.job());
        QCOMPARE(w.reports.back().peer, QByteArray("[192.0.2.1]:25"));
        w.files.put(kFile, "smtp://[192.0.2.1\n"); // half written: the one from before
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("D | D | D"));
        QCOMPARE(w.hop("192.0.2.1:25").mails.size(), size_t(2));
    }

    // --- fail-over ---

    void failoverTriesTheNextOneWithinTheDelivery_data() {
        QTest::addColumn<bool>("isRefused");
        QTest::addColumn<QByteArray>("greeting");
        QTest::addColumn<QByteArray>("mailReply");
        const QByteArray fine = "250 2.1.0 ok";
        QTest::addRow("the first refuses connections") << true << QByteArray() << fine;
        QTest::addRow("the first says 421") << false << QByteArray("421 4.3.2 closed") << fine;
        QTest::addRow("the first says 554") << false << QByteArray("554 5.3.2 closed") << fine;
        QTest::addRow("the first says later to MAIL") << false << QByteArray("220 ready") << QByteArray("451 4.3.0 later");
    }
    void failoverTriesTheNextOneWithinTheDelivery() {
        QFETCH(bool, isRefused);
        QFETCH(QByteArray, greeting);
        QFETCH(QByteArray, mailReply);
        World w;
        useFailover(w);
        FakeHop& first = w.hop("192.0.2.3:25");
        if (isRefused)
            first.connect = FakeHop::Connect::Refused;
        first.greeting = greeting;
        first.mailReply = mailReply;
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("D"));
        QCOMPARE(w.hop("192.0.2.1:25").mails.size(), size_t(1));
        QCOMPARE(w.hop("192.0.2.2:25").connects, 0);
    }

    void failoverReturnsToTheFirst() {
        World w;
        useFailover(w);
        w.hop("192.0.2.3:25").connect = FakeHop::Connect::Refused;
        w.submit(w.job());
        QCOMPARE(w.hop("192.0.2.1:25").mails.size(), size_t(1));
        w.hop("192.0.2.3:25").connect = FakeHop::Connect::Yes;
        for (int i = 0; i < 65; ++i) // it is left alone for a minute
            w.pass(1s);
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("D | D"));
        QCOMPARE(w.hop("192.0.2.3:25").mails.size(), size_t(1));
    }

    void failoverReturnsToTheFirstThoughTheSecondIsBusy() {
        World w;
        useFailover(w);
        w.hop("192.0.2.3:25").connect = FakeHop::Connect::Refused;
        w.submit(w.job());
        w.hop("192.0.2.3:25").connect = FakeHop::Connect::Yes;
        for (int i = 0; i < 200 && w.hop("192.0.2.3:25").mails.empty(); ++i) { // never idle for as long as its keepalive
            w.pass(1s);
            w.submit(w.job());
        }
        QCOMPARE(w.hop("192.0.2.3:25").mails.size(), size_t(1));
    }

    void failoverWithAllAwayWaits() {
        World w;
        useFailover(w);
        for (const char* key : {"192.0.2.1:25", "192.0.2.2:25", "192.0.2.3:25"})
            w.hop(key).connect = FakeHop::Connect::Refused;
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("T"));
        QVERIFY(w.reports[0].routeFailed);
        for (const char* key : {"192.0.2.1", "192.0.2.2", "192.0.2.3"})
            QVERIFY2(w.lastText().contains(key), w.lastText().constData());
    }

    // --- `max-rate` ---

    void noMoreThanTheRateInAnyStretch() {
        World w;
        w.useUrl("smtp://hop.example");
        w.spec.maxRate = {3, 60};
        w.worker->submit(jobs(w, 7));
        w.settle();
        QCOMPARE(w.reports.size(), size_t(3));
        w.pass(59s);
        QCOMPARE(w.reports.size(), size_t(3));
        w.pass(1s);
        QCOMPARE(w.reports.size(), size_t(6));
        w.pass(59s);
        QCOMPARE(w.reports.size(), size_t(6));
        w.pass(1s);
        QCOMPARE(w.results(), QByteArray("D | D | D | D | D | D | D"));
    }

    void theRateIsThatOfTheAction() {
        World w;
        w.useUrl("smtp://hop.example");
        w.spec.maxRate = {3, 60};
        w.worker->submit(jobs(w, 2, "out", "one"));
        w.worker->submit(jobs(w, 2, "out", "two")); // another route of the same action
        w.worker->submit(jobs(w, 2, "other", "three"));
        w.settle();
        QCOMPARE(w.reports.size(), size_t(5));
        w.worker.reset(); // what waits is given back as not tried
        QCOMPARE(w.results().count("D"), qsizetype(5));
        QCOMPARE(w.results().count("T(untried)"), qsizetype(1));
    }

    void theRateSlidesAndCostsNothingUntilTaken() {
        SendingRate rate;
        const policy::RelayRate two{2, 10};
        const SteadyTime start{};
        QVERIFY(rate.mayGo("a", two, start) && rate.mayGo("a", two, start) && rate.mayGo("a", two, start));
        QVERIFY(rate.take("a", two, start));
        QVERIFY(rate.take("a", two, start + 6s));
        QVERIFY(!rate.take("a", two, start + 9999ms));
        QVERIFY(rate.take("a", two, start + 10s)); // the first is out; that of 6 s still counts
        QVERIFY(!rate.take("a", two, start + 15s) && !rate.mayGo("a", two, start + 15s));
        QVERIFY(rate.take("a", two, start + 16s));
        QVERIFY(rate.take("b", two, start + 16s));
        QVERIFY(rate.take("a", {}, start + 16s)); // no rate
    }

    // --- `max-connections` ---

    void connectionsOfTheActionTogether() {
        for (const int most : {1, 3}) {
            World w;
            w.useUrl("smtp://hop.example");
            w.spec.maxConnections = most;
            w.worker->submit(jobs(w, 200));
            w.settle();
            QCOMPARE(w.hop().mails.size(), size_t(200));
            QCOMPARE(w.hop().mostOpen, most);
        }
    }

    void connectionsOfTwoRoutesAreOneCount() {
        World w;
        w.spec.maxConnections = 2;
        w.useUrl("smtp://[192.0.2.1]");
        std::vector<RelayJob> all = jobs(w, 100, "out", "one");
        w.useUrl("smtp://[192.0.2.2]");
        for (RelayJob& job : jobs(w, 100, "out", "two"))
            all.push_back(std::move(job));
        w.worker->submit(std::move(all));
        w.settle();
        int most = w.worker->connections();
        for (int i = 0; i < 200 && w.reports.size() < 200; ++i) {
            w.pass(1s);
            most = std::max(most, w.worker->connections());
        }
        QCOMPARE(w.hop("192.0.2.1:25").mails.size() + w.hop("192.0.2.2:25").mails.size(), size_t(200));
        QVERIFY2(most <= 2, QByteArray::number(most).constData());
    }

    void theLedgerKeepsActionsApart() {
        ConnectionLedger ledger;
        const policy::MtaLimits limits;
        const SteadyTime now{};
        const ConnectionLedger::Place a{"r1", "d1", "", "192.0.2.1", "out", 1}, b{"r2", "d2", "", "192.0.2.2", "out", 1},
            other{"r3", "d3", "", "192.0.2.3", "other", 1};
        QVERIFY(ledger.open(a, limits, now));
        QVERIFY(!ledger.open(b, limits, now));
        QCOMPARE(ledger.wait(b, limits, now, true), ConnectionLedger::kUntilOneCloses);
        QVERIFY(ledger.open(other, limits, now));
        ledger.closed(a, now);
        QVERIFY(ledger.open(b, limits, now));
    }
};

QTEST_GUILESS_MAIN(TestRelayOrders)
#include "tst_relay_orders.moc"
