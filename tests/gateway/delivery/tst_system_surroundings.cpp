// SPDX-License-Identifier: GPL-3.0-or-later
//
// M08: which .forward files count, and what becomes of mail when one cannot be read; include files; accounts. In a folder of
// its own on the real disk. What only root can set up is tried as root.
#include "delivery/system_surroundings.h"

#include "base/log.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <sys/stat.h>
#include <unistd.h>

using namespace Qt::StringLiterals;
using namespace postern;
using namespace postern::delivery;

namespace {

constexpr uid_t kSomebody = 54321, kSomebodyElse = 54322; // nobody's, most likely; files need no account

struct Home {
    Home() {
        QDir(folder.path()).mkdir(u"home"_s);
        user = {"ann", qint64(::geteuid()), qint64(::getegid()), QFile::encodeName(folder.filePath(u"home"_s))};
        ::chmod(user.home.constData(), 0700);
    }
    QByteArray path(const char* name = ".forward") const { return user.home + '/' + name; }
    void write(const QByteArray& text, mode_t mode = 0600, const char* name = ".forward") const {
        QFile file(QFile::decodeName(path(name)));
        file.open(QIODevice::WriteOnly);
        file.write(text);
        file.close();
        ::chmod(path(name).constData(), mode);
    }
    // "its text", "none" or "later: why".
    QByteArray read() const {
        const auto found = readForwardFile(user);
        if (!found)
            return "later: " + found.error().text;
        return found->value_or("none");
    }
    QTemporaryDir folder;
    LocalUser user;
};

} // namespace

class TestSystemSurroundings : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() { setLogToStandardError(false); }

    void M08_whatCounts();
    void M08_whatIsPassedOver();
    void M08_whatMakesMailWait();
    void M08_rootReadsAsTheUser();
    void M08_filesOfOthersArePassedOver();
    void includeFiles();
    void accounts();
};

void TestSystemSurroundings::M08_whatCounts() {
    const Home home;
    QCOMPARE(home.read(), "none");
    home.write("eve@far.example\n");
    QCOMPARE(home.read(), "eve@far.example\n");
    home.write("eve@far.example\n", 0644); // others may read it
    QCOMPARE(home.read(), "eve@far.example\n");
    home.write(QByteArray(4095, '#'));
    QCOMPARE(home.read().size(), 4095);
    home.write("");
    QCOMPARE(home.read(), "");
    LocalUser nowhere = home.user;
    nowhere.home += "/gone";
    QVERIFY(readForwardFile(nowhere) && !readForwardFile(nowhere)->has_value());
    nowhere.home = "relative";
    QVERIFY(readForwardFile(nowhere) && !readForwardFile(nowhere)->has_value());
}

void TestSystemSurroundings::M08_whatIsPassedOver() {
    {
        const Home home;
        for (const mode_t mode : {0620, 0602, 0666}) {
            home.write("eve@far.example\n", mode);
            QCOMPARE(home.read(), "none");
        }
    }
    {
        const Home home;
        home.write("eve@far.example\n");
        for (const mode_t mode : {0720, 0702, 0777}) {
            ::chmod(home.user.home.constData(), mode);
            QCOMPARE(home.read(), "none");
        }
    }
    {
        const Home home; // a link to a secret
        home.write("secret@far.example\n", 0600, "secret");
        QCOMPARE(::symlink("secret", home.path().constData()), 0);
        QCOMPARE(home.read(), "none");
    }
    {
        const Home home;
        QCOMPARE(::mkdir(home.path().constData(), 0700), 0);
        QCOMPARE(home.read(), "none");
    }
    {
        const Home home; // nobody writes into it: who opened it as usual would wait for ever
        QCOMPARE(::mkfifo(home.path().constData(), 0600), 0);
        QCOMPARE(home.read(), "none");
    }
}

