// SPDX-License-Identifier: GPL-3.0-or-later
//
// Deliveries to next hops of every temper: each envelope is reported exactly once, and what must not be sent is not.
// One file on purpose: every case is a few lines over the same make-believe internet, set up in relay_world.h.
#include "base/log.h"
#include "relay/address_penalties.h"
#include "relay_world.h"
#include "support/fake_table.h"

#include <QRegularExpression>
#include <QTest>

using namespace postern;
using namespace postern::relay;
using namespace postern::test;
using namespace std::chrono_literals;

class TestRelayWorker : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() { setLogToStandardError(false); }
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void aHopThatRefusesConnectionsIsNamedAndLeftAlone() { // R11
        World w;
        w.useUrl("smtp://hop.example");
        w.hop().connect = FakeHop::Connect::Refused;
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("T"));
        QCOMPARE(w.lastText(), QByteArray("cannot reach hop.example [192.0.2.1]:25: connection to 192.0.2.1 refused"));
        QVERIFY(w.reports[0].routeFailed);
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("T | T(untried)"));
        QCOMPARE(w.hop().connects, 1);
        w.pass(61s); // the first penalty is over
        w.hop().connect = FakeHop::Connect::Yes;
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("T | T(untried) | D"));
    }

    void forgettingFailuresTriesAtOnce() {
        World w;
        w.useUrl("smtp://hop.example");
        w.hop().connect = FakeHop::Connect::Refused;
        w.submit(w.job());
        w.hop().connect = FakeHop::Connect::Yes;
        w.worker->forgetFailures();
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("T | D"));
    }

    void oneFailureSpeaksForAllThatWait() { // R11: one probe, not 10 000
        World w;
        w.useUrl("smtp://hop.example");
        w.hop().connect = FakeHop::Connect::Refused;
        std::vector<RelayJob> jobs;
        for (int i = 0; i < 100; ++i)
            jobs.push_back(w.job());
        w.worker->submit(std::move(jobs));
        w.settle();
        QCOMPARE(w.reports.size(), size_t(100));
        QCOMPARE(w.hop().connects, 1);
    }

    void theNextAddressIsTried() {
        World w;
        w.useUrl("smtp://hop.example");
        w.resolver->setAddresses("hop.example", {"2001:db8::1", "192.0.2.1"});
        w.hop("2001:db8::1:25").connect = FakeHop::Connect::Refused;
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("D"));
        QCOMPARE(w.reports[0].peer, QByteArray("hop.example [192.0.2.1]:25"));
    }

    void aBlackHoledFamilyHoldsUpTheOtherForSecondsOnly() { // D14
        World w;
        w.useUrl("smtp://hop.example");
        w.resolver->setAddresses("hop.example", {"2001:db8::1", "192.0.2.1"});
        w.hop("2001:db8::1:25").connect = FakeHop::Connect::Refused;
        w.submit(w.job());
        QCOMPARE(w.connectPatience.size(), size_t(2));
        QVERIFY(w.connectPatience[0] < 10s);
        QCOMPARE(w.connectPatience[1], Milliseconds(30s));
    }

    void penaltiesGrowAndAreForgiven() { // standards 10.6: a minute, doubled, at most an hour
        AddressPenalties penalties;
        const SteadyTime now{};
        std::vector<qint64> seconds;
        for (int i = 0; i < 4; ++i) {
            penalties.failed("192.0.2.1:25", now, "no");
            seconds.push_back(penalties.remaining("192.0.2.1:25", now).count() / 1000);
        }
        QCOMPARE(seconds, (std::vector<qint64>{60, 120, 240, 480}));
        for (int i = 0; i < 100; ++i)
            penalties.failed("192.0.2.1:25", now, "no");
        QCOMPARE(penalties.remaining("192.0.2.1:25", now), Milliseconds(1h));
        QVERIFY(!penalties.isBlocked("192.0.2.1:587", now));
        penalties.worked("192.0.2.1:25");
        QVERIFY(!penalties.isBlocked("192.0.2.1:25", now));
    }

    void noMoreAddressesThanAllowed() { // standards 10.5
        World w(RelayLimits{.maxAddressesTried = 3});
        w.useUrl("smtp://hop.example");
        QByteArrayList addresses;
        for (int i = 1; i < 9; ++i) {
            addresses.append("192.0.2." + QByteArray::number(i));
            w.hop(addresses.back() + ":25").connect = FakeHop::Connect::Refused;
        }
        w.resolver->setAddresses("hop.example", addresses);
        w.submit(w.job());
        QCOMPARE(w.net.sources.size(), qsizetype(3));
    }

    void everyRecipientItsOwnFate() { // standards 10.9
        World w;
        w.useUrl("smtp://hop.example");
        w.hop().rcptReply = {{"b@b.example", "450 4.2.0 later"}, {"c@b.example", "550 5.1.1 no such user"}};
        w.submit(w.job({"a@b.example", "b@b.example", "c@b.example", "bad address", "d@b.example"}));
        QCOMPARE(w.results(), QByteArray("D T P P D"));
        QCOMPARE(w.reports[0].outcomes[2].text,
                 QByteArray("hop.example [192.0.2.1]:25 said: 550 5.1.1 no such user (in reply to RCPT)"));
        QCOMPARE(w.reports[0].outcomes[3].text, QByteArray("5.1.3 this address cannot be sent: bad address"));
        QVERIFY(w.reports[0].routeWorked);
        QCOMPARE(w.hop().mails, std::vector<QByteArray>{kContent});
    }

    void tlsOutcomes_data() { // relay-urls 5, T10, T11, D13
        QTest::addColumn<QByteArray>("url");
        QTest::addColumn<QByteArray>("keywords");
        QTest::addColumn<QByteArray>("tlsTrouble");
        QTest::addColumn<QByteArray>("results");
        QTest::addColumn<QByteArray>("tls");
        QTest::addColumn<QByteArray>("text");
        const auto row = [](const char* name, const char* url, const char* keywords, const char* trouble, const char* results,
                            const char* tls, const char* text) {
            QTest::addRow("%s", name) << QByteArray(url) << QByteArray(keywords) << QByteArray(trouble) << QByteArray(results)
                                      << QByteArray(tls) << QByteArray(text);
        };
        row("T10 required, not offered", "smtp+tls://hop.example", "", "", "T", "",
            "TLS required but not supported by remote host: hop.example [192.0.2.1]:25 does not offer STARTTLS");
        row("T11 required, wrong name", "smtp+tls://hop.example", "STARTTLS", "certificate is for other.example, not for hop.example",
            "T", "", "TLS with hop.example [192.0.2.1]:25 failed: certificate is for other.example, not for hop.example");
        row("T11 wrapped, expired", "smtps://hop.example", "", "certificate expired on 2025-01-01", "T", "",
            "TLS with hop.example [192.0.2.1]:465 failed: certificate expired on 2025-01-01");
        row("opportunistic, handshake fails: once more in clear", "smtp://hop.example", "STARTTLS", "protocol error", "D", "", "");
        row("opportunistic, not offered: in clear", "smtp://hop.example", "", "", "D", "", "");
        row("opportunistic, offered", "smtp://hop.example", "STARTTLS", "", "D", "TLSv1.3", "");
        row("required, offered", "smtp+tls://hop.example", "STARTTLS", "", "D", "TLSv1.3", "");
        row("wrapped", "smtps://hop.example", "", "", "D", "TLSv1.3", "");
        row("never, offered", "smtp+notls://hop.example", "STARTTLS", "", "D", "", "");
    }
    void tlsOutcomes() {
        QFETCH(QByteArray, url);
        QFETCH(QByteArray, keywords);
        QFETCH(QByteArray, tlsTrouble);
        QFETCH(QByteArray, results);
        QFETCH(QByteArray, tls);
        QFETCH(QByteArray, text);
        World w;
        w.useUrl(url);
        for (const char* key : {"192.0.2.1:25", "192.0.2.1:465"}) {
            w.hop(key).keywords = {"PIPELINING", keywords};
            w.hop(key).tlsTrouble = tlsTrouble;
        }
        w.submit(w.job());
        QCOMPARE(w.results(), results);
        QCOMPARE(w.reports[0].tls, tls);
        if (results == "T") {
            QCOMPARE(w.lastText(), text);
            QVERIFY(w.reports[0].routeFailed);
            QVERIFY(!w.hop().saw("MAIL") && !w.hop("192.0.2.1:465").saw("MAIL")); // nothing of the message in clear
        }
    }

    void eitherGoesOnToPort465() { // relay-urls 2, "any"
        World w;
        w.useUrl("secure://hop.example", policy::Era::Legacy);
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("D"));
        QCOMPARE(w.reports[0].peer, QByteArray("hop.example [192.0.2.1]:465"));
        QVERIFY(!w.hop("192.0.2.1:25").saw("MAIL"));
    }

    void eitherOnOnePortTakesSilenceForTls() { // relay-urls 2, "any": both attempts use the port that is given
        World w;
        w.useUrl("secure://hop.example:2465", policy::Era::Legacy);
        w.hop("192.0.2.1:2465").greeting = ""; // waits for TLS; nobody waits five minutes for its greeting
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray());
        w.pass(Milliseconds(14'000));
        QCOMPARE(w.hop("192.0.2.1:2465").connects, 1);
        w.pass(Milliseconds(2'000));
        QCOMPARE(w.hop("192.0.2.1:2465").connects, 2);
    }

    void signsInWithTheLabelsCredentials() { // relay-urls 7
        World w;
        w.useUrl("smtp+tls://Office@hop.example:587");
        w.hop("192.0.2.1:587").keywords = {"PIPELINING", "STARTTLS", "AUTH PLAIN"};
        w.spec.credentials = std::make_shared<FakeTable>("secrets", std::vector<std::pair<QByteArray, QByteArray>>{
                                                                        {"office", "carol:s3:cret"}});
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("D"));
        QVERIFY(w.hop("192.0.2.1:587").saw("*AUTH PLAIN " + QByteArray("\0carol\0s3:cret", 14).toBase64()));
        QVERIFY(!w.hop("192.0.2.1:587").saw("AUTH"));
    }

    void signInTroubles_data() {
        QTest::addColumn<QByteArray>("entry"); // "key=value", "-" = no table, "!" = cannot be asked
        QTest::addColumn<QByteArray>("text");
        QTest::addRow("a label without a table") << QByteArray("-")
            << QByteArray("No auth table for relaying: the relay asks for label \"office\", but its action names no auth table");
        QTest::addRow("no entry") << QByteArray("bulk=a:b")
            << QByteArray("Could not retrieve credentials: table \"secrets\" has no entry for label \"office\"");
        QTest::addRow("a broken entry") << QByteArray("office=:s3cret")
            << QByteArray("Could not retrieve credentials: the entry for label \"office\" in table \"secrets\" is not "
                          "\"user:password\" with both parts");
        QTest::addRow("a table that is down") << QByteArray("!")
            << QByteArray("Could not retrieve credentials: table \"secrets\" could not be asked for label \"office\": is away");
        QTest::addRow("a wrong password") << QByteArray("office=carol:s3cret")
            << QByteArray("hop.example [192.0.2.1]:587 said: 535 5.7.8 bad credentials (in reply to AUTH PLAIN)");
        QTest::addRow("a value without colon is a password for the label") << QByteArray("office=s3cret")
            << QByteArray("hop.example [192.0.2.1]:587 said: 535 5.7.8 bad credentials (in reply to AUTH PLAIN)");
    }
    void signInTroubles() {
        QFETCH(QByteArray, entry);
        QFETCH(QByteArray, text);
        World w;
        w.useUrl("smtp+tls://office@hop.example:587");
        w.resolver->setAddresses("hop.example", {"192.0.2.1", "192.0.2.2"});
        for (const char* key : {"192.0.2.1:587", "192.0.2.2:587"}) {
            w.hop(key).keywords = {"STARTTLS", "AUTH PLAIN"};
            w.hop(key).authReply = "535 5.7.8 bad credentials";
        }
        if (entry != "-") {
            const qsizetype equals = entry.indexOf('=');
            auto table = std::make_shared<FakeTable>("secrets", std::vector<std::pair<QByteArray, QByteArray>>{
                                                                    {entry.left(equals), entry.mid(equals + 1)}});
            table->trouble = entry == "!" ? "is away" : "";
            w.spec.credentials = table;
        }
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("T")); // mail stays queued
        QCOMPARE(w.lastText(), text);
        QVERIFY(w.reports[0].routeFailed && !w.reports[0].routeText.contains("s3cret"));
        QVERIFY(w.hop("192.0.2.2:587").connects == 0); // a wrong password is not said twice
        QVERIFY(!w.hop("192.0.2.1:587").saw("MAIL") && !w.hop("192.0.2.1:587").saw("*MAIL"));
    }

    void severalConnectionsOnceProven() {
        World w;
        w.settings.mta.maxConnPerRoute = 4;
        w.useUrl("smtp://hop.example");
        std::vector<RelayJob> jobs;
        for (int i = 0; i < 300; ++i)
            jobs.push_back(w.job());
        w.worker->submit(std::move(jobs));
        w.settle();
        QCOMPARE(w.reports.size(), size_t(300));
        QCOMPARE(w.hop().mails.size(), size_t(300));
        QVERIFY(std::all_of(w.reportsOf.begin(), w.reportsOf.end(), [](const auto& each) { return each.second == 1; }));
        QCOMPARE(w.hop().mostOpen, 4);
    }

    void aRefusedFurtherConnectionHarmsNothing() {
        World w;
        w.settings.mta.maxConnPerRoute = 4;
        w.settings.mta.sessionMailMax = 1000;
        w.useUrl("smtp://hop.example");
        std::vector<RelayJob> jobs;
        for (int i = 0; i < 40; ++i)
            jobs.push_back(w.job());
        w.worker->submit(std::move(jobs));
        while (w.hop().connects < 2) {
            w.resolver->deliver();
            w.net.deliver();
            QCoreApplication::sendPostedEvents();
        }
        w.hop().greeting = "421 4.7.0 too many connections";
        w.settle();
        QCOMPARE(w.hop().mails.size(), size_t(40));
        for (const RelayReport& report : w.reports)
            QCOMPARE(report.outcomes[0].result, queue::TryResult::Delivered);
    }

    void connectionsAreReusedThenLetGo() { // standards 10.11
        World w;
        w.settings.mta.sessionMailMax = 2;
        w.useUrl("smtp://hop.example");
        for (int i = 0; i < 3; ++i)
            w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("D | D | D"));
        QCOMPARE(w.hop().connects, 2);
        QCOMPARE(w.worker->connections(), 1);
        w.pass(9s);
        QCOMPARE(w.worker->connections(), 1);
        w.pass(2s); // keep-alive is over
        QCOMPARE(w.worker->connections(), 0);
        QCOMPARE(w.hop().commands.count("QUIT"), qsizetype(2));
        QCOMPARE(w.hop().open, 0);
    }

    void aKeptConnectionThatWasClosedCostsNoTry_data() {
        QTest::addColumn<bool>("atMail");
        QTest::addRow("closed while idle") << false;
        QTest::addRow("closed instead of answering MAIL") << true;
    }
    void aKeptConnectionThatWasClosedCostsNoTry() {
        QFETCH(bool, atMail);
        World w;
        w.useUrl("smtp://hop.example");
        w.hop().closeAtMail = atMail ? 2 : 0;
        w.submit(w.job());
        if (!atMail)
            w.net.hangUp("192.0.2.1:25");
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("D | D"));
        QCOMPARE(w.hop().connects, 2);
    }

    void aKeptConnectionThatSaysGoodbyeIsNoPlaceForMail_data() {
        QTest::addColumn<bool>("hasRate");
        QTest::addRow("mail comes between QUIT and its answer") << false;
        QTest::addRow("mail that max-rate held back goes on in that moment") << true;
    }
    void aKeptConnectionThatSaysGoodbyeIsNoPlaceForMail() {
        QFETCH(bool, hasRate);
        World w;
        w.useUrl("smtp://hop.example");
        if (hasRate)
            w.spec.maxRate = {1, 10}; // as long as a connection is kept
        w.submit(w.job());
        if (hasRate)
            w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("D"));
        w.clock.advance(10s);
        w.worker->tick();
        if (!hasRate)
            w.submit(w.job());
        w.settle();
        w.pass(1s);
        QCOMPARE(w.results(), QByteArray("D | D"));
        QCOMPARE(w.hop().connects, 2);
    }

    void lostAfterTheFinalDotIsTemporaryAndNotSentAgain() { // standards 10.10
        World w;
        w.useUrl("smtp://hop.example");
        w.submit(w.job());
        w.hop().closeAt = ".";
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("D | T"));
        QCOMPARE(w.hop().mails.size(), size_t(2));
    }

    void trouble_data() { // D12, R10 through the whole worker
        QTest::addColumn<QByteArray>("what");
        QTest::addColumn<QByteArray>("results");
        for (const char* at : {"EHLO", "MAIL", "RCPT", "DATA", "."})
            QTest::addRow("D12 closed at %s", at) << "close " + QByteArray(at) << QByteArray("T");
        QTest::addRow("D12 greeting 421") << QByteArray("greeting 421 4.3.2 no") << QByteArray("T");
        QTest::addRow("D12 greeting 554, by URL: the mail stays queued") << QByteArray("greeting 554 no") << QByteArray("T");
        QTest::addRow("D12 MAIL 421") << QByteArray("mail 421 4.3.2 no") << QByteArray("T");
        QTest::addRow("D12 MAIL 451") << QByteArray("mail 451 4.3.0 no") << QByteArray("T");
        QTest::addRow("D12 MAIL 550") << QByteArray("mail 550 5.7.1 no") << QByteArray("P");
        QTest::addRow("D12 DATA 451") << QByteArray("data 451 4.3.0 no") << QByteArray("T");
        QTest::addRow("D12 DATA 554") << QByteArray("data 554 5.7.1 no") << QByteArray("P");
        QTest::addRow("D12 dot 451") << QByteArray("dot 451 4.3.0 no") << QByteArray("T");
        QTest::addRow("D12 dot 554") << QByteArray("dot 554 5.6.0 no") << QByteArray("P");
        QTest::addRow("D10 dot nonsense") << QByteArray("dot what?") << QByteArray("T");
        QTest::addRow("R10 silent after connecting") << QByteArray("mute") << QByteArray("T");
        QTest::addRow("R10 never connects") << QByteArray("silent") << QByteArray("T");
    }
    void trouble() {
        QFETCH(QByteArray, what);
        QFETCH(QByteArray, results);
        World w;
        w.useUrl("smtp://hop.example");
        const QByteArray value = what.mid(what.indexOf(' ') + 1);
        FakeHop& hop = w.hop();
        if (what.startsWith("close"))
            hop.closeAt = value;
        else if (what.startsWith("greeting"))
            hop.greeting = value;
        else if (what.startsWith("mail"))
            hop.mailReply = value;
        else if (what.startsWith("data"))
            hop.dataReply = value;
        else if (what.startsWith("dot"))
            hop.dotReply = value;
        else if (what == "mute")
            hop.mute = true;
        else
            hop.connect = FakeHop::Connect::Silent;
        w.submit(w.job());
        if (what == "mute" || what == "silent") {
            QVERIFY(w.reports.empty());
            w.pass(6min);
        }
        QCOMPARE(w.results(), results);
        QVERIFY2(w.lastText().contains("hop.example [192.0.2.1]:25"), w.lastText().constData());
    }

    void allMxThatTakeNoMailIsPermanent() { // RFC 7504
        World w;
        w.resolver->setMx("b.example", {{10, "mx1.example"}, {20, "mx2.example"}});
        w.resolver->setAddresses("mx1.example", {"192.0.2.11"});
        w.resolver->setAddresses("mx2.example", {"192.0.2.12"});
        w.hop("192.0.2.11:25").greeting = "521 no mail here";
        w.hop("192.0.2.12:25").greeting = "521 nor here";
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("P"));
        QVERIFY(!w.reports[0].routeFailed);
        World other;
        other.resolver->setMx("b.example", {{10, "mx1.example"}, {20, "mx2.example"}});
        other.resolver->setAddresses("mx1.example", {"192.0.2.11"});
        other.resolver->setAddresses("mx2.example", {"192.0.2.12"});
        other.hop("192.0.2.11:25").greeting = "521 no mail here";
        other.submit(other.job());
        QCOMPARE(other.results(), QByteArray("D"));
    }

    void aDomainThatTakesNoMailIsPermanent() { // RFC 7505
        World w;
        w.resolver->setMx("b.example", {{0, ""}});
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("P"));
        QCOMPARE(w.net.sources.size(), qsizetype(0));
    }

    void theHostTableGivesOneUrlPerDelivery() {
        World w;
        w.spec.hostTable = std::make_shared<FakeTable>(
            "upstreams", std::vector<std::pair<QByteArray, QByteArray>>{{"smtp://[192.0.2.1]", ""}, {"smtp://[192.0.2.2]", ""}});
        for (int i = 0; i < 4; ++i)
            w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("D | D | D | D"));
        QCOMPARE(w.hop("192.0.2.1:25").mails.size(), size_t(2));
        QCOMPARE(w.hop("192.0.2.2:25").mails.size(), size_t(2));
        QCOMPARE(w.reports[0].route, QByteArray("route"));
    }

    void aHostTableInTroubleIsTemporary() { // D16
        World w;
        auto table = std::make_shared<FakeTable>("upstreams");
        w.spec.hostTable = table;
        w.submit(w.job());
        QCOMPARE(w.lastText(), QByteArray("Could not retrieve relay: table \"upstreams\" is empty"));
        table->trouble = "is away";
        w.submit(w.job());
        QCOMPARE(w.lastText(), QByteArray("Could not retrieve relay: table \"upstreams\" could not be asked: is away"));
        table->trouble.clear();
        table->entries = {{"gopher://u:s3cret@h", ""}};
        w.submit(w.job());
        QVERIFY2(w.lastText().startsWith("Could not retrieve relay: table \"upstreams\" holds a URL that cannot be used"),
                 w.lastText().constData());
        QCOMPARE(w.results(), QByteArray("T | T | T"));
    }

    void theSourceAddressComesFromItsTable() { // D15
        World w;
        w.useUrl("smtp://hop.example");
        w.spec.source = std::make_shared<FakeTable>(
            "out", std::vector<std::pair<QByteArray, QByteArray>>{{"192.0.2.101", ""}, {"2001:db8::5", ""}});
        w.submit(w.job());
        QCOMPARE(w.net.sources, QByteArrayList{"192.0.2.101"});
        w.pass(1min);
        w.submit(w.job()); // the turn of one that cannot reach it: passed over
        QCOMPARE(w.net.sources, (QByteArrayList{"192.0.2.101", "192.0.2.101"}));
        QCOMPARE(w.results(), QByteArray("D | D"));
    }

    void noSourceOfTheRightFamilyIsSaid() {
        World w;
        w.useUrl("smtp://hop.example");
        w.spec.source = std::make_shared<FakeTable>("out", std::vector<std::pair<QByteArray, QByteArray>>{{"2001:db8::5", ""}});
        w.submit(w.job());
        QCOMPARE(w.results(), QByteArray("T"));
        QCOMPARE(w.lastText(), QByteArray("Address family mismatch: source 2001:db8::5 cannot reach hop.example [192.0.2.1]:25"));
    }

    void theSenderIsOverridden_data() {
        QTest::addColumn<QByteArray>("mailFrom");
        QTest::addColumn<QByteArray>("sender");
        QTest::addColumn<QByteArray>("command");
        QTest::addRow("user") << QByteArray("scans") << QByteArray("me@a.example") << QByteArray("MAIL FROM:<scans@a.example>");
        QTest::addRow("@domain") << QByteArray("@c.example") << QByteArray("me@a.example") << QByteArray("MAIL FROM:<me@c.example>");
        QTest::addRow("user@domain") << QByteArray("x@c.example") << QByteArray("me@a.example") << QByteArray("MAIL FROM:<x@c.example>");
        QTest::addRow("never a bounce's") << QByteArray("x@c.example") << QByteArray() << QByteArray("MAIL FROM:<>");
    }
    void theSenderIsOverridden() {
        QFETCH(QByteArray, mailFrom);
        QFETCH(QByteArray, sender);
        QFETCH(QByteArray, command);
        World w;
        w.useUrl("smtp://hop.example");
        w.spec.mailFrom = mailFrom;
        w.spec.helo = "out.example";
        w.submit(w.job({"a@b.example"}, sender));
        QVERIFY(w.hop().saw(command));
        QVERIFY(w.hop().saw("EHLO out.example"));
    }

    void largeContentComesFromItsFile() {
        World w;
        w.useUrl("smtp://hop.example");
        const QByteArray content = QByteArray(".a line of text, seventy octets or so, with a dot at its start .......\r\n").repeated(9000);
        w.files.put("/q/body", content);
        RelayJob job = w.job();
        job.body = std::make_shared<queue::Body>(queue::Body{{}, "/q/body", content.size()});
        w.submit(std::move(job));
        QCOMPARE(w.results(), QByteArray("D"));
        QCOMPARE(w.hop().mails.size(), size_t(1));
        QVERIFY(w.hop().mails[0] == content);
    }

    void aSpoiledContentFileIsNeverSentAsAWholeMessage_data() {
        QTest::addColumn<bool>("exists");
        QTest::addRow("shorter than it was") << true;
        QTest::addRow("gone") << false;
    }
    void aSpoiledContentFileIsNeverSentAsAWholeMessage() {
        QFETCH(bool, exists);
        World w;
        w.useUrl("smtp://hop.example");
        if (exists)
            w.files.put("/q/body", QByteArray(100'000, 'x'));
        RelayJob job = w.job();
        job.body = std::make_shared<queue::Body>(queue::Body{{}, "/q/body", 200'000});
        w.submit(std::move(job));
        QCOMPARE(w.results(), QByteArray("T"));
        QVERIFY(w.hop().mails.empty());
        QVERIFY2(w.lastText().contains(exists ? "ends after" : "/q/body"), w.lastText().constData());
    }

    void drainingFinishesWhatBeganAndGivesBackTheRest() {
        World w;
        w.settings.mta.maxConnPerRoute = 1;
        w.useUrl("smtp://hop.example");
        w.submit(w.job()); // a connection stands, idle
        std::vector<RelayJob> jobs;
        for (int i = 0; i < 3; ++i)
            jobs.push_back(w.job());
        w.worker->submit(std::move(jobs)); // one is on its way, two wait
        bool done = false;
        w.worker->drain(10s, [&] { done = true; });
        QVERIFY(!done);
        w.submit(w.job());
        w.pass(1s);
        QVERIFY(done);
        QCOMPARE(w.results(), QByteArray("D | T(untried) | T(untried) | T(untried) | D"));
        QCOMPARE(w.hop().open, 0);
    }

    void drainingEndsWhenItsTimeIsOver() {
        World w;
        w.useUrl("smtp://hop.example");
        w.submit(w.job());
        w.hop().mute = true;
        w.submit(w.job()); // on its way, and no answer comes
        bool done = false;
        w.worker->drain(5s, [&] { done = true; });
        w.settle();
        w.pass(4s);
        w.pass(2s);
        QVERIFY(done);
        QCOMPARE(w.results(), QByteArray("D | T"));
        QCOMPARE(w.lastText(), QByteArray("the gateway stopped before the next hop answered"));
    }

    void theEndOfDrainingMayDestroyTheWorker() {
        World w;
        w.useUrl("smtp://hop.example");
        w.submit(w.job());
        w.worker->drain(5s, [&] { w.worker.reset(); });
        w.settle();
        w.worker->tick();
        QVERIFY(!w.worker);
    }

    void destroyingItReportsEverything() {
        World w;
        w.useUrl("smtp://hop.example");
        w.hop().mute = true;
        std::vector<RelayJob> jobs;
        for (int i = 0; i < 3; ++i)
            jobs.push_back(w.job());
        w.worker->submit(std::move(jobs));
        w.worker.reset();
        QCOMPARE(w.reports.size(), size_t(3));
    }
};

QTEST_GUILESS_MAIN(TestRelayWorker)
#include "tst_relay_worker.moc"
