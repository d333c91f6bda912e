// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a person does with the queue from a shell: look, count, follow, take out; running and stopped.
#include "stories/support/gateway_process.h"
#include "stories/support/mail_sink.h"
#include "stories/support/smtp_sender.h"
#include "support/places.h"

#include <QDateTime>
#include <QDir>
#include <QJsonObject>
#include <QTest>

#include <sys/stat.h>

using namespace Qt::StringLiterals;
using namespace postern::test;

class StoryQueueCommands : public QObject {
    Q_OBJECT

    static constexpr char kCatch[] = "listen on 127.0.0.1 port 0\naction \"caught\" catch\n"
                                     "match from any for any action \"caught\"\n";

    static bool send(quint16 port, const QByteArray& from, const QByteArrayList& to, const QByteArray& content) {
        SmtpSender sender(port);
        return sender.command("EHLO t.example").startsWith("250") && sender.send(from, to, content).startsWith("250");
    }
    static QByteArray contentOf(const QString& path) {
        QFile file(path);
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    static int modeOf(const QString& path) {
        struct stat st {};
        return ::stat(QFile::encodeName(path).constData(), &st) == 0 ? int(st.st_mode & 07777) : -1;
    }
    static QByteArrayList linesOf(const Ran& ran) { return ran.out.trimmed().isEmpty() ? QByteArrayList() : ran.out.trimmed().split('\n'); }

  private Q_SLOTS:
    void listsWhatTheFiltersTake() {
        GatewayProcess gateway(kCatch);
        STORY_VERIFY(gateway.start(), gateway.log());
        QVERIFY(send(gateway.port(), "boss@office.example", {"one@far.example", "two@near.example"}, "Subject: a\r\n\r\nx\r\n"));
        QVERIFY(send(gateway.port(), "", {"three@FAR.example"}, "Subject: b\r\n\r\nx\r\n"));
        const auto count = [&gateway](const QStringList& more) {
            return linesOf(gateway.ctl(QStringList{u"queue"_s, u"list"_s} + more)).size();
        };
        const auto checkAll = [&] {
            QCOMPARE(count({}), 3);
            QCOMPARE(count({u"--to"_s, u"ONE@far.example"_s}), 1);
            QCOMPARE(count({u"--to"_s, u"@far.example"_s}), 2);
            QCOMPARE(count({u"--to"_s, u"far.example"_s}), 0);
            QCOMPARE(count({u"--to"_s, u"t*@*.example"_s}), 2);
            QCOMPARE(count({u"--from"_s, u"<>"_s}), 1);
            QCOMPARE(count({u"--from"_s, u"boss@office.example"_s, u"--to"_s, u"@near.example"_s}), 1);
            QCOMPARE(count({u"--since"_s, u"1h"_s}), 3);
            QCOMPARE(count({u"--since"_s, u"2001-02-03"_s}), 3);
            QCOMPARE(count({u"--since"_s, QDateTime::currentDateTime().addDays(1).toString(u"yyyy-MM-dd"_s)}), 0);
            QCOMPARE(count({u"--filter"_s, u"held"_s}), 0);
        };
        checkAll();
        const QByteArrayList columns =
            linesOf(gateway.ctl({u"queue"_s, u"list"_s, u"--columns"_s, u"state,to,subject"_s, u"--to"_s, u"one@far.example"_s}));
        QCOMPARE(columns, QByteArrayList{"caught|<one@far.example>|a"});
        QCOMPARE(gateway.ctl({u"queue"_s, u"list"_s, u"--json"_s, u"--from"_s, u""_s}).json().toArray().size(), 1);
        QCOMPARE(gateway.stop(), 0);
        checkAll();
    }

    void wrongWishesAreExitTwo_data() {
        QTest::addColumn<QStringList>("words");
        QTest::addColumn<QByteArray>("says");
        QTest::newRow("a time that is none") << QStringList{u"list"_s, u"--since"_s, u"yesterday"_s} << "2026-11-29"_ba;
        QTest::newRow("a column that is none") << QStringList{u"list"_s, u"--columns"_s, u"id,colour"_s} << "subject"_ba;
        QTest::newRow("a filter of addresses with remove: too dangerous to guess")
            << QStringList{u"remove"_s, u"--all"_s, u"--from"_s, u"a@b.example"_s} << "--from"_ba;
        QTest::newRow("-o without export") << QStringList{u"list"_s, u"-o"_s, u"x"_s} << "export"_ba;
        QTest::newRow("export of all to nowhere") << QStringList{u"export"_s, u"--all"_s} << "-o"_ba;
        QTest::newRow("export of two to one place") << QStringList{u"export"_s, u"12345678"_s, u"12345679"_s} << "one id"_ba;
        QTest::newRow("a verb misspelt") << QStringList{u"relase"_s, u"12345678"_s} << "did you mean release?"_ba;
    }
    void wrongWishesAreExitTwo() {
        QFETCH(QStringList, words);
        QFETCH(QByteArray, says);
        const GatewayProcess nobody(kCatch);
        const Ran ran = nobody.ctl(QStringList{u"queue"_s} + words + QStringList{u"--json"_s});
        QCOMPARE(ran.exit, 2);
        STORY_VERIFY(ran.err.contains(says), ran.err);
        QCOMPARE(ran.json().toObject()["ok"_L1].toBool(true), false);
        QCOMPARE(ran.out.count('\n'), 1);
    }

    // What comes out is what went in, behind our own Received field; small and in a file of its own, running and stopped.
    void exportsTheOctetsThatWereTakenIn() {
        GatewayProcess gateway(kCatch);
        STORY_VERIFY(gateway.start(), gateway.log());
        QByteArray large = "Subject: large\r\nDate: Thu, 19 Nov 2026 14:32:00 +0000\r\nMessage-ID: <1@office.example>\r\n\r\n";
        for (int i = 0; i < 20'000; ++i) // 1.3 MB: more than one piece of an answer
            large += "From here on line " + QByteArray::number(i) + " of a content that is larger than a segment\r\n";
        const QByteArray small = "Subject: small\r\nDate: Thu, 19 Nov 2026 14:32:00 +0000\r\nMessage-ID: <1@office.example>\r\n\r\nFrom me\r\n.dot\r\n>From you\r\n\xe4\r\n";
        QVERIFY(send(gateway.port(), "a@b.example", {"small@d.example", "other@d.example"}, small));
        QVERIFY(send(gateway.port(), "a@b.example", {"large@d.example"}, large));
        QVERIFY(gateway.waitQueue(3));
        const auto idOf = [&gateway](const QString& to) {
            for (const auto& row : gateway.queue())
                if (row["recipient"_L1].toString() == to)
                    return row["id"_L1].toString();
            return QString();
        };
        const QString smallId = idOf(u"small@d.example"_s), largeId = idOf(u"large@d.example"_s);
        const auto checkAll = [&](const QString& folder) {
            const Ran toOut = gateway.ctl({u"queue"_s, u"export"_s, smallId});
            QCOMPARE(toOut.exit, 0);
            STORY_VERIFY(toOut.out.startsWith("Received: from ") && toOut.out.endsWith("\r\n" + small), toOut.out);
            // by message id, to a file, for nobody else's eyes
            const QString file = gateway.path(folder + u".eml"_s);
            QCOMPARE(gateway.ctl({u"queue"_s, u"export"_s, largeId.left(8), u"-o"_s, file}).exit, 0);
            QVERIFY(contentOf(file).endsWith("\r\n" + large));
            QCOMPARE(modeOf(file), 0600);
            // all into a folder: a message once, however many recipients it has
            const Ran all = gateway.ctl({u"queue"_s, u"export"_s, u"--all"_s, u"-o"_s, gateway.path(folder), u"--json"_s});
            QCOMPARE(all.exit, 0);
            QCOMPARE(all.json()["exported"_L1].toArray().size(), 2);
            QCOMPARE(QDir(gateway.path(folder)).entryList(QDir::Files).size(), 2);
            QCOMPARE(contentOf(gateway.path(folder) + u'/' + smallId.left(8) + u".eml"_s), toOut.out);
            // and into one mbox: LF, "From " quoted once more than it was
            const QString mbox = gateway.path(folder + u".mbox"_s);
            QCOMPARE(gateway.ctl({u"queue"_s, u"export"_s, u"all"_s, u"--to"_s, u"small@d.example"_s, u"-o"_s, mbox}).exit, 0);
            const QByteArray box = contentOf(mbox);
            STORY_VERIFY(box.startsWith("From a@b.example "), box);
            STORY_VERIFY(box.endsWith("Subject: small\nDate: Thu, 19 Nov 2026 14:32:00 +0000\nMessage-ID: <1@office.example>\n\n>From me\n.dot\n>>From you\n\xe4\n\n"), box);
            QVERIFY(!box.contains('\r'));
        };
        checkAll(u"running"_s);
        QCOMPARE(gateway.stop(), 0);
        checkAll(u"stopped"_s);
        const Ran unknown = gateway.ctl({u"queue"_s, u"export"_s, u"0badf00d"_s, u"--json"_s});
        QCOMPARE(unknown.exit, 1);
        STORY_VERIFY(unknown.err.contains("0badf00d") && !unknown.json()["ok"_L1].toBool(true), unknown.err);
        const Ran nowhere = gateway.ctl({u"queue"_s, u"export"_s, smallId, u"-o"_s, u"/no/such/folder/x.eml"_s});
        QCOMPARE(nowhere.exit, 1);
        STORY_VERIFY(nowhere.err.contains("/no/such/folder/x.eml"), nowhere.err);
    }

    void countsByStateAgeAndDestination() {
        GatewayProcess gateway(kCatch);
        STORY_VERIFY(gateway.start(), gateway.log());
        QCOMPARE(gateway.ctl({u"queue"_s, u"stats"_s}).out.trimmed(), "the queue is empty"_ba);
        QVERIFY(send(gateway.port(), "a@b.example", {"one@far.example", "two@far.example", "x@Near.example"}, "Subject: a\r\n\r\nx\r\n"));
        QVERIFY(send(gateway.port(), "a@b.example", {"three@far.example"}, "Subject: b\r\n\r\nx\r\n"));
        QVERIFY(gateway.waitQueue(4));
        const auto checkAll = [&] {
            const QJsonObject all = gateway.ctl({u"queue"_s, u"stats"_s, u"--json"_s}).json().toObject();
            QCOMPARE(all["messages"_L1].toInt(), 2);
            QCOMPARE(all["envelopes"_L1].toInt(), 4);
            QCOMPARE(all["caught"_L1].toInt(), 4);
            QCOMPARE(all["waiting"_L1].toInt(-1), 0);
            QCOMPARE(all["domains"_L1][0]["domain"_L1].toString(), u"far.example"_s);
            QCOMPARE(all["domains"_L1][0]["envelopes"_L1].toInt(), 3);
            QCOMPARE(all["domains"_L1][1]["domain"_L1].toString(), u"near.example"_s);
            QCOMPARE(all["ages"_L1][0]["under"_L1].toInt(), 300);
            QCOMPARE(all["ages"_L1][0]["envelopes"_L1].toInt(), 4);
            const QByteArray text = gateway.ctl({u"queue"_s, u"stats"_s}).out;
            STORY_VERIFY(text.contains("far.example: 3 (3 caught)") && text.contains("recipients  4: 4 caught"), text);
        };
        checkAll();
        QCOMPARE(gateway.stop(), 0);
        checkAll();
    }

    // A message's story: in the queue and in the log, also behind a restart and when all is over; followed until it is.
    void tracesAMessageToItsEnd() {
        MailSink sink;
        sink.answer("RCPT", "450 4.2.0 come back later\r\n");
        GatewayProcess gateway("listen on 127.0.0.1 port 0\naction \"out\" relay host smtp://127.0.0.1:" +
                               QByteArray::number(sink.port()) + "\nmatch from any for any action \"out\"\n");
        STORY_VERIFY(gateway.start(), gateway.log());
        QVERIFY(send(gateway.port(), "a@b.example", {"c@d.example"}, "Subject: x\r\n\r\ny\r\n"));
        QVERIFY(send(gateway.port(), "a@b.example", {"other@d.example"}, "Subject: x\r\n\r\ny\r\n"));
        QVERIFY(gateway.waitQueue(2));
        QString envelope;
        for (const auto& row : gateway.queue())
            if (row["recipient"_L1].toString() == u"c@d.example"_s)
                envelope = row["id"_L1].toString();
        const QString message = envelope.left(8);
        const auto trace = [&gateway](const QString& id) { return gateway.ctl({u"trace"_s, id, u"--json"_s}).json().toObject(); };
        STORY_TRY(trace(message)["log"_L1].toArray().size() >= 2, gateway.log(), 20'000); // taken in, and not yet delivered
        const QJsonObject told = trace(envelope);
        QCOMPARE(told["message"_L1].toString(), message);
        QCOMPARE(told["rows"_L1][0]["recipient"_L1].toString(), u"c@d.example"_s);
        QStringList texts;
        for (const auto& line : told["log"_L1].toArray())
            texts.append(line["area"_L1].toString() + u' ' + line["text"_L1].toString());
        STORY_VERIFY(texts.join(u'\n').contains(u"relay "_s + message + u": Not yet delivered to c@d.example"_s), texts.join(u'\n').toUtf8());
        QVERIFY(!texts.join(u'\n').contains(u"other@d.example"_s));
        // A stopped profile knows it from its files.
        QCOMPARE(gateway.stop(), 0);
        QVERIFY(trace(message)["log"_L1].toArray().size() >= told["log"_L1].toArray().size());
        QCOMPARE(trace(message)["queued"_L1].toBool(), true);
        // Followed, until it has left.
        STORY_VERIFY(gateway.start(), gateway.log());
        QProcess follower;
        follower.start(QStringLiteral(POSTERN_BIN_DIR "/posternctl"),
                       {u"--state"_s, gateway.path(u"state"_s), u"trace"_s, message, u"-f"_s});
        QByteArray heard;
        const auto hears = [&](const char* words) {
            follower.waitForReadyRead(50);
            heard += follower.readAllStandardOutput();
            return heard.contains(words);
        };
        STORY_TRY(hears("come back later"), heard, 20'000);
        sink.answer("RCPT", "");
        QCOMPARE(gateway.ctl({u"queue"_s, u"retry"_s, message}).exit, 0);
        STORY_TRY(hears("Delivered to c@d.example"), heard, 20'000);
        QVERIFY(follower.waitForFinished(20'000));
        QCOMPARE(follower.exitCode(), 0);
        STORY_VERIFY(hears("it has left the queue"), heard);
        QCOMPARE(trace(message)["queued"_L1].toBool(true), false);
        const Ran unknown = gateway.ctl({u"trace"_s, u"0badf00d"_s});
        QCOMPARE(unknown.exit, 1);
        STORY_VERIFY(unknown.err.contains("0badf00d"), unknown.err);
        QCOMPARE(gateway.ctl({u"trace"_s, u"xyz"_s}).exit, 2);
    }

    void discoverFindsNothingNewInAQueueThatIsKnown() {
        GatewayProcess gateway(kCatch);
        STORY_VERIFY(gateway.start(), gateway.log());
        QVERIFY(send(gateway.port(), "a@b.example", {"c@d.example"}, "Subject: x\r\n\r\ny\r\n"));
        QVERIFY(gateway.waitQueue(1));
        const QString id = gateway.queue().at(0)["id"_L1].toString();
        for (int round = 0; round < 2; ++round) { // running, stopped
            const Ran known = gateway.ctl({u"discover"_s, id});
            QCOMPARE(known.exit, 0);
            QCOMPARE(known.out, "0 envelopes discovered\n"_ba);
            const Ran unknown = gateway.ctl({u"discover"_s, u"0badf00d"_s, u"--json"_s});
            QCOMPARE(unknown.exit, 1);
            STORY_VERIFY(unknown.err.contains("0badf00d"), unknown.err);
            QCOMPARE(unknown.json()["ok"_L1].toBool(true), false);
            if (round == 0)
                QCOMPARE(gateway.stop(), 0);
        }
    }

    // Ten thousand ids that are none of ours, and one that is: bounded, answered, and the gateway goes on (K02).
    void K02_aFloodOfIdsIsAnswered() {
        GatewayProcess gateway(kCatch);
        STORY_VERIFY(gateway.start(), gateway.log());
        QVERIFY(send(gateway.port(), "a@b.example", {"c@d.example"}, "Subject: x\r\n\r\ny\r\n"));
        QVERIFY(gateway.waitQueue(1));
        QStringList words{u"queue"_s, u"remove"_s, u"--json"_s, gateway.queue().at(0)["id"_L1].toString()};
        for (int i = 0; i < 10'000; ++i)
            words.append(QString::number(0x10000000 + i, 16));
        const Ran removed = gateway.ctl(words);
        STORY_VERIFY(removed.exit == 0, removed.err);
        QCOMPARE(removed.json()["changed"_L1].toInt(), 1);
        QVERIFY(gateway.queue().isEmpty());
        for (const QString& bad : {u"../../etc/passwd"_s, u"-1"_s, u"zzzzzzzz"_s, u"0000000000000000"_s, QString(2000, u'a')}) {
            const Ran refused = gateway.ctl({u"queue"_s, u"remove"_s, u"--"_s, bad});
            QCOMPARE(refused.exit, 1);
            STORY_VERIFY(refused.err.size() < 500, refused.err);
        }
        QCOMPARE(gateway.ctl({u"status"_s}).exit, 0);
    }
};

QTEST_GUILESS_MAIN(StoryQueueCommands)
#include "tst_story_queue_commands.moc"
