// SPDX-License-Identifier: GPL-3.0-or-later
#include "listener/incoming_content.h"

#include "queue/spool.h"

#include <algorithm>
#include <utility>

namespace postern::listener {
namespace {

constexpr qsizetype kPiece = 64 * 1024; // of one write
constexpr qint64 kAskRoomEach = 1 << 20; // octets of a file

} // namespace

MemoryShare MemoryShare::take(const ContentMemory& memory, qint64 octets) {
    MemoryShare share;
    if (!memory)
        return share;
    if (memory->fetch_sub(octets) < octets) {
        memory->fetch_add(octets);
        return share;
    }
    share.m_memory = memory;
    share.m_octets = octets;
    return share;
}

IncomingContent::IncomingContent(FileStore& files, QByteArray path, qint64 expected, ContentMemory memory,
                                 FileForm form)
    : m_files(files), m_path(std::move(path)), m_memory(std::move(memory)), m_form(std::move(form)), m_expected(expected),
      m_inMemoryAtMost(queue::kInlineBody) {
    if (expected > 0)
        m_bytes.reserve(qsizetype(std::min<qint64>(expected, queue::kInlineBody)) + 1024);
}

void IncomingContent::append(QByteArrayView bytes) {
    m_size += bytes.size();
    if (m_error)
        return;
    if (!m_fileMade && m_size > m_inMemoryAtMost) {
        growOrMakeFile();
        if (m_error)
            return;
    }
    if (m_fileMade && m_bytes.isEmpty() && bytes.size() >= kPiece) {
        writeOut(bytes);
        return;
    }
    m_bytes.append(bytes);
    if (m_fileMade && m_bytes.size() >= kPiece) {
        writeOut(m_bytes);
        m_bytes.resize(0); // keeps the room
    }
}

void IncomingContent::growOrMakeFile() {
    if (m_inMemoryAtMost == queue::kInlineBody && m_size <= queue::kSegmentBody) {
        m_share = MemoryShare::take(m_memory, queue::kSegmentBody - queue::kInlineBody);
        if (m_share) {
            m_inMemoryAtMost = queue::kSegmentBody;
            m_bytes.reserve(qsizetype(std::min(std::max<qint64>(m_size * 2, m_expected), queue::kSegmentBody)) + 1024);
            return;
        }
    }
    auto file = m_files.create(m_path);
    if (!file) {
        m_error = file.error();
        m_bytes.clear();
        return;
    }
    m_file = std::move(file).value();
    m_fileMade = true;
    if (m_form.seal && !m_form.seal->form().isPlain()) {
        auto sealer = queue::SealWriter::begin(*m_form.seal, m_form.id);
        if (!sealer) {
            m_error = sealer.error();
            m_file.reset();
            m_bytes.clear();
            return;
        }
        m_sealer = std::move(*sealer);
    }
    if (m_bytes.size() >= kPiece)
        writeOut(std::exchange(m_bytes, {}));
    m_bytes.reserve(kPiece * 2);
    m_share = {};
}

Result<queue::Body> IncomingContent::finish() {
    queue::Body body;
    body.size = m_size;
    if (m_fileMade && !m_error) {
        writeOut(std::exchange(m_bytes, {}));
        if (m_file && m_sealer)
            if (auto ended = endSealed(); !ended)
                m_error = ended.error();
        if (m_file && !m_error)
            if (auto closed = m_file->close(); !closed)
                m_error = closed.error();
        m_file.reset();
        body.file = m_path;
        if (m_sealer) {
            body.seal = m_form.seal;
            body.fileSize = m_fileSize;
        }
    }
    if (m_error)
        return *m_error;
    body.bytes = std::move(m_bytes);
    return body;
}

void IncomingContent::writeOut(QByteArrayView bytes) {
    if (!m_file)
        return;
    if (auto written = m_sealer ? writeSealed(bytes) : writeFile(bytes); !written) {
        m_error = written.error();
        m_file.reset();
        if (written.error().code == ErrorCode::NoSpace)
            (void)m_files.remove(m_path);
    }
}

Result<void> IncomingContent::writeSealed(QByteArrayView bytes) {
    m_sealed.resize(0);
    if (auto sealed = m_sealer->append(bytes, m_sealed); !sealed)
        return sealed;
    return m_sealed.isEmpty() ? Result<void>() : writeFile(m_sealed);
}

Result<void> IncomingContent::endSealed() {
    m_sealed.resize(0);
    if (auto sealed = m_sealer->finish(m_sealed); !sealed)
        return sealed;
    return writeFile(m_sealed);
}

Result<void> IncomingContent::writeFile(QByteArrayView octets) {
    if (m_form.hasRoomFor && m_fileSize >= m_askRoomAt) {
        m_askRoomAt = m_fileSize + kAskRoomEach;
        if (!m_form.hasRoomFor(0))
            return Error{ErrorCode::NoSpace, "the disk is nearly full, or its client has used up its share of it, so no more of " + m_path + " is written"};
    }
    m_fileSize += octets.size();
    return m_file->write(octets);
}

} // namespace postern::listener
