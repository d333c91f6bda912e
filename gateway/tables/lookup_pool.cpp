// SPDX-License-Identifier: GPL-3.0-or-later
//
// A Line is one table's desk behind a mutex, and its lanes: threads that take jobs from it. Answers are passed on with no lock
// held, by whoever found them out. Threads are detached and counted; they share their Line, so that one which hangs for ever
// keeps only what it uses.
#include "tables/lookup_pool.h"

#include "base/log.h"

#include <condition_variable>
#include <set>
#include <thread>

namespace postern::tables {
namespace {

constexpr Milliseconds kWatchBusy{50}, kWatchQuiet{500}; // a deadline is kept to that
constexpr Seconds kIdle{60};      // then a lane closes its connection and ends
constexpr Seconds kLastPatience{3};

Result<LookupDesk::Found> carryOut(Backend& backend, const LookupDesk::Job& job) {
    LookupDesk::Found found;
    switch (job.asking) {
    case Asking::Lookup: {
        auto value = backend.lookup(job.service, job.key);
        if (!value)
            return value.error();
        found.found = value->has_value();
        if (found.found)
            found.value = **value;
        return found;
    }
    case Asking::Check: {
        const auto is = backend.check(job.service, job.key);
        if (!is)
            return is.error();
        found.found = *is;
        return found;
    }
    case Asking::Fetch: {
        auto elements = backend.fetch(job.service);
        if (!elements)
            return elements.error();
        found.elements = std::move(elements).value();
        found.rule = backend.fetchRule();
        return found;
    }
    case Asking::Probe:
        if (auto answers = backend.probe(); !answers)
            return answers.error();
        return found;
    }
    return found;
}

} // namespace

// What lines need of the pool, and outlives it with them.
struct LookupPool::Shared {
    explicit Shared(std::shared_ptr<const Clock> theClock) : clock(std::move(theClock)) {}

    const std::shared_ptr<const Clock> clock;
    std::mutex mutex;
    std::condition_variable wake, ended;         // the watch's; a thread has ended
    std::set<std::shared_ptr<Line>> watched;     // guarded by mutex, as all below
    std::set<Line*> lines;                       // those that are alive, each of which takes itself out
    size_t threads = 0;
    bool hasWatch = false;
    bool isOver = false;
};

class LookupPool::Line : public std::enable_shared_from_this<Line> {
  public:
    Line(std::shared_ptr<Shared> shared, const AskedSpec& spec, const LookupLimits& limits)
        : m_shared(std::move(shared)), m_name(spec.name), m_kind(spec.kind), m_make(spec.make), m_most(limits.lanes),
          m_desk(spec.name, limits) {
        const std::lock_guard lock(m_shared->mutex);
        m_shared->lines.insert(this);
    }
    ~Line() {
        const std::lock_guard lock(m_shared->mutex);
        m_shared->lines.erase(this);
    }
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;

    void lookup(Service service, const QByteArray& key, const LookupDone& done) {
        change([&] { m_desk.lookup(service, key, done, steady()); });
    }
    void fetch(Service service, const LookupDone& done) {
        change([&] { m_desk.fetch(service, done, steady()); });
    }
    void test(const LookupDone& done) {
        change([&] { m_desk.test(done, steady()); });
    }
    void refresh() {
        change([&] { m_desk.refresh(); });
    }
    TableState state() {
        const std::lock_guard lock(m_mutex);
        return m_desk.state();
    }
    // No table is left that asks: what is open is still answered, then the lanes end.
    void retire() {
        {
            const std::lock_guard lock(m_mutex);
            m_isRetired = true;
        }
        m_wake.notify_all();
    }
    void close() {
        change([&] {
            m_isRetired = true;
            m_desk.close("the gateway is stopping");
        });
        m_wake.notify_all();
    }
    // The watch's; decides whether it is still wanted here.
    void tick() {
        change([&] { m_desk.tick(steady(), wall()); });
        const std::lock_guard lock(m_mutex);
        m_isWatched = m_desk.isRestless() && !(m_isRetired && !m_desk.isBusy());
    }
    bool isBusy() {
        const std::lock_guard lock(m_mutex);
        return m_desk.isBusy();
    }
    bool isWatched() {
        const std::lock_guard lock(m_mutex);
        return m_isWatched;
    }

