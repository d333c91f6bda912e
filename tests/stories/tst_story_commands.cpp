// SPDX-License-Identifier: GPL-3.0-or-later
//
// The command contract from outside: words in, exit status, standard output and standard error out.
#include "support/places.h"
#include "stories/support/gateway_process.h"
#include "stories/support/smtp_sender.h"

#include <QDir>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSet>
#include <QTest>

#include <csignal>

using namespace Qt::StringLiterals;
using namespace postern::test;

class StoryCommands : public QObject {
    Q_OBJECT

    static constexpr char kCatch[] = "listen on 127.0.0.1 port 0\naction \"caught\" catch\n"
                                     "match from any for any action \"caught\"\n";

    static bool send(quint16 port, const QByteArray& to = "c@d.example") {
        SmtpSender sender(port);
        return sender.command("EHLO t.example").startsWith("250") &&
               sender.send("a@b.example", {to}, "Subject: hello\r\n\r\nbody\r\n").startsWith("250");
    }

  private Q_SLOTS:
    void wrongUsageIsExitTwoWithAHint_data() {
        QTest::addColumn<QStringList>("words");
        QTest::newRow("no command") << QStringList{};
        QTest::newRow("unknown command") << QStringList{u"frobnicate"_s};
        QTest::newRow("unknown option") << QStringList{u"status"_s, u"--frob"_s};
        QTest::newRow("option without its value") << QStringList{u"status"_s, u"--profile"_s};
        QTest::newRow("queue without a verb") << QStringList{u"queue"_s};
        QTest::newRow("queue show without an id") << QStringList{u"queue"_s, u"show"_s};
        QTest::newRow("queue remove without ids is not all of them") << QStringList{u"queue"_s, u"remove"_s};
        QTest::newRow("explain with a client that is no address")
            << QStringList{u"explain"_s, u"--client"_s, u"mx.example"_s, u"--mail-from"_s, u"a@b.example"_s, u"--rcpt-to"_s, u"a@b.example"_s};
        QTest::newRow("explain without addresses") << QStringList{u"explain"_s};
        QTest::newRow("unknown dialect") << QStringList{u"check"_s, u"--dialect"_s, u"1999"_s, u"/dev/null"_s};
        QTest::newRow("pause without what") << QStringList{u"pause"_s};
        QTest::newRow("explain, an address that is a number") << QStringList{u"explain"_s, u"--mail-from"_s, u"a@b.example"_s, u"--rcpt-to"_s, u"c@d.example"_s, u"--client"_s, u"1"_s};
    }
    void wrongUsageIsExitTwoWithAHint() {
        QFETCH(QStringList, words);
        const Ran ran = posternctl(words);
        QCOMPARE(ran.exit, 2);
        QVERIFY(ran.out.isEmpty());
        STORY_VERIFY(ran.err.contains("usage: posternctl"), ran.err);
    }

    void printGivesBackTheSameBytes() {
        GatewayProcess files("");
        const QByteArray odd("# comment \\\n goes on\r\nlisten on \"lo\" port 25 # x\n\tmatch\0 for any re\xffject", 79);
        files.setConfig(odd);
        const Ran ran = posternctl({u"print"_s, files.path(u"smtpd.conf"_s)});
        QCOMPARE(ran.exit, 0);
        QCOMPARE(ran.out, odd);
        const Ran missing = posternctl({u"print"_s, files.path(u"nowhere.conf"_s)});
        QCOMPARE(missing.exit, 1);
        STORY_VERIFY(missing.err.contains("nowhere.conf"), missing.err);
    }

