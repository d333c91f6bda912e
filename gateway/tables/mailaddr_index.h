// SPDX-License-Identifier: GPL-3.0-or-later
//
// mailaddrMatches() over many entries at once. Entries and addresses come in lower case.
// Thread: immutable after the last add().
#pragma once

#include "tables/domain_index.h"

namespace postern::tables {

class MailaddrIndex {
  public:
    explicit MailaddrIndex(char delimiter) : m_delimiter(delimiter) {}
    void add(const QByteArray& entry, quint32 number);
    // For lists put together: an equal entry that is there keeps its number, which is returned; else `number` is.
    quint32 addOnce(const QByteArray& entry, quint32 number);
    void reserve(qsizetype addresses) { m_addresses.reserve(addresses); }
    // The entry that covers the address, the most particular kind first: user@domain, user, @domain,
    // everything.
    std::optional<quint32> find(QByteArrayView address) const;
    void forEach(QByteArrayView address, const std::function<void(quint32)>& found) const; // every entry that covers it

  private:
    std::optional<quint32> findUser(QByteArrayView user, QByteArrayView domain) const;
    void forEachOfUser(QByteArrayView user, QByteArrayView domain, const std::function<void(quint32)>& found) const;

    char m_delimiter;
    QHash<QByteArray, quint32> m_addresses; // user@domain without wildcard
    QHash<QByteArray, std::vector<std::pair<QByteArray, quint32>>> m_usersAtPatterns;
    QHash<QByteArray, quint32> m_users; // at any domain
    DomainIndex m_domains;              // any user there
    std::optional<quint32> m_everything;
};

} // namespace postern::tables
