// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/match_rules.h"

#include "tables/netaddr.h"

namespace postern::tables {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? char(c + ('a' - 'A')) : c;
}

bool equal(QByteArrayView a, QByteArrayView b) {
    return a.compare(b, Qt::CaseInsensitive) == 0;
}

} // namespace

bool domainMatches(QByteArrayView name, QByteArrayView pattern) {
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

bool netaddrMatches(QByteArrayView address, QByteArrayView entry) {
    if (equal(address, entry))
        return true;
    const auto value = Netaddr::parse(address);
    const auto prefix = Netaddr::parse(entry);
    return value && prefix && prefix->covers(*value);
}

bool mailaddrMatches(QByteArrayView address, QByteArrayView entry, char delimiter) {
    const MailaddrParts session = splitMailaddr(address);
    const MailaddrParts wanted = splitMailaddr(entry);
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

QByteArrayView withoutSubAddress(QByteArrayView user, char delimiter) {
    const qsizetype at = user.indexOf(delimiter);
    return at > 0 ? user.first(at) : user;
}

} // namespace postern::tables
