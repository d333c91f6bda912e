// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/line_splitter.h"

#include <cstring>

namespace postern {

void LineSplitter::append(QByteArrayView bytes) {
    if (m_at > 0 && m_at == m_buffer.size()) {
        m_buffer.clear();
        m_at = m_scanned = 0;
    } else if (m_at > 65536) {
        m_buffer.remove(0, m_at);
        m_scanned -= m_at;
        m_at = 0;
    }
    m_buffer.append(bytes);
}

std::optional<QByteArray> LineSplitter::next() {
    if (m_tooLong)
        return std::nullopt;
    while (m_scanned < m_buffer.size()) {
        const char* from = m_buffer.constData() + m_scanned;
        const char* lf = static_cast<const char*>(std::memchr(from, '\n', size_t(m_buffer.size() - m_scanned)));
        if (!lf) {
            m_scanned = m_buffer.size();
            break;
        }
        const qsizetype end = lf - m_buffer.constData();
        m_scanned = end + 1;
        if (end == m_at || m_buffer[end - 1] != '\r')
            continue;
        if (end - 1 - m_at > m_limit) {
            m_tooLong = true;
            return std::nullopt;
        }
        const QByteArray line = m_buffer.mid(m_at, end - 1 - m_at);
        m_at = m_scanned;
        return line;
    }
    if (m_buffer.size() - m_at > m_limit + 1)
        m_tooLong = true;
    return std::nullopt;
}

QByteArray LineSplitter::takeRest() {
    QByteArray rest = m_buffer.mid(m_at);
    clear();
    return rest;
}

void LineSplitter::clear() {
    m_buffer.clear();
    m_at = m_scanned = 0;
    m_tooLong = false;
}

bool hasBareCrLf(QByteArrayView line) {
    return line.contains('\r') || line.contains('\n');
}

} // namespace postern
