// SPDX-License-Identifier: GPL-3.0-or-later
#include "smtp/command.h"

#include "base/secret.h"
#include "smtp/address.h"

#include <algorithm>
#include <array>
#include <limits>

using namespace Qt::StringLiterals;

namespace postern::smtp {
namespace {

struct VerbName {
    const char* name;
    Verb verb;
};

constexpr auto kVerbs = std::to_array<VerbName>({
    {"MAIL", Verb::Mail},         {"RCPT", Verb::Rcpt},         {"DATA", Verb::Data},
    {"EHLO", Verb::Ehlo},         {"HELO", Verb::Helo},         {"QUIT", Verb::Quit},
    {"RSET", Verb::Rset},         {"NOOP", Verb::Noop},         {"STARTTLS", Verb::StartTls},
    {"AUTH", Verb::Auth},         {"HELP", Verb::Help},         {"VRFY", Verb::Vrfy},
    {"EXPN", Verb::Expn},         {"BDAT", Verb::Bdat},         {"ETRN", Verb::Unimplemented},
    {"ATRN", Verb::Unimplemented}, {"TURN", Verb::Unimplemented}, {"SEND", Verb::Unimplemented},
    {"SOML", Verb::Unimplemented}, {"SAML", Verb::Unimplemented}, {"BURL", Verb::Unimplemented},
    {"GET", Verb::Foreign},       {"POST", Verb::Foreign},      {"PUT", Verb::Foreign},
    {"HEAD", Verb::Foreign},      {"DELETE", Verb::Foreign},    {"OPTIONS", Verb::Foreign},
    {"CONNECT", Verb::Foreign},   {"PATCH", Verb::Foreign},     {"TRACE", Verb::Foreign},
    {"PRI", Verb::Foreign},       {"PROXY", Verb::Foreign},
});

bool isLetterOrDigit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

QByteArrayView trimBlanks(QByteArrayView text) {
    while (text.startsWith(' ') || text.startsWith('\t'))
        text = text.sliced(1);
    while (text.endsWith(' ') || text.endsWith('\t'))
        text.chop(1);
    return text;
}

bool isParameterName(QByteArrayView name) {
    return !name.isEmpty() && isLetterOrDigit(name.front()) &&
           std::all_of(name.begin(), name.end(), [](char c) { return isLetterOrDigit(c) || c == '-'; });
}

bool isParameterValue(QByteArrayView value) {
    const bool printable =
        std::all_of(value.begin(), value.end(), [](char c) { return (c > 32 && c < 127) || uchar(c) >= 0x80; });
    return printable && isValidUtf8(value);
}

// Index of the > that closes the path starting at `text`, -1 if none; one inside a quoted string does not count.
qsizetype closingBracket(QByteArrayView text) {
    bool quoted = false;
    for (qsizetype i = 0; i < text.size(); ++i) {
        if (text[i] == '"')
            quoted = !quoted;
        else if (quoted && text[i] == '\\')
            ++i;
        else if (!quoted && text[i] == '>')
            return i;
    }
    return -1;
}

} // namespace

Command parseCommand(QByteArrayView line) {
    const qsizetype blank = line.indexOf(' ');
    const QByteArrayView word = trimBlanks(blank < 0 ? line : line.first(blank));
    Command command;
    command.argument = blank < 0 ? QByteArrayView() : trimBlanks(line.sliced(blank));
    for (const VerbName& known : kVerbs) {
        const QByteArrayView name(known.name);
        if (word.size() == name.size() && qstrnicmp(word.data(), known.name, size_t(word.size())) == 0) {
            command.verb = known.verb;
            break;
        }
    }
    return command;
}

bool beginsWithKeyword(QByteArrayView argument, QByteArrayView keyword) {
    return argument.size() >= keyword.size() && qstrnicmp(argument.data(), keyword.data(), size_t(keyword.size())) == 0;
}

std::optional<PathArgument> splitPath(QByteArrayView argument, QByteArrayView keyword) {
    if (!beginsWithKeyword(argument, keyword))
        return std::nullopt;
    const QByteArrayView rest = trimBlanks(argument.sliced(keyword.size()));
    if (!rest.startsWith('<'))
        return std::nullopt;
    const QByteArrayView inside = rest.sliced(1);
    const qsizetype end = closingBracket(inside);
    if (end < 0)
        return std::nullopt;
    const QByteArrayView after = inside.sliced(end + 1);
    if (!after.isEmpty() && after.front() != ' ')
        return std::nullopt;
    return PathArgument{inside.first(end), trimBlanks(after)};
}

std::optional<std::vector<Parameter>> splitParameters(QByteArrayView text) {
    std::vector<Parameter> out;
    while (!text.isEmpty()) {
        const qsizetype blank = text.indexOf(' ');
        const QByteArrayView one = blank < 0 ? text : text.first(blank);
        text = blank < 0 ? QByteArrayView() : trimBlanks(text.sliced(blank));
        const qsizetype equals = one.indexOf('=');
        const QByteArrayView name = equals < 0 ? one : one.first(equals);
        const QByteArrayView value = equals < 0 ? QByteArrayView() : one.sliced(equals + 1);
        if (!isParameterName(name) || !isParameterValue(value))
            return std::nullopt;
        Parameter parameter{name.toByteArray().toUpper(), value, equals >= 0};
        if (std::any_of(out.begin(), out.end(), [&](const Parameter& p) { return p.name == parameter.name; }))
            return std::nullopt;
        out.push_back(std::move(parameter));
    }
    return out;
}

bool isValidHelo(QByteArrayView name) {
    if (name.isEmpty() || name.size() > 255)
        return false;
    if (isValidDomain(name, AllowUtf8::No))
        return true;
    const bool bracketed = name.size() > 2 && name.front() == '[' && name.back() == ']';
    if (bracketed)
        name = name.sliced(1, name.size() - 2);
    return std::all_of(name.begin(), name.end(), [bracketed](char c) {
        return isLetterOrDigit(c) || c == '.' || c == '-' || c == '_' || (bracketed && (c == ':' || c == '%'));
    });
}

qint64 parseOctets(QByteArrayView text) {
    constexpr qsizetype kMostDigits = 20;
    constexpr qint64 kHuge = std::numeric_limits<qint64>::max();
    if (text.isEmpty() || text.size() > kMostDigits)
        return -1;
    qint64 value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9')
            return -1;
        value = value > (kHuge - 9) / 10 ? kHuge : value * 10 + (c - '0');
    }
    return value;
}

std::optional<ChunkArgument> parseChunk(QByteArrayView argument) {
    const qsizetype blank = argument.indexOf(' ');
    const qint64 octets = parseOctets(blank < 0 ? argument : argument.first(blank));
    if (octets < 0 || octets == std::numeric_limits<qint64>::max())
        return std::nullopt;
    if (blank < 0)
        return ChunkArgument{octets, false};
    const QByteArrayView word = argument.sliced(blank + 1).trimmed();
    return word.compare("LAST", Qt::CaseInsensitive) == 0 ? std::optional(ChunkArgument{octets, true}) : std::nullopt;
}

std::optional<QByteArray> decodeStrictBase64(QByteArrayView text) {
    QByteArray encoded = text.toByteArray();
    auto result = QByteArray::fromBase64Encoding(encoded, QByteArray::AbortOnBase64DecodingErrors);
    QByteArray again = result.decoded.toBase64(); // padding and unused bits must be what an encoder writes
    const bool strict = result && again == encoded;
    wipe(encoded);
    wipe(again);
    if (!strict)
        return std::nullopt;
    return std::move(result.decoded);
}

} // namespace postern::smtp
