// SPDX-License-Identifier: GPL-3.0-or-later
#include "delivery/destinations.h"

#include "base/log.h"

#include <QByteArrayList>

#include <algorithm>

namespace postern::delivery {
namespace {

bool isAlnum(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

bool consistsOf(QByteArrayView text, QByteArrayView others) {
    return !text.isEmpty() &&
           std::all_of(text.begin(), text.end(), [&](char c) { return isAlnum(c) || others.contains(c); });
}

// "NNN text": 4xx or 5xx, one blank, and a text that starts with a letter or digit.
bool isReply(QByteArrayView text) {
    return text.size() > 4 && (text[0] == '4' || text[0] == '5') && isDigit(text[1]) && isDigit(text[2]) &&
           text[3] == ' ' && isAlnum(text[4]);
}

bool dropPrefix(QByteArrayView& text, QByteArrayView prefix) {
    if (text.size() < prefix.size() || text.first(prefix.size()).compare(prefix, Qt::CaseInsensitive) != 0)
        return false;
    text = text.sliced(prefix.size());
    return true;
}

QByteArrayView unquoted(QByteArrayView text) {
    const bool quoted = text.size() > 1 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front();
    return quoted ? text.sliced(1, text.size() - 2) : text;
}

// A line end in a value, as a database may hold it, would be a second line of a command.
bool holdsControls(QByteArrayView text) {
    return std::any_of(text.begin(), text.end(), [](char c) { return (uchar(c) < 0x20 && c != '\t') || c == 0x7f; });
}

Result<Destination> classify(QByteArrayView whole, policy::Era era) {
    if (holdsControls(whole))
        return Error{ErrorCode::Invalid, "\"" + harmless(whole, 120) + "\" holds control characters", Permanence::Temporary};
    const auto made = [](DestinationKind kind, QByteArrayView text) { return Destination{kind, text.toByteArray()}; };
    QByteArrayView text = whole;
    if ((dropPrefix(text, ":error:") || dropPrefix(text, "error:")) && isReply(text))
        return made(DestinationKind::Reply, text);
    text = whole;
    if ((dropPrefix(text, ":include:") || dropPrefix(text, "include:")) && text.startsWith('/'))
        return made(DestinationKind::Include, text);
    text = unquoted(whole);
    if (text.startsWith('|') && !text.sliced(1).trimmed().isEmpty())
        return made(DestinationKind::Command, text.sliced(1).trimmed());
    if (text.startsWith('/'))
        return made(DestinationKind::File, text);
    text = whole;
    if (era == policy::Era::Legacy && dropPrefix(text, "maildir:") && !text.isEmpty())
        return made(DestinationKind::Maildir, text);
    if (const qsizetype at = whole.lastIndexOf('@'); at > 0) {
        if (consistsOf(whole.first(at), "!#$%*/?|^{}`~&'+-=_.") && consistsOf(whole.sliced(at + 1), "-."))
            return made(DestinationKind::Address, whole);
    } else if (consistsOf(whole, "_.-+")) {
        return made(DestinationKind::User, whole);
    }
    return Error{ErrorCode::Invalid, "\"" + harmless(whole, 120) + "\" is no destination of mail",
                 Permanence::Temporary};
}

// The next piece up to a comma that neither quotes nor a backslash keep.
QByteArrayView nextPiece(QByteArrayView& rest) {
    char quote = 0;
    for (qsizetype i = 0; i < rest.size(); ++i) {
        if (rest[i] == '\\') {
            ++i;
        } else if (quote != 0) {
            if (rest[i] == quote)
                quote = 0;
        } else if (rest[i] == '"' || rest[i] == '\'') {
            quote = rest[i];
        } else if (rest[i] == ',') {
            const QByteArrayView piece = rest.first(i);
            rest = rest.sliced(i + 1);
            return piece;
        }
    }
    const QByteArrayView piece = rest;
    rest = {};
    return piece;
}

} // namespace

Result<std::vector<Destination>> parseDestinations(QByteArrayView value, policy::Era era) {
    std::vector<Destination> result;
    while (!value.isEmpty()) {
        const QByteArrayView piece = nextPiece(value).trimmed();
        if (piece.isEmpty())
            continue;
        Result<Destination> made = classify(piece, era);
        if (!made)
            return made.error();
        result.push_back(std::move(*made));
    }
    return result;
}

Result<std::vector<Destination>> parseDestinationFile(QByteArrayView text, policy::Era era) {
    std::vector<Destination> result;
    const QByteArray joined = text.toByteArray().replace("\r\n", "\n").replace("\\\n", " ");
    for (const QByteArray& line : joined.split('\n')) {
        if (line.trimmed().startsWith('#'))
            continue;
        Result<std::vector<Destination>> some = parseDestinations(line, era);
        if (!some)
            return some.error();
        std::copy_if(some->begin(), some->end(), std::back_inserter(result),
                     [](const Destination& one) { return one.kind != DestinationKind::Include; });
    }
    return result;
}

} // namespace postern::delivery
