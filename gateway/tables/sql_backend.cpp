// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/sql_backend.h"

#include "base/log.h"
#include "tables/file_identity.h"
#include "tables/lookup_rules.h"
#include "tables/sql_config.h"

#include <QSqlDatabase>
#include <QSqlDriver>
#include <QSqlError>
#include <QSqlQuery>
#include <QSqlRecord>
#include <QStringDecoder>
#include <QVariant>

#include <algorithm>
#include <atomic>
#include <chrono>

#include <sqlite3.h>

using namespace Qt::StringLiterals;

namespace postern::tables {
namespace {

constexpr int kConnectSeconds = 5, kAnswerSeconds = 8, kBusyMs = 2'000;

QString driverOf(SqlDialect dialect) {
    switch (dialect) {
    case SqlDialect::Sqlite:
        return u"QSQLITE"_s;
    case SqlDialect::Mysql:
        return u"QMYSQL"_s;
    case SqlDialect::Postgres:
        return u"QPSQL"_s;
    }
    return {};
}

// Errors of the moment, by the code that the database gives.
bool isPassing(SqlDialect dialect, const QString& code) {
    switch (dialect) {
    case SqlDialect::Sqlite: { // SQLITE_BUSY, _LOCKED, _INTERRUPT (our limit), _IOERR, _CANTOPEN, _PROTOCOL, _SCHEMA; the low octet of extended ones
        const int number = code.toInt() & 0xff;
        return number == 5 || number == 6 || number == 9 || number == 10 || number == 14 || number == 15 || number == 17;
    }
    case SqlDialect::Mysql: { // the client's own; too many connections, shutdown, deadlock, killed
        const int number = code.toInt();
        return (number >= 2000 && number < 3000) || number == 1040 || number == 1053 || number == 1152 || number == 1158 ||
               number == 1159 || number == 1160 || number == 1161 || number == 1205 || number == 1213 || number == 1927;
    }
    case SqlDialect::Postgres: // no code: the connection; classes connection, resources, operator intervention, rollback
        return code.isEmpty() || code.startsWith(u"08") || code.startsWith(u"53") || code.startsWith(u"57") ||
               code.startsWith(u"58") || code.startsWith(u"40");
    }
    return true;
}

bool isBusy(SqlDialect dialect, const QString& code) {
    const int number = code.toInt() & 0xff;
    return dialect == SqlDialect::Sqlite && (number == 5 || number == 6);
}

std::optional<QString> textOf(const QByteArray& bytes) {
    QStringDecoder decoder(QStringDecoder::Utf8, QStringDecoder::Flag::Stateless);
    QString text = decoder(bytes);
    return decoder.hasError() ? std::nullopt : std::optional(std::move(text));
}

// One for the whole program: Qt finds connections by name.
QString newConnectionName() {
    static std::atomic<quint64> last{0};
    return u"postern-table-"_s + QString::number(++last);
}

class SqlBackend final : public Backend {
    using Steady = std::chrono::steady_clock;

  public:
    explicit SqlBackend(std::shared_ptr<const SqlPlan> plan) : m_plan(std::move(plan)) {}
    ~SqlBackend() override { close(); }
    SqlBackend(const SqlBackend&) = delete;
    SqlBackend& operator=(const SqlBackend&) = delete;

    Result<void> open() override {
        close();
        beginTime();
        auto opened = connect();
        for (const auto& [service, query] : m_plan->queries) {
            if (opened)
                opened = prepare(service, query);
        }
        if (!opened)
            close();
        return opened;
    }

    Result<std::optional<QByteArray>> lookup(Service service, const QByteArray& key) override {
        const auto rows = ask(service, key);
        if (!rows)
            return rows.error();
        if (rows->isEmpty())
            return std::optional<QByteArray>();
        return std::optional(service == Service::Alias || service == Service::Mailaddrmap ? rows->join(", ") : rows->first());
    }

    Result<bool> check(Service service, const QByteArray& key) override {
        const auto rows = ask(service, key);
        return rows ? Result<bool>(!rows->isEmpty()) : rows.error();
    }

