// SPDX-License-Identifier: GPL-3.0-or-later
//
// Messages, envelopes and content as rows, and back. Every statement that the spool uses is prepared here, once.
//
// Knows nothing of transactions, files or groups. Thread: the database's. Lifetime: ends with the database's
// connection.
#pragma once

#include "queue/database.h"
#include "queue/envelope.h"
#include "queue/seal.h"
#include "queue/segments.h"
#include "queue/spool_requests.h"

#include <functional>

namespace postern::queue {

struct StoredMessage {
    Message message;
    bool inFile = false;
    qint64 contentCheck = 0; // of the octets as they are stored
    Extent extent = {};      // of content in a segment
    ContentForm form = {};
    qint64 storedSize = 0;   // octets as they are stored; message.size if the form is plain
    QByteArray sealedFields = {}; // as read; empty: the fields are plain. Written again as they are, whatever the key
    bool inRow() const { return !inFile && extent.segment == 0; }
};

struct StoredEnvelope {
    Envelope envelope;
    QByteArray sealedFields = {}, sealedError = {}; // the same
    QByteArray damage = {};                         // why the row cannot be read whole; "" = it can
};

// Where the content of a removed message still lies; neither: it is gone with its row.
struct LeftContent {
    bool inFile = false;
    Extent extent;
    qint64 size = 0; // as stored
};

class SpoolRows {
  public:
    // New rows are sealed if there is a key.
    Result<void> prepare(Database& database, SealPtr seal);

    Result<bool> has(MessageId id);
    Result<void> insert(const StoredMessage& stored, const QByteArray& inlineContent);
    Result<void> insert(const StoredEnvelope& stored);
    Result<void> insert(const Envelope& envelope) { return insert(StoredEnvelope{envelope, {}, {}}); }
    Result<void> apply(const EnvelopeUpdate& update); // an envelope that is gone is fine
    Result<bool> hasEnvelopes(MessageId id);
    Result<LeftContent> removeMessage(MessageId id); // with its content, if it is in a row, and its envelopes
    Result<void> move(MessageId id, const Extent& extent);

    Result<StoredMessage> message(MessageId id); // sealed fields stay so
    Result<QByteArray> inlineContent(MessageId id); // NotFound if the row is missing
    // Opened; `damage` is a reason why fields could not be, "" if all is well. What there is of an outline, and where contents lie:
    // the other fields are empty.
    Result<void> eachMessageOutline(const std::function<void(const StoredMessage&, const QByteArray& damage)>& take);
    Result<void> eachEnvelopeOutline(const std::function<void(const Envelope&, const QByteArray& damage)>& take);
    Result<void> eachExtent(const std::function<void(Extent, qint64 size)>& take); // size as stored
    Result<void> eachEnvelopeOf(MessageId id, const std::function<void(Envelope, const QByteArray& damage)>& take);

    // The key that the rows are sealed with: see checkKey() of the spool.
    Result<QByteArray> keyId();             // "" = none is noted
    Result<void> noteKey(const QByteArray& id); // "" = none any more
    Result<bool> hasSealed();

    Result<quint32> counter();              // 0 if never set
    Result<void> setCounter(quint32 serial);
    Result<void> eachCounter(const std::function<void(QByteArray name, qint64 value)>& take); // of KeepCounters
    Result<void> keepCounter(const QByteArray& name, qint64 value);

  private:
    Statement m_has, m_insertMessage, m_insertContent, m_insertEnvelope, m_reschedule, m_hold, m_release,
        m_removeEnvelope, m_hasEnvelopes, m_left, m_move, m_removeMessage, m_removeContent, m_removeEnvelopes, m_message, m_envelopesOf,
        m_content, m_counter, m_setCounter, m_keepCounter;
    Database* m_database = nullptr;
    SealPtr m_seal;
};

// For the rescue of damaged databases, which reads in its own order. Columns as in kMessageColumns / kEnvelopeColumns.
extern const char* const kMessageColumns;
extern const char* const kEnvelopeColumns;
StoredMessage messageFromRow(const Statement& row);
StoredEnvelope envelopeFromRow(const Statement& row);
// Sealed fields opened, or why not; "" = they are open.
QByteArray openRow(const Seal& seal, StoredMessage& stored);
QByteArray openRow(const Seal& seal, StoredEnvelope& stored);
qint64 envelopeKey(EnvelopeId id);

} // namespace postern::queue
