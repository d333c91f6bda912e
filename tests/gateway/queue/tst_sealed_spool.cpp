// SPDX-License-Identifier: GPL-3.0-or-later
//
// A queue that is compressed or encrypted: what lies on the disk, what a wrong or missing key gets to see, settings that
// change while mail waits, damage (threats X05, Q17, L09). The crash tests live queues like these through every fault, too.
#include "spool_fixture.h"

#include "base/log.h"
#include "queue/packed_fields.h"
#include "queue/row_seal.h"

#include <QTest>
#include <QtEndian>

#include <sqlite3.h>

#include <algorithm>

using namespace postern;
using namespace postern::queue;
using namespace postern::test;

namespace {

const char* const kKey = "0123456789abcdef0123456789abcdef";
const char* const kOther = "another key another key another ";
const QByteArray kDatabase("/spool/queue.db");

// Words that must not be found on the disk.
const QByteArrayList kPrivate{"ann.secret", "bob.secret", "subjectsecret", "bodysecret", "helosecret", "192.0.2.77",
                              "errorsecret", "usersecret", "targetsecret", "accountsecret", "homesecret"};

const LocalEnd kHere{"mda", "/bin/targetsecret", "accountsecret", 1000, 1000, "/home/homesecret"};

StoreMessage privateMessage(MessageId id, qsizetype size) {
    // As base64 does, it becomes a quarter smaller, no more.
    QByteArray bytes = "Subject: subjectsecret\r\n\r\nbodysecret\r\n";
    for (quint64 x = 88172645463325252ULL; bytes.size() < size;) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        bytes += QByteArray(reinterpret_cast<const char*>(&x), 6).toBase64();
    }
    StoreMessage store = makeMessage(id, bytes);
    store.message.sender = "ann.secret@office.example";
    store.message.subject = "subjectsecret";
    store.message.helo = "helosecret";
    store.message.user = "usersecret";
    store.message.clientAddress = "192.0.2.77";
    store.envelopes[0].recipient = store.envelopes[0].destination = "bob.secret@example.net";
    store.envelopes[0].local = std::make_shared<const LocalEnd>(kHere);
    return store;
}

