// SPDX-License-Identifier: GPL-3.0-or-later
//
// Deliveries by real children: each envelope is reported once, nothing is done with other rights than the user's, and the limits
// hold.
#include "base/log.h"
#include "local_world.h"
#include "support/fake_clock.h"

#include <QTest>

#include <csignal>

using namespace postern;
using namespace postern::local;
using namespace postern::test;
using namespace std::chrono_literals;
using policy::Method;

namespace {

constexpr int kPatience = 60'000;

} // namespace

class TestLocalWorker : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void initTestCase() { setLogToStandardError(false); }

    void aProgramThatIsNotThere() {
        LocalWorld w(LocalLimits{.program = "/nonexistent/postern-deliver"});
        w.submit(w.job(Method::Maildir));
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("T"), kPatience);
        QCOMPARE(w.lastText(), QByteArray("4.3.0 starting /nonexistent/postern-deliver: No such file or directory"));
        QCOMPARE(w.worker->sessions(), 0);
    }

    void aProgramThatIsAnother() {
        LocalWorld w(LocalLimits{.program = "/bin/false"});
        w.submit(w.job(Method::Maildir, {}, "Subject: t\r\n\r\n" + QByteArray(1'000'000, 'x') + "\r\n"));
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("T"), kPatience);
        QCOMPARE(w.lastText(), QByteArray("4.3.0 /bin/false ended with 1 and gave no report"));
    }

    void asSomebodyElse() {
        LocalWorld w;
        w.user.uid = -1;
        w.user.name = "gone";
        w.submit(w.job(Method::Maildir));
        QCOMPARE(w.results(), QByteArray("T"));
        QCOMPARE(w.lastText(), QByteArray("4.3.5 there is no account gone on this computer"));
        if (::geteuid() != 0) {
            w.user.uid = 1;
            w.submit(w.job(Method::Maildir));
            QCOMPARE(w.results(), QByteArray("T T"));
            QVERIFY2(w.lastText().endsWith("can't deliver as gone; only one that is started as root can"), w.lastText().constData());
        }
    }

    void whatDoesNotFitTogether() {
        LocalWorld w;
        LocalJob noUsers = w.job(Method::Maildir);
        noUsers.users.clear();
        w.submit(std::move(noUsers));
        LocalJob noBody = w.job(Method::Maildir);
        noBody.body = nullptr;
        w.submit(std::move(noBody));
        w.submit(w.job(Method::Catch));
        QCOMPARE(w.results(), QByteArray("T T T"));
    }

    void M10_aLoopIsFound() {
        LocalWorld w;
        w.submit(w.job(Method::Maildir, {}, "Delivered-To: ANN0@b.example\r\n\r\n"));
        QCOMPARE(w.results(), QByteArray("P"));
        QCOMPARE(w.lastText(), QByteArray("5.4.6 Loop detected: the message was delivered to ann0@b.example before"));
    }

    void aContentThatCannotBeRead() {
        LocalWorld w;
        LocalJob job = w.job(Method::Maildir);
        auto cut = std::make_shared<queue::Body>(*job.body);
        cut->size += 100'000;
        cut->bytes += QByteArray(60'000, 'x'); // its beginning can be read, its end cannot
        job.body = cut;
        w.submit(std::move(job));
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("T"), kPatience);
        QVERIFY2(w.lastText().startsWith("4.3.0 the stored content ends after "), w.lastText().constData());
        QCOMPARE(w.filesBelow("Maildir"), QByteArrayList());
    }

    void everyMethodDelivers() {
        LocalWorld w;
        const QByteArray whole = "Return-Path: <sue@send.example>\nDelivered-To: team@b.example\nSubject: t\n\nhello\n";
        w.submit(w.job(Method::Maildir));
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("D"), kPatience);
        QCOMPARE(w.filesBelow("Maildir/new"), QByteArrayList{whole});
        QCOMPARE(w.lastText(), "delivered to maildir " + w.user.home + "/Maildir");
        QCOMPARE(w.reports.back().peer, "maildir " + w.user.home + "/Maildir");
        QCOMPARE(w.reports.back().route, QByteArray("local"));

        w.submit(w.job(Method::Mda, "cat >got; echo $LOGNAME $SENDER >who"));
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("D D"), kPatience);
        QCOMPARE(w.file("got"), whole);
        QCOMPARE(w.file("who"), w.user.name + " sue@send.example\n");

        LocalJob own = w.job(Method::Mbox, "~/archive");
        own.isOwnTarget = true;
        w.submit(std::move(own));
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("D D D"), kPatience);
        QVERIFY(w.file("archive").startsWith("From sue@send.example "));
        QVERIFY(w.file("archive").endsWith('\n' + whole + '\n'));
        QCOMPARE(w.worker->sessions(), 0);
    }

    void anMboxInTheMailFolder() {
        QTemporaryDir mail;
        LocalWorld w(LocalLimits{.mailFolder = mail.path().toLocal8Bit()});
        if (::geteuid() == 0)
            QVERIFY(::chmod(mail.path().toLocal8Bit().constData(), 0755) == 0); // as on OpenBSD: only root may make files here
        w.submit(w.job(Method::Mbox));
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("D"), kPatience);
        QFile box(mail.filePath(QString::fromLatin1(w.user.name)));
        QVERIFY(box.open(QIODevice::ReadOnly));
        QVERIFY(box.readAll().endsWith("\n\nhello\n\n"));
    }

    void wrappersGoAroundMailboxesToo() {
        LocalWorld w;
        LocalJob wrapped = w.job(Method::Maildir);
        wrapped.wrapper = "sed 's/hello/goodbye/' | %{mda}";
        w.submit(std::move(wrapped));
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("D"), kPatience);
        QCOMPARE(w.filesBelow("Maildir/new"), QByteArrayList{"Return-Path: <sue@send.example>\nDelivered-To: team@b.example\nSubject: t\n\ngoodbye\n"});
    }

    void M01_hostileSendersInARealShell_data() {
        QTest::addColumn<QByteArray>("sender");
        for (const char* sender : {"\"a;touch harm\"@b.example", "\"a\\\"; touch harm; \\\"\"@b.example", "`touch${IFS}harm`@b.example",
                                   "$(touch${IFS}harm)@b.example", "\"a\ntouch harm\n\"@b.example", "a|touch${IFS}harm@b.example",
                                   "a'&touch${IFS}harm&'@b.example", "\"a>harm\"@b.example", "\"a (touch harm)\"@b.example"})
            QTest::addRow("%s", QByteArray(sender).replace('\n', ' ').constData()) << QByteArray(sender);
    }
    void M01_hostileSendersInARealShell() {
        QFETCH(QByteArray, sender);
        LocalWorld w;
        // Bare, in both kinds of quotes, in pieces, and as it came.
        for (const char* command : {"echo %{sender} >said", "echo \"%{sender}\" >said", "echo '%{sender}' >said",
                                    "echo %{sender.user[1:]} >said", "echo '%{sender}' \"%{sender.user[1:99]}\" >said"}) {
            LocalJob job = w.job(Method::Mda, command);
            queue::Message hostile = *job.delivery.message;
            hostile.sender = sender;
            job.delivery.message = std::make_shared<queue::Message>(hostile);
            const size_t before = w.outcomes.size();
            w.submit(std::move(job));
            QTRY_COMPARE_WITH_TIMEOUT(w.outcomes.size(), before + 1, kPatience);
            QVERIFY2(w.outcomes.back().result == queue::TryResult::Delivered, w.lastText().constData());
            QCOMPARE(w.file("harm"), QByteArray("no file"));
            QVERIFY(w.file("said") != "no file");
            QVERIFY(QFile::remove(w.home.filePath(QStringLiteral("said"))));
        }
        // The environment has it as it is, for whoever quotes it.
        LocalJob job = w.job(Method::Mda, "printf %%s \"$SENDER\" >said");
        queue::Message hostile = *job.delivery.message;
        hostile.sender = sender;
        job.delivery.message = std::make_shared<queue::Message>(hostile);
        w.submit(std::move(job));
        QTRY_VERIFY_WITH_TIMEOUT(w.file("said") == QByteArray(sender).replace('\n', ':'), kPatience);
        QCOMPARE(w.file("harm"), QByteArray("no file"));
    }

    void M04_X06_whatACommandSaysAndSees() {
        LocalWorld w;
        w.submit(w.job(Method::Mda, "echo 'mailbox of joe is full'; exit 75"));
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("T"), kPatience);
        QCOMPARE(w.lastText(), QByteArray("4.3.0 mailbox of joe is full (the command ended with 75, try again later)"));
        w.submit(w.job(Method::Mda, "exit 67"));
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("T P"), kPatience);
        LocalJob old = w.job(Method::Mda, "exit 67");
        old.era = policy::Era::Legacy;
        w.submit(std::move(old));
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("T P T"), kPatience);
        // Of who is served and nothing else, in what `ps` shows.
        w.submit(w.job(Method::Mda, "tr '\\0' ' ' </proc/$PPID/cmdline >seen"));
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("T P T D"), kPatience);
        QCOMPARE(w.file("seen").trimmed(), "postern-deliver for " + w.user.name);
    }

    void M12_theSameDeliveryTwiceIsOneMessage() {
        LocalWorld w;
        const LocalJob job = w.job(Method::Maildir);
        w.submit(job);
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("D"), kPatience);
        w.submit(job); // the queue had not written down that it is delivered
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("D D"), kPatience);
        QCOMPARE(w.filesBelow("Maildir").size(), 1);
    }

    void theLimitsHold_data() {
        QTest::addColumn<int>("all");
        QTest::addColumn<int>("each");
        QTest::addColumn<int>("expected");
        QTest::newRow("of all") << 3 << 7 << 3;
        QTest::newRow("of one user") << 50 << 2 << 2;
    }
    void theLimitsHold() {
        QFETCH(int, all);
        QFETCH(int, each);
        QFETCH(int, expected);
        LocalWorld w;
        w.settings.mda.maxSession = all;
        w.settings.mda.maxSessionPerUser = each;
        constexpr int kMails = 6;
        // Each waits until the test lets it go on.
        std::vector<LocalJob> jobs;
        for (int i = 0; i < kMails; ++i)
            jobs.push_back(w.job(Method::Mda, "mkdir running.$$; while [ ! -e go ]; do sleep 0.05; done; rmdir running.$$"));
        w.worker->submit(std::move(jobs));
        QCOMPARE(w.worker->sessions(), expected);
        QCOMPARE(w.worker->waiting(), kMails - expected);
        const auto running = [&] { return QDir(w.home.path()).entryList({QStringLiteral("running.*")}, QDir::Dirs).size(); };
        QTRY_COMPARE_WITH_TIMEOUT(running(), expected, kPatience);
        QFile go(w.home.filePath(QStringLiteral("go")));
        QVERIFY(go.open(QIODevice::WriteOnly));
        QTRY_COMPARE_WITH_TIMEOUT(w.outcomes.size(), size_t(kMails), kPatience);
        QVERIFY(w.eachOnce());
        QCOMPARE(w.worker->sessions(), 0);
        QCOMPARE(w.worker->waiting(), 0);
    }

    void oneUsersFloodDoesNotHoldUpAnother() {
        LocalWorld w;
        w.settings.mda.maxSession = 3;
        w.settings.mda.maxSessionPerUser = 2;
        std::vector<LocalJob> jobs;
        for (int i = 0; i < 20; ++i)
            jobs.push_back(w.job(Method::Mda, "while [ ! -e go ]; do sleep 0.05; done"));
        jobs.push_back(w.job(Method::Mda, "touch other"));
        jobs.back().users[0].name = "other";
        w.worker->submit(std::move(jobs));
        QTRY_COMPARE_WITH_TIMEOUT(w.file("other"), QByteArray(), kPatience);
        QFile go(w.home.filePath(QStringLiteral("go")));
        QVERIFY(go.open(QIODevice::WriteOnly));
        QTRY_COMPARE_WITH_TIMEOUT(w.outcomes.size(), size_t(21), kPatience);
    }

    void aPauseHoldsBackWhatHasNotBegun() {
        LocalWorld w;
        w.worker->setPaused(true);
        w.submit(w.job(Method::Maildir));
        QCOMPARE(w.worker->sessions(), 0);
        QCOMPARE(w.worker->waiting(), 1);
        w.worker->setPaused(false);
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("D"), kPatience);
    }

    void drainingEndsWhatDoesNotEndByItself() {
        LocalWorld w;
        w.settings.mda.maxSession = 1;
        w.submit(w.job(Method::Mda, "echo $$ >pid; sleep 600"));
        w.submit(w.job(Method::Maildir));
        QTRY_VERIFY_WITH_TIMEOUT(w.file("pid").endsWith('\n'), kPatience);
        bool done = false;
        w.worker->drain(0ms, [&] { done = true; });
        QCOMPARE(w.results(), QByteArray("T(untried)"));
        QTRY_VERIFY_WITH_TIMEOUT(done, kPatience);
        QCOMPARE(w.results(), QByteArray("T(untried) T(untried)"));
        QVERIFY(::kill(pid_t(w.file("pid").toInt()), 0) != 0);
        w.submit(w.job(Method::Maildir));
        QCOMPARE(w.results(), QByteArray("T(untried) T(untried) T(untried)"));
        QVERIFY(w.eachOnce());
    }

    void oneThatDoesNotListenIsKilledAndAtLastGivenUp_data() {
        QTest::addColumn<QByteArray>("program");
        QTest::addColumn<int>("steps");
        QTest::addColumn<QByteArray>("text");
        QTest::newRow("killed") << QByteArray("trap '' TERM; echo $$ >PID; exec sleep 600") << 2 << QByteArray(" was ended by signal 9 and gave no report");
        QTest::newRow("what it left holds its end") << QByteArray("trap '' TERM; echo $$ >PID; sleep 600 & wait") << 3
                                                    << QByteArray("4.3.0 the delivery hangs and can't be ended");
    }
    void oneThatDoesNotListenIsKilledAndAtLastGivenUp() {
        QFETCH(QByteArray, program);
        QFETCH(int, steps);
        QFETCH(QByteArray, text);
        QTemporaryDir folder;
        const QByteArray pid = folder.filePath(QStringLiteral("pid")).toLocal8Bit();
        QFile script(folder.filePath(QStringLiteral("deaf")));
        QVERIFY(script.open(QIODevice::WriteOnly));
        script.write("#!/bin/sh\n" + program.replace("PID", pid) + '\n');
        script.close();
        QVERIFY(script.setPermissions(QFile::ReadOwner | QFile::ExeOwner | QFile::WriteOwner));
        FakeClock clock;
        LocalWorld w(LocalLimits{.program = script.fileName().toLocal8Bit()}, &clock);
        w.submit(w.job(Method::Maildir));
        const auto began = [&] {
            QFile f(QString::fromLocal8Bit(pid));
            return f.open(QIODevice::ReadOnly) ? f.readAll() : QByteArray();
        };
        QTRY_VERIFY_WITH_TIMEOUT(began().endsWith('\n'), kPatience);
        bool done = false;
        w.worker->drain(0ms, [&] { done = true; });
        for (int i = 1; i < steps; ++i) {
            w.worker->tick();
            clock.advance(4s);
        }
        QCOMPARE(w.results(), QByteArray());
        w.worker->tick();
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("T(untried)"), kPatience);
        QVERIFY2(w.lastText().endsWith(text), w.lastText().constData());
        QTRY_VERIFY_WITH_TIMEOUT((w.worker->tick(), done), kPatience);
        ::kill(-pid_t(began().toInt()), SIGKILL); // its group, with what it left
    }

    void drainingLetsOthersEnd() {
        LocalWorld w;
        w.submit(w.job(Method::Mda, "touch began; while [ ! -e go ]; do sleep 0.05; done"));
        QTRY_COMPARE_WITH_TIMEOUT(w.file("began"), QByteArray(), kPatience);
        bool done = false;
        w.worker->drain(600s, [&] { done = true; });
        QFile go(w.home.filePath(QStringLiteral("go")));
        QVERIFY(go.open(QIODevice::WriteOnly));
        QTRY_VERIFY_WITH_TIMEOUT(done, kPatience);
        QCOMPARE(w.results(), QByteArray("D"));
    }

    void destroyingReportsAll() {
        LocalWorld w;
        w.settings.mda.maxSession = 1;
        w.submit(w.job(Method::Mda, "touch began; sleep 600"));
        w.submit(w.job(Method::Maildir));
        QTRY_COMPARE_WITH_TIMEOUT(w.file("began"), QByteArray(), kPatience);
        w.worker.reset();
        QCOMPARE(w.results(), QByteArray("T(untried) T(untried)"));
    }

    void aCommandThatHangsIsEndedAtTheLimit() { // M04
        LocalWorld w(LocalLimits{.timeLimit = 300ms});
        w.submit(w.job(Method::Mda, "sleep 600"));
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("T"), kPatience);
        QVERIFY(w.lastText().startsWith("4.3.0 the command did not finish within "));
    }
};

QTEST_GUILESS_MAIN(TestLocalWorker)
#include "tst_local_worker.moc"
