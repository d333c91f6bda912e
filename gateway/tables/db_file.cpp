// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/db_file.h"

#include <QRandomGenerator>

#include <cerrno>
#include <cstring>

#include <db.h>

namespace postern::tables {

// One open database.
struct DbFile::Handle {
    DB* db = nullptr;
    const QByteArray path;

    explicit Handle(QByteArray of) : path(std::move(of)) {
        if (::db_create(&db, nullptr, 0) != 0) {
            db = nullptr;
            return;
        }
        db->set_errcall(db, [](const DB_ENV*, const char*, const char*) {}); // its texts are for its own developers
        db->set_msgcall(db, [](const DB_ENV*, const char*) {});              // and it would print whole pages
    }
    ~Handle() {
        if (db)
            db->close(db, 0);
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;

    Error error(int code) const {
        switch (code) {
        case ENOENT: return {ErrorCode::NotFound, "there is no file " + path};
        case EACCES:
        case EPERM: return {ErrorCode::Denied, "may not open " + path};
        case EINVAL:
        case DB_OLD_VERSION:
        case DB_VERIFY_BAD:
        case DB_PAGE_NOTFOUND:
            return {ErrorCode::Corrupt, path + " is no database of makemap, or it is damaged; make it again (makemap)"};
        default: return {ErrorCode::Io, "cannot read " + path + ": " + ::db_strerror(code)};
        }
    }
};

namespace {

DBT thing(const QByteArray& bytes) { // with its NUL
    DBT dbt;
    std::memset(&dbt, 0, sizeof dbt);
    dbt.data = const_cast<char*>(bytes.constData());
    dbt.size = u_int32_t(bytes.size() + 1);
    return dbt;
}

QByteArray textOf(const DBT& dbt) {
    const QByteArray bytes(static_cast<const char*>(dbt.data), qsizetype(dbt.size));
    return bytes.endsWith('\0') ? bytes.chopped(1) : bytes;
}

} // namespace

DbFile::DbFile(std::unique_ptr<Handle> handle) : m_handle(std::move(handle)) {}
DbFile::~DbFile() = default;
DbFile::DbFile(DbFile&& other) noexcept = default;

Result<DbFile> DbFile::open(const QByteArray& path) {
    {
        Handle check(path);
        if (!check.db)
            return Error{ErrorCode::Internal, "Berkeley DB does not start"};
        const int bad = check.db->verify(check.db, path.constData(), nullptr, nullptr, 0);
        check.db = nullptr; // verify() ends it
        if (bad)
            return check.error(bad);
    }
    auto handle = std::make_unique<Handle>(path);
    if (!handle->db)
        return Error{ErrorCode::Internal, "Berkeley DB does not start"};
    if (const int bad = handle->db->open(handle->db, nullptr, path.constData(), nullptr, DB_UNKNOWN, DB_RDONLY, 0))
        return handle->error(bad);
    return DbFile(std::move(handle));
}

Result<std::optional<QByteArray>> DbFile::value(const QByteArray& key) const {
    DBT wanted = thing(key);
    DBT found;
    std::memset(&found, 0, sizeof found);
    const int code = m_handle->db->get(m_handle->db, nullptr, &wanted, &found, 0);
    if (code == DB_NOTFOUND)
        return std::optional<QByteArray>();
    if (code)
        return m_handle->error(code);
    return std::optional(textOf(found));
}

Result<std::vector<Entry>> DbFile::entries() const {
    std::vector<Entry> entries;
    DBC* cursor = nullptr;
    if (const int bad = m_handle->db->cursor(m_handle->db, nullptr, &cursor, 0))
        return m_handle->error(bad);
    DBT key, value;
    std::memset(&key, 0, sizeof key);
    std::memset(&value, 0, sizeof value);
    int code = 0;
    while ((code = cursor->get(cursor, &key, &value, DB_NEXT)) == 0) {
        QByteArray text = textOf(value);
        if (text == kSetValue)
            text.clear();
        entries.push_back({textOf(key), std::move(text)});
    }
    cursor->close(cursor);
    if (code != DB_NOTFOUND)
        return m_handle->error(code);
    return entries;
}

Result<void> DbFile::write(FileStore& files, const QByteArray& path, const QByteArray& source, DbKind kind,
                           const std::vector<Entry>& entries) {
    const QByteArray temporary = path + '.' + QByteArray::number(QRandomGenerator::system()->generate64(), 36);
    const auto fill = [&]() -> Result<void> {
        Handle handle(temporary);
        if (!handle.db)
            return Error{ErrorCode::Internal, "Berkeley DB does not start"};
        const auto failed = [&](int code) {
            return Error{code == ENOSPC ? ErrorCode::NoSpace : ErrorCode::Io,
                         "cannot write " + path + ": " + ::db_strerror(code)};
        };
        if (const int bad = handle.db->open(handle.db, nullptr, temporary.constData(), nullptr,
                                            kind == DbKind::Hash ? DB_HASH : DB_BTREE, DB_CREATE | DB_EXCL, 0600))
            return failed(bad);
        for (const Entry& entry : entries) {
            DBT key = thing(entry.key);
            const QByteArray text = entry.value.isEmpty() ? QByteArray(kSetValue) : entry.value;
            DBT value = thing(text);
            const int bad = handle.db->put(handle.db, nullptr, &key, &value, DB_NOOVERWRITE);
            if (bad == DB_KEYEXIST)
                return Error{ErrorCode::Invalid, "duplicate entry for " + entry.key};
            if (bad)
                return failed(bad);
        }
        if (const int bad = handle.db->sync(handle.db, 0))
            return failed(bad);
        return {};
    };
    Result<void> done = fill();
    if (done)
        done = files.copyRights(source, temporary);
    if (done)
        done = files.syncFile(temporary);
    if (done)
        done = files.rename(temporary, path);
    if (!done) {
        (void)files.remove(temporary);
        return done;
    }
    const qsizetype slash = path.lastIndexOf('/');
    return files.syncDirectory(slash < 0 ? QByteArray(".") : path.first(std::max<qsizetype>(slash, 1)));
}

} // namespace postern::tables
