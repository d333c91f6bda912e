// SPDX-License-Identifier: GPL-3.0-or-later
//
// The engine's event loop, run as the test's own: pipes for descriptors, real timers of a few milliseconds.
#include "base/mailbox.h"
#include "support/engine_main.h"

#include <QEventLoop>
#include <QRegularExpression>
#include <QSocketNotifier>
#include <QThread>
#include <QTimer>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <future>
#include <memory>
#include <vector>

using namespace Qt::StringLiterals;
using namespace postern;

namespace {

class Pipe {
  public:
    Pipe() {
        if (::pipe2(m_ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
            qFatal("no pipe");
    }
    ~Pipe() {
        closeReader();
        closeWriter();
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    int reader() const { return m_ends[0]; }
    int writer() const { return m_ends[1]; }
    void fill() const {
        if (::write(m_ends[1], "x", 1) != 1)
            qFatal("pipe is full");
    }
    void drain() const {
        char byte = 0;
        if (::read(m_ends[0], &byte, 1) != 1)
            qFatal("pipe is empty");
    }
    void closeReader() { closeEnd(m_ends[0]); }
    void closeWriter() { closeEnd(m_ends[1]); }

  private:
    static void closeEnd(int& end) {
        if (end >= 0)
            ::close(std::exchange(end, -1));
    }
    std::array<int, 2> m_ends = {-1, -1};
};

void oneTurn() {
    QCoreApplication::processEvents();
}

} // namespace

class TestEpollDispatcher : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }

    void aNotifierDeletedByAnothersHandlerIsNotCalled() {
        Pipe a, b;
        int calls = 0;
        auto first = std::make_unique<QSocketNotifier>(a.reader(), QSocketNotifier::Read);
        auto second = std::make_unique<QSocketNotifier>(b.reader(), QSocketNotifier::Read);
        connect(first.get(), &QSocketNotifier::activated, this, [&] { ++calls; second.reset(); a.drain(); });
        connect(second.get(), &QSocketNotifier::activated, this, [&] { ++calls; first.reset(); b.drain(); });
        a.fill();
        b.fill();
        oneTurn();
        oneTurn();
        QCOMPARE(calls, 1);
    }

    void aNotifierMayDeleteItself() {
        Pipe pipe;
        auto notifier = std::make_unique<QSocketNotifier>(pipe.reader(), QSocketNotifier::Read);
        connect(notifier.get(), &QSocketNotifier::activated, this, [&] { notifier.reset(); });
        pipe.fill();
        oneTurn();
        QVERIFY(!notifier);
    }

    void aReusedNumberDoesNotGetTheOldOnesEvent() {
        // Both are ready in one turn; whichever comes first closes the other and opens a new pipe under its number.
        Pipe a, b;
        int calls = 0, strayCalls = 0;
        std::unique_ptr<QSocketNotifier> ofA(new QSocketNotifier(a.reader(), QSocketNotifier::Read));
        std::unique_ptr<QSocketNotifier> ofB(new QSocketNotifier(b.reader(), QSocketNotifier::Read));
        std::unique_ptr<Pipe> fresh;
        std::unique_ptr<QSocketNotifier> ofFresh;
        const auto replace = [&](std::unique_ptr<QSocketNotifier>& old, Pipe& pipe, const Pipe& mine) {
            ++calls;
            mine.drain();
            const int number = pipe.reader();
            old.reset();
            pipe.closeReader();
            fresh = std::make_unique<Pipe>();
            QVERIFY(fresh->reader() == number || fresh->writer() == number);
            QVERIFY(::dup2(fresh->reader(), number) == number);
            ofFresh = std::make_unique<QSocketNotifier>(number, QSocketNotifier::Read);
            connect(ofFresh.get(), &QSocketNotifier::activated, this, [&] { ++strayCalls; });
        };
        connect(ofA.get(), &QSocketNotifier::activated, this, [&] { replace(ofB, b, a); });
        connect(ofB.get(), &QSocketNotifier::activated, this, [&] { replace(ofA, a, b); });
        a.fill();
        b.fill();
        oneTurn();
        QCOMPARE(calls, 1);
        QCOMPARE(strayCalls, 0);
    }

