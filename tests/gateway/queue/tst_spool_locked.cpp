// SPDX-License-Identifier: GPL-3.0-or-later
//
// Another program at the queue's database, on the real disk: whoever holds it first keeps it, and no mail is lost
// (threats Q08, Q09: one connection writes and checkpoints, no other can).
#include "spool_fixture.h"

#include "base/log.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <sqlite3.h>

using namespace postern;
using namespace postern::queue;
using namespace postern::test;

namespace {

class Tool { // what an administrator would use
  public:
    explicit Tool(const QByteArray& path) { sqlite3_open_v2(path.constData(), &m_db, SQLITE_OPEN_READWRITE, nullptr); }
    Tool(const Tool&) = delete;
    Tool& operator=(const Tool&) = delete;
    ~Tool() { sqlite3_close(m_db); }
    int run(const char* sql) { return sqlite3_exec(m_db, sql, nullptr, nullptr, nullptr) & 0xff; }

  private:
    sqlite3* m_db = nullptr;
};

bool storeOne(Spool& spool) {
    bool stored = false;
    StoreMessage message = makeMessage(spool.ids()->next(), "Subject: x\r\n\r\n");
    message.done = [&stored](const Result<BodyPtr>& done) { stored = done.has_value(); };
    std::vector<SpoolRequest> group;
    group.emplace_back(std::move(message));
    spool.carryOut(std::move(group));
    return stored;
}

SpoolSettings settingsFor(const QTemporaryDir& folder) {
    SpoolSettings settings;
    settings.folder = QFile::encodeName(folder.path());
    settings.reserveBytes = 0;
    return settings;
}

} // namespace

class TestSpoolLocked : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() { setLogThreshold(LogLevel(99)); }
    void Q08_aToolThatHoldsTheDatabaseIsNamed();
    void Q09_nobodyElseGetsInWhileItRuns();
};

void TestSpoolLocked::Q08_aToolThatHoldsTheDatabaseIsNamed() {
    QTemporaryDir folder;
    const auto files = makeDiskFileStore();
    const FakeClock clock;
    Spool spool(*files, clock, settingsFor(folder));
    QVERIFY(spool.open());
    QVERIFY(storeOne(spool));
    spool.close();
    {
        Tool tool(QFile::encodeName(folder.filePath(QStringLiteral("queue.db"))));
        QCOMPARE(tool.run("BEGIN IMMEDIATE"), SQLITE_OK);
        const auto opened = spool.open();
        QVERIFY(!opened);
        QVERIFY(opened.error().code == ErrorCode::Busy);
        QVERIFY2(opened.error().text.contains("in use by another program"), opened.error().text.constData());
        QVERIFY(!QFile::exists(folder.filePath(QStringLiteral("queue.db.new")))); // not taken for damage
        QCOMPARE(tool.run("ROLLBACK"), SQLITE_OK);
    }
    QVERIFY(spool.open());
    QCOMPARE(wholeQueue(spool)->size(), size_t(1));
}

void TestSpoolLocked::Q09_nobodyElseGetsInWhileItRuns() {
    QTemporaryDir folder;
    const auto files = makeDiskFileStore();
    const FakeClock clock;
    Spool spool(*files, clock, settingsFor(folder));
    QVERIFY(spool.open());
    Tool tool(QFile::encodeName(folder.filePath(QStringLiteral("queue.db"))));
    for (const char* sql :
         {"SELECT count(*) FROM message", "BEGIN IMMEDIATE", "PRAGMA wal_checkpoint(TRUNCATE)", "DELETE FROM message"})
        QVERIFY2(tool.run(sql) != SQLITE_OK, sql);
    QVERIFY(storeOne(spool));
    QCOMPARE(wholeQueue(spool)->size(), size_t(1));
}

QTEST_APPLESS_MAIN(TestSpoolLocked)
#include "tst_spool_locked.moc"
