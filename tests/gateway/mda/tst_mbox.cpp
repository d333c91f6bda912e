// SPDX-License-Identifier: GPL-3.0-or-later
//
// Appending to an mbox: what goes wrong leaves it as it was, and nobody is led to another file.
#include "mda/deliver.h"
#include "piped_content.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <ctime>

using namespace postern::mda;
using postern::test::PipedContent;

namespace {

constexpr Patience kShort = {.lockMs = 300, .staleLockMs = 300'000};

struct Place {
    QTemporaryDir folder;
    Order order;

    Place() {
        qputenv("TZ", "UTC");
        ::tzset();
        order.task = Task::Mailbox;
        order.user = "ann";
        order.sender = "b@b.example";
        order.path = file("ann").toStdString();
    }
    QByteArray file(const char* name) const { return folder.filePath(QString::fromLatin1(name)).toLocal8Bit(); }
    QByteArray bytes(const char* name = "ann") const {
        QFile f(folder.filePath(QString::fromLatin1(name)));
        return f.open(QIODevice::ReadOnly) ? f.readAll() : QByteArray("no file");
    }
    void put(const char* name, const QByteArray& bytes) const {
        QFile f(folder.filePath(QString::fromLatin1(name)));
        if (f.open(QIODevice::WriteOnly))
            f.write(bytes);
    }
    // The mailbox with the date of each "From " line taken out.
    QByteArray dateless() const {
        QByteArrayList lines = bytes().split('\n');
        for (QByteArray& line : lines)
            if (line.startsWith("From "))
                line = line.split(' ').mid(0, 2).join(' ');
        return lines.join('\n');
    }
    QStringList names() const { return QDir(folder.path()).entryList(QDir::Files | QDir::System | QDir::Hidden); }
    QByteArray deliver(const std::string& text = "S: t\n\nhi\n", bool isWhole = true,
                       const Patience& patience = kShort) {
        PipedContent piped(text, isWhole);
        const Report report = deliverToMbox(order, piped.content(), patience);
        return (report.ending == Ending::Delivered ? "D " : "T ") +
               QByteArray::fromStdString(report.text).replace(folder.path().toLocal8Bit(), "");
    }
};

} // namespace

class TestMbox : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void M07_linksAndOtherThingsAreRefused() {
        Place p;
        p.put("other", "precious\n");
        QVERIFY(::symlink(p.file("other").constData(), p.file("ann").constData()) == 0);
        QCOMPARE(p.deliver(), QByteArray("T 4.2.0 /ann is a link; mail is not delivered through links"));
        QVERIFY(::unlink(p.file("ann").constData()) == 0);
        QVERIFY(::link(p.file("other").constData(), p.file("ann").constData()) == 0);
        QCOMPARE(p.deliver(), QByteArray("T 4.2.0 /ann has a second name; mail is not delivered through links"));
        QVERIFY(::unlink(p.file("ann").constData()) == 0);
        QVERIFY(::mkdir(p.file("ann").constData(), 0700) == 0);
        QCOMPARE(p.deliver(), QByteArray("T 4.2.0 /ann: Is a directory"));
        QVERIFY(::rmdir(p.file("ann").constData()) == 0);
        QVERIFY(::mkfifo(p.file("ann").constData(), 0600) == 0); // and nobody waits for a reader
        QCOMPARE(p.deliver(), QByteArray("T 4.2.0 /ann is not a file"));
        QCOMPARE(p.bytes("other"), QByteArray("precious\n"));
    }

    void M07_somebodyElsesFileIsRefused() {
        if (::geteuid() != 0)
            QSKIP("only root can make a file that belongs to somebody else");
        Place p;
        p.put("ann", "");
        QVERIFY(::chown(p.file("ann").constData(), 12345, 12345) == 0);
        QCOMPARE(p.deliver(), QByteArray("T 4.2.0 /ann belongs to somebody else than ann"));
        QCOMPARE(p.bytes(), QByteArray());
    }

    void M07_aMessageCutShortIsTakenBack() {
        Place p;
        p.put("ann", "From x\n\nold\n\n");
        QCOMPARE(p.deliver("S: t\n\nhalf", false), QByteArray("T 4.2.0 the message was cut short on its way here"));
        QCOMPARE(p.bytes(), QByteArray("From x\n\nold\n\n"));
        QCOMPARE(p.names(), QStringList{QStringLiteral("ann")});
    }

    void M07_M11_aWriteThatFailsIsCutBack() {
        Place p;
        p.put("ann", "From x\n\nold\n\n");
        // A limit on the size of files stands in for a full disk: a part goes in, the rest does not.
        rlimit before = {};
        QVERIFY(::getrlimit(RLIMIT_FSIZE, &before) == 0);
        rlimit small = before;
        small.rlim_cur = 100;
        const auto handler = std::signal(SIGXFSZ, SIG_IGN);
        QVERIFY(::setrlimit(RLIMIT_FSIZE, &small) == 0);
        const QByteArray outcome = p.deliver("S: t\n\n" + std::string(500, 'x') + "\n");
        QVERIFY(::setrlimit(RLIMIT_FSIZE, &before) == 0);
        std::signal(SIGXFSZ, handler);
        QCOMPARE(outcome, QByteArray("T 4.2.0 /ann: File too large"));
        QCOMPARE(p.bytes(), QByteArray("From x\n\nold\n\n"));
        QCOMPARE(p.names(), QStringList{QStringLiteral("ann")});
    }

