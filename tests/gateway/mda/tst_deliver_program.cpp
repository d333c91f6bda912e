// SPDX-License-Identifier: GPL-3.0-or-later
//
// postern-deliver as the gateway runs it, with real shells. As root it becomes "nobody", so that giving up rights is tried, too.
#include "mda/order.h"
#include "support/places.h"

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

using namespace postern::mda;

namespace {

const QString kProgram = QStringLiteral(POSTERN_BIN_DIR "/postern-deliver");

struct Home {
    QTemporaryDir folder;
    Order order;

    Home() {
        const passwd* who = ::geteuid() == 0 ? ::getpwnam("nobody") : ::getpwuid(::geteuid());
        order.task = Task::Command;
        order.user = who ? who->pw_name : "nobody";
        order.uid = who ? who->pw_uid : ::geteuid();
        order.gid = who ? who->pw_gid : ::getegid();
        order.home = folder.path().toStdString();
        order.timeLimitMs = 60'000;
        order.environment = {"PATH=/usr/bin:/bin", "HOME=" + order.home, "SENDER=a@a.example"};
        order.name = "1.P1.h";
        if (::geteuid() == 0 && ::chown(order.home.c_str(), uid_t(order.uid), gid_t(order.gid)) != 0)
            order.uid = -1;
    }
    QByteArray file(const char* name) const {
        QFile f(folder.filePath(QString::fromLatin1(name)));
        return f.open(QIODevice::ReadOnly) ? f.readAll() : QByteArray("no file");
    }
};

// "x75 text", "d0 /path" ... or what the program did instead of answering.
QByteArray answer(QProcess& process) {
    if (!process.waitForFinished(60'000))
        return "no answer";
    const QByteArray said = process.readAllStandardOutput();
    return decodeReport(said.toStdString()) ? said.trimmed() : "no report: " + said;
}

QByteArray toFrames(const std::string& text) {
    QByteArray out;
    for (size_t at = 0; at < text.size(); at += 50'000)
        out += QByteArray::fromStdString(frame(text.substr(at, 50'000)));
    return out;
}

QByteArray run(const Order& order, const std::string& text = "S: t\n\nhi\n", bool isWhole = true) {
    QProcess process;
    process.start(kProgram, QStringList());
    process.write(toFrames(encode(order)) + toFrames(text) +
                  (isWhole ? QByteArray::fromStdString(frame("")) : QByteArray()));
    process.closeWriteChannel();
    return answer(process);
}

QByteArray runShell(Home& home, const std::string& command, const std::string& text = "S: t\n\nhi\n",
                    bool isWhole = true) {
    home.order.command = command;
    return run(home.order, text, isWhole);
}

} // namespace

class TestDeliverProgram : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void whatIsNoOrderIsRefused() {
        QProcess process;
        process.start(kProgram, QStringList());
        process.write("MAIL FROM");
        process.closeWriteChannel();
        QCOMPARE(answer(process), QByteArray("t0 4.3.5 the order to deliver could not be read"));
    }

    void rightsThatItDoesNotHave() {
        Home home;
        home.order.uid = -1;
        QVERIFY(runShell(home, "true").startsWith("t0 4.3.5 there is no account "));
        if (::geteuid() == 0) {
            home.order.uid = 0;
            QCOMPARE(runShell(home, "true"), QByteArray("t0 4.3.5 nothing but root's mailbox is delivered as root"));
        } else {
            home.order.uid = 0;
            QVERIFY(runShell(home, "true").startsWith("t0 4.3.5 the gateway does not run as root"));
        }
    }

    void rightsAreGivenUpForGood() {
        Home home;
        QCOMPARE(
            runShell(home, "id -u; id -g; id -G; umask; pwd >where; exec >&2; echo $(id -u) $(id -g) $(umask); exit 3"),
            "x3 " + QByteArray::number(qint64(home.order.uid)) + ' ' + QByteArray::number(qint64(home.order.gid)) +
                " 0077");
        QCOMPARE(home.file("where").trimmed(), QFileInfo(home.folder.path()).canonicalFilePath().toLocal8Bit());
        if (::geteuid() == 0) // nothing of root's groups is left
            QVERIFY(!runShell(home, "id -G; exit 3").split(' ').mid(1).contains("0"));
    }

    void M03_environmentAndDescriptors() {
        Home home;
        qputenv("POSTERN_SECRET", "s3cret");
        // What a careless part of the gateway might leave open.
        const int left = ::open("/etc/passwd", O_RDONLY);
        const int high = ::fcntl(left, F_DUPFD, 77);
        QCOMPARE(
            runShell(home,
                     "env | grep -v '^PWD=\\|^_=\\|^SHLVL=\\|^OLDPWD=' | sort >env; ls /proc/self/fd >fds; exit 0"),
            QByteArray("x0"));
        ::close(left);
        ::close(high);
        QCOMPARE(home.file("env"),
                 QByteArray::fromStdString("HOME=" + home.order.home + "\nPATH=/usr/bin:/bin\nSENDER=a@a.example\n"));
        if (QDir(QStringLiteral("/proc/self/fd")).exists())
            QCOMPARE(home.file("fds"), QByteArray("0\n1\n2\n3\n")); // 1 is the file, 3 is ls's own
    }

    void M04_howACommandEnds_data() {
        QTest::addColumn<QByteArray>("command");
        QTest::addColumn<QByteArray>("report");
        const auto row = [](const char* name, const char* command, const char* report) {
            QTest::addRow("%s", name) << QByteArray(command) << QByteArray(report);
        };
        row("says 1", "exit 1", "x1");
        row("says 75 and why", "echo first; echo over quota >&2; exit 75", "x75 over quota");
        row("does not exist", "/nonexistent/program 2>/dev/null", "x127");
        row("by a signal", "kill -9 $$", "s9");
        row("good, having read nothing", "exit 0", "x0");
        row("good, having read it", "cat >/dev/null", "x0");
        row("leaves a daemon that holds its output", "sleep 600 & echo $! >pid; exit 0", "x0");
    }
    void M04_howACommandEnds() {
        QFETCH(QByteArray, command);
        Home home;
        QTEST(runShell(home, command.toStdString()), "report");
        if (const pid_t daemon = pid_t(home.file("pid").toInt()); daemon > 0)
            ::kill(daemon, SIGKILL);
    }

    void M04_theGroupIsEndedAtTheLimit() {
        Home home;
        home.order.timeLimitMs = 300;
        QCOMPARE(runShell(home, "trap '' TERM; (sleep 600) & echo $! >pid; while :; do sleep 600; done"),
                 QByteArray("t0 4.3.0 the command did not finish within 0 s and was ended"));
        const pid_t inGroup = pid_t(home.file("pid").toInt());
        QVERIFY(inGroup > 0);
        QTRY_VERIFY(::kill(inGroup, 0) != 0 && errno == ESRCH);
    }

    void M04_endlessOutputIsStopped() {
        Home home;
        QCOMPARE(runShell(home, "yes"),
                 QByteArray("t0 4.3.0 the command wrote more than 10 MiB of output and was ended"));
    }

    void M04_aLargeMessageThatIsNotRead() {
        Home home;
        const std::string large(1'000'000, 'x');
        QCOMPARE(runShell(home, "exit 0", large), QByteArray("u0"));
        home.order.timeLimitMs = 300;
        QCOMPARE(runShell(home, "sleep 600", large),
                 QByteArray("t0 4.3.0 the command did not finish within 0 s and was ended"));
    }

    void aLargeMessageArrivesWhole() {
        Home home;
        std::string large;
        for (int i = 0; i < 200'000; ++i)
            large += std::to_string(i) + '\n';
        QCOMPARE(runShell(home, "cat >got", large), QByteArray("x0"));
        QCOMPARE(home.file("got"), QByteArray::fromStdString(large));
    }

    void aMessageCutShortIsNeverWhole() {
        Home home;
        const std::string large(1'000'000, 'x');
        QCOMPARE(runShell(home, "cat >got && touch whole", large, false),
                 QByteArray("t0 4.2.0 the message was cut short on its way here"));
        QCOMPARE(home.file("whole"), QByteArray("no file"));
        QCOMPARE(runShell(home, "touch began", "short", false),
                 QByteArray("t0 4.2.0 the message was cut short on its way here"));
        QCOMPARE(home.file("began"), QByteArray("no file"));
    }

    void beingToldToStopEndsTheCommand() {
        Home home;
        home.order.command = "echo $$ >pid; sleep 600";
        QProcess process;
        process.start(kProgram, QStringList());
        process.write(toFrames(encode(home.order)) + toFrames("S: t\n\n") + QByteArray::fromStdString(frame("")));
        process.closeWriteChannel();
        QTRY_VERIFY(home.file("pid").endsWith('\n'));
        ::kill(pid_t(process.processId()), SIGTERM);
        QCOMPARE(answer(process), QByteArray("t0 4.3.0 the gateway ended the command, which had not finished"));
        const pid_t command = pid_t(home.file("pid").toInt());
        QVERIFY(::kill(command, 0) != 0 && errno == ESRCH);
    }

    void mailboxesBelongToTheUser() {
        Home home;
        home.order.task = Task::Maildir;
        home.order.path = home.order.home + "/Maildir";
        QCOMPARE(run(home.order), QByteArray::fromStdString("d0 " + home.order.path));
        home.order.task = Task::File;
        home.order.path = home.order.home + "/mbox";
        QCOMPARE(run(home.order), QByteArray::fromStdString("d0 " + home.order.path));
        for (const char* name : {"/mbox", "/Maildir", "/Maildir/new/1.P1.h"}) {
            struct stat facts = {};
            QVERIFY(::stat((home.order.home + name).c_str(), &facts) == 0);
            QCOMPARE(std::int64_t(facts.st_uid), home.order.uid);
            QCOMPARE(std::int64_t(facts.st_gid), home.order.gid);
        }
    }

    void M11_aHomeThatHeMayNotWrite() {
        if (::geteuid() != 0)
            QSKIP("needs a folder of somebody else");
        Home home;
        QVERIFY(::chown(home.order.home.c_str(), 0, 0) == 0 && ::chmod(home.order.home.c_str(), 0755) == 0);
        home.order.task = Task::Maildir;
        home.order.path = home.order.home + "/Maildir";
        QCOMPARE(run(home.order), QByteArray::fromStdString("t0 4.2.0 " + home.order.path + ": Permission denied"));
        home.order.path = "/root/Maildir";
        QVERIFY(run(home.order).startsWith("t0 4.2.0 /root"));
    }

    void M11_aFullDisk() {
        if (::geteuid() != 0)
            QSKIP("needs a small disk of its own");
        Home home;
        // A disk of 64 KiB that only this process sees.
        const QString disk = home.folder.filePath(QStringLiteral("disk"));
        QVERIFY(QDir().mkpath(disk));
        const QString mount = QStringLiteral("mount -t tmpfs -o size=64k,mode=0777 tmpfs '%1' && ").arg(disk);
        for (const Task task : {Task::Maildir, Task::File}) {
            home.order.task = task;
            home.order.path = disk.toStdString() + (task == Task::File ? "/mbox" : "/Maildir");
            QProcess process;
            process.start(QStringLiteral("unshare"), {QStringLiteral("--mount"), QStringLiteral("sh"), QStringLiteral("-c"),
                                                      mount + QStringLiteral("'%1'; find '%2' -type f -size +0 >&2").arg(kProgram, disk)});
            process.write(toFrames(encode(home.order)) + toFrames(std::string(200'000, 'x')) + QByteArray::fromStdString(frame("")));
            process.closeWriteChannel();
            QVERIFY(process.waitForFinished(60'000));
            const QByteArray said = process.readAllStandardOutput();
            const QByteArray error = process.readAllStandardError();
            if (error.contains("ermission denied") || error.contains("not permitted"))
                QSKIP("no mount namespaces here");
            QVERIFY2(said.startsWith("t0 4.3.1 ") && said.endsWith(": No space left on device\n"), said.constData());
            QCOMPARE(error, QByteArray()); // nothing is left of it
        }
    }

    void M12_killedInTheMiddle() {
        Home home;
        const std::string whole(300'000, 'x');
        for (const Task task : {Task::Maildir, Task::File}) {
            home.order.task = task;
            home.order.path = home.order.home + (task == Task::File ? "/mbox" : "/Maildir");
            home.order.sender = "a@a.example";
            QProcess process;
            process.start(kProgram, QStringList());
            process.write(toFrames(encode(home.order)) + toFrames(whole)); // and no end
            const QString part = home.folder.filePath(task == Task::File ? QStringLiteral("mbox") : QStringLiteral("Maildir/tmp/1.P1.h"));
            QTRY_VERIFY_WITH_TIMEOUT(QFileInfo(part).size() > 0, 60'000);
            process.kill();
            process.waitForFinished();
            QCOMPARE(run(home.order), QByteArray::fromStdString("d0 " + home.order.path));
        }
        QCOMPARE(home.file("Maildir/new/1.P1.h"), QByteArray("S: t\n\nhi\n"));
        QVERIFY(QDir(home.folder.filePath(QStringLiteral("Maildir/tmp"))).isEmpty());
        // What kill -9 left of the first stays, as a message of its own; the second is whole.
        const QByteArray mbox = home.file("mbox");
        QCOMPARE(mbox.count("From a@a.example "), 2);
        QVERIFY(mbox.endsWith("\nS: t\n\nhi\n\n"));
        QVERIFY(mbox.mid(mbox.lastIndexOf("From a@a.example ") - 2).startsWith("\n\nFrom "));
    }

    // As on Debian (the group may write) and as on OpenBSD (only root may).
    void theMailFolder_data() {
        QTest::addColumn<int>("mode");
        QTest::addColumn<int>("group");
        QTest::newRow("its group may write") << 02775 << 12345;
        QTest::newRow("only root may write") << 0755 << 0;
        QTest::newRow("everybody may write") << 01777 << 0;
    }
    void theMailFolder() {
        if (::geteuid() != 0)
            QSKIP("only root delivers for others");
        QFETCH(int, mode);
        QFETCH(int, group);
        Home home;
        QTemporaryDir mail;
        const std::string folder = mail.path().toStdString();
        QVERIFY(::chown(folder.c_str(), 0, gid_t(group)) == 0 && ::chmod(folder.c_str(), mode_t(mode)) == 0);
        home.order.task = Task::Mailbox;
        home.order.path = folder + "/joe";
        for (int i = 0; i < 2; ++i)
            QCOMPARE(run(home.order), QByteArray::fromStdString("d0 " + home.order.path));
        struct stat facts = {};
        QVERIFY(::stat(home.order.path.c_str(), &facts) == 0);
        QCOMPARE(std::int64_t(facts.st_uid), home.order.uid);
        QCOMPARE(facts.st_mode & 0777, mode_t(0600));
        QCOMPARE(QDir(mail.path()).entryList(QDir::Files), QStringList{QStringLiteral("joe")});
        home.order.path = folder + "/root";
        home.order.user = "root";
        home.order.uid = home.order.gid = 0;
        QCOMPARE(run(home.order), QByteArray::fromStdString("d0 " + home.order.path));
    }

    void byHand() {
        Home home;
        const QTemporaryDir& folder = home.folder;
        QProcess process;
        process.setWorkingDirectory(folder.path());
        if (::geteuid() == 0) { // never with root's rights
            process.start(kProgram, {QStringLiteral("maildir"), folder.filePath(QStringLiteral("M"))});
            process.closeWriteChannel();
            QVERIFY(process.waitForFinished());
            QCOMPARE(process.exitCode(), 77);
            process.setChildProcessModifier([uid = uid_t(home.order.uid)] {
                if (::setuid(uid) != 0)
                    ::_exit(1);
            });
        }
        process.start(kProgram, {QStringLiteral("maildir"), QStringLiteral("-n"), QStringLiteral("n1"),
                                 folder.filePath(QStringLiteral("M"))});
        process.write("S: t\n\n");
        process.closeWriteChannel();
        QVERIFY(process.waitForFinished());
        QCOMPARE(process.exitCode(), 0);
        QFile made(folder.filePath(QStringLiteral("M/new/n1")));
        QVERIFY(made.open(QIODevice::ReadOnly));
        QCOMPARE(made.readAll(), QByteArray("S: t\n\n"));
        process.start(kProgram, {QStringLiteral("mbox"), folder.filePath(QStringLiteral("M"))});
        process.closeWriteChannel();
        QVERIFY(process.waitForFinished());
        QCOMPARE(process.exitCode(), 75);
        process.start(kProgram, {QStringLiteral("post")});
        process.closeWriteChannel();
        QVERIFY(process.waitForFinished());
        QCOMPARE(process.exitCode(), 64);
    }
};

QTEST_GUILESS_MAIN(TestDeliverProgram)
#include "tst_deliver_program.moc"
