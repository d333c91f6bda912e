// SPDX-License-Identifier: GPL-3.0-or-later
//
// Tables in SQLite, on real files. What every backend must answer comes from lookup_cases.h.
#include "tables/sql_backend.h"

#include "support/sql_office.h"

#include <QFile>
#include <QSqlDatabase>
#include <QSqlError>
#include <QSqlQuery>
#include <QTemporaryDir>

using namespace Qt::StringLiterals;
using namespace postern;
using namespace postern::tables;

namespace {

// Another program's connection to a database file.
class Writer {
  public:
    explicit Writer(const QString& path) {
        static int last = 0;
        m_name = u"writer"_s + QString::number(++last);
        QSqlDatabase db = QSqlDatabase::addDatabase(u"QSQLITE"_s, m_name);
        db.setDatabaseName(path);
        if (!db.open())
            qFatal("%s", qPrintable(db.lastError().text()));
    }
    ~Writer() { QSqlDatabase::removeDatabase(m_name); }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    void run(const QByteArrayList& statements) {
        QSqlQuery query(QSqlDatabase::database(m_name));
        query.exec(u"PRAGMA synchronous = OFF"_s); // a test's file need not outlive a power cut
        for (const QByteArray& one : statements)
            if (!query.exec(QString::fromUtf8(one)))
                qFatal("%s: %s", one.constData(), qPrintable(query.lastError().text()));
    }

  private:
    QString m_name;
};

} // namespace

class TestSqliteBackend : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void init();
    void answers_data();
    void answers();
    void sourcesAreSorted();
    void aNewRowIsSeen();
    void aReplacedFileIsNoticed();
    void B02_itCannotWrite();
    void B02_aKeyThatIsNoUtf8();
    void B05_onlySoManyRows();
    void B05_aLargeValue();
    void B08_aLockedDatabaseIsBusy();
    void B08_randomBytesAreNoDatabase();
    void B08_noFile();
    void doesNotOpen_data();
    void doesNotOpen();
    void userinfoOfEarlierReleases();
    void whatHasNoQuery();
    void nullIsNoValue();

  private:
    std::unique_ptr<Backend> backend(const QByteArray& queries, bool mayNameUsers = false) const {
        const MadeBackend made = makeSqliteBackend({"users", "/etc/users.conf",
                                                    "dbpath " + QFile::encodeName(path()) + '\n' + queries, mayNameUsers});
        return made.make ? made.make() : nullptr;
    }
    std::unique_ptr<Backend> office() const { return backend(test::sqlQueries(SqlDialect::Sqlite)); }
    QString path() const { return m_folder->filePath(u"users.db"_s); }

    std::unique_ptr<QTemporaryDir> m_folder;
};

void TestSqliteBackend::init() {
    m_folder = std::make_unique<QTemporaryDir>();
    Writer(path()).run(QByteArrayList{"BEGIN"} + test::sqlOffice(SqlDialect::Sqlite) + QByteArrayList{"COMMIT"});
}

void TestSqliteBackend::answers_data() {
    test::lookupCaseRows(test::sqlServices());
}

void TestSqliteBackend::answers() {
    QFETCH(test::LookupCase, lookup);
    const auto table = office();
    QVERIFY(table->open());
    QCOMPARE(test::lookedUp(*table, lookup.service, lookup.key), lookup.answer);
    QCOMPARE(test::lookedUp(*table, Service::Alias, "ann"), "found ann@far.example"); // nothing is broken by it
    QVERIFY(table->probe());
}

void TestSqliteBackend::sourcesAreSorted() {
    const auto table = office();
    QVERIFY(table->open());
    const auto sources = table->fetch(Service::Source);
    QVERIFY(sources.has_value());
    QCOMPARE(*sources, (QByteArrayList{"192.0.2.7", "192.0.2.8"}));
    QCOMPARE(int(table->fetch(Service::Relayhost).error().code), int(ErrorCode::Unsupported));
}

void TestSqliteBackend::aNewRowIsSeen() {
    const auto table = office();
    QVERIFY(table->open());
    QCOMPARE(test::lookedUp(*table, Service::Alias, "new"), "no");
    Writer(path()).run({"INSERT INTO entries VALUES ('alias', 'new', 1, 'ann', NULL, NULL)"});
    QCOMPARE(test::lookedUp(*table, Service::Alias, "new"), "found ann");
}

void TestSqliteBackend::aReplacedFileIsNoticed() {
    const auto table = office();
    QVERIFY(table->open());
    const QString other = m_folder->filePath(u"other.db"_s);
    Writer(other).run({"CREATE TABLE entries (service, k, seq, a, b, c)", "INSERT INTO entries VALUES ('alias', 'ann', 1, 'new', 0, 0)"});
    QVERIFY(QFile::remove(path()) && QFile::rename(other, path()));
    const auto first = table->lookup(Service::Alias, "ann");
    QVERIFY(!first);
    QCOMPARE(int(first.error().code), int(ErrorCode::Unavailable)); // which has it opened anew
    QVERIFY(table->open());
    QCOMPARE(test::lookedUp(*table, Service::Alias, "ann"), "found new");
}

void TestSqliteBackend::B02_itCannotWrite() {
    const auto table = backend("query_alias DELETE FROM entries WHERE k = ? RETURNING a\n");
    (void)table->open();
    (void)table->lookup(Service::Alias, "ann");
    const auto reader = office();
    QVERIFY(reader->open());
    QCOMPARE(test::lookedUp(*reader, Service::Alias, "ann"), "found ann@far.example");
}

