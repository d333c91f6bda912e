// SPDX-License-Identifier: GPL-3.0-or-later
//
// Contents too large for a database row and too small for a file of their own, one behind the other in segment files.
//
// Why: a group of messages costs one sync of one file, whatever their number, and no name to create, move and remove for
// each. A segment is only ever appended to, by the process that created it, and removed when none of its messages is
// left; a new start begins a new one. So promised octets are never written again, and what lies behind the last of them
// (a crash, a failed group) means nothing.
//
// segments/NUMBER (8 hex digits): extents at multiples of 4096. An extent is a header (kHeader octets, little-endian)
// and the content. The header alone is enough to find the content again if the database is lost:
//    0 "PSTNmail"   8 message id (4)   12 form (4; seal.h)   16 octets as stored   24 contentCheck() of them
//   32 check of 0..31   40 1 = gone
// "gone" is a note for that case only, written without a sync, some time after the message has left.
//
// Not in here: which extents have a row. The spool tells (keep, release, recount) after its commits.
// Thread: the spool's. Failure: after a failed write or sync nothing is appended to that segment any more.
#pragma once

#include "base/file_store.h"
#include "queue/envelope.h"
#include "queue/seal.h"

#include <QByteArrayList>

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

namespace postern::queue {

// Where a content lies; segment 0 = in none.
struct Extent {
    quint32 segment = 0;
    qint64 at = 0;
    friend bool operator==(const Extent&, const Extent&) = default;
};

// As its header tells; the content has not been looked at.
struct FoundExtent {
    Extent where;
    MessageId id = 0;
    ContentForm form = {};
    qint64 size = 0; // as stored, like all sizes here
    qint64 check = 0;
    bool gone = false;
};

class Segments {
  public:
    static constexpr qint64 kHeader = 48;
    static constexpr qint64 kAlign = 4096;

    Segments(FileStore& files, QByteArray folder, qint64 segmentBytes)
        : m_files(files), m_folder(std::move(folder)), m_segmentBytes(segmentBytes) {}

    QByteArray pathOf(quint32 number) const;
    Result<void> open(); // lists what is there; appends go to a new one
    void close();        // safe to call twice
    const std::map<quint32, qint64>& sizes() const { return m_sizes; } // of every segment on disk

    Result<Extent> append(MessageId id, QByteArrayView content, qint64 check, ContentForm form);
    // All that was appended since the last call. The segments for which that failed, each with its reason: whatever was
    // appended to them since the last call is lost.
    std::unordered_map<quint32, Error> sync();

    Result<QByteArray> read(const Extent& where, MessageId id, qint64 size, qint64 check) const; // or Corrupt, NotFound
    bool mayHold(const Extent& where, qint64 size) const; // without reading it
    std::vector<FoundExtent> scan(quint32 segment) const; // to the first place that is no header

    // Rows with these extents are committed, or removed.
    void keep(const Extent& where, qint64 size);
    void release(const Extent& where, qint64 size);
    void discard(const Extent& where); // was never kept
    // Forgets what was kept and begins a new segment: for a database that was opened again.
    void recount(const std::vector<std::pair<Extent, qint64>>& kept);
    void removeEmpty(const std::function<void(QByteArray path)>& remove);
    void noteGone(); // in a quiet moment
    quint32 mostlyWaste() const; // the segment whose survivors had better move on, 0 = all is well
    int kept(quint32 segment) const;
    void leaveAlone(quint32 segment) { m_stuck.insert(segment); } // its survivors cannot be moved

  private:
    struct Writer {
        quint32 number = 0;
        std::unique_ptr<File> file;
        qint64 end = 0;
        bool isDirty = false;
        bool isNew = true; // its name is not safe yet
    };
    struct Usage {
        int kept = 0;
        qint64 octets = 0;
        std::vector<qint64> gone; // not noted in the header yet
    };
    Result<void> begin();
    void retire(); // the current writer; it stays in m_full until it is synced

    FileStore& m_files;
    const QByteArray m_folder;
    const qint64 m_segmentBytes;
    std::map<quint32, qint64> m_sizes;
    std::map<quint32, Usage> m_usage;
    std::set<quint32> m_mayBeEmpty, m_stuck;
    std::optional<Writer> m_current;
    std::vector<Writer> m_full; // appended to since the last sync, no more room
    quint32 m_next = 1;
    QByteArray m_buffer;
};

} // namespace postern::queue
