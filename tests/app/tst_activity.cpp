// SPDX-License-Identifier: GPL-3.0-or-later
//
// Activity and the story of one message without widgets; and the link that feeds them.
#include "support/fake_clock.h"
#include "support/fake_facade.h"
#include "window/activity/activity_model.h"
#include "window/link/gateway_link.h"
#include "window/message/story.h"

#include <QAbstractItemModelTester>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTest>

using namespace postern;
using namespace postern::window;
using namespace Qt::StringLiterals;

namespace {

constexpr qint64 kNow = 1'795'098'720;

control::ActivityEvent happened(qint64 serial, const QString& kind, const QString& text = u"line"_s, const QString& message = {}) {
    return {serial, kNow - 100 + serial, kind, text, {}, message};
}

} // namespace

class TestActivity final : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }

    void newestIsFirst() {
        ActivityModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.add({happened(1, u"taken"_s), happened(2, u"delivered"_s)}, kNow);
        model.add({happened(3, u"refused"_s)}, kNow);
        QCOMPARE(model.event(0)->serial, 3);
        QCOMPARE(model.event(2)->serial, 1);
    }

    void memoryIsBounded() { // G04
        ActivityModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        QList<control::ActivityEvent> many;
        for (int i = 0; i < 3 * ActivityModel::kMost; ++i)
            many.append(happened(i + 1, u"session"_s));
        model.add(many, kNow);
        QCOMPARE(model.rowCount(), ActivityModel::kMost);
        QCOMPARE(model.event(0)->serial, 3 * ActivityModel::kMost);
        model.add({happened(99'999, u"taken"_s)}, kNow);
        QCOMPARE(model.rowCount(), ActivityModel::kMost);
        QCOMPARE(model.event(0)->serial, 99'999);
    }

    void chipsAndWordsFilter() {
        ActivityModel model;
        ActivityFilter filter;
        filter.setSourceModel(&model);
        model.add({happened(1, u"taken"_s, u"from scan@x.example"_s), happened(2, u"delivered"_s), happened(3, u"bounced"_s),
                   happened(4, u"caught"_s)},
                  kNow);
        QCOMPARE(filter.rowCount(), 4);
        filter.setGroups({ActivityGroup::TakenIn});
        QCOMPARE(filter.rowCount(), 2);
        filter.setWords(u"SCAN@"_s);
        QCOMPARE(filter.rowCount(), 1);
        filter.setGroups({});
        filter.setWords({});
        QCOMPARE(filter.rowCount(), 4);
    }

    void hostileLinesAreHarmless() {
        ActivityModel model;
        model.add({happened(1, u"refused"_s, u"a\u202E<b>"_s)}, kNow); // G01 G02
        const QString shown = model.index(0, ActivityModel::Text).data().toString();
        QVERIFY(shown.contains(u"[U+202E]<b>"_s));
        const QString tip = model.index(0, ActivityModel::Text).data(Qt::ToolTipRole).toString();
        QVERIFY(!tip.contains(u"<b>"_s));
    }

    void eventsArriveInOneBatchAndOnlyOnce() {
        test::FakeClock clock;
        test::FakeFacade facade;
        facade.events = {happened(1, u"taken"_s), happened(2, u"delivered"_s)};
        GatewayLink link(facade, clock);
        QSignalSpy arrived(&link, &GatewayLink::activityArrived);
        link.start();
        QTRY_COMPARE(arrived.count(), 1); // what happened before we came
        QCOMPARE(link.recent().size(), 2);
        for (int i = 3; i < 1003; ++i)
            facade.sendActivity(happened(i, u"session"_s));
        facade.send({u"activity"_s, happened(5, u"session"_s)}); // told twice
        QTRY_COMPARE(arrived.count(), 2);
        QCOMPARE(link.recent().size(), 1002);
    }

    void changesAskForTheStatusAtMostTwiceASecond() {
        test::FakeClock clock;
        test::FakeFacade facade;
        facade.status.pid = 1;
        GatewayLink link(facade, clock);
        link.start();
        QTRY_VERIFY(link.isThere());
        const int before = facade.asked("status");
        for (int i = 0; i < 500; ++i)
            facade.send({u"changed"_s, {}});
        QTRY_COMPARE(facade.asked("status"), before + 1);
    }

    void aGatewayThatGoesSaysWhy() {
        test::FakeClock clock;
        test::FakeFacade facade;
        GatewayLink link(facade, clock);
        link.start();
        QTRY_VERIFY(link.isThere());
        facade.gone = u"The gateway closed the connection."_s;
        link.refresh();
        QTRY_VERIFY(!link.isThere());
        QCOMPARE(link.reason(), facade.gone);
        QVERIFY(link.wasEverThere());
        facade.gone.clear();
        link.refresh();
        QTRY_VERIFY(link.isThere());
    }

    void anAnswerForAReceiverThatIsGoneIsDropped() {
        test::FakeClock clock;
        test::FakeFacade facade;
        facade.holdsAnswers = true;
        GatewayLink link(facade, clock);
        auto* receiver = new QObject;
        bool wasCalled = false;
        link.ask("status"_ba, {}, receiver, [&wasCalled](const control::Reply&) { wasCalled = true; });
        delete receiver;
        facade.answerAll();
        QVERIFY(!wasCalled);
    }

    void aStoryRunsInTimeAndEndsWithWhatComesNext() {
        control::QueueRow row;
        row.id = u"7f3a91c200000001"_s;
        row.message = u"7f3a91c2"_s;
        row.state = u"waiting"_s;
        row.recipient = u"b@y.example"_s;
        row.nextTryAt = kNow + 600;
        row.lastError = u"450 later"_s;
        auto delayed = happened(3, u"delayed"_s);
        delayed.detail = u"450 later"_s;
        const auto steps = storyOf({row}, {delayed, happened(1, u"session"_s), happened(2, u"taken"_s)}, false, kNow);
        QCOMPARE(steps.size(), 4);
        QCOMPARE(steps.at(0).fact, u"Connected"_s);
        QCOMPARE(steps.at(1).fact, u"Taken in and written to disk"_s);
        QCOMPARE(steps.at(2).words, u"450 later"_s); // their words, as they came
        QVERIFY(steps.at(2).isOpen);
        QCOMPARE(steps.at(3).time, u"next"_s);
    }

    void whatNobodySaidIsNotCalledTheirWords() {
        auto delayed = happened(1, u"delayed"_s);
        delayed.detail = u"cannot reach [203.0.113.5]:587: connection refused"_s;
        const auto steps = storyOf({}, {delayed}, false, kNow);
        QVERIFY(!steps.first().isTheirs);
        QCOMPARE(steps.first().fact, u"The other side cannot be reached"_s);
        QCOMPARE(steps.first().advice, u"Postern tries again by itself."_s);
    }

    void aStoryNamesTheTroubleAndWhatToDo() {
        control::QueueRow row;
        row.id = u"7f3a91c200000001"_s;
        row.message = u"7f3a91c2"_s;
        row.state = u"waiting"_s;
        row.recipient = u"b@y.example"_s;
        row.relay = u"smtp+tls://office@relay.example:587"_s;
        row.lastTryAt = kNow - 5;
        row.lastError = u"relay.example said: 535 5.7.8 no"_s;
        const auto steps = storyOf({row}, {}, false, kNow);
        QCOMPARE(QString(steps.at(1).fact).remove(QChar(0x2068)).remove(QChar(0x2069)), u"relay.example does not accept the sign-in"_s);
        QVERIFY(steps.at(1).advice.contains(u"password"));
        QVERIFY(steps.at(1).isTheirs && steps.at(1).isOpen);
    }

    void whatIsNotRememberedIsToldFromTheRow() {
        control::QueueRow row;
        row.state = u"held"_s;
        row.client = u"192.168.20.41"_s;
        row.createdAt = kNow - 90'000;
        const auto steps = storyOf({row}, {}, false, kNow);
        QCOMPARE(steps.size(), 2);
        QVERIFY(steps.first().reason.contains(u"192.168.20.41"_s));
        QCOMPARE(steps.last().fact, u"Goes out when you release it"_s);
        QVERIFY(storyOf({}, {}, false, kNow).isEmpty());
    }
};

QTEST_GUILESS_MAIN(TestActivity)
#include "tst_activity.moc"
