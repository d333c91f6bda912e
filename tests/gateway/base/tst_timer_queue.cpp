// SPDX-License-Identifier: GPL-3.0-or-later
//
// The timers of an event loop, with the time told by the test.
#include "base/timer_queue.h"

#include <QTest>

#include <algorithm>

using namespace postern;
using namespace std::chrono_literals;

class TestTimerQueue : public QObject {
    Q_OBJECT

    QObject m_object;

    // Ids in the order in which a round at `now` sends them.
    static std::vector<int> round(TimerQueue& timers, TimerQueue::Time now) {
        std::vector<int> sent;
        for (const int id : timers.begin(now)) {
            if (timers.take(id, now)) {
                sent.push_back(id);
                timers.done(id);
            }
        }
        return sent;
    }

  private Q_SLOTS:
    void removedTimersAreGone() {
        TimerQueue timers;
        QObject other;
        timers.add(1, 5, Qt::PreciseTimer, &m_object, 0ms);
        timers.add(2, 5, Qt::PreciseTimer, &other, 0ms);
        timers.add(3, 5, Qt::PreciseTimer, &other, 0ms);
        QVERIFY(timers.remove(1));
        QVERIFY(!timers.remove(1));
        QVERIFY(timers.removeAllOf(&other));
        QVERIFY(!timers.removeAllOf(&other));
        QVERIFY(round(timers, 10ms).empty());
        QVERIFY(!timers.untilNext(0ms));
        QVERIFY(!timers.remaining(1, 0ms));
    }

    void roundsGoByTimeThenBySetting() {
        TimerQueue timers;
        timers.add(7, 20, Qt::PreciseTimer, &m_object, 0ms);
        timers.add(3, 10, Qt::PreciseTimer, &m_object, 0ms);
        timers.add(9, 10, Qt::PreciseTimer, &m_object, 0ms);
        QCOMPARE(*timers.untilNext(4ms), TimerQueue::Time(6ms));
        QVERIFY(round(timers, 9ms).empty());
        QCOMPARE(round(timers, 10ms), (std::vector<int>{3, 9}));
        QCOMPARE(round(timers, 20ms), (std::vector<int>{7, 3, 9}));
    }

    void aLateTimerComesOnceAndStartsAnew() {
        TimerQueue timers;
        timers.add(1, 10, Qt::PreciseTimer, &m_object, 0ms);
        QCOMPARE(round(timers, 105ms), std::vector<int>{1});
        QVERIFY(round(timers, 114ms).empty());
        QCOMPARE(round(timers, 115ms), std::vector<int>{1});
    }

    void aTimerInTimeKeepsItsBeat() {
        TimerQueue timers;
        timers.add(1, 10, Qt::PreciseTimer, &m_object, 0ms);
        QCOMPARE(round(timers, 13ms), std::vector<int>{1});
        QCOMPARE(*timers.untilNext(13ms), TimerQueue::Time(7ms));
    }

    void zeroTimersAreDueInEveryRoundOnce() {
        TimerQueue timers;
        timers.add(1, 0, Qt::CoarseTimer, &m_object, 5ms);
        QCOMPARE(*timers.untilNext(5ms), TimerQueue::Time(0));
        QCOMPARE(round(timers, 5ms), std::vector<int>{1});
        QCOMPARE(round(timers, 5ms), std::vector<int>{1});
    }

    void removedOrSetAgainDuringTheRoundIsLeftOut() {
        TimerQueue timers;
        for (const int id : {1, 2, 3})
            timers.add(id, 10, Qt::PreciseTimer, &m_object, 0ms);
        std::vector<int> sent;
        for (const int id : timers.begin(10ms)) {
            if (!timers.take(id, 10ms))
                continue;
            sent.push_back(id);
            if (id == 1) {
                timers.remove(2);
                timers.add(3, 10, Qt::PreciseTimer, &m_object, 10ms);
            }
            timers.done(id);
        }
        QCOMPARE(sent, std::vector<int>{1});
    }

    void aTimerBeingSentIsNotSentByANestedLoop() {
        TimerQueue timers;
        timers.add(1, 0, Qt::CoarseTimer, &m_object, 0ms);
        QVERIFY(timers.take(1, 0ms));
        QVERIFY(!timers.take(1, 1ms));
        QVERIFY(!timers.untilNext(1ms)); // the nested loop may sleep
        timers.done(1);
        QVERIFY(timers.take(1, 1ms));
    }

    void coarseTimersMoveLaterByAtMostATwentieth_data() {
        QTest::addColumn<int>("interval");
        for (const int interval : {1, 19, 20, 50, 333, 1000, 5000, 60'000, 3'600'000})
            QTest::addRow("%d ms", interval) << interval;
    }
    void coarseTimersMoveLaterByAtMostATwentieth() {
        QFETCH(int, interval);
        TimerQueue timers;
        for (const TimerQueue::Time start : {TimerQueue::Time(0), TimerQueue::Time(1ns), TimerQueue::Time(123'456'789ns)}) {
            timers.add(1, interval, Qt::CoarseTimer, &m_object, start);
            const auto wait = *timers.remaining(1, start);
            QVERIFY(wait >= std::chrono::milliseconds(interval));
            QVERIFY(wait <= std::chrono::microseconds(1050 * qint64(interval)));
        }
    }

    void coarseTimersFallDueTogether() {
        TimerQueue timers;
        timers.add(1, 1000, Qt::CoarseTimer, &m_object, 5ms);
        timers.add(2, 1000, Qt::CoarseTimer, &m_object, 17ms);
        QCOMPARE(*timers.remaining(1, 17ms), *timers.remaining(2, 17ms));
        timers.add(3, 900, Qt::VeryCoarseTimer, &m_object, 5ms);
        QCOMPARE(*timers.remaining(3, 0ms), TimerQueue::Time(1s));
    }

    void anObjectsTimersAreListed() {
        TimerQueue timers;
        timers.add(4, 250, Qt::PreciseTimer, &m_object, 0ms);
        const auto list = timers.of(&m_object);
        QCOMPARE(list.size(), 1);
        QCOMPARE(list[0].timerId, 4);
        QCOMPARE(list[0].interval, 250);
        QCOMPARE(int(list[0].timerType), int(Qt::PreciseTimer));
        QVERIFY(timers.of(this).isEmpty());
    }
};

QTEST_GUILESS_MAIN(TestTimerQueue)
#include "tst_timer_queue.moc"
