// SPDX-License-Identifier: GPL-3.0-or-later
#include "smtp/xtext.h"

#include "smtp/address.h"

#include <QList>
#include <QString>

#include <algorithm>

namespace postern::smtp {
namespace {

int upperHex(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

} // namespace

std::optional<QByteArray> decodeXtext(QByteArrayView text) {
    QByteArray out;
    out.reserve(text.size());
    for (qsizetype i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c < 33 || c > 126 || c == '=')
            return std::nullopt;
        if (c == '+') {
            if (i + 2 >= text.size() || upperHex(text[i + 1]) < 0 || upperHex(text[i + 2]) < 0)
                return std::nullopt;
            c = char(upperHex(text[i + 1]) * 16 + upperHex(text[i + 2]));
            i += 2;
            if (c == '\r' || c == '\n' || c == '\0')
                return std::nullopt;
        }
        out += c;
    }
    return out;
}

QByteArray encodeXtext(QByteArrayView text) {
    static constexpr char kHex[] = "0123456789ABCDEF";
    QByteArray out;
    out.reserve(text.size());
    for (const char c : text) {
        if (c > 32 && c < 127 && c != '+' && c != '=')
            out += c;
        else
            (out += '+').append(kHex[uchar(c) >> 4]).append(kHex[uchar(c) & 15]);
    }
    return out;
}

std::optional<QByteArray> toUnicodeXtext(QByteArrayView text) {
    if (!isValidUtf8(text))
        return std::nullopt;
    QByteArray out;
    out.reserve(text.size());
    for (qsizetype i = 0; i < text.size();) {
        const char c = text[i];
        if (uchar(c) >= 0x80) {
            const qsizetype length = uchar(c) >= 0xf0 ? 4 : uchar(c) >= 0xe0 ? 3 : 2;
            const char32_t point = QString::fromUtf8(text.sliced(i, length)).toUcs4().value(0);
            if (point < 0xa0) // C1 controls
                return std::nullopt;
            out += "\\x{" + QByteArray::number(quint32(point), 16).toUpper() + '}';
            i += length;
        } else if (c == '\\') {
            const qsizetype end = text.indexOf('}', i);
            const QByteArrayView digits = end < i + 5 || end > i + 9 ? QByteArrayView() : text.sliced(i + 3, end - i - 3);
            const bool fine = !digits.isEmpty() && text.sliced(i).startsWith("\\x{") &&
                              std::all_of(digits.begin(), digits.end(), [](char d) { return upperHex(d) >= 0; });
            const quint32 point = fine ? digits.toByteArray().toUInt(nullptr, 16) : 0;
            if (point < 0x20 || (point >= 0x7f && point < 0xa0) || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
                return std::nullopt;
            out += text.sliced(i, end + 1 - i);
            i = end + 1;
        } else {
            if (c < 33 || c > 126 || c == '+' || c == '=')
                return std::nullopt;
            out += c;
            ++i;
        }
    }
    return out;
}

} // namespace postern::smtp
