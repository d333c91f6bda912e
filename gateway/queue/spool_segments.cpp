// SPDX-License-Identifier: GPL-3.0-or-later
//
// What of the segments is in use, as the rows tell; and moving the last messages out of a segment that is mostly waste,
// so that one mail that waits for days does not hold on to megabytes.
#include "queue/spool_impl.h"

#include "base/log.h"

namespace postern::queue {

// Extents that no row knows mean nothing: their commit never came, or they have left. But if rows may be missing, or the
// id is of a later time than this database, it is the database that is wrong (as with files, see sweep()).
Result<void> Spool::Impl::sweepSegments(bool rowsMayBeMissing) {
    if (auto opened = segments.open(); !opened)
        return opened;
    const auto counter = rows.counter();
    if (!counter)
        return counter.error();
    for (const auto& [number, size] : segments.sizes())
        for (const FoundExtent& extent : segments.scan(number)) {
            const bool fromLater = *counter != 0 && comesAfter(serialOf(extent.id), *counter);
            if (extent.gone || !(rowsMayBeMissing || fromLater))
                continue;
            const auto known = rows.has(extent.id);
            if (!known)
                return known.error();
            const auto octets = segments.read(extent.where, extent.id, extent.size, extent.check);
            if (*known || !octets)
                continue;
            const QByteArray reason =
                "found in a file that the queue database does not know; sender and recipients are lost";
            if (auto adopted = adoptExtent(rows, extent, *octets, *seal, clock.wall().time_since_epoch().count(), reason); !adopted)
                return adopted;
            found("message " + toText(extent.id) + " was " + reason + "; it is held");
        }
    if (auto counted = recountSegments(); !counted)
        return counted;
    segments.removeEmpty([this](const QByteArray& file) { remove(file); });
    return {};
}

Result<void> Spool::Impl::recountSegments() {
    std::vector<std::pair<Extent, qint64>> kept;
    if (auto counted = rows.eachExtent([&kept](Extent extent, qint64 size) { kept.emplace_back(extent, size); }); !counted)
        return counted;
    segments.recount(kept);
    return {};
}

Result<void> adoptExtent(SpoolRows& rows, const FoundExtent& found, const QByteArray& octets, const Seal& seal, qint64 now,
                         const QByteArray& reason) {
    StoredMessage stored;
    stored.message.id = found.id;
    stored.message.size = found.form.isPlain() ? found.size : seal.plainSize(found.id, octets);
    stored.form = found.form;
    stored.storedSize = found.size;
    stored.message.createdAt = now;
    stored.contentCheck = found.check;
    stored.extent = found.where;
    if (auto inserted = rows.insert(stored, {}); !inserted)
        return inserted;
    return rows.insert(placeholderEnvelope(found.id, reason)); // if the power goes before it, outline() makes another
}

void Spool::Impl::closeUpSegments() {
    removals = 0;
    segments.noteGone();
    const quint32 segment = segments.mostlyWaste();
    if (segment == 0)
        return;
    if (auto moved = moveSurvivors(segment); !moved) {
        segments.leaveAlone(segment);
        log(LogLevel::Warning, LogArea::Queue, "the queue could not close up its files: " + moved.error().text);
        if (database.inTransaction())
            database.close(); // as after any commit that failed: opened again before it is used, and counted again
        return;
    }
    segments.removeEmpty([this](const QByteArray& file) { remove(file); });
}

// Copies, syncs, and only then lets the rows point to the copies. A crash leaves either place, both whole.
Result<void> Spool::Impl::moveSurvivors(quint32 segment) {
    struct Move {
        StoredMessage stored;
        Extent to;
    };
    std::vector<Move> moves;
    for (const FoundExtent& extent : segments.scan(segment)) {
        const auto stored = rows.message(extent.id);
        if (!stored && stored.error().code != ErrorCode::NotFound)
            return stored.error();
        if (!stored || stored->extent != extent.where)
            continue;
        const auto bytes = segments.read(extent.where, extent.id, stored->storedSize, stored->contentCheck);
        if (!bytes)
            return bytes.error(); // whoever asks for it is told; here it stays
        const auto to = segments.append(extent.id, *bytes, stored->contentCheck, stored->form);
        if (!to)
            return to.error();
        moves.push_back({*stored, *to});
    }
    if (int(moves.size()) != segments.kept(segment))
        return Error{ErrorCode::Corrupt, "not every message of segment " + QByteArray::number(segment) + " was found"};
    if (const auto failed = segments.sync(); !failed.empty())
        return failed.begin()->second;
    if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun)
        return begun;
    for (const Move& move : moves)
        if (auto moved = rows.move(move.stored.message.id, move.to); !moved)
            return moved;
    if (auto committed = database.execute("COMMIT"); !committed) {
        database.close();
        return committed;
    }
    for (const Move& move : moves) {
        segments.keep(move.to, move.stored.storedSize);
        segments.release(move.stored.extent, move.stored.storedSize);
    }
    return {};
}

} // namespace postern::queue