  private:
    SteadyTime steady() const { return m_shared->clock->steady(); }
    WallTime wall() const { return m_shared->clock->wall(); }

    // Changes the desk; then starts what that needs and passes on what it answered.
    template <class Change>
    void change(Change what) {
        std::vector<LookupDesk::Answer> answers;
        bool wantsLane = false, wantsWatch = false;
        TableState before, after;
        {
            const std::lock_guard lock(m_mutex);
            before = m_desk.state();
            what();
            after = m_desk.state();
            answers = m_desk.takeAnswers();
            wantsLane = takeLane();
            wantsWatch = m_desk.isRestless() && !std::exchange(m_isWatched, m_isWatched || m_desk.isRestless());
        }
        m_wake.notify_one();
        if (wantsLane)
            startLane();
        if (wantsWatch)
            watch();
        tell(before, after);
        for (auto& [done, result] : answers)
            std::exchange(done, {})(std::move(result)); // it may hold the last word on whether the table lives
    }

    // Is a further lane wanted? Then it counts from now on; under the mutex.
    bool takeLane() {
        const bool isWanted = m_desk.hasNext(steady()) && m_free == 0 && m_lanes - m_desk.stuck() < m_most;
        m_lanes += isWanted ? 1 : 0;
        return isWanted;
    }

    void tell(const TableState& before, const TableState& after) const {
        if (after.isFailing && (!before.isFailing || before.trouble != after.trouble))
            log(LogLevel::Warning, LogArea::Engine,
                "table " + m_name + " (" + m_kind + ") cannot be asked: " + after.trouble + "; what depends on it is put off");
        else if (before.isFailing && !after.isFailing)
            log(LogLevel::Notice, LogArea::Engine, "table " + m_name + " (" + m_kind + ") answers again");
    }

    void startLane();
    void watch();
    void work();

    const std::shared_ptr<Shared> m_shared;
    const QByteArray m_name, m_kind;
    const BackendMaker m_make;
    const int m_most;
    std::mutex m_mutex;
    std::condition_variable m_wake;
    LookupDesk m_desk;          // guarded by m_mutex, as all below
    int m_lanes = 0, m_free = 0; // all, those that hang too; of them those that wait for a job
    bool m_isRetired = false;
    bool m_isWatched = false;
};

void LookupPool::Line::startLane() {
    {
        const std::lock_guard lock(m_shared->mutex);
        ++m_shared->threads;
    }
    std::thread([self = shared_from_this()]() mutable {
        const std::shared_ptr<Shared> shared = self->m_shared;
        self->work();
        self.reset();
        const std::lock_guard lock(shared->mutex);
        --shared->threads;
        shared->ended.notify_all();
    }).detach();
}

void LookupPool::Line::work() {
    const std::unique_ptr<Backend> backend = m_make();
    bool isOpen = false;
    for (bool goesOn = true; goesOn;) {
        std::optional<LookupDesk::Job> job;
        bool wantsLane = false;
        {
            std::unique_lock lock(m_mutex);
            ++m_free;
            const bool hasWork = m_wake.wait_for(lock, kIdle, [this] { return m_isRetired || m_desk.hasNext(steady()); });
            --m_free;
            job = m_desk.next(steady());
            if (!job && (!hasWork || m_isRetired)) {
                --m_lanes;
                break;
            }
            wantsLane = takeLane();
        }
        if (wantsLane)
            startLane();
        if (!job)
            continue;
        Result<LookupDesk::Found> outcome = LookupDesk::Found();
        if (!isOpen) {
            if (auto opened = backend->open(); !opened)
                outcome = opened.error();
            else
                isOpen = true;
        }
        if (isOpen)
            outcome = carryOut(*backend, *job);
        if (!outcome && outcome.error().code != ErrorCode::Unsupported && outcome.error().code != ErrorCode::Corrupt) {
            backend->close();
            isOpen = false;
        }
        change([&] {
            const bool wasGivenUp = m_desk.finished(job->id, std::move(outcome), steady(), wall()) == LookupDesk::Lane::Ends;
            goesOn = !wasGivenUp;
            m_lanes -= wasGivenUp ? 1 : 0;
        });
    }
    backend->close();
}

void LookupPool::Line::watch() {
    const std::shared_ptr<Shared> shared = m_shared;
    const std::lock_guard lock(shared->mutex);
    if (shared->isOver)
        return;
    shared->watched.insert(shared_from_this());
    shared->wake.notify_all();
    if (std::exchange(shared->hasWatch, true))
        return;
    ++shared->threads;
    std::thread([shared] {
        std::vector<std::shared_ptr<Line>> lines; // let go of with no lock held: a line's end takes one
        for (bool isOver = false; !isOver;) {
            bool isBusy = false;
            for (const std::shared_ptr<Line>& line : lines) {
                line->tick();
                isBusy = line->isBusy() || isBusy;
            }
            {
                const std::lock_guard held(shared->mutex);
                for (const std::shared_ptr<Line>& line : lines)
                    if (!line->isWatched())
                        shared->watched.erase(line);
            }
            lines.clear();
            std::unique_lock held(shared->mutex);
            if (!shared->isOver && shared->watched.empty())
                shared->wake.wait(held, [&] { return shared->isOver || !shared->watched.empty(); });
            else if (!shared->isOver)
                shared->wake.wait_for(held, isBusy ? kWatchBusy : kWatchQuiet);
            isOver = shared->isOver;
            lines.assign(shared->watched.begin(), shared->watched.end());
            if (isOver)
                shared->watched.clear(); // they end with `lines`
        }
        lines.clear();
        const std::lock_guard held(shared->mutex);
        --shared->threads;
        shared->ended.notify_all();
    }).detach();
}

class LookupPool::AskedTable final : public Table {
  public:
    AskedTable(const AskedSpec& spec, std::shared_ptr<Line> line)
        : m_name(spec.name), m_kind(spec.kind), m_mayNameFiles(spec.mayNameFiles), m_line(std::move(line)) {}
    ~AskedTable() override { m_line->retire(); }
    AskedTable(const AskedTable&) = delete;
    AskedTable& operator=(const AskedTable&) = delete;

