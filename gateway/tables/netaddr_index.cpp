// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/netaddr_index.h"

#include "tables/domain_index.h"

#include <algorithm>
#include <functional>

namespace postern::tables {

void NetaddrIndex::add(const QByteArray& entry, quint32 number) {
    const auto prefix = Netaddr::parse(entry);
    if (!prefix)
        return;
    m_prefixes.insert(prefix->masked(prefix->prefix), number);
    addLength(*prefix);
}

std::optional<quint32> NetaddrIndex::addOnce(const QByteArray& entry, quint32 number) {
    const auto prefix = Netaddr::parse(entry);
    if (!prefix)
        return std::nullopt;
    addLength(*prefix);
    return numberOnce(m_prefixes, prefix->masked(prefix->prefix), number);
}

void NetaddrIndex::addLength(const Netaddr& prefix) {
    auto& known = lengths(prefix.family);
    const auto at = std::lower_bound(known.begin(), known.end(), prefix.prefix, std::greater<>());
    if (at == known.end() || *at != prefix.prefix)
        known.insert(at, prefix.prefix);
}

std::optional<quint32> NetaddrIndex::find(QByteArrayView address) const {
    const auto value = Netaddr::parse(address);
    if (!value)
        return std::nullopt;
    for (const int length : lengths(value->family)) {
        if (const auto found = under(*value, length))
            return found;
    }
    return std::nullopt;
}

void NetaddrIndex::forEach(QByteArrayView address, const std::function<void(quint32)>& found) const {
    const auto value = Netaddr::parse(address);
    if (!value)
        return;
    for (const int length : lengths(value->family)) {
        if (const auto number = under(*value, length))
            found(*number);
    }
}

std::optional<quint32> NetaddrIndex::under(const Netaddr& address, int length) const {
    if (length > address.prefix)
        return std::nullopt;
    const auto found = m_prefixes.constFind(address.masked(length));
    return found == m_prefixes.constEnd() ? std::nullopt : std::optional(*found);
}

} // namespace postern::tables
