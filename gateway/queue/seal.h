// SPDX-License-Identifier: GPL-3.0-or-later
//
// The form in which contents and envelopes lie on disk: as they are, compressed, encrypted, or compressed and then encrypted.
//
// A sealed content says its own form, so that settings may change while mail waits (threats Q17). It is a header and
// records, so that any size is written and read in pieces (numbers are little-endian):
//    0 "PSTNseal"   8 version 1   9 form (1 compressed, 2 encrypted)   10 0 (2)   12 message id (4)
//   16 key id (8)  24 salt (12)  36 check of 0..35 (4)
//   then records: octets (3), flags (1: 1 = the last, 2 = compressed), and so many octets: at most 64 KiB of content,
//   compressed if that makes them fewer, encrypted if the form says so, with a tag of 16 octets behind them.
// Every record but the last holds exactly 64 KiB of content: so any place in it can be found. What is encrypted is bound
// to the header, its number in the order and its flags: a record that is changed, moved, cut off or of another message
// does not open. Inflating stops at 64 KiB a record and at the size that the message's row tells (threats L09).
//
// Thread: Seal is constant, any thread; a SealWriter belongs to one. Failure: Corrupt = damaged or another key;
// Internal = no random octets, and then nothing is written.
#pragma once

#include "base/result.h"
#include "queue/envelope.h"
#include "queue/queue_key.h"

#include <memory>
#include <optional>

namespace postern::queue {

struct ContentForm {
    bool compressed = false;
    bool encrypted = false;
    bool isPlain() const { return !compressed && !encrypted; }
    int toNumber() const { return int(compressed) | int(encrypted) << 1; }
    static ContentForm fromNumber(qint64 number) { return {(number & 1) != 0, (number & 2) != 0}; }
    friend bool operator==(const ContentForm&, const ContentForm&) = default;
};

class Seal;
using SealPtr = std::shared_ptr<const Seal>;

class Seal {
  public:
    Seal() = default; // new contents stay as they are; compressed ones can be read
    Seal(bool compress, QueueKeyPtr key) : m_form{compress, key != nullptr}, m_key(std::move(key)) {}

    ContentForm form() const { return m_form; } // of new contents
    const QueueKey* key() const { return m_key.get(); }

    // A content as a whole.
    Result<QByteArray> seal(MessageId id, QByteArrayView plain) const;
    Result<QByteArray> open(MessageId id, QByteArrayView sealed, qint64 size) const; // exactly of that size
    // Of one whose row is lost; octets as stored if it does not open.
    qint64 plainSize(MessageId id, QByteArrayView sealed) const;

  private:
    Result<QByteArray> openAtMost(MessageId id, QByteArrayView sealed, qint64 most) const;


    ContentForm m_form;
    QueueKeyPtr m_key;
};

struct SealHeader {
    static constexpr qsizetype kOctets = 40;
    ContentForm form;
    MessageId id = 0;
    QByteArray keyId, salt;
    QByteArray bytes;
    static std::optional<SealHeader> read(QByteArrayView bytes); // nothing: this is no sealed content
};

struct SealRecord {
    static constexpr qsizetype kOctets = 4;      // of its own header
    static constexpr qsizetype kPlain = 64 * 1024;
    static constexpr qsizetype kMost = kPlain + QueueKey::kTag;
    qsizetype size = 0;                          // of what follows
    bool isLast = false, isCompressed = false;
    static SealRecord read(QByteArrayView bytes);
};

// Opens the records of one content, in any order.
class RecordOpener {
  public:
    static Result<RecordOpener> begin(const Seal& seal, SealHeader header, MessageId id);
    Result<QByteArray> open(quint64 number, QByteArrayView recordHeader, QByteArrayView payload) const;

  private:
    SealHeader m_header;
    std::optional<DerivedKey> m_key; // none: not encrypted
};

// One content on its way to disk.
class SealWriter {
  public:
    static Result<SealWriter> begin(const Seal& seal, MessageId id);
    // What is ready for the disk is appended to `out`. The first failure is the last call.
    Result<void> append(QByteArrayView plain, QByteArray& out);
    Result<void> finish(QByteArray& out); // once

  private:
    Result<void> write(QByteArrayView plain, bool isLast, QByteArray& out);

    ContentForm m_form;
    std::optional<DerivedKey> m_key;
    QByteArray m_header;
    QByteArray m_plain; // less than a record
    quint64 m_records = 0;
    bool m_headerIsOut = false;
};

} // namespace postern::queue
