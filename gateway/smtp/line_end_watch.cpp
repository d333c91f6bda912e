// SPDX-License-Identifier: GPL-3.0-or-later
//
// Runs from CR to CR by memchr; between two of them no LF may stand.
#include "smtp/line_end_watch.h"

#include <cstring>

namespace postern::smtp {

qint64 LineEndWatch::feed(QByteArrayView piece) {
    const auto find = [&](char what, qsizetype from, qsizetype to) {
        const void* const hit = to > from ? std::memchr(piece.data() + from, what, size_t(to - from)) : nullptr;
        return hit ? static_cast<const char*>(hit) - piece.data() : -1;
    };
    qsizetype from = 0;
    while (from < piece.size()) {
        if (m_afterCr) {
            if (piece[from] != '\n')
                return m_seen + from - 1;
            m_afterCr = false;
            ++from;
            continue;
        }
        const qsizetype cr = find('\r', from, piece.size());
        if (const qsizetype lf = find('\n', from, cr < 0 ? piece.size() : cr); lf >= 0)
            return m_seen + lf;
        m_afterCr = cr >= 0;
        from = cr < 0 ? piece.size() : cr + 1;
    }
    m_seen += piece.size();
    return -1;
}

qint64 LineEndWatch::end() const {
    return m_afterCr ? m_seen - 1 : -1;
}

} // namespace postern::smtp
