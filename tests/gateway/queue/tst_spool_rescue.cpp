// SPDX-License-Identifier: GPL-3.0-or-later
//
// Starting on something other than the spool that was left: newer, foreign, damaged, incomplete (threats U02, Q06,
// Q07).
#include "spool_fixture.h"

#include "base/log.h"
#include "queue/message_id.h"
#include "queue/spool_schema.h"

#include <QTest>

#include <sqlite3.h>

#include <algorithm>

using namespace postern;
using namespace postern::queue;
using namespace postern::test;

namespace {

const QByteArray kDatabase("/spool/queue.db");

QByteArray smallBody(int i) {
    return "Subject: small\r\n\r\n" + QByteArray(200 + i * 37, char('a' + i % 26));
}
QByteArray largeBody(int i) {
    return "Subject: large\r\n\r\n" + QByteArray(40'000 + i, char('a' + i % 26));
}

// Runs SQL on the database file as another program would.
bool runSql(SpoolFixture& f, const char* sql) {
    sqlite3* db = nullptr;
    bool ran = sqlite3_open_v2(kDatabase.constData(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, f.vfs.name()) ==
               SQLITE_OK;
    ran = ran && sqlite3_exec(db, "PRAGMA locking_mode=EXCLUSIVE", nullptr, nullptr, nullptr) == SQLITE_OK;
    ran = ran && sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
    sqlite3_close(db);
    return ran;
}

QByteArray bytesOf(SpoolFixture& f, const QByteArray& path) {
    return f.disk.read(path, 0, -1).value_or("(missing)");
}

// 60 small messages, 3 whose content is in a segment and 3 whose content is a file; closed in order.
std::vector<MessageId> fill(SpoolFixture& f) {
    std::vector<MessageId> ids;
    (void)f.open();
    for (int i = 0; i < 66; ++i) {
        const MessageId id = f.spool->ids()->next();
        StoreMessage message = makeMessage(id, i < 60 ? smallBody(i) : largeBody(i), 2);
        message.message.createdAt += i;
        if (f.store(i % 2 == 1 && i > 60 ? f.inFile(std::move(message)) : std::move(message)))
            ids.push_back(id);
    }
    f.spool->close();
    return ids;
}

struct Tally {
    int whole = 0, held = 0, wrong = 0;
};

// Whole = waiting with the right bytes; wrong = waiting with other bytes, which must never be.
Tally tally(SpoolFixture& f, const std::vector<MessageId>& ids) {
    Tally t;
    const auto queued = wholeQueue(*f.spool);
    if (!queued)
        return {0, 0, 9999};
    for (const QueuedMessage& message : *queued) {
        const auto at = std::find(ids.begin(), ids.end(), message.message.id);
        const int i = int(at - ids.begin());
        const bool held = std::all_of(message.envelopes.begin(), message.envelopes.end(), [](const Envelope& e) {
            return e.state == EnvelopeState::Held && !e.lastError.isEmpty();
        });
        const QByteArray expected = at == ids.end() ? QByteArray() : i < 60 ? smallBody(i) : largeBody(i);
        if (held && !message.envelopes.empty())
            ++t.held;
        else if (at != ids.end() && f.content(message.message.id).value_or("?") == expected)
            ++t.whole;
        else
            ++t.wrong;
    }
    return t;
}

// As the programs of their time made them: the tables of formats 1 and 2, filled from those of today.
constexpr char kTables1[] = R"sql(
CREATE TABLE message(
    serial INTEGER PRIMARY KEY, created_at INTEGER NOT NULL, size INTEGER NOT NULL, in_file INTEGER NOT NULL,
    content_check INTEGER NOT NULL, is_bounce INTEGER NOT NULL, eight_bit INTEGER NOT NULL,
    sender BLOB NOT NULL, declared_size INTEGER NOT NULL, body_type INTEGER NOT NULL, smtp_utf8 INTEGER NOT NULL,
    ret INTEGER NOT NULL, envid BLOB NOT NULL, helo BLOB NOT NULL, client_address BLOB NOT NULL,
    client_name BLOB NOT NULL, listener BLOB NOT NULL, tag BLOB NOT NULL, user BLOB NOT NULL, subject BLOB NOT NULL);
)sql";
constexpr char kTables2[] = R"sql(
CREATE TABLE message(
    serial INTEGER PRIMARY KEY, created_at INTEGER NOT NULL, size INTEGER NOT NULL, in_file INTEGER NOT NULL,
    content_check INTEGER NOT NULL, is_bounce INTEGER NOT NULL, eight_bit INTEGER NOT NULL,
    sender BLOB NOT NULL, declared_size INTEGER NOT NULL, body_type INTEGER NOT NULL, smtp_utf8 INTEGER NOT NULL,
    ret INTEGER NOT NULL, envid BLOB NOT NULL, helo BLOB NOT NULL, client_address BLOB NOT NULL,
    client_name BLOB NOT NULL, listener BLOB NOT NULL, tag BLOB NOT NULL, user BLOB NOT NULL, subject BLOB NOT NULL,
    segment INTEGER NOT NULL DEFAULT 0, place INTEGER NOT NULL DEFAULT 0);
)sql";
constexpr char kOtherTables[] = R"sql(
CREATE TABLE content(serial INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE envelope(
    key INTEGER PRIMARY KEY, state INTEGER NOT NULL, recipient BLOB NOT NULL, destination BLOB NOT NULL,
    notify BLOB NOT NULL, orcpt BLOB NOT NULL, action BLOB NOT NULL, relay BLOB NOT NULL, ttl INTEGER NOT NULL,
    next_try_at INTEGER NOT NULL, last_try_at INTEGER NOT NULL, tries INTEGER NOT NULL, last_error BLOB NOT NULL);
CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
)sql";

// A queue that this program left in order, in an older one's format; format 1 had no segments.
bool makeOlder(SpoolFixture& f, int format) {
    if (format == 3)
        return runSql(f, "ALTER TABLE envelope DROP COLUMN local; PRAGMA user_version=3");
    const QByteArray columns =
        "serial, created_at, size, in_file, content_check, is_bounce, eight_bit, sender, declared_size, body_type,"
        " smtp_utf8, ret, envid, helo, client_address, client_name, listener, tag, user, subject";
    QByteArray sql = "BEGIN;";
    if (format == 1)
        sql += "DELETE FROM envelope WHERE key >> 32 IN (SELECT serial FROM message WHERE segment<>0);"
               "DELETE FROM message WHERE segment<>0;";
    for (const char* table : {"message", "content", "envelope", "counter"})
        sql += QByteArray("ALTER TABLE ") + table + " RENAME TO new_" + table + ';';
    sql += (format == 1 ? QByteArray(kTables1) : QByteArray(kTables2)) + kOtherTables;
    sql += "INSERT INTO message SELECT " + columns + (format == 2 ? ", segment, place" : "") + " FROM new_message;"
           "INSERT INTO content SELECT * FROM new_content; INSERT INTO counter SELECT * FROM new_counter;"
           "INSERT INTO envelope SELECT key, state, recipient, destination, notify, orcpt, action, relay, ttl,"
           " next_try_at, last_try_at, tries, last_error FROM new_envelope;"
           "DROP TABLE seal;";
    for (const char* table : {"message", "content", "envelope", "counter"})
        sql += QByteArray("DROP TABLE new_") + table + ';';
    sql += "PRAGMA user_version=" + QByteArray::number(format) + "; COMMIT";
    return runSql(f, sql.constData());
}

bool isSetAside(SpoolFixture& f) {
    const auto names = f.disk.list("/spool").value_or({});
    return std::any_of(names.begin(), names.end(),
                       [](const QByteArray& n) { return n.startsWith("queue.db.damaged-"); });
}

} // namespace

