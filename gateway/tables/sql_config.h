// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the configuration file of an sqlite, mysql or postgres table says: where the database is, and the query of each service.
//
// Each query has exactly one parameter, "?" or with postgres "$1", and fetch_source has none: what a client sent is only ever
// bound to it. That is counted here, before anything is opened, so that `check` finds it.
// Thread: pure. Threat B02.
#pragma once

#include "base/secret.h"
#include "tables/backend_config.h"

namespace postern::tables {

enum class SqlDialect : quint8 { Sqlite, Mysql, Postgres };
QByteArrayView toString(SqlDialect dialect); // the word of the table statement

struct SqlQuery {
    QByteArray text;
    int line = 0; // in the configuration file
};

struct SqlPlan {
    SqlDialect dialect = SqlDialect::Sqlite;
    QByteArray table, path; // of the table, and of its configuration file
    bool mayNameUsers = false;
    QByteArray database;                // sqlite: the file
    QByteArray host, user;              // mysql, postgres; "" = the client library's choice
    QByteArray port;                    // of postgres, as many as there are hosts
    Secret password;
    std::vector<std::pair<QByteArray, QByteArray>> options; // postgres: all else of conninfo
    std::map<Service, SqlQuery> queries;
    SqlQuery fetchSource; // no text = none
    FetchRule fetchRule;
};

struct ReadSqlPlan {
    SqlPlan plan;
    std::vector<TableProblem> problems;
    bool isUsable = false;
};
ReadSqlPlan readSqlPlan(SqlDialect dialect, const BackendSource& source);

// How many parameters a query has, those in quotes and comments left out; of postgres the largest number.
int parametersOf(SqlDialect dialect, QByteArrayView query);

// How many columns a service's query gives; userinfo may have one more where mayNameUsers.
int columnsOf(Service service);

// A libpq connection string or postgres:// address in parts; the error says what does not read.
Result<std::vector<std::pair<QByteArray, QByteArray>>> parseConninfo(QByteArrayView text);

} // namespace postern::tables
