// SPDX-License-Identifier: GPL-3.0-or-later
//
// S04 and S09: mail for users of this computer, in a private folder of mboxes and private homes. Run by root, the users are
// other users, of tables; else they are who runs the test.
#include "stories/support/gateway_process.h"
#include "stories/support/mail_sink.h"
#include "stories/support/smtp_sender.h"
#include "support/places.h"

#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QTest>

#include <sys/stat.h>
#include <unistd.h>

using namespace Qt::StringLiterals;
using namespace postern::test;

namespace {

const QByteArray kBody = "Subject: report\r\n\r\nFrom here on\r\nbody\r\n";

// A gateway with mboxes and homes of its own, which other users can reach.
struct Post {
    Post() : gateway({}) {
        ::chmod(places.path().toLocal8Bit().constData(), 0711);
        QDir(places.path()).mkdir(u"mail"_s);
        ::chmod(place("mail").constData(), 01777); // as /var/mail
        QDir(gateway.folder()).mkdir(u"state"_s);
        gateway.write(u"state/postern.ini"_s, "[local]\nmailFolder=" + place("mail") + "\n");
        QDir(gateway.folder()).mkdir(u"tables"_s);
    }
    QByteArray place(const char* name) const { return places.filePath(QString::fromLatin1(name)).toLocal8Bit(); }
    // Another user than root, the n-th; without root there is only one.
    static uid_t uid(int n) { return ::geteuid() == 0 ? uid_t(54'320 + n) : ::geteuid(); }
    static gid_t gid(int n) { return ::geteuid() == 0 ? gid_t(54'320 + n) : ::getegid(); }
    // "uid:gid:home", and the home is made.
    QByteArray user(const char* home, int n) const {
        const QByteArray path = place(home);
        QDir().mkpath(QString::fromLocal8Bit(path));
        ::chmod(path.constData(), 0700);
        if (::chown(path.constData(), uid(n), gid(n)) != 0)
            qWarning("chown");
        return QByteArray::number(uid(n)) + ':' + QByteArray::number(gid(n)) + ':' + path;
    }
    QByteArray file(const char* name) const {
        QFile f(places.filePath(QString::fromLatin1(name)));
        return f.open(QIODevice::ReadOnly) ? f.readAll() : QByteArray();
    }
    QByteArrayList filesBelow(const char* folder) const {
        QByteArrayList out;
        QDirIterator all(places.filePath(QString::fromLatin1(folder)), QDir::Files | QDir::Hidden, QDirIterator::Subdirectories);
        while (all.hasNext()) {
            QFile f(all.next());
            if (f.open(QIODevice::ReadOnly))
                out.append(f.readAll());
        }
        return out;
    }
    uid_t ownerOf(const char* name) const {
        struct stat about{};
        return ::stat(place(name).constData(), &about) == 0 ? about.st_uid : uid_t(-1);
    }

    QTemporaryDir places;
    GatewayProcess gateway;
};

} // namespace

class StoryLocal : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    // A deny list in a Berkeley DB file: who is on it gets nothing in; taken off the list, his mail is delivered.
    void S03_aDenyListInADatabase_data() {
        QTest::addColumn<QByteArray>("dialect");
        QTest::newRow("S03 in accept/reject") << QByteArray("legacy");
        QTest::newRow("S03 in action/match") << QByteArray("modern");
    }
    void S03_aDenyListInADatabase() {
        QFETCH(QByteArray, dialect);
        Post post;
        const auto list = [&](const QByteArray& lines) {
            post.gateway.write(u"tables/unwanted"_s, lines);
            return posternctl({u"makemap"_s, u"-t"_s, u"set"_s, post.gateway.path(u"tables/unwanted"_s)}).exit == 0;
        };
        QVERIFY(list("192.0.2.1\n127.0.0.0/8\n"));
        const QByteArray head = "listen on 127.0.0.1 port 0\ntable unwanted db:tables/unwanted.db\ntable users { ann = \"" +
                                post.user("ann", 1) + "\" }\n";
        const QByteArray where = "maildir \"" + post.place("ann") + "/mail/%{dest.user}\"";
        post.gateway.setConfig(dialect == "modern" ? head + "action \"in\" " + where + " userbase <users>\n"
                                                            "match ! from src <unwanted> for domain \"example.org\" action \"in\"\n"
                                                   : head + "accept from ! source <unwanted> for domain \"example.org\" userbase <users> "
                                                            "deliver to " + where + "\n");
        STORY_VERIFY(post.gateway.start(), post.gateway.log());
        const auto send = [&] {
            SmtpSender client(post.gateway.port());
            client.command("EHLO scanner.example");
            return client.send("a@far.example", {"ann@example.org"}, kBody);
        };
        QVERIFY(send().startsWith("550"));
        QVERIFY(list("192.0.2.1\n"));
        QByteArray reply;
        STORY_TRY((reply = send()).startsWith("250"), reply + post.gateway.log(), 20'000); // within three seconds
        STORY_TRY(!post.filesBelow("ann/mail/ann").isEmpty(), post.gateway.log(), 20'000);
        QVERIFY(post.gateway.waitQueue(0));
        QCOMPARE(post.gateway.stop(), 0);
    }

    // The README's page, word for word but for the port, the home and, where it is root's, the account.
    void theReadmesMailForMyDomain() {
        QFile readme(QStringLiteral(POSTERN_SOURCE_DIR "/README.md"));
        QVERIFY(readme.open(QIODevice::ReadOnly));
        const QByteArray text = readme.readAll();
        const qsizetype begin = text.indexOf("## Receive mail for my domain, with users in SQLite");
        QVERIFY(begin > 0);
        QByteArrayList blocks; // indented by four
        bool isInside = false;
        for (const QByteArray& line : text.mid(begin, text.indexOf("\n## ", begin) - begin).split('\n')) {
            const bool isCode = line.startsWith("    ");
            if (isCode && !isInside)
                blocks.append(QByteArray());
            if (isCode || (isInside && line.isEmpty()))
                blocks.last() += line.mid(4) + '\n';
            isInside = isCode || (isInside && line.isEmpty());
        }
        QCOMPARE(blocks.size(), 4);
        Post post;
        QProcess shell;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(u"HOME"_s, QString::fromLocal8Bit(post.place("")));
        shell.setProcessEnvironment(environment);
        shell.setWorkingDirectory(post.gateway.folder());
        const QByteArray commands = QByteArray(blocks[0]).replace("$(id -u)", QByteArray::number(Post::uid(1)))
                                        .replace("$(id -g)", QByteArray::number(Post::gid(1)));
        shell.start(u"sh"_s, {u"-e"_s, u"-c"_s, QString::fromUtf8(commands)});
        QVERIFY(shell.waitForFinished(20'000));
        STORY_VERIFY(shell.exitCode() == 0, shell.readAllStandardError());
        QCOMPARE(::chown(post.place("mail/carol").constData(), Post::uid(1), Post::gid(1)), 0);
        post.gateway.write(u"mail.conf"_s, blocks[1]);
        const QByteArray config = QByteArray(blocks[2]).replace("port 2525", "port 0");
        QVERIFY(config.contains("port 0"));
        post.gateway.setConfig(config);
        const Ran checked = posternctl({u"check"_s, post.gateway.path(u"smtpd.conf"_s)});
        STORY_VERIFY(checked.exit == 0 && checked.out == "configuration OK\n", checked.out + checked.err);
        STORY_VERIFY(post.gateway.start(), post.gateway.log());
        SmtpSender client(post.gateway.port());
        client.command("EHLO far.example");
        const QByteArray reply = client.send("me@far.example", {"info@office.example"}, kBody);
        STORY_VERIFY(reply.startsWith("250"), reply + post.gateway.log());
        STORY_TRY(post.filesBelow("mail/carol/Maildir/new").size() == 1, post.gateway.log(), 20'000);
        client.command("MAIL FROM:<me@far.example>");
        QVERIFY(client.command("RCPT TO:<joe@office.example>").startsWith("524")); // no such virtual user, since 6.6
        QVERIFY(client.command("RCPT TO:<joe@elsewhere.example>").startsWith("550"));
        post.gateway.kill();
    }

    // Aliases (from a text and from a database) and local delivery to mbox; everything else relayed, from local only.
    void S04_theClassicDefault_data() {
        QTest::addColumn<QByteArray>("dialect");
        QTest::addColumn<bool>("isDatabase");
        QTest::newRow("S04 in action/match") << QByteArray("modern") << true;
        QTest::newRow("S04 in accept/reject") << QByteArray("legacy") << true;
        QTest::newRow("S04 with a text of aliases") << QByteArray("modern") << false;
    }

    void S04_theClassicDefault() {
        QFETCH(QByteArray, dialect);
        QFETCH(bool, isDatabase);
        MailSink sink;
        Post post;
        const QByteArray to = "127.0.0.1:" + QByteArray::number(sink.port());
        const QByteArray tables = "listen on 127.0.0.1 port 0\ntable aliases " +
                                  (isDatabase ? "db:tables/aliases.db"_ba : "file:tables/aliases"_ba) + "\ntable users { ann = \"" + post.user("ann", 1) + "\" }\n";
        post.gateway.setConfig(dialect == "modern"
                                   ? tables + "action \"local\" mbox alias <aliases> userbase <users>\n"
                                              "action \"out\" relay host smtp+notls://" + to + "\n"
                                              "match for local action \"local\"\nmatch from local for any action \"out\"\n"
                                   : tables + "accept for local alias <aliases> userbase <users> deliver to mbox\n"
                                              "accept from local for any relay via smtp://" + to + "\n");
        post.gateway.write(u"tables/aliases"_s, "root: ann\npostmaster: root\n");
        if (isDatabase)
            QCOMPARE(posternctl({u"makemap"_s, u"-t"_s, u"aliases"_s, post.gateway.path(u"tables/aliases"_s)}).exit, 0);
        STORY_VERIFY(post.gateway.start(), post.gateway.log());
        SmtpSender client(post.gateway.port());
        client.command("EHLO scanner.example");
        QByteArray reply = client.send("cron@localhost", {"postmaster@localhost", "joe@far.example"}, kBody);
        STORY_VERIFY(reply.startsWith("250"), reply);
        STORY_TRY(post.file("mail/ann").contains("\nbody\n"), post.gateway.log(), 20'000);
        const QByteArray box = post.file("mail/ann");
        STORY_VERIFY(box.startsWith("From cron@localhost "), box);
        STORY_VERIFY(box.contains("\nDelivered-To: postmaster@localhost\n"), box);
        STORY_VERIFY(box.contains("\n>From here on\n"), box);
        QCOMPARE(post.ownerOf("mail/ann"), Post::uid(1));
        QVERIFY(sink.waitFor(1));
        QCOMPARE(sink.mails().first().rcpts, QByteArrayList{"joe@far.example"});
        QVERIFY(!sink.mails().first().content.contains("Delivered-To"));

        client.command("MAIL FROM:<cron@localhost>");
        reply = client.command("RCPT TO:<bob@localhost>");
        STORY_VERIFY(reply.startsWith("550 5.1.1 "), reply);
        client.command("RSET");

        // A notice of success, where it is asked for; to the sender by the same rules.
        client.command("MAIL FROM:<scan@far.example>");
        reply = client.command("RCPT TO:<root@localhost> NOTIFY=SUCCESS");
        STORY_VERIFY(reply.startsWith("250"), reply);
        client.command("DATA");
        client.write("Subject: two\r\n\r\nsecond\r\n.\r\n");
        reply = client.reply();
        STORY_VERIFY(reply.startsWith("250"), reply);
        QVERIFY(sink.waitFor(2));
        STORY_VERIFY(sink.mails().at(1).content.contains("\r\nAction: delivered\r\n"), sink.mails().at(1).content);
        STORY_VERIFY(post.file("mail/ann").contains("\nsecond\n"), post.file("mail/ann"));

        // Held back and let go again; meanwhile the queue tells where it goes.
        QCOMPARE(post.gateway.ctl({u"pause"_s, u"mda"_s}).exit, 0);
        reply = client.send("cron@localhost", {"root@localhost"}, "Subject: three\r\n\r\nthird\r\n");
        STORY_VERIFY(reply.startsWith("250"), reply);
        QVERIFY(post.gateway.waitQueue(1, u"waiting"_s));
        const QJsonObject row = post.gateway.queue().at(0).toObject();
        QCOMPARE(row["method"_L1].toString(), u"mbox"_s);
        QCOMPARE(row["account"_L1].toString(), u"ann"_s);
        QCOMPARE(row["recipient"_L1].toString(), u"root@localhost"_s);
        QCOMPARE(row["relay"_L1].toString(), u"mbox of ann"_s);
        const Ran shown = post.gateway.ctl({u"queue"_s, u"show"_s, row["id"_L1].toString()});
        STORY_VERIFY(shown.out.contains("delivered   by mbox of ann"), shown.out);
        QCOMPARE(post.gateway.stop(), 0); // a pause outlives a restart, and so does the mail
        STORY_VERIFY(post.gateway.start(), post.gateway.log());
        QVERIFY(!post.file("mail/ann").contains("\nthird\n"));
        QCOMPARE(post.gateway.ctl({u"resume"_s, u"mda"_s}).exit, 0);
        STORY_TRY(post.file("mail/ann").contains("\nthird\n"), post.gateway.log(), 20'000);
        QVERIFY(post.gateway.waitQueue(0));
        const QJsonObject counters = post.gateway.ctl({u"counters"_s, u"--json"_s}).json().toObject();
        QCOMPARE(counters["mda.delivered"_L1].toInt(), 1);
        QCOMPARE(post.gateway.stop(), 0);
    }

    // The same user name in two domains with different uid and home from two tables; a third domain with users of the system.
    void S09_oneNameInTwoDomains() {
        Post post;
        const QByteArray self = ::geteuid() == 0 ? QByteArray("nobody") : run(u"id"_s, {u"-un"_s}).out.trimmed();
        post.gateway.setConfig("listen on 127.0.0.1 port 0\n"
                               "table one { jo = \"" + post.user("one/jo", 1) + "\" }\ntable two { jo = \"" + post.user("two/jo", 2) + "\" }\n"
                               "action \"one\" maildir userbase <one>\naction \"two\" maildir userbase <two>\n"
                               "action \"sys\" mbox\n"
                               "match from any for domain \"one.example\" action \"one\"\n"
                               "match from any for domain \"two.example\" action \"two\"\n"
                               "match from any for domain \"sys.example\" action \"sys\"\n");
        ::chmod(post.place("one").constData(), 0711);
        ::chmod(post.place("two").constData(), 0711);
        STORY_VERIFY(post.gateway.start(), post.gateway.log());
        SmtpSender client(post.gateway.port());
        client.command("EHLO scanner.example");
        for (const char* domain : {"one", "two"}) {
            const QByteArray reply = client.send("a@far.example", {"jo@"_ba + domain + ".example"}, "Subject: x\r\n\r\nfor "_ba + domain + "\r\n");
            STORY_VERIFY(reply.startsWith("250"), reply);
        }
        QByteArray reply = client.send("a@far.example", {self + "@sys.example"}, "Subject: x\r\n\r\nfor the system's\r\n");
        STORY_VERIFY(reply.startsWith("250"), reply);
        STORY_TRY(post.filesBelow("one/jo").size() == 1 && post.filesBelow("two/jo").size() == 1 &&
                      post.file(("mail/" + self).constData()).contains("for the system's"),
                  post.gateway.log(), 20'000);
        STORY_VERIFY(post.filesBelow("one/jo").first().contains("for one"), post.filesBelow("one/jo").first());
        STORY_VERIFY(post.filesBelow("two/jo").first().contains("for two"), post.filesBelow("two/jo").first());
        QCOMPARE(post.ownerOf("one/jo/Maildir/new"), Post::uid(1));
        QCOMPARE(post.ownerOf("two/jo/Maildir/new"), Post::uid(2));
        client.command("MAIL FROM:<a@far.example>");
        reply = client.command("RCPT TO:<nobody-here@one.example>");
        STORY_VERIFY(reply.startsWith("550 5.1.1 "), reply);
        QVERIFY(post.gateway.waitQueue(0));
        QCOMPARE(post.gateway.stop(), 0);
    }

    // A command and a .forward file; what a command refuses comes back with its words.
    void commandsAndForwards() {
        MailSink sink;
        Post post;
        post.gateway.setConfig("listen on 127.0.0.1 port 0\n"
                               "table users { ann = \"" + post.user("ann", 1) + "\", bob = \"" + post.user("bob", 2) + "\" }\n"
                               "action \"run\" mda \"cat >got-%{user.username}\" userbase <users>\n"
                               "action \"no\" mda \"echo no such folder; exit 69\" userbase <users>\n"
                               "action \"out\" relay host smtp+notls://127.0.0.1:" + QByteArray::number(sink.port()) + "\n"
                               "match from any for domain \"run.example\" action \"run\"\n"
                               "match from any for domain \"no.example\" action \"no\"\n"
                               "match from local for any action \"out\"\n");
        {
            QFile forward(post.places.filePath(u"bob/.forward"_s));
            QVERIFY(forward.open(QIODevice::WriteOnly));
            forward.write("bob, bob@far.example, \"|cat >piped\"\n");
            forward.close();
            QCOMPARE(::chmod(post.place("bob/.forward").constData(), 0600), 0);
            QCOMPARE(::chown(post.place("bob/.forward").constData(), Post::uid(2), Post::gid(2)), 0);
        }
        STORY_VERIFY(post.gateway.start(), post.gateway.log());
        SmtpSender client(post.gateway.port());
        client.command("EHLO scanner.example");
        QByteArray reply = client.send("scan@far.example", {"ann@run.example", "bob@run.example"}, kBody);
        STORY_VERIFY(reply.startsWith("250"), reply);
        STORY_TRY(post.file("ann/got-ann").contains("body") && post.file("bob/got-bob").contains("body") &&
                      post.file("bob/piped").contains("body"),
                  post.gateway.log(), 20'000);
        QCOMPARE(post.ownerOf("bob/piped"), Post::uid(2)); // run as the owner of the file
        QVERIFY(sink.waitFor(1));
        QCOMPARE(sink.mails().first().rcpts, QByteArrayList{"bob@far.example"});
        reply = client.send("scan@far.example", {"ann@no.example"}, kBody);
        STORY_VERIFY(reply.startsWith("250"), reply);
        QVERIFY(sink.waitFor(2));
        const QByteArray notice = sink.mails().at(1).content;
        STORY_VERIFY(notice.contains("\r\nAction: failed\r\n") && notice.contains("no such folder"), notice);
        QVERIFY(post.gateway.waitQueue(0));
        QCOMPARE(post.gateway.stop(), 0);
    }
};

QTEST_GUILESS_MAIN(StoryLocal)
#include "tst_story_local.moc"
