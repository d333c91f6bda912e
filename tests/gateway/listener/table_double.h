// SPDX-License-Identifier: GPL-3.0-or-later
//
// A credentials table whose answers the test decides: at once, failing, or held until release().
#pragma once

#include "tables/table.h"

#include <map>
#include <vector>

namespace postern::test {

class TableDouble final : public tables::Table {
  public:
    explicit TableDouble(std::map<QByteArray, QByteArray> entries) : m_entries(std::move(entries)) {}

    const QByteArray& name() const override { return m_name; }
    QByteArray kind() const override { return "static"; }
    tables::Shape shape() const override { return tables::Shape::Mapping; }
    qsizetype size() const override { return qsizetype(m_entries.size()); }
    void lookup(tables::Service, const QByteArray& key, const tables::LookupDone& done) const override {
        asked.append(key);
        if (holds) {
            held.push_back([this, key, done] { done(answer(key)); });
            return;
        }
        done(answer(key));
    }
    void fetch(tables::Service, const tables::LookupDone& done) const override { done({}); }
    QByteArrayList keys() const override {
        QByteArrayList all;
        for (const auto& [key, value] : m_entries)
            all.append(key);
        return all;
    }

    void release() {
        for (const auto& one : std::exchange(held, {}))
            one();
    }

    bool fails = false;
    bool holds = false;
    mutable QByteArrayList asked;
    mutable std::vector<std::function<void()>> held;

  private:
    tables::LookupResult answer(const QByteArray& key) const {
        if (fails)
            return {false, "the database is away", {}, true};
        const auto at = m_entries.find(key);
        return at == m_entries.end() ? tables::LookupResult{} : tables::LookupResult{true, at->second, key, false};
    }

    const QByteArray m_name = "users";
    const std::map<QByteArray, QByteArray> m_entries;
};

} // namespace postern::test
