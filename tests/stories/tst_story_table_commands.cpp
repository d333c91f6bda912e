// SPDX-License-Identifier: GPL-3.0-or-later
//
// The tables of a configuration from a shell: what they are, whether they can be asked, what they answer; no password in it.
#include "stories/support/gateway_process.h"

#include <QJsonObject>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace postern::test;

class StoryTableCommands : public QObject {
    Q_OBJECT

    static constexpr char kConfig[] =
        "table ours { one.example, \"*.two.example\" }\ntable people file:people\ntable logins file:logins\n"
        "table sources { 192.0.2.1, 192.0.2.2 }\ntable ldap1 ldap:ldap.conf\n"
        "table hosts { \"smtp+tls://l@relay.example\" }\n"
        "listen on 127.0.0.1 port 0\naction \"out\" relay host smtp+tls://l@relay.example auth <logins>\n"
        "match from any for domain <ours> action \"out\"\n";

    static void fill(GatewayProcess& files) {
        files.setConfig(kConfig);
        files.write(u"people"_s, "root: admin@one.example\nteam: a@one.example, b@one.example\n");
        files.write(u"logins"_s, "l scanner:hunter2hunter2\nh $6$salt$hashhashhash\n");
    }

  private Q_SLOTS:
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
        QTest::newRow("a backend that is not connected") << QStringList{u"ldap1"_s, u"alias"_s, u"x"_s} << 1 << ""_ba;
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
