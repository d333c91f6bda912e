// SPDX-License-Identifier: GPL-3.0-or-later
#include "smtp/reply.h"

#include <algorithm>

namespace postern::smtp {
namespace {

constexpr qsizetype kMaxLine = 510; // RFC 5321 §4.5.3.1.5 without CR LF

bool isPrintable(char c) {
    return c >= 0x20 && c < 0x7f;
}

} // namespace

QByteArray EnhancedCode::text() const {
    return QByteArray::number(klass) + '.' + QByteArray::number(subject) + '.' + QByteArray::number(detail);
}

QByteArray replyText(QByteArrayView raw) {
    QByteArray out;
    out.reserve(std::min(raw.size(), kMaxLine));
    for (const char c : raw) {
        if (out.size() == kMaxLine)
            break;
        if (isPrintable(c))
            out += c;
        else if ((c == '\r' || c == '\n' || c == '\t') && !out.endsWith(' '))
            out += ' ';
        else if (uchar(c) >= 0x80)
            out += '?';
    }
    return out;
}

QByteArray Reply::wire() const {
    QByteArray out;
    const QByteArray number = QByteArray::number(code);
    const QByteArray prefix = enhanced.isValid() ? enhanced.text() + ' ' : QByteArray();
    const qsizetype count = std::max<qsizetype>(lines.size(), 1);
    for (qsizetype i = 0; i < count; ++i) {
        QByteArray line = number + (i + 1 < count ? '-' : ' ') + prefix;
        if (i < lines.size())
            line += std::all_of(lines[i].begin(), lines[i].end(), isPrintable) ? lines[i] : replyText(lines[i]);
        line.truncate(kMaxLine);
        out += line + "\r\n";
    }
    return out;
}

QByteArray Reply::oneLine() const {
    QByteArray out = code ? QByteArray::number(code) : QByteArray();
    if (enhanced.isValid())
        out += ' ' + enhanced.text();
    for (const QByteArray& line : lines)
        if (!line.isEmpty())
            out += (out.isEmpty() ? "" : " ") + line;
    return out;
}

Reply makeReply(int code, EnhancedCode enhanced, QByteArray text) {
    Reply reply{code, enhanced, {}};
    reply.lines.append(replyText(text));
    return reply;
}

} // namespace postern::smtp
