// SPDX-License-Identifier: GPL-3.0-or-later
//
// The profile folder and its lock, on the real disk: locks and socket paths are the kernel's.
#include "engine/profile.h"

#include "policy/compile.h"
#include "support/memory_file_store.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

using namespace postern;
using namespace postern::engine;
using namespace postern::test;
using namespace Qt::StringLiterals;

class TestProfile : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void pathsAreAbsoluteAndClean_data();
    void pathsAreAbsoluteAndClean();
    void theSocketFitsAnyFolder_data();
    void theSocketFitsAnyFolder();
    void aNewProfileGetsTheConfigurationThatCatches();
    void anExistingConfigurationIsLeftAlone();
    void aConfigurationElsewhereIsNotInvented();
    void theSecondLockNamesTheFirst();
    void aLockLeftOverIsNoLock();
    void X05_aChildThatWasBeingBornHoldsItAMomentOnly();
    void tellsWhyTheFolderCannotBeUsed_data();
    void tellsWhyTheFolderCannotBeUsed();
    void tellsWhichFolderCannotBeMade();
    void tellsWhoseFolderItIs();
    void nameServersStandInPosternIni_data();
    void nameServersStandInPosternIni();
};

void TestProfile::nameServersStandInPosternIni_data() {
    QTest::addColumn<QByteArray>("ini");
    QTest::addColumn<QByteArrayList>("servers");
    QTest::addRow("no file: the system's") << QByteArray() << QByteArrayList();
    QTest::addRow("other keys only") << QByteArray("[window]\ncolors=dark\n") << QByteArrayList();
    QTest::addRow("empty") << QByteArray("[resolver]\nservers=\n") << QByteArrayList();
    QTest::addRow("one") << QByteArray("[resolver]\nservers=192.0.2.53\n") << QByteArrayList{"192.0.2.53"};
    QTest::addRow("several, with ports and blanks") << QByteArray("[resolver]\nservers = 127.0.0.1@5353 , 2001:db8::53\n")
                                                    << QByteArrayList{"127.0.0.1@5353", "2001:db8::53"};
}

void TestProfile::nameServersStandInPosternIni() {
    QFETCH(QByteArray, ini);
    QFETCH(QByteArrayList, servers);
    const QTemporaryDir folder;
    const Profile profile = Profile::at(QFile::encodeName(folder.path()));
    if (!ini.isEmpty()) {
        QFile file(QFile::decodeName(profile.settingsFile()));
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(ini) == ini.size());
    }
    QCOMPARE(profile.nameServers(), servers);
}

void TestProfile::pathsAreAbsoluteAndClean_data() {
    QTest::addColumn<QByteArray>("given");
    QTest::addColumn<QByteArray>("folder");
    const QByteArray here = QFile::encodeName(QDir::currentPath());
    QTest::addRow("absolute") << QByteArray("/a/b") << QByteArray("/a/b");
    QTest::addRow("a slash at the end") << QByteArray("/a/b/") << QByteArray("/a/b");
    QTest::addRow("dots") << QByteArray("/a/./b/../c") << QByteArray("/a/c");
    QTest::addRow("relative") << QByteArray("mail") << here + "/mail";
    QTest::addRow("spaces and umlauts") << QByteArray("/a/Größe mit Leer") << QByteArray("/a/Größe mit Leer");
}

void TestProfile::pathsAreAbsoluteAndClean() {
    QFETCH(QByteArray, given);
    QFETCH(QByteArray, folder);
    const Profile profile = Profile::at(given);
    QCOMPARE(profile.folder, folder);
    QCOMPARE(profile.configFile, folder + "/smtpd.conf");
    QCOMPARE(profile.stateFolder, folder + "/queue");
    QCOMPARE(profile.settingsFile(), folder + "/postern.ini");
}

