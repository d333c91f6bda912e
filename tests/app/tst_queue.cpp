// SPDX-License-Identifier: GPL-3.0-or-later
//
// The queue without widgets: reasons in words, groups, paging, and removing that can be taken back.
#include "support/fake_clock.h"
#include "support/fake_facade.h"
#include "window/caught/caught_model.h"
#include "window/queue/pending_removal.h"
#include "window/queue/queue_loader.h"
#include "window/queue/queue_model.h"

#include <QAbstractItemModelTester>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTest>

using namespace postern;
using namespace postern::window;
using namespace Qt::StringLiterals;

namespace {

constexpr qint64 kNow = 1'795'098'720;

control::QueueRow row(const QString& id, const QString& error = {}, const QString& state = u"waiting"_s) {
    control::QueueRow r;
    r.id = id;
    r.message = id.left(8);
    r.state = state;
    r.sender = u"a@x.example"_s;
    r.recipient = u"b@y.example"_s;
    r.subject = u"subject of "_s + id;
    r.relay = u"smtp://relay.example"_s;
    r.createdAt = kNow - 60;
    r.lastError = error;
    return r;
}

// "title: id id (more n) | title: ..."
QString shape(const QueueModel& model) {
    QStringList groups;
    for (int g = 0; g < model.rowCount(); ++g) {
        const QModelIndex group = model.index(g, 0);
        QStringList rows;
        for (int i = 0; i < model.rowCount(group); ++i) {
            const QModelIndex index = model.index(i, 0, group);
            rows << (model.row(index) ? model.row(index)->id : u"more"_s);
        }
        groups << model.reason(group)->key + u": "_s + rows.join(u' ');
    }
    return groups.join(u" | "_s);
}

} // namespace

