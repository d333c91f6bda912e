// SPDX-License-Identifier: GPL-3.0-or-later
#include "smtp/encoded_word.h"

#include "smtp/address.h"

#include <array>
#include <optional>

using namespace Qt::StringLiterals;

namespace postern::smtp {
namespace {

enum class Charset { Unknown, Utf8, Windows1252, Latin9 };

struct EncodedWord {
    Charset charset = Charset::Unknown;
    QByteArray bytes;     // decoded
    qsizetype length = 0; // in the raw text
};

// WHATWG's windows-1252, octets 80 to 9F; ISO-8859-1 is read the same way, as everybody does.
constexpr std::array<char16_t, 32> kWindows1252 = {
    0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x8d,   0x017d, 0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178};

char16_t latin9(uchar c) {
    switch (c) {
    case 0xa4: return 0x20ac;
    case 0xa6: return 0x0160;
    case 0xa8: return 0x0161;
    case 0xb4: return 0x017d;
    case 0xb8: return 0x017e;
    case 0xbc: return 0x0152;
    case 0xbd: return 0x0153;
    case 0xbe: return 0x0178;
    default: return c;
    }
}

QString toText(QByteArrayView bytes, Charset charset) {
    if (charset == Charset::Utf8 || charset == Charset::Unknown)
        return QString::fromUtf8(bytes);
    QString out;
    out.reserve(bytes.size());
    for (const char octet : bytes) {
        const uchar c = uchar(octet);
        if (charset == Charset::Latin9)
            out += QChar(latin9(c));
        else
            out += QChar(c >= 0x80 && c < 0xa0 ? kWindows1252[c - 0x80u] : char16_t(c));
    }
    return out;
}

QString rawToText(QByteArrayView bytes) {
    return toText(bytes, isValidUtf8(bytes) ? Charset::Utf8 : Charset::Windows1252);
}

Charset charsetNamed(QByteArrayView name) {
    const qsizetype star = name.indexOf('*'); // RFC 2231 §5: a language tag may follow
    const QByteArray key = (star < 0 ? name : name.first(star)).toByteArray().toLower();
    if (key == "utf-8"_ba || key == "us-ascii"_ba || key == "utf8"_ba)
        return Charset::Utf8;
    if (key == "iso-8859-1"_ba || key == "windows-1252"_ba || key == "cp1252"_ba)
        return Charset::Windows1252;
    return key == "iso-8859-15"_ba ? Charset::Latin9 : Charset::Unknown;
}

int hexValue(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

QByteArray decodeQ(QByteArrayView text) {
    QByteArray out;
    for (qsizetype i = 0; i < text.size(); ++i) {
        if (text[i] == '_') {
            out += ' ';
        } else if (text[i] == '=' && i + 2 < text.size() && hexValue(text[i + 1]) >= 0 && hexValue(text[i + 2]) >= 0) {
            out += char(hexValue(text[i + 1]) * 16 + hexValue(text[i + 2]));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

// The encoded word at the start of `text`, which begins with "=?".
std::optional<EncodedWord> readEncodedWord(QByteArrayView text) {
    const qsizetype afterCharset = text.indexOf('?', 2);
    if (afterCharset < 3 || afterCharset + 2 >= text.size() || text[afterCharset + 2] != '?')
        return std::nullopt;
    const qsizetype start = afterCharset + 3;
    const qsizetype end = text.indexOf("?="_ba, start);
    if (end < 0)
        return std::nullopt;
    EncodedWord word;
    word.charset = charsetNamed(text.sliced(2, afterCharset - 2));
    word.length = end + 2;
    const QByteArrayView encoded = text.sliced(start, end - start);
    if (word.charset == Charset::Unknown || encoded.contains(' '))
        return std::nullopt;
    const char encoding = text[afterCharset + 1];
    if (encoding == 'q' || encoding == 'Q')
        word.bytes = decodeQ(encoded);
    else if (encoding == 'b' || encoding == 'B')
        word.bytes = QByteArray::fromBase64(encoded.toByteArray());
    else
        return std::nullopt;
    return word;
}

} // namespace

QString decodeEncodedWords(QByteArrayView raw) {
    QString out;
    QByteArray pending; // octets of adjacent words: one character may be cut between two of them
    Charset pendingCharset = Charset::Unknown;
    const auto flush = [&] {
        out += toText(pending, pendingCharset);
        pending.clear();
    };
    qsizetype plain = 0; // start of text not yet taken over
    for (qsizetype at = raw.indexOf("=?"_ba); at >= 0; at = raw.indexOf("=?"_ba, at)) {
        const auto word = readEncodedWord(raw.sliced(at));
        if (!word) {
            at += 2;
            continue;
        }
        const QByteArrayView between = raw.sliced(plain, at - plain);
        const bool adjacent = !pending.isEmpty() && between.trimmed().isEmpty();
        if (!adjacent || word->charset != pendingCharset)
            flush();
        if (!adjacent)
            out += rawToText(between);
        pending += word->bytes;
        pendingCharset = word->charset;
        at += word->length;
        plain = at;
    }
    flush();
    return out + rawToText(raw.sliced(plain));
}

} // namespace postern::smtp
