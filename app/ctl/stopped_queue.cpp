// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/stopped_queue.h"

#include "ctl/queue_key_prompt.h"
#include "keychain/keychain_program.h"
#include "policy/compile.h"
#include "queue/spool.h"

#include <QFileInfo>

using namespace Qt::StringLiterals;

namespace postern::ctl {
namespace {

constexpr int kChangedAtOnce = 10'000; // envelopes of one commit

control::Reply refused(const Error& error) {
    return {false, {}, QString::fromUtf8(error.text)};
}

control::Reply refusedAsSentence(const Error& error) {
    return {false, {}, QString::fromUtf8(error.text) + u'.'};
}

// As `run` would open it. Without a configuration that can be read the queue may still be plain: then it opens, and if it
// is not, the spool says what is missing.
Result<queue::SealPtr> sealOf(FileStore& files, const engine::Profile& profile) {
    if (!files.size(profile.configFile))
        return std::make_shared<const queue::Seal>();
    const auto rules = policy::compile(files, profile.configFile, {}).ruleset;
    return engine::queueSeal(rules->settings, {askQueueKey, keychain::systemKeychain(), profile.queueKeyName()});
}

QByteArray nameOfAction(const queue::Envelope& envelope) {
    return envelope.action;
}

} // namespace

struct StoppedQueue::Open {
    explicit Open(const queue::SpoolSettings& settings)
        : spool(*files, clock, settings),
          scheduler(clock, [](const queue::Way& way) { return way.action + way.relay; }) {}

    std::unique_ptr<FileStore> files = makeDiskFileStore();
    std::unique_ptr<engine::StateLock> lock;
    SystemClock clock;
    queue::Spool spool;
    queue::Scheduler scheduler;
};

StoppedQueue::StoppedQueue(engine::Profile profile) : m_profile(std::move(profile)) {}

StoppedQueue::~StoppedQueue() {
    if (m_open)
        m_open->spool.close();
}

Result<void> StoppedQueue::open() {
    if (auto may = engine::mayLookInto(m_profile); !may)
        return may;
    if (!QFileInfo::exists(QFile::decodeName(m_profile.stateFolder + "/queue.db"))) // looking must not make one
        return Error{ErrorCode::NotFound, "There is no queue in " + m_profile.stateFolder + '.'};
    if (auto trusted = engine::checkFolders(m_profile); !trusted)
        return trusted;
    engine::keepNewFilesPrivate();
    auto lock = engine::StateLock::take(m_profile.stateFolder);
    if (!lock)
        return lock.error();
    queue::SpoolSettings settings;
    settings.folder = m_profile.stateFolder;
    const auto seal = sealOf(*makeDiskFileStore(), m_profile);
    if (!seal)
        return seal.error();
    settings.seal = *seal;
    auto opened = std::make_unique<Open>(settings);
    opened->lock = std::move(lock).value();
    if (auto started = opened->spool.open(); !started)
        return started;
    const auto queued = opened->spool.outline();
    if (!queued)
        return queued.error();
    opened->scheduler.add(*queued);
    m_open = std::move(opened);
    return {};
}

control::Reply StoppedQueue::ask(const control::Request& request) {
    if (!m_open)
        if (auto opened = open(); !opened)
            return refused(opened.error());
    if (request.verb == "queue.list")
        return list(engine::Listing::ofPage(m_open->scheduler, request.args));
    if (request.verb == "queue.show")
        return list(engine::Listing::ofId(m_open->scheduler, request.args["id"_L1].toString()));
    if (request.verb == "queue.content")
        return content(request.args);
    if (request.verb == "queue.discover")
        return discover(request.args);
    return change(request);
}

control::Reply StoppedQueue::list(Result<engine::Listing> listing) {
    if (!listing)
        return refusedAsSentence(listing.error());
    const std::vector<queue::MessageId> missing = listing->missing();
    std::vector<Result<queue::QueuedMessage>> found;
    for (const queue::MessageId id : missing)
        found.push_back(m_open->spool.message(id));
    listing->supply(missing, found);
    return listing->reply(nameOfAction);
}

control::Reply StoppedQueue::change(const control::Request& request) {
    auto selection = engine::Selection::from(m_open->scheduler, request.args);
    if (!selection)
        return refused(selection.error());
    int changed = 0;
    for (auto ids = selection->next(m_open->scheduler, kChangedAtOnce); !ids.empty();
         ids = selection->next(m_open->scheduler, kChangedAtOnce)) {
        queue::UpdateEnvelopes change;
        if (request.verb == "queue.retry")
            change.updates = m_open->scheduler.retryNow(ids);
        else if (request.verb == "queue.hold")
            change.updates = m_open->scheduler.hold(ids);
        else if (request.verb == "queue.release")
            change.updates = m_open->scheduler.release(ids);
        else
            change.updates = m_open->scheduler.remove(ids);
        changed += int(change.updates.size());
        Result<void> outcome;
        change.done = [&outcome](Result<void> o) { outcome = std::move(o); };
        std::vector<queue::SpoolRequest> group;
        group.emplace_back(std::move(change));
        m_open->spool.carryOut(std::move(group));
        if (!outcome)
            return refused(outcome.error());
    }
    return {true, QJsonObject{{u"changed"_s, changed}}, {}};
}

control::Reply StoppedQueue::content(const QJsonObject& args) {
    const QByteArray text = args["id"_L1].toString().toLatin1();
    const queue::EnvelopeId envelope = queue::envelopeIdFromText(text);
    const auto body = m_open->spool.body(envelope ? queue::messageOf(envelope) : queue::messageIdFromText(text));
    if (!body)
        return refused(body.error());
    return engine::pieceOfContent(*m_open->files, *body, args);
}

// All that lies in the folder is scheduled by the start of the gateway.
control::Reply StoppedQueue::discover(const QJsonObject& args) const {
    const auto rows = engine::Listing::ofId(m_open->scheduler, args["id"_L1].toString());
    return rows ? control::Reply{true, QJsonObject{{u"changed"_s, 0}}, {}} : refusedAsSentence(rows.error());
}

} // namespace postern::ctl
