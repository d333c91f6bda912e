// SPDX-License-Identifier: GPL-3.0-or-later
//
// One RelayJob on its way: the mail for the session, its content in pieces, and the report that comes back.
// Thread: a value of one I/O thread. Failure: an envelope whose address cannot be sent is reported, the others travel.
#pragma once

#include "relay/relay_worker.h"
#include "smtp/client_session.h"

namespace postern::relay {

class Shipment {
  public:
    explicit Shipment(RelayJob job);

    const RelayJob& job() const { return m_job; }
    RelayJob takeJob() { return std::move(m_job); }
    smtp::ClientMail mail() const; // built at each offer; the recipients that can be sent
    bool hasRecipients() const { return !m_sendable.empty(); }

    // The next piece, empty at the end. An error: the stored content cannot be read, or is shorter than it should be.
    Result<QByteArrayView> nextPiece(FileStore& files);
    void rewind() { m_at = 0; }

    bool wasRequeued = false; // once only: the connection was gone before a word was taken

    RelayReport report(const std::vector<smtp::RecipientOutcome>& outcomes) const;

  private:
    RelayJob m_job;
    smtp::Address m_sender;
    std::vector<smtp::Address> m_recipients; // of m_sendable
    std::vector<size_t> m_sendable;          // indexes of envelopes
    qint64 m_at = 0;
    QByteArray m_piece;                      // of a file
};

// `as` / `mail-from`: "user", "@domain" or "user@domain" put over the sender; the null sender stays.
smtp::Address overrideSender(const smtp::Address& sender, const QByteArray& mailFrom);

// All envelopes of a job share one fate.
RelayReport reportAll(const RelayJob& job, queue::TryResult result, const QByteArray& text, bool countsAsTry);

} // namespace postern::relay