void TestProfile::theSocketFitsAnyFolder_data() {
    QTest::addColumn<QByteArray>("folder");
    QTest::addColumn<bool>("inside");
    QTest::addRow("short") << QByteArray("/a") << true;
    QTest::addRow("as long as a socket's name may be") << '/' + QByteArray(79, 'x') << true;
    QTest::addRow("longer") << '/' + QByteArray(100, 'x') << false;
    QTest::addRow("much longer") << '/' + QByteArray(3000, 'x') << false;
}

void TestProfile::theSocketFitsAnyFolder() {
    QFETCH(QByteArray, folder);
    QFETCH(bool, inside);
    const Profile profile = Profile::at(folder);
    const QByteArray path = profile.socketPath();
    QVERIFY2(path.size() < 104, path.constData()); // sun_path of macOS, the shorter one
    QCOMPARE(path.startsWith(profile.stateFolder + '/'), inside);
    QCOMPARE(Profile::at(folder).socketPath(), path); // a command finds what the gateway opened
    QVERIFY(Profile::at(folder + 'y').socketPath() != path);
}

void TestProfile::aNewProfileGetsTheConfigurationThatCatches() {
    MemoryFileStore files;
    const Profile profile = Profile::at("/home/me/postern");
    QVERIFY(prepare(files, profile));
    const auto text = files.read(profile.configFile, 0, 1 << 20);
    QVERIFY(text);
    QCOMPARE(*text, defaultConfiguration());
    const policy::Compiled compiled = policy::compile(files, profile.configFile, {});
    QVERIFY(compiled.isUsable());
    QCOMPARE(compiled.ruleset->rules.size(), size_t(1));
    QCOMPARE(compiled.ruleset->rules.front().action->kind, policy::ActionKind::Catch);
    for (const policy::ListenerSpec& listener : compiled.ruleset->listeners)
        QCOMPARE(listener.interface, QByteArray("127.0.0.1")); // nobody else can reach it
}

void TestProfile::anExistingConfigurationIsLeftAlone() {
    MemoryFileStore files;
    const Profile profile = Profile::at("/p");
    files.put(profile.configFile, "my own\r\n");
    QVERIFY(prepare(files, profile));
    QCOMPARE(files.read(profile.configFile, 0, 100).value(), QByteArray("my own\r\n"));
}

void TestProfile::aConfigurationElsewhereIsNotInvented() {
    MemoryFileStore files;
    Profile profile = Profile::at("/p");
    profile.configFile = "/etc/postern/smtpd.conf";
    const auto prepared = prepare(files, profile);
    QVERIFY(!prepared);
    QCOMPARE(prepared.error().text, QByteArray("there is no configuration file /etc/postern/smtpd.conf"));
    QVERIFY(!files.size(profile.configFile));
}

void TestProfile::theSecondLockNamesTheFirst() {
    const QTemporaryDir folder;
    const QByteArray path = QFile::encodeName(folder.path());
    auto first = StateLock::take(path);
    QVERIFY(first);
    const auto second = StateLock::take(path);
    QVERIFY(!second);
    QVERIFY(second.error().code == ErrorCode::Busy);
    QVERIFY2(second.error().text.contains("process " + QByteArray::number(QCoreApplication::applicationPid())),
             second.error().text.constData());
    QVERIFY(second.error().text.contains("posternctl stop")); // what to do
    first->reset();
    QVERIFY(StateLock::take(path));
}

void TestProfile::aLockLeftOverIsNoLock() { // after kill -9 the file stays, with a process number that means nothing
    const QTemporaryDir folder;
    QFile left(folder.filePath(u"lock"_s));
    QVERIFY(left.open(QIODevice::WriteOnly));
    left.write("99999999\n garbage that is longer than a number has any right to be");
    left.close();
    QVERIFY(StateLock::take(QFile::encodeName(folder.path())));
}

