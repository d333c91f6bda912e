// SPDX-License-Identifier: GPL-3.0-or-later
//
// A table that answers from a thread of its own as soon as it is asked: often before lookup() has returned. So races between
// whoever asks and the answer show, above all under ThreadSanitizer.
#pragma once

#include "base/worker_threads.h"
#include "tables/table.h"

#include <map>
#include <mutex>
#include <set>
#include <thread>

namespace postern::test {

class ThreadedTable final : public tables::Table {
  public:
    explicit ThreadedTable(std::map<QByteArray, QByteArray> entries) : m_entries(std::move(entries)) {}

    const QByteArray& name() const override { return m_name; }
    QByteArray kind() const override { return "threaded"; }
    tables::Shape shape() const override { return tables::Shape::Dynamic; }
    qsizetype size() const override { return -1; }
    void lookup(tables::Service, const QByteArray& key, const tables::LookupDone& done) const override {
        m_threads.post([this, key, done] {
            {
                const std::lock_guard lock(m_mutex);
                m_answering.insert(std::this_thread::get_id());
            }
            const auto at = m_entries.find(key);
            done(at == m_entries.end() ? tables::LookupResult{} : tables::LookupResult{true, at->second, key, false});
        });
    }
    void fetch(tables::Service, const tables::LookupDone& done) const override { done({}); }
    QByteArrayList keys() const override { return {}; }
    bool mayNameFiles() const override { return false; }

    bool hasAnsweredOn(std::thread::id thread) const {
        const std::lock_guard lock(m_mutex);
        return m_answering.contains(thread);
    }

  private:
    const QByteArray m_name = "threaded";
    const std::map<QByteArray, QByteArray> m_entries;
    mutable std::mutex m_mutex;
    mutable std::set<std::thread::id> m_answering; // guarded by m_mutex
    mutable WorkerThreads m_threads{3};
};

} // namespace postern::test
