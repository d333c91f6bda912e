// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/database.h"

#include <sqlite3.h>

#include <cerrno>

namespace postern::queue {

void Statement::bind(int position, qint64 value) {
    sqlite3_bind_int64(m_statement, position, value);
}

void Statement::bind(int position, const QByteArray& bytes) {
    // constData() of an empty array is not null, so it is stored as an empty value, not as NULL.
    sqlite3_bind_blob64(m_statement, position, bytes.constData(), sqlite3_uint64(bytes.size()), SQLITE_STATIC);
}

void Statement::bindNull(int position) {
    sqlite3_bind_null(m_statement, position);
}

Result<Statement::Step> Statement::step() {
    const int code = sqlite3_step(m_statement);
    if (code == SQLITE_ROW)
        return Step::Row;
    const bool done = code == SQLITE_DONE;
    std::optional<Error> failed;
    if (!done)
        failed = m_database->error(code, "use");
    reset();
    if (failed)
        return *failed;
    return Step::Done;
}

Result<void> Statement::run() {
    for (;;) {
        const auto stepped = step();
        if (!stepped)
            return stepped.error();
        if (*stepped == Step::Done)
            return {};
    }
}

void Statement::reset() {
    sqlite3_reset(m_statement);
    sqlite3_clear_bindings(m_statement);
}

qint64 Statement::number(int column) const {
    return sqlite3_column_int64(m_statement, column);
}

QByteArray Statement::bytes(int column) const {
    const void* data = sqlite3_column_blob(m_statement, column);
    const int size = sqlite3_column_bytes(m_statement, column);
    return data ? QByteArray(static_cast<const char*>(data), size) : QByteArray();
}

bool Statement::isNull(int column) const {
    return sqlite3_column_type(m_statement, column) == SQLITE_NULL;
}

Result<void> Database::open(const QByteArray& path, const char* vfs) {
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    const int code = sqlite3_open_v2(path.constData(), &m_handle, flags, vfs);
    if (code != SQLITE_OK) {
        Error failed = error(code, "open");
        failed.text += "; check the file " + path + " and its folder: both must be for Postern's user to write";
        close();
        return failed;
    }
    sqlite3_extended_result_codes(m_handle, 1);
    sqlite3_busy_timeout(m_handle, 2000);
    sqlite3_db_config(m_handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    return {};
}

void Database::setClosing(Closing closing) {
    if (m_handle)
        sqlite3_db_config(m_handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, int(closing == Closing::LeaveFilesAlone),
                          nullptr);
}

void Database::close() {
    for (sqlite3_stmt* statement : m_statements)
        sqlite3_finalize(statement);
    m_statements.clear();
    if (m_handle)
        sqlite3_close(m_handle);
    m_handle = nullptr;
    m_logPages = 0;
}

Result<void> Database::execute(const char* sql) {
    const int code = sqlite3_exec(m_handle, sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK)
        return error(code, "use");
    return {};
}

Result<Statement> Database::prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(m_handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK)
        return error(code, "use");
    m_statements.push_back(statement);
    return Statement(this, statement);
}

Result<void> Database::eachRow(const QByteArray& sql, const std::function<void(const Statement&)>& take) {
    auto rows = prepare(sql.constData());
    if (!rows)
        return rows.error();
    Result<void> outcome;
    for (;;) {
        const auto stepped = rows->step();
        if (!stepped)
            outcome = stepped.error();
        if (!stepped || *stepped == Statement::Step::Done)
            break;
        take(*rows);
    }
    sqlite3_finalize(m_statements.back());
    m_statements.pop_back();
    return outcome;
}

Result<QByteArray> Database::askText(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    int code = sqlite3_prepare_v2(m_handle, sql, -1, &statement, nullptr);
    QByteArray text;
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW)
            if (const unsigned char* value = sqlite3_column_text(statement, 0))
                text = QByteArray(reinterpret_cast<const char*>(value));
        while (code ==
               SQLITE_ROW) // to the end: a pragma that changes the file does so behind its row, and may fail there
            code = sqlite3_step(statement);
        if (code == SQLITE_DONE)
            code = SQLITE_OK;
    }
    std::optional<Error> failed;
    if (code != SQLITE_OK)
        failed = error(code, "read");
    sqlite3_finalize(statement);
    if (failed)
        return *failed;
    return text;
}

Result<qint64> Database::askNumber(const char* sql) {
    const auto text = askText(sql);
    if (!text)
        return text.error();
    return text->toLongLong();
}

bool Database::inTransaction() const {
    return m_handle && sqlite3_get_autocommit(m_handle) == 0;
}

Result<void> Database::checkpoint() {
    const int code = sqlite3_wal_checkpoint_v2(m_handle, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    if (code != SQLITE_OK)
        return error(code, "tidy");
    m_logPages = 0;
    // Set after each checkpoint because the pragma wal_autocheckpoint of opening replaces the hook.
    sqlite3_wal_hook(
        m_handle,
        [](void* self, sqlite3*, const char*, int pages) {
            static_cast<Database*>(self)->m_logPages = pages;
            return SQLITE_OK;
        },
        this);
    return {};
}

Error Database::error(int code, const char* what) const {
    ErrorCode kind = ErrorCode::Io;
    switch (code & 0xff) {
    case SQLITE_FULL: kind = ErrorCode::NoSpace; break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: kind = ErrorCode::Busy; break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: kind = ErrorCode::Corrupt; break;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: kind = ErrorCode::Denied; break;
    default: break;
    }
    if (kind == ErrorCode::Io && m_handle && sqlite3_system_errno(m_handle) == ENOSPC)
        kind = ErrorCode::NoSpace;
    QByteArray text = QByteArray("cannot ") + what + " the queue database: " + sqlite3_errstr(code);
    if (m_handle && (sqlite3_errcode(m_handle) & 0xff) == (code & 0xff))
        text = QByteArray("cannot ") + what + " the queue database: " + sqlite3_errmsg(m_handle);
    if (kind == ErrorCode::NoSpace)
        text += "; make room on the disk that the queue is on";
    return Error{kind, text, Permanence::Temporary};
}

} // namespace postern::queue
