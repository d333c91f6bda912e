// SPDX-License-Identifier: GPL-3.0-or-later
//
// Reading a damaged B-tree: forward until it breaks, backward until it breaks, and what lies between by its key, as far
// as the other table tells the key.
#include "queue/spool_rescue.h"

#include "queue/body_reader.h"
#include "queue/content_check.h"
#include "queue/database_mend.h"
#include "queue/message_id.h"
#include "queue/spool_impl.h"
#include "queue/spool_schema.h"

#include <map>

namespace postern::queue {
namespace {

struct Salvage {
    std::map<MessageId, StoredMessage> messages;
    std::map<MessageId, std::map<EnvelopeId, StoredEnvelope>> envelopes;
    quint32 counter = 0;
    QByteArray keyId;
};

// As many rows as can be read.
void scan(Database& from, const QByteArray& sql, const std::function<void(const Statement&)>& take) {
    if (from.isOpen())
        (void)from.eachRow(sql, take);
}

Salvage readAll(Database& from) {
    Salvage found;
    QByteArray columns = kMessageColumns, envelopeColumns = kEnvelopeColumns;
    const auto lacks = [&from](const char* sql) { return from.isOpen() && !from.prepare(sql); };
    if (lacks("SELECT segment, place FROM message LIMIT 0")) // format 1 (spool_schema.cpp)
        columns.replace("segment, place", "0, 0");
    if (lacks("SELECT form, stored FROM message LIMIT 0")) // format 2
        columns.replace("form, stored", "0, 0");
    if (lacks("SELECT form FROM envelope LIMIT 0"))
        envelopeColumns.replace("form", "0");
    if (lacks("SELECT local FROM envelope LIMIT 0")) // format 3
        envelopeColumns.replace("local", "x''");
    const auto takeMessage = [&](const Statement& row) {
        StoredMessage stored = messageFromRow(row);
        if (stored.message.id != 0)
            found.messages.emplace(stored.message.id, std::move(stored));
    };
    const auto takeEnvelope = [&](const Statement& row) {
        StoredEnvelope stored = envelopeFromRow(row);
        const EnvelopeId id = stored.envelope.id;
        if (messageOf(id) != 0)
            found.envelopes[messageOf(id)].emplace(id, std::move(stored));
    };
    for (const char* direction : {" ORDER BY 1", " ORDER BY 1 DESC"}) {
        scan(from, "SELECT " + columns + " FROM message" + direction, takeMessage);
        scan(from, "SELECT " + envelopeColumns + " FROM envelope" + direction, takeEnvelope);
    }
    for (const auto& [id, list] : found.envelopes)
        if (!found.messages.contains(id))
            scan(from,
                 "SELECT " + columns +
                     " FROM message WHERE serial=" + QByteArray::number(serialOf(id)),
                 takeMessage);
    for (const auto& [id, stored] : found.messages)
        if (!found.envelopes.contains(id)) {
            const QByteArray first = QByteArray::number(qint64(quint64(serialOf(id)) << 32));
            scan(from,
                 "SELECT " + envelopeColumns + " FROM envelope WHERE key BETWEEN " + first + " AND " + first + "+4294967295",
                 takeEnvelope);
        }
    scan(from, "SELECT value FROM counter WHERE name='next-serial'",
         [&](const Statement& row) { found.counter = quint32(row.number(0)); });
    scan(from, "SELECT key_id FROM seal", [&](const Statement& row) { found.keyId = row.bytes(0); });
    return found;
}

// By the note of it or, if that is lost, by a row that opens. Without anything encrypted any key will do, and none.
bool isKeyOf(const Salvage& found, const Seal& seal) {
    bool anySealed = false;
    for (const auto& [id, stored] : found.messages) {
        StoredMessage copy = stored;
        if (stored.sealedFields.isEmpty())
            continue;
        if (!found.keyId.isEmpty())
            return seal.key() && seal.key()->id() == found.keyId;
        anySealed = true;
        if (openRow(seal, copy).isEmpty())
            return true;
    }
    return !anySealed;
}

// Contents that lie outside the database, and the headers of those in segments.
struct Contents {
    FileStore& files;
    const SpoolPaths& paths;
    const SealPtr& seal;
    Segments segments{files, paths.segments, 0};
    std::map<MessageId, FoundExtent> extents = {};

