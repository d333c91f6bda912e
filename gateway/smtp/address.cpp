// SPDX-License-Identifier: GPL-3.0-or-later
#include "smtp/address.h"

#include <QList>
#include <QString>
#include <QUrl>

#include <algorithm>
#include <cctype>

using namespace Qt::StringLiterals;

namespace postern::smtp {
namespace {

constexpr qsizetype kMaxLocalPart = 255; // 64 must work; more is taken as OpenSMTPD does
constexpr qsizetype kMaxDomain = 255;
constexpr qsizetype kMaxLabel = 63;

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

bool isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool isHighBit(char c) {
    return (uchar(c) & 0x80) != 0;
}

// RFC 5322 atext; octets above 127 (already checked to be UTF-8) count where SMTPUTF8 allows them.
bool isAtext(char c) {
    return isLetter(c) || isDigit(c) || isHighBit(c) || QByteArrayView("!#$%&'*+-/=?^_`{|}~").contains(c);
}

bool isDotString(QByteArrayView text) {
    if (text.isEmpty() || text.front() == '.' || text.back() == '.')
        return false;
    char before = 0;
    for (const char c : text) {
        if (c == '.' ? before == '.' : !isAtext(c))
            return false;
        before = c;
    }
    return true;
}

QByteArray quoted(QByteArrayView content) {
    QByteArray out;
    out.reserve(content.size() + 4);
    out += '"';
    for (const char c : content) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += c;
    }
    out += '"';
    return out;
}

// Length of the quoted string at the start of `text`, its unquoted content in `content`; -1 if it is not one.
qsizetype readQuotedString(QByteArrayView text, QByteArray& content) {
    for (qsizetype i = 1; i < text.size(); ++i) {
        char c = text[i];
        if (c == '"')
            return i + 1;
        if (c == '\\' && ++i < text.size())
            c = text[i];
        if (i == text.size() || uchar(c) < 32 || c == 127)
            return -1;
        content += c;
    }
    return -1;
}

// Length of the local part at the start of `text`, its canonical form in `canonical`; -1 if the grammar fails.
qsizetype readLocalPart(QByteArrayView text, QByteArray& canonical) {
    qsizetype length = 0;
    if (!text.isEmpty() && text.front() == '"') {
        QByteArray content;
        length = readQuotedString(text, content);
        if (length < 0)
            return -1;
        canonical = isDotString(content) ? content : quoted(content);
    } else {
        while (length < text.size() && (text[length] == '.' || isAtext(text[length])))
            ++length;
        if (!isDotString(text.first(length)))
            return -1;
        canonical = text.first(length).toByteArray();
    }
    return canonical.size() > kMaxLocalPart ? -1 : length;
}

bool isHostName(QByteArrayView name) {
    if (name.isEmpty() || name.size() > kMaxDomain)
        return false;
    bool allDigits = true;
    qsizetype start = 0;
    for (qsizetype i = 0; i <= name.size(); ++i) {
        if (i < name.size() && name[i] != '.') {
            const char c = name[i];
            if (!isLetter(c) && !isDigit(c) && !isHighBit(c) && c != '-')
                return false;
            allDigits = (i == start || allDigits) && isDigit(c);
            continue;
        }
        const QByteArrayView label = name.sliced(start, i - start);
        if (label.isEmpty() || label.size() > kMaxLabel || label.front() == '-' || label.back() == '-')
            return false;
        start = i + 1;
    }
    return !allDigits; // of the last label: 1.2.3.4 is not a host name
}

bool isLiteral(QByteArrayView domain) {
    if (domain.size() < 3 || domain.front() != '[' || domain.back() != ']')
        return false;
    const QByteArrayView inside = domain.sliced(1, domain.size() - 2);
    if (inside.size() > 5 && qstrnicmp(inside.data(), "IPv6:", 5) == 0)
        return isIPv6(inside.sliced(5));
    return isIPv4(inside);
}

// Drops "@one,@two:" after checking it; false if it is no source route.
bool skipSourceRoute(QByteArrayView& text) {
    while (text.startsWith('@')) {
        qsizetype end = 1;
        if (text.size() > 1 && text[1] == '[')
            end = std::max<qsizetype>(text.indexOf(']'), 1);
        while (end < text.size() && text[end] != ',' && text[end] != ':')
            ++end;
        if (end == text.size() || !isValidDomain(text.sliced(1, end - 1), AllowUtf8::Yes))
            return false;
        const bool last = text[end] == ':';
        text = text.sliced(end + 1);
        if (last)
            return !text.startsWith('@');
        if (!text.startsWith('@'))
            return false;
    }
    return true;
}

Error invalid(QByteArrayView text) {
    return Error{ErrorCode::Invalid, text.toByteArray(), Permanence::Permanent};
}

} // namespace

