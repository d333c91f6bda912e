// SPDX-License-Identifier: GPL-3.0-or-later
//
// Looks for dots instead of line ends: attachments in base64 hold none, so whole pieces pass in one copy.
#include "smtp/dot_stuffer.h"

#include <cstring>

namespace postern::smtp {

QByteArray DotStuffer::piece(QByteArrayView bytes) {
    if (bytes.isEmpty())
        return {};
    QByteArray out;
    out.reserve(bytes.size() + bytes.size() / 128 + 16);
    const char* const data = bytes.data();
    const auto before = [&](qsizetype at, qsizetype back) { // the octet `back` places before `at`
        return at >= back ? data[at - back] : m_last[2 + at - back];
    };
    qsizetype copied = 0, from = 0;
    while (from < bytes.size()) {
        const char* dot = static_cast<const char*>(std::memchr(data + from, '.', size_t(bytes.size() - from)));
        if (!dot)
            break;
        const qsizetype at = dot - data;
        if (before(at, 1) == '\n' && before(at, 2) == '\r') {
            out.append(data + copied, at - copied);
            out.append('.');
            copied = at;
        }
        from = at + 1;
    }
    out.append(data + copied, bytes.size() - copied);
    const char last[2] = {before(bytes.size(), 2), before(bytes.size(), 1)};
    m_last[0] = last[0];
    m_last[1] = last[1];
    return out;
}

QByteArray DotStuffer::end() const {
    return m_last[0] == '\r' && m_last[1] == '\n' ? QByteArray(".\r\n") : QByteArray("\r\n.\r\n");
}

} // namespace postern::smtp