    void aNumberClosedAndReusedBetweenTurnsIsWatchedAnew() {
        auto pipe = std::make_unique<Pipe>();
        const int number = pipe->reader();
        auto notifier = std::make_unique<QSocketNotifier>(number, QSocketNotifier::Read);
        oneTurn(); // known to the kernel
        notifier.reset();
        pipe.reset();
        pipe = std::make_unique<Pipe>();
        QCOMPARE(pipe->reader(), number);
        int calls = 0;
        notifier = std::make_unique<QSocketNotifier>(number, QSocketNotifier::Read);
        connect(notifier.get(), &QSocketNotifier::activated, this, [&] { ++calls; pipe->drain(); });
        pipe->fill();
        oneTurn();
        QCOMPARE(calls, 1);
    }

    void aDisabledNotifierSleepsEvenWhenThePeerIsGone() {
        Pipe pipe;
        int calls = 0;
        QSocketNotifier notifier(pipe.reader(), QSocketNotifier::Read);
        connect(&notifier, &QSocketNotifier::activated, this, [&] { ++calls; notifier.setEnabled(false); });
        pipe.closeWriter();
        oneTurn();
        QCOMPARE(calls, 1); // a hang-up counts as readable
        bool rang = false;
        QTimer::singleShot(10, Qt::PreciseTimer, this, [&] { rang = true; });
        int turns = 0;
        while (!rang) {
            QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
            ++turns;
        }
        QVERIFY2(turns < 5, qPrintable(u"the loop spun %1 times"_s.arg(turns)));
        QCOMPARE(calls, 1);
    }

    void writeNotifiersComeAndGo() {
        std::array<int, 2> ends = {-1, -1};
        QCOMPARE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
        int reads = 0, writes = 0;
        {
            QSocketNotifier read(ends[0], QSocketNotifier::Read), write(ends[0], QSocketNotifier::Write);
            connect(&read, &QSocketNotifier::activated, this, [&] { ++reads; });
            connect(&write, &QSocketNotifier::activated, this, [&] { ++writes; write.setEnabled(false); });
            oneTurn();
            QCOMPARE(writes, 1);
            oneTurn();
            QCOMPARE(writes, 1);
            write.setEnabled(true);
            write.setEnabled(false);
            oneTurn();
            QCOMPARE(writes, 1);
            write.setEnabled(true);
            QCOMPARE(::write(ends[1], "x", 1), ssize_t(1));
            oneTurn();
            QCOMPARE(writes, 2);
            QCOMPARE(reads, 1);
        }
        ::close(ends[0]);
        ::close(ends[1]);
    }

    void amongThousandsOnlyTheReadyOneIsCalled() {
        std::vector<std::unique_ptr<Pipe>> pipes;
        std::vector<std::unique_ptr<QSocketNotifier>> notifiers;
        std::vector<int> called;
        const long limit = ::sysconf(_SC_OPEN_MAX);
        const size_t count = size_t(std::min<long>(2000, limit / 2 - 100));
        for (size_t i = 0; i < count; ++i) {
            pipes.push_back(std::make_unique<Pipe>());
            notifiers.push_back(std::make_unique<QSocketNotifier>(pipes[i]->reader(), QSocketNotifier::Read));
            connect(notifiers[i].get(), &QSocketNotifier::activated, this, [&, i] {
                called.push_back(int(i));
                pipes[i]->drain();
            });
        }
        oneTurn();
        QVERIFY(called.empty());
        pipes[count / 2]->fill();
        oneTurn();
        QCOMPARE(called, std::vector<int>{int(count / 2)});
        called.clear();
        for (const auto& pipe : pipes)
            pipe->fill();
        QTRY_COMPARE(called.size(), count); // more than one batch of the kernel's
    }

    void excludedNotifiersWaitForALaterTurn() {
        Pipe pipe;
        int calls = 0;
        QSocketNotifier notifier(pipe.reader(), QSocketNotifier::Read);
        connect(&notifier, &QSocketNotifier::activated, this, [&] { ++calls; pipe.drain(); });
        pipe.fill();
        QCoreApplication::processEvents(QEventLoop::ExcludeSocketNotifiers);
        QCOMPARE(calls, 0);
        QTimer::singleShot(1, this, [] {});
        QCoreApplication::processEvents(QEventLoop::ExcludeSocketNotifiers | QEventLoop::WaitForMoreEvents);
        QCOMPARE(calls, 0);
        oneTurn();
        QCOMPARE(calls, 1);
    }

    void nothingToDoReturnsAtOnce() {
        auto* dispatcher = QAbstractEventDispatcher::instance();
        oneTurn();
        QVERIFY(!dispatcher->processEvents(QEventLoop::AllEvents));
    }