    Result<QByteArrayList> fetch(Service service) override {
        if (service != Service::Source || m_plan->fetchSource.text.isEmpty())
            return noQuery("fetch_source");
        beginTime();
        QSqlQuery query(database());
        query.setForwardOnly(true);
        if (!query.exec(QString::fromUtf8(m_plan->fetchSource.text)))
            return errorOf(query.lastError(), m_plan->fetchSource.line);
        auto rows = rowsOf(query, 1, kMostElements, m_plan->fetchSource.line);
        if (rows)
            std::sort(rows.value().begin(), rows.value().end());
        return rows;
    }

    FetchRule fetchRule() const override { return m_plan->fetchRule; }

    Result<void> probe() override {
        beginTime();
        QSqlQuery query(database());
        const QString text = m_plan->dialect == SqlDialect::Sqlite ? u"SELECT count(*) FROM sqlite_master"_s : u"SELECT 1"_s;
        return query.exec(text) ? Result<void>() : errorOf(query.lastError(), 0);
    }

    void close() override {
        m_queries.clear();
        if (m_connection.isEmpty())
            return;
        QSqlDatabase::removeDatabase(m_connection);
        m_connection.clear();
    }

  private:
    QSqlDatabase database() const { return QSqlDatabase::database(m_connection, false); }

    QByteArray where(int line) const {
        return line > 0 ? m_plan->path + ':' + QByteArray::number(line) + ": " : QByteArray();
    }

    Error noQuery(const QByteArray& key) const {
        return {ErrorCode::Unsupported, m_plan->path + " has no " + key + ", so it has no answer to that", Permanence::Temporary};
    }

    Error errorOf(const QSqlError& error, int line) const {
        const QString code = error.nativeErrorCode();
        const QString said = error.databaseText().isEmpty() ? error.driverText() : error.databaseText();
        const ErrorCode kind = isBusy(m_plan->dialect, code)      ? ErrorCode::Busy
                               : isPassing(m_plan->dialect, code) ? ErrorCode::Unavailable
                                                                  : ErrorCode::Invalid;
        const bool isPlace = kind != ErrorCode::Invalid; // else the query is to blame
        const QByteArray what = m_plan->dialect == SqlDialect::Sqlite ? m_plan->database : "the database";
        return {kind, (isPlace ? what + ": " : where(line)) + harmless(said.simplified().toUtf8(), 300), Permanence::Temporary};
    }

    Result<void> connect() {
        const QString driver = driverOf(m_plan->dialect);
        if (!QSqlDatabase::isDriverAvailable(driver))
            return Error{ErrorCode::Denied,
                         "Qt's driver " + driver.toLatin1() + " for " + toString(m_plan->dialect).toByteArray() +
                             " is not installed on this computer, or lacks a library",
                         Permanence::Temporary};
        m_connection = newConnectionName();
        QSqlDatabase db = QSqlDatabase::addDatabase(driver, m_connection);
        switch (m_plan->dialect) {
        case SqlDialect::Sqlite:
            m_identity = fileIdentity(m_plan->database);
            db.setDatabaseName(QString::fromUtf8(m_plan->database));
            db.setConnectOptions(u"QSQLITE_OPEN_READONLY;QSQLITE_BUSY_TIMEOUT=%1"_s.arg(kBusyMs));
            break;
        case SqlDialect::Mysql:
            setServer(db);
            break;
        case SqlDialect::Postgres:
            setServer(db);
            break;
        }
        if (!db.open())
            return errorOf(db.lastError(), 0);
        if (m_plan->dialect == SqlDialect::Sqlite)
            limitTime(db);
        QSqlQuery settings(db);
        if (m_plan->dialect == SqlDialect::Mysql)
            settings.exec(u"SET SESSION sql_select_limit = %1"_s.arg(kMostElements + 1));
        else if (m_plan->dialect == SqlDialect::Postgres)
            settings.exec(u"SET statement_timeout = %1"_s.arg(kAnswerSeconds * 1000));
        return {};
    }

