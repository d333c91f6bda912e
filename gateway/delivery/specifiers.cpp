// SPDX-License-Identifier: GPL-3.0-or-later
#include "delivery/specifiers.h"

#include "base/log.h"

#include <QByteArrayList>

#include <algorithm>
#include <optional>

namespace postern::delivery {
namespace {

constexpr qsizetype kMostText = 1024;
constexpr qsizetype kMostToken = 127;
constexpr QByteArrayView kUnsafe = "!#$%&'*?`{|}~";
constexpr QByteArrayView kUnsafeToShell = "\"\\;<>()[]^ /"; // and those above
constexpr QByteArrayView kNeverInShell = "\"\\;<>()"; // no address that OpenSMTPD takes has one, so `raw` does not ask for them

Error bad(QByteArray text) {
    return {ErrorCode::Invalid, std::move(text), Permanence::Permanent};
}

QByteArray userOf(const QByteArray& address) {
    const qsizetype at = address.lastIndexOf('@');
    return at < 0 ? address : address.first(at);
}

QByteArray domainOf(const QByteArray& address) {
    const qsizetype at = address.lastIndexOf('@');
    return at < 0 ? QByteArray() : address.sliced(at + 1);
}

// A value made fit for where it goes. `raw` asks for it as it is; what would end a word or a path's name goes all the same.
QByteArray fitted(QByteArray value, bool raw, SpecifierPlace place) {
    const auto mustGo = [raw, place](char c) {
        const bool isControl = uchar(c) < 0x20 || c == 0x7f;
        switch (place) {
        case SpecifierPlace::Text: return !raw && kUnsafe.contains(c);
        case SpecifierPlace::Path: return isControl || (!raw && (kUnsafe.contains(c) || c == '/'));
        case SpecifierPlace::Command:
            return isControl || (raw ? kNeverInShell.contains(c) : kUnsafe.contains(c) || kUnsafeToShell.contains(c));
        }
        return true;
    };
    std::replace_if(value.begin(), value.end(), mustGo, ':');
    if (place == SpecifierPlace::Command && !raw && value.startsWith('-'))
        value[0] = ':'; // no option
    if (place == SpecifierPlace::Path && !raw && value.startsWith('.'))
        value[0] = ':'; // nothing hidden, and not the folder above
    return value;
}

// Nothing in it that a shell could take for more than a path.
bool isPlainPath(const QByteArray& path) {
    return std::all_of(path.begin(), path.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '.' || c == '_' ||
               c == '-' || c == '+' || c == '@' || c == ',' || c == ':' || uchar(c) >= 0x80;
    });
}

struct Token {
    QByteArray value;
    bool isSafe = false; // ours, not the sender's: never changed
};

std::optional<Token> valueOf(const QByteArray& name, const SpecifierValues& v, policy::Era era) {
    if (name == "sender")
        return Token{v.sender};
    if (name == "sender.user")
        return Token{userOf(v.sender)};
    if (name == "sender.domain")
        return Token{domainOf(v.sender)};
    if (name == "rcpt")
        return Token{v.recipient};
    if (name == "rcpt.user")
        return Token{userOf(v.recipient)};
    if (name == "rcpt.domain")
        return Token{domainOf(v.recipient)};
    if (name == "dest")
        return Token{v.destination};
    if (name == "dest.user")
        return Token{userOf(v.destination)};
    if (name == "dest.domain")
        return Token{domainOf(v.destination)};
    if (name == "user.username")
        return Token{v.user};
    if (name == "user.directory")
        return Token{v.home, isPlainPath(v.home)}; // a database may have it from anybody
    if (name == "mbox.from" && era == policy::Era::Modern)
        return Token{v.sender.isEmpty() ? QByteArray("MAILER-DAEMON") : v.sender};
    if (name == "mda" && !v.mda.isEmpty())
        return Token{v.mda, true};
    return std::nullopt;
}

QByteArray withoutSubAddress(const QByteArray& text, char delimiter) {
    const qsizetype tag = text.indexOf(delimiter);
    if (tag <= 0)
        return text;
    const qsizetype at = text.indexOf('@', tag);
    return text.first(tag) + (at < 0 ? QByteArray() : text.sliced(at));
}

std::optional<int> number(QByteArrayView text) {
    bool good = false;
    const int value = text.toInt(&good);
    return good ? std::optional(value) : std::nullopt;
}

// [i], [i:], [:j], [i:j]: from 0, the end counts, negative ones from the end.
Result<QByteArray> slice(const QByteArray& value, QByteArrayView range) {
    const qsizetype colon = range.indexOf(':');
    const qsizetype length = value.size();
    const auto place = [&](QByteArrayView text, qsizetype otherwise) -> std::optional<qsizetype> {
        if (text.isEmpty())
            return otherwise;
        const auto index = number(text);
        return index ? std::optional(*index < 0 ? length + *index : qsizetype(*index)) : std::nullopt;
    };
    if (range.isEmpty())
        return bad("an empty [ ]");
    const auto from = place(colon < 0 ? range : range.first(colon), 0);
    std::optional<qsizetype> to = from;
    if (colon >= 0) {
        const QByteArrayView end = range.sliced(colon + 1);
        to = place(end, length - 1);
        if (to && end.startsWith('-'))
            *to -= 1; // [0:-4] ends before the last four
    }
    if (!from || !to)
        return bad("[" + harmless(range, 40) + "] is no range");
    if (*from < 0 || *from >= length)
        return value.isEmpty() ? Result<QByteArray>(QByteArray())
                               : bad("[" + harmless(range, 40) + "] lies outside the value");
    return *to < *from ? QByteArray() : value.mid(*from, std::min(*to, length - 1) - *from + 1);
}

Result<QByteArray> expandToken(QByteArrayView text, const SpecifierValues& values, policy::Era era, SpecifierPlace place) {
    const qsizetype bracket = text.indexOf('[');
    const qsizetype close = bracket < 0 ? -1 : text.indexOf(']', bracket);
    if (bracket >= 0 && close < 0)
        return bad("\"%{" + harmless(text, 40) + "}\" has a [ that nothing closes");
    const qsizetype colon = text.indexOf(':', bracket < 0 ? 0 : close);
    const qsizetype nameEnd = bracket >= 0 ? bracket : colon >= 0 ? colon : text.size();
    const QByteArray name = text.first(nameEnd).toByteArray().toLower();
    const auto token = valueOf(name, values, era);
    if (!token)
        return bad("\"%{" + harmless(text, 40) + "}\" is no value this language knows");
    QByteArray value = token->value;
    bool raw = false;
    if (bracket >= 0) {
        if (colon >= 0 || close != text.size() - 1)
            return bad("\"%{" + harmless(text, 40) + "}\": a range and a modifier can't be combined");
        Result<QByteArray> part = slice(value, text.sliced(bracket + 1, close - bracket - 1));
        if (!part)
            return part.error();
        value = *part;
    }
    if (colon >= 0) {
        for (const QByteArray& modifier : text.sliced(colon + 1).toByteArray().toLower().split('|')) {
            if (modifier == "lowercase")
                value = value.toLower();
            else if (modifier == "uppercase")
                value = value.toUpper();
            else if (modifier == "strip")
                value = withoutSubAddress(value, values.subAddressDelimiter);
            else if (modifier == "raw")
                raw = true;
            else
                return bad("\"" + harmless(modifier, 40) + "\" is no modifier: lowercase, uppercase, strip or raw");
        }
    }
    const bool mayStay = token->isSafe || (name == "user.directory" && place != SpecifierPlace::Command);
    return mayStay ? value : fitted(std::move(value), raw, place);
}

// One letter, perhaps with a digit before it that picks one character. Unknown letters are copied.
Result<qsizetype> expandLetter(QByteArrayView rest, const SpecifierValues& values, SpecifierPlace place, QByteArray& out) {
    std::optional<int> pick;
    qsizetype at = 0;
    if (at < rest.size() && rest[at] >= '0' && rest[at] <= '9')
        pick = rest[at++] - '0';
    QByteArray value;
    switch (at < rest.size() ? rest[at] : ' ') {
    case 'a': value = values.user; break;
    case 'u': value = userOf(values.recipient); break;
    case 'd': value = domainOf(values.recipient); break;
    case 'U': value = userOf(values.sender); break;
    case 'D': value = domainOf(values.sender); break;
    default: out += '%'; return qsizetype(0);
    }
    if (pick && *pick >= value.size())
        return bad("%" + QByteArray::number(*pick) + " asks for more characters than the value has");
    value = pick ? value.mid(*pick, 1) : value;
    out += place == SpecifierPlace::Text ? value : fitted(std::move(value), false, place);
    return at + 1;
}

} // namespace

