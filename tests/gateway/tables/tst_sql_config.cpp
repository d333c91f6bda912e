// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/sql_config.h"

#include <QTest>

using namespace postern;
using namespace postern::tables;

namespace {

ReadSqlPlan read(SqlDialect dialect, const QByteArray& text, bool mayNameUsers = false) {
    return readSqlPlan(dialect, {"users", "/etc/mail/users.conf", text, mayNameUsers});
}

// "3 warning: text", one a line.
QByteArray problems(const ReadSqlPlan& read) {
    QByteArrayList lines;
    for (const TableProblem& one : read.problems)
        lines.append(QByteArray::number(one.line) + (one.isWarning ? " warning: " : " error: ") + one.text);
    return lines.join('\n');
}

} // namespace

class TestSqlConfig : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void readsEveryKey();
    void separators_data();
    void separators();
    void complains_data();
    void complains();
    void B02_countsParameters_data();
    void B02_countsParameters();
    void conninfo_data();
    void conninfo();
    void conninfoIsTakenApart();
    void aPathBesideTheFile();
};

void TestSqlConfig::readsEveryKey() {
    const ReadSqlPlan mysql = read(SqlDialect::Mysql, "# where\nhost db.example\nusername mail\npassword p w\ndatabase office\n"
                                                      "query_alias SELECT a FROM t WHERE k=?\nquery_domain SELECT d FROM t WHERE k=?\n"
                                                      "query_credentials SELECT u,p FROM t WHERE k=?\n"
                                                      "query_netaddr SELECT n FROM t WHERE k=?\nquery_userinfo SELECT u,g,h FROM t WHERE k=?\n"
                                                      "query_source SELECT s FROM t WHERE k=?\nquery_mailaddr SELECT m FROM t WHERE k=?\n"
                                                      "query_addrname SELECT n FROM t WHERE k=?\nquery_mailaddrmap SELECT m FROM t WHERE k=?\n"
                                                      "fetch_source SELECT s FROM t\nfetch_source_expire 10\nfetch_source_refresh 5\n");
    QCOMPARE(problems(mysql), "");
    QVERIFY(mysql.isUsable);
    QCOMPARE(mysql.plan.host, "db.example");
    QCOMPARE(mysql.plan.user, "mail");
    QCOMPARE(mysql.plan.password.expose().toByteArray(), "p w");
    QCOMPARE(mysql.plan.database, "office");
    QCOMPARE(mysql.plan.queries.size(), size_t(9));
    QCOMPARE(mysql.plan.queries.at(Service::Domain).text, "SELECT d FROM t WHERE k=?");
    QCOMPARE(mysql.plan.queries.at(Service::Domain).line, 7);
    QCOMPARE(mysql.plan.fetchSource.text, "SELECT s FROM t");
    QVERIFY(mysql.plan.fetchRule.expire == std::chrono::seconds(10));
    QCOMPARE(mysql.plan.fetchRule.refresh, 5);

    const ReadSqlPlan bare = read(SqlDialect::Sqlite, "dbpath /x.db\nquery_alias SELECT a FROM t WHERE k=?\n");
    QVERIFY(bare.plan.fetchRule.expire == std::chrono::seconds(60));
    QCOMPARE(bare.plan.fetchRule.refresh, 1000);
}

void TestSqlConfig::separators_data() {
    QTest::addColumn<QByteArray>("line");
    for (const char* line : {"dbpath /x.db", "dbpath: /x.db", "dbpath:/x.db", "dbpath : /x.db", "\tdbpath\t/x.db  ", "dbpath /x.db\r"})
        QTest::newRow(line) << QByteArray(line);
}

void TestSqlConfig::separators() {
    QFETCH(QByteArray, line);
    const ReadSqlPlan plan = read(SqlDialect::Sqlite, line + "\nquery_alias: SELECT a FROM t WHERE k=?\n");
    QCOMPARE(problems(plan), "");
    QCOMPARE(plan.plan.database, "/x.db");
}

