// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/netaddr.h"

#include <QByteArray>
#include <QHashFunctions>

#include <algorithm>

namespace postern::tables {
namespace {

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

// A decimal number without sign or superfluous zeros ("010" would be eight to some readers), at most `limit`.
std::optional<int> decimal(QByteArrayView text, int limit) {
    if (text.isEmpty() || text.size() > 3 || (text.size() > 1 && text.front() == '0'))
        return std::nullopt;
    int value = 0;
    for (const char c : text) {
        if (!isDigit(c))
            return std::nullopt;
        value = value * 10 + (c - '0');
    }
    if (value > limit)
        return std::nullopt;
    return value;
}

// Dotted octets into `out`; returns how many there were (1-4), 0 if it is none.
int parseOctets(QByteArrayView text, quint8* out) {
    int count = 0;
    while (true) {
        const qsizetype dot = text.indexOf('.');
        const auto octet = decimal(dot < 0 ? text : text.first(dot), 255);
        if (!octet || count == 4)
            return 0;
        out[count++] = quint8(*octet);
        if (dot < 0)
            return count;
        text = text.sliced(dot + 1);
    }
}

int hexValue(char c) {
    if (isDigit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

std::optional<quint16> hexGroup(QByteArrayView text) {
    if (text.isEmpty() || text.size() > 4)
        return std::nullopt;
    unsigned value = 0;
    for (const char c : text) {
        const int digit = hexValue(c);
        if (digit < 0)
            return std::nullopt;
        value = value * 16 + unsigned(digit);
    }
    return quint16(value);
}

// Groups between single colons into `out`, the last may be dotted IPv4; returns bytes written, -1 if
// malformed.
int parseGroups(QByteArrayView text, quint8* out, int room) {
    int used = 0;
    if (text.isEmpty())
        return 0;
    while (true) {
        const qsizetype colon = text.indexOf(':');
        const QByteArrayView group = colon < 0 ? text : text.first(colon);
        if (colon < 0 && group.contains('.')) {
            if (used + 4 > room || parseOctets(group, out + used) != 4)
                return -1;
            return used + 4;
        }
        const auto value = hexGroup(group);
        if (!value || used + 2 > room)
            return -1;
        out[used++] = quint8(*value >> 8);
        out[used++] = quint8(*value & 0xff);
        if (colon < 0)
            return used;
        text = text.sliced(colon + 1);
    }
}

bool parseV6(QByteArrayView text, std::array<quint8, 16>& out) {
    const qsizetype gap = text.indexOf("::");
    if (gap < 0)
        return parseGroups(text, out.data(), 16) == 16;
    std::array<quint8, 16> head{}, tail{};
    const int headUsed = parseGroups(text.first(gap), head.data(), 14);
    const int tailUsed = parseGroups(text.sliced(gap + 2), tail.data(), 14);
    if (headUsed < 0 || tailUsed < 0 || headUsed + tailUsed > 14)
        return false;
    out.fill(0);
    std::copy_n(head.begin(), headUsed, out.begin());
    std::copy_n(tail.begin(), tailUsed, out.end() - tailUsed);
    return true;
}

bool isMappedV4(const std::array<quint8, 16>& bytes) {
    return std::all_of(bytes.begin(), bytes.begin() + 10, [](quint8 b) { return b == 0; }) &&
           bytes[10] == 0xff && bytes[11] == 0xff;
}

bool dropPrefix(QByteArrayView& text, QByteArrayView prefix) {
    if (text.size() < prefix.size() || text.first(prefix.size()).compare(prefix, Qt::CaseInsensitive) != 0)
        return false;
    text = text.sliced(prefix.size());
    return true;
}

} // namespace

std::optional<Netaddr> Netaddr::parse(QByteArrayView text) {
    bool mustBeV6 = dropPrefix(text, "ipv6:");
    const bool bracketed = text.startsWith('[');
    if (bracketed) {
        if (!text.endsWith(']'))
            return std::nullopt;
        text = text.sliced(1, text.size() - 2);
        mustBeV6 = dropPrefix(text, "ipv6:") || mustBeV6;
    }
    const qsizetype slash = text.indexOf('/');
    const QByteArrayView address = slash < 0 ? text : text.first(slash);
    Netaddr result;
    if (address.contains(':')) {
        result.family = Family::V6;
        if (!parseV6(address, result.bytes))
            return std::nullopt;
    } else {
        const int octets = mustBeV6 ? 0 : parseOctets(address, result.bytes.data());
        if (octets == 0 || (octets < 4 && slash < 0)) // "10" alone could mean anything; "10/8" can't
            return std::nullopt;
    }
    result.prefix = result.bits();
    if (slash >= 0) {
        const auto length = decimal(text.sliced(slash + 1), result.bits());
        if (!length)
            return std::nullopt;
        result.prefix = *length;
    }
    if (result.family == Family::V6 && result.prefix >= 96 && isMappedV4(result.bytes)) {
        std::array<quint8, 16> four{};
        std::copy(result.bytes.begin() + 12, result.bytes.end(), four.begin());
        result = Netaddr{Family::V4, four, result.prefix - 96};
    }
    return result;
}

Netaddr Netaddr::masked(int length) const {
    Netaddr result = *this;
    result.prefix = length;
    for (int i = 0; i < 16; ++i) {
        const int keep = std::clamp(length - i * 8, 0, 8);
        result.bytes[size_t(i)] = quint8(result.bytes[size_t(i)] & (0xff00 >> keep));
    }
    return result;
}

bool Netaddr::covers(const Netaddr& address) const {
    return family == address.family && address.prefix >= prefix &&
           masked(prefix).bytes == address.masked(prefix).bytes;
}

size_t qHash(const Netaddr& address, size_t seed) noexcept {
    const size_t bytes = qHashBits(address.bytes.data(), address.bytes.size(), seed);
    return qHashMulti(bytes, quint8(address.family), address.prefix);
}

} // namespace postern::tables