    void checkSpeaksJsonWithThePlaceAndTheNearMiss() {
        GatewayProcess files("listen on 127.0.0.1 prot 25\nmatch for any reject\n");
        const Ran ran = posternctl({u"check"_s, files.path(u"smtpd.conf"_s), u"--json"_s});
        QCOMPARE(ran.exit, 1);
        const QJsonObject all = ran.json().toObject();
        QCOMPARE(all["ok"_L1].toBool(true), false);
        const QJsonObject first = all["diagnostics"_L1].toArray().at(0).toObject();
        QCOMPARE(first["line"_L1].toInt(), 1);
        QCOMPARE(first["severity"_L1].toString(), u"error"_s);
        STORY_VERIFY(ran.out.contains("port"), ran.out);
        // Warnings alone are good; a file read in another dialect than it is written in is not.
        files.setConfig(kCatch);
        QCOMPARE(posternctl({u"check"_s, u"-f"_s, files.path(u"smtpd.conf"_s)}).exit, 0);
        QCOMPARE(posternctl({u"check"_s, files.path(u"smtpd.conf"_s), u"--dialect"_s, u"legacy"_s}).exit, 1);
        files.setConfig("table t file:nowhere\nlisten on 127.0.0.1 port 0\nmatch from src <t> for any reject\n");
        QCOMPARE(posternctl({u"check"_s, files.path(u"smtpd.conf"_s)}).exit, 1);
        QCOMPARE(posternctl({u"check"_s, files.path(u"smtpd.conf"_s), u"--syntax-only"_s}).exit, 0);
    }

    void checkJudgesAsAnotherReaderWould() {
        GatewayProcess files("listen on 127.0.0.1 port 0\naction \"in\" catch\nmatch from any for any action \"in\"\n");
        const QString config = files.path(u"smtpd.conf"_s);
        QCOMPARE(posternctl({u"check"_s, config, u"--target"_s, u"postern"_s}).exit, 0);
        const Ran refused = posternctl({u"check"_s, config, u"--target"_s, u"opensmtpd-6.8"_s, u"--syntax-only"_s, u"--json"_s});
        QCOMPARE(refused.exit, 1);
        const QJsonArray found = refused.json().toObject()["diagnostics"_L1].toArray();
        QCOMPARE(refused.json().toObject()["target"_L1].toString(), u"opensmtpd-6.8"_s);
        QCOMPARE(found.at(0).toObject()["line"_L1].toInt(), 1); // port 0
        QCOMPARE(found.at(1).toObject()["line"_L1].toInt(), 2); // catch
        // A file in another dialect is judged as that reader would; a reader has one dialect.
        files.setConfig("accept for any relay\n");
        QCOMPARE(posternctl({u"check"_s, config, u"--target"_s, u"opensmtpd-5.9"_s}).exit, 0);
        const Ran other = posternctl({u"check"_s, config, u"--target"_s, u"opensmtpd-7.8"_s});
        QCOMPARE(other.exit, 1);
        STORY_VERIFY(other.err.contains(":1:1: error: \"accept\""), other.err);
        QCOMPARE(posternctl({u"check"_s, config, u"--target"_s, u"opensmtpd-5.9"_s, u"--dialect"_s, u"legacy"_s}).exit, 2);
        const Ran unknown = posternctl({u"check"_s, config, u"--target"_s, u"sendmail"_s});
        QCOMPARE(unknown.exit, 2);
        STORY_VERIFY(unknown.err.contains("opensmtpd-2012"), unknown.err);
    }

    void checkOfNoFileIsJsonToo() {
        for (const QString& target : {u"postern"_s, u"opensmtpd-6.8"_s}) {
            const Ran ran = posternctl({u"check"_s, u"/no/such/file"_s, u"--json"_s, u"--target"_s, target});
            QCOMPARE(ran.exit, 1);
            QCOMPARE(ran.json().toObject()["ok"_L1].toBool(true), false);
            STORY_VERIFY(ran.json().toObject()["error"_L1].toString().contains(u"/no/such/file"_s), ran.out);
        }
    }

