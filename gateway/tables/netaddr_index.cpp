// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/netaddr_index.h"

#include <algorithm>
#include <functional>

namespace postern::tables {

void NetaddrIndex::add(const QByteArray& entry, quint32 number) {
    const auto prefix = Netaddr::parse(entry);
    if (!prefix)
        return;
    m_prefixes.insert(prefix->masked(prefix->prefix), number);
    auto& known = lengths(prefix->family);
    const auto at = std::lower_bound(known.begin(), known.end(), prefix->prefix, std::greater<>());
    if (at == known.end() || *at != prefix->prefix)
        known.insert(at, prefix->prefix);
}

std::optional<quint32> NetaddrIndex::find(QByteArrayView address) const {
    const auto value = Netaddr::parse(address);
    if (!value)
        return std::nullopt;
    for (const int length : lengths(value->family)) {
        if (length > value->prefix)
            continue;
        if (const auto found = m_prefixes.constFind(value->masked(length)); found != m_prefixes.constEnd())
            return *found;
    }
    return std::nullopt;
}

} // namespace postern::tables
