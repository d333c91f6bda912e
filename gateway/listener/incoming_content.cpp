// SPDX-License-Identifier: GPL-3.0-or-later
#include "listener/incoming_content.h"

#include "queue/spool.h"

#include <algorithm>
#include <utility>

namespace postern::listener {
namespace {

constexpr qsizetype kPiece = 64 * 1024; // of one write

} // namespace

IncomingContent::IncomingContent(FileStore& files, QByteArray path, qint64 expected)
    : m_files(files), m_path(std::move(path)) {
    if (expected > 0)
        m_bytes.reserve(qsizetype(std::min<qint64>(expected, queue::kInlineBody)) + 1024);
}

void IncomingContent::append(QByteArrayView bytes) {
    m_size += bytes.size();
    if (m_error)
        return;
    if (!m_fileMade && m_size > queue::kInlineBody) {
        auto file = m_files.create(m_path);
        if (!file) {
            m_error = file.error();
            m_bytes.clear();
            return;
        }
        m_file = std::move(file).value();
        m_fileMade = true;
        m_bytes.reserve(kPiece * 2);
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

Result<queue::Body> IncomingContent::finish() {
    queue::Body body;
    body.size = m_size;
    if (m_fileMade && !m_error) {
        writeOut(std::exchange(m_bytes, {}));
        if (m_file)
            if (auto closed = m_file->close(); !closed)
                m_error = closed.error();
        m_file.reset();
        body.file = m_path;
    }
    if (m_error)
        return *m_error;
    body.bytes = std::move(m_bytes);
    return body;
}

void IncomingContent::writeOut(QByteArrayView bytes) {
    if (auto written = m_file->write(bytes); !written) {
        m_error = written.error();
        m_file.reset();
    }
}

} // namespace postern::listener