    void explainTellsInWordsWhichRuleAndWhy() {
        GatewayProcess files("table users { carol = x }\nlisten on 127.0.0.1 port 2525\nlisten on 127.0.0.1 port 2626 tag DESK\n"
                             "action \"in\" catch\naction \"out\" relay host smtp://mx.example\n"
                             "match tag DESK from any for any action \"in\"\n"
                             "match auth from any for any action \"out\"\n"
                             "match helo \"scanner.example\" from any for any action \"out\"\n");
        const QStringList base{u"explain"_s, u"-f"_s, files.path(u"smtpd.conf"_s), u"--mail-from"_s, u"a@b.example"_s,
                               u"--rcpt-to"_s, u"c@d.example"_s, u"--client"_s, u"192.0.2.1"_s, u"--json"_s};
        const auto line = [&](const QStringList& more) {
            return posternctl(base + more).json().toObject()["line"_L1].toInt(-1);
        };
        QCOMPARE(line({}), 0); // no rule takes a stranger
        QCOMPARE(line({u"--tag"_s, u"DESK"_s}), 6);
        QCOMPARE(line({u"--listener"_s, u"127.0.0.1:2626"_s}), 6);
        QCOMPARE(line({u"--auth"_s, u"carol"_s}), 7);
        QCOMPARE(line({u"--helo"_s, u"scanner.example"_s}), 8);
        QStringList words = base;
        words.removeLast();
        STORY_VERIFY(posternctl(words + QStringList{u"--auth"_s, u"carol"_s}).out.contains("note: no listener of this configuration lets clients sign in"),
                     QByteArray());
        const Ran text = posternctl(words);
        QCOMPARE(text.exit, 0);
        STORY_VERIFY(text.out.contains("550") && text.out.contains("DESK"), text.out);
        QCOMPARE(posternctl(base + QStringList{u"--listener"_s, u"127.0.0.1:1"_s}).exit, 2);
    }

    void explainFollowsAliasesAndAnswersEachOption() {
        GatewayProcess files("table al { team = \"root, eve@far.example\" }\naction \"in\" maildir \"/mail/%{user.username}\" alias <al>\n"
                             "action \"out\" relay host smtp://mx.example\n"
                             "match from rdns \"*.office.example\" for any action \"out\"\n"
                             "match from socket for any action \"out\"\n"
                             "match from any for domain \"here.example\" action \"in\"\nmatch for any action \"out\"\n");
        const auto explained = [&](const QString& recipient, const QStringList& more) {
            return posternctl(QStringList{u"explain"_s, u"-f"_s, files.path(u"smtpd.conf"_s), u"--mail-from"_s, u"a@b.example"_s,
                                          u"--rcpt-to"_s, recipient, u"--client"_s, u"192.0.2.1"_s, u"--json"_s} +
                              more)
                .json()
                .toObject();
        };
        QCOMPARE(explained(u"x@far.example"_s, {})["line"_L1].toInt(-1), 0);
        QCOMPARE(explained(u"x@far.example"_s, {u"--rdns"_s, u"pc.office.example"_s})["line"_L1].toInt(), 4);
        QCOMPARE(explained(u"x@far.example"_s, {u"--listener"_s, u"socket"_s})["line"_L1].toInt(), 5);
        const QJsonObject unknown = explained(u"no.such.user.here@here.example"_s, {u"--tls"_s});
        STORY_VERIFY(unknown["reply"_L1].toString().startsWith(u"550 5.1.1"_s), QJsonDocument(unknown).toJson());
        const QJsonObject team = explained(u"team@here.example"_s, {});
        QCOMPARE(team["verdict"_L1].toString(), u"expand"_s);
        const QJsonArray ends = team["envelopes"_L1].toArray();
        QCOMPARE(ends.size(), 2);
        QCOMPARE(ends[0]["path"_L1].toString(), u"/mail/root"_s);
        QCOMPARE(ends[0]["user"_L1].toString(), u"root"_s);
        QCOMPARE(ends[1]["rcpt"_L1].toString(), u"eve@far.example"_s);
        QCOMPARE(ends[1]["relay"_L1]["url"_L1].toString(), u"smtp://mx.example"_s);
    }

