// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/mime_text.h"

#include <QByteArrayList>

namespace postern::queue {
namespace {

constexpr qsizetype kHardLimit = 998; // octets of a line without CR LF

bool isPlain(QByteArrayView lines) {
    qsizetype length = 0;
    for (qsizetype i = 0; i < lines.size(); ++i) {
        const uchar c = uchar(lines[i]);
        if (c == '\r' && i + 1 < lines.size() && lines[i + 1] == '\n') {
            length = 0;
            ++i;
            continue;
        }
        if (c >= 0x80 || (c < 0x20 && c != '\t') || c == 0x7f || ++length > kHardLimit)
            return false;
    }
    return true;
}

QByteArray quotedPrintable(QByteArrayView lines) {
    static constexpr char kHex[] = "0123456789ABCDEF";
    QByteArray out;
    qsizetype length = 0;
    for (qsizetype i = 0; i < lines.size(); ++i) {
        const uchar c = uchar(lines[i]);
        const bool lineEnd = c == '\r' && i + 1 < lines.size() && lines[i + 1] == '\n';
        if (lineEnd) {
            out += "\r\n";
            length = 0;
            ++i;
            continue;
        }
        const bool beforeEnd =
            i + 1 == lines.size() || (lines[i + 1] == '\r' && i + 2 < lines.size() && lines[i + 2] == '\n');
        const bool blank = c == ' ' || c == '\t';
        const bool plain = (c > 0x20 && c < 0x7f && c != '=') || (blank && !beforeEnd);
        if (length + (plain ? 1 : 3) > 75) {
            out += "=\r\n";
            length = 0;
        }
        if (plain) {
            out += char(c);
            ++length;
        } else {
            out += '=';
            out += kHex[c >> 4];
            out += kHex[c & 15];
            length += 3;
        }
    }
    return out;
}

} // namespace

MimeText mimeText(QByteArrayView lines) {
    MimeText text =
        isPlain(lines) ? MimeText{"7bit", lines.toByteArray()} : MimeText{"quoted-printable", quotedPrintable(lines)};
    if (!text.bytes.isEmpty() && !text.bytes.endsWith("\r\n"))
        text.bytes += "\r\n";
    return text;
}

QByteArray foldedField(QByteArrayView name, QByteArrayView value) {
    constexpr qsizetype kNice = 76;
    QByteArray out = name.toByteArray() + ':';
    qsizetype length = out.size();
    for (const QByteArray& word : value.toByteArray().split(' ')) {
        if (word.isEmpty())
            continue;
        for (qsizetype at = 0; at < word.size(); at += kHardLimit - 100) {
            const QByteArray piece = word.mid(at, kHardLimit - 100);
            if (length + 1 + piece.size() > kNice && length > name.size() + 1) {
                out += "\r\n";
                length = 0;
            }
            out += ' ' + piece;
            length += 1 + piece.size();
        }
    }
    return out + "\r\n";
}

} // namespace postern::queue
