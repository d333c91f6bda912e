// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/table_factory.h"

#include "support/memory_file_store.h"

#include <QTest>

using namespace postern;
using namespace postern::tables;

class TestTableFactory : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void aMissingFileIsAProblem();
    void aBadLineIsAProblemWithItsLine();
    void aFileIsASnapshot();
    void whatAFilesTableHandedOutOutlivesIt();
    void backends_data();
    void backends();
    void whatCannotBeAskedFails();
};

void TestTableFactory::aMissingFileIsAProblem() {
    test::MemoryFileStore files;
    const MadeTable made = makeFileTable(files, "users", "/p/tables/users", '+');
    QCOMPARE(made.problems.size(), size_t(1));
    QCOMPARE(made.problems[0].line, 0);
    QVERIFY(made.problems[0].text.contains("/p/tables/users"));
    QVERIFY(made.table);
}

void TestTableFactory::aBadLineIsAProblemWithItsLine() {
    test::MemoryFileStore files;
    files.put("/p/users", "ann x:y\nbob\n");
    const MadeTable made = makeFileTable(files, "users", "/p/users", '+');
    QCOMPARE(made.problems.size(), size_t(1));
    QCOMPARE(made.problems[0].line, 2);
    QCOMPARE(made.table->size(), 1);
}

void TestTableFactory::aFileIsASnapshot() {
    test::MemoryFileStore files;
    files.put("/p/ours", "one.example\n");
    const MadeTable made = makeFileTable(files, "ours", "/p/ours", '+');
    files.put("/p/ours", "two.example\n");
    QCOMPARE(made.table->keys(), QByteArrayList{"one.example"});
    QCOMPARE(made.table->kind(), "file");
    QCOMPARE(made.table->shape(), Shape::List);
}

void TestTableFactory::whatAFilesTableHandedOutOutlivesIt() { // its entries point into the file's text
    test::MemoryFileStore files;
    files.put("/p/users", "zoe@one.example zoe\nBob@one.example bob, carl\n");
    files.put("/p/ours", "two.example\n*.One.example\n");
    LookupResult user, domain, turn;
    QByteArrayList keys, written;
    {
        const MadeTable users = makeFileTable(files, "users", "/p/users", '+'), ours = makeFileTable(files, "ours", "/p/ours", '+');
        users.table->lookup(Service::Alias, "bob@one.example", [&](LookupResult result) { user = std::move(result); });
        ours.table->lookup(Service::Domain, "a.one.example", [&](LookupResult result) { domain = std::move(result); });
        ours.table->fetch(Service::Source, [&](LookupResult result) { turn = std::move(result); });
        keys = users.table->keys();
        written = ours.table->keysAsWritten();
    }
    QCOMPARE(user.key + '=' + user.value, QByteArray("bob@one.example=bob, carl"));
    QCOMPARE(domain.key + '=' + domain.value, QByteArray("*.one.example=*.one.example"));
    QCOMPARE(turn.key + '=' + turn.value, QByteArray("*.one.example=*.one.example"));
    QCOMPARE(keys, (QByteArrayList{"bob@one.example", "zoe@one.example"}));
    QCOMPARE(written, (QByteArrayList{"two.example", "*.one.example"}));
}

void TestTableFactory::backends_data() {
    QTest::addColumn<QByteArray>("word");
    QTest::addColumn<BackendKind>("kind");
    QTest::newRow("bare path") << QByteArray() << BackendKind::File;
    for (const char* word : {"file", "static"})
        QTest::newRow(word) << QByteArray(word) << BackendKind::File;
    for (const char* word : {"sqlite", "mysql", "postgres", "ldap", "redis", "db", "passwd", "socketmap", "getpwnam"})
        QTest::newRow(word) << QByteArray(word) << BackendKind::Asked;
    QTest::newRow("keychain") << QByteArray("keychain") << BackendKind::Keychain;
    for (const char* word : {"proc", "made-up"})
        QTest::newRow(word) << QByteArray(word) << BackendKind::Unsupported;
}

void TestTableFactory::backends() {
    QFETCH(QByteArray, word);
    QFETCH(BackendKind, kind);
    QCOMPARE(int(backendOf(word)), int(kind));
}

void TestTableFactory::whatCannotBeAskedFails() {
    const TablePtr table = makeUnavailableTable("unwanted", "db");
    LookupResult answer;
    table->lookup(Service::Netaddr, "192.0.2.1", [&](LookupResult result) { answer = std::move(result); });
    QVERIFY(answer.failed);
    QCOMPARE(answer.value, "table unwanted is not connected: nothing here answers for the backend db");
    answer = {};
    table->fetch(Service::Source, [&](LookupResult result) { answer = std::move(result); });
    QVERIFY(answer.failed);
    QCOMPARE(table->shape(), Shape::Dynamic);
}

QTEST_APPLESS_MAIN(TestTableFactory)
#include "tst_table_factory.moc"
