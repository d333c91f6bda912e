// SPDX-License-Identifier: GPL-3.0-or-later
//
// The real store and the doubles by the same rules, and what the doubles add: power cuts and failures on order.
#include "base/file_store.h"
#include "support/failing_file_store.h"
#include "support/memory_file_store.h"

#include <QTemporaryDir>
#include <QTest>

#include <sys/stat.h>
#include <unistd.h>

using namespace postern;
using namespace postern::test;

namespace {

Result<void> put(FileStore& store, const QByteArray& path, const QByteArray& bytes, bool sync = false) {
    auto file = store.create(path);
    if (!file)
        return file.error();
    if (auto written = (*file)->write(bytes); !written)
        return written;
    if (sync)
        if (auto synced = (*file)->sync(); !synced)
            return synced;
    return (*file)->close();
}

QByteArray bytesOf(FileStore& store, const QByteArray& path) {
    return store.read(path).value_or("(missing)");
}

unsigned modeOf(const QByteArray& path) {
    struct stat st {};
    return ::stat(path.constData(), &st) == 0 ? st.st_mode & 0777U : 0U;
}

} // namespace

class TestFileStore : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void keepsTheRules_data();
    void keepsTheRules();
    void writesFromTheStartOfWhatWasAllocated_data() { keepsTheRules_data(); }
    void writesFromTheStartOfWhatWasAllocated();
    void diskFilesArePrivate();
    void diskFollowsNoLinkOnCreate();
    void diskNamesTheFileInErrors();
    void powerCutForgets_data();
    void powerCutForgets();
    void tornPowerCutMixes();
    void failedSyncIsNeverMadeGood();
    void failedSyncOfAFileIsNeverMadeGood();
    void failsTheOrderedOperation();
    void replaceFileIsAllOrNothing_data();
    void replaceFileIsAllOrNothing();
    void replaceFileLeavesTheNeighboursAlone();
    void replaceFileKeepsLinksAndRights();
};

void TestFileStore::keepsTheRules_data() {
    QTest::addColumn<bool>("real");
    QTest::addRow("disk") << true;
    QTest::addRow("memory") << false;
}