    // A server's file, looked at on the desk: what the server has and the desk has not does not hide which rule decides.
    void explainAnswersForAFileOfAnotherComputer() {
        GatewayProcess files("pki mx.example cert \"/nowhere/mx.crt\"\npki mx.example key \"/nowhere/mx.key\"\n"
                             "queue encryption \"too short\"\nfilter spam proc-exec \"filter-rspamd\"\n"
                             "table aliases file:/nowhere/aliases\ntable ours file:/nowhere/domains\n"
                             "listen on lo tls pki mx.example filter spam\n"
                             "action \"in\" mbox alias <aliases>\naction \"out\" relay host smtps://mx.far.example\n"
                             "match from local for any action \"out\"\n"
                             "match from any for domain <ours> action \"in\"\n");
        const auto explained = [&](const QStringList& more) {
            return posternctl(QStringList{u"explain"_s, u"-f"_s, files.path(u"smtpd.conf"_s), u"--mail-from"_s, u"a@b.example"_s,
                                          u"--rcpt-to"_s, u"c@d.example"_s, u"--json"_s} + more);
        };
        const Ran out = explained({u"--local"_s});
        QCOMPARE(out.exit, 0);
        QCOMPARE(out.json()["verdict"_L1].toString(), u"relay"_s);
        QCOMPARE(out.json()["line"_L1].toInt(), 10);
        const Ran asked = explained({u"--client"_s, u"192.0.2.1"_s}); // needs the table that is not here
        QCOMPARE(asked.json()["verdict"_L1].toString(), u"tempfail"_s);
        QVERIFY(asked.json()["reply"_L1].toString().startsWith(u"451"_s));
        QCOMPARE(posternctl({u"check"_s, files.path(u"smtpd.conf"_s)}).exit, 1); // it could not run here
    }

    // As MAIL and RCPT take them: in angle brackets, and without a domain, which is then the server's (standards.md: postmaster).
    void explainTakesAddressesAsASessionDoes() {
        GatewayProcess files("listen on lo hostname desk.example\naction \"out\" relay host smtp://mx.far.example\n"
                             "match from any for any action \"out\"\n");
        const auto rcpt = [&](const QString& written) {
            return posternctl({u"explain"_s, u"-f"_s, files.path(u"smtpd.conf"_s), u"--mail-from"_s, u"<>"_s, u"--rcpt-to"_s, written,
                               u"--json"_s})
                .json()["envelopes"_L1][0]["rcpt"_L1]
                .toString();
        };
        QCOMPARE(rcpt(u"<c@d.example>"_s), u"c@d.example"_s);
        QCOMPARE(rcpt(u"postmaster"_s), u"postmaster@desk.example"_s);
        for (const QString& none : {u"<>"_s, u"@d.example"_s, u"<c@d.example"_s, u"c@"_s})
            QCOMPARE(posternctl({u"explain"_s, u"-f"_s, files.path(u"smtpd.conf"_s), u"--mail-from"_s, u"<>"_s, u"--rcpt-to"_s, none})
                         .exit,
                     2);
    }

    // RFC 3207 and 4954: 530 is the answer to MAIL where TLS or a sign-in is a must.
    void explainTellsWhatStandsBeforeTheRules() {
        GatewayProcess files("table users { carol = x }\npki g cert \"/nowhere\"\npki g key \"/nowhere\"\n"
                             "listen on 127.0.0.1 port 2525 tls-require pki g auth <users>\nlisten on 127.0.0.1 port 2526\n"
                             "action \"out\" relay host smtp://mx.example\nmatch from any for any action \"out\"\n");
        const auto told = [&](const QString& listener, const QStringList& more) {
            return posternctl(QStringList{u"explain"_s, u"-f"_s, files.path(u"smtpd.conf"_s), u"--mail-from"_s, u"a@b.example"_s, u"--rcpt-to"_s,
                                          u"c@d.example"_s, u"--listener"_s, listener} + more)
                .out;
        };
        QCOMPARE(told(u"127.0.0.1:2525"_s, {}).count("refuses MAIL with 530"), 2);
        QCOMPARE(told(u"127.0.0.1:2525"_s, {u"--tls"_s}).count("refuses MAIL with 530"), 1);
        QCOMPARE(told(u"127.0.0.1:2525"_s, {u"--tls"_s, u"--auth"_s, u"carol"_s}).count("refuses MAIL with 530"), 0);
        QCOMPARE(told(u"127.0.0.1:2526"_s, {}).count("refuses MAIL with 530"), 0);
    }

