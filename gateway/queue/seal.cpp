// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/seal.h"

#include "queue/content_check.h"
#include "queue/deflate.h"

#include <QtEndian>

#include <algorithm>
#include <cstring>

namespace postern::queue {
namespace {

constexpr char kMagic[] = "PSTNseal";
constexpr char kVersion = 1;
constexpr qsizetype kChecked = 36; // octets of the header that its check covers
constexpr qsizetype kKeyIdOctets = 8;
constexpr int kLast = 1, kCompressed = 2;

Error damaged(MessageId id, const QByteArray& why) {
    return Error{ErrorCode::Corrupt, "the stored content of message " + toText(id) + " cannot be read: " + why};
}

QByteArray recordHeader(qsizetype size, bool isLast, bool isCompressed) {
    QByteArray out(SealRecord::kOctets, '\0');
    qToLittleEndian<quint32>(quint32(size) | quint32((isLast ? kLast : 0) | (isCompressed ? kCompressed : 0)) << 24,
                             out.data());
    return out;
}

// Unique under its key, which is one content's own.
QByteArray nonceOf(quint64 record) {
    QByteArray nonce(QueueKey::kNonce, '\0');
    qToLittleEndian<quint64>(record, nonce.data() + 4);
    return nonce;
}

} // namespace

std::optional<SealHeader> SealHeader::read(QByteArrayView given) {
    if (given.size() < kOctets || !given.startsWith(QByteArrayView(kMagic)) || given[8] != kVersion ||
        qFromLittleEndian<quint32>(given.data() + kChecked) != quint32(contentCheck(given.first(kChecked))))
        return std::nullopt;
    SealHeader header;
    header.form = ContentForm::fromNumber(given[9]);
    header.id = qFromLittleEndian<quint32>(given.data() + 12);
    header.keyId = given.sliced(16, kKeyIdOctets).toByteArray();
    header.salt = given.sliced(24, QueueKey::kSalt).toByteArray();
    header.bytes = given.first(kOctets).toByteArray();
    return header;
}

SealRecord SealRecord::read(QByteArrayView bytes) {
    const quint32 word = qFromLittleEndian<quint32>(bytes.data());
    return {qsizetype(word & 0xffffff), (word >> 24 & kLast) != 0, (word >> 24 & kCompressed) != 0};
}

// --- reading ---------------------------------------------------------------------------------------------------------

Result<RecordOpener> RecordOpener::begin(const Seal& seal, SealHeader header, MessageId id) {
    if (header.id != id)
        return damaged(id, "it is that of message " + toText(header.id));
    RecordOpener opener;
    if (header.form.encrypted) {
        if (!seal.key())
            return damaged(id, "it is encrypted and there is no key");
        if (seal.key()->id() != header.keyId)
            return damaged(id, "it is encrypted with another key");
        auto key = seal.key()->derive(header.salt);
        if (!key)
            return key.error();
        opener.m_key = std::move(*key);
    }
    opener.m_header = std::move(header);
    return opener;
}

Result<QByteArray> RecordOpener::open(quint64 number, QByteArrayView head, QByteArrayView payload) const {
    QByteArray bytes;
    if (m_key) {
        auto opened = gcmOpen(*m_key, nonceOf(number), payload, QByteArray(m_header.bytes).append(head));
        if (!opened)
            return damaged(m_header.id, opened.error().text);
        bytes = std::move(*opened);
    } else {
        bytes = payload.toByteArray();
    }
    if (SealRecord::read(head).isCompressed) {
        auto grown = inflated(bytes, SealRecord::kPlain);
        if (!grown)
            return damaged(m_header.id, grown.error().text);
        bytes = std::move(*grown);
    }
    if (bytes.size() > SealRecord::kPlain)
        return damaged(m_header.id, "a part of it is too large");
    return bytes;
}

Result<QByteArray> Seal::openAtMost(MessageId id, QByteArrayView sealed, qint64 most) const {
    auto header = SealHeader::read(sealed);
    if (!header)
        return damaged(id, "its beginning is damaged");
    const auto opener = RecordOpener::begin(*this, std::move(*header), id);
    if (!opener)
        return opener.error();
    QByteArray plain;
    qsizetype at = SealHeader::kOctets;
    for (quint64 number = 0;; ++number) {
        if (sealed.size() - at < SealRecord::kOctets)
            return damaged(id, "its end is missing");
        const QByteArrayView head = sealed.sliced(at, SealRecord::kOctets);
        const SealRecord record = SealRecord::read(head);
        at += SealRecord::kOctets;
        if (record.size > SealRecord::kMost || record.size > sealed.size() - at)
            return damaged(id, "its end is missing");
        const auto piece = opener->open(number, head, sealed.sliced(at, record.size));
        if (!piece)
            return piece.error();
        at += record.size;
        if (plain.size() + piece->size() > most)
            return damaged(id, "it is larger than it was");
        plain += *piece;
        if (record.isLast)
            break;
        if (piece->size() != SealRecord::kPlain)
            return damaged(id, "a part of it is too small");
    }
    if (at != sealed.size())
        return damaged(id, "it has the wrong size");
    return plain;
}

Result<QByteArray> Seal::open(MessageId id, QByteArrayView sealed, qint64 size) const {
    auto plain = openAtMost(id, sealed, size);
    if (plain && plain->size() != size)
        return damaged(id, "it has the wrong size");
    return plain;
}

qint64 Seal::plainSize(MessageId id, QByteArrayView sealed) const {
    constexpr qint64 kMost = 256LL << 20; // what a bomb may unfold to here
    const auto plain = openAtMost(id, sealed, kMost);
    return plain ? plain->size() : sealed.size();
}

// --- writing ---------------------------------------------------------------------------------------------------------

Result<SealWriter> SealWriter::begin(const Seal& seal, MessageId id) {
    SealWriter writer;
    writer.m_form = seal.form();
    QByteArray salt(QueueKey::kSalt, '\0'), keyId(kKeyIdOctets, '\0');
    if (writer.m_form.encrypted) {
        auto random = randomOctets(QueueKey::kSalt);
        if (!random)
            return random.error();
        salt = std::move(*random);
        keyId = seal.key()->id();
        auto key = seal.key()->derive(salt);
        if (!key)
            return key.error();
        writer.m_key = std::move(*key);
    }
    QByteArray& header = writer.m_header;
    header = QByteArray(SealHeader::kOctets, '\0');
    std::memcpy(header.data(), kMagic, 8);
    header[8] = kVersion;
    header[9] = char(writer.m_form.toNumber());
    qToLittleEndian<quint32>(id, header.data() + 12);
    std::memcpy(header.data() + 16, keyId.constData(), size_t(kKeyIdOctets));
    std::memcpy(header.data() + 24, salt.constData(), size_t(QueueKey::kSalt));
    qToLittleEndian<quint32>(quint32(contentCheck(QByteArrayView(header).first(kChecked))), header.data() + kChecked);
    return writer;
}

Result<void> SealWriter::append(QByteArrayView plain, QByteArray& out) {
    while (!plain.isEmpty()) {
        if (m_plain.size() == SealRecord::kPlain) { // more follows, so it is not the last
            if (auto written = write(m_plain, false, out); !written)
                return written;
            m_plain.resize(0); // keeps the room
        }
        const qsizetype n = std::min(plain.size(), SealRecord::kPlain - m_plain.size());
        m_plain.append(plain.first(n));
        plain = plain.sliced(n);
    }
    return {};
}

Result<void> SealWriter::finish(QByteArray& out) {
    return write(m_plain, true, out);
}

Result<void> SealWriter::write(QByteArrayView plain, bool isLast, QByteArray& out) {
    std::optional<QByteArray> small;
    if (m_form.compressed)
        small = deflated(plain);
    const QByteArrayView payload = small ? QByteArrayView(*small) : plain;
    if (!std::exchange(m_headerIsOut, true))
        out += m_header;
    const QByteArray head =
        recordHeader(payload.size() + (m_key ? QueueKey::kTag : 0), isLast, small.has_value());
    if (!m_key) {
        out += head;
        out += payload;
        return {};
    }
    const auto sealed = gcmSeal(*m_key, nonceOf(m_records++), payload, m_header + head);
    if (!sealed)
        return sealed.error();
    out += head;
    out += *sealed;
    return {};
}

Result<QByteArray> Seal::seal(MessageId id, QByteArrayView plain) const {
    auto writer = SealWriter::begin(*this, id);
    if (!writer)
        return writer.error();
    QByteArray out;
    auto written = writer->append(plain, out);
    if (written)
        written = writer->finish(out);
    if (!written)
        return written.error();
    return out;
}

} // namespace postern::queue
