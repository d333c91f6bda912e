// SPDX-License-Identifier: GPL-3.0-or-later
#include "relay/relay_worker.h"

#include "base/crash_notes.h"
#include "base/log.h"
#include "relay/host_lists.h"
#include "relay/route.h"

#include <QRandomGenerator>
#include <QTimer>

#include <algorithm>
#include <map>

namespace postern::relay {
namespace {

constexpr int kTickMs = 500;

QByteArray badTable(const policy::RelaySpec& spec, const QByteArray& why) {
    const tables::TablePtr& table = spec.hostTable ? spec.hostTable : spec.hostByDomain;
    return "Could not retrieve relay: table \"" + harmless(table->name(), 100) + "\" " + why;
}

RelayLimits withLedger(RelayLimits limits) {
    if (!limits.ledger)
        limits.ledger = std::make_shared<ConnectionLedger>();
    if (!limits.rate)
        limits.rate = std::make_shared<SendingRate>();
    return limits;
}

} // namespace

struct RelayWorker::Impl {
    Impl(const Clock& theClock, FileStore& files, std::unique_ptr<dns::Resolver> theResolver, const RelayLimits& limits,
         std::function<void(RelayReport)> report, Connector connector)
        : clock(theClock), resolver(std::move(theResolver)),
          hosts(files, random()),
          services{theClock, files, *resolver, tables, penalties, withLedger(limits),
                   connector ? std::move(connector) : Connector(&tls::connectStream),
                   random(), std::move(report)} {
        timer.setTimerType(Qt::CoarseTimer);
        timer.setInterval(kTickMs);
        QObject::connect(&timer, &QTimer::timeout, &timer, [this] { tick(); });
    }
    ~Impl() {
        for (const auto& [key, route] : routes)
            route->abandon();
        giveBackAsked();
    }

    // A delivery whose next hop a table names, one URL each.
    struct Asked {
        RelayJob job;
        std::unique_ptr<TableQuestion> question;
    };

    static RoutePlan::Random random() {
        return [](quint32 below) { return QRandomGenerator::global()->bounded(below); };
    }
    void submit(RelayJob job);
    void askHost(RelayJob job);
    void takeFrom(RelayJob job, std::vector<policy::RelayUrl> urls);
    void onHost(quint64 id, const tables::LookupResult& answer);
    void untried(const RelayJob& job, const QByteArray& text, bool countsAsTry);
    void giveBackAsked();
    Route& routeFor(const QByteArray& key, std::vector<policy::RelayUrl> urls);
    void tick();
    void finishDrain();

    const Clock& clock;
    std::unique_ptr<dns::Resolver> resolver;
    TableAsker tables;
    AddressPenalties penalties;
    HostLists hosts;
    RouteServices services;

