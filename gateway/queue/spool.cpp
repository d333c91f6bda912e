// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/spool.h"

#include "base/log.h"
#include "queue/body_reader.h"
#include "queue/content_check.h"
#include "queue/spool_impl.h"
#include "queue/spool_rescue.h"
#include "queue/spool_schema.h"

#include <QRandomGenerator>

#include <algorithm>

namespace postern::queue {
namespace {

constexpr quint32 kIdBlock = 65536;

QByteArray parentOf(const QByteArray& path) {
    const qsizetype slash = path.lastIndexOf('/');
    return slash > 0 ? path.left(slash) : QByteArray(slash == 0 ? "/" : ".");
}

} // namespace

const char* const kUnknown = "unknown@invalid";

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

Result<QueueOutline> Spool::outline() {
    return m->outline();
}

Result<QueuedMessage> Spool::message(MessageId id) {
    return m->queued(id);
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
    // An empty file is what a file system may leave of a database after a power cut: no rows, but contents of mail.
    const bool isNew = files.size(paths.database).value_or(0) == 0;
    auto opened = openRows(true);
    if (!opened && opened.error().code == ErrorCode::Corrupt) {
        found(opened.error().text);
        auto rescued = rescueQueueDatabase(files, paths, settings.vfs, clock, seal);
        if (!rescued)
            return rescued.error();
        found(*rescued);
        opened = openRows(true);
    }
    if (!opened)
        return opened;
    if (auto fits = checkKey(); !fits)
        return fits;
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
        opened = rows.prepare(database, seal);
    if (!opened)
        database.close();
    return opened;
}

// Before anything is swept, written or taken in: with a wrong key every message would look damaged. What nothing is
// sealed with any more is forgotten, so that a queue that has run empty takes a new key, or none.
Result<void> Spool::Impl::checkKey() {
    const auto noted = rows.keyId();
    if (!noted)
        return noted.error();
    const QByteArray ours = seal->key() ? seal->key()->id() : QByteArray();
    if (*noted == ours && !ours.isEmpty())
        return {};
    const auto sealed = rows.hasSealed();
    if (!sealed)
        return sealed.error();
    if (!*sealed)
        return *noted == ours ? Result<void>() : rows.noteKey(ours);
    if (ours.isEmpty())
        return Error{ErrorCode::Denied,
                     "the queue in " + paths.folder + " holds encrypted mail, and the configuration has no key for it: put the"
                     " line \"queue encryption\" with its key back until that mail has left; nothing was touched",
                     Permanence::Permanent};
    if (noted->isEmpty()) { // lost with a damaged database: a row tells
        bool any = false;
        auto tried = rows.eachMessageOutline([&](const StoredMessage& stored, const QByteArray& damage) {
            any = any || (stored.sealedFields.isEmpty() && damage.isEmpty() && stored.form.encrypted);
        });
        if (!tried)
            return tried;
        if (any)
            return rows.noteKey(ours);
    }
    return Error{ErrorCode::Denied,
                 "the mail in the queue in " + paths.folder + " was encrypted with another key than the one that is"
                 " configured now: put the former key back until that mail has left; nothing was touched",
                 Permanence::Permanent};
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
        if (auto adopted = adoptBodyFile(rows, files, paths, seal, id, clock.wall().time_since_epoch().count(), reason);
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
    envelope.recipient = envelope.destination = kUnknown;
    envelope.lastError = reason;
    return envelope;
}

Result<void> adoptBodyFile(SpoolRows& rows, FileStore& files, const SpoolPaths& paths, const SealPtr& seal, MessageId id,
                           qint64 now, const QByteArray& reason) {
    const auto size = files.size(paths.bodyOf(id));
    if (!size)
        return size.error();
    const auto found = examine(files, paths.bodyOf(id), id, seal);
    if (!found)
        return found.error();
    StoredMessage stored;
    stored.message.id = id;
    stored.message.size = found->size;
    stored.form = found->form;
    stored.storedSize = *size;
    stored.message.createdAt = now;
    stored.inFile = true;
    if (auto inserted = rows.insert(stored, {}); !inserted)
        return inserted;
    return rows.insert(placeholderEnvelope(id, reason)); // if the power goes before it, outline() makes another
}

BodyPtr Spool::Impl::fileBody(MessageId id, qint64 size, ContentForm form, qint64 fileSize) const {
    if (form.isPlain())
        return std::make_shared<const Body>(Body{{}, paths.bodyOf(id), size});
    return std::make_shared<const Body>(Body{{}, paths.bodyOf(id), size, seal, fileSize, id});
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
        if (*size != stored->storedSize)
            return Error{ErrorCode::Corrupt, "the content file " + paths.bodyOf(id) + " has the wrong size"};
        return fileBody(id, stored->message.size, stored->form, *size);
    }
    auto bytes = stored->extent.segment != 0
                     ? segments.read(stored->extent, id, stored->storedSize, stored->contentCheck)
                     : rows.inlineContent(id);
    if (!bytes)
        return bytes.error();
    if (stored->inRow() && (bytes->size() != stored->storedSize || contentCheck(*bytes) != stored->contentCheck))
        return Error{ErrorCode::Corrupt, "the stored content of message " + toText(id) + " is damaged"};
    if (!stored->form.isPlain()) {
        bytes = seal->open(id, *bytes, stored->message.size);
        if (!bytes)
            return bytes.error();
    }
    return std::make_shared<const Body>(Body{std::move(bytes).value(), {}, stored->message.size});
}

Result<QueuedMessage> Spool::Impl::queued(MessageId id) {
    if (!database.isOpen())
        if (auto reopened = reopen(); !reopened)
            return reopened.error();
    auto stored = rows.message(id);
    if (!stored)
        return stored.error();
    const QByteArray damage = openRow(*seal, *stored);
    QueuedMessage result;
    result.message = std::move(stored->message);
    result.damage = damage;
    auto read = rows.eachEnvelopeOf(id, [&](Envelope envelope, const QByteArray& what) {
        if (!what.isEmpty()) {
            envelope.recipient = envelope.destination = kUnknown;
            envelope.lastError = what;
        }
        if (result.damage.isEmpty())
            result.damage = what;
        result.envelopes.push_back(std::move(envelope));
    });
    if (!read)
        return read.error();
    return result;
}

Result<QueuedMessage> Spool::Impl::usable(MessageId id) {
    auto read = queued(id);
    if (read && !read->damage.isEmpty())
        return Error{ErrorCode::Corrupt, "message " + toText(id) + ": " + read->damage};
    return read;
}

} // namespace postern::queue
