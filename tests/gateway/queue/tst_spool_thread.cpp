// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/spool_thread.h"

#include "base/log.h"
#include "spool_fixture.h"

#include <QTest>

#include <atomic>
#include <future>
#include <set>
#include <thread>

using namespace postern;
using namespace postern::queue;
using namespace postern::test;

class TestSpoolThread : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() { setLogThreshold(LogLevel(99)); }
    void tellsWhyItCannotStart();
    void carriesOutAllBeforeItStops();
    void takesFromManyThreads();
    void groupsWhatWaits();
    void removesFilesBesideTheCommits();
    void lateRequestsAreDropped();
};

void TestSpoolThread::tellsWhyItCannotStart() {
    SpoolFixture f;
    f.faults->failAt = 1;
    SpoolThread thread(f.files, f.clock, {"/spool", f.vfs.name(), 0, {}});
    const auto started = thread.start();
    QVERIFY(!started);
    QVERIFY(started.error().code == ErrorCode::Io);
    QVERIFY(thread.start()); // the next attempt may work
}

void TestSpoolThread::carriesOutAllBeforeItStops() {
    SpoolFixture f;
    std::atomic<int> answered = 0;
    {
        SpoolThread thread(f.files, f.clock, {"/spool", f.vfs.name(), 0, {}});
        QVERIFY(thread.start());
        for (int i = 0; i < 600; ++i) {
            StoreMessage message = makeMessage(thread.ids()->next(), "x");
            message.done = [&answered](const Result<BodyPtr>& done) { answered += done ? 1 : 0; };
            thread.post(std::move(message));
        }
        thread.stop();
        QCOMPARE(answered.load(), 600);
        thread.stop(); // twice is fine
    }
    SpoolThread again(f.files, f.clock, {"/spool", f.vfs.name(), 0, {}});
    const auto queued = again.start();
    QVERIFY(queued);
    QCOMPARE(queued->messages.size(), size_t(600));
}

void TestSpoolThread::takesFromManyThreads() {
    SpoolFixture f;
    SpoolThread thread(f.files, f.clock, {"/spool", f.vfs.name(), 0, {}});
    QVERIFY(thread.start());
    std::atomic<int> answered = 0;
    std::vector<std::thread> clients;
    for (int c = 0; c < 4; ++c)
        clients.emplace_back([&] {
            for (int i = 0; i < 100; ++i) {
                StoreMessage message = makeMessage(thread.ids()->next(), "x");
                message.done = [&answered](const Result<BodyPtr>& done) { answered += done ? 1 : 0; };
                thread.post(std::move(message));
            }
        });
    for (std::thread& client : clients)
        client.join();
    thread.stop();
    QCOMPARE(answered.load(), 400); // ids collided nowhere
}

void TestSpoolThread::groupsWhatWaits() { // natural batching: far fewer commits than messages
    SpoolFixture f;
    SpoolThread thread(f.files, f.clock, {"/spool", f.vfs.name(), 0, {}});
    QVERIFY(thread.start());
    // The first request keeps the thread busy until all others wait.
    std::promise<void> go;
    ReadBody wait{1, [&go](const Result<BodyPtr>&) { go.get_future().wait(); }};
    thread.post(std::move(wait));
    std::set<int> counts; // the disk's operation count at each answer: one value per commit
    for (int i = 0; i < 512; ++i) {
        StoreMessage message = makeMessage(thread.ids()->next(), "x");
        message.done = [&counts, &f](const Result<BodyPtr>&) { counts.insert(f.faults->count); };
        thread.post(std::move(message));
    }
    go.set_value();
    thread.stop();
    QVERIFY2(counts.size() >= 2 && counts.size() <= 4,
             QByteArray::number(qsizetype(counts.size())).constData()); // 256 at most in one
}

void TestSpoolThread::removesFilesBesideTheCommits() {
    SpoolFixture f;
    SpoolThread thread(f.disk, f.clock, {"/spool", f.vfs.name(), 0, {}});
    QVERIFY(thread.start());
    for (int i = 0; i < 20; ++i) {
        StoreMessage message = makeMessage(thread.ids()->next(), QByteArray(40'000, 'x'));
        UpdateEnvelopes removal;
        removal.updates.push_back({EnvelopeUpdate::Kind::Remove, message.envelopes[0].id, 0, 0, 0, {}});
        thread.post(std::move(message));
        thread.post(std::move(removal));
    }
    thread.stop();
    QVERIFY(f.disk.list("/spool/bodies")->isEmpty());
}

void TestSpoolThread::lateRequestsAreDropped() {
    SpoolFixture f;
    SpoolThread thread(f.files, f.clock, {"/spool", f.vfs.name(), 0, {}});
    thread.post(DiscardIncoming{"/spool/incoming/x"}); // never started
    QVERIFY(thread.start());
    thread.stop();
    thread.post(DiscardIncoming{"/spool/incoming/x"});
}

QTEST_GUILESS_MAIN(TestSpoolThread)
#include "tst_spool_thread.moc"
