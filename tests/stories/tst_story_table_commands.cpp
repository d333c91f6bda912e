// SPDX-License-Identifier: GPL-3.0-or-later
//
// The tables of a configuration from a shell: what they are, whether they can be asked, what they answer; no password in it.
#include "stories/support/gateway_process.h"
#include "support/places.h"

#include <QFile>
#include <QJsonObject>
#include <QTest>

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace postern::test;

class StoryTableCommands : public QObject {
    Q_OBJECT

    static constexpr char kConfig[] =
        "table ours { one.example, \"*.two.example\" }\ntable people file:people\ntable logins file:logins\n"
        "table sources { 192.0.2.1, 192.0.2.2 }\ntable away weather:accounts\n"
        "table hosts { \"smtp+tls://l@relay.example\" }\n"
        "listen on 127.0.0.1 port 0\naction \"out\" relay host smtp+tls://l@relay.example auth <logins>\n"
        "match from any for domain <ours> action \"out\"\n";

    static void fill(GatewayProcess& files) {
        files.setConfig(kConfig);
        files.write(u"people"_s, "root: admin@one.example\nteam: a@one.example, b@one.example\n");
        files.write(u"logins"_s, "l scanner:hunter2hunter2\nh $6$salt$hashhashhash\n");
    }

    // OpenSMTPD's own makemap.
    static QString theirMakemap() { return QStringLiteral(POSTERN_SOURCE_DIR "/build/peers/opensmtpd/makemap"); }
    static QByteArrayList sorted(const QByteArray& lines) {
        QByteArrayList list = lines.trimmed().split('\n');
        std::sort(list.begin(), list.end());
        return list;
    }

  private Q_SLOTS:
    void makemapAgreesWithOpenSmtpds_data() {
        QTest::addColumn<QStringList>("options");
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<bool>("isGood");
        QTest::newRow("a mapping") << QStringList() << "Bob\tann@x.example, carl\n# c\njoe dave\nx:y z\nlong\tA B C\n"_ba << true;
        QTest::newRow("joined lines, comments, odd blanks") << QStringList()
            << " lead  x\n\t tab y\na\\#b c\nk v#w\nm \\\n\\\nv\ne: f\nkey a\\b\nlast one"_ba << true;
        QTest::newRow("aliases") << QStringList{u"-t"_s, u"aliases"_s}
            << "root: ann\nq: |\"/bin/x y\", /var/x, :include:/etc/l\nlist: a,b ,  c\ne: error:550 gone\na@b.c: d\n@b.c x\n"_ba << true;
        QTest::newRow("a set") << QStringList{u"-t"_s, u"set"_s} << "a.example\nB.example\n10.0.0.0/8\nx:y\na b c\n"_ba << true;
        QTest::newRow("btree") << QStringList{u"-d"_s, u"btree"_s} << "b 1\na 2\nc 3\n"_ba << true;
        QTest::newRow("nothing") << QStringList() << ""_ba << true;
        QTest::newRow("a duplicate") << QStringList() << "A x\na y\n"_ba << false;
        QTest::newRow("a key alone") << QStringList() << "a b\nlonely\n"_ba << false;
        QTest::newRow("an alias that leads nowhere") << QStringList{u"-t"_s, u"aliases"_s} << "k: \"a b\"@x\n"_ba << false;
    }
    void makemapAgreesWithOpenSmtpds() { // the same content, and each reads what the other made
        QFETCH(QStringList, options);
        QFETCH(QByteArray, text);
        QFETCH(bool, isGood);
        if (!QFile::exists(theirMakemap()))
            QFAIL("OpenSMTPD's makemap is not there: ./dev test gets it");
        GatewayProcess files("");
        const QString source = files.path(u"map"_s), ours = files.path(u"ours.db"_s), theirs = files.path(u"theirs.db"_s);
        files.write(u"map"_s, text);
        const Ran made = posternctl(QStringList{u"makemap"_s} + options + QStringList{u"-o"_s, ours, source});
        const Ran real = run(theirMakemap(), options + QStringList{u"-o"_s, theirs, source});
        STORY_VERIFY(made.exit == (isGood ? 0 : 1), made.err);
        STORY_VERIFY(real.exit == (isGood ? 0 : 1), real.err);
        QCOMPARE(QFile::exists(ours), isGood);
        if (!isGood) {
            STORY_VERIFY(made.err.contains(source.toUtf8() + ':'), made.err); // and the line
            return;
        }
        const QByteArrayList oursByUs = sorted(posternctl({u"makemap"_s, u"-U"_s, ours}).out);
        QCOMPARE(oursByUs, sorted(posternctl({u"makemap"_s, u"-U"_s, theirs}).out));
        if (options.contains(u"btree"_s))
            return; // theirs only shows hashes
        QCOMPARE(oursByUs, sorted(run(theirMakemap(), {u"-U"_s, ours}).out));
        QCOMPARE(oursByUs, sorted(run(theirMakemap(), {u"-U"_s, theirs}).out));
    }

