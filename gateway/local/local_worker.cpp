// SPDX-License-Identifier: GPL-3.0-or-later
#include "local/local_worker.h"

#include "base/crash_notes.h"
#include "base/log.h"
#include "local/child.h"
#include "local/lmtp_desk.h"
#include "local/local_plan.h"
#include "local/system_path.h"

#include <QTimer>

#include <algorithm>
#include <deque>
#include <map>
#include <set>

namespace postern::local {
namespace {

using namespace std::chrono_literals;
using policy::Method;
using queue::TryResult;

constexpr int kTickMs = 500;
constexpr Milliseconds kChildSlack = 10s; // a command's supervisor ends it at the limit; this is for a child that hangs itself
constexpr Milliseconds kDrainSlack = 3s;  // the same, while the gateway waits for its end
constexpr char kStopping[] = "4.3.0 the gateway is stopping";

// What takes one session: an envelope for a child, or the recipients of one message at one LMTP server.
struct Task {
    std::shared_ptr<const LocalJob> job;
    std::vector<size_t> which;
    QByteArray user;        // whose sessions are counted
    QByteArray destination; // LMTP
};

struct AtChild {
    Task task;
    QByteArray where;
    std::unique_ptr<Child> child;
    SteadyTime next{}; // when it is asked to stop, is killed, or is given up
    enum class Step : quint8 { Works, Stopped, Killed } step = Step::Works;
};

} // namespace

struct LocalWorker::Impl {
    Impl(const Clock& theClock, FileStore& theFiles, std::unique_ptr<dns::Resolver> resolver, const LocalLimits& own,
         std::function<void(LocalReport)> theReport, relay::Connector connector)
        : clock(theClock), files(theFiles), report(std::move(theReport)),
          frame{own.program.isEmpty() ? deliverProgram() : own.program, own.mailFolder,
                own.unprivileged.name.isEmpty() ? unprivilegedUser() : own.unprivileged, own.timeLimit,
                theClock.wall().time_since_epoch().count()},
          lmtp(theClock, theFiles, std::move(resolver), std::move(connector), [this](LocalReport one) { lmtpReported(std::move(one)); }) {
        timer.setInterval(kTickMs);
        QObject::connect(&timer, &QTimer::timeout, &timer, [this] { tick(); });
    }
    ~Impl();

    void take(LocalJob job);
    void enqueue(Task task);
    void pump();
    bool mayBegin(const QByteArray& user) const;
    void begin(Task task);
    void beginChild(Task task, LocalContent content);
    void childDone(quint64 id, const mda::Report& answer);
    void lmtpReported(LocalReport one);
    void ended(const QByteArray& user);
    void refuse(const Task& task, TryResult result, const QByteArray& text, bool countsAsTry = true);
    void giveBackWaiting();
    void tick();
    void finishDrain();

    const Clock& clock;
    FileStore& files;
    const std::function<void(LocalReport)> report;
    const PlanFrame frame;
    policy::MdaLimits limits; // of the latest job

