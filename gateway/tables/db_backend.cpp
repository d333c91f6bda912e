// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/db_backend.h"

#include "tables/db_file.h"
#include "tables/file_watch.h"
#include "tables/lookup_rules.h"

#include <algorithm>

namespace postern::tables {
namespace {

class DbBackend final : public Backend {
  public:
    explicit DbBackend(const BackendSource& source) : m_table(source.table), m_delimiter(source.subAddressDelimiter), m_watch(source.path) {}

    Result<void> open() override {
        close();
        m_watch.look();
        auto file = DbFile::open(m_watch.path());
        if (!file)
            return passing(file.error());
        m_file.emplace(std::move(file).value());
        return {};
    }

    Result<std::optional<QByteArray>> lookup(Service, const QByteArray& key) override {
        if (auto fresh = follow(); !fresh)
            return fresh.error();
        auto value = m_file->value(key);
        return value ? std::move(value) : Result<std::optional<QByteArray>>(passing(value.error()));
    }

    Result<bool> check(Service service, const QByteArray& key) override {
        if (auto ready = readAll(); !ready)
            return ready.error();
        LookupResult answer; // a table in memory answers at once
        m_all->lookup(service, key, [&answer](const LookupResult& result) { answer = result; });
        return answer.failed ? Result<bool>(Error{ErrorCode::Corrupt, answer.value}) : Result<bool>(answer.found);
    }

    Result<QByteArrayList> fetch(Service) override {
        if (auto ready = readAll(); !ready)
            return ready.error();
        return m_all->keys().mid(0, kMostElements);
    }

    void close() override {
        m_all.reset();
        m_file.reset();
    }

  private:
    // While makemap is at work there may be no file for a moment, or one that is not whole on some other system.
    static Error passing(Error error) {
        if (error.code == ErrorCode::NotFound)
            error.code = ErrorCode::Unavailable;
        return error;
    }

    Result<void> follow() { return m_file && !m_watch.hasChanged() ? Result<void>() : open(); }

    Result<void> readAll() {
        if (auto fresh = follow(); !fresh)
            return fresh;
        if (m_all)
            return {};
        auto entries = m_file->entries();
        if (!entries)
            return passing(entries.error());
        m_all.emplace(m_table, "db", Shape::List, std::move(entries).value(), m_delimiter);
        return {};
    }

    const QByteArray m_table;
    const char m_delimiter;
    FileWatch m_watch;
    std::optional<DbFile> m_file;
    std::optional<StaticTable> m_all; // once a match clause has asked
};

} // namespace

MadeBackend makeDbBackend(const BackendSource& source) {
    return {[source] { return std::make_unique<DbBackend>(source); }, {}, false, true};
}

} // namespace postern::tables
