// SPDX-License-Identifier: GPL-3.0-or-later
#include "smtp/reply_parser.h"

#include "base/log.h"

#include <algorithm>
#include <cstring>

namespace postern::smtp {
namespace {

constexpr qsizetype kKeptOctets = 1000; // of one line's text: enough for any cause, too little to flood a queue row

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

// The number at `at`, at most three digits, `at` moved behind it; -1 = none.
int shortNumber(QByteArrayView text, qsizetype& at) {
    int value = 0, digits = 0;
    while (at < text.size() && isDigit(text[at]) && digits < 4) {
        value = value * 10 + (text[at] - '0');
        ++at;
        ++digits;
    }
    return digits >= 1 && digits <= 3 ? value : -1;
}

// "5.1.1 text" -> code, and `text` without it. A class that contradicts the reply code is left in the text.
EnhancedCode takeEnhanced(int code, QByteArrayView& text) {
    if (text.size() < 5 || text[0] != char('0' + code / 100) || text[1] != '.')
        return {};
    qsizetype at = 2;
    const int subject = shortNumber(text, at);
    if (subject < 0 || at >= text.size() || text[at] != '.')
        return {};
    ++at;
    const int detail = shortNumber(text, at);
    if (detail < 0 || (at < text.size() && text[at] != ' '))
        return {};
    text = text.sliced(std::min(at + 1, text.size()));
    return {quint8(code / 100), quint16(subject), quint16(detail)};
}

} // namespace

void ReplyParser::append(QByteArrayView bytes) {
    if (isBroken())
        return;
    if (m_at == m_buffer.size()) {
        m_buffer.clear();
        m_at = m_scanned = 0;
    }
    m_buffer.append(bytes);
}

std::optional<Reply> ReplyParser::next() {
    while (!isBroken() && m_scanned < m_buffer.size()) {
        const char* start = m_buffer.constData();
        const char* lf = static_cast<const char*>(
            std::memchr(start + m_scanned, '\n', size_t(m_buffer.size() - m_scanned)));
        if (!lf) {
            m_scanned = m_buffer.size();
            break;
        }
        const qsizetype end = lf - start;
        if (end == m_at || start[end - 1] != '\r') {
            fail("a line that does not end in CR LF");
            break;
        }
        const QByteArrayView line(start + m_at, end - 1 - m_at);
        m_octets += line.size() + 2;
        m_at = m_scanned = end + 1;
        if (m_octets > kMaxOctets)
            fail("a reply of more than 64 KiB");
        else if (takeLine(line)) {
            m_started = false;
            m_octets = 0;
            return std::exchange(m_reply, {});
        }
    }
    if (!isBroken() && m_octets + m_buffer.size() - m_at > kMaxOctets)
        fail("a reply of more than 64 KiB");
    return std::nullopt;
}

bool ReplyParser::takeLine(QByteArrayView line) {
    // Other control characters are made harmless below: a server's odd word for one recipient must not cost the others.
    if (line.contains('\0') || line.contains('\r')) {
        fail("a reply with NUL or a bare CR");
        return false;
    }
    if (line.size() < 3 || line[0] < '2' || line[0] > '5' || !isDigit(line[1]) || !isDigit(line[2]) ||
        (line.size() > 3 && line[3] != ' ' && line[3] != '-')) {
        fail("a line that is no reply");
        return false;
    }
    const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    if (m_started && code != m_reply.code) {
        fail("two codes in one reply");
        return false;
    }
    if (m_reply.lines.size() >= kMaxLines) {
        fail("a reply of more than 100 lines");
        return false;
    }
    QByteArrayView text = line.sliced(std::min<qsizetype>(4, line.size()));
    const EnhancedCode enhanced = takeEnhanced(code, text);
    if (!m_started)
        m_reply.enhanced = enhanced;
    m_reply.code = code;
    m_started = true;
    QByteArray clean = text.toByteArray();
    clean.replace('\t', ' ');
    m_reply.lines.append(harmless(clean, kKeptOctets));
    return line.size() == 3 || line[3] == ' ';
}

void ReplyParser::fail(const char* what) {
    m_wrong = what;
    m_buffer.clear();
    m_at = m_scanned = 0;
}

void ReplyParser::clear() {
    *this = ReplyParser();
}

} // namespace postern::smtp