void TestFileStore::keepsTheRules() {
    QFETCH(bool, real);
    const QTemporaryDir folder;
    MemoryFileStore memory;
    const auto disk = makeDiskFileStore();
    FileStore& store = real ? *disk : static_cast<FileStore&>(memory);
    const QByteArray root = real ? folder.path().toUtf8() + "/a/b" : QByteArray("/a/b");

    QVERIFY(store.makeDirectory(root));
    QVERIFY(store.makeDirectory(root)); // fine if it exists
    QVERIFY(store.list(root)->isEmpty());
    QVERIFY(store.read(root + "/none").error().code == ErrorCode::NotFound);
    QVERIFY(store.size(root + "/none").error().code == ErrorCode::NotFound);
    QVERIFY(!store.rename(root + "/none", root + "/x"));
    QVERIFY(store.overwrite(root + "/none", 0, "x").error().code == ErrorCode::NotFound);
    QVERIFY(!store.remove(root + "/none"));
    QVERIFY(!store.syncFile(root + "/none"));

    QVERIFY(put(store, root + "/one", "0123456789", true));
    QVERIFY(store.create(root + "/one").error().code == ErrorCode::Exists);
    QCOMPARE(store.size(root + "/one").value_or(-1), 10);
    QCOMPARE(store.read(root + "/one", 3, 4).value_or(""), QByteArray("3456"));
    QCOMPARE(store.read(root + "/one", 8).value_or(""), QByteArray("89"));
    QCOMPARE(store.read(root + "/one", 20).value_or("?"), QByteArray());
    QVERIFY(put(store, root + "/two", QByteArray(200'000, 'x')));
    QCOMPARE(bytesOf(store, root + "/two"), QByteArray(200'000, 'x'));
    QVERIFY(store.syncFile(root + "/two"));
    QByteArrayList many;
    for (int i = 0; i < 20; ++i) {
        many.append(root + "/many" + QByteArray::number(i));
        if (i != 13)
            QVERIFY(put(store, many.last(), "x"));
    }
    const auto synced = store.syncFiles(many);
    QCOMPARE(synced.size(), size_t(20));
    for (size_t i = 0; i < 20; ++i)
        QCOMPARE(synced[i].has_value(), i != 13); // each has its own outcome
    for (const QByteArray& one : many)
        (void)store.remove(one);
    QVERIFY(store.syncFiles({}).empty());
    QCOMPARE(store.list(root).value_or({}), (QByteArrayList{"one", "two"}));
    QVERIFY(store.rename(root + "/two", root + "/one")); // replaces
    QCOMPARE(store.list(root).value_or({}), (QByteArrayList{"one"}));
    QCOMPARE(store.size(root + "/one").value_or(-1), 200'000);
    QVERIFY(store.syncDirectory(root));
    QVERIFY(store.remove(root + "/one"));
    QVERIFY(store.list(root)->isEmpty());
    QVERIFY(store.freeBytes(root).value_or(0) > 0);
}

void TestFileStore::writesFromTheStartOfWhatWasAllocated() {
    QFETCH(bool, real);
    const QTemporaryDir folder;
    MemoryFileStore memory;
    const auto disk = makeDiskFileStore();
    FileStore& store = real ? *disk : static_cast<FileStore&>(memory);
    const QByteArray path = (real ? folder.path().toUtf8() : QByteArray("/a")) + "/file";
    auto file = store.create(path);
    QVERIFY(file);
    QVERIFY((*file)->allocate(100));
    QVERIFY((*file)->write("one "));
    QVERIFY((*file)->write("two"));
    QVERIFY((*file)->sync());
    QCOMPARE(store.read(path, 0, 7).value_or({}), QByteArray("one two"));
    QVERIFY(store.overwrite(path, 4, "six"));
    QCOMPARE(store.read(path, 0, 7).value_or({}), QByteArray("one six"));
    const QByteArray rest = store.read(path, 7).value_or("?");
    QCOMPARE(rest, QByteArray(rest.size(), '\0'));
}

void TestFileStore::diskFilesArePrivate() {
    const QTemporaryDir folder;
    const auto disk = makeDiskFileStore();
    const QByteArray root = folder.path().toUtf8() + "/spool";
    const mode_t before = ::umask(0);
    QVERIFY(disk->makeDirectory(root));
    QVERIFY(put(*disk, root + "/mail", "private"));
    ::umask(before);
    QCOMPARE(modeOf(root), 0700U);
    QCOMPARE(modeOf(root + "/mail"), 0600U);
}

void TestFileStore::diskFollowsNoLinkOnCreate() {
    const QTemporaryDir folder;
    const auto disk = makeDiskFileStore();
    const QByteArray root = folder.path().toUtf8();
    QVERIFY(::symlink("/nonexistent/target", (root + "/link").constData()) == 0);
    QVERIFY(!disk->create(root + "/link"));
    QVERIFY(put(*disk, root + "/real", "x"));
    QVERIFY(::symlink((root + "/real").constData(), (root + "/link2").constData()) == 0);
    QVERIFY(!disk->syncFile(root + "/link2"));
}

void TestFileStore::diskNamesTheFileInErrors() {
    const auto disk = makeDiskFileStore();
    const auto missing = disk->read("/nonexistent/spool/file");
    QVERIFY(!missing);
    QVERIFY(missing.error().text.contains("/nonexistent/spool/file"));
    QVERIFY(!disk->makeDirectory("/dev/null/x"));
    QVERIFY(!disk->list("/nonexistent") && !disk->syncDirectory("/nonexistent") && !disk->freeBytes("/nonexistent"));
    const QTemporaryDir folder;
    QVERIFY(!disk->read(folder.path().toUtf8())); // a folder is not a file
}

void TestFileStore::powerCutForgets_data() {
    QTest::addColumn<bool>("syncFile");
    QTest::addColumn<bool>("syncFolder");
    QTest::addColumn<QByteArray>("left");
    QTest::addRow("nothing synced") << false << false << QByteArray("(missing)");
    QTest::addRow("content synced, name not") << true << false << QByteArray("(missing)");
    QTest::addRow("name synced, content not") << false << true << QByteArray();
    QTest::addRow("both synced") << true << true << QByteArray("bytes");
}

void TestFileStore::powerCutForgets() {
    QFETCH(bool, syncFile);
    QFETCH(bool, syncFolder);
    MemoryFileStore store;
    auto file = store.create("/d/f");
    QVERIFY((*file)->write("bytes"));
    if (syncFile)
        QVERIFY((*file)->sync());
    if (syncFolder)
        QVERIFY(store.syncDirectory("/d"));
    QVERIFY(!syncFile || (*file)->write(" and more"));
    store.powerCut();
    QTEST(bytesOf(store, "/d/f"), "left");
    QVERIFY(!(*file)->write("x")); // a file from before the cut is dead
    // A rename lasts with its folder's sync, and a removal, too.
    store.put("/d/old", "content");
    QVERIFY(store.rename("/d/old", "/d/new"));
    store.powerCut();
    QCOMPARE(bytesOf(store, "/d/old"), QByteArray("content"));
    QVERIFY(store.rename("/d/old", "/d/new"));
    QVERIFY(store.syncDirectory("/d"));
    store.powerCut();
    QCOMPARE(bytesOf(store, "/d/new"), QByteArray("content"));
    QVERIFY(store.remove("/d/new"));
    store.powerCut();
    QCOMPARE(bytesOf(store, "/d/new"), QByteArray("content"));
}

void TestFileStore::tornPowerCutMixes() { // what was synced is always there; of the rest, anything may be
    std::set<QByteArray> outcomes;
    for (quint32 seed = 0; seed < 50; ++seed) {
        MemoryFileStore store;
        store.put("/d/safe", QByteArray(3000, 's'));
        auto file = store.create("/d/new");
        QVERIFY((*file)->write(QByteArray(2000, 'a')));
        QVERIFY((*file)->sync());
        QVERIFY(store.syncDirectory("/d"));
        QVERIFY((*file)->write(QByteArray(2000, 'b')));
        store.powerCut(seed);
        QCOMPARE(bytesOf(store, "/d/safe"), QByteArray(3000, 's'));
        const QByteArray left = bytesOf(store, "/d/new");
        QVERIFY(left.startsWith(QByteArray(2000, 'a')));
        outcomes.insert(left);
    }
    QVERIFY(outcomes.size() > 4);
}

void TestFileStore::failedSyncIsNeverMadeGood() { // as Linux does it: the second sync succeeds and writes nothing
    MemoryFileStore::Node node;
    node.write(0, "lost");
    node.failToSync();
    node.sync();
    QCOMPARE(node.bytes, QByteArray("lost"));
    QCOMPARE(node.durable, QByteArray(4, '\0'));
}

void TestFileStore::failedSyncOfAFileIsNeverMadeGood() {
    MemoryFileStore disk;
    const auto faults = std::make_shared<DiskFaults>();
    FailingFileStore store(disk, faults);
    auto file = store.create("/a/file");
    QVERIFY(file && (*file)->write("lost") && store.syncDirectory("/a"));
    faults->failAt = faults->count + 1;
    QVERIFY(!(*file)->sync());
    QVERIFY((*file)->sync());
    disk.powerCut();
    QVERIFY(bytesOf(disk, "/a/file") != "lost");
}

void TestFileStore::failsTheOrderedOperation() {
    MemoryFileStore memory;
    FailingFileStore once(memory, 2);
    QVERIFY(!put(once, "/d/a", "12345678")); // the write
    QVERIFY(once.failed());
    QCOMPARE(bytesOf(memory, "/d/a"), QByteArray("1234")); // torn
    QVERIFY(put(once, "/d/b", "x"));
    FailingFileStore forever(memory, 2, FailingFileStore::Mode::FromThenOn, {ErrorCode::NoSpace, "full"});
    QVERIFY(!put(forever, "/d/c", "x"));
    const auto again = put(forever, "/d/e", "x");
    QVERIFY(!again);
    QVERIFY(again.error().code == ErrorCode::NoSpace);
    QVERIFY(!forever.rename("/d/b", "/d/f") && !forever.remove("/d/b") && !forever.syncFile("/d/b") &&
            !forever.syncDirectory("/d"));
    QCOMPARE(bytesOf(memory, "/d/b"), QByteArray("x"));
}

void TestFileStore::replaceFileIsAllOrNothing_data() {
    QTest::addColumn<bool>("torn");
    QTest::addRow("strict power cut") << false;
    QTest::addRow("torn power cut") << true;
}

// The n-th operation fails or the power goes there: the file is the old one or the new one, and once told so, the new
// one.
void TestFileStore::replaceFileIsAllOrNothing() {
    QFETCH(bool, torn);
    const QByteArray before("old configuration"), after(10'000, 'n');
    bool reachedEnd = false;
    for (int n = 1; !reachedEnd; ++n) {
        for (const bool powerGoes : {false, true}) {
            MemoryFileStore memory;
            memory.put("/d/smtpd.conf", before);
            memory.put("/d/.smtpd.conf.postern-new", "left over from a crash");
            FailingFileStore failing(memory, n,
                                     powerGoes ? FailingFileStore::Mode::FromThenOn : FailingFileStore::Mode::Once);
            const bool told = replaceFile(failing, "/d/smtpd.conf", after).has_value();
            reachedEnd = !failing.failed();
            if (powerGoes)
                torn ? memory.powerCut(quint32(n)) : memory.powerCut();
            const QByteArray left = bytesOf(memory, "/d/smtpd.conf");
            QVERIFY2(left == before || left == after, QByteArray::number(n).constData());
            if (told)
                QCOMPARE(left, after);
            QVERIFY(replaceFile(memory, "/d/smtpd.conf", "third")); // nothing left behind stands in the way
            QCOMPARE(bytesOf(memory, "/d/smtpd.conf"), QByteArray("third"));
        }
    }
}

// What people call the next version of a file is theirs.
void TestFileStore::replaceFileLeavesTheNeighboursAlone() {
    MemoryFileStore memory;
    for (const char* neighbour : {"/d/smtpd.conf.new", "/d/smtpd.conf~", "/d/.smtpd.conf", "/d/new"})
        memory.put(neighbour, "mine");
    QVERIFY(replaceFile(memory, "/d/smtpd.conf", "text"));
    for (const char* neighbour : {"/d/smtpd.conf.new", "/d/smtpd.conf~", "/d/.smtpd.conf", "/d/new"})
        QCOMPARE(memory.read(neighbour, 0, -1).value(), QByteArray("mine"));
    QCOMPARE(memory.list("/d").value().size(), 5);
}

void TestFileStore::replaceFileKeepsLinksAndRights() {
    const QTemporaryDir folder;
    const QByteArray base = folder.path().toUtf8(), file = base + "/real/smtpd.conf", link = base + "/smtpd.conf";
    const auto disk = makeDiskFileStore();
    QVERIFY(disk->makeDirectory(base + "/real"));
    QVERIFY(put(*disk, file, "old"));
    QCOMPARE(::chmod(file.constData(), 0640), 0);
    QCOMPARE(::symlink("real/smtpd.conf", link.constData()), 0);
    QVERIFY(replaceFile(*disk, link, "new"));
    QCOMPARE(bytesOf(*disk, file), QByteArray("new"));
    QCOMPARE(modeOf(file), 0640U);
    struct stat facts {};
    QCOMPARE(::lstat(link.constData(), &facts), 0);
    QVERIFY(S_ISLNK(facts.st_mode));
    QCOMPARE(disk->list(base + "/real").value_or({}), QByteArrayList{"smtpd.conf"}); // nothing left behind
    // A link that leads nowhere is not turned into a file.
    QCOMPARE(::symlink("nowhere/x", (base + "/dangling").constData()), 0);
    QVERIFY(!replaceFile(*disk, base + "/dangling", "new"));
    // What is not there yet is private, as everything this program makes.
    QVERIFY(replaceFile(*disk, base + "/fresh", "new"));
    QCOMPARE(modeOf(base + "/fresh"), 0600U);
}

QTEST_APPLESS_MAIN(TestFileStore)
#include "tst_file_store.moc"