void TestSystemSurroundings::M08_whatMakesMailWait() {
    const Home home;
    home.write("eve@far.example\n");
    ::chmod(home.user.home.constData(), 01700);
    QVERIFY2(home.read().startsWith("later: ") && home.read().contains("sticky"), home.read().constData());
    ::chmod(home.user.home.constData(), 0700);
    home.write(QByteArray(4096, '#'));
    QVERIFY2(home.read().startsWith("later: "), home.read().constData());
    home.write(QByteArray(1'000'000, '\n')); // a million lines
    QVERIFY2(home.read().startsWith("later: "), home.read().constData());
}

// A hard link to a file that only root may read, owned by root: as root we could read it, and its lines would be addresses.
void TestSystemSurroundings::M08_rootReadsAsTheUser() {
    if (::geteuid() != 0)
        QSKIP("only root can be somebody else");
    Home home;
    home.user.uid = kSomebody;
    home.user.gid = kSomebody;
    QCOMPARE(::chmod(QFile::encodeName(home.folder.path()).constData(), 0711), 0);
    QCOMPARE(::chown(home.user.home.constData(), kSomebody, kSomebody), 0);
    home.write("secret@far.example\n", 0600, "secret");
    QCOMPARE(::link(home.path("secret").constData(), home.path().constData()), 0);
#ifdef Q_OS_LINUX
    QVERIFY2(home.read().startsWith("later: "), home.read().constData());
#endif
    QCOMPARE(::unlink(home.path().constData()), 0);
    home.write("eve@far.example\n"); // root's, which he may not read either
    QCOMPARE(::chown(home.path().constData(), kSomebody, kSomebody), 0);
    QCOMPARE(home.read(), "eve@far.example\n");
    home.write("eve@far.example\n", 0644, "root");
    QCOMPARE(::rename(home.path("root").constData(), home.path().constData()), 0);
    QCOMPARE(home.read(), "eve@far.example\n"); // root put it there for him
    QVERIFY(QFile(u"/proc/self/status"_s).exists()); // and we are root again
    QCOMPARE(::chown(home.path().constData(), 0, 0), 0);
}

void TestSystemSurroundings::M08_filesOfOthersArePassedOver() {
    if (::geteuid() != 0)
        QSKIP("only root can give files away");
    Home home;
    home.user.uid = kSomebody;
    home.user.gid = kSomebody;
    QCOMPARE(::chmod(QFile::encodeName(home.folder.path()).constData(), 0711), 0);
    QCOMPARE(::chown(home.user.home.constData(), kSomebody, kSomebody), 0);
    home.write("eve@far.example\n", 0644);
    QCOMPARE(::chown(home.path().constData(), kSomebodyElse, kSomebodyElse), 0);
    QCOMPARE(home.read(), "none");
    QCOMPARE(::chown(home.path().constData(), kSomebody, kSomebody), 0);
    QCOMPARE(home.read(), "eve@far.example\n");
    QCOMPARE(::chown(home.user.home.constData(), kSomebodyElse, kSomebodyElse), 0);
    QCOMPARE(::chmod(home.user.home.constData(), 0755), 0);
    QCOMPARE(home.read(), "none");
}

void TestSystemSurroundings::includeFiles() {
    const Home home;
    QVERIFY(!readIncludeFile(home.path("list")));
    home.write("ann\n", 0644, "list");
    QCOMPARE(readIncludeFile(home.path("list")).value(), "ann\n");
    home.write(QByteArray((1 << 20) + 1, '\n'), 0644, "list");
    QVERIFY(!readIncludeFile(home.path("list")));
    QCOMPARE(::mkfifo(home.path("pipe").constData(), 0600), 0);
    QVERIFY(!readIncludeFile(home.path("pipe")));
    QVERIFY(!readIncludeFile(home.user.home));
}

void TestSystemSurroundings::accounts() {
    const auto root = systemAccount("root");
    QVERIFY(root && root->has_value());
    QCOMPARE((*root)->uid, 0);
    for (const char* name : {"", "no-such-user-here", "../root", "root:x", "root\nroot"}) {
        const auto found = systemAccount(name);
        QVERIFY2(found && !found->has_value(), name);
    }
}

QTEST_APPLESS_MAIN(TestSystemSurroundings)
#include "tst_system_surroundings.moc"