std::optional<QByteArray> asciiDomain(const QByteArray& domain) {
    if (std::none_of(domain.begin(), domain.end(), isHighBit))
        return domain;
    const QByteArray ace = QUrl::toAce(QString::fromUtf8(domain));
    return isValidDomain(ace, AllowUtf8::No) ? std::optional(ace) : std::nullopt;
}

QByteArray comparableDomain(const QByteArray& domain) {
    if (std::none_of(domain.begin(), domain.end(), isHighBit))
        return domain.toLower();
    const auto ace = asciiDomain(domain);
    return ace ? ace->toLower() : domain.toLower();
}

QByteArray Address::key() const {
    if (isAscii())
        return m_localPart + '@' + domainKey();
    return QString::fromUtf8(m_localPart).normalized(QString::NormalizationForm_C).toUtf8() + '@' + domainKey();
}

bool Address::hasAsciiLocalPart() const {
    return std::none_of(m_localPart.begin(), m_localPart.end(), isHighBit);
}

std::optional<Address> Address::inAscii() const {
    if (!hasAsciiLocalPart())
        return std::nullopt;
    auto domain = asciiDomain(m_domain);
    return domain ? std::optional(Address(m_localPart, std::move(*domain))) : std::nullopt;
}

QByteArray Address::text() const {
    if (isNull())
        return {};
    return m_domain.isEmpty() ? m_localPart : m_localPart + '@' + m_domain;
}

bool Address::isAscii() const {
    return hasAsciiLocalPart() && std::none_of(m_domain.begin(), m_domain.end(), isHighBit);
}

bool isIPv4(QByteArrayView text) {
    int octets = 0;
    qsizetype at = 0;
    while (at < text.size()) {
        int value = 0;
        const qsizetype start = at;
        while (at < text.size() && isDigit(text[at]) && at - start < 3)
            value = value * 10 + (text[at++] - '0');
        const qsizetype digits = at - start;
        if (digits == 0 || value > 255 || (digits > 1 && text[start] == '0'))
            return false;
        if (++octets == 4)
            return at == text.size();
        if (at == text.size() || text[at++] != '.')
            return false;
    }
    return false;
}

bool isIPv6(QByteArrayView text) {
    int groups = 0;
    bool compressed = false;
    qsizetype at = 0;
    if (text.startsWith("::"_ba)) {
        compressed = true;
        at = 2;
    } else if (text.startsWith(':')) {
        return false;
    }
    while (at < text.size()) {
        const qsizetype start = at;
        while (at < text.size() && std::isxdigit(uchar(text[at])) && at - start < 4)
            ++at;
        if (at < text.size() && text[at] == '.') { // the last 32 bits written as IPv4
            groups += 2;
            return isIPv4(text.sliced(start)) && (compressed ? groups <= 7 : groups == 8);
        }
        if (at == start || ++groups > 8)
            return false;
        if (at == text.size())
            break;
        if (text[at++] != ':' || at == text.size())
            return false;
        if (text[at] == ':') {
            if (compressed)
                return false;
            compressed = true;
            ++at;
        }
    }
    return compressed ? groups <= 7 : groups == 8;
}