    const QByteArray& name() const override { return m_name; }
    QByteArray kind() const override { return m_kind; }
    Shape shape() const override { return Shape::Dynamic; }
    qsizetype size() const override { return -1; }
    void lookup(Service service, const QByteArray& key, const LookupDone& done) const override {
        const std::shared_ptr<Line> line = m_line; // `done` may end this table
        line->lookup(service, key, done);
    }
    void fetch(Service service, const LookupDone& done) const override {
        const std::shared_ptr<Line> line = m_line;
        line->fetch(service, done);
    }
    void test(const LookupDone& done) const override {
        const std::shared_ptr<Line> line = m_line;
        line->test(done);
    }
    QByteArrayList keys() const override { return {}; }
    std::optional<TableState> state() const override { return m_line->state(); }
    void refresh() const override { m_line->refresh(); }
    bool mayNameFiles() const override { return m_mayNameFiles; }

  private:
    const QByteArray m_name, m_kind;
    const bool m_mayNameFiles;
    const std::shared_ptr<Line> m_line;
};

LookupPool::LookupPool(std::shared_ptr<const Clock> clock, LookupLimits limits)
    : m_limits(std::move(limits)), m_shared(std::make_shared<Shared>(std::move(clock))) {}

LookupPool::~LookupPool() {
    std::vector<std::shared_ptr<Line>> open;
    {
        const std::lock_guard lock(m_shared->mutex);
        m_shared->isOver = true;
        for (Line* line : m_shared->lines)
            if (auto alive = line->weak_from_this().lock())
                open.push_back(std::move(alive));
    }
    m_shared->wake.notify_all();
    for (const std::shared_ptr<Line>& line : open)
        line->close();
    open.clear();
    std::unique_lock lock(m_shared->mutex);
    m_shared->ended.wait_for(lock, kLastPatience, [this] { return m_shared->threads == 0; });
}

TablePtr LookupPool::table(const AskedSpec& spec) {
    const QByteArray place = spec.name + '\0' + spec.kind + '\0' + spec.identity;
    const std::lock_guard lock(m_mutex);
    std::erase_if(m_tables, [](const auto& entry) { return entry.second.expired(); });
    std::weak_ptr<const Table>& known = m_tables[place];
    if (TablePtr inUse = known.lock())
        return inUse;
    const TablePtr made = std::make_shared<const AskedTable>(spec, std::make_shared<Line>(m_shared, spec, m_limits));
    known = made;
    return made;
}

} // namespace postern::tables
