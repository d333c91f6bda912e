// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/body_reader.h"

#include <algorithm>

namespace postern::queue {

Error BodyReader::damaged(const char* why) const {
    return Error{ErrorCode::Corrupt, "the content file " + m_body->file + ' ' + why};
}

Result<QByteArray> BodyReader::read(qint64 at, qint64 most) {
    if (m_body->file.isEmpty())
        return m_body->bytes.mid(at, most);
    if (!m_body->seal)
        return m_files->read(m_body->file, at, most);
    return readSealed(at, most);
}

Result<void> BodyReader::open() {
    const auto bytes = m_files->read(m_body->file, 0, SealHeader::kOctets);
    if (!bytes)
        return bytes.error();
    auto header = SealHeader::read(*bytes);
    if (!header)
        return damaged("is damaged at its beginning");
    m_id = header->id;
    auto opener = RecordOpener::begin(*m_body->seal, std::move(*header), m_body->id ? m_body->id : m_id);
    if (!opener)
        return opener.error();
    m_opener = std::move(*opener);
    m_fileAt = SealHeader::kOctets;
    m_number = 0;
    m_record.clear();
    m_recordAt = 0;
    m_isLast = false;
    return {};
}

// Head and payload in one read; what is read too much of the next record is dropped.
Result<void> BodyReader::nextRecord() {
    const auto bytes = m_files->read(m_body->file, m_fileAt, SealRecord::kOctets + SealRecord::kMost);
    if (!bytes)
        return bytes.error();
    if (bytes->size() < SealRecord::kOctets)
        return damaged("ends too early");
    const QByteArrayView head = QByteArrayView(*bytes).first(SealRecord::kOctets);
    const SealRecord record = SealRecord::read(head);
    if (record.size > SealRecord::kMost || record.size > bytes->size() - SealRecord::kOctets)
        return damaged("ends too early");
    auto plain = m_opener->open(m_number, head, QByteArrayView(*bytes).sliced(SealRecord::kOctets, record.size));
    if (!plain)
        return plain.error();
    m_recordAt += m_record.size();
    m_record = std::move(*plain);
    m_isLast = record.isLast;
    m_fileAt += SealRecord::kOctets + record.size;
    ++m_number;
    if (!m_isLast && m_record.size() != SealRecord::kPlain)
        return damaged("has a part of the wrong size");
    return {};
}

Result<QByteArray> BodyReader::readSealed(qint64 at, qint64 most) {
    if (!m_opener || at < m_recordAt)
        if (auto opened = open(); !opened)
            return opened.error();
    // Whole records before the wanted place, by their heads alone.
    while (!m_isLast && at >= m_recordAt + m_record.size() + SealRecord::kPlain) {
        const auto head = m_files->read(m_body->file, m_fileAt, SealRecord::kOctets);
        if (!head)
            return head.error();
        if (head->size() < SealRecord::kOctets)
            return damaged("ends too early");
        const SealRecord record = SealRecord::read(*head);
        if (record.isLast)
            break;
        m_recordAt += m_record.size() + SealRecord::kPlain;
        m_record.clear();
        m_fileAt += SealRecord::kOctets + record.size;
        ++m_number;
    }
    QByteArray out;
    while (out.size() < most) {
        const qint64 from = at + out.size() - m_recordAt;
        if (from < m_record.size()) {
            if (out.isEmpty() && from == 0 && m_record.size() <= most)
                out = m_record; // shared: the usual case, piece by piece
            else
                out += QByteArrayView(m_record).sliced(from, std::min<qint64>(most - out.size(), m_record.size() - from));
            continue;
        }
        if (m_isLast)
            break;
        if (auto read = nextRecord(); !read)
            return read.error();
    }
    return out;
}

Result<FoundContent> examine(FileStore& files, const QByteArray& file, MessageId id, const SealPtr& seal) {
    const auto fileSize = files.size(file);
    if (!fileSize)
        return fileSize.error();
    const auto start = files.read(file, 0, SealHeader::kOctets);
    if (!start)
        return start.error();
    FoundContent found{{}, *fileSize};
    const auto header = SealHeader::read(*start);
    if (!header)
        return found;
    found.form = header->form;
    BodyReader reader(files, std::make_shared<const Body>(Body{{}, file, *fileSize, seal, *fileSize, id}));
    qint64 size = 0;
    for (;;) {
        const auto piece = reader.read(size, SealRecord::kPlain);
        if (!piece)
            return found; // whoever reads it is told why
        if (piece->isEmpty())
            break;
        size += piece->size();
    }
    found.size = size;
    return found;
}

} // namespace postern::queue
