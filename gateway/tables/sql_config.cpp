// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/sql_config.h"

#include <algorithm>

namespace postern::tables {
namespace {

using Twice = BackendConfig::Twice;

struct QueryKey {
    QByteArrayView name;
    Service service;
};
constexpr QueryKey kQueries[] = {
    {"query_alias", Service::Alias},       {"query_domain", Service::Domain},     {"query_credentials", Service::Credentials},
    {"query_netaddr", Service::Netaddr},   {"query_userinfo", Service::Userinfo}, {"query_source", Service::Source},
    {"query_mailaddr", Service::Mailaddr}, {"query_addrname", Service::Addrname}, {"query_mailaddrmap", Service::Mailaddrmap},
};

std::vector<BackendConfig::Key> keysOf(SqlDialect dialect) {
    std::vector<BackendConfig::Key> keys;
    switch (dialect) {
    case SqlDialect::Sqlite:
        keys = {{"dbpath", Twice::LastCounts}};
        break;
    case SqlDialect::Mysql:
        keys = {{"host"}, {"username"}, {"password"}, {"database"}};
        break;
    case SqlDialect::Postgres:
        keys = {{"conninfo"}};
        break;
    }
    for (const QueryKey& query : kQueries)
        keys.push_back({query.name});
    for (const QByteArrayView name : {QByteArrayView("fetch_source"), QByteArrayView("fetch_source_expire"),
                                      QByteArrayView("fetch_source_refresh")})
        keys.push_back({name, Twice::LastCounts});
    return keys;
}

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

bool isWordPart(char c) {
    return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || uchar(c) > 0x7f;
}

// Steps over what is no statement text: quotes, comments, and postgres' $tag$...$tag$. Where nothing of that begins: `at`.
qsizetype behindQuoted(SqlDialect dialect, QByteArrayView query, qsizetype at) {
    const auto behind = [&](QByteArrayView end, qsizetype from) {
        const qsizetype found = query.indexOf(end, from);
        return found < 0 ? query.size() : found + end.size();
    };
    const char c = query[at];
    if (c == '\'' || c == '"' || (c == '`' && dialect != SqlDialect::Postgres)) {
        for (qsizetype i = at + 1; i < query.size(); ++i) {
            if (query[i] == '\\' && dialect == SqlDialect::Mysql && c != '`')
                ++i;
            else if (query[i] == c)
                return i + 1; // a doubled one begins the next
        }
        return query.size();
    }
    if (c == '[' && dialect == SqlDialect::Sqlite)
        return behind("]", at);
    if (query.sliced(at).startsWith("--") || (c == '#' && dialect == SqlDialect::Mysql))
        return behind("\n", at);
    if (query.sliced(at).startsWith("/*"))
        return behind("*/", at + 2);
    if (c == '$' && dialect == SqlDialect::Postgres && (at == 0 || !isWordPart(query[at - 1]))) {
        qsizetype end = at + 1;
        while (end < query.size() && query[end] != '$' && isWordPart(query[end]))
            ++end;
        if (end < query.size() && query[end] == '$' && !isDigit(query[at + 1]))
            return behind(query.sliced(at, end + 1 - at), end + 1);
    }
    return at;
}

QByteArray markerOf(SqlDialect dialect) {
    return dialect == SqlDialect::Postgres ? "$1" : "?";
}

// The password in a libpq string and the rest of it, to the places that Qt wants them in.
void takeConninfo(BackendConfig& config, SqlPlan& plan) {
    const BackendConfig::Line& line = config.line("conninfo");
    if (!line.isWritten())
        return config.complain(0, "\"conninfo\" is missing: it says where the database is");
    const auto pairs = parseConninfo(line.value);
    if (!pairs)
        return config.complain(line.number, pairs.error().text);
    for (const auto& [name, value] : *pairs) {
        if (name == "host")
            plan.host = value;
        else if (name == "port")
            plan.port = value;
        else if (name == "dbname")
            plan.database = value;
        else if (name == "user")
            plan.user = value;
        else if (name == "password")
            plan.password = Secret(value);
        else if (name.contains(';') || value.contains(';'))
            config.complain(line.number, "conninfo: a \";\" can't be used in \"" + name.left(40) + '"');
        else
            plan.options.emplace_back(name, value);
    }
}

void takePlace(BackendConfig& config, const BackendSource& source, SqlPlan& plan) {
    switch (plan.dialect) {
    case SqlDialect::Sqlite: {
        plan.database = config.value("dbpath");
        const qsizetype slash = source.path.lastIndexOf('/');
        if (plan.database.isEmpty())
            config.complain(0, "\"dbpath\" is missing: it names the database file");
        else if (!plan.database.startsWith('/') && slash >= 0)
            plan.database.prepend(source.path.first(slash + 1)); // beside the configuration file
        return;
    }
    case SqlDialect::Mysql:
        plan.host = config.value("host");
        plan.user = config.value("username");
        plan.database = config.value("database");
        plan.password = Secret(config.value("password"));
        return;
    case SqlDialect::Postgres:
        takeConninfo(config, plan);
        return;
    }
}

SqlQuery takeQuery(BackendConfig& config, SqlDialect dialect, QByteArrayView key, int wanted) {
    const BackendConfig::Line& line = config.line(key);
    if (!line.isWritten())
        return {};
    if (const int count = parametersOf(dialect, line.value); count != wanted)
        config.complain(line.number, key.toByteArray() + " has " + QByteArray::number(count) +
                                         (count == 1 ? " parameter, and " : " parameters, and ") +
                                         (wanted == 0 ? QByteArray("none is wanted: it takes all there is")
                                                      : "exactly one is wanted: " + markerOf(dialect) + " where the key belongs"));
    return {line.value, line.number};
}

int numberOf(BackendConfig& config, QByteArrayView key, int otherwise) {
    const BackendConfig::Line& line = config.line(key);
    if (!line.isWritten())
        return otherwise;
    bool isNumber = false;
    const int number = line.value.toInt(&isNumber);
    if (isNumber && number >= 0 && number <= 86'400)
        return number;
    config.complain(line.number, key.toByteArray() + " wants a number from 0 to 86400");
    return otherwise;
}

} // namespace

QByteArrayView toString(SqlDialect dialect) {
    switch (dialect) {
    case SqlDialect::Sqlite:
        return "sqlite";
    case SqlDialect::Mysql:
        return "mysql";
    case SqlDialect::Postgres:
        return "postgres";
    }
    return "sqlite";
}

int columnsOf(Service service) {
    switch (service) {
    case Service::Credentials:
        return 2;
    case Service::Userinfo:
        return 3;
    case Service::Alias:
    case Service::Domain:
    case Service::Netaddr:
    case Service::Source:
    case Service::Mailaddr:
    case Service::Addrname:
    case Service::Mailaddrmap:
    case Service::Relayhost:
    case Service::String:
    case Service::Regex:
        return 1;
    }
    return 1;
}

int parametersOf(SqlDialect dialect, QByteArrayView query) {
    const auto numberAt = [query](qsizetype at) {
        int number = 0;
        for (; at < query.size() && isDigit(query[at]) && number < 100'000; ++at)
            number = 10 * number + (query[at] - '0');
        return number;
    };
    int count = 0;
    for (qsizetype at = 0; at < query.size();) {
        if (const qsizetype behind = behindQuoted(dialect, query, at); behind > at) {
            at = behind;
            continue;
        }
        const bool isNumbered = dialect == SqlDialect::Postgres ? query[at] == '$' && (at == 0 || !isWordPart(query[at - 1]))
                                                                : dialect == SqlDialect::Sqlite && query[at] == '?' && numberAt(at + 1) > 0;
        if (isNumbered)
            count = std::max(count, numberAt(at + 1));
        else if (dialect != SqlDialect::Postgres)
            count += query[at] == '?' ? 1 : 0;
        ++at;
    }
    return count;
}

ReadSqlPlan readSqlPlan(SqlDialect dialect, const BackendSource& source) {
    BackendConfig config(source.text, keysOf(dialect));
    ReadSqlPlan read;
    SqlPlan& plan = read.plan;
    plan.dialect = dialect;
    plan.table = source.table;
    plan.path = source.path;
    plan.mayNameUsers = source.mayNameUsers;
    takePlace(config, source, plan);
    for (const QueryKey& key : kQueries)
        if (SqlQuery query = takeQuery(config, dialect, key.name, 1); !query.text.isEmpty())
            plan.queries.emplace(key.service, std::move(query));
    plan.fetchSource = takeQuery(config, dialect, "fetch_source", 0);
    plan.fetchRule.expire = std::chrono::seconds(numberOf(config, "fetch_source_expire", 60));
    plan.fetchRule.refresh = numberOf(config, "fetch_source_refresh", 1000);
    if (plan.queries.empty() && plan.fetchSource.text.isEmpty())
        config.problems.push_back({0, "there is no query in it, so every question to this table fails", true});
    read.problems = std::move(config.problems);
    read.isUsable = std::all_of(read.problems.begin(), read.problems.end(), [](const TableProblem& one) { return one.isWarning; });
    return read;
}

} // namespace postern::tables
