// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a fault looks like on the Overview: who, where, what it means for the mail, what to do. The problems are worded as
// the engine words them.
#include "support/fake_clock.h"
#include "support/fake_facade.h"
#include "window/overview/needs_you.h"

#include <QTest>

using namespace postern;
using namespace postern::window;
using namespace Qt::StringLiterals;

namespace {

const LinkState kThere{true, true, true, true, {}, 0};

control::Status withProblem(const control::Problem& problem) {
    test::FakeClock clock;
    test::FakeFacade facade;
    facade.emptyCatchingProfile(clock.unixNow());
    facade.status.problems = {problem};
    return facade.status;
}

control::Problem brokenConfig() {
    return {control::Gravity::Error, u"config"_s, u"The configuration has an error and was not taken"_s,
            u"/etc/smtpd.conf:2:1: error: unknown statement \"acton\"; did you mean \"action\"?."_s, u"/etc/smtpd.conf:2"_s};
}

} // namespace

class TestNeedsYou final : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void aListenerThatDidNotOpenSaysWhyAndWhere() {
        const auto banner = needsYou(kThere, withProblem({control::Gravity::Error, u"listener:127.0.0.1:25"_s,
                                                          u"Nothing can be received on 127.0.0.1:25"_s,
                                                          u"cannot listen on 127.0.0.1:25: port 25 on 127.0.0.1 is taken by master (process 7); "
                                                          "stop that program or use another port"_s,
                                                          u"/etc/smtpd.conf:4"_s}))
                                .first();
        QVERIFY2(banner.text.startsWith(u"Port 25 on 127.0.0.1 is taken by master (process 7); stop that program or use another port."),
                 qPrintable(banner.text));
        QVERIFY(banner.text.contains(u"/etc/smtpd.conf:4"));
        QCOMPARE(banner.button, u"Try again"_s);
        QCOMPARE(buttonRemedy(banner.id), Remedy::ReloadConfig);
        QCOMPARE(linkRemedy(banner.id), Remedy::OpenConfig);
    }

    void aBrokenConfigurationAtTheStartSaysThatNothingWorks() {
        control::Status status = withProblem(brokenConfig());
        status.configLoadedAt = 0; // there never was a good one
        status.listeners.clear();
        status.catchesMail = false;
        const auto banner = needsYou(kThere, status).first();
        QVERIFY2(banner.text.startsWith(u"/etc/smtpd.conf:2:1: unknown statement \"acton\"; did you mean \"action\"? "), qPrintable(banner.text));
        QVERIFY(banner.text.contains(u"nothing is taken in or sent"));
        QCOMPARE(banner.text.count(u"smtpd.conf:2"_s), 1);
        QCOMPARE(banner.button, u"Read settings again"_s);
        QVERIFY2(!comingIn(status, 1).first().detail.contains(u"no “listen on” line"), "nobody has read whether it has one");
        QCOMPARE(goingOut(status, 1).first().name, u"Nothing is sent"_s);
    }

    void aBrokenConfigurationLaterLeavesTheOldOneInForce() {
        const control::Status status = withProblem(brokenConfig());
        QVERIFY(status.configLoadedAt > 0);
        QVERIFY(!needsYou(kThere, status).first().text.contains(u"nothing is taken in"));
        QVERIFY(comingIn(status, 1).first().tone == Tone::Ok);
    }

    void nobodyIsToldToTryWhatCannotWork() {
        QVERIFY(!isFreshCatcher(withProblem({control::Gravity::Error, u"disk"_s, u"The disk is nearly full"_s, u"Make room."_s, {}})));
        QVERIFY(isFreshCatcher(withProblem({control::Gravity::Attention, u"spool:found"_s, u"The queue was not in order"_s, {}, {}})));
    }
};

QTEST_GUILESS_MAIN(TestNeedsYou)
#include "tst_needs_you.moc"