bool isValidDomain(QByteArrayView domain, AllowUtf8 utf8) {
    if (std::any_of(domain.begin(), domain.end(), isHighBit)) {
        if (utf8 == AllowUtf8::No || !isValidUtf8(domain) || domain.size() > kMaxDomain)
            return false;
        return asciiDomain(domain.toByteArray()).has_value();
    }
    return domain.startsWith('[') ? isLiteral(domain) : isHostName(domain);
}

bool isValidUtf8(QByteArrayView bytes) {
    for (qsizetype i = 0; i < bytes.size();) {
        const uchar lead = uchar(bytes[i]);
        if (lead < 0x80) {
            ++i;
            continue;
        }
        const int length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
        if (lead < 0xc2 || lead > 0xf4 || i + length > bytes.size())
            return false;
        // The second octet carries the rules against overlong forms, surrogates and values over U+10FFFF.
        const uchar second = uchar(bytes[i + 1]);
        const uchar low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
        const uchar high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
        if (second < low || second > high)
            return false;
        for (int k = 2; k < length; ++k)
            if ((uchar(bytes[i + k]) & 0xc0) != 0x80)
                return false;
        i += length;
    }
    return true;
}

namespace {

// Line ends, C1 controls and non-characters: well-formed UTF-8, but nothing a name could be made of.
bool holdsUnicodeControl(QByteArrayView text) {
    const QList<uint> points = QString::fromUtf8(text).toUcs4();
    return std::any_of(points.begin(), points.end(), [](uint c) {
        const QChar::Category kind = QChar::category(c);
        return (c >= 0x80 && kind == QChar::Other_Control) || kind == QChar::Separator_Line ||
               kind == QChar::Separator_Paragraph || QChar::isNonCharacter(c);
    });
}

} // namespace

Result<Address> parsePath(QByteArrayView inside, const QByteArray& defaultDomain, AllowUtf8 utf8, PathFault* fault) {
    const auto refuse = [fault](PathFault what, QByteArrayView text) {
        if (fault)
            *fault = what;
        return invalid(text);
    };
    if (fault)
        *fault = PathFault::None;
    if (inside.isEmpty())
        return refuse(PathFault::Empty, "the address is empty");
    if (std::any_of(inside.begin(), inside.end(), isHighBit)) {
        if (!isValidUtf8(inside))
            return refuse(PathFault::IllFormedUtf8, "the address is not well-formed UTF-8");
        if (holdsUnicodeControl(inside))
            return refuse(PathFault::IllFormedUtf8, "the address holds a control character");
        if (utf8 == AllowUtf8::No)
            return refuse(PathFault::NeedsUtf8, "the address is not ASCII and SMTPUTF8 was not asked for");
    }
    if (!skipSourceRoute(inside))
        return refuse(PathFault::Domain, "the source route of the address is broken");
    QByteArray localPart;
    const qsizetype length = readLocalPart(inside, localPart);
    if (length < 0 || (length < inside.size() && inside[length] != '@'))
        return refuse(PathFault::LocalPart, "the part of the address before the @ is not valid");
    if (length == inside.size()) {
        if (defaultDomain.isEmpty())
            return refuse(PathFault::Domain, "the address has no domain");
        return Address(std::move(localPart), defaultDomain);
    }
    const QByteArrayView domain = inside.sliced(length + 1);
    if (!isValidDomain(domain, utf8))
        return refuse(PathFault::Domain, "the domain of the address is not valid");
    return Address(std::move(localPart), domain.toByteArray());
}

Result<Address> parseAddress(QByteArrayView text) {
    if (text.isEmpty() || text == "<>"_ba)
        return Address();
    if (text.startsWith('@')) // a source route has no business outside of SMTP
        return invalid("the address has no local part");
    return parsePath(text, QByteArray(), AllowUtf8::Yes);
}

} // namespace postern::smtp
