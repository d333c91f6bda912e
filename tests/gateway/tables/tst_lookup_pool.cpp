// SPDX-License-Identifier: GPL-3.0-or-later
//
// The threads: what LookupDesk decides is tested without them.
#include "tables/lookup_pool.h"

#include <QTest>

#include <atomic>
#include <condition_variable>
#include <future>
#include <set>
#include <thread>

using namespace postern;
using namespace postern::tables;
using namespace std::chrono_literals;

namespace {

// What all backends of a table share, so that a test can look at them and hold them up.
struct Stage {
    std::mutex mutex;
    std::condition_variable changed;
    bool holds = false;     // lookups hang until it is false
    int opened = 0, closed = 0, alive = 0, hanging = 0;
    Result<void> canOpen{};
    std::set<std::thread::id> threads; // of one backend: must stay one
    bool movedBetweenThreads = false;

    void hold(bool on) {
        const std::lock_guard lock(mutex);
        holds = on;
        changed.notify_all();
    }
    int count(int Stage::*what) {
        const std::lock_guard lock(mutex);
        return this->*what;
    }
};

class StagedBackend final : public Backend {
  public:
    explicit StagedBackend(std::shared_ptr<Stage> stage) : m_stage(std::move(stage)), m_thread(std::this_thread::get_id()) {
        const std::lock_guard lock(m_stage->mutex);
        ++m_stage->alive;
    }
    ~StagedBackend() override {
        const std::lock_guard lock(m_stage->mutex);
        m_stage->movedBetweenThreads |= m_thread != std::this_thread::get_id();
        --m_stage->alive;
    }
    StagedBackend(const StagedBackend&) = delete;
    StagedBackend& operator=(const StagedBackend&) = delete;

    Result<void> open() override {
        const std::lock_guard lock(m_stage->mutex);
        ++m_stage->opened;
        return m_stage->canOpen;
    }
    Result<std::optional<QByteArray>> lookup(Service, const QByteArray& key) override {
        std::unique_lock lock(m_stage->mutex);
        m_stage->movedBetweenThreads |= m_thread != std::this_thread::get_id();
        ++m_stage->hanging;
        m_stage->changed.wait(lock, [this] { return !m_stage->holds; });
        --m_stage->hanging;
        return key == "nobody" ? std::optional<QByteArray>() : std::optional<QByteArray>(key + "@example.org");
    }
    Result<bool> check(Service, const QByteArray& key) override { return key != "nobody"; }
    Result<QByteArrayList> fetch(Service) override { return QByteArrayList{"192.0.2.1"}; }
    void close() override {
        const std::lock_guard lock(m_stage->mutex);
        ++m_stage->closed;
    }

  private:
    const std::shared_ptr<Stage> m_stage;
    const std::thread::id m_thread;
};

AskedSpec spec(const std::shared_ptr<Stage>& stage, const QByteArray& identity = "same") {
    return {"users", "staged", identity, [stage] { return std::make_unique<StagedBackend>(stage); }};
}

std::future<LookupResult> ask(const TablePtr& table, const QByteArray& key, Service service = Service::Alias) {
    const auto promise = std::make_shared<std::promise<LookupResult>>();
    table->lookup(service, key, [promise](LookupResult result) { promise->set_value(std::move(result)); });
    return promise->get_future();
}

QByteArray said(std::future<LookupResult> answer) {
    if (answer.wait_for(20s) != std::future_status::ready)
        return "no answer";
    const LookupResult result = answer.get();
    return result.failed ? "failed: " + result.value : result.found ? "found " + result.value : QByteArray("not found");
}

LookupPoolPtr pool(LookupLimits limits = {}) {
    return std::make_shared<LookupPool>(std::make_shared<SystemClock>(), std::move(limits));
}

} // namespace

class TestLookupPool : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void answersFromItsThreads();
    void B05_aHangingBackendHoldsNobodyUp();
    void aTableInUseIsGivenOutAgain();
    void anotherConfigurationIsAnotherTable();
    void lanesEndWithTheirTable();
    void endingWaitsForTheLanes();
    void A11_aBackendThatCannotBeOpenedIsAFailure();
    void aTableOutlivesThePool();
    void manyAskersOfManyTables();
};

void TestLookupPool::answersFromItsThreads() {
    const auto stage = std::make_shared<Stage>();
    const auto lookups = pool();
    const TablePtr table = lookups->table(spec(stage));
    QCOMPARE(stage->count(&Stage::opened), 0); // nothing before the first question
    QCOMPARE(said(ask(table, "ann")), "found ann@example.org");
    QCOMPARE(said(ask(table, "nobody")), "not found");
    QCOMPARE(said(ask(table, "example.org", Service::Domain)), "found ");
    QVERIFY(!stage->movedBetweenThreads);
    QVERIFY(!table->state()->isFailing);
    QCOMPARE(table->shape(), Shape::Dynamic);
    QCOMPARE(table->kind(), "staged");
}

