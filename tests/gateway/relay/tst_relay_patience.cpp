// SPDX-License-Identifier: GPL-3.0-or-later
//
// How long a next hop that says nothing is waited for at each step, by the fake clock: a second less and the mail is still
// on its way, a second more and it is back in the queue. Times: RFC 5321 §4.5.3.2. R10.
#include "relay_world.h"

#include "base/log.h"
#include "support/fake_table.h"

#include <QRegularExpression>
#include <QTest>

using namespace postern;
using namespace postern::relay;
using namespace postern::test;
using namespace std::chrono_literals;

class TestRelayPatience : public QObject {
    Q_OBJECT

    // Time passes in steps, as it does for a timer; nothing may take longer because it is looked at often.
    static void passSlowly(World& w, Milliseconds time) {
        for (Milliseconds left = time; left > Milliseconds(0); left -= std::min(left, Milliseconds(10s)))
            w.pass(std::min(left, Milliseconds(10s)));
    }
    static std::vector<RelayReport> verdicts(const World& w) {
        std::vector<RelayReport> out;
        std::copy_if(w.reports.begin(), w.reports.end(), std::back_inserter(out),
                     [](const RelayReport& each) { return !each.stalled; });
        return out;
    }

  private Q_SLOTS:
    void initTestCase() { setLogToStandardError(false); }
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void eachStepHasItsTime_data() {
        QTest::addColumn<QByteArray>("silentAt");
        QTest::addColumn<qint64>("seconds");
        QTest::addColumn<QByteArray>("says");
        const auto row = [](const char* name, const char* at, Seconds time, const char* says) {
            QTest::addRow("%s", name) << QByteArray(at) << qint64(time.count()) << QByteArray(says);
        };
        row("4.5.3.2.1 greeting, 5 minutes", "greeting", 5min, "its greeting");
        row("EHLO, 5 minutes", "EHLO", 5min, "the reply to EHLO");
        row("STARTTLS, 5 minutes", "STARTTLS", 5min, "the reply to STARTTLS");
        row("AUTH, 5 minutes", "AUTH", 5min, "the reply to AUTH PLAIN");
        row("4.5.3.2.2 MAIL, 5 minutes", "MAIL", 5min, "the reply to MAIL");
        row("4.5.3.2.3 RCPT, 5 minutes", "RCPT", 5min, "the reply to RCPT");
        row("4.5.3.2.4 DATA, 2 minutes", "DATA", 2min, "the reply to DATA");
        row("4.5.3.2.6 the final dot, 10 minutes", ".", 10min, "its word on the whole message");
    }
    void eachStepHasItsTime() {
        QFETCH(QByteArray, silentAt);
        QFETCH(qint64, seconds);
        QFETCH(QByteArray, says);
        World w;
        w.useUrl("smtp+tls://office@hop.example:587");
        w.spec.credentials = std::make_shared<FakeTable>("secrets", std::vector<std::pair<QByteArray, QByteArray>>{
                                                                        {"office", "carol:s3cret"}});
        FakeHop& hop = w.hop("192.0.2.1:587");
        hop.keywords = {"STARTTLS", "AUTH PLAIN"}; // no PIPELINING: one step at a time
        if (silentAt == "greeting")
            hop.greeting = "";
        else
            hop.silentAt = silentAt;
        w.submit(w.job());
        passSlowly(w, Seconds(seconds) - 1s);
        QVERIFY2(verdicts(w).empty(), verdicts(w).empty() ? "" : verdicts(w)[0].outcomes[0].text.constData());
        passSlowly(w, 2s);
        QCOMPARE(verdicts(w).size(), size_t(1));
        const queue::TryOutcome outcome = verdicts(w)[0].outcomes[0];
        QVERIFY(outcome.result == queue::TryResult::Temporary);
        QVERIFY2(outcome.text.contains(says) && outcome.text.contains("hop.example [192.0.2.1]:587"), outcome.text.constData());
        QCOMPARE(hop.open, 0); // not only given up: closed
    }

