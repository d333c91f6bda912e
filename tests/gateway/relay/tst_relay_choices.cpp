// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the words of an action choose for each delivery: the relay (host list, table of domains), our own address, the name
// we greet with, and the next host when one says "later".
#include "relay_world.h"

#include "base/log.h"
#include "support/fake_table.h"
#include "support/test_certs.h"

#include <QRegularExpression>
#include <QTest>

using namespace postern;
using namespace postern::relay;
using namespace postern::test;
using namespace std::chrono_literals;

using Pairs = std::vector<std::pair<QByteArray, QByteArray>>;

class TestRelayChoices : public QObject {
    Q_OBJECT

    static tables::TablePtr table(const char* name, Pairs entries) {
        return std::make_shared<FakeTable>(name, std::move(entries));
    }

  private Q_SLOTS:
    void initTestCase() { setLogToStandardError(false); }
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    // --- `domain TABLE` ---

    void theDomainFindsTheRelay() {
        World w;
        w.spec.hostByDomain = table("routes", {{"b.example", "smtp://[192.0.2.1]:2525"}, {"c.example", "smtp://[192.0.2.2]"}});
        w.submit(w.job());
        RelayJob other = w.job({"a@c.example"});
        other.domain = "c.example";
        other.delivery.route = "other";
        w.submit(std::move(other));
        QCOMPARE(w.results(), QByteArray("D | D"));
        QCOMPARE(w.hop("192.0.2.1:2525").mails.size(), size_t(1));
        QCOMPARE(w.hop("192.0.2.2:25").mails.size(), size_t(1));
    }

    void aTableOfDomainsInTroubleIsTemporary() {
        World w;
        auto routes = std::make_shared<FakeTable>("routes", Pairs{{"c.example", "smtp://[192.0.2.2]"}});
        w.spec.hostByDomain = routes;
        w.submit(w.job());
        QCOMPARE(w.lastText(), QByteArray("Could not retrieve relay: table \"routes\" has no relay for the domain b.example"));
        routes->trouble = "is away";
        w.submit(w.job());
        QCOMPARE(w.lastText(), QByteArray("Could not retrieve relay: table \"routes\" could not be asked: is away"));
        routes->trouble.clear();
        routes->entries = {{"b.example", "gopher://x"}};
        w.submit(w.job());
        QVERIFY2(w.lastText().contains("holds a URL that cannot be used"), w.lastText().constData());
        QCOMPARE(w.results(), QByteArray("T | T | T"));
    }

    // --- `host TABLE` from a file ---

    void S07_aChangedListIsUsedForTheNextDelivery() {
        World w;
        w.files.put("/t/upstreams", "# two\nsmtp://[192.0.2.2]\nsmtp://[192.0.2.1]\n");
        w.spec.hostTable = table("upstreams", {{"smtp://[192.0.2.9]", ""}}); // as it was at the start
        w.spec.hostFile = "/t/upstreams";
        for (int i = 0; i < 4; ++i)
            w.submit(w.job());
        QCOMPARE(w.hop("192.0.2.1:25").mails.size(), size_t(2));
        QCOMPARE(w.hop("192.0.2.2:25").mails.size(), size_t(2));
        w.files.put("/t/upstreams", "smtp://[192.0.2.3]\n");
        w.submit(w.job());
        QCOMPARE(w.hop("192.0.2.3:25").mails.size(), size_t(1));
        QCOMPARE(w.results(), QByteArray("D | D | D | D | D"));
        QCOMPARE(w.hop("192.0.2.9:25").connects, 0);
    }