    void M11_codesByWhatIsWrong() {
        QCOMPARE(failed("x", EDQUOT).text.substr(0, 6), std::string("4.2.2 "));
        QCOMPARE(failed("x", ENOSPC).text.substr(0, 6), std::string("4.3.1 "));
        QCOMPARE(failed("x", ESTALE).text.substr(0, 6), std::string("4.2.0 "));
        QCOMPARE(failed("x", EDQUOT).ending, Ending::Later);
    }

    void M07_otherWritersAreWaitedFor() {
        Place p;
        p.put("ann", "");
        p.put("ann.lock", "1\n");
        QCOMPARE(p.deliver(), QByteArray("T 4.2.0 /ann is locked by another program"));
        QCOMPARE(p.bytes("ann.lock"), QByteArray("1\n")); // not ours to take away
        QVERIFY(::unlink(p.file("ann.lock").constData()) == 0);

        // fcntl locks are held by processes, so another one has to hold it.
        int ready[2] = {};
        QVERIFY(::pipe(ready) == 0);
        const pid_t holder = ::fork();
        if (holder == 0) {
            const int file = ::open(p.order.path.c_str(), O_RDWR);
            struct flock whole = {};
            whole.l_type = F_WRLCK;
            ::fcntl(file, F_SETLK, &whole);
            [[maybe_unused]] const ssize_t told = ::write(ready[1], "x", 1);
            ::pause();
            ::_exit(0);
        }
        char byte = 0;
        QVERIFY(::read(ready[0], &byte, 1) == 1);
        QCOMPARE(p.deliver(), QByteArray("T 4.2.0 /ann is locked by another program"));
        ::kill(holder, SIGKILL);
        ::waitpid(holder, nullptr, 0);
        ::close(ready[0]);
        ::close(ready[1]);
        QCOMPARE(p.bytes(), QByteArray());
        QCOMPARE(p.deliver(), QByteArray("D /ann"));
        QVERIFY(!p.names().contains(QStringLiteral("ann.lock")));
    }

    void M07_aLockThatNobodyHoldsAnyMoreIsTakenAway() {
        Place p;
        p.put("ann.lock", "1\n");
        const timespec longAgo[2] = {{std::time(nullptr) - 400, 0}, {std::time(nullptr) - 400, 0}};
        QVERIFY(::utimensat(AT_FDCWD, p.file("ann.lock").constData(), longAgo, 0) == 0);
        QCOMPARE(p.deliver(), QByteArray("D /ann"));
    }

    void M07_theLockOfOneThatWasKilledIsTakenAway() {
        const pid_t dead = ::fork();
        if (dead == 0)
            ::_exit(0);
        ::waitpid(dead, nullptr, 0);
        char host[256] = {};
        ::gethostname(host, sizeof host - 1);
        Place p;
        p.put("ann.lock", QByteArray::number(dead) + " other." + host + '\n'); // on another computer it may live
        QCOMPARE(p.deliver(), QByteArray("T 4.2.0 /ann is locked by another program"));
        p.put("ann.lock", QByteArray::number(::getpid()) + ' ' + host + '\n'); // that is us, alive
        QCOMPARE(p.deliver(), QByteArray("T 4.2.0 /ann is locked by another program"));
        p.put("ann.lock", QByteArray::number(dead) + ' ' + host + '\n');
        QCOMPARE(p.deliver(), QByteArray("D /ann"));
    }

    void M07_whatAnotherProgramLeftUnfinishedIsEnded_data() {
        QTest::addColumn<QByteArray>("before");
        QTest::addColumn<QByteArray>("between");
        QTest::newRow("as it should be") << QByteArray("From x\n\na\n\n") << QByteArray();
        QTest::newRow("no empty line") << QByteArray("From x\n\na\n") << QByteArray("\n");
        QTest::newRow("in the middle of a line") << QByteArray("From x\n\na") << QByteArray("\n\n");
        QTest::newRow("one octet") << QByteArray("a") << QByteArray("\n\n");
        QTest::newRow("empty") << QByteArray() << QByteArray();
    }
    void M07_whatAnotherProgramLeftUnfinishedIsEnded() {
        QFETCH(QByteArray, before);
        QFETCH(QByteArray, between);
        Place p;
        p.put("ann", before);
        QCOMPARE(p.deliver(), QByteArray("D /ann"));
        QCOMPARE(p.dateless(), before + between + "From b@b.example\nS: t\n\nhi\n\n");
    }

    void twoMessages() {
        Place p;
        QCOMPARE(p.deliver(), QByteArray("D /ann"));
        p.order.sender.clear();
        QCOMPARE(p.deliver("S: u\n\nFrom here on\n"), QByteArray("D /ann"));
        QCOMPARE(p.dateless(),
                 QByteArray("From b@b.example\nS: t\n\nhi\n\nFrom MAILER-DAEMON\nS: u\n\n>From here on\n\n"));
        struct stat facts = {};
        QVERIFY(::stat(p.order.path.c_str(), &facts) == 0);
        QCOMPARE(facts.st_mode & 0777, mode_t(0600));
    }

    void filesThatAliasesName() {
        Place p;
        p.order.task = Task::File;
        QCOMPARE(p.deliver("S: t\n\na\nFrom here on\n"),
                 QByteArray("D /ann")); // every such line, as mail.mboxfile has it
        QCOMPARE(p.dateless(), QByteArray("From b@b.example\nS: t\n\na\n>From here on\n\n"));
        p.order.path = "/dev/null";
        QCOMPARE(p.deliver(), QByteArray("D /dev/null"));
        p.order.path = "/dev/full"; // no other device
        QCOMPARE(p.deliver(), QByteArray("T 4.2.0 /dev/full is not a file"));
    }
};

QTEST_GUILESS_MAIN(TestMbox)
#include "tst_mbox.moc"