// A gateway that is killed in the middle of making a child: until the child's own program begins, the lock is still held.
void TestProfile::X05_aChildThatWasBeingBornHoldsItAMomentOnly() {
    const QTemporaryDir folder;
    const QByteArray path = QFile::encodeName(folder.path());
    const pid_t gateway = ::fork();
    if (gateway == 0) {
        const int file = ::open((path + "/lock").constData(), O_RDWR | O_CREAT, 0600);
        const QByteArray pid = QByteArray::number(::getpid()) + '\n';
        const bool locked = ::flock(file, LOCK_EX | LOCK_NB) == 0 && ::write(file, pid.constData(), size_t(pid.size())) == pid.size();
        if (locked && ::fork() == 0) { // the child has the descriptor, too
            const timespec moment = {0, 300'000'000};
            ::nanosleep(&moment, nullptr);
        }
        ::_exit(locked ? 0 : 1);
    }
    int status = 1;
    QVERIFY(::waitpid(gateway, &status, 0) == gateway && status == 0);
    const auto next = StateLock::take(path);
    QVERIFY2(next, next ? "" : next.error().text.constData());
}

void TestProfile::tellsWhyTheFolderCannotBeUsed_data() {
    QTest::addColumn<bool>("opening");
    QTest::addColumn<int>("number");
    QTest::addColumn<QByteArray>("says");
    QTest::addColumn<bool>("isAnotherPostern");
    QTest::addRow("somebody else's folder") << true << EACCES << QByteArray("give the folder to the user that runs Postern") << false;
    QTest::addRow("a read-only file system") << true << EROFS << QByteArray("mount it writable, or choose a folder") << false;
    QTest::addRow("a full disk") << true << ENOSPC << QByteArray("make room on the disk of /q") << false;
    QTest::addRow("a link") << true << ELOOP << QByteArray("remove it") << false;
    QTest::addRow("held by another") << false << EWOULDBLOCK << QByteArray("another Postern (process 42) works on /q; stop it") << true;
    QTest::addRow("a network folder without locks") << false << ENOLCK << QByteArray("choose a folder on a local disk") << false;
    QTest::addRow("a file system without locks") << false << EOPNOTSUPP << QByteArray("cannot lock /q/lock: ") << false;
}

void TestProfile::tellsWhyTheFolderCannotBeUsed() {
    QFETCH(bool, opening);
    QFETCH(int, number);
    QFETCH(QByteArray, says);
    QFETCH(bool, isAnotherPostern);
    const Error error = opening ? StateLock::openFailure(number, "/q") : StateLock::lockFailure(number, "/q", "42");
    QVERIFY2(error.text.contains(says), error.text.constData());
    QVERIFY2(error.text.contains("/q"), error.text.constData());
    QCOMPARE(error.code == ErrorCode::Busy, isAnotherPostern);
    QCOMPARE(error.text.contains("another Postern"), isAnotherPostern);
}

void TestProfile::tellsWhichFolderCannotBeMade() {
    const auto prepared = prepare(*makeDiskFileStore(), Profile::at("/proc/nowhere"));
    QVERIFY(!prepared);
    QVERIFY2(prepared.error().text.contains("/proc/nowhere"), prepared.error().text.constData());
    QVERIFY2(prepared.error().text.contains("choose another one"), prepared.error().text.constData());
}

void TestProfile::tellsWhoseFolderItIs() {
    const auto lock = StateLock::take("/nowhere/at/all");
    QVERIFY(!lock);
    QVERIFY2(lock.error().text.startsWith("cannot open /nowhere/at/all/lock: "), lock.error().text.constData());
    // A link is not followed: somebody else may have put it there.
    const QTemporaryDir folder;
    const QString target = folder.filePath(u"target"_s);
    QVERIFY(QFile::link(target, folder.filePath(u"lock"_s)));
    QVERIFY(!StateLock::take(QFile::encodeName(folder.path())));
    QVERIFY(!QFile::exists(target));
}

QTEST_GUILESS_MAIN(TestProfile)
#include "tst_profile.moc"