    void usageOfACommandReadsLineByLine() {
        const Ran ran = posternctl({u"explain"_s});
        STORY_VERIFY(ran.err.contains("\n          [--listener ADDR:PORT]") && !ran.err.contains("\\x0a"), ran.err);
    }

    void dashIsStandardInput() {
        const QString program = QStringLiteral(POSTERN_BIN_DIR "/posternctl");
        const QByteArray text = "listen on lo\naccept for any relay via <nobody>\n";
        QCOMPARE(run(program, {u"print"_s, u"-"_s}, text).out, text);
        const Ran checked = run(program, {u"check"_s, u"-"_s}, text);
        QCOMPARE(checked.exit, 1);
        STORY_VERIFY(checked.err.contains("<stdin>:2:"), checked.err);
        const Ran converted = run(program, {u"convert"_s, u"--to"_s, u"opensmtpd-6.8"_s, u"/dev/stdin"_s}, "accept for any relay\n");
        STORY_VERIFY(converted.out.contains("match from local for any action"), converted.out + converted.err);
        const Ran explained = run(program, {u"explain"_s, u"-f"_s, u"-"_s, u"--mail-from"_s, u"a@b"_s, u"--rcpt-to"_s, u"c@d"_s, u"--json"_s},
                                  "accept for any relay\n");
        QCOMPARE(explained.json()["verdict"_L1].toString(), u"relay"_s);
    }

    void printIsJsonToo() {
        GatewayProcess files("");
        files.setConfig("listen on lo # \xc3\xa4\r\n");
        const Ran text = posternctl({u"print"_s, u"--json"_s, files.path(u"smtpd.conf"_s)});
        QCOMPARE(text.json()["text"_L1].toString(), u"listen on lo # \u00e4\r\n"_s);
        files.setConfig("listen on lo # \xe4\n");
        const Ran bytes = posternctl({u"print"_s, u"--json"_s, files.path(u"smtpd.conf"_s)});
        QVERIFY(bytes.json()["text"_L1].isNull());
        QCOMPARE(QByteArray::fromBase64(bytes.json()["base64"_L1].toString().toLatin1()), "listen on lo # \xe4\n"_ba);
        const Ran none = posternctl({u"print"_s, u"--json"_s, u"/no/such/file"_s});
        QCOMPARE(none.exit, 1);
        QCOMPARE(none.json()["ok"_L1].toBool(true), false);
    }

    // A disk that is full says so with the exit status, whatever was to be written.
    void outputThatCannotBeWrittenIsNoSuccess() {
        GatewayProcess files("listen on lo\naccept for any relay\n");
        const QString file = files.path(u"smtpd.conf"_s);
        for (const QStringList& words : {QStringList{u"check"_s, file}, {u"check"_s, u"--json"_s, file}, {u"print"_s, file}}) {
            QProcess program;
            program.setStandardOutputFile(u"/dev/full"_s);
            program.start(QStringLiteral(POSTERN_BIN_DIR "/posternctl"), words);
            QVERIFY(program.waitForFinished());
            QCOMPARE(program.exitCode(), 1);
        }
    }