    Result<QByteArray> octetsOf(const FoundExtent& extent) const {
        return segments.read(extent.where, extent.id, extent.size, extent.check);
    }
};

void holdBecause(StoredEnvelope& stored, const QByteArray& reason) {
    stored.envelope.state = EnvelopeState::Held;
    stored.envelope.lastError = reason;
    stored.sealedError.clear();
}

// Writes one salvaged message; returns whether it had to be held.
Result<bool> write(SpoolRows& to, Database& from, Contents& outside, StoredMessage stored,
                   std::map<EnvelopeId, StoredEnvelope> envelopes) {
    const MessageId id = stored.message.id;
    QByteArray reason, content;
    if (stored.inFile) {
        if (outside.files.size(outside.paths.bodyOf(id)).value_or(-1) != stored.storedSize)
            reason = "the queue database was damaged and its content file is missing";
    } else if (stored.extent.segment != 0) {
        if (!outside.segments.read(stored.extent, id, stored.storedSize, stored.contentCheck))
            reason = "the queue database was damaged and its content is missing from its file";
    } else {
        scan(from, "SELECT bytes FROM content WHERE serial=" + QByteArray::number(serialOf(id)),
             [&](const Statement& row) { content = row.bytes(0); });
        if (content.size() != stored.storedSize || contentCheck(content) != stored.contentCheck)
            reason = "the queue database was damaged and its content is not whole";
    }
    if (envelopes.empty()) {
        reason = "the queue database was damaged and its recipients are lost";
        const Envelope unknown = placeholderEnvelope(id, reason);
        envelopes.emplace(unknown.id, StoredEnvelope{unknown});
    }
    if (auto inserted = to.insert(stored, content); !inserted)
        return inserted.error();
    for (const auto& [key, envelope] : envelopes)
        if (reason.isEmpty() && !envelope.damage.isEmpty())
            reason = "the queue database was damaged and " + envelope.damage;
    for (auto& [key, envelope] : envelopes) {
        if (!reason.isEmpty())
            holdBecause(envelope, reason);
        if (auto inserted = to.insert(envelope); !inserted)
            return inserted.error();
    }
    return !reason.isEmpty();
}

struct Tally {
    int whole = 0, held = 0;
};

// Of a message whose row is lost: what its content says of itself.
Result<StoredMessage> rowOfContent(const Contents& outside, MessageId id, qint64 now) {
    StoredMessage stored;
    stored.message.id = id;
    stored.message.createdAt = now;
    stored.contentCheck = -1;
    const QByteArray file = outside.paths.bodyOf(id);
    if (const auto size = outside.files.size(file)) {
        const auto found = examine(outside.files, file, id, outside.seal);
        if (!found)
            return found.error();
        stored.inFile = true;
        stored.form = found->form;
        stored.message.size = found->size;
        stored.storedSize = *size;
    } else if (const auto extent = outside.extents.find(id); extent != outside.extents.end()) {
        const FoundExtent& found = extent->second;
        stored.extent = found.where;
        stored.contentCheck = found.check;
        stored.form = found.form;
        stored.storedSize = found.size;
        stored.message.size =
            found.form.isPlain() ? found.size : outside.seal->plainSize(id, outside.octetsOf(found).value_or({}));
    }
    return stored;
}

Result<Tally> writeAll(SpoolRows& to, Database& from, FileStore& files, const SpoolPaths& paths, const SealPtr& seal,
                       Salvage salvage, qint64 now) {
    Tally tally;
    Contents outside{files, paths, seal};
    if (auto opened = outside.segments.open(); !opened)
        return opened.error();
    for (const auto& [number, size] : outside.segments.sizes())
        for (const FoundExtent& extent : outside.segments.scan(number))
            if (!extent.gone && outside.octetsOf(extent))
                outside.extents[extent.id] = extent;
    for (auto& [id, envelopes] : salvage.envelopes) // recipients whose message row is lost
        if (!salvage.messages.contains(id)) {
            auto stored = rowOfContent(outside, id, now);
            if (!stored)
                return stored.error();
            for (auto& [key, envelope] : envelopes)
                holdBecause(envelope, "the queue database was damaged and the sender of this message is lost");
            salvage.messages.emplace(id, std::move(*stored));
        }
    for (auto& [id, stored] : salvage.messages) {
        const auto held = write(to, from, outside, stored, salvage.envelopes[id]);
        if (!held)
            return held.error();
        ++(*held ? tally.held : tally.whole);
    }
    const auto bodies = files.list(paths.bodies);
    if (!bodies)
        return bodies.error();
    for (const QByteArray& name : *bodies) {
        const MessageId id = messageIdFromText(name);
        if (id == 0 || salvage.messages.contains(id))
            continue;
        const QByteArray reason = "the queue database was damaged and only the content of this message was found";
        if (auto adopted = adoptBodyFile(to, files, paths, seal, id, now, reason); !adopted)
            return adopted.error();
        ++tally.held;
    }
    for (const auto& [id, extent] : outside.extents) {
        if (salvage.messages.contains(id))
            continue;
        const auto known = to.has(id); // as a file: that one was counted already
        if (!known)
            return known.error();
        if (*known)
            continue;
        const QByteArray reason = "the queue database was damaged and only the content of this message was found";
        const QByteArray octets = outside.octetsOf(extent).value_or({});
        if (auto adopted = adoptExtent(to, extent, octets, *seal, now, reason); !adopted)
            return adopted.error();
        ++tally.held;
    }
    if (salvage.counter != 0)
        if (auto set = to.setCounter(salvage.counter); !set)
            return set.error();
    if (!salvage.keyId.isEmpty())
        if (auto noted = to.noteKey(salvage.keyId); !noted)
            return noted.error();
    return tally;
}

// A copy with a first page that can be read, while it is needed.
struct Mended {
    Mended(FileStore& store, QByteArray where) : files(store), path(std::move(where)) {}
    ~Mended() { removeMended(files, path); }
    Mended(const Mended&) = delete;
    Mended& operator=(const Mended&) = delete;
    FileStore& files;
    const QByteArray path;
};

void openToRead(Database& database, const QByteArray& path, const char* vfs) {
    if (!database.open(path, vfs))
        return;
    database.setClosing(Database::Closing::LeaveFilesAlone);
    (void)database.execute("PRAGMA locking_mode=EXCLUSIVE");
}

bool knowsItsTables(Database& database) {
    return database.isOpen() && database.askNumber("SELECT count(*) FROM sqlite_schema");
}

Result<Tally> buildNew(FileStore& files, const SpoolPaths& paths, const char* vfs, const SealPtr& seal, qint64 now) {
    for (const char* ending : {".new", ".new-wal", ".new-journal"})
        (void)files.remove(paths.database + ending);
    const Mended mended(files, paths.database + ".mended");
    Database from; // goes before that
    openToRead(from, paths.database, vfs);
    if (!knowsItsTables(from) && mendFirstPage(files, paths.database, mended.path, vfs)) {
        from.close();
        openToRead(from, mended.path, vfs);
    }
    Salvage salvage = from.isOpen() ? readAll(from) : Salvage();
    if (!isKeyOf(salvage, *seal))
        return Error{ErrorCode::Denied,
                     "the queue database in " + paths.folder + " is damaged, and to save its mail the key it was encrypted with is"
                     " needed: give that key in the configuration; nothing was touched",
                     Permanence::Permanent};
    Database to;
    if (auto opened = openQueueDatabase(to, paths.database + ".new", vfs, Check::None); !opened)
        return opened.error();
    SpoolRows rows;
    if (auto prepared = rows.prepare(to, seal); !prepared)
        return prepared.error();
    if (auto begun = to.execute("BEGIN IMMEDIATE"); !begun)
        return begun.error();
    auto tally = writeAll(rows, from, files, paths, seal, std::move(salvage), now);
    if (!tally)
        return tally;
    if (auto committed = to.execute("COMMIT"); !committed)
        return committed.error();
    if (auto merged = to.checkpoint(); !merged)
        return merged.error();
    return tally;
}

} // namespace

Result<void> finishRescue(FileStore& files, const SpoolPaths& paths) {
    if (files.size(paths.database) || !files.size(paths.database + ".new"))
        return {};
    if (auto renamed = files.rename(paths.database + ".new", paths.database); !renamed)
        return renamed;
    return files.syncDirectory(paths.folder);
}

Result<QByteArray> rescueQueueDatabase(FileStore& files, const SpoolPaths& paths, const char* vfs, const Clock& clock,
                                       const SealPtr& seal) {
    const qint64 now = clock.wall().time_since_epoch().count();
    const auto tally = buildNew(files, paths, vfs, seal, now);
    if (!tally)
        return tally.error();
    const QByteArray aside = paths.database + ".damaged-" + QByteArray::number(now);
    if (auto synced = files.syncDirectory(paths.folder); !synced) // queue.db.new is there for good
        return synced.error();
    if (files.size(paths.database + "-wal"))
        if (auto renamed = files.rename(paths.database + "-wal", aside + "-wal"); !renamed)
            return renamed.error();
    if (auto renamed = files.rename(paths.database, aside); !renamed)
        return renamed.error();
    if (auto synced = files.syncDirectory(paths.folder); !synced)
        return synced.error();
    if (auto finished = finishRescue(files, paths); !finished)
        return finished.error();
    return "the damaged queue database was set aside as " + aside + "; " + QByteArray::number(tally->whole) +
           (tally->whole == 1 ? " message" : " messages") + " could be saved, " + QByteArray::number(tally->held) +
           (tally->held == 1 ? " more is" : " more are") + " held because something of them is missing";
}

} // namespace postern::queue
