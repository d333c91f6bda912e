// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/mailaddr_index.h"

#include "base/host_name.h"
#include "tables/match_rules.h"

namespace postern::tables {

void MailaddrIndex::add(const QByteArray& written, quint32 number) {
    const QByteArray entry = isBeyondAscii(written) ? comparableAddress(written) : written;
    const MailaddrParts parts = splitMailaddr(entry);
    if (parts.user.isEmpty() && parts.domain.isEmpty())
        m_everything = number;
    else if (parts.user.isEmpty())
        m_domains.add(parts.domain.toByteArray(), number);
    else if (parts.domain.isEmpty())
        m_users.insert(parts.user.toByteArray(), number);
    else if (parts.domain.contains('*'))
        m_usersAtPatterns[parts.user.toByteArray()].emplace_back(parts.domain.toByteArray(), number);
    else
        m_addresses.insert(entry, number);
}

quint32 MailaddrIndex::addOnce(const QByteArray& written, quint32 number) {
    const QByteArray entry = isBeyondAscii(written) ? comparableAddress(written) : written;
    const MailaddrParts parts = splitMailaddr(entry);
    if (parts.user.isEmpty() && parts.domain.isEmpty()) {
        m_everything = m_everything.value_or(number);
        return *m_everything;
    }
    if (parts.user.isEmpty())
        return m_domains.addOnce(parts.domain.toByteArray(), number);
    if (parts.domain.isEmpty())
        return numberOnce(m_users, parts.user.toByteArray(), number);
    if (!parts.domain.contains('*'))
        return numberOnce(m_addresses, entry, number);
    m_usersAtPatterns[parts.user.toByteArray()].emplace_back(parts.domain.toByteArray(), number); // an equal one does no harm
    return number;
}

std::optional<quint32> MailaddrIndex::find(QByteArrayView given) const {
    const QByteArray made = isBeyondAscii(given) ? comparableAddress(given) : QByteArray();
    const QByteArrayView address = made.isNull() ? given : QByteArrayView(made);
    const MailaddrParts parts = splitMailaddr(address);
    if (const auto entry = findUser(parts.user, parts.domain))
        return entry;
    // Entries that name a sub-address were just tried; what is left of the user can only meet entries without
    // one.
    const QByteArrayView bare = withoutSubAddress(parts.user, m_delimiter);
    if (bare.size() != parts.user.size()) {
        if (const auto entry = findUser(bare, parts.domain))
            return entry;
    }
    if (const auto entry = m_domains.find(parts.domain))
        return entry;
    return m_everything;
}

std::optional<quint32> MailaddrIndex::findUser(QByteArrayView user, QByteArrayView domain) const {
    const QByteArray key = user.toByteArray();
    if (const auto found = m_addresses.constFind(QByteArray(key).append("@").append(domain));
        found != m_addresses.constEnd())
        return *found;
    if (const auto found = m_usersAtPatterns.constFind(key); found != m_usersAtPatterns.constEnd()) {
        for (const auto& [pattern, number] : *found) {
            if (domainMatches(domain, pattern))
                return number;
        }
    }
    if (const auto found = m_users.constFind(key); found != m_users.constEnd())
        return *found;
    return std::nullopt;
}

void MailaddrIndex::forEach(QByteArrayView given, const std::function<void(quint32)>& found) const {
    const QByteArray made = isBeyondAscii(given) ? comparableAddress(given) : QByteArray();
    const QByteArrayView address = made.isNull() ? given : QByteArrayView(made);
    const MailaddrParts parts = splitMailaddr(address);
    forEachOfUser(parts.user, parts.domain, found);
    const QByteArrayView bare = withoutSubAddress(parts.user, m_delimiter);
    if (bare.size() != parts.user.size())
        forEachOfUser(bare, parts.domain, found);
    m_domains.forEach(parts.domain, found);
    if (m_everything)
        found(*m_everything);
}

void MailaddrIndex::forEachOfUser(QByteArrayView user, QByteArrayView domain,
                                  const std::function<void(quint32)>& found) const {
    const QByteArray key = user.toByteArray();
    if (const auto at = m_addresses.constFind(QByteArray(key).append("@").append(domain)); at != m_addresses.constEnd())
        found(*at);
    if (const auto at = m_usersAtPatterns.constFind(key); at != m_usersAtPatterns.constEnd()) {
        for (const auto& [pattern, number] : *at) {
            if (domainMatches(domain, pattern))
                found(number);
        }
    }
    if (const auto at = m_users.constFind(key); at != m_users.constEnd())
        found(*at);
}

} // namespace postern::tables