    // What the language finds and what the certificates' library finds is one list, and nothing is said twice.
    void checkSaysEachThingOnceInTheOrderOfTheText() {
        GatewayProcess files("listen on lo port 2525 tls pki mx1\nlisten on lo secure pki mx2\n"
                             "pki mx1 certificate \"/nowhere\"\nlisten on lo port 2526 tls certificate \"\"\naccept for any relay\n"
                             "pki mx3 dhparams \"/nowhere\"\nlisten on lo port 2527 tls pki mx3\n");
        const Ran ran = posternctl({u"check"_s, files.path(u"smtpd.conf"_s), u"--json"_s});
        QList<int> lines;
        for (const QJsonValue& one : ran.json()["diagnostics"_L1].toArray())
            lines.append(one["line"_L1].toInt());
        STORY_VERIFY(lines == QList<int>({1, 2, 3, 3, 4, 6, 6}), ran.err); // 3: no key, no such file; 6: likewise
    }

    void explainOfABrokenFileIsJsonToo() {
        GatewayProcess files("match for any action \"nowhere\"\n");
        const Ran ran = posternctl({u"explain"_s, u"-f"_s, files.path(u"smtpd.conf"_s), u"--mail-from"_s, u"a@b.example"_s,
                                    u"--rcpt-to"_s, u"c@d.example"_s, u"--json"_s});
        QCOMPARE(ran.exit, 1);
        const QJsonObject object = ran.json().toObject();
        QCOMPARE(object["ok"_L1].toBool(true), false);
        STORY_VERIFY(!object["error"_L1].toString().isEmpty(), ran.out);
        STORY_VERIFY(object["diagnostics"_L1].toArray().size() > 0, ran.out);
    }

