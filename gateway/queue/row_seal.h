// SPDX-License-Identifier: GPL-3.0-or-later
//
// What of a row tells of people, as one encrypted value: sender, recipients, subject, who sent it from where, errors.
//
// Left in clear, because the queue works with them before any key is at hand: ids, times, sizes, states, counts and where
// the content lies. A value is bound to its row: it does not open in another one.
// Thread: pure functions. Failure: Corrupt = damaged, or encrypted with another key.
#pragma once

#include "queue/envelope.h"
#include "queue/queue_key.h"

namespace postern::queue {

// Fields of a row, before they become columns.
Result<QByteArray> sealFields(const QueueKey& key, const Message& message, qint64 rowKey);
Result<void> openFields(const QueueKey& key, QByteArrayView sealed, Message& message, qint64 rowKey);

Result<QByteArray> sealFields(const QueueKey& key, const Envelope& envelope, qint64 rowKey);
Result<void> openFields(const QueueKey& key, QByteArrayView sealed, Envelope& envelope, qint64 rowKey);

// It changes alone, so it is a value of its own.
Result<QByteArray> sealError(const QueueKey& key, const QByteArray& lastError, qint64 rowKey);
Result<QByteArray> openError(const QueueKey& key, QByteArrayView sealed, qint64 rowKey);

} // namespace postern::queue
