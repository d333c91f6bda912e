// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/lookup_cache.h"

namespace postern::tables {
namespace {

qsizetype weightOf(const QByteArray& key, const LookupResult& result) {
    constexpr qsizetype kBesides = 200; // an entry's own bookkeeping, about
    return 2 * key.size() + result.value.size() + kBesides;
}

} // namespace

std::optional<LookupResult> LookupCache::find(Service service, const QByteArray& key, SteadyTime now) const {
    const auto at = m_entries.constFind({int(service), key});
    if (at == m_entries.constEnd() || at->until <= now)
        return std::nullopt;
    return at->result;
}

void LookupCache::keep(Service service, const QByteArray& key, const LookupResult& result, SteadyTime until) {
    const Key place{int(service), key};
    if (const auto old = m_entries.constFind(place); old != m_entries.constEnd()) {
        m_octets -= weightOf(key, old->result);
        m_entries.erase(old);
    }
    const quint64 number = ++m_lastNumber;
    m_octets += weightOf(key, result);
    m_entries.insert(place, {result, until, number});
    m_order.emplace_back(place, number);
    while (size() > m_mostEntries || m_octets > m_mostOctets || m_order.size() > 2 * m_mostEntries)
        dropOldest();
}

void LookupCache::dropOldest() {
    const auto [place, number] = std::move(m_order.front());
    m_order.pop_front();
    const auto at = m_entries.constFind(place);
    if (at == m_entries.constEnd() || at->number != number)
        return;
    m_octets -= weightOf(place.second, at->result);
    m_entries.erase(at);
}

void LookupCache::clear() {
    m_entries.clear();
    m_order.clear();
    m_octets = 0;
}

} // namespace postern::tables