    void newaliasesMakesTheDatabaseOfTheTable() {
        GatewayProcess files("table aliases db:users.db\naction \"here\" mbox alias <aliases>\nmatch for local action \"here\"\n");
        files.write(u"users"_s, "root: admin@one.example\n");
        const QString config = files.path(u"smtpd.conf"_s);
        const Ran made = posternctl({u"newaliases"_s, u"-f"_s, config});
        STORY_VERIFY(made.exit == 0, made.err);
        QCOMPARE(posternctl({u"makemap"_s, u"-U"_s, files.path(u"users.db"_s)}).out, "root\tadmin@one.example\n"_ba);
        files.write(u"users"_s, "root: admin@@one.example\n");
        const Ran bad = posternctl({u"newaliases"_s, u"-f"_s, config});
        QCOMPARE(bad.exit, 1);
        STORY_VERIFY(bad.err.contains("users:1: "), bad.err);
        QCOMPARE(posternctl({u"makemap"_s, u"-U"_s, files.path(u"users.db"_s)}).out, "root\tadmin@one.example\n"_ba);
    }

    void looksUp_data() {
        QTest::addColumn<QStringList>("words");
        QTest::addColumn<int>("exit");
        QTest::addColumn<QByteArray>("says");
        QTest::newRow("a name of a list") << QStringList{u"ours"_s, u"domain"_s, u"ONE.example"_s} << 0 << "one.example\n"_ba;
        QTest::newRow("a pattern of a list") << QStringList{u"ours"_s, u"domain"_s, u"a.two.example"_s} << 0 << "*.two.example\n"_ba;
        QTest::newRow("a name that is not there") << QStringList{u"ours"_s, u"domain"_s, u"three.example"_s} << 1 << ""_ba;
        QTest::newRow("a mapping of a file") << QStringList{u"people"_s, u"alias"_s, u"root"_s} << 0 << "admin@one.example\n"_ba;
        QTest::newRow("an address in a list") << QStringList{u"sources"_s, u"netaddr"_s, u"192.0.2.2"_s} << 0 << "192.0.2.2\n"_ba;
        QTest::newRow("credentials show who, not what") << QStringList{u"logins"_s, u"credentials"_s, u"l"_s} << 0 << "scanner:(hidden)\n"_ba;
        QTest::newRow("nor asked as something else") << QStringList{u"logins"_s, u"alias"_s, u"l"_s} << 0 << "scanner:(hidden)\n"_ba;
        QTest::newRow("nor a hash") << QStringList{u"logins"_s, u"credentials"_s, u"h"_s} << 0 << "(hidden)\n"_ba;
        QTest::newRow("a table that is not there") << QStringList{u"our"_s, u"domain"_s, u"x"_s} << 1 << ""_ba;
        QTest::newRow("a backend that is not connected") << QStringList{u"away"_s, u"alias"_s, u"x"_s} << 1 << ""_ba;
        QTest::newRow("no key") << QStringList{u"ours"_s, u"domain"_s} << 2 << ""_ba;
        QTest::newRow("a service that is none") << QStringList{u"ours"_s, u"weather"_s, u"x"_s} << 2 << ""_ba;
    }
    void looksUp() {
        QFETCH(QStringList, words);
        QFETCH(int, exit);
        GatewayProcess files("");
        fill(files);
        const QStringList command = QStringList{u"table"_s, u"lookup"_s, u"-f"_s, files.path(u"smtpd.conf"_s)} + words;
        const Ran ran = posternctl(command);
        STORY_VERIFY(ran.exit == exit, ran.err);
        QTEST(ran.out, "says");
        QVERIFY(exit == 0 || !ran.err.isEmpty());
        const Ran json = posternctl(command + QStringList{u"--json"_s});
        QCOMPARE(json.exit, exit);
        QCOMPARE(json.out.count('\n'), 1);
        QVERIFY(json.json().isObject() && !json.json().toObject().isEmpty());
        for (const QByteArray& secret : {QByteArray("hunter2"), QByteArray("hashhash")})
            QVERIFY(!(ran.out + ran.err + json.out + json.err).contains(secret));
    }

