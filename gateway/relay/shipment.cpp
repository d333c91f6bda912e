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
        const auto recipient = i < m_job.rcptAs.size() ? Result<smtp::Address>(m_job.rcptAs[i])
                                                       : smtp::parseAddress(m_job.delivery.envelopes[i].destination);
        if (!recipient || recipient.value().isNull())
            continue;
        m_sendable.push_back(i);
        m_recipients.push_back(*recipient);
    }
}

void Shipment::rewind() {
    m_at = 0;
    m_watch = {};
    m_unreadable.reset();
    m_ended = false;
    m_encoder.reset();
    if (m_coded)
        m_encoder.emplace(*m_plan);
}

Result<void> Shipment::fitTo(const smtp::PeerOffers& offers, FileStore& files) {
    const queue::Message& message = *m_job.delivery.message;
    m_atOnce = size_t(std::max(offers.maxRecipients, 0));
    m_lacksUtf8 = message.params.smtpUtf8 && !offers.utf8;
    m_coded = false;
    if (message.hasEightBit && (!offers.eightBit || m_lacksUtf8) && !m_plan) {
        if (auto looked = look(files); !looked)
            return looked;
    }
    m_coded = message.hasEightBit && !offers.eightBit && m_plan->refusal.isEmpty();
    rewind();
    return {};
}

// Once through the content for the plan, once more for the size of what it makes: the peer is told before it comes.
Result<void> Shipment::look(FileStore& files) {
    smtp::MimeScan scan;
    rewind();
    while (true) {
        const auto piece = rawPiece(files);
        if (!piece)
            return piece.error();
        if (piece->isEmpty())
            break;
        scan.feed(*piece);
    }
    m_plan = scan.finish();
    m_codedSize = 0;
    if (!m_plan->refusal.isEmpty())
        return {};
    m_coded = true;
    rewind();
    while (true) {
        const auto piece = nextPiece(files);
        if (!piece) {
            m_plan.reset();
            m_coded = false;
            return piece.error();
        }
        if (piece->isEmpty())
            break;
        m_codedSize += piece->size();
    }
    return {};
}

smtp::ClientMail Shipment::mail() const {
    const queue::Message& message = *m_job.delivery.message;
    smtp::ClientMail mail;
    mail.sender = m_sender;
    mail.params = message.params;
    mail.params.declaredSize = m_coded ? m_codedSize : m_job.body->size;
    mail.hasEightBit = message.hasEightBit && !m_coded;
    if (m_plan) {
        mail.headerNeedsUtf8 = m_lacksUtf8 && m_plan->headerNeedsUtf8;
        mail.notConvertible = m_plan->refusal;
    }
    const size_t from = m_outcomes.size();
    const size_t left = m_sendable.size() - from;
    const size_t count = m_atOnce > 0 ? std::min(left, m_atOnce) : left;
    mail.recipients.reserve(count);
    for (size_t i = from; i < from + count; ++i)
        mail.recipients.push_back({m_recipients[i], m_job.delivery.envelopes[m_sendable[i]].params});
    return mail;
}

bool Shipment::add(const std::vector<smtp::RecipientOutcome>& outcomes) {
    for (const smtp::RecipientOutcome& outcome : outcomes)
        if (m_outcomes.size() < m_sendable.size())
            m_outcomes.push_back(outcome);
    // Our own refusal of a content that this peer cannot take is meant for everybody.
    const bool forAll = !outcomes.empty() && std::all_of(outcomes.begin(), outcomes.end(), [](const auto& outcome) {
        return outcome.kind == smtp::OutcomeKind::Permanent && outcome.reply.code == 0 && outcome.reply.enhanced.subject != 6;
    });
    if (forAll)
        m_outcomes.resize(m_sendable.size(), outcomes.front());
    return m_outcomes.size() < m_sendable.size();
}

Result<QByteArrayView> Shipment::nextPiece(FileStore& files) {
    if (!m_encoder)
        return rawPiece(files);
    m_codedPiece.clear();
    while (m_codedPiece.isEmpty()) {
        const auto piece = rawPiece(files);
        if (!piece)
            return piece.error();
        if (!piece->isEmpty()) {
            m_encoder->feed(*piece, m_codedPiece);
            continue;
        }
        if (std::exchange(m_ended, true))
            break;
        m_encoder->finish(m_codedPiece);
    }
    return QByteArrayView(m_codedPiece);
}

Result<QByteArrayView> Shipment::rawPiece(FileStore& files) {
    auto piece = readPiece(files);
    if (!piece)
        m_unreadable = piece.error().code;
    return piece;
}

Result<QByteArrayView> Shipment::readPiece(FileStore& files) {
    const queue::Body& body = *m_job.body;
    const auto spoiled = [this](qint64 at) {
        return Error{ErrorCode::Corrupt,
                     "the stored content of message " + queue::toText(m_job.delivery.message->id) +
                         " holds a CR or LF of its own at octet " + QByteArray::number(at) +
                         ", which is not sent on: export it to look at it, then remove it",
                     Permanence::Temporary};
    };
    if (m_at >= body.size) {
        if (const qint64 at = m_watch.end(); at >= 0)
            return spoiled(at);
        return QByteArrayView();
    }
    const qint64 want = std::min(kPiece, body.size - m_at);
    QByteArrayView piece;
    if (body.file.isEmpty()) {
        piece = QByteArrayView(body.bytes).sliced(std::min<qsizetype>(m_at, body.bytes.size()));
        piece = piece.first(std::min<qsizetype>(want, piece.size()));
    } else {
        if (!m_reader)
            m_reader.emplace(files, m_job.body);
        auto read = m_reader->read(m_at, want);
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
    if (const qint64 at = m_watch.feed(piece); at >= 0)
        return spoiled(at);
    return piece;
}

RelayReport Shipment::report() const {
    RelayReport report = emptyReport(m_job);
    report.damaged = m_unreadable == ErrorCode::Corrupt || m_unreadable == ErrorCode::NotFound;
    size_t next = 0;
    for (size_t i = 0; i < m_job.delivery.envelopes.size(); ++i) {
        const queue::Envelope& envelope = m_job.delivery.envelopes[i];
        if (next < m_sendable.size() && m_sendable[next] == i) {
            if (next < m_outcomes.size()) {
                const smtp::RecipientOutcome& outcome = m_outcomes[next];
                report.outcomes.push_back({envelope.id, resultOf(outcome.kind), outcome.text, true});
                const bool wanted = envelope.params.notify.split(',').contains("SUCCESS");
                if (outcome.kind == smtp::OutcomeKind::Delivered && !outcome.dsnPassedOn && wanted)
                    report.relayed.push_back(envelope);
            } else {
                report.outcomes.push_back({envelope.id, queue::TryResult::Temporary,
                                           "the next hop takes few recipients at a time; the rest follow", false});
            }
            ++next;
        } else {
            report.outcomes.push_back({envelope.id, queue::TryResult::Permanent,
                                       "5.1.3 this address cannot be sent: " + harmless(envelope.destination, 320), true});
        }
    }
    return report;
}

} // namespace postern::relay
