// SPDX-License-Identifier: GPL-3.0-or-later
//
// `mta limit`: how many connections, how often, how many mails on each. Expected figures are those of the line that sets
// them; the words are smtpd.conf(5)'s.
#include "relay_world.h"

#include "base/log.h"
#include "relay/address_penalties.h"
#include "relay/connection_ledger.h"

#include <QRegularExpression>
#include <QTest>

using namespace postern;
using namespace postern::relay;
using namespace postern::test;
using namespace std::chrono_literals;

namespace {

std::vector<RelayJob> jobs(World& world, int n) {
    std::vector<RelayJob> out;
    for (int i = 0; i < n; ++i)
        out.push_back(world.job());
    return out;
}

} // namespace

class TestRelayLimits : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() { setLogToStandardError(false); }
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void connectionsAtOnce_data() {
        QTest::addColumn<int policy::MtaLimits::*>("limit");
        QTest::addRow("max-conn-per-host") << &policy::MtaLimits::maxConnPerHost;
        QTest::addRow("max-conn-per-route") << &policy::MtaLimits::maxConnPerRoute;
        QTest::addRow("max-conn-per-source") << &policy::MtaLimits::maxConnPerSource;
        QTest::addRow("max-conn-per-connector") << &policy::MtaLimits::maxConnPerConnector;
        QTest::addRow("max-conn-per-relay") << &policy::MtaLimits::maxConnPerRelay;
        QTest::addRow("max-conn-per-domain") << &policy::MtaLimits::maxConnPerDomain;
    }
    void connectionsAtOnce() {
        QFETCH(int policy::MtaLimits::*, limit);
        for (const int most : {1, 3}) {
            World w;
            w.settings.mta.*limit = most;
            w.useUrl("smtp://hop.example");
            w.worker->submit(jobs(w, 200));
            w.settle();
            QCOMPARE(w.hop().mails.size(), size_t(200));
            QCOMPARE(w.hop().mostOpen, most);
        }
    }

    void aLimitOfNoneSendsNothingAndLosesNothing() {
        World w;
        w.settings.mta.maxConnPerHost = 0;
        w.useUrl("smtp://hop.example");
        w.submit(w.job());
        w.pass(1h);
        QCOMPARE(w.hop().connects, 0);
        w.worker.reset();
        QCOMPARE(w.results(), QByteArray("T(untried)"));
    }

    void oneHostOfTwoDomains() { // per host, not per route
        World w;
        w.settings.mta.maxConnPerHost = 2;
        w.useUrl("smtp://hop.example");
        std::vector<RelayJob> all = jobs(w, 100);
        for (size_t i = 0; i < all.size(); i += 2)
            all[i].delivery.route = "other";
        w.worker->submit(std::move(all));
        w.settle();
        for (int i = 0; i < 200 && w.reports.size() < 100; ++i)
            w.pass(1s);
        QCOMPARE(w.hop().mails.size(), size_t(100));
        QCOMPARE(w.hop().mostOpen, 2);
    }

    void delays_data() {
        QTest::addColumn<int policy::MtaLimits::*>("delay");
        QTest::addRow("conn-delay-host") << &policy::MtaLimits::connDelayHost;
        QTest::addRow("conn-delay-route") << &policy::MtaLimits::connDelayRoute;
        QTest::addRow("conn-delay-source") << &policy::MtaLimits::connDelaySource;
        QTest::addRow("conn-delay-connector") << &policy::MtaLimits::connDelayConnector;
        QTest::addRow("conn-delay-relay") << &policy::MtaLimits::connDelayRelay;
        QTest::addRow("conn-delay-domain") << &policy::MtaLimits::connDelayDomain;
        QTest::addRow("reconn-delay-route") << &policy::MtaLimits::reconnDelayRoute;
    }
    void delays() {
        QFETCH(int policy::MtaLimits::*, delay);
        World w;
        w.settings.mta.*delay = 7;
        w.settings.mta.maxConnPerHost = 1;
        w.settings.mta.sessionMailMax = 1;
        w.useUrl("smtp://hop.example");
        w.worker->submit(jobs(w, 2));
        w.settle();
        QCOMPARE(w.results(), QByteArray("D"));
        w.pass(6s);
        QCOMPARE(w.hop().connects, 1);
        w.pass(1s);
        QCOMPARE(w.hop().connects, 2);
        QCOMPARE(w.results(), QByteArray("D | D"));
    }

    void aDomainHasItsOwn() { // `mta limit for domain`
        World w;
        w.settings.mtaByDomain["hop.example"].maxConnPerHost = 2;
        w.useUrl("smtp://hop.example");
        w.worker->submit(jobs(w, 100));
        w.settle();
        QCOMPARE(w.hop().mostOpen, 2);

        World mx; // by the recipients' domain, when it goes by MX
        mx.settings.mtaByDomain["b.example"].sessionMailMax = 1;
        mx.resolver->setMx("b.example", {{10, "hop.example"}});
        mx.submit(mx.job());
        mx.submit(mx.job());
        QCOMPARE(mx.results(), QByteArray("D | D"));
        QCOMPARE(mx.hop().connects, 2);
    }

    void families_data() {
        QTest::addColumn<int>("family");
        QTest::addColumn<QByteArray>("peer");
        QTest::addRow("inet4") << 4 << QByteArray("hop.example [192.0.2.1]:25");
        QTest::addRow("inet6") << 6 << QByteArray("hop.example [2001:db8::1]:25");
    }
    void families() {
        QFETCH(int, family);
        QFETCH(QByteArray, peer);
        World w;
        w.settings.mta.family = family;
        w.useUrl("smtp://hop.example");
        w.resolver->setAddresses("hop.example", {"192.0.2.1", "2001:db8::1"});
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("D"));
        QCOMPARE(w.reports[0].peer, peer);

        World none;
        none.settings.mta.family = family;
        none.useUrl("smtp://hop.example");
        none.resolver->setAddresses("hop.example", {family == 4 ? "2001:db8::1" : "192.0.2.1"});
        none.submit(none.job());
        QCOMPARE(none.results(), QByteArray("T(untried)"));
        QVERIFY2(none.lastText().startsWith("Address family mismatch on destination MXs"), none.lastText().constData());
        QCOMPARE(none.net.sources.size(), qsizetype(0));
    }

    void mailsAndPausesOfASession() {
        World w;
        w.settings.mta.sessionTransactionDelay = 5;
        w.settings.mta.sessionKeepalive = 2; // does not end a pause of ours
        w.useUrl("smtp://hop.example");
        w.settings.mta.maxConnPerHost = 1;
        w.worker->submit(jobs(w, 3));
        w.settle();
        QCOMPARE(w.results(), QByteArray("D"));
        w.pass(4s);
        QCOMPARE(w.results(), QByteArray("D"));
        w.pass(1s);
        QCOMPARE(w.results(), QByteArray("D | D"));
        w.pass(5s);
        QCOMPARE(w.results(), QByteArray("D | D | D"));
        QCOMPARE(w.hop().connects, 1);
    }

    void failuresEndASession_data() {
        QTest::addColumn<int>("most");
        QTest::addRow("max-failures-per-session 2") << 2;
        QTest::addRow("max-failures-per-session 4") << 4;
    }
    void failuresEndASession() {
        QFETCH(int, most);
        World w;
        w.settings.mta.maxFailuresPerSession = most;
        w.settings.mta.maxConnPerHost = 1;
        w.useUrl("smtp://hop.example");
        w.hop().rcptReply = {{"x@b.example", "550 5.1.1 no"}};
        std::vector<RelayJob> all;
        for (int i = 0; i < 8; ++i) // each has one that is taken, so no row of failures ends it
            all.push_back(w.job({"a@b.example", "x@b.example"}));
        w.worker->submit(std::move(all));
        w.settle();
        QCOMPARE(w.reports.size(), size_t(8));
        QCOMPARE(w.hop().connects, 8 / most);
    }

    void equalMxShareTheLoad() { // S15: several routes within limits, an error counts against its own
        World w;
        w.settings.mta.maxConnPerHost = 2;
        std::vector<dns::MxHost> hosts;
        for (int i = 1; i <= 4; ++i) {
            const QByteArray n = QByteArray::number(i);
            hosts.push_back({10, "mx" + n + ".example"});
            w.resolver->setAddresses("mx" + n + ".example", {"192.0.2.1" + n});
        }
        hosts.push_back({20, "worse.example"});
        w.resolver->setAddresses("worse.example", {"192.0.2.99"});
        w.resolver->setMx("b.example", hosts);
        w.hop("192.0.2.13:25").connect = FakeHop::Connect::Refused;
        w.worker->submit(jobs(w, 400));
        w.settle();
        for (int i = 0; i < 60 && w.reports.size() < 400; ++i)
            w.pass(1s);
        QVERIFY(std::all_of(w.reports.begin(), w.reports.end(),
                            [](const RelayReport& each) { return each.outcomes[0].result == queue::TryResult::Delivered; }));
        for (const char* key : {"192.0.2.11:25", "192.0.2.12:25", "192.0.2.14:25"}) {
            QVERIFY2(w.hop(key).mails.size() > 0, key);
            QVERIFY2(w.hop(key).mostOpen <= 2, key);
        }
        QCOMPARE(w.hop("192.0.2.99:25").connects, 0); // the better ones only waited for their limits
    }

    void aHostKnownDeadGetsOneProbe() { // standards 10.6, R11
        AddressPenalties penalties;
        SteadyTime now{};
        penalties.failed("192.0.2.1:25", now, "no");
        now += 1min;
        QVERIFY(!penalties.isBlocked("192.0.2.1:25", now));
        penalties.probing("192.0.2.1:25", now);
        QVERIFY(penalties.isBlocked("192.0.2.1:25", now));
        penalties.failed("192.0.2.1:25", now, "still no");
        QCOMPARE(penalties.remaining("192.0.2.1:25", now), Milliseconds(2min));
        penalties.probing("192.0.2.9:25", now); // one that never failed is nobody's alone
        QVERIFY(!penalties.isBlocked("192.0.2.9:25", now));
    }

    void theLedgerCountsAcrossThreads() {
        ConnectionLedger ledger;
        policy::MtaLimits limits;
        limits.maxConnPerSource = 2;
        const SteadyTime now{};
        const ConnectionLedger::Place a{"r1", "d1", "192.0.2.101", "192.0.2.1"}, b{"r2", "d2", "192.0.2.101", "192.0.2.2"},
            other{"r2", "d2", "192.0.2.102", "192.0.2.2"};
        QVERIFY(ledger.open(a, limits, now) && ledger.open(b, limits, now));
        QVERIFY(!ledger.open(a, limits, now));
        QCOMPARE(ledger.wait(a, limits, now, true), ConnectionLedger::kUntilOneCloses);
        QCOMPARE(ledger.wait(a, limits, now, false), Milliseconds(0)); // whose source is not chosen yet
        QVERIFY(ledger.open(other, limits, now));
        ledger.closed(b, now);
        QVERIFY(ledger.open(a, limits, now));
        QCOMPARE(ledger.openTo("192.0.2.1"), 2);
    }
};

QTEST_GUILESS_MAIN(TestRelayLimits)
#include "tst_relay_limits.moc"