void TestSqlConfig::complains_data() {
    QTest::addColumn<SqlDialect>("dialect");
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("said");
    const QByteArray alias = "query_alias SELECT a FROM t WHERE k=?\n";
    const auto row = [](const char* name, SqlDialect dialect, const QByteArray& text, const QByteArray& said) {
        QTest::newRow(name) << dialect << text << said;
    };
    using enum SqlDialect;
    row("an unknown key is a warning", Sqlite, "dbpath /x\nquery_aliases SELECT 1\n" + alias,
        "2 warning: there is no key \"query_aliases\" for this kind of table; it counts for nothing");
    row("a key of another backend is unknown", Mysql, "dbpath /x\n" + alias,
        "1 warning: there is no key \"dbpath\" for this kind of table; it counts for nothing");
    row("of a query that stands twice the first counts", Sqlite, "dbpath /x\n" + alias + "query_alias SELECT b FROM t WHERE k=?\n",
        "3 warning: \"query_alias\" stands in line 2 already; the first one counts");
    row("of dbpath the last", Sqlite, "dbpath /x\ndbpath /y\n" + alias,
        "2 warning: \"dbpath\" stands in line 1 already; the last one counts");
    row("a key without a value", Sqlite, "dbpath\n" + alias,
        "1 error: the key \"dbpath\" has no value\n0 error: \"dbpath\" is missing: it names the database file");
    row("no dbpath", Sqlite, alias, "0 error: \"dbpath\" is missing: it names the database file");
    row("no conninfo", Postgres, "query_alias SELECT a FROM t WHERE k=$1\n",
        "0 error: \"conninfo\" is missing: it says where the database is");
    row("a conninfo that does not read", Postgres, "conninfo host=a user\nquery_alias SELECT a FROM t WHERE k=$1\n",
        "1 error: conninfo: there is no \"=\" behind \"user\"");
    row("no query at all", Mysql, "host x\n", "0 warning: there is no query in it, so every question to this table fails");
    row("B02 no parameter", Sqlite, "dbpath /x\nquery_alias SELECT a FROM t\n",
        "2 error: query_alias has 0 parameters, and exactly one is wanted: ? where the key belongs");
    row("B02 two parameters", Mysql, "query_alias SELECT a FROM t WHERE k=? OR j=?\n",
        "1 error: query_alias has 2 parameters, and exactly one is wanted: ? where the key belongs");
    row("B02 the wrong marker", Postgres, "conninfo host=a\nquery_alias SELECT a FROM t WHERE k=?\n",
        "2 error: query_alias has 0 parameters, and exactly one is wanted: $1 where the key belongs");
    row("fetch_source with a parameter", Sqlite, "dbpath /x\nfetch_source SELECT s FROM t WHERE k=?\n",
        "2 error: fetch_source has 1 parameter, and none is wanted: it takes all there is");
    row("a number that is none", Sqlite, "dbpath /x\nfetch_source_expire soon\n" + alias,
        "2 error: fetch_source_expire wants a number from 0 to 86400");
}

void TestSqlConfig::complains() {
    QFETCH(SqlDialect, dialect);
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, said);
    const ReadSqlPlan plan = read(dialect, text);
    QCOMPARE(problems(plan), said);
    QCOMPARE(plan.isUsable, !said.contains(" error: "));
}

void TestSqlConfig::B02_countsParameters_data() {
    QTest::addColumn<SqlDialect>("dialect");
    QTest::addColumn<QByteArray>("query");
    QTest::addColumn<int>("count");
    const auto row = [](const char* name, SqlDialect dialect, const QByteArray& query, int count) {
        QTest::newRow(name) << dialect << query << count;
    };
    using enum SqlDialect;
    row("one", Sqlite, "SELECT a FROM t WHERE k = ?", 1);
    row("one of a number", Sqlite, "SELECT a FROM t WHERE k = ?1 OR j = ?1", 1);
    row("in a text", Sqlite, "SELECT '?' FROM t WHERE k = ?", 1);
    row("in a text with an apostrophe", Mysql, "SELECT 'it''s ?' FROM t WHERE k = ?", 1);
    row("in a text with an escaped apostrophe", Mysql, "SELECT 'it\\'s ?' FROM t WHERE k = ?", 1);
    row("behind a backslash that escapes nothing", Sqlite, "SELECT '\\' , ? FROM t", 1);
    row("in a name", Mysql, "SELECT `what?` FROM t WHERE k = ?", 1);
    row("in a name in brackets", Sqlite, "SELECT [what?] FROM t WHERE k = ?", 1);
    row("in comments", Sqlite, "SELECT a /* ? */ FROM t WHERE k = ? -- ?", 1);
    row("in a comment of MySQL's own", Mysql, "SELECT a FROM t WHERE k = ? # ?", 1);
    row("a text that does not end", Sqlite, "SELECT a FROM t WHERE k = 'x ?", 0);
    row("postgres, one", Postgres, "SELECT a FROM t WHERE k = $1", 1);
    row("postgres, one twice", Postgres, "SELECT a FROM t WHERE k = $1 OR j = $1", 1);
    row("postgres, two", Postgres, "SELECT a FROM t WHERE k = $1 OR j = $2", 2);
    row("postgres, only the second", Postgres, "SELECT a FROM t WHERE k = $2", 2);
    row("postgres, in a text", Postgres, "SELECT '$1' FROM t WHERE k = $1", 1);
    row("postgres, in a dollar quote", Postgres, "SELECT $tag$ $2 $tag$ FROM t WHERE k = $1", 1);
    row("postgres, a name with a dollar", Postgres, "SELECT a$2 FROM t WHERE k = $1::text", 1);
}

