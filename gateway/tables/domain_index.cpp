// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/domain_index.h"

#include "base/host_name.h"
#include "tables/match_rules.h"

namespace postern::tables {
namespace {

std::optional<quint32> lookUp(const QHash<QByteArray, quint32>& hash, QByteArrayView key) {
    const auto found = hash.constFind(QByteArray::fromRawData(key.data(), key.size()));
    if (found == hash.constEnd())
        return std::nullopt;
    return *found;
}

} // namespace

void DomainIndex::add(const QByteArray& pattern, quint32 entry) {
    isBeyondAscii(pattern) ? addComparable(comparableName(pattern), entry) : addComparable(pattern, entry);
}

void DomainIndex::addComparable(const QByteArray& pattern, quint32 entry) {
    if (!pattern.contains('*'))
        m_plain.insert(pattern, entry);
    else if (pattern.startsWith("*.") && pattern.lastIndexOf('*') == 0)
        m_tails.insert(pattern.sliced(2), entry);
    else
        m_others.emplace_back(pattern, entry);
}

quint32 DomainIndex::addOnce(const QByteArray& written, quint32 entry) {
    const QByteArray pattern = isBeyondAscii(written) ? comparableName(written) : written;
    if (!pattern.contains('*'))
        return numberOnce(m_plain, pattern, entry);
    if (pattern.startsWith("*.") && pattern.lastIndexOf('*') == 0)
        return numberOnce(m_tails, pattern.sliced(2), entry);
    m_others.emplace_back(pattern, entry); // an equal one does no harm
    return entry;
}

std::optional<quint32> DomainIndex::find(QByteArrayView name) const {
    return isBeyondAscii(name) ? findComparable(comparableName(name)) : findComparable(name);
}

std::optional<quint32> DomainIndex::findComparable(QByteArrayView name) const {
    if (const auto plain = lookUp(m_plain, name))
        return plain;
    const qsizetype dot = name.indexOf('.');
    if (dot >= 0) {
        if (const auto tail = lookUp(m_tails, name.sliced(dot + 1)))
            return tail;
    }
    for (const auto& [pattern, entry] : m_others) {
        if (domainMatches(name, pattern))
            return entry;
    }
    return std::nullopt;
}

void DomainIndex::forEach(QByteArrayView given, const std::function<void(quint32)>& found) const {
    const QByteArray made = isBeyondAscii(given) ? comparableName(given) : QByteArray();
    const QByteArrayView name = made.isNull() ? given : QByteArrayView(made);
    if (const auto plain = lookUp(m_plain, name))
        found(*plain);
    if (const qsizetype dot = name.indexOf('.'); dot >= 0) {
        if (const auto tail = lookUp(m_tails, name.sliced(dot + 1)))
            found(*tail);
    }
    for (const auto& [pattern, entry] : m_others) {
        if (domainMatches(name, pattern))
            found(entry);
    }
}

} // namespace postern::tables