void TestLookupPool::B05_aHangingBackendHoldsNobodyUp() {
    const auto stage = std::make_shared<Stage>(), other = std::make_shared<Stage>();
    stage->hold(true);
    LookupLimits limits;
    limits.deadline = 200ms;
    limits.firstRest = limits.longestRest = 100ms;
    const auto lookups = pool(limits);
    const TablePtr table = lookups->table(spec(stage));
    const TablePtr neighbour = lookups->table(spec(other, "another"));
    auto first = ask(table, "ann"), second = ask(table, "bob");
    QCOMPARE(said(ask(neighbour, "eve")), "found eve@example.org");
    QCOMPARE(said(std::move(first)), "failed: table users: no answer within 0 s");
    QCOMPARE(said(std::move(second)), "failed: table users: no answer within 0 s");
    QVERIFY(table->state()->isFailing);
    QVERIFY(said(ask(table, "joe")).startsWith("failed: "));
    stage->hold(false); // it comes back, and so does the table, by itself
    QTRY_VERIFY_WITH_TIMEOUT(!table->state()->isFailing, 20'000);
    QCOMPARE(said(ask(table, "joe")), "found joe@example.org");
    QVERIFY(stage->count(&Stage::alive) <= 2);
}

void TestLookupPool::aTableInUseIsGivenOutAgain() {
    const auto stage = std::make_shared<Stage>();
    const auto lookups = pool();
    const TablePtr before = lookups->table(spec(stage));
    QCOMPARE(said(ask(before, "ann")), "found ann@example.org");
    const TablePtr after = lookups->table(spec(stage));
    QCOMPARE(after.get(), before.get());
    QCOMPARE(said(ask(after, "eve")), "found eve@example.org");
    QCOMPARE(stage->count(&Stage::opened), 1);
}

void TestLookupPool::anotherConfigurationIsAnotherTable() {
    const auto stage = std::make_shared<Stage>();
    const auto lookups = pool();
    const TablePtr before = lookups->table(spec(stage, "one"));
    QVERIFY(lookups->table(spec(stage, "two")) != before);
}

void TestLookupPool::lanesEndWithTheirTable() {
    const auto stage = std::make_shared<Stage>();
    const auto lookups = pool();
    TablePtr table = lookups->table(spec(stage));
    QCOMPARE(said(ask(table, "ann")), "found ann@example.org");
    table.reset();
    QTRY_COMPARE_WITH_TIMEOUT(stage->count(&Stage::alive), 0, 20'000);
}

void TestLookupPool::endingWaitsForTheLanes() {
    const auto stage = std::make_shared<Stage>();
    auto lookups = pool();
    const TablePtr table = lookups->table(spec(stage));
    QCOMPARE(said(ask(table, "ann")), "found ann@example.org");
    lookups.reset();
    QCOMPARE(stage->count(&Stage::alive), 0);
}

void TestLookupPool::A11_aBackendThatCannotBeOpenedIsAFailure() {
    const auto stage = std::make_shared<Stage>();
    stage->canOpen = Error{ErrorCode::Denied, "the database wants another password"};
    const auto lookups = pool();
    const TablePtr table = lookups->table(spec(stage));
    QCOMPARE(said(ask(table, "ann", Service::Credentials)), "failed: table users: the database wants another password");
    QCOMPARE(table->state()->trouble, "the database wants another password");
    QVERIFY(table->state()->since > 0);
}

void TestLookupPool::aTableOutlivesThePool() {
    const auto stage = std::make_shared<Stage>();
    auto lookups = pool();
    const TablePtr table = lookups->table(spec(stage));
    lookups.reset();
    QVERIFY(said(ask(table, "ann")).startsWith("failed: "));
}

void TestLookupPool::manyAskersOfManyTables() {
    const auto lookups = pool();
    std::vector<TablePtr> tables;
    for (int i = 0; i < 4; ++i)
        tables.push_back(lookups->table(spec(std::make_shared<Stage>(), QByteArray::number(i))));
    std::atomic<int> right = 0;
    std::vector<std::thread> askers;
    for (int asker = 0; asker < 4; ++asker)
        askers.emplace_back([&, asker] {
            for (int i = 0; i < 200; ++i) {
                const QByteArray key = QByteArray::number(asker) + "-" + QByteArray::number(i % 50);
                right += said(ask(tables[size_t(i) % tables.size()], key)) == "found " + key + "@example.org" ? 1 : 0;
            }
        });
    for (std::thread& asker : askers)
        asker.join();
    QCOMPARE(right.load(), 800);
}

QTEST_GUILESS_MAIN(TestLookupPool)
#include "tst_lookup_pool.moc"