void TestSqlConfig::B02_countsParameters() {
    QFETCH(SqlDialect, dialect);
    QFETCH(QByteArray, query);
    QFETCH(int, count);
    QCOMPARE(parametersOf(dialect, query), count);
}

void TestSqlConfig::conninfo_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("parts");
    // As in libpq's manual, 34.1.1.
    QTest::newRow("pairs") << QByteArray("host=localhost port=5432 dbname=mydb connect_timeout=10")
                           << QByteArray("host=localhost|port=5432|dbname=mydb|connect_timeout=10");
    QTest::newRow("blanks around =") << QByteArray(" host = a  user= b ") << QByteArray("host=a|user=b");
    QTest::newRow("quotes") << QByteArray("password='a b\\'c\\\\d' user=''") << QByteArray("password=a b'c\\d|user=");
    QTest::newRow("an escaped blank") << QByteArray("password=a\\ b") << QByteArray("password=a b");
    QTest::newRow("not closed") << QByteArray("password='a b") << QByteArray("conninfo: the quotation mark of \"password\" is not closed");
    QTest::newRow("an address") << QByteArray("postgresql://other@localhost/otherdb?connect_timeout=10&application_name=myapp")
                                << QByteArray("dbname=otherdb|user=other|host=localhost|connect_timeout=10|application_name=myapp");
    QTest::newRow("an address with a password") << QByteArray("postgres://user:s%40cret@localhost:5433")
                                                << QByteArray("user=user|password=s@cret|host=localhost|port=5433");
    QTest::newRow("IPv6") << QByteArray("postgresql://[2001:db8::1234]/database") << QByteArray("dbname=database|host=2001:db8::1234");
    QTest::newRow("a socket") << QByteArray("postgresql://%2Fvar%2Flib%2Fpostgresql/dbname") << QByteArray("dbname=dbname|host=/var/lib/postgresql");
    QTest::newRow("several") << QByteArray("postgresql://host1:123,host2:456/somedb") << QByteArray("dbname=somedb|host=host1,host2|port=123,456");
    QTest::newRow("nothing but the scheme") << QByteArray("postgresql://") << QByteArray("");
}

void TestSqlConfig::conninfo() {
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, parts);
    const auto pairs = parseConninfo(text);
    QByteArrayList shown;
    if (pairs)
        for (const auto& [name, value] : *pairs)
            shown.append(name + '=' + value);
    QCOMPARE(pairs ? shown.join('|') : pairs.error().text, parts);
}

void TestSqlConfig::conninfoIsTakenApart() {
    const ReadSqlPlan plan = read(SqlDialect::Postgres, "conninfo: host=db port=5433 user=u password='s3;cret' dbname=d sslmode=require\n"
                                                        "query_alias SELECT a FROM t WHERE k=$1\n");
    QCOMPARE(problems(plan), "");
    QCOMPARE(plan.plan.host, "db");
    QCOMPARE(plan.plan.port, "5433");
    QCOMPARE(plan.plan.user, "u");
    QCOMPARE(plan.plan.password.expose().toByteArray(), "s3;cret");
    QCOMPARE(plan.plan.database, "d");
    QCOMPARE(plan.plan.options.size(), size_t(1));
    QCOMPARE(plan.plan.options[0].first, "sslmode");
}

void TestSqlConfig::aPathBesideTheFile() {
    QCOMPARE(read(SqlDialect::Sqlite, "dbpath users.db\n").plan.database, "/etc/mail/users.db");
    QCOMPARE(read(SqlDialect::Sqlite, "dbpath /var/users.db\n").plan.database, "/var/users.db");
}

QTEST_APPLESS_MAIN(TestSqlConfig)
#include "tst_sql_config.moc"
