// SPDX-License-Identifier: GPL-3.0-or-later
//
// What server connections need from the rest of the engine, handed in so that this layer knows none of it.
// Thread: every function may be called from any I/O thread, and must be; they only post to mailboxes or read atomics.
#pragma once

#include "base/clock.h"
#include "base/file_store.h"
#include "delivery/expand.h"
#include "listener/incoming_content.h"
#include "queue/client_shares.h"
#include "queue/spool.h"

#include <functional>
#include <optional>

namespace postern::listener {

// One line of activity about a session or a message.
struct SessionEvent {
    enum class Kind : quint8 { Accepted, Caught, Refused, SessionOpened, SessionClosed, LoginFailed } kind = Kind::Refused;
    QByteArray listener;      // "127.0.0.1:2525"
    QByteArray clientAddress;
    QByteArray text;          // one plain line, harmless
    QByteArray detail;        // the reply or protocol words
    queue::MessageId message = 0;
};

struct ListenerServices {
    const Clock* clock = nullptr;
    FileStore* files = nullptr;
    std::function<void(queue::SpoolRequest)> toSpool;
    std::function<queue::MessageId()> newMessageId;
    std::function<QByteArray(queue::MessageId)> incomingPath;
    std::function<qint64()> room;                                 // octets of free space above the reserve
    std::function<void(queue::QueuedMessage, queue::BodyPtr)> stored; // durable now: schedule it (called on the spool thread)
    // Follows what the rules left to aliases and accounts, as delivery::RecipientLookup does; null: nobody does, 451.
    std::function<void(policy::Verdict first, policy::RulesetPtr rules, policy::MatchContext context,
                       std::function<void(delivery::Outcome)> done)> follow;
    std::function<void(SessionEvent)> report;
    // The name of an address that this name leads back to, if that is known by now ("" = it has none); else `found` is called
    // later, on the same thread. Of one thread alone; null: nobody looks names up.
    std::function<std::optional<QByteArray>(const QByteArray& address, std::function<void(QByteArray)> found)> reverseName;
    // Whether a domain has a null MX, in the same manner; null: nobody asks.
    std::function<std::optional<bool>(const QByteArray& domain, std::function<void(bool)> found)> hasNullMx = {};
    queue::ClientSharesPtr shares = {};                           // of the queue's disk; null = nobody counts
    queue::SealPtr seal = {};                                     // form of contents that go to a file; null = as they are
    ContentMemory contentMemory = std::make_shared<std::atomic<qint64>>(64LL << 20);
};

} // namespace postern::listener