Result<QByteArray> expandSpecifiers(QByteArrayView text, const SpecifierValues& values, policy::Era era, SpecifierPlace place) {
    const bool climbs = text.toByteArray().split('/').contains("..");
    QByteArray out;
    if (text.startsWith("~/")) {
        out = values.home;
        text = text.sliced(1);
    }
    while (!text.isEmpty()) {
        const qsizetype percent = text.indexOf('%');
        out.append(percent < 0 ? text : text.first(percent));
        if (percent < 0)
            break;
        text = text.sliced(percent + 1);
        if (era == policy::Era::Map2012) {
            const Result<qsizetype> used = expandLetter(text, values, place, out);
            if (!used)
                return used.error();
            text = text.sliced(*used);
        } else if (text.startsWith('%')) {
            out += '%';
            text = text.sliced(1);
        } else if (!text.startsWith('{')) {
            out += '%';
        } else {
            const qsizetype close = text.indexOf('}');
            if (close < 0 || close - 1 > kMostToken)
                return bad("\"%{\" is not closed by \"}\" within 127 characters");
            Result<QByteArray> value = expandToken(text.sliced(1, close - 1), values, era, place);
            if (!value)
                return value.error();
            out += *value;
            text = text.sliced(close + 1);
        }
    }
    if (out.size() > kMostText)
        return bad("the text is longer than 1024 characters once its values are filled in");
    if (place == SpecifierPlace::Path && !climbs && out.split('/').contains(".."))
        return bad("the values would lead to the folder above");
    return out;
}

} // namespace postern::delivery