    void aBlockOfContentHasThreeMinutes() { // 4.5.3.2.5
        World w;
        w.useUrl("smtp://hop.example");
        const QByteArray content = QByteArray("0123456789012345678901234567890123456789012345678901234567890\r\n").repeated(20'000);
        w.files.put("/q/body", content);
        w.hop().stopsReadingAfter = 1;
        RelayJob job = w.job();
        job.body = std::make_shared<queue::Body>(queue::Body{{}, "/q/body", content.size()});
        w.submit(std::move(job));
        passSlowly(w, 3min - 1s);
        QVERIFY(verdicts(w).empty());
        passSlowly(w, 2s);
        QCOMPARE(verdicts(w).size(), size_t(1));
        QVERIFY(verdicts(w)[0].outcomes[0].result == queue::TryResult::Temporary);
        QVERIFY(w.hop().mails.empty());
    }

    void connectingHasThirtySeconds() { // the stream's own time, which the worker gives
        World w;
        w.useUrl("smtp://hop.example");
        w.hop().connect = FakeHop::Connect::Silent;
        w.submit(w.job());
        QCOMPARE(w.connectPatience.front(), Milliseconds(30s));
        passSlowly(w, 36s);
        QCOMPARE(w.results(), QByteArray("T"));
    }

    void quitIsNotWaitedFor() { // standards 10: at most 5 s, and nobody else waits for it
        World w;
        w.useUrl("smtp://hop.example");
        w.settings.mta.sessionMailMax = 1;
        w.settings.mta.maxConnPerHost = 1;
        w.hop().silentAt = "QUIT";
        w.submit(w.job());
        w.submit(w.job());
        passSlowly(w, 6s);
        QCOMPARE(w.results(), QByteArray("D | D"));
        QVERIFY(w.hop().open <= 1);
        passSlowly(w, 6s);
        QCOMPARE(w.hop().open, 0);
    }

    void othersAreServedBesideOneThatHangs_data() { // R10: others relayed meanwhile
        QTest::addColumn<QByteArray>("silentAt");
        for (const char* at : {"EHLO", "MAIL", "RCPT", "DATA", "."})
            QTest::addRow("hangs at %s", at) << QByteArray(at);
    }
    void othersAreServedBesideOneThatHangs() {
        QFETCH(QByteArray, silentAt);
        World w;
        w.resolver->setAddresses("good.example", {"192.0.2.2"});
        w.useUrl("smtp://hop.example");
        w.hop().silentAt = silentAt;
        w.submit(w.job());
        w.useUrl("smtp://good.example");
        for (int i = 0; i < 5; ++i) {
            RelayJob job = w.job();
            job.delivery.route = "good";
            w.submit(std::move(job));
        }
        QCOMPARE(w.results(), QByteArray("D | D | D | D | D"));
    }

    void oneThatStopsAnsweringShowsAfterHalfAMinute() {
        World w;
        w.useUrl("smtp://hop.example");
        w.submit(w.job());
        w.hop().silentAt = ".";
        w.submit(w.job());
        passSlowly(w, 29s);
        QCOMPARE(w.reports.size(), size_t(1));
        passSlowly(w, 2s);
        QCOMPARE(w.reports.size(), size_t(2));
        QCOMPARE(w.reports[1].stalled, std::optional(true));
        QCOMPARE(w.reports[1].route, QByteArray("route"));
        QCOMPARE(w.reports[1].routeText,
                 QByteArray("hop.example [192.0.2.1]:25 has stopped answering in the middle of a message; we are waiting for "
                            "its word on the whole message; it may have taken it"));
        passSlowly(w, 10min);
        QCOMPARE(verdicts(w).size(), size_t(2));
        QVERIFY(std::any_of(w.reports.begin(), w.reports.end(), [](const RelayReport& r) { return r.stalled == std::optional(false); }));
    }

    void oneThatDripsIsNotStalledAndNotWaitedForLonger() { // one octet now and then is no reply
        World w;
        w.useUrl("smtp://hop.example");
        w.hop().silentAt = "MAIL";
        w.submit(w.job());
        for (int i = 0; i < 31; ++i) {
            w.net.drip("192.0.2.1:25", "2");
            w.pass(10s);
        }
        QCOMPARE(verdicts(w).size(), size_t(1));
    }
};

QTEST_GUILESS_MAIN(TestRelayPatience)
#include "tst_relay_patience.moc"