    void aListThatDoesNotReadLeavesTheOldOne_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addRow("empty") << QByteArray("\n");
        QTest::addRow("half written") << QByteArray("smtp://[192.0.2.3]\nsmtp://[192");
        QTest::addRow("another scheme") << QByteArray("gopher://[192.0.2.3]\n");
    }
    void aListThatDoesNotReadLeavesTheOldOne() {
        QFETCH(QByteArray, text);
        World w;
        w.files.put("/t/upstreams", "smtp://[192.0.2.1]\n");
        w.spec.hostTable = table("upstreams", {});
        w.spec.hostFile = "/t/upstreams";
        w.submit(w.job());
        w.files.put("/t/upstreams", text);
        w.submit(w.job());
        QCOMPARE(w.hop("192.0.2.1:25").mails.size(), size_t(2));
    }

    void aListThatNeverReadIsTemporary() {
        World w;
        w.spec.hostTable = table("upstreams", {});
        w.spec.hostFile = "/t/upstreams";
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("T"));
        QVERIFY2(w.lastText().startsWith("Could not retrieve relay: table \"upstreams\" could not be asked: cannot open /t/upstreams"),
                 w.lastText().constData());
        w.files.put("/t/upstreams", "\n");
        w.submit(w.job());
        QCOMPARE(w.lastText(), QByteArray("Could not retrieve relay: table \"upstreams\" is empty (/t/upstreams)"));
    }

    // --- `src TABLE` ---

    void S12_sourcesTakeTurnsAndOneThatIsGoneIsLeftOutUntilItIsBack() { // D15
        World w;
        w.useUrl("smtp://hop.example");
        w.settings.mta.sessionMailMax = 1;
        w.spec.source = table("out", {{"192.0.2.101", ""}, {"192.0.2.102", ""}, {"192.0.2.103", ""}});
        for (int i = 0; i < 3; ++i)
            w.submit(w.job());
        QCOMPARE(w.net.sources, (QByteArrayList{"192.0.2.101", "192.0.2.102", "192.0.2.103"}));
        w.net.badSources = {"192.0.2.102"};
        w.net.sources.clear();
        for (int i = 0; i < 4; ++i)
            w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("D | D | D | D | D | D | D")); // nobody's mail waits for it
        QCOMPARE(w.net.sources.count("192.0.2.102"), qsizetype(1));     // noticed once, then left out
        QCOMPARE(w.net.sources.count("192.0.2.101") + w.net.sources.count("192.0.2.103"), qsizetype(4));
        w.net.badSources.clear();
        w.net.sources.clear();
        w.pass(61s);
        for (int i = 0; i < 3; ++i)
            w.submit(w.job());
        QCOMPARE(w.net.sources.count("192.0.2.102"), qsizetype(1));
    }

    void whenNoSourceIsLeftTheReasonIsSaid() {
        World w;
        w.useUrl("smtp://hop.example");
        w.spec.source = table("out", {{"192.0.2.101", ""}, {"192.0.2.102", ""}});
        w.net.badSources = {"192.0.2.101", "192.0.2.102"};
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("T"));
        QVERIFY2(w.lastText().contains("source address 192.0.2.10"), w.lastText().constData());
        QVERIFY(w.reports[0].routeFailed);
    }

    void aSourceThatThePeerRefusesIsLeftOutThere() { // standards 10.12
        World w;
        w.useUrl("smtp://hop.example");
        w.settings.mta.sessionMailMax = 1;
        w.spec.source = table("out", {{"192.0.2.101", ""}, {"192.0.2.102", ""}});
        w.hop().greetingTo = {{"192.0.2.101", "554 5.7.1 blocked"}};
        w.submit(w.job()); // tried from the first: this hop fails, but from the second it is not tried within one delivery
        w.net.sources.clear();
        for (int i = 0; i < 3; ++i)
            w.submit(w.job());
        QCOMPARE(w.net.sources, (QByteArrayList{"192.0.2.102", "192.0.2.102", "192.0.2.102"}));
    }

    // --- `helo-src TABLE` ---

    void theNameFollowsTheSource() {
        World w;
        w.useUrl("smtp://hop.example");
        w.settings.mta.sessionMailMax = 1;
        w.spec.source = table("out", {{"192.0.2.101", ""}, {"192.0.2.102", ""}, {"192.0.2.103", ""}});
        w.spec.heloBySource = table("names", {{"192.0.2.101", "one.example"}, {"192.0.2.102", "two.example"}});
        for (int i = 0; i < 3; ++i)
            w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("D | D | D"));
        QVERIFY(w.hop().saw("EHLO one.example") && w.hop().saw("EHLO two.example"));
        QVERIFY(!w.net.sources.contains("192.0.2.103")); // it has no name, so it is passed over
    }

    void theNameFollowsTheAddressThatTheSystemChose() {
        World w;
        w.useUrl("smtp://hop.example");
        w.spec.heloBySource = table("names", {{"192.0.2.200", "chosen.example"}});
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("D"));
        QVERIFY(w.hop().saw("EHLO chosen.example"));

        World none;
        none.useUrl("smtp://hop.example");
        none.spec.heloBySource = table("names", {{"192.0.2.201", "other.example"}});
        none.submit(none.job());
        QCOMPARE(none.results(), QByteArray("T"));
        QCOMPARE(none.lastText(),
                 QByteArray("Failed to retrieve helo string: table \"names\" has no name for the address 192.0.2.200"));
        QVERIFY(!none.hop().saw("EHLO"));
    }

    void aTableOfNamesThatIsAwayIsTemporary() {
        World w;
        w.useUrl("smtp://hop.example");
        auto names = std::make_shared<FakeTable>("names");
        names->trouble = "is away";
        w.spec.heloBySource = names;
        w.submit(w.job());
        QCOMPARE(w.lastText(), QByteArray("Failed to retrieve helo string: table \"names\" could not be asked: is away"));
    }

    // --- the next host, now ---

    void laterToMailGoesToTheNextMxAtOnce() { // standards 10.8
        World w;
        w.resolver->setMx("b.example", {{10, "mx1.example"}, {20, "mx2.example"}});
        w.resolver->setAddresses("mx1.example", {"192.0.2.11", "2001:db8::11"});
        w.resolver->setAddresses("mx2.example", {"192.0.2.12"});
        w.hop("192.0.2.11:25").mailReply = "451 4.3.0 later";
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("D"));
        QCOMPARE(w.reports[0].peer, QByteArray("mx2.example [192.0.2.12]:25"));
        QCOMPARE(w.hop("[2001:db8::11]:25").connects, 0); // the same host under another address says the same

        w.hop("192.0.2.11:25").mailReply = "250 2.1.0 ok"; // the next mail tries the better one again
        w.submit(w.job());
        QCOMPARE(w.hop("192.0.2.11:25").mails.back(), kContent);
        QCOMPARE(w.hop("192.0.2.12:25").open, 0); // the detour was for one mail
    }

    void laterFromAllKeepsTheFirstOnesWords_data() {
        QTest::addColumn<bool>("secondAnswers");
        QTest::addRow("the second says later, too") << true;
        QTest::addRow("the second cannot be reached") << false;
    }
    void laterFromAllKeepsTheFirstOnesWords() {
        QFETCH(bool, secondAnswers);
        World w;
        w.resolver->setMx("b.example", {{10, "mx1.example"}, {20, "mx2.example"}});
        w.resolver->setAddresses("mx1.example", {"192.0.2.11"});
        w.resolver->setAddresses("mx2.example", {"192.0.2.12"});
        w.hop("192.0.2.11:25").mailReply = "451 4.3.0 first says later";
        w.hop("192.0.2.12:25").mailReply = "452 4.3.1 second says later";
        if (!secondAnswers)
            w.hop("192.0.2.12:25").connect = FakeHop::Connect::Refused;
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("T"));
        QVERIFY2(w.lastText().contains(secondAnswers ? "second says later" : "first says later"), w.lastText().constData());
        QCOMPARE(w.reportsOf.begin()->second, 1);
    }

    void laterToMailWithoutAnotherHostWaits() {
        World w;
        w.useUrl("smtp://hop.example");
        w.resolver->setAddresses("hop.example", {"192.0.2.1", "192.0.2.2"});
        w.hop("192.0.2.1:25").mailReply = "451 4.3.0 later";
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("T"));
        QCOMPARE(w.hop("192.0.2.2:25").connects, 0);
    }

    void aConnectionOfEarlierWordsTakesNoMoreMail_data() {
        QTest::addColumn<QByteArray>("change");
        for (const char* change : {"TLS demanded", "certificates looked at", "another authority", "another login",
                                   "another certificate of ours", "other ciphers"})
            QTest::addRow("%s", change) << QByteArray(change);
    }
    void aConnectionOfEarlierWordsTakesNoMoreMail() { // a reload: mail must not leave by a session that was made without them
        QFETCH(QByteArray, change);
        World w;
        w.useUrl("smtp://hop.example");
        w.hop().keywords = {"PIPELINING", "STARTTLS"};
        w.submit(w.job());
        w.submit(w.job());
        QCOMPARE(w.hop().connects, 1);
        if (change == "TLS demanded")
            w.spec.tlsRequired = true;
        else if (change == "certificates looked at")
            w.spec.verify = true;
        else if (change == "another authority")
            w.spec.caFile = "/other.pem";
        else if (change == "another login")
            w.spec.credentialsName = "others";
        RelayJob job = w.job();
        TestCerts certs;
        const CertificateFiles files = certs.server("me.example");
        if (change == "another certificate of ours")
            job.identity = tls::loadIdentity(files.certFile, files.keyFile).value().identity;
        else if (change == "other ciphers")
            job.handshakes = tls::makeClientRules({.tls12 = false}).value();
        w.submit(std::move(job));
        QCOMPARE(w.results(), QByteArray("D | D | D"));
        QCOMPARE(w.hop().connects, 2);
        QCOMPARE(w.hop().commands.count("*QUIT"), qsizetype(1));
    }
};

QTEST_GUILESS_MAIN(TestRelayChoices)
#include "tst_relay_choices.moc"
