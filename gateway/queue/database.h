// SPDX-License-Identifier: GPL-3.0-or-later
//
// One SQLite connection and its prepared statements, with our Result and Error. Knows SQLite, nothing of mail.
//
// Thread: the one that opened it. Ownership: statements must go before their database closes (close() finishes them
// all). Failure: Errors carry NoSpace, Busy, Corrupt, Denied or Io and SQLite's words; the caller decides what may go
// on.
#pragma once

#include "base/result.h"

#include <QByteArray>

#include <functional>
#include <memory>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace postern::queue {

class Database;

// A prepared statement, kept as long as its database is open. Bind, then step() until it says Done, or reset().
class Statement {
  public:
    Statement() = default;
    Statement(Database* database, sqlite3_stmt* statement) : m_database(database), m_statement(statement) {}

    enum class Step { Row, Done };
    // Positions count from 1. Bytes are not copied: they must live until the statement is done or reset.
    void bind(int position, qint64 value);
    void bind(int position, const QByteArray& bytes);
    void bindNull(int position);
    Result<Step> step();  // resets itself when done or failed
    Result<void> run();   // for statements without rows
    void reset();

    // Columns count from 0.
    qint64 number(int column) const;
    QByteArray bytes(int column) const; // a copy
    bool isNull(int column) const;

  private:
    Database* m_database = nullptr;
    sqlite3_stmt* m_statement = nullptr;
};

class Database {
  public:
    enum class Closing { Checkpoint, LeaveFilesAlone };

    Database() = default;
    ~Database() { close(); }
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    // Creates the file if it is not there. LeaveFilesAlone: closing neither merges nor removes the log (damaged or
    // newer).
    Result<void> open(const QByteArray& path, const char* vfs);
    void setClosing(Closing closing);
    void close();
    bool isOpen() const { return m_handle != nullptr; }

    Result<void> execute(const char* sql);             // one or several statements without parameters; rows are dropped
    Result<Statement> prepare(const char* sql);        // kept until close()
    Result<void> eachRow(const QByteArray& sql,
                         const std::function<void(const Statement&)>& take); // prepared, run, dropped
    Result<qint64> askNumber(const char* sql);         // first column of the first row
    Result<QByteArray> askText(const char* sql);
    bool inTransaction() const;
    qint64 logPages() const { return m_logPages; }     // pages in the write-ahead log since the last checkpoint()
    Result<void> checkpoint();                         // log into database, both synced, log emptied
    Error error(int code, const char* what) const;
    sqlite3* handle() const { return m_handle; }

  private:
    sqlite3* m_handle = nullptr;
    std::vector<sqlite3_stmt*> m_statements;
    qint64 m_logPages = 0;
};

} // namespace postern::queue