    std::map<QByteArray, std::deque<Task>> waiting; // by user
    std::deque<QByteArray> turns;                   // users of `waiting`, each once
    std::map<QByteArray, int> running;              // by user
    int sessions = 0;
    int waitingCount = 0;
    std::map<quint64, AtChild> children;
    quint64 lastChild = 0;
    std::map<queue::EnvelopeId, std::shared_ptr<std::pair<QByteArray, size_t>>> atLmtp; // whose session, how many left in it
    bool paused = false;
    bool draining = false;
    bool lmtpDrained = false;
    SteadyTime drainEnds{};
    std::function<void()> drained;
    QTimer timer;
    LmtpDesk lmtp; // last: it reports while it goes
};

LocalWorker::Impl::~Impl() {
    giveBackWaiting();
    for (auto& [id, at] : children)
        at.child->stop();
    for (auto& [id, at] : std::exchange(children, {})) {
        at.child.reset();
        refuse(at.task, TryResult::Temporary, kStopping, false);
    }
}

void LocalWorker::Impl::refuse(const Task& task, TryResult result, const QByteArray& text, bool countsAsTry) {
    LocalReport out;
    out.route = task.job->delivery.route;
    out.message = task.job->delivery.message;
    for (const size_t index : task.which)
        out.outcomes.push_back({task.job->delivery.envelopes[index].id, result, text, countsAsTry});
    report(std::move(out));
}

void LocalWorker::Impl::take(LocalJob given) {
    const auto job = std::make_shared<const LocalJob>(std::move(given));
    if (job->settings)
        limits = job->settings->mda;
    const size_t count = job->delivery.envelopes.size();
    if (draining || job->users.size() != count || !job->body) {
        Task all{job, {}, {}, {}};
        for (size_t i = 0; i < count; ++i)
            all.which.push_back(i);
        return refuse(all, TryResult::Temporary, draining ? kStopping : "4.3.0 a delivery that lacks a part", !draining);
    }
    if (job->method != Method::Lmtp) {
        for (size_t i = 0; i < count; ++i)
            enqueue({job, {i}, userOf(*job, i, frame).name, {}});
        return;
    }
    std::map<QByteArray, std::vector<size_t>> byDestination;
    for (size_t i = 0; i < count; ++i) {
        const auto destination = lmtpDestination(*job, i, frame);
        if (destination)
            byDestination[*destination].push_back(i);
        else
            refuse({job, {i}, {}, {}}, destination.error().permanence == Permanence::Permanent ? TryResult::Permanent : TryResult::Temporary,
                   destination.error().text);
    }
    for (auto& [destination, which] : byDestination) {
        const QByteArray user = which.size() == 1 ? userOf(*job, which.front(), frame).name : "lmtp " + destination;
        enqueue({job, std::move(which), user, destination});
    }
}

void LocalWorker::Impl::enqueue(Task task) {
    std::deque<Task>& own = waiting[task.user];
    if (own.empty())
        turns.push_back(task.user);
    own.push_back(std::move(task));
    ++waitingCount;
}

bool LocalWorker::Impl::mayBegin(const QByteArray& user) const {
    const auto own = running.find(user);
    return own == running.end() || own->second < std::max(limits.maxSessionPerUser, 1);
}

// One for each user in turn, so that ten thousand mails for one hold up nobody else.
void LocalWorker::Impl::pump() {
    size_t unlucky = 0; // in a row: users with as many sessions as they may have
    while (!paused && !draining && sessions < std::max(limits.maxSession, 1) && unlucky < turns.size()) {
        const QByteArray user = turns.front();
        turns.pop_front();
        const auto own = waiting.find(user);
        if (!mayBegin(user)) {
            turns.push_back(user);
            ++unlucky;
            continue;
        }
        unlucky = 0;
        Task task = std::move(own->second.front());
        own->second.pop_front();
        --waitingCount;
        if (own->second.empty())
            waiting.erase(own);
        else
            turns.push_back(user);
        begin(std::move(task));
    }
    if (!timer.isActive() && (sessions > 0 || draining))
        timer.start();
}

void LocalWorker::Impl::begin(Task task) {
    const AtWork here(task.job->delivery.message->id);
    LocalContent content(files, task.job->body);
    if (const auto opened = content.open(); !opened)
        return refuse(task, TryResult::Temporary, "4.3.0 " + opened.error().text);
    std::vector<size_t> going;
    for (const size_t index : task.which) {
        const queue::Envelope& envelope = task.job->delivery.envelopes[index];
        if (content.loopsTo(envelope.destination))
            refuse({task.job, {index}, {}, {}}, TryResult::Permanent,
                   "5.4.6 Loop detected: the message was delivered to " + harmless(envelope.destination, 320) + " before");
        else
            going.push_back(index);
    }
    if (going.empty())
        return;
    task.which = going;
    if (task.job->method != Method::Lmtp)
        return beginChild(std::move(task), std::move(content));
    if (!task.job->wrapper.isEmpty())
        return refuse(task, TryResult::Temporary, "4.3.5 a wrapper can't be put around lmtp");
    ++sessions;
    ++running[task.user];
    const auto session = std::make_shared<std::pair<QByteArray, size_t>>(task.user, going.size());
    for (const size_t index : going)
        atLmtp[task.job->delivery.envelopes[index].id] = session;
    lmtp.submit(*task.job, going, task.destination);
}

void LocalWorker::Impl::beginChild(Task task, LocalContent content) {
    const size_t index = task.which.front();
    const queue::Envelope& envelope = task.job->delivery.envelopes[index];
    auto plan = planFor(*task.job, index, frame);
    if (!plan)
        return refuse(task, plan.error().permanence == Permanence::Permanent ? TryResult::Permanent : TryResult::Temporary, plan.error().text);
    if (const QByteArray why = whyNotAs(userOf(*task.job, index, frame)); !why.isEmpty())
        return refuse(task, TryResult::Temporary, "4.3.5 " + why);
    content.addressed(task.job->delivery.message->sender, envelope.recipient);
    const quint64 id = ++lastChild;
    auto child = std::make_unique<Child>(frame.program, plan->order, std::move(content),
                                         [this, id](const mda::Report& answer) { childDone(id, answer); });
    if (const auto started = child->start(); !started)
        return refuse(task, TryResult::Temporary, started.error().text);
    ++sessions;
    ++running[task.user];
    const SteadyTime stopAt = clock.steady() + frame.timeLimit + kChildSlack;
    children.emplace(id, AtChild{std::move(task), plan->where, std::move(child), stopAt, AtChild::Step::Works});
}

void LocalWorker::Impl::childDone(quint64 id, const mda::Report& answer) {
    auto node = children.extract(id);
    if (node.empty())
        return;
    const AtChild& at = node.mapped();
    const LocalJob& job = *at.task.job;
    LocalReport out;
    out.route = job.delivery.route;
    out.message = job.delivery.message;
    out.peer = at.where;
    out.outcomes.push_back(outcomeOf(answer, job.delivery.envelopes[at.task.which.front()].id, at.where, job.era));
    if (draining && at.step != AtChild::Step::Works && out.outcomes.front().result != TryResult::Delivered)
        out.outcomes.front().countsAsTry = false;
    report(std::move(out));
    ended(at.task.user);
}

void LocalWorker::Impl::lmtpReported(LocalReport one) {
    for (const queue::TryOutcome& outcome : one.outcomes) {
        auto node = atLmtp.extract(outcome.id);
        if (!node.empty() && --node.mapped()->second == 0)
            QMetaObject::invokeMethod(&timer, [this, user = node.mapped()->first] { ended(user); }, Qt::QueuedConnection);
    }
    report(std::move(one));
}

void LocalWorker::Impl::ended(const QByteArray& user) {
    --sessions;
    if (const auto own = running.find(user); own != running.end() && --own->second == 0)
        running.erase(own);
    pump();
}

void LocalWorker::Impl::giveBackWaiting() {
    turns.clear();
    waitingCount = 0;
    for (const auto& [user, tasks] : std::exchange(waiting, {}))
        for (const Task& task : tasks)
            refuse(task, TryResult::Temporary, kStopping, false);
}

void LocalWorker::Impl::tick() {
    const SteadyTime now = clock.steady();
    const Milliseconds slack = draining ? kDrainSlack : kChildSlack;
    std::vector<quint64> hopeless;
    for (auto& [id, at] : children) {
        if (draining && at.step == AtChild::Step::Works)
            at.next = std::min(at.next, drainEnds);
        if (now < at.next)
            continue;
        at.next = now + slack;
        switch (at.step) {
        case AtChild::Step::Works:
            at.child->stop();
            at.step = AtChild::Step::Stopped;
            break;
        case AtChild::Step::Stopped:
            at.child->kill();
            at.step = AtChild::Step::Killed;
            break;
        case AtChild::Step::Killed: hopeless.push_back(id); break;
        }
    }
    for (const quint64 id : hopeless) { // a disk that does not answer holds it: the mail at least goes on
        children.at(id).child.reset();
        childDone(id, {mda::Ending::Later, 0, "4.3.0 the delivery hangs and can't be ended"});
    }
    lmtp.tick();
    if (draining)
        finishDrain();
    else if (sessions == 0)
        timer.stop();
}

void LocalWorker::Impl::finishDrain() {
    if (!children.empty() || !lmtpDrained)
        return;
    timer.stop();
    if (const auto done = std::exchange(drained, {}))
        done();
}

LocalWorker::LocalWorker(const Clock& clock, FileStore& files, std::unique_ptr<dns::Resolver> resolver, const LocalLimits& limits,
                         std::function<void(LocalReport)> report, relay::Connector connector)
    : m(std::make_unique<Impl>(clock, files, std::move(resolver), limits, std::move(report), std::move(connector))) {}

LocalWorker::~LocalWorker() = default;

void LocalWorker::submit(std::vector<LocalJob> jobs) {
    for (LocalJob& job : jobs)
        m->take(std::move(job));
    m->pump();
}

void LocalWorker::setPaused(bool paused) {
    m->paused = paused;
    m->pump();
}

void LocalWorker::forgetFailures() {
    m->lmtp.forgetFailures();
}

void LocalWorker::drain(Milliseconds grace, std::function<void()> done) {
    m->draining = true;
    m->drainEnds = m->clock.steady() + grace;
    m->drained = std::move(done);
    m->giveBackWaiting();
    m->lmtp.drain(grace, [this] { m->lmtpDrained = true; });
    m->timer.start(); // `done` comes from the event loop, also when there is nothing to wait for
}

int LocalWorker::sessions() const {
    return m->sessions;
}

int LocalWorker::waiting() const {
    return m->waitingCount;
}

void LocalWorker::tick() {
    m->tick();
}

} // namespace postern::local
