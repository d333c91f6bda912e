// SPDX-License-Identifier: GPL-3.0-or-later
#include "relay/shipment.h"

#include "base/log.h"

#include <algorithm>

namespace postern::relay {
namespace {

constexpr qint64 kPiece = 64 * 1024;

queue::TryResult resultOf(smtp::OutcomeKind kind) {
    switch (kind) {
    case smtp::OutcomeKind::Delivered: return queue::TryResult::Delivered;
    case smtp::OutcomeKind::Temporary: return queue::TryResult::Temporary;
    case smtp::OutcomeKind::Permanent: return queue::TryResult::Permanent;
    }
    return queue::TryResult::Temporary;
}

RelayReport emptyReport(const RelayJob& job) {
    RelayReport report;
    report.route = job.delivery.route;
    report.message = job.delivery.message;
    report.outcomes.reserve(job.delivery.envelopes.size());
    return report;
}

} // namespace

smtp::Address overrideSender(const smtp::Address& sender, const QByteArray& mailFrom) {
    if (sender.isNull() || mailFrom.isEmpty())
        return sender;
    const qsizetype at = mailFrom.lastIndexOf('@');
    if (at < 0)
        return {mailFrom, sender.domain()};
    if (at == 0)
        return {sender.localPart(), mailFrom.mid(1)};
    const auto whole = smtp::parseAddress(mailFrom);
    return whole ? *whole : sender;
}

RelayReport reportAll(const RelayJob& job, queue::TryResult result, const QByteArray& text, bool countsAsTry) {
    RelayReport report = emptyReport(job);
    for (const queue::Envelope& envelope : job.delivery.envelopes)
        report.outcomes.push_back({envelope.id, result, text, countsAsTry});
    return report;
}

Shipment::Shipment(RelayJob job) : m_job(std::move(job)) {
    const auto sender = smtp::parseAddress(m_job.delivery.message->sender);
    if (!sender)
        return; // no recipient is sendable: a row that cannot be trusted goes nowhere
    m_sender = overrideSender(*sender, m_job.spec->mailFrom);
    for (size_t i = 0; i < m_job.delivery.envelopes.size(); ++i) {
        const auto recipient = smtp::parseAddress(m_job.delivery.envelopes[i].destination);
        if (!recipient || recipient.value().isNull())
            continue;
        m_sendable.push_back(i);
        m_recipients.push_back(*recipient);
    }
}

smtp::ClientMail Shipment::mail() const {
    const queue::Message& message = *m_job.delivery.message;
    smtp::ClientMail mail;
    mail.sender = m_sender;
    mail.params = message.params;
    mail.params.declaredSize = m_job.body->size;
    mail.hasEightBit = message.hasEightBit;
    mail.recipients.reserve(m_sendable.size());
    for (size_t i = 0; i < m_sendable.size(); ++i)
        mail.recipients.push_back({m_recipients[i], m_job.delivery.envelopes[m_sendable[i]].params});
    return mail;
}

Result<QByteArrayView> Shipment::nextPiece(FileStore& files) {
    const queue::Body& body = *m_job.body;
    if (m_at >= body.size)
        return QByteArrayView();
    const qint64 want = std::min(kPiece, body.size - m_at);
    QByteArrayView piece;
    if (body.file.isEmpty()) {
        piece = QByteArrayView(body.bytes).sliced(std::min<qsizetype>(m_at, body.bytes.size()));
        piece = piece.first(std::min<qsizetype>(want, piece.size()));
    } else {
        auto read = files.read(body.file, m_at, want);
        if (!read)
            return read.error();
        m_piece = std::move(*read);
        piece = m_piece;
    }
    if (piece.size() < want)
        return Error{ErrorCode::Corrupt,
                     "the stored content of message " + queue::toText(m_job.delivery.message->id) + " ends after " +
                         QByteArray::number(m_at + piece.size()) + " of " + QByteArray::number(body.size) + " octets",
                     Permanence::Temporary};
    m_at += piece.size();
    return piece;
}

RelayReport Shipment::report(const std::vector<smtp::RecipientOutcome>& outcomes) const {
    RelayReport report = emptyReport(m_job);
    size_t next = 0;
    for (size_t i = 0; i < m_job.delivery.envelopes.size(); ++i) {
        const queue::Envelope& envelope = m_job.delivery.envelopes[i];
        if (next < m_sendable.size() && m_sendable[next] == i) {
            if (next < outcomes.size())
                report.outcomes.push_back({envelope.id, resultOf(outcomes[next].kind), outcomes[next].text, true});
            else
                report.outcomes.push_back({envelope.id, queue::TryResult::Temporary, "no answer", true});
            ++next;
        } else {
            report.outcomes.push_back({envelope.id, queue::TryResult::Permanent,
                                       "5.1.3 this address cannot be sent: " + harmless(envelope.destination, 320), true});
        }
    }
    return report;
}

} // namespace postern::relay
