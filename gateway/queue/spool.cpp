// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/spool.h"

#include "base/log.h"
#include "queue/content_check.h"
#include "queue/spool_impl.h"
#include "queue/spool_rescue.h"
#include "queue/spool_schema.h"

#include <QRandomGenerator>

#include <algorithm>
#include <set>
#include <unordered_map>

namespace postern::queue {
namespace {

constexpr quint32 kIdBlock = 65536;

QByteArray parentOf(const QByteArray& path) {
    const qsizetype slash = path.lastIndexOf('/');
    return slash > 0 ? path.left(slash) : QByteArray(slash == 0 ? "/" : ".");
}

} // namespace

Spool::Spool(FileStore& files, const Clock& clock, SpoolSettings settings)
    : m(std::make_unique<Impl>(files, clock, std::move(settings))) {}

Spool::~Spool() {
    close();
}

Result<void> Spool::open() {
    auto opened = m->open();
    if (!opened)
        m->database.close();
    return opened;
}

void Spool::close() {
    m->segments.close();
    m->database.close();
    m->wasOpened = false;
}

std::shared_ptr<MessageIds> Spool::ids() const {
    return m->ids;
}

QByteArray Spool::incomingPath(MessageId id) const {
    return m->paths.incomingOf(id);
}

Result<qint64> Spool::freeBytes() const {
    return m->files.freeBytes(m->paths.folder);
}

QByteArrayList Spool::findings() const {
    return m->findings;
}

std::map<QByteArray, qint64> Spool::counters() {
    std::map<QByteArray, qint64> counters;
    if (m->database.isOpen())
        (void)m->rows.eachCounter([&](QByteArray name, qint64 value) { counters[std::move(name)] = value; });
    return counters;
}

void Spool::carryOut(std::vector<SpoolRequest> group) {
    m->carryOut(std::move(group));
}

Result<BodyPtr> Spool::body(MessageId id) {
    return m->body(id);
}

void Spool::tidy() {
    constexpr qint64 kWorthIt = 256; // pages: 4 MiB
    if (m->database.isOpen())
        m->closeUpSegments();
    if (m->database.isOpen() && m->database.logPages() >= kWorthIt)
        if (auto tidied = m->database.checkpoint(); !tidied) {
            log(LogLevel::Error, LogArea::Queue, tidied.error().text);
            m->database.close(); // opened again before it is used
        }
}

void Spool::Impl::remove(const QByteArray& file) {
    if (settings.removeFile)
        settings.removeFile(file);
    else
        (void)files.remove(file);
}

void Spool::Impl::found(const QByteArray& sentence) {
    findings.append(sentence);
    log(LogLevel::Error, LogArea::Queue, sentence);
}

Result<void> Spool::Impl::open() {
    findings.clear();
    for (const QByteArray* folder : {&paths.folder, &paths.incoming, &paths.bodies, &paths.segments})
        if (auto made = files.makeDirectory(*folder); !made)
            return made;
    if (auto finished = finishRescue(files, paths); !finished)
        return finished;
    const bool isNew = !files.size(paths.database).has_value();
    auto opened = openRows(true);
    if (!opened && opened.error().code == ErrorCode::Corrupt) {
        found(opened.error().text);
        auto rescued = rescueQueueDatabase(files, paths, settings.vfs, clock);
        if (!rescued)
            return rescued.error();
        found(*rescued);
        opened = openRows(true);
    }
    if (!opened)
        return opened;
    // The names of the database and of our folders must outlive a power cut before anything is promised. Always, not
    // only when they are new: the start that made them may have ended before this line. The parent may be closed to us.
    (void)files.syncDirectory(parentOf(paths.folder));
    if (auto synced = files.syncDirectory(paths.folder); !synced)
        return synced;
    if (auto swept = sweep(isNew); !swept)
        return swept;
    if (auto swept = sweepSegments(isNew); !swept)
        return swept;
    if (auto reserved = reserveIds(); !reserved)
        return reserved;
    wasOpened = true;
    return {};
}

Result<void> Spool::Impl::openRows(bool checkStructure) {
    auto opened = openQueueDatabase(database, paths.database, settings.vfs,
                                    checkStructure ? Check::Structure : Check::None);
    if (opened)
        opened = rows.prepare(database);
    if (!opened)
        database.close();
    return opened;
}

// The first serial of a spool is random, so that ids of different gateways differ; from then on the counter decides.
Result<void> Spool::Impl::reserveIds() {
    const auto stored = rows.counter();
    if (!stored)
        return stored.error();
    const quint32 first = *stored != 0 ? *stored : 1 + (QRandomGenerator::system()->generate() >> 1);
    durableSerial = first + kIdBlock;
    if (auto set = rows.setCounter(durableSerial); !set)
        return set;
    ids = std::make_shared<CountedMessageIds>(first);
    return {};
}

// Files that no row knows. In incoming/: content of a message never accepted. In bodies/: content whose commit failed
// or whose removal was not finished; but if rows may be missing, or the id is of a later time than this database, it is
// the database that is wrong, and the content is kept as a held message.
Result<void> Spool::Impl::sweep(bool rowsMayBeMissing) {
    const auto incoming = files.list(paths.incoming);
    if (!incoming)
        return incoming.error();
    for (const QByteArray& name : *incoming)
        (void)files.remove(paths.incoming + '/' + name);
    const auto bodies = files.list(paths.bodies);
    if (!bodies)
        return bodies.error();
    if (bodies->isEmpty())
        return {};
    const auto counter = rows.counter();
    if (!counter)
        return counter.error();
    for (const QByteArray& name : *bodies) {
        const MessageId id = messageIdFromText(name);
        if (id == 0)
            continue; // not ours
        const auto known = rows.message(id);
        if (known && known->inFile)
            continue;
        if (!known && known.error().code != ErrorCode::NotFound)
            return known.error();
        const bool fromLater = *counter != 0 && comesAfter(serialOf(id), *counter);
        if (known || !(rowsMayBeMissing || fromLater)) {
            (void)files.remove(paths.bodyOf(id));
            continue;
        }
        const QByteArray reason =
            "found as a file that the queue database does not know; sender and recipients are lost";
        if (auto adopted = adoptBodyFile(rows, files, paths, id, clock.wall().time_since_epoch().count(), reason);
            !adopted)
            return adopted;
        found("message " + toText(id) + " was " + reason + "; it is held");
    }
    return {};
}

Envelope placeholderEnvelope(MessageId id, const QByteArray& reason) {
    Envelope envelope;
    envelope.id = newEnvelopeId(id);
    envelope.state = EnvelopeState::Held;
    envelope.recipient = envelope.destination = "unknown@invalid";
    envelope.lastError = reason;
    return envelope;
}

Result<void> adoptBodyFile(SpoolRows& rows, FileStore& files, const SpoolPaths& paths, MessageId id, qint64 now,
                           const QByteArray& reason) {
    const auto size = files.size(paths.bodyOf(id));
    if (!size)
        return size.error();
    StoredMessage stored;
    stored.message.id = id;
    stored.message.size = *size;
    stored.message.createdAt = now;
    stored.inFile = true;
    if (auto inserted = rows.insert(stored, {}); !inserted)
        return inserted;
    return rows.insert(placeholderEnvelope(id, reason)); // if the power goes before it, load() makes another
}

Result<std::vector<QueuedMessage>> Spool::load() {
    std::vector<QueuedMessage> all;
    std::unordered_map<MessageId, size_t> placeOf;
    std::vector<std::pair<MessageId, QByteArray>> missing; // and the file where it should be
    const auto names = m->files.list(m->paths.bodies);
    if (!names)
        return names.error();
    const std::set<QByteArray> bodies(names->begin(), names->end());
    auto loaded = m->rows.eachMessage([&](StoredMessage stored) {
        const MessageId id = stored.message.id;
        if (stored.extent.segment != 0 && !m->segments.mayHold(stored.extent, stored.message.size))
            missing.emplace_back(id, m->segments.pathOf(stored.extent.segment));
        if (stored.inFile &&
            (!bodies.contains(toText(id)) || m->files.size(m->paths.bodyOf(id)).value_or(-1) != stored.message.size))
            missing.emplace_back(id, m->paths.bodyOf(id));
        placeOf.emplace(id, all.size());
        all.push_back({std::move(stored.message), {}});
    });
    if (loaded)
        loaded = m->rows.eachEnvelope([&](Envelope envelope) {
            const auto at = placeOf.find(messageOf(envelope.id));
            if (at != placeOf.end())
                all[at->second].envelopes.push_back(std::move(envelope));
        });
    if (!loaded)
        return loaded.error();
    for (QueuedMessage& queued : all)
        if (queued.envelopes.empty()) { // cannot happen by our own doing
            queued.envelopes.push_back(placeholderEnvelope(queued.message.id, "its recipients are lost"));
            m->found("message " + toText(queued.message.id) + " is held: its recipients are lost");
            (void)m->rows.insert(queued.envelopes.front());
        }
    for (const auto& [id, file] : missing) {
        const QByteArray reason = "its content file " + file + " is missing or has the wrong size";
        m->found("message " + toText(id) + " is held: " + reason);
        for (Envelope& envelope : all[placeOf.at(id)].envelopes) {
            if (envelope.state == EnvelopeState::Waiting)
                envelope.state = EnvelopeState::Held;
            envelope.lastError = reason;
            // Not being able to write it down is no harm: the next start finds the same.
            (void)m->rows.apply({EnvelopeUpdate::Kind::Reschedule, envelope.id, envelope.nextTryAt, 0, -1, reason});
            (void)m->rows.apply({EnvelopeUpdate::Kind::Hold, envelope.id, 0, 0, -1, {}});
        }
    }
    std::stable_sort(all.begin(), all.end(), [](const QueuedMessage& a, const QueuedMessage& b) {
        return a.message.createdAt < b.message.createdAt;
    });
    return all;
}

BodyPtr Spool::Impl::fileBody(MessageId id, qint64 size) const {
    return std::make_shared<const Body>(Body{{}, paths.bodyOf(id), size});
}

Result<BodyPtr> Spool::Impl::body(MessageId id) {
    if (!database.isOpen())
        if (auto reopened = reopen(); !reopened)
            return reopened.error();
    const auto stored = rows.message(id);
    if (!stored)
        return stored.error();
    if (stored->inFile) {
        const auto size = files.size(paths.bodyOf(id));
        if (!size)
            return size.error();
        if (*size != stored->message.size)
            return Error{ErrorCode::Corrupt, "the content file " + paths.bodyOf(id) + " has the wrong size"};
        return fileBody(id, *size);
    }
    if (stored->extent.segment != 0) {
        auto bytes = segments.read(stored->extent, id, stored->message.size, stored->contentCheck);
        if (!bytes)
            return bytes.error();
        return std::make_shared<const Body>(Body{std::move(bytes).value(), {}, stored->message.size});
    }
    auto bytes = rows.inlineContent(id);
    if (!bytes)
        return bytes.error();
    if (bytes->size() != stored->message.size || contentCheck(*bytes) != stored->contentCheck)
        return Error{ErrorCode::Corrupt, "the stored content of message " + toText(id) + " is damaged"};
    return std::make_shared<const Body>(Body{std::move(bytes).value(), {}, stored->message.size});
}

} // namespace postern::queue
