// SPDX-License-Identifier: GPL-3.0-or-later
//
// Looking at a running gateway and steering it from a shell: numbers, pauses, tables read again, its log as it grows.
#include "stories/support/gateway_process.h"
#include "stories/support/mail_sink.h"
#include "stories/support/smtp_sender.h"
#include "support/places.h"

#include <QJsonObject>
#include <QTest>

#include <csignal>

using namespace Qt::StringLiterals;
using namespace postern::test;

class StoryRunningCommands : public QObject {
    Q_OBJECT

    static constexpr char kCatch[] = "listen on 127.0.0.1 port 0\naction \"caught\" catch\n"
                                     "match from any for any action \"caught\"\n";

    static QByteArray send(quint16 port, const QByteArray& to = "c@d.example") {
        SmtpSender sender(port);
        sender.command("EHLO t.example");
        return sender.send("a@b.example", {to}, "Subject: hello\r\n\r\nbody\r\n");
    }
    static QJsonObject counters(const GatewayProcess& gateway) {
        return gateway.ctl({u"counters"_s, u"--json"_s}).json().toObject();
    }

  private Q_SLOTS:
    // Now, since the start, and today; only today's outlive the restart.
    void countersAreNamesAndNumbers() {
        MailSink sink;
        GatewayProcess gateway("listen on 127.0.0.1 port 0\naction \"in\" catch\naction \"out\" relay host smtp://127.0.0.1:" +
                               QByteArray::number(sink.port()) + "\nmatch from any for domain \"in.example\" action \"in\"\n"
                               "match from any for domain \"out.example\" action \"out\"\n");
        STORY_VERIFY(gateway.start(), gateway.log());
        QVERIFY(send(gateway.port(), "x@in.example").startsWith("250"));
        QVERIFY(send(gateway.port(), "x@out.example").startsWith("250"));
        QVERIFY(send(gateway.port(), "x@elsewhere.example").startsWith("550"));
        QVERIFY(sink.waitFor(1));
        STORY_TRY(counters(gateway)["scheduler.delivery.ok"_L1].toInt() == 1, gateway.log(), 20'000);
        const QJsonObject told = counters(gateway);
        QCOMPARE(told["queue.caught"_L1].toInt(), 1);
        QCOMPARE(told["scheduler.envelope"_L1].toInt(), 1);
        QCOMPARE(told["smtp.accepted"_L1].toInt(), 2);
        QCOMPARE(told["smtp.refused"_L1].toInt(), 1);
        QCOMPARE(told["today.accepted"_L1].toInt(), 2);
        QCOMPARE(told["control.session"_L1].toInt(), 1); // the one that asks
        // In words: one name=value a line, each number of the JSON there, uptime as smtpctl has it.
        const QByteArray text = gateway.ctl({u"counters"_s}).out;
        QCOMPARE(text.count('\n'), told.size());
        STORY_VERIFY(text.contains("queue.caught=1\n") && text.contains("uptime=") && text.contains("uptime.human="), text);
        QCOMPARE(gateway.stop(), 0);
        STORY_VERIFY(gateway.start(), gateway.log());
        QCOMPARE(counters(gateway)["smtp.accepted"_L1].toInt(-1), 0);
        QCOMPARE(counters(gateway)["today.accepted"_L1].toInt(), 2);
        QCOMPARE(counters(gateway)["today.refused"_L1].toInt(), 1);
        QCOMPARE(gateway.ctl({u"counters"_s, u"today"_s}).exit, 2);
    }

    void pausesAreKeptAndShown() {
        MailSink sink;
        GatewayProcess gateway("listen on 127.0.0.1 port 0\naction \"out\" relay host smtp://127.0.0.1:" +
                               QByteArray::number(sink.port()) + "\nmatch from any for any action \"out\"\n");
        STORY_VERIFY(gateway.start(), gateway.log());
        const auto shows = [&gateway](const QByteArray& line) { return gateway.ctl({u"status"_s}).out.contains(line); };
        QVERIFY(shows("sending        running") && shows("delivering     running"));
        QCOMPARE(gateway.ctl({u"pause"_s, u"mda"_s}).out, "command succeeded\n"_ba);
        QVERIFY(shows("delivering     paused") && shows("sending        running"));
        QCOMPARE(gateway.ctl({u"pause"_s, u"mta"_s}).exit, 0);
        QVERIFY(shows("sending        paused"));
        QVERIFY(send(gateway.port()).startsWith("250"));
        QVERIFY(gateway.waitQueue(1, u"waiting"_s));
        QCOMPARE(gateway.ctl({u"queue"_s, u"retry"_s}).exit, 0); // also asked for, nothing leaves
        QCOMPARE(sink.connections(), 0);
        QCOMPARE(gateway.ctl({u"resume"_s, u"mta"_s}).exit, 0);
        QVERIFY(sink.waitFor(1));
        QCOMPARE(gateway.ctl({u"resume"_s, u"mda"_s}).exit, 0);
        const QJsonObject status = gateway.ctl({u"status"_s, u"--json"_s}).json().toObject();
        QCOMPARE(status["mdaPaused"_L1].toBool(true), false);
        QCOMPARE(status["relayPaused"_L1].toBool(true), false);
        STORY_VERIFY(gateway.log().contains("notice: Paused: sending") && gateway.log().contains("notice: Resumed: sending"),
                     gateway.log());
        const Ran unknown = gateway.ctl({u"pause"_s, u"lunch"_s});
        QCOMPARE(unknown.exit, 2);
        STORY_VERIFY(unknown.err.contains("mda"), unknown.err);
    }

    // Whoever paused something finds it paused after a restart, and after a kill.
    void pausesOutliveARestart() {
        MailSink sink;
        GatewayProcess gateway("listen on 127.0.0.1 port 0\naction \"out\" relay host smtp://127.0.0.1:" +
                               QByteArray::number(sink.port()) + "\nmatch from any for any action \"out\"\n");
        STORY_VERIFY(gateway.start(), gateway.log());
        QCOMPARE(gateway.ctl({u"pause"_s, u"mta"_s}).exit, 0);
        QCOMPARE(gateway.ctl({u"pause"_s, u"mda"_s}).exit, 0);
        QVERIFY(send(gateway.port()).startsWith("250"));
        QCOMPARE(gateway.ctl({u"pause"_s, u"smtp"_s}).exit, 0);
        QCOMPARE(gateway.stop(), 0);

        STORY_VERIFY(gateway.start(), gateway.log());
        const QByteArray status = gateway.ctl({u"status"_s}).out;
        for (const char* line : {"sending        paused", "receiving      paused", "delivering     paused"})
            STORY_VERIFY(status.contains(line), status);
        STORY_VERIFY(gateway.log().contains("Still paused: sending; `posternctl resume mta` goes on"), gateway.log());
        QVERIFY(SmtpSender(gateway.port()).greeting().startsWith("421 4.3.2"));
        QCOMPARE(gateway.ctl({u"queue"_s, u"retry"_s}).exit, 0);
        QCOMPARE(sink.connections(), 0);
        QCOMPARE(gateway.ctl({u"resume"_s, u"mta"_s}).exit, 0);
        QVERIFY(sink.waitFor(1));
        QVERIFY(gateway.waitQueue(0));
        gateway.kill();

        STORY_VERIFY(gateway.start(), gateway.log());
        QVERIFY(gateway.ctl({u"status"_s}).out.contains("sending        running"));
        QVERIFY(gateway.ctl({u"status"_s}).out.contains("receiving      paused"));
        QCOMPARE(gateway.ctl({u"resume"_s, u"smtp"_s}).exit, 0);
        QVERIFY(send(gateway.port()).startsWith("250"));
    }

    // A name of an interface becomes addresses, and status tells both; with the line to look at.
    void statusTellsWhatEachListenerBecame() {
        GatewayProcess gateway("\nlisten on lo port 0\naction \"caught\" catch\nmatch from any for any action \"caught\"\n");
        STORY_VERIFY(gateway.start(), gateway.log());
        const QJsonObject first = gateway.ctl({u"status"_s, u"--json"_s}).json()["listeners"_L1][0].toObject();
        QCOMPARE(first["interface"_L1].toString(), u"lo"_s);
        QCOMPARE(first["address"_L1].toString(), u"127.0.0.1"_s);
        QCOMPARE(first["port"_L1].toInt(), int(gateway.port()));
        STORY_VERIFY(first["where"_L1].toString().endsWith(u"smtpd.conf:2"_s), first["where"_L1].toString().toUtf8());
        const QByteArray text = gateway.ctl({u"status"_s}).out;
        STORY_VERIFY(text.contains("listener       127.0.0.1 (lo) port " + QByteArray::number(gateway.port()) + ": open"), text);
    }

    // Only that table: an edit of smtpd.conf that nobody asked to take stays where it is, and a broken file changes nothing.
    void statusTellsWhichRelayPutsMailOffAndWhatItSays() {
        MailSink sink;
        const QByteArray host = "host smtp://127.0.0.1:" + QByteArray::number(sink.port());
        GatewayProcess gateway("listen on lo inet4 port 0\naction \"bulk\" relay " + host + "\naction \"people\" relay " + host +
                               "\nmatch from any for domain bulk.example action \"bulk\"\nmatch from any for any action \"people\"\n");
        STORY_VERIFY(gateway.start(), gateway.log());
        STORY_VERIFY(send(gateway.port(), "c@people.example").startsWith("250"), gateway.log());
        STORY_VERIFY(sink.waitFor(1), gateway.log());
        sink.answer("RCPT", "451 4.7.1 Greylisted, come back\r\n");
        STORY_VERIFY(send(gateway.port(), "c@bulk.example").startsWith("250"), gateway.log());
        QByteArray text;
        STORY_TRY((text = gateway.ctl({u"status"_s}).out).contains(" (action \"bulk\"): deferring, 1 waiting, last sent never (") &&
                      text.contains("451 4.7.1 Greylisted, come back (in reply to RCPT))\n"), text, 20'000);
        STORY_VERIFY(text.contains(" (action \"people\"): working, 0 waiting, last sent 2"), text);
        STORY_VERIFY(text.contains("queue          1 message; recipients: 1 waiting"), text);
        STORY_VERIFY(text.contains("since midnight 2 messages taken in, delivered to 1 recipient,"), text);
        sink.answer("RCPT", {});
        STORY_VERIFY(gateway.ctl({u"queue"_s, u"retry"_s, u"--all"_s}).exit == 0, gateway.log());
        STORY_TRY((text = gateway.ctl({u"status"_s}).out).contains(" (action \"bulk\"): working, 0 waiting, last sent 2"), text, 20'000);
    }

    void updateReadsOneTableAgain() {
        GatewayProcess gateway("");
        gateway.write(u"domains"_s, "one.example\n");
        const QByteArray config = "table ours file:domains\ntable here { here.example }\nlisten on 127.0.0.1 port 0\n"
                                  "action \"c\" catch\nmatch from any for domain <ours> action \"c\"\n"
                                  "match from any for domain <here> action \"c\"\n";
        gateway.setConfig(config);
        STORY_VERIFY(gateway.start(), gateway.log());
        QVERIFY(send(gateway.port(), "x@two.example").startsWith("550"));
        gateway.write(u"domains"_s, "one.example\ntwo.example\n");
        const Ran updated = gateway.ctl({u"update"_s, u"table"_s, u"ours"_s});
        STORY_VERIFY(updated.exit == 0, updated.err);
        QCOMPARE(updated.out, "table ours was read again: 2 entries\n"_ba);
        QVERIFY(send(gateway.port(), "x@two.example").startsWith("250"));

        gateway.setConfig(config + "# somebody is still editing this\n");
        gateway.write(u"domains"_s, "three.example\n");
        const Ran edited = gateway.ctl({u"update"_s, u"table"_s, u"ours"_s, u"--json"_s});
        QCOMPARE(edited.exit, 1);
        STORY_VERIFY(edited.err.contains("smtpd.conf has changed") && edited.err.contains("posternctl reload"), edited.err);
        QCOMPARE(edited.json()["ok"_L1].toBool(true), false);
        QVERIFY(send(gateway.port(), "x@two.example").startsWith("250"));
        QCOMPARE(gateway.ctl({u"reload"_s}).exit, 0);
        QVERIFY(send(gateway.port(), "x@two.example").startsWith("550"));

        QVERIFY(QFile::remove(gateway.path(u"domains"_s)));
        const Ran gone = gateway.ctl({u"update"_s, u"table"_s, u"ours"_s});
        QCOMPARE(gone.exit, 1);
        STORY_VERIFY(gone.err.contains("domains"), gone.err);
        QVERIFY(send(gateway.port(), "x@three.example").startsWith("250")); // what was read before stays
        const Ran written = gateway.ctl({u"update"_s, u"table"_s, u"here"_s});
        QCOMPARE(written.exit, 1);
        STORY_VERIFY(written.err.contains("smtpd.conf:2") && written.err.contains("reload"), written.err);
        const Ran unknown = gateway.ctl({u"update"_s, u"table"_s, u"theirs"_s});
        QCOMPARE(unknown.exit, 1);
        STORY_VERIFY(unknown.err.contains("ours"), unknown.err);
        QCOMPARE(gateway.ctl({u"update"_s, u"ours"_s}).exit, 2);
    }

    void aTableFileThatHasChangedIsReadAgainByItself() {
        GatewayProcess gateway("");
        gateway.write(u"domains"_s, "one.example\n");
        const QByteArray config = "table ours file:domains\nlisten on 127.0.0.1 port 0\naction \"c\" catch\n"
                                  "match from any for domain <ours> action \"c\"\n";
        gateway.setConfig(config);
        STORY_VERIFY(gateway.start(), gateway.log());
        const auto takes = [&](const QByteArray& to) { return send(gateway.port(), to).startsWith("250"); };
        QVERIFY(!takes("x@two.example"));
        gateway.write(u"domains"_s, "one.example\ntwo.example\n");
        STORY_TRY(takes("x@two.example"), gateway.log(), 30'000);

        gateway.write(u"domains"_s, "key: value\nlonely\n"); // does not read: what was read before stays, and it is told once
        STORY_TRY(gateway.ctl({u"status"_s}).out.contains("domains:2"), gateway.log(), 30'000);
        QVERIFY(takes("x@two.example"));
        gateway.setConfig(config + "# somebody is still editing this\n");
        gateway.write(u"domains"_s, "three.example\n");
        QCOMPARE(gateway.ctl({u"reload"_s}).exit, 0); // takes both
        QVERIFY(takes("x@three.example"));
        QCOMPARE(gateway.log().count("the configuration was not taken"), 1);
    }

    void theLogIsFollowedAndFiltered() {
        GatewayProcess gateway(kCatch);
        STORY_VERIFY(gateway.start(), gateway.log());
        QProcess follower;
        follower.start(QStringLiteral(POSTERN_BIN_DIR "/posternctl"),
                       {u"log"_s, u"--state"_s, gateway.path(u"state"_s), u"-f"_s, u"--filter"_s, u"smtp,d.example"_s});
        QProcess all;
        all.start(QStringLiteral(POSTERN_BIN_DIR "/posternctl"), {u"--state"_s, gateway.path(u"state"_s), u"log"_s, u"-f"_s});
        QVERIFY(all.waitForReadyRead(20'000)); // the lines that were there
        QVERIFY(follower.waitForStarted(20'000));
        QByteArray heard, heardAll;
        const auto hears = [&heard](QProcess& process, const char* words, QByteArray& kept) {
            process.waitForReadyRead(50);
            kept += process.readAllStandardOutput();
            return kept.contains(words);
        };
        QVERIFY(send(gateway.port(), "one@d.example").startsWith("250"));
        STORY_TRY(hears(follower, "one@d.example", heard), heard, 20'000);
        QVERIFY(send(gateway.port(), "two@d.example").startsWith("250"));
        QCOMPARE(gateway.ctl({u"pause"_s, u"mta"_s}).exit, 0);
        STORY_TRY(hears(follower, "two@d.example", heard), heard, 20'000);
        STORY_TRY(hears(all, "Paused: sending", heardAll), heardAll, 20'000);
        QCOMPARE(heard.count("one@d.example"), heardAll.count("one@d.example")); // each line once
        QVERIFY(!heard.contains("Paused"));
        // the gateway's end is the end
        QCOMPARE(gateway.stop(), 0);
        QVERIFY(follower.waitForFinished(20'000) && all.waitForFinished(20'000));
        QCOMPARE(follower.exitCode(), 0);
        STORY_VERIFY(follower.readAllStandardError().contains("has stopped"), "not told");
        // What was logged is there without it, too, and chosen the same way.
        const auto filtered = [&gateway](const QString& words) { return gateway.ctl({u"log"_s, u"--filter"_s, words}).out; };
        QCOMPARE(filtered(u"smtp,TWO@d.example"_s).count("\n"), heard.count("two@d.example"));
        QVERIFY(filtered(u"notice"_s).contains("Paused: sending") && !filtered(u"notice"_s).contains(" info: "));
        QVERIFY(filtered(u"warning"_s).isEmpty());
        QCOMPARE(gateway.ctl({u"log"_s, u"-n"_s, u"1"_s}).out.count('\n'), 1);
        STORY_VERIFY(gateway.ctl({u"log"_s, u"-n"_s, u"1"_s}).out.contains("stopped"), "the last line is the end");
        QCOMPARE(gateway.ctl({u"log"_s, u"-f"_s, u"--json"_s}).exit, 2);
        QCOMPARE(gateway.ctl({u"log"_s, u"-f"_s}).exit, 1); // nothing runs
    }

    void verboseLogsMoreAndCtrlCEndsSafely() {
        GatewayProcess files("table t { a = b }\n" + QByteArray(kCatch));
        QByteArrayList logs;
        for (const QStringList& more : {QStringList(), QStringList{u"--verbose"_s}}) {
            QProcess gateway;
            gateway.start(QStringLiteral(POSTERN_BIN_DIR "/posternctl"),
                          QStringList{u"run"_s, u"-f"_s, files.path(u"smtpd.conf"_s), u"--state"_s, files.path(u"state"_s)} + more);
            QVERIFY(gateway.waitForReadyRead(20'000));
            const QByteArray ready = gateway.readLine().trimmed();
            QVERIFY(send(ready.mid(ready.lastIndexOf(':') + 1).toUShort()).startsWith("250"));
            QCOMPARE(::kill(pid_t(gateway.processId()), SIGINT), 0); // as Ctrl-C does
            QVERIFY(gateway.waitForFinished(20'000));
            QCOMPARE(gateway.exitStatus(), QProcess::NormalExit);
            QCOMPARE(gateway.exitCode(), 0);
            logs.append(gateway.readAllStandardError());
        }
        QVERIFY(!logs[0].contains(" debug: "));
        STORY_VERIFY(logs[1].contains(" debug: "), logs[1]);
    }

    void macrosComeFromTheCommandLine() {
        GatewayProcess files("where = \"192.0.2.1\"\nlisten on $where port 0\naction \"caught\" catch\n"
                             "match from any for domain $ours action \"caught\"\n");
        const QString config = files.path(u"smtpd.conf"_s);
        QCOMPARE(posternctl({u"check"_s, config}).exit, 1); // $ours is nowhere
        const QStringList macros{u"-D"_s, u"where=127.0.0.1"_s, u"-D"_s, u"ours=far.example"_s};
        STORY_VERIFY(posternctl(QStringList{u"check"_s, config} + macros).exit == 0, posternctl(QStringList{u"check"_s, config} + macros).err);
        QProcess gateway;
        gateway.start(QStringLiteral(POSTERN_BIN_DIR "/posternctl"),
                      QStringList{u"run"_s, u"-f"_s, config, u"--state"_s, files.path(u"state"_s)} + macros);
        QVERIFY(gateway.waitForReadyRead(20'000));
        const QByteArray ready = gateway.readLine().trimmed();
        const quint16 port = ready.mid(ready.lastIndexOf(':') + 1).toUShort();
        QVERIFY(ready.startsWith("ready 127.0.0.1:")); // the one of the command line counts
        QVERIFY(send(port, "x@far.example").startsWith("250"));
        QVERIFY(send(port, "x@near.example").startsWith("550"));
        QCOMPARE(files.ctl({u"reload"_s}).exit, 0); // they hold for it, too
        QVERIFY(send(port, "x@far.example").startsWith("250"));
        gateway.terminate();
        QVERIFY(gateway.waitForFinished(20'000));
        for (const QString& wrong : {u"ours"_s, u"=x"_s, u"a-b=c"_s, u"1a=c"_s})
            QCOMPARE(posternctl({u"check"_s, config, u"-D"_s, wrong}).exit, 2);
    }
};

QTEST_GUILESS_MAIN(StoryRunningCommands)
#include "tst_story_running_commands.moc"
