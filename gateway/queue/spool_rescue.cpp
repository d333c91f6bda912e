// SPDX-License-Identifier: GPL-3.0-or-later
//
// Reading a damaged B-tree: forward until it breaks, backward until it breaks, and what lies between by its key, as far
// as the other table tells the key.
#include "queue/spool_rescue.h"

#include "queue/content_check.h"
#include "queue/message_id.h"
#include "queue/spool_impl.h"
#include "queue/spool_schema.h"

#include <map>

namespace postern::queue {
namespace {

struct Salvage {
    std::map<MessageId, StoredMessage> messages;
    std::map<MessageId, std::map<EnvelopeId, Envelope>> envelopes;
    quint32 counter = 0;
};

// As many rows as can be read.
void scan(Database& from, const QByteArray& sql, const std::function<void(const Statement&)>& take) {
    if (from.isOpen())
        (void)from.eachRow(sql, take);
}

Salvage readAll(Database& from) {
    Salvage found;
    QByteArray columns = kMessageColumns;
    if (from.isOpen() && !from.prepare("SELECT segment, place FROM message LIMIT 0")) // format 1 (spool_schema.cpp)
        columns.replace("segment, place", "0, 0");
    const auto takeMessage = [&](const Statement& row) {
        StoredMessage stored = messageFromRow(row);
        if (stored.message.id != 0)
            found.messages.emplace(stored.message.id, std::move(stored));
    };
    const auto takeEnvelope = [&](const Statement& row) {
        Envelope envelope = envelopeFromRow(row);
        if (messageOf(envelope.id) != 0)
            found.envelopes[messageOf(envelope.id)].emplace(envelope.id, std::move(envelope));
    };
    for (const char* direction : {" ORDER BY 1", " ORDER BY 1 DESC"}) {
        scan(from, "SELECT " + columns + " FROM message" + direction, takeMessage);
        scan(from, QByteArray("SELECT ") + kEnvelopeColumns + " FROM envelope" + direction, takeEnvelope);
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
                 QByteArray("SELECT ") + kEnvelopeColumns + " FROM envelope WHERE key BETWEEN " + first + " AND " +
                     first + "+4294967295",
                 takeEnvelope);
        }
    scan(from, "SELECT value FROM counter WHERE name='next-serial'",
         [&](const Statement& row) { found.counter = quint32(row.number(0)); });
    return found;
}

// Contents that lie outside the database, and the headers of those in segments.
struct Contents {
    FileStore& files;
    const SpoolPaths& paths;
    Segments segments{files, paths.segments, 0};
    std::map<MessageId, FoundExtent> extents = {};
};

// Writes one salvaged message; returns whether it had to be held.
Result<bool> write(SpoolRows& to, Database& from, Contents& outside, StoredMessage stored,
                   std::map<EnvelopeId, Envelope> envelopes) {
    const MessageId id = stored.message.id;
    QByteArray reason, content;
    if (stored.inFile) {
        if (outside.files.size(outside.paths.bodyOf(id)).value_or(-1) != stored.message.size)
            reason = "the queue database was damaged and its content file is missing";
    } else if (stored.extent.segment != 0) {
        if (!outside.segments.read(stored.extent, id, stored.message.size, stored.contentCheck))
            reason = "the queue database was damaged and its content is missing from its file";
    } else {
        scan(from, "SELECT bytes FROM content WHERE serial=" + QByteArray::number(serialOf(id)),
             [&](const Statement& row) { content = row.bytes(0); });
        if (content.size() != stored.message.size || contentCheck(content) != stored.contentCheck)
            reason = "the queue database was damaged and its content is not whole";
    }
    if (envelopes.empty()) {
        reason = "the queue database was damaged and its recipients are lost";
        const Envelope unknown = placeholderEnvelope(id, reason);
        envelopes.emplace(unknown.id, unknown);
    }
    if (auto inserted = to.insert(stored, content); !inserted)
        return inserted.error();
    for (auto& [key, envelope] : envelopes) {
        if (!reason.isEmpty()) {
            envelope.state = EnvelopeState::Held;
            envelope.lastError = reason;
        }
        if (auto inserted = to.insert(envelope); !inserted)
            return inserted.error();
    }
    return !reason.isEmpty();
}

struct Tally {
    int whole = 0, held = 0;
};

Result<Tally> writeAll(SpoolRows& to, Database& from, FileStore& files, const SpoolPaths& paths, Salvage salvage,
                       qint64 now) {
    Tally tally;
    Contents outside{files, paths};
    if (auto opened = outside.segments.open(); !opened)
        return opened.error();
    for (const auto& [number, size] : outside.segments.sizes())
        for (const FoundExtent& extent : outside.segments.scan(number))
            if (!extent.gone && outside.segments.read(extent.where, extent.id, extent.size, extent.check))
                outside.extents[extent.id] = extent;
    for (auto& [id, envelopes] : salvage.envelopes) // recipients whose message row is lost
        if (!salvage.messages.contains(id)) {
            StoredMessage stored;
            stored.message.id = id;
            stored.message.createdAt = now;
            stored.inFile = files.size(paths.bodyOf(id)).has_value();
            stored.message.size = files.size(paths.bodyOf(id)).value_or(0);
            stored.contentCheck = -1;
            if (const auto extent = outside.extents.find(id); !stored.inFile && extent != outside.extents.end()) {
                stored.extent = extent->second.where;
                stored.contentCheck = extent->second.check;
                stored.message.size = extent->second.size;
            }
            for (auto& [key, envelope] : envelopes) {
                envelope.state = EnvelopeState::Held;
                envelope.lastError = "the queue database was damaged and the sender of this message is lost";
            }
            salvage.messages.emplace(id, stored);
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
        if (auto adopted = adoptBodyFile(to, files, paths, id, now, reason); !adopted)
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
        if (auto adopted = adoptExtent(to, extent, now, reason); !adopted)
            return adopted.error();
        ++tally.held;
    }
    if (salvage.counter != 0)
        if (auto set = to.setCounter(salvage.counter); !set)
            return set.error();
    return tally;
}

Result<Tally> buildNew(FileStore& files, const SpoolPaths& paths, const char* vfs, qint64 now) {
    for (const char* ending : {".new", ".new-wal", ".new-journal"})
        (void)files.remove(paths.database + ending);
    Database from;
    Salvage salvage;
    if (from.open(paths.database, vfs)) {
        from.setClosing(Database::Closing::LeaveFilesAlone);
        (void)from.execute("PRAGMA locking_mode=EXCLUSIVE");
        salvage = readAll(from);
    }
    Database to;
    if (auto opened = openQueueDatabase(to, paths.database + ".new", vfs, Check::None); !opened)
        return opened.error();
    SpoolRows rows;
    if (auto prepared = rows.prepare(to); !prepared)
        return prepared.error();
    if (auto begun = to.execute("BEGIN IMMEDIATE"); !begun)
        return begun.error();
    auto tally = writeAll(rows, from, files, paths, std::move(salvage), now);
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

Result<QByteArray> rescueQueueDatabase(FileStore& files, const SpoolPaths& paths, const char* vfs, const Clock& clock) {
    const qint64 now = clock.wall().time_since_epoch().count();
    const auto tally = buildNew(files, paths, vfs, now);
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
           " messages could be saved, " + QByteArray::number(tally->held) +
           " more are held because something of them is missing";
}

} // namespace postern::queue
