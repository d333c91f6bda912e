// SPDX-License-Identifier: GPL-3.0-or-later
//
// A database file as OpenSMTPD's makemap makes it: Berkeley DB, hash or btree, keys in lower case, a NUL behind keys and values.
//
// A set's keys have the value "<set>". The whole file is checked when it is opened, because the library trusts what it reads.
// Thread: one at a time. Failure: NotFound, Denied, Corrupt (not such a file, or damaged); Invalid for duplicate keys in write().
#pragma once

#include "base/file_store.h"
#include "tables/static_table.h"

#include <memory>
#include <optional>

namespace postern::tables {

inline constexpr char kSetValue[] = "<set>";

enum class DbKind : quint8 { Hash, Btree };

class DbFile {
  public:
    static Result<DbFile> open(const QByteArray& path);
    ~DbFile();
    DbFile(DbFile&& other) noexcept;
    DbFile(const DbFile&) = delete;

    Result<std::optional<QByteArray>> value(const QByteArray& key) const; // key in lower case
    Result<std::vector<Entry>> entries() const;                           // all, in the file's order; a set's without values

    // As a whole or not at all, with the rights of `source`, the text it is made of. `files` is the real disk.
    static Result<void> write(FileStore& files, const QByteArray& path, const QByteArray& source, DbKind kind,
                              const std::vector<Entry>& entries);

  private:
    struct Handle;
    explicit DbFile(std::unique_ptr<Handle> handle);
    std::unique_ptr<Handle> m_handle;
};

} // namespace postern::tables