    void timersRingInOrder() {
        QByteArray order;
        QTimer::singleShot(6, Qt::PreciseTimer, this, [&] { order += "c"; });
        QTimer::singleShot(3, Qt::PreciseTimer, this, [&] { order += "b"; });
        QTimer::singleShot(0, this, [&] { order += "a"; });
        QTRY_COMPARE(order, "abc");
    }

    void aTimerKilledByAnotherInTheSameTurnIsSilent() {
        QTimer first, second;
        int rings = 0;
        for (QTimer* timer : {&first, &second}) {
            timer->setTimerType(Qt::PreciseTimer);
            connect(timer, &QTimer::timeout, this, [&] { ++rings; first.stop(); second.stop(); });
            timer->start(1);
        }
        QTRY_COMPARE(rings, 1);
        QVERIFY(!first.isActive());
        QVERIFY(!second.isActive());
    }

    void aZeroTimerDoesNotStarveTheOthers() {
        Pipe pipe;
        int zeros = 0, reads = 0;
        QTimer zero;
        connect(&zero, &QTimer::timeout, this, [&] { ++zeros; });
        zero.start(0);
        QSocketNotifier notifier(pipe.reader(), QSocketNotifier::Read);
        connect(&notifier, &QSocketNotifier::activated, this, [&] { ++reads; pipe.drain(); });
        pipe.fill();
        for (int i = 0; i < 5; ++i)
            QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
        QCOMPARE(reads, 1);
        QCOMPARE(zeros, 5);
    }

    void remainingTimeIsTold() {
        QTimer timer;
        timer.setTimerType(Qt::PreciseTimer);
        timer.start(10'000);
        QVERIFY(timer.remainingTime() > 9'000);
        QVERIFY(timer.remainingTime() <= 10'000);
        timer.stop();
        QCOMPARE(timer.remainingTime(), -1);
    }

    void eventsPostedByManyThreadsAllArrive() {
        constexpr int kThreads = 4, kEach = 2500;
        int arrived = 0;
        Mailbox<int> mailbox([&](std::vector<int>&& batch) { arrived += int(batch.size()); });
        std::vector<std::unique_ptr<QThread>> threads;
        for (int i = 0; i < kThreads; ++i) {
            threads.emplace_back(QThread::create([address = mailbox.address()] {
                for (int n = 0; n < kEach; ++n)
                    address.post(n);
            }));
            threads.back()->start();
        }
        QTRY_COMPARE(arrived, kThreads * kEach);
        for (const auto& thread : threads)
            QVERIFY(thread->wait());
    }

    void noWakeUpIsLost() {
        // Ping-pong between two sleeping loops: a single lost wake-up would stop it for good.
        constexpr int kRounds = 2000, kStop = -1;
        int rounds = 0;
        QEventLoop loop;
        MailboxAddress<int> toThere;
        Mailbox<int> here([&](std::vector<int>&&) {
            if (++rounds == kRounds) {
                toThere.post(kStop);
                loop.quit();
            } else {
                toThere.post(rounds);
            }
        });
        std::promise<MailboxAddress<int>> known;
        const std::unique_ptr<QThread> thread(QThread::create([&known, back = here.address()] {
            QEventLoop sleeper;
            Mailbox<int> there([&](std::vector<int>&& batch) {
                if (batch.back() == kStop)
                    sleeper.quit();
                else
                    back.post(batch.back());
            });
            known.set_value(there.address());
            sleeper.exec();
        }));
        thread->setEventDispatcher(makeEngineDispatcher().release());
        thread->start();
        toThere = known.get_future().get();
        toThere.post(0);
        loop.exec();
        QCOMPARE(rounds, kRounds);
        QVERIFY(thread->wait());
    }

    void aThreadLoopEndsWhenToldByAnother() {
        for (int i = 0; i < 50; ++i) {
            QThread thread;
            thread.setEventDispatcher(makeEngineDispatcher().release());
            thread.start();
            thread.quit(); // may come before, during or after it falls asleep
            QVERIFY(thread.wait(10'000));
        }
    }

    void deferredDeletionHappens() {
        auto* object = new QObject;
        std::atomic<bool> gone = false;
        connect(object, &QObject::destroyed, this, [&] { gone = true; }, Qt::DirectConnection);
        QThread thread;
        thread.setEventDispatcher(makeEngineDispatcher().release());
        object->moveToThread(&thread);
        connect(&thread, &QThread::finished, object, &QObject::deleteLater);
        thread.start();
        thread.quit();
        QVERIFY(thread.wait());
        QVERIFY(gone.load());
    }
};

POSTERN_ENGINE_TEST_MAIN(TestEpollDispatcher)
#include "tst_epoll_dispatcher.moc"