// A row, a segment, a file that the spool writes, a file that a session wrote.
const QList<qsizetype> kSizes{500, 90'000, 400'000, 400'001};

std::vector<MessageId> fill(SpoolFixture& f) {
    std::vector<MessageId> ids;
    for (const qsizetype size : kSizes) {
        StoreMessage store = privateMessage(f.spool->ids()->next(), size);
        ids.push_back(store.message.id);
        if (!f.store(size == 400'001 ? f.inFile(std::move(store)) : std::move(store)))
            return {};
    }
    return ids;
}

bool areWhole(SpoolFixture& f, const std::vector<MessageId>& ids) {
    for (size_t i = 0; i < ids.size(); ++i)
        if (f.content(ids[i]).value_or("?") != privateMessage(ids[i], kSizes[qsizetype(i)]).content.bytes)
            return false;
    const auto queued = wholeQueue(*f.spool);
    return queued && std::count_if(queued->begin(), queued->end(), [&](const QueuedMessage& one) {
               return std::find(ids.begin(), ids.end(), one.message.id) != ids.end() && one.envelopes.size() == 1 &&
                      one.message.sender == "ann.secret@office.example" && one.message.subject == "subjectsecret" &&
                      one.message.clientAddress == "192.0.2.77" && one.message.user == "usersecret" &&
                      one.message.helo == "helosecret" && one.envelopes[0].recipient == "bob.secret@example.net" &&
                      one.envelopes[0].action == "relay" && one.envelopes[0].local && *one.envelopes[0].local == kHere &&
                      one.envelopes[0].state == EnvelopeState::Waiting;
           }) == qsizetype(ids.size());
}

std::map<QByteArray, QByteArray> everything(SpoolFixture& f) {
    std::map<QByteArray, QByteArray> files;
    for (const char* folder : {"/spool", "/spool/incoming", "/spool/bodies", "/spool/segments"})
        for (const QByteArray& name : f.disk.list(folder).value_or({}))
            if (const auto bytes = f.disk.read(QByteArray(folder) + '/' + name, 0, -1))
                files[QByteArray(folder) + '/' + name] = *bytes;
    return files;
}

QByteArray wordOnDisk(SpoolFixture& f) {
    for (const auto& [name, bytes] : everything(f))
        for (const QByteArray& word : kPrivate)
            if (bytes.contains(word))
                return word + " in " + name;
    return {};
}

bool runSql(SpoolFixture& f, const char* sql) {
    sqlite3* db = nullptr;
    bool ran = sqlite3_open_v2(kDatabase.constData(), &db, SQLITE_OPEN_READWRITE, f.vfs.name()) == SQLITE_OK;
    ran = ran && sqlite3_exec(db, "PRAGMA locking_mode=EXCLUSIVE", nullptr, nullptr, nullptr) == SQLITE_OK;
    ran = ran && sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
    sqlite3_close(db);
    return ran;
}

} // namespace

class TestSealedSpool : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() { setLogThreshold(LogLevel(99)); }
    void X05_nothingOfPeopleIsOnTheDisk_data();
    void X05_nothingOfPeopleIsOnTheDisk();
    void X05_withoutEncryptionThatWouldBeSeen();
    void X05_aWrongKeyTouchesNothing_data();
    void X05_aWrongKeyTouchesNothing();
    void X05_anEmptyQueueTakesANewKey();
    void X05_theRightKeyIsKnownThoughTheNoteOfItIsLost();
    void Q17_formsChangeWhileMailWaits();
    void rowsOfFormat3Open();
    void X05_damagedRowsAreHeld();
    void X05_damagedContentsAreCorrupt();
    void X05_rescueKeepsWhatIsEncrypted();
    void X05_rescueAsksForTheKey();
    void foundFilesSayTheirForm();
    void compressedMailIsSmaller();
    void survivorsMoveAsTheyAre();
};

void TestSealedSpool::X05_nothingOfPeopleIsOnTheDisk_data() {
    QTest::addColumn<bool>("compress");
    QTest::addRow("encrypted") << false;
    QTest::addRow("compressed and encrypted") << true;
}

void TestSealedSpool::X05_nothingOfPeopleIsOnTheDisk() {
    QFETCH(bool, compress);
    SpoolFixture f;
    f.seal = makeSeal(compress, kKey);
    QVERIFY(f.open());
    const auto ids = fill(f);
    QCOMPARE(ids.size(), size_t(4));
    const EnvelopeId first = wholeQueue(*f.spool)->front().envelopes[0].id;
    QVERIFY(f.update({{EnvelopeUpdate::Kind::Reschedule, first, 1'795'098'720, 0, 1, "451 errorsecret"}}));
    QCOMPARE(wordOnDisk(f), QByteArray());
    QVERIFY(areWhole(f, ids));
    QCOMPARE(wholeQueue(*f.spool)->front().envelopes[0].lastError, "451 errorsecret");
    f.spool->close();
    QCOMPARE(wordOnDisk(f), QByteArray());
    QVERIFY(f.open());
    QVERIFY(f.spool->findings().isEmpty());
    QVERIFY(areWhole(f, ids));
    QCOMPARE(wholeQueue(*f.spool)->front().envelopes[0].lastError, "451 errorsecret");
}

void TestSealedSpool::X05_withoutEncryptionThatWouldBeSeen() { // the test above can fail
    SpoolFixture f;
    QVERIFY(f.open());
    (void)fill(f);
    QVERIFY(!wordOnDisk(f).isEmpty());
}

void TestSealedSpool::X05_aWrongKeyTouchesNothing_data() {
    QTest::addColumn<SealPtr>("seal");
    QTest::addColumn<QByteArray>("says");
    QTest::addRow("no key") << makeSeal(false) << QByteArray("has no key for it");
    QTest::addRow("no settings at all") << SealPtr() << QByteArray("has no key for it");
    QTest::addRow("another key") << makeSeal(true, kOther) << QByteArray("with another key");
}

void TestSealedSpool::X05_aWrongKeyTouchesNothing() {
    QFETCH(SealPtr, seal);
    QFETCH(QByteArray, says);
    SpoolFixture f;
    f.seal = makeSeal(true, kKey);
    QVERIFY(f.open());
    const auto ids = fill(f);
    f.spool->close();
    f.disk.put("/spool/incoming/deadbeef", "left over");
    f.disk.put("/spool/bodies/0badcafe", "no row");
    const auto before = everything(f);
    f.seal = seal;
    const auto opened = f.open();
    QVERIFY(!opened);
    QVERIFY2(opened.error().text.contains(says) && opened.error().text.contains("/spool"), opened.error().text.constData());
    QVERIFY(everything(f) == before);
    f.seal = makeSeal(true, kKey);
    QVERIFY(f.open());
    QVERIFY(areWhole(f, ids));
}

void TestSealedSpool::X05_anEmptyQueueTakesANewKey() { // how a key is changed: let the mail leave first
    SpoolFixture f;
    f.seal = makeSeal(false, kKey);
    QVERIFY(f.open());
    StoreMessage store = privateMessage(f.spool->ids()->next(), 500);
    const EnvelopeId envelope = store.envelopes[0].id;
    QVERIFY(f.store(std::move(store)));
    QVERIFY(f.update({{EnvelopeUpdate::Kind::Remove, envelope, 0, 0, 0, {}}}));
    for (const char* key : {kOther, kKey}) {
        f.spool->close();
        f.seal = makeSeal(true, key);
        QVERIFY(f.open());
    }
    const auto ids = fill(f);
    f.spool->close();
    f.seal = makeSeal(true, kOther);
    QVERIFY(!f.open());
    f.seal = makeSeal(true, kKey);
    QVERIFY(f.open());
    QVERIFY(areWhole(f, ids));
}

void TestSealedSpool::X05_theRightKeyIsKnownThoughTheNoteOfItIsLost() {
    SpoolFixture f;
    f.seal = makeSeal(true, kKey);
    QVERIFY(f.open());
    const auto ids = fill(f);
    f.spool->close();
    QVERIFY(runSql(f, "DELETE FROM seal"));
    f.seal = makeSeal(true, kOther);
    QVERIFY(!f.open());
    f.seal = makeSeal(true, kKey);
    QVERIFY(f.open());
    QVERIFY(areWhole(f, ids));
}

void TestSealedSpool::Q17_formsChangeWhileMailWaits() {
    SpoolFixture f;
    std::vector<MessageId> all;
    const SealPtr turns[] = {makeSeal(false), makeSeal(true), makeSeal(true, kKey), makeSeal(false, kKey), makeSeal(true, kKey)};
    for (const SealPtr& seal : turns) {
        f.seal = seal;
        QVERIFY(f.open());
        QVERIFY(f.spool->findings().isEmpty());
        const auto ids = fill(f);
        QCOMPARE(ids.size(), size_t(4));
        for (size_t i = 0; i < all.size(); i += 4)
            QVERIFY(areWhole(f, {all.begin() + qsizetype(i), all.begin() + qsizetype(i) + 4}));
        all.insert(all.end(), ids.begin(), ids.end());
        f.powerCut();
    }
    QVERIFY(f.open());
    QCOMPARE(wholeQueue(*f.spool)->size(), size_t(20));
    // An old plain row takes a new, sealed error and is still read.
    const auto queued = wholeQueue(*f.spool);
    std::vector<EnvelopeUpdate> updates;
    for (const QueuedMessage& one : *queued)
        updates.push_back({EnvelopeUpdate::Kind::Reschedule, one.envelopes[0].id, 1'795'098'999, 0, 2, "451 later"});
    QVERIFY(f.update(updates));
    const auto after = wholeQueue(*f.spool);
    for (const QueuedMessage& one : *after) {
        QCOMPARE(one.envelopes[0].lastError, "451 later");
        QCOMPARE(one.envelopes[0].recipient, "bob.secret@example.net");
    }
}

// What a program of format 3 sealed: six fields, and no place of this computer.
void TestSealedSpool::rowsOfFormat3Open() {
    const SealPtr seal = makeSeal(true, kKey);
    Envelope before;
    before.id = (EnvelopeId(7) << 32) | 1;
    before.recipient = "bob@example.net";
    before.action = "relay";
    const QByteArray none;
    QByteArray about(9, 'E');
    qToLittleEndian<qint64>(5, about.data() + 1);
    const auto six = seal->key()->seal(
        packed({&before.recipient, &before.destination, &before.params.notify, &before.params.orcpt, &before.action, &none}), about);
    QVERIFY(six);
    Envelope after;
    QVERIFY(openFields(*seal->key(), *six, after, 5));
    QCOMPARE(after.recipient, before.recipient);
    QCOMPARE(after.action, before.action);
    QVERIFY(!after.local);
    const auto five = seal->key()->seal(packed({&none, &none, &none, &none, &none}), about); // damage is still found
    QVERIFY(five && !openFields(*seal->key(), *five, after, 5));
}

void TestSealedSpool::X05_damagedRowsAreHeld() {
    SpoolFixture f;
    f.seal = makeSeal(true, kKey);
    QVERIFY(f.open());
    const auto ids = fill(f);
    f.spool->close();
    QVERIFY(runSql(f, "UPDATE envelope SET recipient=zeroblob(length(recipient)) WHERE key=(SELECT min(key) FROM envelope);"
                      "UPDATE message SET sender=substr(sender, 1, length(sender)-1)"
                      " WHERE serial=(SELECT max(serial) FROM message)"));
    for (int start = 0; start < 2; ++start) { // it stays so, and both rows stay
        QVERIFY(f.open());
        const auto queued = wholeQueue(*f.spool);
        QVERIFY(queued);
        QCOMPARE(queued->size(), size_t(4));
        int held = 0;
        for (const QueuedMessage& one : *queued) {
            const bool isDamaged = one.message.id == ids.front() || one.message.id == ids.back();
            QCOMPARE(one.envelopes[0].state, isDamaged ? EnvelopeState::Held : EnvelopeState::Waiting);
            held += isDamaged ? 1 : 0;
            QVERIFY(!isDamaged || one.envelopes[0].lastError.contains("cannot be read"));
            QVERIFY(f.content(one.message.id)); // the contents are whole
        }
        QCOMPARE(held, 2);
        QCOMPARE(f.spool->findings().size(), 2);
        f.powerCut();
    }
}

void TestSealedSpool::X05_damagedContentsAreCorrupt() {
    SpoolFixture f;
    f.seal = makeSeal(true, kKey);
    QVERIFY(f.open());
    const auto ids = fill(f);
    f.spool->close();
    QVERIFY(runSql(f, "UPDATE content SET bytes=substr(bytes, 1, 60) || x'00' || substr(bytes, 62)"));
    for (const char* folder : {"/spool/bodies", "/spool/segments"})
        for (const QByteArray& name : f.disk.list(folder).value_or({})) {
            const QByteArray path = QByteArray(folder) + '/' + name;
            QByteArray bytes = *f.disk.read(path, 0, -1);
            bytes[300] = char(bytes[300] ^ 0x40);
            f.disk.put(path, bytes);
        }
    QVERIFY(f.open());
    QCOMPARE(wholeQueue(*f.spool)->size(), size_t(4)); // nothing is dropped
    for (const MessageId id : ids) {
        const auto content = f.content(id);
        QVERIFY(!content);
        QVERIFY2(content.error().code == ErrorCode::Corrupt, content.error().text.constData());
    }
}

void TestSealedSpool::X05_rescueKeepsWhatIsEncrypted() {
    SpoolFixture f;
    f.seal = makeSeal(true, kKey);
    QVERIFY(f.open());
    std::vector<MessageId> all;
    for (int i = 0; i < 10; ++i)
        for (const MessageId id : fill(f))
            all.push_back(id);
    QCOMPARE(all.size(), size_t(40));
    f.spool->close();
    QByteArray bytes = *f.disk.read(kDatabase, 0, -1);
    bytes.replace(bytes.size() - 16384, 16384, QByteArray(16384, '\x5a'));
    f.disk.put(kDatabase, bytes);
    QVERIFY(f.open());
    QCOMPARE(f.spool->findings().size(), 2);
    int whole = 0;
    const auto queued = wholeQueue(*f.spool);
    QVERIFY(queued);
    for (const QueuedMessage& one : *queued) {
        if (one.envelopes[0].state != EnvelopeState::Waiting) {
            QVERIFY(!one.envelopes[0].lastError.isEmpty());
            continue;
        }
        ++whole;
        QCOMPARE(one.message.sender, "ann.secret@office.example");
        QCOMPARE(one.envelopes[0].recipient, "bob.secret@example.net");
        const auto at = std::find(all.begin(), all.end(), one.message.id);
        QVERIFY(at != all.end());
        QCOMPARE(f.content(one.message.id).value_or("?"),
                 privateMessage(one.message.id, kSizes[(at - all.begin()) % 4]).content.bytes);
    }
    QVERIFY2(whole >= 20, QByteArray::number(whole).constData());
    for (const auto& [name, octets] : everything(f))
        if (!name.contains("damaged"))
            for (const QByteArray& word : kPrivate)
                QVERIFY2(!octets.contains(word), (word + " in " + name).constData());
    f.spool->close();
    f.seal = makeSeal(true, kOther); // the key is known to the new database
    QVERIFY(!f.open());
}

void TestSealedSpool::X05_rescueAsksForTheKey() {
    SpoolFixture f;
    f.seal = makeSeal(true, kKey);
    QVERIFY(f.open());
    for (int i = 0; i < 20; ++i)
        QVERIFY(!fill(f).empty());
    f.spool->close();
    QByteArray bytes = *f.disk.read(kDatabase, 0, -1);
    bytes.replace(bytes.size() - 16384, 16384, QByteArray(16384, '\x5a'));
    f.disk.put(kDatabase, bytes);
    for (const SealPtr& seal : {SealPtr(), makeSeal(false, kOther)}) {
        f.seal = seal;
        const auto opened = f.open();
        QVERIFY(!opened);
        QVERIFY2(opened.error().text.contains("key it was encrypted with"), opened.error().text.constData());
        QVERIFY(*f.disk.read(kDatabase, 0, -1) == bytes);
    }
    f.seal = makeSeal(true, kKey);
    QVERIFY(f.open());
}

void TestSealedSpool::foundFilesSayTheirForm() { // the database is gone; contents are held, and can be read
    for (const SealPtr& seal : {makeSeal(true), makeSeal(true, kKey)}) {
        SpoolFixture f;
        f.seal = seal;
        QVERIFY(f.open());
        const auto ids = fill(f);
        f.spool->close();
        QVERIFY(f.disk.remove(kDatabase));
        QVERIFY(f.open());
        const auto queued = wholeQueue(*f.spool);
        QCOMPARE(queued->size(), size_t(3)); // the fourth was in the database
        for (const QueuedMessage& one : *queued) {
            QVERIFY(one.envelopes[0].state == EnvelopeState::Held);
            const auto at = std::find(ids.begin(), ids.end(), one.message.id) - ids.begin();
            QCOMPARE(one.message.size, privateMessage(1, kSizes[at]).content.bytes.size());
            QCOMPARE(f.content(one.message.id).value_or("?"), privateMessage(one.message.id, kSizes[at]).content.bytes);
        }
    }
}

void TestSealedSpool::compressedMailIsSmaller() {
    qint64 octets[2] = {};
    for (const bool compress : {false, true}) {
        SpoolFixture f;
        f.seal = makeSeal(compress);
        QVERIFY(f.open());
        QByteArray text;
        while (text.size() < 2'000'000)
            text += "line " + QByteArray::number(text.size()) + " of a message that is mostly words\r\n";
        QVERIFY(f.store(makeMessage(f.spool->ids()->next(), text)));
        for (const QByteArray& name : f.disk.list("/spool/bodies").value_or({}))
            octets[compress] += *f.disk.size("/spool/bodies/" + name);
        for (const QByteArray& name : f.disk.list("/spool/segments").value_or({}))
            octets[compress] += *f.disk.size("/spool/segments/" + name);
    }
    QVERIFY(octets[0] >= 2'000'000);
    QVERIFY(octets[1] < octets[0] / 3);
}

void TestSealedSpool::survivorsMoveAsTheyAre() { // segments that are closed up
    SpoolFixture f;
    f.seal = makeSeal(false, kKey);
    QVERIFY(f.open());
    std::vector<MessageId> kept;
    std::vector<EnvelopeUpdate> removals;
    for (int i = 0; i < 60; ++i) {
        StoreMessage store = privateMessage(f.spool->ids()->next(), 40'000);
        if (i % 5 == 2)
            kept.push_back(store.message.id);
        else
            removals.push_back({EnvelopeUpdate::Kind::Remove, store.envelopes[0].id, 0, 0, 0, {}});
        QVERIFY(f.store(std::move(store)));
    }
    QVERIFY(f.update(removals));
    const auto before = f.disk.list("/spool/segments")->size();
    f.spool->close();
    f.seal = makeSeal(true, kKey);
    QVERIFY(f.open());
    for (int quiet = 0; quiet < 12; ++quiet)
        f.spool->tidy();
    QVERIFY(f.disk.list("/spool/segments")->size() < before);
    f.powerCut();
    QVERIFY(f.open());
    for (const MessageId id : kept)
        QCOMPARE(f.content(id).value_or("?"), privateMessage(id, 40'000).content.bytes);
}

QTEST_APPLESS_MAIN(TestSealedSpool)
#include "tst_sealed_spool.moc"
