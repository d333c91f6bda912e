// SPDX-License-Identifier: GPL-3.0-or-later
//
// What other threads ask of the spool thread, as values. Each `done` is called on the spool thread once the outcome is
// durable (or has failed) and must do nothing but post to a mailbox.
#pragma once

#include "base/result.h"
#include "queue/envelope.h"

#include <functional>
#include <variant>

namespace postern::queue {

// Accept: the promise behind 250. Content up to kSegmentBody had better come in `content.bytes`; larger content
// is already written to `content.file` (an incoming/ name, not synced): the spool syncs it, moves it in place and commits,
// in that order.
struct StoreMessage {
    Message message;                  // id from MessageIds
    std::vector<Envelope> envelopes;
    Body content;
    std::function<void(Result<BodyPtr>)> done;
};

// One finished attempt or a person's wish, for one envelope.
struct EnvelopeUpdate {
    enum class Kind : quint8 { Remove, Reschedule, Hold, Release } kind = Kind::Remove;
    EnvelopeId id = 0;
    qint64 nextTryAt = 0; // Reschedule, Release
    qint64 lastTryAt = 0; // Reschedule: 0 = keep
    int tries = 0;        // Reschedule: -1 = keep
    QByteArray lastError; // Reschedule: null = keep
};

// Joins the next commit. A bounce that replaces failed envelopes is one UpdateEnvelopes with `bounce` set: removal and
// bounce become durable together or not at all. A failure means "not known to have happened" (asking again is safe);
// only if the database could not be opened again at once may the bounce be there all the same.
struct UpdateEnvelopes {
    std::vector<EnvelopeUpdate> updates;
    std::vector<StoreMessage> bounces;
    std::function<void(Result<void>)> done; // may be empty
};

struct ReadBody {
    MessageId id = 0;
    std::function<void(Result<BodyPtr>)> done;
};

// What is needed to send a message, or to tell of it. The words: Corrupt = they must not be used.
struct ReadMail {
    MessageId id = 0;
    std::function<void(Result<QueuedMessage>, Result<BodyPtr>)> done;
};

// Messages with their envelopes as they are on disk, in the order asked for. NotFound: it has no row.
struct LoadMessages {
    std::vector<MessageId> ids;
    std::function<void(std::vector<Result<QueuedMessage>>)> done;
};

struct DiscardIncoming { QByteArray file; }; // content file of a message that was not accepted after all

// Numbers that should outlive a restart; nothing depends on them. Joins the next commit.
struct KeepCounters {
    std::vector<std::pair<QByteArray, qint64>> values;
    std::function<void(Result<void>)> done = {}; // may be empty
};

using SpoolRequest = std::variant<StoreMessage, UpdateEnvelopes, ReadBody, ReadMail, LoadMessages, DiscardIncoming, KeepCounters>;

} // namespace postern::queue