    std::map<QByteArray, std::unique_ptr<Route>> routes;
    std::map<quint64, Asked> asked;
    quint64 lastAsked = 0;
    QTimer timer; // runs while there are routes
    bool draining = false;
    SteadyTime drainEnds{};
    std::function<void()> drained;
};

Route& RelayWorker::Impl::routeFor(const QByteArray& key, std::vector<policy::RelayUrl> urls) {
    auto& route = routes[key];
    if (!route)
        route = std::make_unique<Route>(services, key, std::move(urls));
    if (!timer.isActive())
        timer.start();
    return *route;
}

void RelayWorker::Impl::untried(const RelayJob& job, const QByteArray& text, bool countsAsTry) {
    services.report(reportAll(job, queue::TryResult::Temporary, text, countsAsTry));
}

void RelayWorker::Impl::askHost(RelayJob job) {
    const policy::RelaySpec& spec = *job.spec;
    if (HostLists::isListed(spec)) {
        auto urls = hosts.next(spec, clock.steady());
        if (!urls)
            untried(job, badTable(spec, urls.error().text), true);
        else
            takeFrom(std::move(job), std::move(urls).value());
        return;
    }
    const quint64 id = ++lastAsked;
    const tables::TablePtr table = spec.hostTable ? spec.hostTable : spec.hostByDomain;
    const bool byDomain = !spec.hostTable;
    const QByteArray domain = job.domain;
    Asked& entry = asked[id];
    entry.job = std::move(job);
    const auto answered = [this, id](const tables::LookupResult& answer) { onHost(id, answer); };
    entry.question = byDomain ? tables.lookup(table, tables::Service::Relayhost, domain, answered)
                              : tables.fetch(table, tables::Service::Relayhost, answered);
}

void RelayWorker::Impl::takeFrom(RelayJob job, std::vector<policy::RelayUrl> urls) {
    QByteArray key = job.delivery.route;
    for (const policy::RelayUrl& url : urls)
        key += '\n' + url.print();
    Route& route = routeFor(key, std::move(urls));
    route.add(std::move(job));
    route.pump();
}

void RelayWorker::Impl::onHost(quint64 id, const tables::LookupResult& answer) {
    auto node = asked.extract(id);
    if (node.empty())
        return;
    RelayJob& job = node.mapped().job;
    const policy::RelaySpec& spec = *job.spec;
    if (answer.failed || !answer.found) {
        const QByteArray none = spec.hostTable ? QByteArray("is empty") : "has no relay for the domain " + harmless(job.domain, 255);
        untried(job, badTable(spec, answer.failed ? "could not be asked: " + harmless(answer.value, 200) : none), true);
        return;
    }
    const QByteArray text = answer.value.isEmpty() ? answer.key : answer.value;
    const auto url = policy::RelayUrl::parse(text, spec.era);
    if (!url) {
        untried(job, badTable(spec, "holds a URL that cannot be used: " + url.error().text), true);
        return;
    }
    takeFrom(std::move(job), {*url});
}

void RelayWorker::Impl::giveBackAsked() {
    for (const auto& [id, entry] : std::exchange(asked, {}))
        untried(entry.job, "the gateway is stopping", false);
}

void RelayWorker::Impl::tick() {
    const SteadyTime now = clock.steady();
    if (draining && now >= drainEnds)
        for (const auto& [key, route] : routes)
            route->abandon();
    for (const auto& [key, route] : routes)
        route->tick(now);
    std::erase_if(routes, [now](const auto& entry) { return entry.second->isIdle(now); });
    penalties.prune(now);
    if (draining)
        finishDrain();
    else if (routes.empty())
        timer.stop();
}

void RelayWorker::Impl::finishDrain() {
    for (const auto& [key, route] : routes)
        if (!route->isEmpty())
            return;
    routes.clear();
    timer.stop();
    if (const auto done = std::exchange(drained, {}))
        done();
}

RelayWorker::RelayWorker(const Clock& clock, FileStore& files, std::unique_ptr<dns::Resolver> resolver,
                         RelayLimits limits, std::function<void(RelayReport)> report, Connector connector)
    : m(std::make_unique<Impl>(clock, files, std::move(resolver), limits, std::move(report), std::move(connector))) {}

RelayWorker::~RelayWorker() = default;

void RelayWorker::submit(std::vector<RelayJob> jobs) {
    std::vector<Route*> touched;
    for (RelayJob& job : jobs) {
        const AtWork here(job.delivery.message->id);
        if (m->draining) {
            m->untried(job, "the gateway is stopping", false);
        } else if (job.spec->hostTable || job.spec->hostByDomain) {
            m->askHost(std::move(job));
        } else {
            Route& route = m->routeFor(job.delivery.route, {});
            if (std::find(touched.begin(), touched.end(), &route) == touched.end())
                touched.push_back(&route);
            route.add(std::move(job));
        }
    }
    for (Route* route : touched)
        route->pump();
}

void RelayWorker::forgetFailures() {
    m->penalties.forget();
    for (const auto& [key, route] : m->routes)
        route->forgetFailures();
}

void RelayWorker::drain(Milliseconds grace, std::function<void()> done) {
    m->draining = true;
    m->drainEnds = m->clock.steady() + grace;
    m->drained = std::move(done);
    m->giveBackAsked();
    for (const auto& [key, route] : m->routes)
        route->stop();
    m->timer.start(); // `done` comes from the event loop, also when there is nothing to wait for
}

int RelayWorker::connections() const {
    int count = 0;
    for (const auto& [key, route] : m->routes)
        count += route->connections();
    return count;
}

void RelayWorker::tick() {
    m->tick();
}

} // namespace postern::relay