    // A query that never ends is given up: servers have time limits of their own, SQLite asks us while it works. Only if Qt's
    // driver uses the library that we are linked with.
    void limitTime(const QSqlDatabase& db) {
        const QVariant handle = db.driver()->handle();
        QSqlQuery version(u"SELECT sqlite_version()"_s, db);
        const bool isOurs = version.next() && version.value(0).toString() == QLatin1StringView(sqlite3_libversion());
        if (!isOurs || !handle.isValid() || qstrcmp(handle.typeName(), "sqlite3*") != 0)
            return;
        constexpr int kSteps = 10'000; // of SQLite's machine, between two looks
        sqlite3_progress_handler(*static_cast<sqlite3* const*>(handle.constData()), kSteps,
                                 [](void* self) { return int(Steady::now() > static_cast<SqlBackend*>(self)->m_mostTime); }, this);
    }
    void beginTime() { m_mostTime = Steady::now() + std::chrono::seconds(kAnswerSeconds); }

    void setServer(QSqlDatabase& db) const {
        const QByteArrayView password = m_plan->password.expose();
        db.setUserName(QString::fromUtf8(m_plan->user));
        db.setPassword(QString::fromUtf8(password));
        db.setDatabaseName(QString::fromUtf8(m_plan->database));
        if (m_plan->dialect == SqlDialect::Mysql) {
            QStringList options{u"MYSQL_OPT_CONNECT_TIMEOUT=%1"_s.arg(kConnectSeconds),
                                u"MYSQL_OPT_READ_TIMEOUT=%1"_s.arg(kAnswerSeconds),
                                u"MYSQL_OPT_WRITE_TIMEOUT=%1"_s.arg(kAnswerSeconds)};
            if (m_plan->host.startsWith('/'))
                options.append(u"UNIX_SOCKET="_s + QString::fromUtf8(m_plan->host));
            else
                db.setHostName(QString::fromUtf8(m_plan->host));
            db.setConnectOptions(options.join(u';'));
            return;
        }
        db.setHostName(QString::fromUtf8(m_plan->host));
        QStringList options;
        const auto add = [&options](const QByteArray& name, QByteArray value) {
            value.replace('\\', "\\\\").replace('\'', "\\'");
            options.append(QString::fromUtf8(name + "='" + value + '\''));
        };
        if (!m_plan->port.isEmpty())
            add("port", m_plan->port);
        const auto isWritten = [this](const QByteArray& name) {
            return std::any_of(m_plan->options.begin(), m_plan->options.end(), [&](const auto& one) { return one.first == name; });
        };
        for (const auto& [name, value] : m_plan->options)
            add(name, value);
        if (!isWritten("connect_timeout"))
            add("connect_timeout", QByteArray::number(kConnectSeconds));
        if (!isWritten("application_name"))
            add("application_name", "postern");
        db.setConnectOptions(options.join(u';'));
    }

    // The database's own word on the query: does it read, and does it give as many columns as the service takes?
    Result<void> prepare(Service service, const SqlQuery& text) {
        QSqlQuery query(database());
        query.setForwardOnly(true);
        if (!query.prepare(QString::fromUtf8(text.text)))
            return errorOf(query.lastError(), text.line);
        query.addBindValue(QString(u""_s));
        if (query.exec()) {
            if (const auto fits = checkColumns(query, service, text.line); !fits)
                return fits;
            query.finish();
        } else if (const Error error = errorOf(query.lastError(), text.line); error.code != ErrorCode::Invalid) {
            return error; // not for Invalid: a number or an address may be wanted, which nothing is not
        }
        m_queries.insert_or_assign(service, std::move(query));
        return {};
    }