    void aProfileIsMadeAndServesItsCommands() {
        GatewayProcess folder("");
        const QString profile = folder.path(u"a profile with blanks and \u00fcmlauts"_s);
        QVERIFY(QDir().mkpath(profile));
        QFile config(profile + u"/smtpd.conf"_s);
        QVERIFY(config.open(QIODevice::WriteOnly) && config.write(kCatch) > 0);
        config.close();
        QProcess gateway;
        gateway.start(QStringLiteral(POSTERN_BIN_DIR "/posternctl"), {u"--profile"_s, profile, u"run"_s});
        QVERIFY(gateway.waitForReadyRead(20'000));
        QVERIFY(gateway.readLine().startsWith("ready 127.0.0.1:"));
        QCOMPARE(posternctl({u"--profile"_s, profile, u"status"_s}).exit, 0);
        QCOMPARE(posternctl({u"status"_s, u"--profile"_s, profile}).exit, 0);
        QCOMPARE(posternctl({u"--profile"_s, profile, u"stop"_s}).exit, 0);
        QVERIFY(gateway.waitForFinished(20'000));
        QCOMPARE(gateway.exitCode(), 0);
        const Ran gone = posternctl({u"--profile"_s, profile, u"status"_s});
        QCOMPARE(gone.exit, 1);
        STORY_VERIFY(gone.err.contains("no gateway runs"), gone.err);
    }

    void pauseHoldsBackAndResumeLetsGo() {
        GatewayProcess gateway(kCatch);
        STORY_VERIFY(gateway.start(), gateway.log());
        QCOMPARE(gateway.ctl({u"pause"_s, u"smtp"_s}).exit, 0);
        QTRY_VERIFY_WITH_TIMEOUT(SmtpSender(gateway.port()).greeting().startsWith("421"), 10'000);
        STORY_VERIFY(gateway.ctl({u"status"_s}).out.contains("receiving      paused"), gateway.ctl({u"status"_s}).out);
        QCOMPARE(gateway.ctl({u"resume"_s, u"smtp"_s}).exit, 0);
        QTRY_VERIFY_WITH_TIMEOUT(send(gateway.port()), 10'000);
        QCOMPARE(gateway.ctl({u"pause"_s, u"everything"_s}).exit, 2);
    }

    void queueListAndLogAreLinesForPeople() {
        GatewayProcess gateway(kCatch);
        STORY_VERIFY(gateway.start(), gateway.log());
        QVERIFY(send(gateway.port(), "one@d.example"));
        QVERIFY(send(gateway.port(), "two@d.example"));
        QVERIFY(gateway.waitQueue(2));
        const QByteArrayList lines = gateway.ctl({u"queue"_s, u"list"_s}).out.trimmed().split('\n');
        QCOMPARE(lines.size(), 2);
        STORY_VERIFY(lines.join().contains("|caught|<a@b.example>|<one@d.example>|"), lines.join());
        STORY_VERIFY(gateway.ctl({u"log"_s}).out.contains("listening on 127.0.0.1:"), gateway.ctl({u"log"_s}).out);
    }

    void sighupReadsTheConfigurationAgain() {
        GatewayProcess gateway(kCatch);
        STORY_VERIFY(gateway.start(), gateway.log());
        gateway.setConfig("listen on 127.0.0.1 port 0\nmatch from any for any reject\n");
        QCOMPARE(::kill(pid_t(gateway.pid()), SIGHUP), 0);
        QTRY_VERIFY_WITH_TIMEOUT(!send(gateway.port()), 10'000);
        QVERIFY(gateway.isRunning());
    }

    void aSighupDuringTheStartIsObeyedAfterIt() {
        GatewayProcess gateway("");
        QByteArray table;
        for (int i = 0; i < 200'000; ++i) // reading it takes a while
            table += "host" + QByteArray::number(i) + ".example\n";
        gateway.write(u"many"_s, table);
        gateway.setConfig("table many file:many\nlisten on 127.0.0.1 port 0\n"
                          "action \"c\" catch\nmatch from any for domain <many> action \"c\"\n");
        QProcess process;
        process.setStandardErrorFile(gateway.path(u"log"_s));
        process.start(QStringLiteral(POSTERN_BIN_DIR "/posternctl"),
                      {u"run"_s, u"-f"_s, gateway.path(u"smtpd.conf"_s), u"--state"_s, gateway.path(u"state"_s)});
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(gateway.path(u"state/lock"_s)), 20'000); // the start's first step
        QCOMPARE(::kill(pid_t(process.processId()), SIGHUP), 0);
        STORY_VERIFY(process.waitForReadyRead(20'000), gateway.log());
        QVERIFY(process.readLine().startsWith("ready "));
        STORY_TRY(gateway.log().contains("configuration taken"), gateway.log(), 20'000);
        process.terminate();
        QVERIFY(process.waitForFinished(20'000));
        QCOMPARE(process.exitCode(), 0);
    }

    void jsonIsOneValueAlsoWhenItDidNotWork_data() {
        QTest::addColumn<QStringList>("words");
        QTest::addColumn<int>("exit");
        QTest::newRow("status, nothing runs") << QStringList{u"status"_s} << 1;
        QTest::newRow("reload, nothing runs") << QStringList{u"reload"_s} << 1;
        QTest::newRow("stop, nothing runs") << QStringList{u"stop"_s} << 1;
        QTest::newRow("pause, nothing runs") << QStringList{u"pause"_s, u"mta"_s} << 1;
        QTest::newRow("log, nothing runs") << QStringList{u"log"_s} << 1;
        QTest::newRow("queue list, no queue") << QStringList{u"queue"_s, u"list"_s} << 1;
        QTest::newRow("queue show, no queue") << QStringList{u"queue"_s, u"show"_s, u"12345678"_s} << 1;
        QTest::newRow("queue remove, no queue") << QStringList{u"queue"_s, u"remove"_s, u"12345678"_s} << 1;
        QTest::newRow("queue list, unknown state") << QStringList{u"queue"_s, u"list"_s, u"--filter"_s, u"lost"_s} << 2;
        for (const QString& verb : {u"counters"_s, u"resume mta"_s, u"trace 12345678"_s, u"discover 12345678"_s, u"update table x"_s,
                                    u"queue stats"_s, u"queue export 12345678"_s, u"queue retry 12345678"_s})
            QTest::addRow("%s, nothing runs", qPrintable(verb)) << verb.split(u' ') << 1;
        for (const QString& verb : {u"trace"_s, u"discover"_s, u"pause"_s, u"queue show"_s, u"queue frob"_s})
            QTest::addRow("%s, wrong usage", qPrintable(verb)) << verb.split(u' ') << 2;
        QTest::newRow("an option that there is not") << QStringList{u"status"_s, u"--frob"_s} << 2;
        QTest::newRow("no command") << QStringList{} << 2;
    }
    void jsonIsOneValueAlsoWhenItDidNotWork() {
        QFETCH(QStringList, words);
        QFETCH(int, exit);
        GatewayProcess nobody(kCatch);
        const Ran ran = nobody.ctl(words + QStringList{u"--json"_s});
        QCOMPARE(ran.exit, exit);
        QCOMPARE(ran.out.count('\n'), 1);
        const QJsonObject answer = ran.json().toObject();
        STORY_VERIFY(answer["ok"_L1].isBool() && !answer["ok"_L1].toBool(), ran.out);
        STORY_VERIFY(!answer["error"_L1].toString().isEmpty(), ran.out);
        STORY_VERIFY(ran.err.contains(answer["error"_L1].toString().toUtf8()), ran.err);
    }

    // More than one page of the queue, listed whole and removed by state, also on a stopped profile; and what was counted
    // today is still known after the restart.
    void aLongQueueIsListedWholeAndRemovedByState() {
        GatewayProcess gateway(kCatch);
        STORY_VERIFY(gateway.start(), gateway.log());
        SmtpSender sender(gateway.port());
        QVERIFY(sender.command("EHLO t.example").startsWith("250"));
        constexpr int kMessages = 7;
        constexpr int kRecipients = 90;
        for (int i = 0; i < kMessages; ++i) {
            QByteArrayList to;
            for (int k = 0; k < kRecipients; ++k)
                to.append("r" + QByteArray::number(k) + "@d.example");
            QVERIFY(sender.send("a@b.example", to, "Subject: many\r\n\r\nbody\r\n").startsWith("250"));
        }
        const auto different = [](const QJsonArray& rows) {
            QSet<QString> ids;
            for (const auto& row : rows)
                ids.insert(row.toObject()["id"_L1].toString());
            return int(ids.size());
        };
        QVERIFY(gateway.waitQueue(kMessages * kRecipients));
        QCOMPARE(different(gateway.queue()), kMessages * kRecipients);
        QCOMPARE(gateway.ctl({u"queue"_s, u"list"_s}).out.count('\n'), kMessages * kRecipients);
        QCOMPARE(gateway.stop(), 0);
        QCOMPARE(different(gateway.queue()), kMessages * kRecipients);
        STORY_VERIFY(gateway.start(), gateway.log());
        const auto status = [&gateway] { return gateway.ctl({u"status"_s, u"--json"_s}).json().toObject(); };
        QCOMPARE(status()["today"_L1].toObject()["taken"_L1].toInt(), kMessages);
        QCOMPARE(status()["messages"_L1].toInt(), kMessages);
        QCOMPARE(status()["caught"_L1].toInt(), kMessages * kRecipients);
        const auto remove = [&gateway](const QString& state) {
            return gateway.ctl({u"queue"_s, u"remove"_s, u"--all"_s, u"--filter"_s, state, u"--json"_s})
                .json().toObject()["changed"_L1].toInt(-1);
        };
        QCOMPARE(remove(u"held"_s), 0);
        QCOMPARE(remove(u"caught"_s), kMessages * kRecipients);
        QVERIFY(gateway.queue().isEmpty());
    }

    void encryptMakesADifferentHashEachTime() {
        const Ran one = posternctl({u"encrypt"_s, u"pass word"_s});
        const Ran two = run(QStringLiteral(POSTERN_BIN_DIR "/posternctl"), {u"encrypt"_s}, "pass word\nother\n");
        QCOMPARE(one.exit, 0);
        QVERIFY(one.out.startsWith("$6$"));
        QCOMPARE(two.out.count('\n'), 2);
        QVERIFY(!two.out.contains(one.out.trimmed()));
    }
};

QTEST_GUILESS_MAIN(StoryCommands)
#include "tst_story_commands.moc"
