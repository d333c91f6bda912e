// SPDX-License-Identifier: GPL-3.0-or-later
//
// netaddrMatches() over many prefixes at once: one hash, asked once for each prefix length that occurs,
// longest first. Equal text ("local") is the caller's business.
// Thread: immutable after the last add().
#pragma once

#include "tables/netaddr.h"

#include <QByteArray>
#include <QHash>

#include <functional>
#include <vector>

namespace postern::tables {

class NetaddrIndex {
  public:
    void add(const QByteArray& entry, quint32 number); // an entry that is no address is left out
    // For lists put together: the number of an equal prefix that is there, else `number`; nothing if it is no address.
    std::optional<quint32> addOnce(const QByteArray& entry, quint32 number);
    void reserve(qsizetype prefixes) { m_prefixes.reserve(prefixes); }
    std::optional<quint32> find(QByteArrayView address) const;
    void forEach(QByteArrayView address, const std::function<void(quint32)>& found) const; // every prefix that covers it

  private:
    std::optional<quint32> under(const Netaddr& address, int length) const; // the entry with that prefix length
    void addLength(const Netaddr& prefix);
    std::vector<int>& lengths(Netaddr::Family family) { return family == Netaddr::Family::V4 ? m_v4 : m_v6; }
    const std::vector<int>& lengths(Netaddr::Family family) const {
        return family == Netaddr::Family::V4 ? m_v4 : m_v6;
    }

    QHash<Netaddr, quint32> m_prefixes;
    std::vector<int> m_v4, m_v6; // lengths that occur, longest first
};

} // namespace postern::tables