void TestSqliteBackend::B02_aKeyThatIsNoUtf8() {
    const auto table = office();
    QVERIFY(table->open());
    QCOMPARE(test::lookedUp(*table, Service::Alias, "\xc3("), "failed: the key is not UTF-8");
    QCOMPARE(test::lookedUp(*table, Service::Alias, "\xc0\xa7 or 1=1"), "failed: the key is not UTF-8"); // an overlong apostrophe
}

void TestSqliteBackend::B05_onlySoManyRows() {
    const QByteArray many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) ";
    const auto table = backend("query_alias " + many + "SELECT 'a' FROM n WHERE ? <> ''\nquery_domain " + many + "SELECT i FROM n WHERE ? <> ''\n");
    QVERIFY(table->open());
    QCOMPARE(test::lookedUp(*table, Service::Alias, "ann"), "failed: /etc/users.conf:2: more than 1000 rows");
    QCOMPARE(test::lookedUp(*table, Service::Domain, "ann"), "yes"); // the first will do
}

void TestSqliteBackend::B05_aLargeValue() {
    const auto table = backend("query_alias SELECT hex(zeroblob(1000000)) WHERE ? <> ''\n");
    QVERIFY(table->open());
    QVERIFY(test::lookedUp(*table, Service::Alias, "ann").startsWith("failed: /etc/users.conf:2: the value is larger than 64 KiB"));
}

void TestSqliteBackend::B08_aLockedDatabaseIsBusy() {
    const auto table = office();
    QVERIFY(table->open());
    Writer other(path());
    other.run({"BEGIN EXCLUSIVE"});
    const auto locked = table->lookup(Service::Alias, "ann");
    QVERIFY(!locked);
    QCOMPARE(int(locked.error().code), int(ErrorCode::Busy));
    QVERIFY(locked.error().text.contains("locked"));
    other.run({"COMMIT"});
    QCOMPARE(test::lookedUp(*table, Service::Alias, "ann"), "found ann@far.example");
}

void TestSqliteBackend::B08_randomBytesAreNoDatabase() {
    QFile file(path());
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QByteArray("\x13\x77\xfe\x00 no database", 16).repeated(200));
    file.close();
    const auto opened = office()->open();
    QVERIFY(!opened);
    QVERIFY2(opened.error().text.contains("not a database"), opened.error().text.constData());
}

void TestSqliteBackend::B08_noFile() {
    QVERIFY(QFile::remove(path()));
    const auto opened = office()->open();
    QVERIFY(!opened);
    QCOMPARE(int(opened.error().code), int(ErrorCode::Unavailable));
    QCOMPARE(opened.error().text, QFile::encodeName(path()) + ": unable to open database file");
    QVERIFY(!QFile::exists(path())); // none is made
}

void TestSqliteBackend::doesNotOpen_data() {
    QTest::addColumn<QByteArray>("query");
    QTest::addColumn<QByteArray>("said");
    QTest::newRow("a column that is not there") << QByteArray("query_alias SELECT z FROM entries WHERE k=?")
                                                << QByteArray("/etc/users.conf:2: no such column: z");
    QTest::newRow("a table that is not there") << QByteArray("query_domain SELECT a FROM domains WHERE k=?")
                                               << QByteArray("/etc/users.conf:2: no such table: domains");
    QTest::newRow("two columns for an alias") << QByteArray("query_alias SELECT a, b FROM entries WHERE k=?")
                                              << QByteArray("/etc/users.conf:2: query_alias gives 2 columns, and 1 is wanted");
    QTest::newRow("one column for credentials") << QByteArray("query_credentials SELECT a FROM entries WHERE k=?")
                                                << QByteArray("/etc/users.conf:2: query_credentials gives 1 column, and 2 are wanted");
    QTest::newRow("four columns for userinfo since 5.5") << QByteArray("query_userinfo SELECT k, a, b, c FROM entries WHERE k=?")
                                                         << QByteArray("/etc/users.conf:2: query_userinfo gives 4 columns, and 3 are wanted");
}

void TestSqliteBackend::doesNotOpen() {
    QFETCH(QByteArray, query);
    QFETCH(QByteArray, said);
    const auto opened = backend(query + '\n')->open();
    QVERIFY(!opened);
    QCOMPARE(opened.error().text, said);
}

void TestSqliteBackend::userinfoOfEarlierReleases() {
    const auto table = backend("query_userinfo SELECT k, a, b, c FROM entries WHERE service = 'userinfo' AND k=?\n", true);
    QVERIFY(table->open());
    QCOMPARE(test::lookedUp(*table, Service::Userinfo, "ann"), "found ann:1000:1001:/home/ann");
}

void TestSqliteBackend::whatHasNoQuery() {
    const auto table = backend("query_alias SELECT a FROM entries WHERE k=?\n");
    QVERIFY(table->open());
    const auto answer = table->lookup(Service::Credentials, "ann");
    QVERIFY(!answer);
    QCOMPARE(int(answer.error().code), int(ErrorCode::Unsupported));
    QCOMPARE(answer.error().text, "/etc/users.conf has no query_credentials, so it has no answer to that");
}

void TestSqliteBackend::nullIsNoValue() {
    const auto table = backend("query_credentials SELECT a, b FROM entries WHERE service = 'alias' AND k=?\n");
    QVERIFY(table->open());
    const auto answer = table->lookup(Service::Credentials, "ann");
    QVERIFY(!answer);
    QCOMPARE(int(answer.error().code), int(ErrorCode::Corrupt));
}

QTEST_GUILESS_MAIN(TestSqliteBackend)
#include "tst_sqlite_backend.moc"
