// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/db_file.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace postern;
using namespace postern::tables;

namespace {

struct Place {
    QTemporaryDir folder;
    std::unique_ptr<FileStore> files = makeDiskFileStore();
    QByteArray path = QFile::encodeName(folder.filePath(QStringLiteral("users.db")));
    QByteArray source = QFile::encodeName(folder.filePath(QStringLiteral("users")));

    Place() { put(source, ""); }
    static void put(const QByteArray& name, const QByteArray& bytes) {
        QFile file(QFile::decodeName(name));
        if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size())
            qFatal("cannot write");
    }
    Result<void> write(const std::vector<Entry>& entries, DbKind kind = DbKind::Hash) {
        return DbFile::write(*files, path, source, kind, entries);
    }
};

} // namespace

class TestDbFile : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void whatIsWrittenIsFound_data();
    void whatIsWrittenIsFound();
    void hasTheRightsOfItsSource();
    void aDuplicateLeavesTheOldFile();
    void anotherFileIsRefused_data();
    void anotherFileIsRefused();
    void B01_aDamagedFileIsRefusedOrReadNeverTrusted();
};

void TestDbFile::whatIsWrittenIsFound_data() {
    QTest::addColumn<int>("kind");
    QTest::newRow("hash") << int(DbKind::Hash);
    QTest::newRow("btree") << int(DbKind::Btree);
}
void TestDbFile::whatIsWrittenIsFound() {
    QFETCH(int, kind);
    Place place;
    std::vector<Entry> entries{{"bob", "ann@x.example, carl"}, {"a.example", ""}, {"empty value", ""}};
    for (int i = 0; i < 5'000; ++i)
        entries.push_back({"key" + QByteArray::number(i), QByteArray(i % 300, 'v') + '!'});
    QVERIFY(place.write(entries, DbKind(kind)));
    const auto db = DbFile::open(place.path);
    QVERIFY2(db, db ? "" : db.error().text.constData());
    QCOMPARE(db->value("bob")->value_or("?"), QByteArray("ann@x.example, carl"));
    QCOMPARE(db->value("a.example")->value_or("?"), QByteArray("<set>"));
    QCOMPARE(db->value("key4999")->value_or("?"), QByteArray(4999 % 300, 'v') + '!');
    QVERIFY(!*db->value("bo"));
    QVERIFY(!*db->value("Bob"));
    auto all = db->entries();
    QVERIFY(all);
    const auto byKey = [](const Entry& a, const Entry& b) { return a.key < b.key; };
    std::sort(all->begin(), all->end(), byKey);
    std::sort(entries.begin(), entries.end(), byKey);
    QVERIFY(*all == entries);
}

void TestDbFile::hasTheRightsOfItsSource() {
    Place place;
    QVERIFY(QFile::setPermissions(QFile::decodeName(place.source), QFile::ReadOwner | QFile::WriteOwner | QFile::ReadGroup));
    QVERIFY(place.write({{"a", "b"}}));
    const auto rights = QFile::permissions(QFile::decodeName(place.path));
    QVERIFY(rights.testFlag(QFile::ReadGroup) && !rights.testFlag(QFile::ReadOther) && !rights.testFlag(QFile::WriteGroup));
    QCOMPARE(QDir(place.folder.path()).entryList(QDir::Files).size(), 2); // no leftovers
}

void TestDbFile::aDuplicateLeavesTheOldFile() {
    Place place;
    QVERIFY(place.write({{"a", "old"}}));
    const auto again = place.write({{"a", "new"}, {"a", "newer"}});
    QVERIFY(!again);
    QVERIFY2(again.error().text.contains("duplicate entry for a"), again.error().text.constData());
    QCOMPARE(DbFile::open(place.path)->value("a")->value_or("?"), QByteArray("old"));
    QCOMPARE(QDir(place.folder.path()).entryList(QDir::Files).size(), 2);
}

void TestDbFile::anotherFileIsRefused_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<int>("code");
    QTest::newRow("text") << QByteArray("a b\n").repeated(5'000) << int(ErrorCode::Corrupt);
    QTest::newRow("nothing in it") << QByteArray("") << int(ErrorCode::Corrupt);
    QTest::newRow("zeros") << QByteArray(16384, '\0') << int(ErrorCode::Corrupt);
    QTest::newRow("not there") << QByteArray() << int(ErrorCode::NotFound);
}
void TestDbFile::anotherFileIsRefused() {
    QFETCH(QByteArray, bytes);
    QFETCH(int, code);
    Place place;
    if (!bytes.isNull())
        Place::put(place.path, bytes);
    const auto db = DbFile::open(place.path);
    QVERIFY(!db);
    QCOMPARE(int(db.error().code), code);
    QVERIFY2(db.error().text.contains(place.path), db.error().text.constData());
}

void TestDbFile::B01_aDamagedFileIsRefusedOrReadNeverTrusted() {
    Place place;
    std::vector<Entry> entries;
    for (int i = 0; i < 300; ++i)
        entries.push_back({"key" + QByteArray::number(i), "value of it"});
    QVERIFY(place.write(entries));
    const QByteArray good = *place.files->read(place.path);
    int refused = 0;
    for (qsizetype cut = 1; cut < good.size(); cut += good.size() / 23) {
        Place::put(place.path, good.first(cut));
        refused += !DbFile::open(place.path);
    }
    QCOMPARE(refused, 23 + (good.size() % (good.size() / 23) > 1 ? 1 : 0));
    quint32 random = 1;
    for (int round = 0; round < 200; ++round) {
        QByteArray bad = good;
        for (int i = 0; i < 8; ++i) {
            random = random * 1664525u + 1013904223u;
            bad[qsizetype(random % quint32(bad.size()))] = char(random >> 24);
        }
        Place::put(place.path, bad);
        if (const auto db = DbFile::open(place.path)) {
            (void)db->entries();
            (void)db->value("key7");
        }
    }
}

QTEST_APPLESS_MAIN(TestDbFile)
#include "tst_db_file.moc"
