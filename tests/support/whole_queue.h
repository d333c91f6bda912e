// SPDX-License-Identifier: GPL-3.0-or-later
//
// All that a spool holds with its words, oldest first, as a look at each message finds it. Thread: the spool's.
#pragma once

#include "queue/spool.h"

namespace postern::test {

inline Result<std::vector<queue::QueuedMessage>> wholeQueue(queue::Spool& spool) {
    const auto outline = spool.outline();
    if (!outline)
        return outline.error();
    std::vector<queue::QueuedMessage> all;
    for (const queue::QueueOutline::OfMessage& one : outline->messages) {
        auto read = spool.message(one.id);
        if (!read)
            return read.error();
        all.push_back(std::move(read).value());
    }
    return all;
}

// As a start would find these.
inline queue::QueueOutline outlineOf(const std::vector<queue::QueuedMessage>& queued) {
    queue::QueueOutline outline;
    for (const queue::QueuedMessage& one : queued) {
        outline.messages.push_back({one.message.id, quint32(outline.envelopes.size()), quint32(one.envelopes.size()),
                                    one.message.createdAt, one.message.size, one.message.clientAddress});
        for (const queue::Envelope& e : one.envelopes) {
            outline.envelopes.push_back({e.id, quint32(outline.ways.size()), e.state, e.tries, e.ttl, e.nextTryAt, e.lastTryAt});
            outline.ways.push_back(queue::Way::of(e));
        }
    }
    return outline;
}

} // namespace postern::test
