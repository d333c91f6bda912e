// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who runs the gateway and where: other users, links in a file's place, open folders, odd environments. Rows of the threats.
#include "stories/support/gateway_process.h"
#include "stories/support/smtp_sender.h"
#include "support/places.h"
#include "support/test_certs.h"

#include <QDir>
#include <QDirIterator>
#include <QJsonObject>
#include <QScopeGuard>
#include <QSslSocket>
#include <QTest>
#include <QTimeZone>

#include <sys/stat.h>
#include <unistd.h>

using namespace Qt::StringLiterals;
using namespace postern::test;

class StorySurroundings : public QObject {
    Q_OBJECT

    static constexpr char kCatch[] = "listen on 127.0.0.1 port 0\naction \"caught\" catch\n"
                                     "match from any for any action \"caught\"\n";
    static constexpr char kNobody[] = "65534"; // the user that owns nothing

    static bool send(quint16 port, const QByteArray& to = "c@d.example") {
        SmtpSender sender(port);
        return sender.command("EHLO t.example").startsWith("250") &&
               sender.send("a@b.example", {to}, "Subject: hello\r\n\r\nbody\r\n").startsWith("250");
    }
    static QString program() { return QStringLiteral(POSTERN_BIN_DIR "/posternctl"); }
    static int modeOf(const QString& path) {
        struct stat st {};
        return ::lstat(QFile::encodeName(path).constData(), &st) == 0 ? int(st.st_mode & 07777) : -1;
    }
    static void setMode(const QString& path, mode_t mode) {
        if (::chmod(QFile::encodeName(path).constData(), mode) != 0)
            qFatal("chmod %s", qPrintable(path));
    }
    static Ran asNobody(const QStringList& words) {
        return run(u"setpriv"_s, QStringList{u"--reuid"_s, QString::fromLatin1(kNobody), u"--regid"_s, QString::fromLatin1(kNobody),
                                             u"--clear-groups"_s} + words);
    }

