// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/worker_threads.h"

#include <QTest>

#include <atomic>
#include <latch>

using namespace postern;

class TestWorkerThreads : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void endsWithoutWork();
    void carriesOutAllBeforeItEnds();
    void clearDropsWhatHasNotBegun();
    void worksSideBySide();
    void neverUsesMoreThanAllowed();
};

void TestWorkerThreads::endsWithoutWork() {
    WorkerThreads threads(4);
}

void TestWorkerThreads::carriesOutAllBeforeItEnds() {
    std::atomic<int> done = 0;
    {
        WorkerThreads threads(3);
        for (int i = 0; i < 500; ++i)
            threads.post([&done] { ++done; });
    }
    QCOMPARE(done.load(), 500);
}

void TestWorkerThreads::clearDropsWhatHasNotBegun() {
    std::atomic<int> done = 0;
    {
        WorkerThreads threads(1);
        std::latch begun(1), goOn(1);
        threads.post([&] {
            begun.count_down();
            goOn.wait();
            ++done;
        });
        begun.wait();
        for (int i = 0; i < 10; ++i)
            threads.post([&done] { ++done; });
        threads.clear();
        goOn.count_down();
    }
    QCOMPARE(done.load(), 1);
}

void TestWorkerThreads::worksSideBySide() { // four jobs that can only end together
    WorkerThreads threads(4);
    std::latch together(4), all(4);
    for (int i = 0; i < 4; ++i)
        threads.post([&] {
            together.arrive_and_wait();
            all.count_down();
        });
    all.wait();
}

void TestWorkerThreads::neverUsesMoreThanAllowed() {
    std::atomic<int> running = 0, most = 0;
    {
        WorkerThreads threads(2);
        for (int i = 0; i < 200; ++i)
            threads.post([&] {
                const int now = ++running;
                int seen = most;
                while (now > seen && !most.compare_exchange_weak(seen, now)) {
                }
                std::this_thread::yield();
                --running;
            });
    }
    QVERIFY(most <= 2 && most >= 1);
}

QTEST_APPLESS_MAIN(TestWorkerThreads)
#include "tst_worker_threads.moc"