    Result<void> checkColumns(const QSqlQuery& query, Service service, int line) const {
        const int wanted = columnsOf(service), given = query.record().count();
        const bool hasName = service == Service::Userinfo && m_plan->mayNameUsers && given == wanted + 1;
        if (given == wanted || hasName)
            return {};
        return Error{ErrorCode::Invalid,
                     where(line) + "query_" + toString(service).toByteArray() + " gives " + QByteArray::number(given) +
                         (given == 1 ? " column, and " : " columns, and ") + QByteArray::number(wanted) +
                         (wanted == 1 ? " is wanted" : " are wanted"),
                     Permanence::Temporary};
    }

    Result<QByteArrayList> ask(Service service, const QByteArray& key) {
        const auto at = m_queries.find(service);
        if (at == m_queries.end())
            return noQuery("query_" + toString(service).toByteArray());
        const auto text = textOf(key);
        if (!text)
            return Error{ErrorCode::Corrupt, "the key is not UTF-8", Permanence::Temporary};
        if (m_plan->dialect == SqlDialect::Sqlite && fileIdentity(m_plan->database) != m_identity)
            return Error{ErrorCode::Unavailable, m_plan->database + " was replaced or is gone", Permanence::Temporary};
        const int line = m_plan->queries.at(service).line;
        QSqlQuery& query = at->second;
        beginTime();
        query.bindValue(0, *text);
        if (!query.exec())
            return errorOf(query.lastError(), line);
        if (const auto fits = checkColumns(query, service, line); !fits)
            return fits.error();
        const bool takesAll = service == Service::Alias || service == Service::Mailaddrmap;
        auto rows = rowsOf(query, query.record().count(), takesAll ? kMostRows : 0, line);
        query.finish();
        return rows;
    }

    // Columns joined by colons; most 0: only the first row counts.
    Result<QByteArrayList> rowsOf(QSqlQuery& query, int columns, qsizetype most, int line) const {
        QByteArrayList rows;
        qsizetype octets = 0;
        while (query.next()) {
            if (most > 0 && rows.size() >= most)
                return Error{ErrorCode::Corrupt, where(line) + "more than " + QByteArray::number(most) + " rows", Permanence::Temporary};
            QByteArrayList fields;
            for (int i = 0; i < columns; ++i) {
                const QVariant value = query.value(i);
                if (value.isNull())
                    return Error{ErrorCode::Corrupt, where(line) + "a row has NULL where something is needed", Permanence::Temporary};
                fields.append(value.typeId() == QMetaType::QByteArray ? value.toByteArray() : value.toString().toUtf8());
            }
            rows.append(fields.join(':'));
            octets += rows.last().size();
            if (octets > kLongestValue && most != kMostElements)
                return Error{ErrorCode::Corrupt, where(line) + "the value is larger than 64 KiB", Permanence::Temporary};
            if (most == 0)
                break;
        }
        const QSqlError error = query.lastError();
        if (error.isValid())
            return errorOf(error, line);
        return rows;
    }

    const std::shared_ptr<const SqlPlan> m_plan;
    QString m_connection; // "" = closed
    std::optional<FileIdentity> m_identity;
    std::map<Service, QSqlQuery> m_queries;
    Steady::time_point m_mostTime; // when what is asked now is given up
};

MadeBackend makeSql(SqlDialect dialect, const BackendSource& source) {
    ReadSqlPlan read = readSqlPlan(dialect, source);
    MadeBackend made;
    made.problems = std::move(read.problems);
    made.holdsSecret = !read.plan.password.isEmpty();
    if (read.isUsable)
        made.make = [plan = std::make_shared<const SqlPlan>(std::move(read.plan))]() -> std::unique_ptr<Backend> {
            return std::make_unique<SqlBackend>(plan);
        };
    return made;
}

} // namespace

MadeBackend makeSqliteBackend(const BackendSource& source) {
    return makeSql(SqlDialect::Sqlite, source);
}

MadeBackend makeMysqlBackend(const BackendSource& source) {
    return makeSql(SqlDialect::Mysql, source);
}

MadeBackend makePostgresBackend(const BackendSource& source) {
    return makeSql(SqlDialect::Postgres, source);
}

} // namespace postern::tables
