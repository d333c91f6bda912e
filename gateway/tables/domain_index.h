// SPDX-License-Identifier: GPL-3.0-or-later
//
// domainMatches() over many patterns at once: plain names and "*.tail" by hash, other wildcards one after the
// other. International ones are kept and looked for by their A-labels.
//
// "*.tail" can be hashed because its star never reaches past the first dot. Patterns and names come in lower
// case.
// Thread: immutable after the last add().
#pragma once

#include <QByteArray>
#include <QHash>

#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace postern::tables {

// The number that the hash has for the key, put there now if it had none.
template <class Key>
quint32 numberOnce(QHash<Key, quint32>& numbers, const Key& key, quint32 fresh) {
    const qsizetype before = numbers.size();
    quint32& number = numbers[key];
    if (numbers.size() != before)
        number = fresh;
    return number;
}

class DomainIndex {
  public:
    void add(const QByteArray& pattern, quint32 entry);
    // For lists put together: an equal pattern that is there keeps its number, which is returned; else `entry` is.
    quint32 addOnce(const QByteArray& pattern, quint32 entry);
    void reserve(qsizetype plain) { m_plain.reserve(plain); }
    // The entry whose pattern covers the name: a plain one before a wildcard.
    std::optional<quint32> find(QByteArrayView name) const;
    // Every entry whose pattern covers the name.
    void forEach(QByteArrayView name, const std::function<void(quint32)>& found) const;

  private:
    void addComparable(const QByteArray& pattern, quint32 entry);
    std::optional<quint32> findComparable(QByteArrayView name) const;

    QHash<QByteArray, quint32> m_plain;
    QHash<QByteArray, quint32> m_tails; // "tail" of "*.tail"
    std::vector<std::pair<QByteArray, quint32>> m_others;
};

} // namespace postern::tables
