// SPDX-License-Identifier: GPL-3.0-or-later
//
// The office of lookup_cases.h in SQL: statements that fill a database, and the lines of a table's configuration that ask it.
#pragma once

#include "support/lookup_cases.h"
#include "tables/sql_config.h"

namespace postern::test {

inline QByteArray sqlText(tables::SqlDialect dialect, QByteArray text) {
    if (dialect == tables::SqlDialect::Mysql)
        text.replace('\\', "\\\\");
    return '\'' + text.replace('\'', "''") + '\'';
}

inline QByteArrayList sqlOffice(tables::SqlDialect dialect) {
    const QByteArray likeBytes = dialect == tables::SqlDialect::Mysql ? " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin" : "";
    QByteArrayList statements{"CREATE TABLE entries (service VARCHAR(20), k VARCHAR(200)" + likeBytes +
                              ", seq INTEGER, a VARCHAR(400), b VARCHAR(400), c VARCHAR(400))"};
    for (const LookupEntry& entry : lookupEntries()) {
        const bool isColumns = entry.service == tables::Service::Credentials || entry.service == tables::Service::Userinfo;
        const auto row = [&](int number, const QByteArrayList& columns) {
            QByteArrayList fields{sqlText(dialect, toString(entry.service).toByteArray()), sqlText(dialect, entry.key),
                                  QByteArray::number(number)};
            for (qsizetype i = 0; i < 3; ++i)
                fields.append(i < columns.size() ? sqlText(dialect, columns[i]) : QByteArray("NULL"));
            statements.append("INSERT INTO entries VALUES (" + fields.join(", ") + ')');
        };
        if (isColumns)
            row(1, entry.values);
        for (qsizetype i = 0; !isColumns && i < entry.values.size(); ++i)
            row(int(i) + 1, {entry.values[i]});
    }
    for (const char* source : {"192.0.2.8", "192.0.2.7"})
        statements.append("INSERT INTO entries VALUES ('source', '', 1, '" + QByteArray(source) + "', NULL, NULL)");
    return statements;
}

inline const QList<tables::Service>& sqlServices() {
    using enum tables::Service;
    static const QList<tables::Service> kAll{Alias, Domain, Credentials, Netaddr, Userinfo, Mailaddr, Addrname, Mailaddrmap};
    return kAll;
}

inline QByteArray sqlQueries(tables::SqlDialect dialect) {
    QByteArray lines;
    for (const tables::Service service : sqlServices()) {
        const QByteArray columns = service == tables::Service::Credentials ? "a, b" : service == tables::Service::Userinfo ? "a, b, c" : "a";
        const QByteArray name = toString(service).toByteArray();
        lines += "query_" + name + " SELECT " + columns + " FROM entries WHERE service = '" + name + "' AND k = " +
                 (dialect == tables::SqlDialect::Postgres ? "$1" : "?") + " ORDER BY seq\n";
    }
    return lines + "fetch_source SELECT a FROM entries WHERE service = 'source'\n";
}

} // namespace postern::test