class TestSpoolRescue : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() { setLogThreshold(LogLevel(99)); }
    void refusesANewerFormat();
    void setsAsideAForeignFile();
    void savesWhatADamagedDatabaseHolds_data();
    void savesWhatADamagedDatabaseHolds();
    void Q06_aDestroyedFirstPageLosesNothing_data();
    void Q06_aDestroyedFirstPageLosesNothing();
    void neverDeliversChangedContent();
    void missingDatabaseKeepsBodies_data();
    void missingDatabaseKeepsBodies();
    void olderDatabaseKeepsNewerBodies();
    void missingBodyIsHeld_data();
    void missingBodyIsHeld();
    void missingSegmentHoldsItsMessages_data();
    void missingSegmentHoldsItsMessages();
    void keepsTheQueueOfAnOlderFormat_data();
    void keepsTheQueueOfAnOlderFormat();
    void savesADamagedDatabaseOfAnOlderFormat_data();
    void savesADamagedDatabaseOfAnOlderFormat();
    void messagesThatLeftStayAway();
    void messageWithoutRecipientsIsHeld();
    void sweepsOrphans();
    void leavesStrangersAlone();
    void survivesACrashInTheRescue();
};

void TestSpoolRescue::refusesANewerFormat() { // U02
    SpoolFixture f;
    (void)fill(f);
    QVERIFY(runSql(f, ("PRAGMA user_version=" + QByteArray::number(kSchemaVersion + 1)).constData()));
    const QByteArray before = bytesOf(f, kDatabase);
    const QByteArrayList bodies = f.disk.list("/spool/bodies").value_or({});
    const auto opened = f.open();
    QVERIFY(!opened);
    QVERIFY(opened.error().code == ErrorCode::Unsupported);
    QVERIFY(opened.error().text.contains("newer Postern") && opened.error().text.contains("nothing was changed"));
    f.spool.reset();
    QCOMPARE(bytesOf(f, kDatabase), before);
    QVERIFY(!isSetAside(f));
    QCOMPARE(f.disk.list("/spool/bodies").value_or({}), bodies);
}

