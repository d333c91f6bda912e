// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/mime_text.h"

#include "smtp/transfer_encoding.h"

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
    smtp::QuotedPrintable coder;
    QByteArray out;
    coder.feed(lines, out);
    coder.finish(out);
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
