// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the queue keeps: one Message per accepted content, one Envelope per recipient still to be served.
// Thread: values. Spec: ids as OpenSMTPD prints them (message 8, envelope 16 lower-case hex digits).
#pragma once

#include "base/result.h"
#include "smtp/envelope_params.h"

#include <QByteArray>

#include <memory>
#include <vector>

namespace postern::queue {

using MessageId = quint32;  // never 0
using EnvelopeId = quint64; // message id in the upper half, never 0 below

inline MessageId messageOf(EnvelopeId id) {
    return MessageId(id >> 32);
}
QByteArray toText(MessageId id);   // 8 hex digits
QByteArray toText(EnvelopeId id);  // 16 hex digits
MessageId messageIdFromText(QByteArrayView text);   // 0 = not an id
EnvelopeId envelopeIdFromText(QByteArrayView text); // 0 = not an id

enum class EnvelopeState : quint8 {
    Waiting, // for its next try (nextTryAt)
    Held,    // by a person; no tries, no expiry
    Caught,  // the catch action: stays for reading, never leaves
};

// How an envelope ends on this computer, and as whom.
struct LocalEnd {
    QByteArray method; // as the configuration calls it: "mbox", "maildir", "mda", "lmtp"
    QByteArray target; // the command or path that an alias or a .forward file named; "" = what the action says
    QByteArray user;   // who it is delivered as; "" = nobody in particular
    qint64 uid = -1, gid = -1;
    QByteArray home;
    friend bool operator==(const LocalEnd&, const LocalEnd&) = default;

    QByteArray toBytes() const; // never empty
    static Result<LocalEnd> fromBytes(QByteArrayView bytes);
};

struct Envelope {
    EnvelopeId id = 0;
    EnvelopeState state = EnvelopeState::Waiting;
    QByteArray recipient;   // as given at RCPT, "local@domain"
    QByteArray destination; // after expansion; the same if no alias stands between
    smtp::RcptParams params;
    QByteArray action;      // dispatcher: name of the action, "" for accept/reject rules
    // accept/reject and 2012: the rule's relay or delivery, copied (toBytes() of policy::RelaySpec, policy::LocalDelivery)
    QByteArray relay;
    qint64 ttl = 4 * 86400; // seconds of age after which it expires
    qint64 nextTryAt = 0;   // Unix seconds
    qint64 lastTryAt = 0;   // Unix seconds, 0 = never
    int tries = 0;
    QByteArray lastError;   // one line, as the peer or we said it
    std::shared_ptr<const LocalEnd> local = {}; // null = it is relayed, or caught
};

// How a message came in and what is true for all its recipients.
struct Message {
    MessageId id = 0;
    QByteArray sender;      // "local@domain", "" = null reverse-path
    smtp::MailParams params;
    qint64 createdAt = 0;   // Unix seconds
    qint64 size = 0;        // octets of the stored content, our Received included
    bool hasEightBit = false;
    QByteArray helo, clientAddress, clientName, listener, tag, user; // for rules, status and the message's story
    QByteArray subject;     // decoded first Subject field, at most 200 characters UTF-8; for people
    bool isBounce = false;  // made by us
};

class Seal;

// The stored content (RFC 5322 octets, CR LF line ends, unstuffed): in memory, or a file of the spool folder, to be read by
// BodyReader. Shared read-only between threads.
struct Body {
    QByteArray bytes;  // small content
    QByteArray file;   // path of large content; then bytes is empty
    qint64 size = 0;   // octets of the content
    std::shared_ptr<const Seal> seal = {}; // set: the file is sealed
    qint64 fileSize = 0;                   // octets of a sealed file
    MessageId id = 0;                      // a sealed file is this message's and no other's; 0 = its own word is taken
};
using BodyPtr = std::shared_ptr<const Body>;

struct QueuedMessage {
    Message message;
    std::vector<Envelope> envelopes;
    // Recipients that became several and whose sender wants to hear of it; not stored, no envelopes of their own.
    std::vector<Envelope> expanded = {};
    QByteArray damage = {}; // as the spool read it: what of it cannot be read, a sentence. Then it is to be looked at, not sent
};

} // namespace postern::queue
