// SPDX-License-Identifier: GPL-3.0-or-later
//
// The small decoders of the MIME reader: encoded words, quoted-printable, base64, charsets, parameters.
#include "window/caught/mime_reader.h"

#include <QHash>
#include <QStringDecoder>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace postern::window::mime {
namespace {

int hexValue(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

QByteArray fromQ(const QByteArray& encoded) { // RFC 2047 §4.2
    QByteArray out;
    out.reserve(encoded.size());
    for (qsizetype i = 0; i < encoded.size(); ++i) {
        const char c = encoded.at(i);
        if (c == '_') {
            out += ' ';
        } else if (c == '=' && i + 2 < encoded.size() && hexValue(encoded.at(i + 1)) >= 0 && hexValue(encoded.at(i + 2)) >= 0) {
            out += static_cast<char>(hexValue(encoded.at(i + 1)) * 16 + hexValue(encoded.at(i + 2)));
            i += 2;
        } else {
            out += c;
        }
    }
    return out;
}

QByteArray fromPercent(const QByteArray& encoded) { // RFC 2231 §4
    QByteArray out;
    for (qsizetype i = 0; i < encoded.size(); ++i) {
        if (encoded.at(i) == '%' && i + 2 < encoded.size() && hexValue(encoded.at(i + 1)) >= 0 && hexValue(encoded.at(i + 2)) >= 0) {
            out += static_cast<char>(hexValue(encoded.at(i + 1)) * 16 + hexValue(encoded.at(i + 2)));
            i += 2;
        } else {
            out += encoded.at(i);
        }
    }
    return out;
}

struct EncodedWord {
    QByteArray charset, octets;
    qsizetype end = -1; // after "?="; -1 = none here
};

// "=?charset?q?text?=" at `at`
EncodedWord wordAt(const QByteArray& value, qsizetype at) {
    EncodedWord word;
    if (value.mid(at, 2) != "=?")
        return word;
    const qsizetype second = value.indexOf('?', at + 2);
    const qsizetype third = second < 0 ? -1 : value.indexOf('?', second + 1);
    const qsizetype end = third < 0 ? -1 : value.indexOf("?=", third + 1);
    if (end < 0 || third - second != 2)
        return word;
    const QByteArray text = value.mid(third + 1, end - third - 1);
    if (text.contains(' ') || text.contains('?'))
        return word;
    word.charset = value.mid(at + 2, second - at - 2);
    word.charset = word.charset.left(word.charset.indexOf('*') < 0 ? word.charset.size() : word.charset.indexOf('*'));
    const char kind = value.at(second + 1);
    if (kind == 'q' || kind == 'Q')
        word.octets = fromQ(text);
    else if (kind == 'b' || kind == 'B')
        word.octets = fromBase64(text);
    else
        return word;
    word.end = end + 2;
    return word;
}

} // namespace

QByteArray fromBase64(const QByteArray& encoded) {
    return QByteArray::fromBase64(encoded, QByteArray::Base64Encoding); // skips what is not base64
}

QByteArray fromQuotedPrintable(const QByteArray& encoded) {
    QByteArray out;
    out.reserve(encoded.size());
    for (qsizetype i = 0; i < encoded.size(); ++i) {
        const char c = encoded.at(i);
        if (c != '=') {
            out += c;
            continue;
        }
        // a soft line end, perhaps with white space before it (RFC 2045 §6.7 rule 3)
        qsizetype j = i + 1;
        while (j < encoded.size() && (encoded.at(j) == ' ' || encoded.at(j) == '\t'))
            ++j;
        if (j >= encoded.size())
            break;
        if (encoded.at(j) == '\r' || encoded.at(j) == '\n') {
            i = encoded.at(j) == '\r' && j + 1 < encoded.size() && encoded.at(j + 1) == '\n' ? j + 1 : j;
            continue;
        }
        if (i + 2 < encoded.size() && hexValue(encoded.at(i + 1)) >= 0 && hexValue(encoded.at(i + 2)) >= 0) {
            out += static_cast<char>(hexValue(encoded.at(i + 1)) * 16 + hexValue(encoded.at(i + 2)));
            i += 2;
        } else {
            out += c; // not an escape: show it
        }
    }
    return out;
}

QString textOf(const QByteArray& octets, const QByteArray& charset, bool* known) {
    QByteArray name = charset.trimmed().toLower();
    if (known)
        *known = true;
    if (name.isEmpty() || name == "us-ascii" || name == "ascii" || name == "utf8" || name == "default")
        name = "utf-8"; // what people write into messages that name none
    if (name == "utf-8") {
        QStringDecoder decoder(QStringDecoder::Utf8, QStringDecoder::Flag::Stateless); // an unfinished letter is an error too
        const QString text = decoder(octets);
        return decoder.hasError() ? QString::fromLatin1(octets) : text;
    }
    // Windows-1252 holds Latin-1 and more; its extra letters are what people see under either name.
    static const QHash<uchar, char16_t> windows{
        {0x80, 0x20ac}, {0x82, 0x201a}, {0x83, 0x0192}, {0x84, 0x201e}, {0x85, 0x2026}, {0x86, 0x2020}, {0x87, 0x2021},
        {0x88, 0x02c6}, {0x89, 0x2030}, {0x8a, 0x0160}, {0x8b, 0x2039}, {0x8c, 0x0152}, {0x8e, 0x017d}, {0x91, 0x2018},
        {0x92, 0x2019}, {0x93, 0x201c}, {0x94, 0x201d}, {0x95, 0x2022}, {0x96, 0x2013}, {0x97, 0x2014}, {0x98, 0x02dc},
        {0x99, 0x2122}, {0x9a, 0x0161}, {0x9b, 0x203a}, {0x9c, 0x0153}, {0x9e, 0x017e}, {0x9f, 0x0178}};
    const bool isLatin = name == "iso-8859-1" || name == "latin1" || name == "windows-1252" || name == "cp1252";
    if (isLatin || name == "iso-8859-15") {
        QString text = QString::fromLatin1(octets);
        for (QChar& c : text) {
            if (const auto it = windows.constFind(static_cast<uchar>(c.unicode())); c.unicode() < 0x100 && it != windows.constEnd())
                c = QChar(*it);
            else if (name == "iso-8859-15" && c == QChar(0xa4))
                c = QChar(0x20ac);
        }
        return text;
    }
    QStringDecoder decoder(name.constData());
    if (decoder.isValid())
        return decoder(octets);
    if (known)
        *known = false;
    return QString::fromLatin1(octets);
}

QString decodeWords(const QByteArray& value) {
    QString out;
    QByteArray plain;
    QByteArray charset;
    QByteArray octets; // neighbours of one charset are joined first: a letter may be cut between words
    const auto flushOctets = [&] {
        if (!charset.isEmpty())
            out += textOf(octets, charset);
        octets.clear();
        charset.clear();
    };
    bool afterWord = false;
    for (qsizetype i = 0; i < value.size();) {
        const EncodedWord word = value.at(i) == '=' ? wordAt(value, i) : EncodedWord{};
        if (word.end < 0) {
            plain += value.at(i++);
            continue;
        }
        const bool isOnlySpace = plain.trimmed().isEmpty();
        if (!(afterWord && isOnlySpace)) { // white space between two encoded words is not shown
            flushOctets();
            out += textOf(plain, "utf-8");
        }
        plain.clear();
        if (word.charset.toLower() != charset)
            flushOctets();
        charset = word.charset.isEmpty() ? QByteArray("utf-8") : word.charset.toLower();
        octets += word.octets;
        afterWord = true;
        i = word.end;
    }
    flushOctets();
    return out + textOf(plain, "utf-8");
}

QString parameter(const QByteArray& field, const QByteArray& name) {
    // Split at semicolons outside of quotes.
    QList<QByteArray> pieces;
    QByteArray piece;
    bool inQuotes = false;
    for (qsizetype i = 0; i < field.size() && pieces.size() < 100; ++i) {
        const char c = field.at(i);
        if (inQuotes && c == '\\' && i + 1 < field.size()) {
            piece += field.at(++i);
        } else if (c == '"') {
            inQuotes = !inQuotes;
        } else if (c == ';' && !inQuotes) {
            pieces.append(piece);
            piece.clear();
        } else {
            piece += c;
        }
    }
    pieces.append(piece);

    QList<std::pair<int, QByteArray>> continued; // RFC 2231 §3
    QByteArray charset;
    for (qsizetype i = 1; i < pieces.size(); ++i) {
        const qsizetype equals = pieces.at(i).indexOf('=');
        if (equals < 0)
            continue;
        QByteArray key = pieces.at(i).left(equals).trimmed().toLower();
        QByteArray value = pieces.at(i).mid(equals + 1).trimmed();
        if (key == name)
            return decodeWords(value);
        if (!key.startsWith(name + '*'))
            continue;
        key = key.mid(name.size() + 1);
        const bool isEncoded = key.isEmpty() || key.endsWith('*');
        if (key.endsWith('*'))
            key.chop(1);
        const int number = key.isEmpty() ? 0 : key.toInt();
        if (isEncoded && number == 0) {
            const qsizetype first = value.indexOf('\'');
            const qsizetype second = first < 0 ? -1 : value.indexOf('\'', first + 1);
            if (second >= 0) {
                charset = value.left(first);
                value = value.mid(second + 1);
            }
        }
        continued.append({number, isEncoded ? fromPercent(value) : value});
    }
    std::stable_sort(continued.begin(), continued.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    QByteArray joined;
    for (const auto& [number, value] : std::as_const(continued))
        joined += value;
    return textOf(joined, charset);
}

} // namespace postern::window::mime
