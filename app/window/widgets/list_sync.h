// SPDX-License-Identifier: GPL-3.0-or-later
//
// Makes a model's list equal to a fresh one by removals and insertions, so that views keep selection and place.
//
// Returns false and changes nothing if what both have stands in another order: then reset. Items that stay are assigned;
// the caller emits dataChanged for them. Keys must be unique. Thread: any (pure but for the callbacks).
#pragma once

#include <QSet>
#include <QString>

#include <cstddef>
#include <vector>

namespace postern::window {

template <class Item, class Key>
QSet<QString> keysOf(const std::vector<Item>& list, Key key) {
    QSet<QString> keys;
    for (const Item& item : list)
        keys.insert(key(item));
    return keys;
}

template <class Item, class Key>
bool sameOrder(const std::vector<Item>& old, const std::vector<Item>& fresh, Key key) {
    const auto inOld = keysOf(old, key);
    const auto inNew = keysOf(fresh, key);
    auto o = old.begin();
    auto n = fresh.begin();
    while (true) {
        while (o != old.end() && !inNew.contains(key(*o)))
            ++o;
        while (n != fresh.end() && !inOld.contains(key(*n)))
            ++n;
        if (o == old.end() || n == fresh.end())
            return o == old.end() && n == fresh.end();
        if (key(*o) != key(*n))
            return false;
        ++o;
        ++n;
    }
}

// remove(first, last, act) and insert(first, last, act) announce the change, call act, and announce its end.
template <class Item, class Key, class Remove, class Insert>
bool syncList(std::vector<Item>& list, const std::vector<Item>& fresh, Key key, Remove remove, Insert insert) {
    if (!sameOrder(list, fresh, key))
        return false;
    const auto at = [](auto& v, size_t i) { return v.begin() + static_cast<std::ptrdiff_t>(i); };
    const auto inNew = keysOf(fresh, key);
    for (size_t last = list.size(); last-- > 0;) {
        if (inNew.contains(key(list[last])))
            continue;
        size_t first = last;
        while (first > 0 && !inNew.contains(key(list[first - 1])))
            --first;
        remove(static_cast<int>(first), static_cast<int>(last), [&] { list.erase(at(list, first), at(list, last + 1)); });
        last = first;
    }
    const auto inOld = keysOf(list, key);
    for (size_t i = 0; i < fresh.size(); ++i) {
        if (inOld.contains(key(fresh[i]))) {
            list[i] = fresh[i];
            continue;
        }
        size_t end = i + 1;
        while (end < fresh.size() && !inOld.contains(key(fresh[end])))
            ++end;
        insert(static_cast<int>(i), static_cast<int>(end) - 1,
               [&] { list.insert(at(list, i), at(fresh, i), at(fresh, end)); });
        i = end - 1;
    }
    return true;
}

} // namespace postern::window
