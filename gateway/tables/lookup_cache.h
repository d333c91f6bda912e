// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a backend said a moment ago, so that one message with many recipients asks once.
//
// Seconds only: a changed row is seen soon, without a reload. Limited in entries and octets; when it is full, the oldest go.
// Thread: the caller's.
#pragma once

#include "base/clock.h"
#include "tables/table.h"

#include <QHash>

#include <deque>

namespace postern::tables {

class LookupCache {
  public:
    LookupCache(size_t mostEntries, qsizetype mostOctets) : m_mostEntries(mostEntries), m_mostOctets(mostOctets) {}

    std::optional<LookupResult> find(Service service, const QByteArray& key, SteadyTime now) const;
    void keep(Service service, const QByteArray& key, const LookupResult& result, SteadyTime until);
    void clear();
    size_t size() const { return size_t(m_entries.size()); }

  private:
    using Key = std::pair<int, QByteArray>;
    struct Entry {
        LookupResult result;
        SteadyTime until;
        quint64 number = 0;
    };
    void dropOldest();

    const size_t m_mostEntries;
    const qsizetype m_mostOctets;
    QHash<Key, Entry> m_entries;
    std::deque<std::pair<Key, quint64>> m_order; // oldest first; a number that is not the entry's is of one replaced since
    qsizetype m_octets = 0;
    quint64 m_lastNumber = 0;
};

} // namespace postern::tables