    void theNextEntryOfTwo() {
        GatewayProcess files("");
        fill(files);
        const Ran ran = posternctl({u"table"_s, u"lookup"_s, u"-f"_s, files.path(u"smtpd.conf"_s), u"sources"_s, u"source"_s});
        QCOMPARE(ran.exit, 0);
        STORY_VERIFY(ran.out.startsWith("192.0.2."), ran.out);
    }

    void listsAndTests() {
        GatewayProcess files("");
        fill(files);
        const QString config = files.path(u"smtpd.conf"_s);
        const QByteArrayList lines = posternctl({u"table"_s, u"list"_s, u"-f"_s, config}).out.trimmed().split('\n');
        QCOMPARE(lines.size(), 6);
        STORY_VERIFY(lines[0].startsWith("ours|static|list of 2 entries|") && lines[0].endsWith("smtpd.conf:1"), lines[0]);
        STORY_VERIFY(lines[1].contains("file:") && lines[1].contains("mapping of 2 entries"), lines[1]);
        STORY_VERIFY(lines[4].contains("not connected"), lines[4]);
        QCOMPARE(posternctl({u"table"_s, u"list"_s, u"-f"_s, config, u"people"_s}).out, "root\nteam\n"_ba);
        const QJsonArray all = posternctl({u"table"_s, u"list"_s, u"-f"_s, config, u"--json"_s}).json().toArray();
        QCOMPARE(all[2]["name"_L1].toString(), u"logins"_s);
        QCOMPARE(all[2]["entries"_L1].toInt(), 2);

        const Ran tested = posternctl({u"table"_s, u"test"_s, u"-f"_s, config});
        QCOMPARE(tested.exit, 1); // one of them cannot be asked
        QCOMPARE(tested.out.count("|OK\n"), 5);
        STORY_VERIFY(tested.err.contains("smtpd.conf:5") && tested.err.contains("not connected"), tested.err);
        QCOMPARE(posternctl({u"table"_s, u"test"_s, u"-f"_s, config, u"people"_s}).exit, 0);
        QVERIFY(QFile::remove(files.path(u"people"_s)));
        const Ran gone = posternctl({u"table"_s, u"test"_s, u"-f"_s, config, u"people"_s, u"--json"_s});
        QCOMPARE(gone.exit, 1);
        QCOMPARE(gone.json()[0]["ok"_L1].toBool(true), false);
        STORY_VERIFY(gone.err.contains("people"), gone.err);
        const Ran misspelt = posternctl({u"table"_s, u"lokup"_s, u"-f"_s, config});
        QCOMPARE(misspelt.exit, 2);
        STORY_VERIFY(misspelt.err.contains("did you mean lookup?"), misspelt.err);
    }

    void anUnknownCommandGetsItsNearMiss() {
        const Ran ran = posternctl({u"statsu"_s, u"--json"_s});
        QCOMPARE(ran.exit, 2);
        STORY_VERIFY(ran.err.contains("did you mean status?"), ran.err);
        QCOMPARE(ran.json()["ok"_L1].toBool(true), false);
        const Ran option = posternctl({u"status"_s, u"--jsno"_s});
        QCOMPARE(option.exit, 2);
        STORY_VERIFY(option.err.contains("did you mean --json?"), option.err);
    }
};

QTEST_GUILESS_MAIN(StoryTableCommands)
#include "tst_story_table_commands.moc"
