// SPDX-License-Identifier: GPL-3.0-or-later
//
// The durable queue: one SQLite database (WAL, synchronous=FULL, exclusive), segment files for contents above kInlineBody
// (segments.h) and one file per content above kSegmentBody, or that came as a file.
//
// carryOut() is the group commit: everything it is given becomes durable in one transaction, then every `done` is
// called. Content outside the database is made durable *before* the commit: segments by one sync for all, files by a
// sync, a rename from incoming/ to bodies/ and a folder sync; spool_states.md lists every state and what a crash leaves behind. Thread: the
// one that opened it (SpoolThread's worker in the engine, the test's own in tests). It is the only connection. Failure:
// a failed file sync fails its message; a failed folder sync or commit fails the whole group. The database is then
//   closed and reopened before anything else, because nothing may be assumed after a failed fsync.
//   Unknown or damaged rows are set aside as Held with a reason, never dropped.
#pragma once

#include "base/clock.h"
#include "base/file_store.h"
#include "queue/outline.h"
#include "queue/seal.h"
#include "queue/spool_requests.h"

#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace postern::queue {

inline constexpr qint64 kInlineBody = 32 * 1024; // octets; larger content goes to a segment
inline constexpr qint64 kSegmentBody = 256 * 1024; // larger content gets a file of its own

struct SpoolSettings {
    QByteArray folder;
    const char* vfs = nullptr;           // SQLite VFS name for tests; null = the system's
    qint64 reserveBytes = 64LL << 20;    // refuse new mail below this much free space
    // How the content file of a message that is gone gets removed; null = at once. Removing can take as long as a sync and
    // nothing depends on it, so SpoolThread does it beside the commits. A file left over is swept at the next start.
    std::function<void(QByteArray file)> removeFile = {};
    qint64 segmentBytes = 16LL << 20;
    SealPtr seal = {}; // form of new contents and envelopes, and the key for what is encrypted; null = as they are
};

// Hands out message ids that are unique for the life of the spool. Thread: any (atomic); refilled by the spool thread.
class MessageIds;

class Spool {
  public:
    Spool(FileStore& files, const Clock& clock, SpoolSettings settings);
    ~Spool();

    // Opens or creates, checks (quick_check), migrates, sweeps orphans. Everything still queued comes back in outline().
    // Denied: something is encrypted and the key is missing or another one; then no mail was touched.
    Result<void> open();
    void close(); // checkpoint; safe to call twice
    QByteArrayList findings() const; // what was wrong when it was opened, in sentences for people; empty = sound

    // All that is queued, oldest first, whose words message() has. What is not whole is held from now on, and a finding.
    Result<QueueOutline> outline();
    Result<QueuedMessage> message(MessageId id);     // NotFound: it has no row
    std::map<QByteArray, qint64> counters();         // as kept by KeepCounters; empty if they cannot be read
    void carryOut(std::vector<SpoolRequest> group);   // see above
    Result<BodyPtr> body(MessageId id); // Corrupt or NotFound: the content is damaged, hold the message
    void tidy();                        // in a quiet moment: makes room: empties the log if it is long, closes up segments
    std::shared_ptr<MessageIds> ids() const;
    QByteArray incomingPath(MessageId id) const;      // where a session may write large content
    Result<qint64> freeBytes() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> m;
};

class MessageIds {
  public:
    virtual ~MessageIds() = default;
    virtual MessageId next() = 0; // thread: any
};

EnvelopeId newEnvelopeId(MessageId message); // random lower half; thread: any

} // namespace postern::queue
