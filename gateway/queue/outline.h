// SPDX-License-Identifier: GPL-3.0-or-later
//
// The queue without its words: of every envelope what decides who goes when, in records of one size (threats Q16).
//
// Addresses, subjects and what a peer said stay on the disk until a message is in hand: about to be sent, told of or looked at.
// Thread: values.
#pragma once

#include "queue/envelope.h"

namespace postern::queue {

// What the route of an envelope is made from; very many envelopes share one.
struct Way {
    QByteArray action, relay; // as in the envelope
    QByteArray domain;        // of the destination, lower case; "" on this computer
    QByteArray method, target, user; // of LocalEnd; all "" if it goes away
    bool isHere() const { return !method.isEmpty(); }
    static Way of(const Envelope& envelope);
    friend bool operator<(const Way& a, const Way& b);
};

struct QueueOutline {
    struct OfMessage {
        MessageId id = 0;
        quint32 first = 0, count = 0; // its envelopes
        qint64 createdAt = 0, size = 0;
        QByteArray clientAddress;
    };
    struct OfEnvelope {
        EnvelopeId id = 0;
        quint32 way = 0; // of ways
        EnvelopeState state = EnvelopeState::Waiting;
        int tries = 0;
        qint64 ttl = 0, nextTryAt = 0, lastTryAt = 0;
    };
    std::vector<Way> ways;
    std::vector<OfMessage> messages;
    std::vector<OfEnvelope> envelopes;
};

} // namespace postern::queue