void TestSpoolRescue::setsAsideAForeignFile() {
    SpoolFixture f;
    QVERIFY(runSql(f, "CREATE TABLE recipes(name); INSERT INTO recipes VALUES('cake')"));
    QVERIFY(f.open());
    QVERIFY(isSetAside(f));
    QVERIFY(!f.spool->findings().isEmpty());
    QVERIFY(f.store(makeMessage(7, "x")));
}

void TestSpoolRescue::savesWhatADamagedDatabaseHolds_data() {
    QTest::addColumn<int>("page"); // 16 KiB pages from 0; -1 = a text file, -2 = cut in half, -3 = empty log added
    QTest::addColumn<int>("least"); // messages that must come back, whole or held
    QTest::addRow("Q06 not a database at all") << -1 << 6;
    QTest::addRow("Q06 cut in half") << -2 << 6;
    QTest::addRow("Q06 page 1 (the header)") << 0 << 66;
    for (int page = 1; page < 16; ++page)
        QTest::addRow("Q06 page %d overwritten", page + 1) << page << 66;
}

void TestSpoolRescue::savesWhatADamagedDatabaseHolds() {
    QFETCH(int, page);
    QFETCH(int, least);
    SpoolFixture f;
    const auto ids = fill(f);
    QCOMPARE(ids.size(), size_t(66));
    QByteArray bytes = bytesOf(f, kDatabase);
    if (page >= 0 && (page + 1) * 16384 > bytes.size())
        return; // this build of SQLite needed fewer pages
    if (page == -1)
        bytes = "not a database";
    else if (page == -2)
        bytes.truncate(bytes.size() / 2);
    else
        bytes.replace(page * 16384, 16384, QByteArray(16384, '\x5a'));
    f.disk.put(kDatabase, bytes);
    QVERIFY(f.open());
    const Tally t = tally(f, ids);
    QCOMPARE(t.wrong, 0);
    QVERIFY2(t.whole + t.held >= least,
             (QByteArray::number(t.whole) + " whole, " + QByteArray::number(t.held) + " held").constData());
    if (t.whole < 66) { // never silently: the old file is kept, and somebody is told
        QVERIFY(isSetAside(f));
        QVERIFY(!f.spool->findings().isEmpty());
    }
    QVERIFY(f.store(makeMessage(f.spool->ids()->next(), "new mail")));
    f.powerCut();
    QVERIFY(f.open());
    QCOMPARE(tally(f, ids).held, t.held);
}

