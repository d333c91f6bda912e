// SPDX-License-Identifier: GPL-3.0-or-later
//
// Messages, envelopes and content as rows, and back. Every statement that the spool uses is prepared here, once.
//
// Knows nothing of transactions, files or groups. Thread: the database's. Lifetime: ends with the database's
// connection.
#pragma once

#include "queue/database.h"
#include "queue/envelope.h"
#include "queue/segments.h"
#include "queue/spool_requests.h"

#include <functional>

namespace postern::queue {

struct StoredMessage {
    Message message;
    bool inFile = false;
    qint64 contentCheck = 0;
    Extent extent;          // of content in a segment
    bool inRow() const { return !inFile && extent.segment == 0; }
};

// Where the content of a removed message still lies; neither: it is gone with its row.
struct LeftContent {
    bool inFile = false;
    Extent extent;
    qint64 size = 0;
};

class SpoolRows {
  public:
    Result<void> prepare(Database& database);

    Result<bool> has(MessageId id);
    Result<void> insert(const StoredMessage& stored, const QByteArray& inlineContent);
    Result<void> insert(const Envelope& envelope);
    Result<void> apply(const EnvelopeUpdate& update); // an envelope that is gone is fine
    Result<bool> hasEnvelopes(MessageId id);
    Result<LeftContent> removeMessage(MessageId id); // with its content, if it is in a row, and its envelopes
    Result<void> move(MessageId id, const Extent& extent);

    Result<StoredMessage> message(MessageId id);
    Result<QByteArray> inlineContent(MessageId id); // NotFound if the row is missing
    Result<void> eachMessage(const std::function<void(StoredMessage)>& take);
    Result<void> eachExtent(const std::function<void(Extent, qint64 size)>& take);
    Result<void> eachEnvelope(const std::function<void(Envelope)>& take);

    Result<quint32> counter();              // 0 if never set
    Result<void> setCounter(quint32 serial);
    Result<void> eachCounter(const std::function<void(QByteArray name, qint64 value)>& take); // of KeepCounters
    Result<void> keepCounter(const QByteArray& name, qint64 value);

  private:
    Statement m_has, m_insertMessage, m_insertContent, m_insertEnvelope, m_reschedule, m_hold, m_release,
        m_removeEnvelope, m_hasEnvelopes, m_left, m_move, m_removeMessage, m_removeContent, m_removeEnvelopes, m_message,
        m_content, m_counter, m_setCounter, m_keepCounter;
    Database* m_database = nullptr;
};

// For the rescue of damaged databases, which reads in its own order. Columns as in kMessageColumns / kEnvelopeColumns.
extern const char* const kMessageColumns;
extern const char* const kEnvelopeColumns;
StoredMessage messageFromRow(const Statement& row);
Envelope envelopeFromRow(const Statement& row);
qint64 envelopeKey(EnvelopeId id);

} // namespace postern::queue
