// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the scheduler lists and counts: pages that fit together whatever happens between them.
#include "scheduler_desk.h"

#include <QRegularExpression>
#include <QTest>

using namespace postern;
using namespace postern::queue;
using namespace postern::test;

namespace {

QByteArray names(const Desk& desk, const std::vector<Scheduler::Row>& rows) {
    QByteArrayList out;
    for (const Scheduler::Row& row : desk.read(rows))
        out.append(row.envelope.recipient.left(row.envelope.recipient.indexOf('@')));
    return out.join(' ');
}

QByteArray names(const Desk& desk, const Scheduler::Page& page) {
    return names(desk, page.rows);
}

} // namespace

class TestSchedulerPages : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }
    void listsOldestFirst();
    void pagesThroughTheQueue_data();
    void pagesThroughTheQueue();
    void aPageGoesOnWhereTheLastOneEndedWhateverWentMeanwhile();
    void countsWhatWaitsForEachRoute();
};

void TestSchedulerPages::listsOldestFirst() {
    Desk desk;
    desk.add({"young@r"}, 0);
    desk.add({"old@r", "old2@r"}, 500);
    desk.add({"middle@r"}, 100);
    QCOMPARE(names(desk, desk.scheduler.page({})), QByteArray("old old2 middle young"));
    QCOMPARE(names(desk, desk.scheduler.rowsOf(2)), QByteArray("old old2"));

    // Of one second: in the order in which they came, whatever their ids.
    Desk second;
    second.last = 100;
    second.add({"first@r"});
    second.last = 5;
    second.add({"then@r"});
    QCOMPARE(names(second, second.scheduler.page({})), QByteArray("first then"));
}

void TestSchedulerPages::pagesThroughTheQueue_data() {
    QTest::addColumn<int>("most");
    QTest::addColumn<bool>("newestFirst");
    QTest::addColumn<QByteArray>("pages");
    QTest::addRow("one at a time") << 1 << false << QByteArray("old / sent / held / caught / young / ");
    QTest::addRow("two at a time") << 2 << false << QByteArray("old sent / held caught / young / ");
    QTest::addRow("exactly all") << 5 << false << QByteArray("old sent held caught young / ");
    QTest::addRow("newest first") << 2 << true << QByteArray("young caught / held sent / old / ");
}

// All states side by side, and each page ends where the next begins.
void TestSchedulerPages::pagesThroughTheQueue() {
    QFETCH(int, most);
    QFETCH(bool, newestFirst);
    Desk desk;
    desk.add({"sent@r"}, 400);
    (void)desk.go();
    desk.add({"old@r"}, 500);
    desk.add({"held@r"}, 300);
    (void)desk.scheduler.hold({id(3)});
    QueuedMessage caught = desk.message({"caught@r"});
    caught.message.createdAt -= 200;
    caught.envelopes[0].state = EnvelopeState::Caught;
    desk.add(std::move(caught));
    desk.add({"young@r"}, 0);
    QByteArray pages;
    Scheduler::Wish wish{std::nullopt, std::nullopt, newestFirst, most};
    for (bool more = true; more;) {
        const Scheduler::Page page = desk.scheduler.page(wish);
        pages += names(desk, page) + " / ";
        more = page.hasMore;
        wish.after = page.rows.back().place;
    }
    QTEST(pages, "pages");
}

void TestSchedulerPages::aPageGoesOnWhereTheLastOneEndedWhateverWentMeanwhile() {
    Desk desk;
    for (const char* name : {"a@r", "b@r", "c@r", "d@r"})
        desk.add({name});
    const auto first = desk.scheduler.page({Scheduler::RowState::Waiting, std::nullopt, false, 2});
    QCOMPARE(names(desk, first), QByteArray("a b"));
    (void)desk.scheduler.remove({id(1), id(2)});
    desk.scheduler.forget({id(1), id(2)});
    (void)desk.scheduler.hold({id(3)});
    const auto second = desk.scheduler.page({Scheduler::RowState::Waiting, first.rows.back().place, false, 2});
    QCOMPARE(names(desk, second), QByteArray("d"));
    QVERIFY(!second.hasMore);
    QCOMPARE(names(desk, desk.scheduler.page({Scheduler::RowState::Held, {}, false, 9})), QByteArray("c"));
    QCOMPARE(desk.scheduler.total(std::nullopt), 2);
    QCOMPARE(desk.scheduler.total(Scheduler::RowState::Held), 1);
    QVERIFY(desk.scheduler.newest(std::nullopt) == second.rows.back().place);
    QVERIFY(!desk.scheduler.newest(Scheduler::RowState::Caught));
    QVERIFY(desk.scheduler.page({{}, {}, false, 0}).rows.empty());
}

void TestSchedulerPages::countsWhatWaitsForEachRoute() {
    Desk desk;
    const auto counted = [&desk] {
        QByteArrayList out;
        for (const auto& [route, n] : desk.scheduler.waitingByRoute())
            out.append(route + ' ' + QByteArray::number(n));
        return out.join(", ");
    };
    desk.add({"1@r", "2@r", "3@s"});
    desk.add({"4@s"}, -1000); // sleeps
    QCOMPARE(counted(), QByteArray("r 2, s 2"));
    (void)desk.go(); // on their way: still counted
    QCOMPARE(counted(), QByteArray("r 2, s 2"));
    (void)desk.settle(id(1, 1), TryResult::Delivered);
    (void)desk.settle(id(1, 2), TryResult::Temporary);
    (void)desk.scheduler.hold({id(2)});
    QCOMPARE(counted(), QByteArray("r 1, s 1"));
    (void)desk.settle(id(1, 3), TryResult::Permanent);
    QCOMPARE(counted(), QByteArray("r 1"));
    (void)desk.scheduler.release({id(2)});
    QCOMPARE(counted(), QByteArray("r 1, s 1"));
}

QTEST_APPLESS_MAIN(TestSchedulerPages)
#include "tst_scheduler_pages.moc"
