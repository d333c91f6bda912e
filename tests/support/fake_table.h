// SPDX-License-Identifier: GPL-3.0-or-later
//
// A table that holds what the test put in, or cannot be asked at all. fetch() takes turns in insertion order.
#pragma once

#include "tables/table.h"

#include <utility>
#include <vector>

namespace postern::test {

class FakeTable final : public tables::Table {
  public:
    explicit FakeTable(QByteArray name, std::vector<std::pair<QByteArray, QByteArray>> with = {})
        : entries(std::move(with)), m_name(std::move(name)) {}

    std::vector<std::pair<QByteArray, QByteArray>> entries;
    QByteArray trouble; // not empty: it cannot be asked, and this is why

    const QByteArray& name() const override { return m_name; }
    QByteArray kind() const override { return "fake"; }
    tables::Shape shape() const override { return tables::Shape::Mapping; }
    qsizetype size() const override { return qsizetype(entries.size()); }
    void lookup(tables::Service, const QByteArray& key, const tables::LookupDone& done) const override {
        if (!trouble.isEmpty())
            return done({false, trouble, {}, true});
        for (const auto& [name, value] : entries)
            if (name == key)
                return done({true, value, name, false});
        done({});
    }
    void fetch(tables::Service, const tables::LookupDone& done) const override {
        if (!trouble.isEmpty())
            return done({false, trouble, {}, true});
        if (entries.empty())
            return done({});
        const auto& entry = entries[m_next++ % entries.size()];
        done({true, entry.second.isEmpty() ? entry.first : entry.second, entry.first, false});
    }
    QByteArrayList keys() const override {
        QByteArrayList out;
        for (const auto& entry : entries)
            out.append(entry.first);
        return out;
    }

  private:
    QByteArray m_name;
    mutable size_t m_next = 0;
};

} // namespace postern::test
