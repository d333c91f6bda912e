// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/stopped_queue.h"

#include "ctl/queue_key_prompt.h"
#include "engine/queue_rows.h"
#include "policy/compile.h"
#include "queue/spool.h"

#include <QFileInfo>

#include <limits>

using namespace Qt::StringLiterals;

namespace postern::ctl {
namespace {

control::Reply refused(const Error& error) {
    return {false, {}, QString::fromUtf8(error.text)};
}

// As `run` would open it. Without a configuration that can be read the queue may still be plain: then it opens, and if it
// is not, the spool says what is missing.
Result<queue::SealPtr> sealOf(FileStore& files, const engine::Profile& profile) {
    if (!files.size(profile.configFile))
        return std::make_shared<const queue::Seal>();
    const auto rules = policy::compile(files, profile.configFile, {}).ruleset;
    return engine::queueSeal(rules->settings, askQueueKey);
}

} // namespace

control::Reply askStopped(const engine::Profile& profile, const control::Request& request) {
    const auto files = makeDiskFileStore();
    if (!QFileInfo::exists(QFile::decodeName(profile.stateFolder + "/queue.db"))) // looking must not make one
        return {false, {}, u"There is no queue in %1."_s.arg(QString::fromUtf8(profile.stateFolder))};
    const auto lock = engine::StateLock::take(profile.stateFolder);
    if (!lock)
        return refused(lock.error());
    SystemClock clock;
    queue::SpoolSettings settings;
    settings.folder = profile.stateFolder;
    const auto seal = sealOf(*files, profile);
    if (!seal)
        return refused(seal.error());
    settings.seal = *seal;
    queue::Spool spool(*files, clock, settings);
    if (const auto opened = spool.open(); !opened)
        return refused(opened.error());
    auto queued = spool.load();
    if (!queued)
        return refused(queued.error());
    queue::Scheduler scheduler(clock, [](const queue::Message&, const queue::Envelope& e) { return e.action + e.relay; });
    for (queue::QueuedMessage& one : *queued)
        scheduler.add(std::move(one));

    const engine::RelayName relayName = [](const queue::Message&, const queue::Envelope& e) { return e.action; };
    if (request.verb == "queue.list")
        return engine::listQueue(scheduler, request.args, relayName, std::numeric_limits<int>::max()); // nobody waits
    if (request.verb == "queue.show")
        return engine::showQueue(scheduler, request.args["id"_L1].toString(), relayName);

    auto selection = engine::Selection::from(scheduler, request.args);
    if (!selection)
        return refused(selection.error());
    const auto ids = selection->next(scheduler, std::numeric_limits<int>::max());
    queue::UpdateEnvelopes change;
    if (request.verb == "queue.retry")
        change.updates = scheduler.retryNow(ids);
    else if (request.verb == "queue.hold")
        change.updates = scheduler.hold(ids);
    else if (request.verb == "queue.release")
        change.updates = scheduler.release(ids);
    else
        change.updates = scheduler.remove(ids);
    const int changed = int(change.updates.size());
    Result<void> outcome;
    change.done = [&outcome](Result<void> o) { outcome = std::move(o); };
    std::vector<queue::SpoolRequest> group;
    group.emplace_back(std::move(change));
    spool.carryOut(std::move(group));
    spool.close();
    if (!outcome)
        return refused(outcome.error());
    return {true, QJsonObject{{u"changed"_s, changed}}, {}};
}

} // namespace postern::ctl