  private Q_SLOTS:
    // Even with every door of the file system open, another user's connection is closed unread.
    void K01_anotherUserIsTurnedAway() {
        if (::geteuid() != 0)
            QSKIP("only root can be somebody else");
        GatewayProcess gateway(kCatch);
        STORY_VERIFY(gateway.start(), gateway.log());
        QCOMPARE(modeOf(gateway.path(u"state/control.sock"_s)) & 077, 0);
        QCOMPARE(modeOf(gateway.path(u"state"_s)), 0700);
        const QString talk = u"import socket,sys\n"
                             "s=socket.socket(socket.AF_UNIX); s.settimeout(20)\n"
                             "s.connect(sys.argv[1])\n"
                             "s.sendall(b'{\"id\":1,\"verb\":\"status\"}\\n')\n"
                             "sys.stdout.write('heard %d' % len(s.recv(100)))\n"_s;
        const QStringList words{u"/usr/bin/python3"_s, u"-c"_s, talk, gateway.path(u"state/control.sock"_s)};
        const Ran outside = asNobody(words); // the file system alone keeps them out
        STORY_VERIFY(outside.err.contains("PermissionError"), outside.err);
        setMode(gateway.folder(), 0711);
        setMode(gateway.path(u"state"_s), 0711);
        setMode(gateway.path(u"state/control.sock"_s), 0666);
        const Ran other = asNobody(words);
        STORY_VERIFY(!other.out.contains("heard") || other.out == "heard 0", other.out + other.err);
        STORY_TRY(gateway.log().contains("turned away: another user"), gateway.log(), 10'000);
        const Ran ours = run(words.first(), words.mid(1)); // the same words from the gateway's own user are answered
        STORY_VERIFY(ours.out == "heard 100", ours.out + ours.err);
        QVERIFY(send(gateway.port()));
    }

    // The lock is the kernel's: neither a number left in the file nor the process that has that number today counts.
    void K03_aStaleLockWithAReusedProcessNumberIsNoLock() {
        GatewayProcess gateway(kCatch);
        STORY_VERIFY(gateway.start(), gateway.log());
        gateway.kill();
        gateway.write(u"state/lock"_s, QByteArray::number(::getpid()) + '\n'); // somebody who lives
        STORY_VERIFY(gateway.start(), gateway.log());
        QVERIFY(send(gateway.port()));
        // Commands on the stopped profile take the same lock: not beside a gateway whose socket is gone.
        QVERIFY(QFile::remove(gateway.path(u"state/control.sock"_s)));
        const Ran list = gateway.ctl({u"queue"_s, u"list"_s});
        QCOMPARE(list.exit, 1);
        STORY_VERIFY(list.err.contains("another Postern (process " + QByteArray::number(gateway.pid())), list.err);
    }

    // The control socket of a profile with a long path lies in /tmp, in a folder that must be ours alone.
    void K05_aPlannedFolderForTheSocketIsNotTrusted() {
        const QString shared = u"/tmp/postern-%1"_s.arg(::getuid());
        GatewayProcess files(kCatch);
        const QString deep = files.path(QString(90, u'd'));
        QVERIFY(QDir().mkpath(deep));
        const QStringList words{u"run"_s, u"-f"_s, files.path(u"smtpd.conf"_s), u"--state"_s, deep};
        const bool wasThere = QFileInfo::exists(shared);
        const int before = modeOf(shared);
        if (!wasThere)
            QVERIFY(QDir().mkdir(shared));
        setMode(shared, 0777); // as somebody who waits for us would have made it
        const Ran refused = run(program(), words);
        setMode(shared, wasThere ? mode_t(before) : mode_t(0700));
        QCOMPARE(refused.exit, 1);
        STORY_VERIFY(refused.err.contains(shared.toUtf8()) && refused.err.contains("open to others"), refused.err);
        if (!wasThere)
            QVERIFY(QDir().rmdir(shared));
    }

    // Exported files are made under a name that nobody can guess in time, and a link in their place is replaced, not followed.
    void K05_anExportFollowsNoPlantedLink() {
        GatewayProcess gateway(kCatch);
        STORY_VERIFY(gateway.start(), gateway.log());
        QVERIFY(send(gateway.port()));
        QVERIFY(gateway.waitQueue(1));
        gateway.write(u"precious"_s, "precious\n");
        QVERIFY(QFile::link(gateway.path(u"precious"_s), gateway.path(u"out.eml"_s)));
        const QString id = gateway.queue().at(0)["id"_L1].toString();
        QCOMPARE(gateway.ctl({u"queue"_s, u"export"_s, id, u"-o"_s, gateway.path(u"out.eml"_s)}).exit, 0);
        QFile precious(gateway.path(u"precious"_s));
        QVERIFY(precious.open(QIODevice::ReadOnly));
        QCOMPARE(precious.readAll(), "precious\n"_ba);
        QVERIFY(!QFileInfo(gateway.path(u"out.eml"_s)).isSymLink());
    }

    // Root on somebody's profile would leave files that their owner can't use: it is told so, and nothing is touched.
    void K07_rootLeavesNothingInAnotherUsersProfile() {
        if (::geteuid() != 0)
            QSKIP("only root can be root");
        GatewayProcess files(kCatch);
        const QString profile = files.path(u"profile"_s);
        QVERIFY(QDir().mkpath(profile + u"/queue"_s));
        files.write(u"profile/smtpd.conf"_s, kCatch);
        files.write(u"profile/queue/queue.db"_s, "");
        for (const QString& path : {profile, profile + u"/queue"_s, profile + u"/smtpd.conf"_s, profile + u"/queue/queue.db"_s})
            QCOMPARE(::chown(QFile::encodeName(path).constData(), 65534, 65534), 0);
        const QStringList before = QDir(profile + u"/queue"_s).entryList(QDir::Files | QDir::Hidden);
        for (const QStringList& words : {QStringList{u"run"_s}, QStringList{u"queue"_s, u"list"_s, u"--json"_s},
                                         QStringList{u"queue"_s, u"remove"_s, u"--all"_s}}) {
            const Ran ran = posternctl(QStringList{u"--profile"_s, profile} + words);
            QCOMPARE(ran.exit, 1);
            STORY_VERIFY(ran.err.contains(profile.toUtf8()) && ran.err.contains("runuser -u nobody"), ran.err);
        }
        QCOMPARE(QDir(profile + u"/queue"_s).entryList(QDir::Files | QDir::Hidden), before);
        QVERIFY(!QFileInfo::exists(profile + u"/tables"_s) && !QFileInfo::exists(profile + u"/logs"_s));
        QCOMPARE(posternctl({u"check"_s, profile + u"/smtpd.conf"_s}).exit, 0); // looking is free
    }

    // The other way round: a user who may not even look gets a sentence with the place, and a way out.
    void K07_aUserOnTheProfileOfRootIsToldWhy() {
        if (::geteuid() != 0)
            QSKIP("only root can be somebody else");
        GatewayProcess files(kCatch);
        setMode(files.folder(), 0755);
        setMode(files.path(u"smtpd.conf"_s), 0644);
        QVERIFY(QDir().mkpath(files.path(u"state"_s)));
        setMode(files.path(u"state"_s), 0755);
        const Ran ran = asNobody({program(), u"run"_s, u"-f"_s, files.path(u"smtpd.conf"_s), u"--state"_s, files.path(u"state"_s)});
        QCOMPARE(ran.exit, 1);
        STORY_VERIFY(ran.err.contains(files.path(u"state"_s).toUtf8()) && ran.err.contains("--state DIR"), ran.err);
        QVERIFY(QDir(files.path(u"state"_s)).isEmpty());
    }

    // What is shut to them may be there: they are not told that nothing runs, or that there is no queue.
    void K07_whoMayNotLookIsNotToldThatNothingIsThere_data() {
        QTest::addColumn<bool>("runs");
        QTest::addColumn<QStringList>("words");
        QTest::newRow("status of a running gateway") << true << QStringList{u"status"_s};
        QTest::newRow("stop a running gateway") << true << QStringList{u"stop"_s};
        QTest::newRow("the queue of a running gateway") << true << QStringList{u"queue"_s, u"list"_s};
        QTest::newRow("the queue of a stopped one") << false << QStringList{u"queue"_s, u"list"_s};
        QTest::newRow("status of a stopped one") << false << QStringList{u"status"_s};
    }
    void K07_whoMayNotLookIsNotToldThatNothingIsThere() {
        if (::geteuid() != 0)
            QSKIP("only root can be somebody else");
        QFETCH(bool, runs);
        QFETCH(QStringList, words);
        GatewayProcess gateway(kCatch);
        STORY_VERIFY(gateway.start(), gateway.log());
        if (!runs)
            QCOMPARE(gateway.stop(), 0);
        setMode(gateway.folder(), 0755);
        setMode(gateway.path(u"smtpd.conf"_s), 0644);
        const Ran ran = asNobody(QStringList{program()} + words +
                                 QStringList{u"-f"_s, gateway.path(u"smtpd.conf"_s), u"--state"_s, gateway.path(u"state"_s)});
        QCOMPARE(ran.exit, 1);
        STORY_VERIFY(ran.err.contains(gateway.path(u"state"_s).toUtf8() + " belongs to the user root"), ran.err);
    }

    void C03_linksInPlaceOfOurFilesAreNotFollowed_data() {
        QTest::addColumn<QString>("place");
        QTest::addColumn<bool>("runs"); // the gateway goes on without that file, and says so
        QTest::newRow("the lock") << u"state/lock"_s << false;
        QTest::newRow("the log") << u"state/logs/postern.log"_s << true;
    }
    void C03_linksInPlaceOfOurFilesAreNotFollowed() {
        QFETCH(QString, place);
        QFETCH(bool, runs);
        GatewayProcess gateway(kCatch);
        QVERIFY(QDir().mkpath(gateway.path(u"state/logs"_s)));
        gateway.write(u"precious"_s, "precious\n");
        QVERIFY(QFile::link(gateway.path(u"precious"_s), gateway.path(place)));
        const bool started = gateway.start();
        STORY_VERIFY(started == runs, gateway.log());
        STORY_TRY(gateway.log().contains(place.toUtf8()) && gateway.log().contains("link"), gateway.log(), 10'000);
        if (runs) {
            const Ran status = gateway.ctl({u"status"_s});
            STORY_VERIFY(status.out.contains("No log is kept") && status.out.contains(place.toUtf8()), status.out);
            QVERIFY(send(gateway.port()));
            QCOMPARE(gateway.stop(), 0);
        }
        QFile precious(gateway.path(u"precious"_s));
        QVERIFY(precious.open(QIODevice::ReadOnly));
        QCOMPARE(precious.readAll(), "precious\n"_ba);
    }

    void C03_aFolderThatAnybodyMayWriteInIsRefused() {
        GatewayProcess gateway(kCatch);
        QVERIFY(QDir().mkpath(gateway.path(u"state"_s)));
        setMode(gateway.path(u"state"_s), 01777);
        QVERIFY(!gateway.start());
        QVERIFY(gateway.waitGone(10));
        QCOMPARE(gateway.exitStatus(), 1);
        STORY_VERIFY(gateway.log().contains("chmod o-w " + gateway.path(u"state"_s).toUtf8()), gateway.log());
        setMode(gateway.path(u"state"_s), 0700);
        STORY_VERIFY(gateway.start(), gateway.log());
    }

    void C04_openFilesAreWarnedAboutWithTheCure() {
        GatewayProcess files("table logins file:logins\nlisten on 127.0.0.1 port 0\n"
                             "action \"out\" relay host smtp+tls://l@relay.example auth <logins>\nmatch from any for any action \"out\"\n");
        files.write(u"logins"_s, "l user:hunter2\n");
        const auto warnings = [&files] {
            const Ran ran = posternctl({u"check"_s, files.path(u"smtpd.conf"_s)});
            return ran.exit == 0 ? ran.err : "status " + QByteArray::number(ran.exit) + ran.err;
        };
        QVERIFY(!warnings().contains("chmod"));
        setMode(files.path(u"logins"_s), 0644);
        STORY_VERIFY(warnings().contains("logins can be read by every user") && warnings().contains("chmod o-r"), warnings());
        QVERIFY(!warnings().contains("hunter2"));
        setMode(files.path(u"logins"_s), 0600);
        setMode(files.path(u"smtpd.conf"_s), 0646);
        STORY_VERIFY(warnings().contains("smtpd.conf") && warnings().contains("chmod o-w"), warnings());
        setMode(files.path(u"smtpd.conf"_s), 0644);
        QVERIFY(!warnings().contains("chmod")); // to read it is no harm
    }

    // Who owns the configuration decides where the mail goes. Only root can make such a file.
    void C03_aConfigurationOfAnotherUserIsWarnedAbout() {
        if (::geteuid() != 0)
            QSKIP("only root can give a file to another user");
        GatewayProcess files("listen on 127.0.0.1 port 0\naction \"in\" catch\nmatch from any for domain \"info.example\" action \"in\"\n");
        const QString file = files.path(u"smtpd.conf"_s);
        QVERIFY(!posternctl({u"check"_s, file}).err.contains("belongs to"));
        QCOMPARE(::chown(file.toUtf8().constData(), 4711, 4711), 0);
        const Ran strange = posternctl({u"check"_s, file});
        QCOMPARE(strange.exit, 0);
        STORY_VERIFY(strange.err.contains("smtpd.conf:1:1: warning: this file belongs to user 4711"), strange.err);
        const QString link = files.path(u"link.conf"_s);
        QVERIFY(QFile::link(file, link));
        STORY_VERIFY(posternctl({u"check"_s, link}).err.contains("belongs to user 4711"), "a link hides it");
    }

    // Switches of libraries that write down keys, or all that is said: they come to nothing.
    void X08_debugSwitchesOfTheSurroundingsShowNoSecret() {
        TestCerts certs;
        const CertificateFiles own = certs.server("gw.example");
        const QByteArray hash = posternctl({u"encrypt"_s, u"canary-word"_s}).out.trimmed();
        GatewayProcess gateway("pki gw cert \"" + own.certFile + "\"\npki gw key \"" + own.keyFile + "\"\n"
                               "table users { \"ann\" = \"" + hash + "\" }\n"
                               "listen on 127.0.0.1 port 0 smtps pki gw auth <users>\n"
                               "action \"in\" catch\nmatch auth from any for any action \"in\"\n");
        const auto clean = qScopeGuard([] {
            for (const char* name : {"SSLKEYLOGFILE", "QT_LOGGING_RULES", "QT_MESSAGE_PATTERN", "NSS_ALLOW_SSLKEYLOGFILE"})
                qunsetenv(name);
        });
        const QString keys = gateway.path(u"tls.keys"_s);
        qputenv("SSLKEYLOGFILE", keys.toUtf8());
        qputenv("NSS_ALLOW_SSLKEYLOGFILE", "1");
        qputenv("QT_LOGGING_RULES", "*=true");
        STORY_VERIFY(gateway.start(), gateway.log());
        for (const char* name : {"SSLKEYLOGFILE", "QT_LOGGING_RULES"})
            qunsetenv(name); // not for the client
        QSslSocket client;
        client.setPeerVerifyMode(QSslSocket::VerifyNone);
        client.connectToHostEncrypted(u"127.0.0.1"_s, gateway.port());
        QVERIFY(client.waitForEncrypted(20'000));
        const QByteArray response = "\0ann\0canary-word"_ba.toBase64();
        QByteArray heard;
        for (const QByteArray& line : {"EHLO x"_ba, "AUTH PLAIN " + response, "QUIT"_ba}) {
            client.write(line + "\r\n");
            QVERIFY(client.waitForBytesWritten(20'000));
            while (!heard.endsWith(line.startsWith("EHLO") ? "250 HELP\r\n" : line == "QUIT" ? "Bye\r\n" : "succeeded\r\n") &&
                   client.waitForReadyRead(20'000))
                heard += client.readAll();
        }
        STORY_VERIFY(heard.contains("235 2.7.0"), heard);
        QCOMPARE(gateway.stop(), 0);
        QVERIFY(!QFile::exists(keys));
        const QByteArray log = gateway.log();
        QVERIFY(!log.contains("canary-word") && !log.contains(response) && !log.contains(hash));
    }

    // A Turkish locale (in which I and i are no pair), no home, another time zone, a umask that gives everything away.
    void C08_oddSurroundingsChangeNothing() {
        GatewayProcess files("TABLE = \"x\"\nlisten on 127.0.0.1 port 0\naction \"in\" catch\n"
                             "match from any for domain \"info.example\" action \"in\"\n");
        QProcess gateway;
        QProcessEnvironment odd = QProcessEnvironment::systemEnvironment();
        for (const auto& [name, value] : {std::pair("LC_ALL", "tr_TR.UTF-8"), {"LANG", "tr_TR"}, {"HOME", "/no/such home"},
                                          {"TZ", "Pacific/Kiritimati"}, {"TMPDIR", "/no/such"}, {"LD_LIBRARY_PATH", ""}})
            odd.insert(QString::fromLatin1(name), QString::fromLatin1(value));
        gateway.setProcessEnvironment(odd);
        gateway.start(u"/bin/sh"_s, {u"-c"_s, u"umask 000; exec \"$0\" \"$@\""_s, program(), u"run"_s, u"-f"_s,
                                     files.path(u"smtpd.conf"_s), u"--state"_s, files.path(u"state"_s)});
        STORY_VERIFY(gateway.waitForReadyRead(20'000), gateway.readAllStandardError());
        const QByteArray ready = gateway.readLine().trimmed();
        const quint16 port = ready.mid(ready.lastIndexOf(':') + 1).toUShort();
        QVERIFY(send(port, "x@INFO.EXAMPLE"));
        SmtpSender large(port);
        QVERIFY(large.command("EHLO I.example").startsWith("250"));
        QVERIFY(large.send("a@b.example", {"y@info.example"}, "Subject: x\r\n\r\n" + QByteArray("line of text\r\n").repeated(40'000)).startsWith("250"));
        QVERIFY(files.waitQueue(2));
        QDirIterator at(files.path(u"state"_s), QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot | QDir::System,
                        QDirIterator::Subdirectories);
        int seen = 0;
        while (at.hasNext()) {
            const QString path = at.next();
            if (::geteuid() == 0 && path == files.path(u"state/smtp.sock"_s))
                continue; // where a gateway of root takes mail from every user, on purpose
            STORY_VERIFY((modeOf(path) & 077) == 0, path.toUtf8() + ' ' + QByteArray::number(modeOf(path), 8));
            ++seen;
        }
        QVERIFY(seen > 6);
        // A command of another time zone and locale speaks of the same moment.
        const qint64 created = files.queue().at(0)["createdAt"_L1].toInteger();
        QVERIFY(qAbs(created - QDateTime::currentSecsSinceEpoch()) < 600);
        QProcess ctl;
        ctl.setProcessEnvironment(odd);
        ctl.start(program(), {u"--state"_s, files.path(u"state"_s), u"queue"_s, u"list"_s, u"--columns"_s, u"state,to,taken"_s});
        QVERIFY(ctl.waitForFinished(20'000));
        const QByteArray there = QDateTime::fromSecsSinceEpoch(created).toTimeZone(QTimeZone("Pacific/Kiritimati")).toString(u"yyyy-MM-dd HH:mm:ss"_s).toLatin1();
        const QByteArray listed = ctl.readAllStandardOutput();
        STORY_VERIFY(listed.contains("caught|<x@INFO.EXAMPLE>|" + there), listed);
        gateway.terminate();
        QVERIFY(gateway.waitForFinished(20'000));
        QCOMPARE(gateway.exitCode(), 0);
    }

    // Without HOME there is no place of our own to guess: the command says which one it took, or why none.
    void C08_withoutAHomeTheProfileIsNamed() {
        QProcess ctl;
        QProcessEnvironment bare;
        bare.insert(u"PATH"_s, u"/usr/bin:/bin"_s);
        ctl.setProcessEnvironment(bare);
        ctl.start(program(), {u"status"_s, u"--json"_s});
        QVERIFY(ctl.waitForFinished(20'000));
        QCOMPARE(ctl.exitCode(), 1);
        const QByteArray out = ctl.readAllStandardOutput();
        STORY_VERIFY(out.count('\n') == 1 && out.contains("no gateway runs on /"), out);
    }
};

QTEST_GUILESS_MAIN(StorySurroundings)
#include "tst_story_surroundings.moc"
