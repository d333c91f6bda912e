// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/match_rules.h"

#include "base/host_name.h"
#include "tables/netaddr.h"

#include <QString>

namespace postern::tables {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? char(c + ('a' - 'A')) : c;
}

bool equal(QByteArrayView a, QByteArrayView b) {
    return a.compare(b, Qt::CaseInsensitive) == 0;
}

bool coversName(QByteArrayView name, QByteArrayView pattern) {
    qsizetype n = 0, p = 0;
    while (n < name.size() && p < pattern.size()) {
        if (pattern[p] != '*') {
            if (lower(pattern[p++]) != lower(name[n++]))
                return false;
            continue;
        }
        while (p < pattern.size() && pattern[p] == '*')
            ++p;
        if (p == pattern.size())
            return true; // it takes the rest
        while (n < name.size() && lower(name[n]) != lower(pattern[p]))
            ++n;
    }
    return n == name.size() && p == pattern.size();
}

} // namespace

bool domainMatches(QByteArrayView name, QByteArrayView pattern) {
    if (isBeyondAscii(name) || isBeyondAscii(pattern))
        return coversName(comparableName(name), comparableName(pattern));
    return coversName(name, pattern);
}

bool netaddrMatches(QByteArrayView address, QByteArrayView entry) {
    if (equal(address, entry))
        return true;
    const auto value = Netaddr::parse(address);
    const auto prefix = Netaddr::parse(entry);
    return value && prefix && prefix->covers(*value);
}

bool mailaddrMatches(QByteArrayView address, QByteArrayView entry, char delimiter) {
    const QByteArray comparable = comparableAddress(address), comparableEntry = comparableAddress(entry);
    const MailaddrParts session = splitMailaddr(comparable);
    const MailaddrParts wanted = splitMailaddr(comparableEntry);
    if (!wanted.domain.isEmpty() && !domainMatches(session.domain, wanted.domain))
        return false;
    if (wanted.user.isEmpty())
        return true;
    if (wanted.user.contains(delimiter))
        return equal(session.user, wanted.user);
    return equal(withoutSubAddress(session.user, delimiter), wanted.user);
}

// A comma too many adds no entry: an empty one would cover everything.
bool mailaddrListCovers(QByteArrayView list, QByteArrayView address, char delimiter) {
    while (!list.isEmpty()) {
        const qsizetype comma = list.indexOf(',');
        const QByteArrayView entry = (comma < 0 ? list : list.first(comma)).trimmed();
        if (!entry.isEmpty() && mailaddrMatches(address, entry, delimiter))
            return true;
        list = comma < 0 ? QByteArrayView() : list.sliced(comma + 1);
    }
    return false;
}

bool stringMatches(QByteArrayView value, QByteArrayView entry) {
    return equal(value, entry);
}

MailaddrParts splitMailaddr(QByteArrayView address) {
    const qsizetype at = address.lastIndexOf('@');
    if (at < 0)
        return {address, {}};
    return {address.first(at), address.sliced(at + 1)};
}

QByteArray comparableAddress(QByteArrayView address) {
    if (!isBeyondAscii(address))
        return address.toByteArray();
    const MailaddrParts parts = splitMailaddr(address);
    QByteArray out = parts.user.toByteArray();
    if (const QString user = QString::fromUtf8(out); isBeyondAscii(out) && user.toUtf8() == out)
        out = user.normalized(QString::NormalizationForm_C).toUtf8();
    if (parts.user.size() < address.size())
        out += '@' + comparableName(parts.domain);
    return out;
}

QByteArrayView withoutSubAddress(QByteArrayView user, char delimiter) {
    const qsizetype at = user.indexOf(delimiter);
    return at > 0 ? user.first(at) : user;
}

} // namespace postern::tables