void TestSpoolRescue::Q06_aDestroyedFirstPageLosesNothing_data() {
    QTest::addColumn<int>("from");
    QTest::addColumn<int>("octets");
    QTest::addColumn<int>("format"); // of the queue
    QTest::addColumn<bool>("isKilled"); // or was closed in order
    QTest::addColumn<int>("whole");
    QTest::addColumn<int>("held");
    QTest::addRow("all of it") << 0 << 16384 << 3 << false << 66 << 0;
    QTest::addRow("what SQLite knows the file by") << 0 << 100 << 3 << false << 66 << 0;
    QTest::addRow("where the tables are") << 100 << 16284 << 3 << false << 66 << 0;
    QTest::addRow("all of it, after a crash, its log beside it") << 0 << 16384 << 3 << true << 67 << 0;
    // Its rows know of no segments, but the three messages in one are there.
    QTest::addRow("all of it, of a queue of format 1") << 0 << 16384 << 1 << false << 63 << 3;
    QTest::addRow("all of it, of a queue of format 2") << 0 << 16384 << 2 << false << 66 << 0;
}

// Nothing of a message is on that page, so each of them goes on as it was.
void TestSpoolRescue::Q06_aDestroyedFirstPageLosesNothing() {
    QFETCH(int, from);
    QFETCH(int, octets);
    QFETCH(int, format);
    QFETCH(bool, isKilled);
    QFETCH(int, whole);
    QFETCH(int, held);
    for (const char filling : {'\0', '\x5a'}) {
        SpoolFixture f;
        auto ids = fill(f);
        if (format < 3) {
            QVERIFY(makeOlder(f, format));
            QVERIFY(runSql(f, "VACUUM")); // its tables are where that program made them
        }
        if (isKilled) {
            QVERIFY(f.open());
            ids.push_back(f.spool->ids()->next());
            QVERIFY(f.store(makeMessage(ids.back(), largeBody(66))));
            f.kill();
        }
        QByteArray bytes = bytesOf(f, kDatabase);
        bytes.replace(from, octets, QByteArray(octets, filling));
        f.disk.put(kDatabase, bytes);
        QVERIFY(f.open());
        const Tally t = tally(f, ids);
        QCOMPARE(t.wrong, 0);
        QCOMPARE(t.held, held);
        QCOMPARE(t.whole, whole);
        QVERIFY(isSetAside(f));
        QVERIFY(!f.spool->findings().isEmpty());
        for (const QByteArray& name : f.disk.list("/spool").value_or({}))
            QVERIFY2(!name.contains("mended"), name.constData());
        QVERIFY(f.store(makeMessage(f.spool->ids()->next(), "new mail")));
    }
}

