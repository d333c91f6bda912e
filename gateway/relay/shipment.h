// SPDX-License-Identifier: GPL-3.0-or-later
//
// One RelayJob on its way: the mail for the session, its content in pieces, and the report that comes back.
//
// What a peer cannot take is fitted to it: a content beyond ASCII is coded for a peer without 8BITMIME, and recipients
// beyond a peer's RCPTMAX follow in further transactions.
// Thread: a value of one I/O thread. Failure: an envelope whose address cannot be sent is reported, the others travel.
#pragma once

#include "queue/body_reader.h"
#include "relay/relay_worker.h"
#include "smtp/client_session.h"
#include "smtp/line_end_watch.h"
#include "smtp/seven_bit_encoder.h"

#include <optional>

namespace postern::relay {

class Shipment {
  public:
    explicit Shipment(RelayJob job);

    const RelayJob& job() const { return m_job; }
    RelayJob takeJob() { return std::move(m_job); }
    bool hasRecipients() const { return !m_sendable.empty(); }

    // Call first: looks into the content if this peer makes that necessary. An error: it cannot be read.
    Result<void> fitTo(const smtp::PeerOffers& offers, FileStore& files);
    smtp::ClientMail mail() const; // built at each offer; the recipients that can be sent and have no outcome yet
    // What came of the mail offered last. True: there are recipients left, for another transaction.
    bool add(const std::vector<smtp::RecipientOutcome>& outcomes);

    // The next piece, empty at the end. An error: the stored content cannot be read, is shorter than it
    // should be, or holds a CR or LF that stands alone, which must not reach a peer (S08).
    Result<QByteArrayView> nextPiece(FileStore& files);
    void rewind();
    // Reading the content failed since it was offered last: says nothing about the peer.
    bool isUnreadable() const { return m_unreadable.has_value(); }

    QByteArrayList deferredBy; // hosts that said "later" to its sender

    bool wasRequeued = false; // once only: the connection was gone before a word was taken

    const std::vector<smtp::RecipientOutcome>& outcomes() const { return m_outcomes; }
    void forgetOutcomes() { m_outcomes.clear(); } // nobody was named yet: all go another way
    RelayReport report() const; // recipients without an outcome were not tried

  private:
    Result<QByteArrayView> rawPiece(FileStore& files);
    Result<QByteArrayView> readPiece(FileStore& files);
    Result<void> look(FileStore& files);

    RelayJob m_job;
    smtp::Address m_sender;
    std::vector<smtp::Address> m_recipients; // of m_sendable
    std::vector<size_t> m_sendable;          // indexes of envelopes
    std::vector<smtp::RecipientOutcome> m_outcomes; // of the first of m_sendable
    size_t m_atOnce = 0;                     // recipients of one transaction; 0 = all
    qint64 m_at = 0;
    smtp::LineEndWatch m_watch;              // over what has been read
    std::optional<ErrorCode> m_unreadable;
    std::optional<queue::BodyReader> m_reader; // of a file
    QByteArray m_piece;                      // of it

    // Only where a peer lacks what the content needs.
    std::optional<smtp::SevenBitPlan> m_plan;
    qint64 m_codedSize = 0;
    bool m_coded = false;                    // for this peer
    bool m_lacksUtf8 = false;                // this peer
    std::optional<smtp::SevenBitEncoder> m_encoder;
    bool m_ended = false;                    // the encoder gave its last
    QByteArray m_codedPiece;
};

// `as` / `mail-from`: "user", "@domain" or "user@domain" put over the sender; the null sender stays.
smtp::Address overrideSender(const smtp::Address& sender, const QByteArray& mailFrom);

// All envelopes of a job share one fate.
RelayReport reportAll(const RelayJob& job, queue::TryResult result, const QByteArray& text, bool countsAsTry);

} // namespace postern::relay