class TestQueue final : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }

    void reasons_data() {
        QTest::addColumn<QString>("error");
        QTest::addColumn<QString>("title");
        QTest::addColumn<bool>("needsPerson");
        QTest::addRow("never tried") << QString() << u"Waiting for their turn"_s << false;
        QTest::addRow("535 is about the sign-in") << u"535 5.7.8 Authentication credentials invalid"_s << u"relay.example does not accept the sign-in"_s << true;
        QTest::addRow("450 4.7.1 asks to slow down") << u"450 4.7.1 Too many messages, slow down"_s << u"relay.example asked us to come back later"_s << false;
        QTest::addRow("421 too") << u"421 closing"_s << u"relay.example asked us to come back later"_s << false;
        QTest::addRow("452 has no room") << u"452 4.2.2 Mailbox full"_s << u"relay.example has no room for these now"_s << false;
        QTest::addRow("a refused connection") << u"connection refused"_s << u"relay.example cannot be reached"_s << false;
        QTest::addRow("a wrong certificate needs a person") << u"certificate is for other.example"_s << u"relay.example could not prove who it is"_s << true;
        QTest::addRow("a port is not a reply") << u"cannot reach [203.0.113.5]:587: connection to 203.0.113.5 port 587 refused"_s << u"relay.example cannot be reached"_s << false;
        QTest::addRow("an address is not a reply") << u"connecting to 192.168.20.254 timed out"_s << u"relay.example cannot be reached"_s << false;
        QTest::addRow("who said it may stand before") << u"relay.example [203.0.113.5]:587 said: 450 4.7.1 slow down"_s << u"relay.example asked us to come back later"_s << false;
        QTest::addRow("anything else") << u"something odd"_s << u"relay.example: the last try did not work"_s << false;
    }

    void reasons() {
        QFETCH(QString, error);
        QFETCH(QString, title);
        QFETCH(bool, needsPerson);
        const QueueReason reason = reasonOf(row(u"1"_s, error), false);
        QCOMPARE(QString(reason.title).remove(QChar(0x2068)).remove(QChar(0x2069)), title);
        QCOMPARE(reason.tone == Tone::Attention, needsPerson);
        if (!error.isEmpty())
            QVERIFY2(reason.detail.contains(error), "the other side's words stand as they came");
    }

    void heldAndPausedHaveTheirOwnCure() {
        QCOMPARE(reasonOf(row(u"1"_s, {}, u"held"_s), false).cure, Cure::Release);
        QCOMPARE(reasonOf(row(u"1"_s, u"450 later"_s), true).cure, Cure::ResumeSending);
        QCOMPARE(reasonOf(row(u"1"_s, {}, u"held"_s), true).cure, Cure::Release);
    }

    void anUntriedMessageWaitsForWhatIsWrongWithItsRelay() {
        const QueueReason reason = reasonOf(row(u"1"_s), false, u"connection refused"_s);
        QCOMPARE(reason.key, reasonOf(row(u"2"_s, u"connection refused"_s), false).key);
        QVERIFY(reasonOf(row(u"1"_s), false).key != reason.key);
    }

    void twoRelaysOfOneHostAreTwoReasons() {
        auto first = row(u"1"_s, u"connection refused"_s);
        auto second = first;
        first.relay = u"smtp://relay.example:2525"_s;
        second.relay = u"smtp://relay.example:2526"_s;
        QVERIFY(reasonOf(first, false).key != reasonOf(second, false).key);
        QVERIFY(reasonOf(first, false).title != reasonOf(second, false).title);
    }

    void hostileWordsAreHarmless() {
        const QueueReason reason = reasonOf(row(u"1"_s, u"450 \u202Eevil\n<b>x</b>"_s), false); // G02
        QVERIFY(reason.detail.contains(u"[U+202E]"_s));
        QVERIFY(!reason.detail.contains(QChar(0x202e)));
    }

    void rowsAreGroupedByReasonPersonFirst() {
        QueueModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setRows({row(u"a"_s, u"450 4.7.1 slow"_s), row(u"b"_s, u"535 5.7.8 no"_s), row(u"c"_s, {}, u"held"_s),
                       row(u"d"_s, u"535 5.7.8 again, other words"_s)},
                      true, false, kNow);
        QCOMPARE(model.rowCount(), 3);
        QCOMPARE(model.idsOf(model.index(0, 0)), (QStringList{u"b"_s, u"d"_s}));
        QCOMPARE(model.idsOf(model.index(1, 0)), QStringList{u"a"_s});
        QCOMPARE(model.idsOf(model.index(2, 0)), QStringList{u"c"_s});
    }

    void aLongGroupFoldsBesideOthersAndUnfolds() {
        QueueModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        QList<control::QueueRow> rows{row(u"h"_s, {}, u"held"_s)};
        for (int i = 0; i < 20; ++i)
            rows << row(u"w%1"_s.arg(i, 2, 10, QLatin1Char('0')));
        model.setRows(rows, true, false, kNow);
        const QModelIndex group = model.index(0, 0);
        QCOMPARE(model.rowCount(group), QueueModel::kFolded + 1);
        QCOMPARE(model.kind(model.index(QueueModel::kFolded, 0, group)), QueueModel::Kind::More);
        QCOMPARE(model.idsOf(group).size(), 20); // its button acts on all
        model.unfold(group);
        QCOMPARE(model.rowCount(model.index(0, 0)), 20);
    }

    void aChangeMovesNothingElse() {
        QueueModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setRows({row(u"a"_s), row(u"b"_s), row(u"c"_s)}, true, false, kNow);
        const QPersistentModelIndex c(model.index(2, 0, model.index(0, 0)));
        QSignalSpy resets(&model, &QAbstractItemModel::modelReset);
        model.setRows({row(u"a"_s), row(u"c"_s), row(u"d"_s), row(u"e"_s, {}, u"held"_s)}, true, false, kNow);
        QCOMPARE(shape(model), u"turn: a c d | held: e"_s);
        QCOMPARE(resets.count(), 0);
        QVERIFY(c.isValid());
        QCOMPARE(model.row(c)->id, u"c"_s);
        model.setRows({}, true, false, kNow);
        QCOMPARE(model.rowCount(), 0);
        QVERIFY(!c.isValid());
    }

    void aGroupThatGrowsKeepsItsPlace() {
        QueueModel model;
        const auto slow = u"450 4.7.1 slow"_s;
        const auto away = u"connection refused"_s;
        model.setRows({row(u"a"_s, slow), row(u"b"_s, slow), row(u"c"_s, away)}, true, false, kNow);
        QSignalSpy reset(&model, &QAbstractItemModel::modelReset);
        const QString first = model.reason(model.index(0, 0))->title;
        model.setRows({row(u"a"_s, slow), row(u"c"_s, away), row(u"d"_s, away), row(u"e"_s, away)}, true, false, kNow);
        QCOMPARE(reset.count(), 0);
        QCOMPARE(model.reason(model.index(0, 0))->title, first);
    }

    void columnsSortInsideGroups() {
        QueueModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        auto small = row(u"s"_s);
        small.size = 1;
        auto large = row(u"l"_s);
        large.size = 9;
        model.setRows({small, large}, true, false, kNow);
        model.sort(QueueModel::Size, Qt::DescendingOrder);
        QCOMPARE(shape(model), u"turn: l s"_s);
        model.sort(QueueModel::Size, Qt::AscendingOrder);
        QCOMPARE(shape(model), u"turn: s l"_s);
    }

    void filterAndUndoHideRows() {
        QueueModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        auto other = row(u"z"_s);
        other.recipient = u"orders@brightstone.example"_s;
        model.setRows({row(u"a"_s), other}, true, false, kNow);
        model.setFilter(u"BRIGHT"_s);
        QCOMPARE(shape(model), u"turn: z"_s);
        model.setFilter({});
        model.setHidden({u"z"_s});
        QCOMPARE(shape(model), u"turn: a"_s);
    }

    void manyReasonsShareOneGroup() {
        QueueModel model;
        QList<control::QueueRow> rows;
        for (int i = 0; i < 200; ++i) {
            auto r = row(u"%1"_s.arg(i), u"connection refused"_s);
            r.relay = u"smtp://h%1.example"_s.arg(i);
            rows << r;
        }
        model.setRows(rows, true, false, kNow);
        QCOMPARE(model.rowCount(), QueueModel::kMostGroups + 1);
        QCOMPARE(model.rowTotal(), 200);
    }

    void aHugeQueueIsFetchedInPagesAndBounded() { // G04
        test::FakeClock clock;
        test::FakeFacade facade;
        for (int i = 0; i < 100'000; ++i)
            facade.rows.append(row(QString::number(i)));
        GatewayLink link(facade, clock);
        QueueLoader loader(link, {u"waiting"_s, u"held"_s});
        QSignalSpy loaded(&loader, &QueueLoader::loaded);
        loader.setActive(true);
        QTRY_COMPARE(loaded.count(), 1);
        QCOMPARE(loader.rows().size(), QueueLoader::kStep);
        QCOMPARE(loader.total(), 100'000);
        QVERIFY(!loader.isComplete());
        QCOMPARE(facade.asked("queue.list"), QueueLoader::kStep / QueueLoader::kPage + 1);
        QueueModel model;
        model.setRows(loader.rows(), loader.isComplete(), false, kNow); // never more rows in one action than that
        QCOMPARE(model.rowTotal(), QueueLoader::kStep);
        loader.showMore();
        QTRY_COMPARE(loaded.count(), 2);
        QCOMPARE(loader.rows().size(), 2 * QueueLoader::kStep);
    }

    void aRefusedQuestionIsTold() {
        test::FakeClock clock;
        test::FakeFacade facade;
        facade.gone = u"The gateway closed the connection."_s;
        GatewayLink link(facade, clock);
        QueueLoader loader(link, {u"waiting"_s});
        QSignalSpy failed(&loader, &QueueLoader::failed);
        loader.setActive(true);
        QTRY_COMPARE(failed.count(), 1);
        QCOMPARE(failed.first().first().toString(), facade.gone);
    }

    void rowsOfOneSecondStayInTheOrderInWhichTheyCame() {
        QueueModel queue;
        CaughtModel caught;
        QList<control::QueueRow> rows;
        for (const QString& id : {u"cccccccc00000001"_s, u"aaaaaaaa00000001"_s, u"bbbbbbbb00000001"_s})
            rows.append(row(id, u"451 later"_s));
        queue.setRows(rows, true, false, kNow);
        caught.setRows(rows, kNow);
        for (int i = 0; i < 3; ++i) {
            QCOMPARE(queue.row(queue.index(i, 0, queue.index(0, 0)))->id, rows[i].id);
            QCOMPARE(caught.message(caught.index(i))->ids, QStringList{rows[i].id});
        }
    }

    void removingWaitsAndCanBeTakenBack() { // G05
        test::FakeClock clock;
        test::FakeFacade facade;
        facade.rows = {row(u"a"_s), row(u"b"_s)};
        GatewayLink link(facade, clock);
        PendingRemoval removal(link);
        removal.remove({u"a"_s});
        QCOMPARE(removal.hidden(), QSet<QString>{u"a"_s});
        QCOMPARE(facade.asked("queue.remove"), 0);
        removal.undo();
        QVERIFY(removal.hidden().isEmpty());
        removal.carryOutNow();
        QCOMPARE(facade.asked("queue.remove"), 0);
    }

    void aSecondRemovalCarriesOutTheFirst() {
        test::FakeClock clock;
        test::FakeFacade facade;
        facade.rows = {row(u"a"_s), row(u"b"_s)};
        GatewayLink link(facade, clock);
        PendingRemoval removal(link);
        QSignalSpy removed(&removal, &PendingRemoval::removed);
        removal.remove({u"a"_s});
        removal.remove({u"b"_s});
        QTRY_COMPARE(removed.count(), 1);
        QCOMPARE(facade.rows.size(), 1);
        QCOMPARE(facade.rows.first().id, u"b"_s);
        QCOMPARE(removal.count(), 1);
        removal.carryOutNow();
        QTRY_VERIFY(facade.rows.isEmpty());
    }

    void aRefusedRemovalShowsTheRowsAgain() {
        test::FakeClock clock;
        test::FakeFacade facade;
        GatewayLink link(facade, clock);
        PendingRemoval removal(link);
        QSignalSpy failed(&removal, &PendingRemoval::failed);
        removal.remove({u"a"_s});
        facade.gone = u"No."_s;
        removal.carryOutNow();
        QTRY_COMPARE(failed.count(), 1);
        QVERIFY(removal.hidden().isEmpty());
    }

    void removingAllTakesAlsoWhatIsNotShownButNothingNewer() { // G05
        test::FakeClock clock;
        test::FakeFacade facade;
        for (int i = 0; i < 1200; ++i)
            facade.rows.append(row(QString::number(i), {}, u"caught"_s));
        GatewayLink link(facade, clock);
        QueueLoader loader(link, {u"caught"_s});
        QSignalSpy loaded(&loader, &QueueLoader::loaded);
        loader.setActive(true);
        QTRY_COMPARE(loaded.count(), 1);
        QStringList shown;
        for (const auto& one : loader.rows())
            shown.append(one.id);
        PendingRemoval removal(link);
        removal.removeAll(u"caught"_s, loader.newest(), shown, loader.total());
        QCOMPARE(removal.count(), 1200);
        QVERIFY(removal.isOfAll());
        QCOMPARE(removal.hidden().size(), shown.size());
        QCOMPARE(facade.asked("queue.remove"), 0); // it can be taken back
        removal.carryOutNow();
        QTRY_VERIFY(facade.rows.isEmpty());
        const QJsonObject args = facade.requests.last().args;
        QCOMPARE(args, (QJsonObject{{u"all"_s, true}, {u"state"_s, u"caught"_s}, {u"upTo"_s, loader.newest()}}));
        QCOMPARE(removal.count(), 0);
    }

    void caughtRecipientsOfOneMessageAreOneRowNewestFirst() {
        CaughtModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        auto first = row(u"aaaaaaaa00000001"_s, {}, u"caught"_s);
        auto second = row(u"aaaaaaaa00000002"_s, {}, u"caught"_s);
        second.recipient = u"c@y.example"_s;
        auto newer = row(u"bbbbbbbb00000001"_s, {}, u"caught"_s);
        newer.createdAt = kNow;
        model.setRows({first, second}, kNow);
        QCOMPARE(model.rowCount(), 1);
        model.setRows({first, second, newer}, kNow);
        QCOMPARE(model.rowCount(), 2);
        QCOMPARE(model.message(model.index(0))->message, u"bbbbbbbb"_s);
        QCOMPARE(model.message(model.index(1))->ids.size(), 2);
        model.setFilter(u"c@y"_s);
        QCOMPARE(model.rowCount(), 1);
        model.setFilter({});
        model.setHidden({first.id, second.id});
        QCOMPARE(model.allIds(), QStringList{newer.id});
    }
};

QTEST_GUILESS_MAIN(TestQueue)
#include "tst_queue.moc"