void TestSpoolRescue::neverDeliversChangedContent() { // a flip inside a value is no damage to SQLite
    SpoolFixture f;
    QVERIFY(f.open());
    QVERIFY(f.store(makeMessage(7, "Subject: x\r\n\r\nnever gonna give you up\r\n")));
    f.spool->close();
    QByteArray bytes = bytesOf(f, kDatabase);
    const qsizetype at = bytes.indexOf("never gonna");
    QVERIFY(at > 0);
    bytes[at] = 'N';
    f.disk.put(kDatabase, bytes);
    QVERIFY(f.open());
    const auto content = f.content(7);
    QVERIFY(!content);
    QVERIFY(content.error().code == ErrorCode::Corrupt);

    QVERIFY(f.store(makeMessage(8, largeBody(3))));
    f.spool->close();
    QByteArray segment = bytesOf(f, "/spool/segments/00000001");
    segment[30'000] = 'N';
    f.disk.put("/spool/segments/00000001", segment);
    QVERIFY(f.open());
    const auto large = f.content(8);
    QVERIFY(!large);
    QVERIFY(large.error().code == ErrorCode::Corrupt);
}

void TestSpoolRescue::missingDatabaseKeepsBodies_data() {
    QTest::addColumn<bool>("isThere");
    QTest::addRow("the file is gone") << false;
    QTest::addRow("the file is there and has no octet") << true;
}

void TestSpoolRescue::missingDatabaseKeepsBodies() {
    QFETCH(bool, isThere);
    SpoolFixture f;
    const auto ids = fill(f);
    QVERIFY(f.disk.remove(kDatabase));
    if (isThere)
        f.disk.put(kDatabase, {});
    QVERIFY(f.open());
    QCOMPARE(tally(f, ids).held, 6); // the large ones; not silently empty
    QCOMPARE(f.spool->findings().size(), 6);
    QCOMPARE(f.content(ids[60]).value_or({}), largeBody(60));
}

void TestSpoolRescue::olderDatabaseKeepsNewerBodies() { // Q18: an old copy restored
    SpoolFixture f;
    QVERIFY(f.open());
    f.spool->close();
    const QByteArray old = bytesOf(f, kDatabase);
    QVERIFY(f.open());
    for (int i = 0; i < 140'000; ++i) // beyond what the copy had reserved
        (void)f.spool->ids()->next();
    const MessageId id = f.spool->ids()->next();
    QVERIFY(f.store(makeMessage(id, largeBody(0))));
    f.spool->close();
    f.disk.put(kDatabase, old);
    QVERIFY(f.open());
    QCOMPARE(tally(f, {}).held, 1);
    QCOMPARE(f.content(id).value_or({}), largeBody(0));
}

void TestSpoolRescue::missingBodyIsHeld_data() {
    QTest::addColumn<QByteArray>("left");
    QTest::addRow("Q07 row without body") << QByteArray();
    QTest::addRow("Q07 body cut short") << QByteArray("Subject: lar");
}

void TestSpoolRescue::missingBodyIsHeld() {
    QFETCH(QByteArray, left);
    SpoolFixture f;
    const auto ids = fill(f);
    const QByteArray path = "/spool/bodies/" + toText(ids[61]);
    QVERIFY(f.disk.remove(path));
    if (!left.isEmpty())
        f.disk.put(path, left);
    for (int start = 0; start < 2; ++start) {
        QVERIFY(f.open());
        const Tally t = tally(f, ids);
        QCOMPARE(t.whole, 65);
        QCOMPARE(t.held, 1);
        QVERIFY(f.spool->findings().join(' ').contains(toText(ids[61])));
        QVERIFY(!f.content(ids[61]));
        f.kill();
    }
}

void TestSpoolRescue::missingSegmentHoldsItsMessages_data() {
    QTest::addColumn<qint64>("left");
    QTest::addColumn<int>("held");
    QTest::addRow("Q07 the segment is gone") << qint64(-1) << 3;
    QTest::addRow("Q07 the segment is empty") << qint64(0) << 3;
    QTest::addRow("Q07 the segment ends within the second content") << qint64(50'000) << 2;
}

void TestSpoolRescue::missingSegmentHoldsItsMessages() {
    QFETCH(qint64, left);
    QFETCH(int, held);
    SpoolFixture f;
    const auto ids = fill(f);
    const QByteArray path = "/spool/segments/00000001";
    const QByteArray bytes = bytesOf(f, path);
    QVERIFY(f.disk.remove(path));
    if (left >= 0)
        f.disk.put(path, bytes.left(left));
    for (int start = 0; start < 2; ++start) {
        QVERIFY(f.open());
        const Tally t = tally(f, ids);
        QCOMPARE(t.held, held);
        QCOMPARE(t.whole, 66 - held);
        QVERIFY(!f.content(ids[62]));
        f.kill();
    }
}

void TestSpoolRescue::keepsTheQueueOfAnOlderFormat_data() {
    QTest::addColumn<int>("format");
    QTest::addColumn<int>("whole");
    QTest::addColumn<bool>("encrypt");
    QTest::addRow("format 1") << 1 << 63 << false;
    QTest::addRow("format 2") << 2 << 66 << false;
    QTest::addRow("format 3") << 3 << 66 << false;
    QTest::addRow("format 1, encryption switched on with the new program") << 1 << 63 << true;
    QTest::addRow("format 2, encryption switched on with the new program") << 2 << 66 << true;
}

// With the power going at every operation of the start.
void TestSpoolRescue::keepsTheQueueOfAnOlderFormat() {
    QFETCH(int, format);
    QFETCH(int, whole);
    QFETCH(bool, encrypt);
    for (int n = 0; n < 400; ++n) { // 0: nothing fails
        SpoolFixture f;
        const auto ids = fill(f);
        QVERIFY(makeOlder(f, format));
        if (encrypt)
            f.seal = makeSeal(true, "0123456789abcdef0123456789abcdef");
        f.faults->failAt = n > 0 ? f.faults->count + n : 0;
        f.faults->mode = DiskFaults::Mode::FromThenOn;
        const bool opened = f.open().has_value();
        const bool reachedEnd = n > 0 && opened && !f.faults->failed;
        *f.faults = DiskFaults();
        if (n > 0)
            f.powerCut();
        for (int start = 0; start < 2; ++start) {
            QVERIFY2(f.open(), QByteArray::number(n).constData());
            QVERIFY(f.spool->findings().isEmpty());
            const Tally t = tally(f, ids);
            QCOMPARE(t.whole, whole);
            QCOMPARE(t.held + t.wrong, 0);
        }
        const MessageId id = f.spool->ids()->next();
        QVERIFY(f.store(makeMessage(id, largeBody(7))));
        f.powerCut();
        QVERIFY(f.open());
        QCOMPARE(f.content(id).value_or({}), largeBody(7));
        if (reachedEnd)
            return;
    }
    QFAIL("the migration has no end");
}

void TestSpoolRescue::savesADamagedDatabaseOfAnOlderFormat_data() {
    QTest::addColumn<int>("format");
    QTest::addRow("format 1") << 1;
    QTest::addRow("format 2") << 2;
    QTest::addRow("format 3") << 3;
}

void TestSpoolRescue::savesADamagedDatabaseOfAnOlderFormat() {
    QFETCH(int, format);
    SpoolFixture f;
    const auto ids = fill(f);
    QVERIFY(makeOlder(f, format));
    QVERIFY(runSql(f, "VACUUM"));
    QByteArray bytes = bytesOf(f, kDatabase);
    bytes.replace(bytes.size() - 16384, 16384, QByteArray(16384, '\x5a'));
    f.disk.put(kDatabase, bytes);
    QVERIFY(f.open());
    QVERIFY(isSetAside(f));
    const Tally t = tally(f, ids);
    QCOMPARE(t.wrong, 0);
    QVERIFY2(t.whole > 30, QByteArray::number(t.whole).constData());
}

void TestSpoolRescue::messagesThatLeftStayAway() { // when nothing is known but what the segments say of themselves
    SpoolFixture f;
    const auto ids = fill(f);
    QVERIFY(f.open());
    const auto queued = wholeQueue(*f.spool);
    std::vector<EnvelopeUpdate> removals;
    for (const QueuedMessage& message : *queued)
        if (message.message.id == ids[62])
            for (const Envelope& envelope : message.envelopes)
                removals.push_back({EnvelopeUpdate::Kind::Remove, envelope.id, 0, 0, 0, {}});
    QCOMPARE(removals.size(), size_t(2));
    QVERIFY(f.update(removals));
    f.spool->close();
    QVERIFY(f.disk.remove(kDatabase));
    QVERIFY(f.open());
    QCOMPARE(tally(f, ids).held, 5);
    QVERIFY(!f.content(ids[62]));
    QCOMPARE(f.content(ids[64]).value_or({}), largeBody(64));
}

void TestSpoolRescue::messageWithoutRecipientsIsHeld() {
    SpoolFixture f;
    (void)fill(f);
    QVERIFY(runSql(f, "DELETE FROM envelope WHERE key >> 32 = (SELECT max(serial) FROM message)"));
    for (int start = 0; start < 2; ++start) {
        QVERIFY(f.open());
        const auto queued = wholeQueue(*f.spool);
        QCOMPARE(queued->size(), size_t(66));
        int held = 0;
        for (const QueuedMessage& message : *queued) {
            QVERIFY(!message.envelopes.empty());
            held += message.envelopes[0].state == EnvelopeState::Held ? 1 : 0;
        }
        QCOMPARE(held, 1);
        f.kill();
    }
}

void TestSpoolRescue::sweepsOrphans() { // Q07
    SpoolFixture f;
    QVERIFY(f.open());
    const MessageId orphan = f.spool->ids()->next(), small = f.spool->ids()->next();
    QVERIFY(f.store(makeMessage(small, "in the database")));
    f.spool->close();
    f.disk.put("/spool/bodies/" + toText(orphan), "its commit never came");
    f.disk.put("/spool/bodies/" + toText(small), "its content is in the database");
    f.disk.put("/spool/incoming/" + toText(orphan), "half a mess");
    QVERIFY(f.open());
    QVERIFY(f.disk.list("/spool/bodies")->isEmpty());
    QVERIFY(f.disk.list("/spool/incoming")->isEmpty());
    QVERIFY(f.spool->findings().isEmpty());
    QCOMPARE(f.content(small).value_or({}), QByteArray("in the database"));
}

void TestSpoolRescue::leavesStrangersAlone() {
    SpoolFixture f;
    QVERIFY(f.open());
    f.spool->close();
    f.disk.put("/spool/bodies/README.txt", "a person's note");
    QVERIFY(f.open());
    QCOMPARE(bytesOf(f, "/spool/bodies/README.txt"), QByteArray("a person's note"));
}

void TestSpoolRescue::survivesACrashInTheRescue() {
    SpoolFixture made;
    const auto ids = fill(made);
    QByteArray bytes = bytesOf(made, kDatabase);
    bytes.replace(bytes.size() - 16384, 16384, QByteArray(16384, '\x5a')); // the last page: some content
    std::map<QByteArray, QByteArray> bodies;
    for (const QByteArray folder : {"/spool/bodies/", "/spool/segments/"})
        for (const QByteArray& name : made.disk.list(folder.chopped(1)).value_or({}))
            bodies[folder + name] = bytesOf(made, folder + name);
    bool reachedEnd = false;
    int expected = -1;
    for (int n = 0; !reachedEnd; ++n) { // n = 0: nothing fails; it tells what is to be saved
        for (const bool torn : {false, true}) {
            SpoolFixture f;
            f.disk.put(kDatabase, bytes);
            for (const auto& [path, body] : bodies)
                f.disk.put(path, body);
            f.faults->failAt = n;
            f.faults->mode = DiskFaults::Mode::FromThenOn;
            const bool opened = f.open().has_value();
            reachedEnd = n > 0 && opened && !f.faults->failed;
            *f.faults = DiskFaults();
            f.powerCut(torn ? std::optional<quint32>(quint32(n)) : std::nullopt);
            QVERIFY2(f.open(), ("operation " + QByteArray::number(n)).constData());
            const Tally t = tally(f, ids);
            QCOMPARE(t.wrong, 0);
            if (expected < 0)
                expected = t.whole;
            QVERIFY(expected > 30);
            QVERIFY2(t.whole == expected,
                     ("operation " + QByteArray::number(n) + ": " + QByteArray::number(t.whole)).constData());
            QVERIFY(isSetAside(f));
        }
    }
}

QTEST_APPLESS_MAIN(TestSpoolRescue)
#include "tst_spool_rescue.moc"
