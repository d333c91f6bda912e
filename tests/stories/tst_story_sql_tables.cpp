// SPDX-License-Identifier: GPL-3.0-or-later
//
// Tables in databases, with real servers: each gives the answers that every backend must give; it is killed and comes back, and
// no session hangs and nobody has to reload anything. S08 and S10 with SQLite.
#include "stories/support/database_peer.h"
#include "stories/support/gateway_process.h"
#include "stories/support/mail_sink.h"
#include "stories/support/postfix_peer.h"
#include "stories/support/smtp_sender.h"
#include "support/sql_office.h"
#include "support/test_certs.h"
#include "tables/sql_backend.h"

#include <QSqlDatabase>
#include <QSqlError>
#include <QSqlQuery>
#include <QTest>

#include <map>
#include <memory>

using namespace Qt::StringLiterals;
using namespace postern;
using namespace postern::tables;
using namespace postern::test;

Q_DECLARE_METATYPE(postern::test::DatabasePeer::Program)

namespace {

SqlDialect dialectOf(DatabasePeer::Program program) {
    return program == DatabasePeer::Program::Mariadb ? SqlDialect::Mysql : SqlDialect::Postgres;
}

// Statements on a database file, as an administrator's own program would run them.
void sqlite(const QString& path, const QByteArrayList& statements) {
    {
        QSqlDatabase db = QSqlDatabase::addDatabase(u"QSQLITE"_s, u"admin"_s);
        db.setDatabaseName(path);
        if (!db.open())
            qFatal("%s", qPrintable(db.lastError().text()));
        QSqlQuery query(db);
        for (const QByteArray& one : statements)
            if (!query.exec(QString::fromUtf8(one)))
                qFatal("%s: %s", one.constData(), qPrintable(query.lastError().text()));
    }
    QSqlDatabase::removeDatabase(u"admin"_s);
}

// What a new session's RCPT is answered.
QByteArray rcpt(const GatewayProcess& gateway, const QByteArray& recipient, const QByteArray& sender = "ann@one.example") {
    SmtpSender client(gateway.port());
    client.command("EHLO client.example");
    client.command("MAIL FROM:<" + sender + '>');
    const QByteArray reply = client.command("RCPT TO:<" + recipient + '>').left(3);
    client.command("QUIT");
    return reply;
}

QByteArray stateOf(const GatewayProcess& gateway, const QString& table) {
    const Ran status = gateway.ctl({u"status"_s, u"--json"_s});
    for (const auto& one : status.json().toObject()["tables"_L1].toArray())
        if (one.toObject()["name"_L1].toString() == table)
            return one.toObject()["state"_L1].toString().toLatin1();
    return "not told of: " + status.out + status.err;
}

bool hasProblem(const GatewayProcess& gateway, const QString& id) {
    const auto problems = gateway.ctl({u"status"_s, u"--json"_s}).json().toObject()["problems"_L1].toArray();
    return std::any_of(problems.begin(), problems.end(), [&](const auto& one) { return one.toObject()["id"_L1].toString() == id; });
}

QByteArray explained(const GatewayProcess& gateway, const QStringList& arguments) {
    const Ran ran = gateway.ctl(QStringList{u"explain"_s, u"--json"_s} + arguments);
    return ran.json().toObject()["verdict"_L1].toString().toLatin1();
}

} // namespace

class StorySqlTables : public QObject {
    Q_OBJECT

    static QByteArray looked(const GatewayProcess& gateway, const QString& table, const QString& service, const QString& key) {
        const Ran ran = gateway.ctl({u"table"_s, u"lookup"_s, table, service, key});
        return ran.exit == 0 ? ran.out.trimmed() : ran.err.trimmed();
    }

    std::map<DatabasePeer::Program, std::unique_ptr<DatabasePeer>> m_peers;

  private Q_SLOTS:
    void initTestCase() {
        for (const auto program : {DatabasePeer::Program::Mariadb, DatabasePeer::Program::Postgres}) {
            auto& peer = m_peers[program] = std::make_unique<DatabasePeer>(program);
            STORY_VERIFY(peer->start(), peer->log());
            STORY_VERIFY(peer->run(sqlOffice(dialectOf(program))), peer->log());
        }
    }

    void everyServerGivesTheSameAnswers_data() {
        QTest::addColumn<DatabasePeer::Program>("program");
        QTest::newRow("MariaDB") << DatabasePeer::Program::Mariadb;
        QTest::newRow("PostgreSQL") << DatabasePeer::Program::Postgres;
    }

    void everyServerGivesTheSameAnswers() {
        QFETCH(DatabasePeer::Program, program);
        DatabasePeer& peer = *m_peers.at(program);
        const SqlDialect dialect = dialectOf(program);
        const BackendSource source{"users", "users.conf", peer.place() + sqlQueries(dialect), false};
        const MadeBackend made = dialect == SqlDialect::Mysql ? makeMysqlBackend(source) : makePostgresBackend(source);
        QVERIFY(made.make);
        const auto backend = made.make();
        const auto opened = backend->open();
        STORY_VERIFY(opened.has_value(), opened ? QByteArray() : opened.error().text);
        for (const LookupCase& one : lookupCases())
            STORY_VERIFY(lookedUp(*backend, one.service, one.key) == one.answer,
                         one.name + ": " + lookedUp(*backend, one.service, one.key) + " instead of " + one.answer);
        const auto sources = backend->fetch(Service::Source);
        QVERIFY(sources.has_value());
        QCOMPARE(*sources, (QByteArrayList{"192.0.2.7", "192.0.2.8"}));

        // Queries that do not fit are found out when it is opened, with their line.
        const auto refused = [&](const QByteArray& query) {
            const BackendSource wrong{"users", "users.conf", peer.place() + query, false};
            const auto other = (dialect == SqlDialect::Mysql ? makeMysqlBackend(wrong) : makePostgresBackend(wrong)).make();
            const auto result = other->open();
            return result ? QByteArray("it opened") : result.error().text;
        };
        const QByteArray marker = dialect == SqlDialect::Mysql ? "?" : "$1";
        const QByteArray line = "users.conf:" + QByteArray::number(peer.place().count('\n') + 1) + ": ";
        STORY_VERIFY(refused("query_alias SELECT a FROM nowhere WHERE k = " + marker).startsWith(line),
                     refused("query_alias SELECT a FROM nowhere WHERE k = " + marker));
        QCOMPARE(refused("query_alias SELECT a, b FROM entries WHERE k = " + marker),
                 line + "query_alias gives 2 columns, and 1 is wanted");
    }

    void S08_aServerThatIsKilledAndComesBack_data() { everyServerGivesTheSameAnswers_data(); }

    void S08_aServerThatIsKilledAndComesBack() {
        QFETCH(DatabasePeer::Program, program);
        DatabasePeer& peer = *m_peers.at(program);
        const SqlDialect dialect = dialectOf(program);
        MailSink sink;
        const QByteArray kind = toString(dialect).toByteArray();
        GatewayProcess gateway("table office " + kind + ":office.conf\nlisten on 127.0.0.1 port 0\n"
                               "action \"out\" relay host smtp+notls://127.0.0.1:" + QByteArray::number(sink.port()) + "\n"
                               "match from any for domain <office> action \"out\"\n");
        gateway.write(u"office.conf"_s, peer.place() + sqlQueries(dialect));
        const Ran checked = posternctl({u"check"_s, gateway.path(u"smtpd.conf"_s)});
        STORY_VERIFY(checked.exit == 0 && !checked.err.contains("not supported"), checked.err);
        STORY_VERIFY(gateway.start(), gateway.log());
        QCOMPARE(looked(gateway, u"office"_s, u"alias"_s, u"team"_s), "ann, bob@far.example");
        const Ran tested = gateway.ctl({u"table"_s, u"test"_s, u"office"_s});
        STORY_VERIFY(tested.exit == 0, tested.err);

        QCOMPARE(rcpt(gateway, "ann@one.example"), "250");
        QCOMPARE(rcpt(gateway, "ann@new.example"), "550");
        const Ran updated = gateway.ctl({u"update"_s, u"table"_s, u"office"_s});
        STORY_VERIFY(updated.exit == 0 && updated.out.contains("asked each time"), updated.out + updated.err);
        QVERIFY(peer.run({"INSERT INTO entries VALUES ('domain', 'new.example', 1, 'new.example', NULL, NULL)"}));
        QTRY_COMPARE_WITH_TIMEOUT(rcpt(gateway, "ann@new.example"), "250", 10'000); // within seconds, without a reload
        QCOMPARE(stateOf(gateway, u"office"_s), "working");

        SmtpSender session(gateway.port());
        session.command("EHLO client.example");
        session.command("MAIL FROM:<ann@one.example>");
        peer.kill();
        QCOMPARE(session.command("RCPT TO:<ann@xn--bcher-kva.example>").left(3), "451"); // never 250, never 550
        QTRY_COMPARE_WITH_TIMEOUT(stateOf(gateway, u"office"_s), "failing", 20'000);
        QVERIFY(hasProblem(gateway, u"table:office"_s));
        QCOMPARE(explained(gateway, {u"--client"_s, u"192.0.2.1"_s, u"--mail-from"_s, u"a@b.example"_s, u"--rcpt-to"_s, u"x@one.example"_s}),
                 "tempfail");
        QVERIFY(gateway.ctl({u"table"_s, u"test"_s, u"office"_s}).exit != 0);

        STORY_VERIFY(peer.startAgain(), peer.log());
        QTRY_COMPARE_WITH_TIMEOUT(stateOf(gateway, u"office"_s), "working", 60'000); // by itself
        QCOMPARE(session.command("RCPT TO:<ann@xn--bcher-kva.example>").left(3), "250"); // the same session goes on
        QVERIFY(!hasProblem(gateway, u"table:office"_s));
        STORY_VERIFY(gateway.isRunning(), gateway.log());
    }

    // Queries of one's own, one per service; two tables over one database, two over different ones.
    void S08_queriesOfOnesOwnInSqlite() {
        MailSink sink;
        GatewayProcess gateway("table domains sqlite:domains.conf\ntable people sqlite:people.conf\ntable nets sqlite:nets.conf\n"
                               "listen on 127.0.0.1 port 0\n"
                               "action \"out\" relay host smtp+notls://127.0.0.1:" + QByteArray::number(sink.port()) +
                               " src <nets> helo-src <nets>\n"
                               "match from src <nets> mail-from <people> for domain <domains> action \"out\"\n");
        gateway.write(u"domains.conf"_s, "dbpath office.db\nquery_domain SELECT name FROM domains WHERE name = ?\n");
        gateway.write(u"people.conf"_s, "dbpath office.db\nquery_mailaddr SELECT 1 FROM people WHERE name || '@office.example' = ?\n");
        gateway.write(u"nets.conf"_s, "dbpath nets.db\nquery_netaddr SELECT a FROM nets WHERE a = ?\n"
                                      "query_addrname SELECT name FROM nets WHERE a = ?\nfetch_source SELECT a FROM nets\n");
        sqlite(gateway.path(u"office.db"_s), {"CREATE TABLE domains (name)", "INSERT INTO domains VALUES ('far.example')",
                                              "CREATE TABLE people (name)", "INSERT INTO people VALUES ('ann')"});
        sqlite(gateway.path(u"nets.db"_s), {"CREATE TABLE nets (a, name)", "INSERT INTO nets VALUES ('127.0.0.1', 'gw.office.example')"});
        STORY_VERIFY(gateway.start(), gateway.log());
        const auto ask = [&](const QString& client, const QString& from, const QString& to) {
            return explained(gateway, {u"--client"_s, client, u"--mail-from"_s, from, u"--rcpt-to"_s, to});
        };
        QCOMPARE(ask(u"127.0.0.1"_s, u"ann@office.example"_s, u"x@far.example"_s), "relay");
        QCOMPARE(ask(u"127.0.0.2"_s, u"ann@office.example"_s, u"x@far.example"_s), "reject");
        QCOMPARE(ask(u"127.0.0.1"_s, u"eve@office.example"_s, u"x@far.example"_s), "reject");
        QCOMPARE(ask(u"127.0.0.1"_s, u"ann@office.example"_s, u"x@near.example"_s), "reject");

        const Ran told = gateway.ctl({u"explain"_s, u"--json"_s, u"--client"_s, u"127.0.0.1"_s, u"--mail-from"_s, u"ann@office.example"_s,
                                      u"--rcpt-to"_s, u"x@far.example"_s});
        const QJsonObject relay = told.json()["envelopes"_L1][0]["relay"_L1].toObject();
        STORY_VERIFY(relay["source"_L1][0].toString() == u"127.0.0.1" && relay["helo"_L1].toString() == u"gw.office.example", told.out);

        SmtpSender client(gateway.port());
        client.command("EHLO client.example");
        QVERIFY(client.send("ann@office.example", {"x@far.example"}, "Subject: one\r\n\r\nbody\r\n").startsWith("250"));
        QVERIFY(sink.waitFor(1));
        QCOMPARE(sink.mails().first().helo, "gw.office.example");

        // Another program locks the database for itself: a temporary failure, and only until it lets go.
        sqlite(gateway.path(u"office.db"_s), {"INSERT INTO domains VALUES ('near.example')"});
        {
            QSqlDatabase db = QSqlDatabase::addDatabase(u"QSQLITE"_s, u"locker"_s);
            db.setDatabaseName(gateway.path(u"office.db"_s));
            QVERIFY(db.open());
            QSqlQuery query(db);
            QVERIFY(query.exec(u"BEGIN EXCLUSIVE"_s));
            QCOMPARE(rcpt(gateway, "x@near.example", "ann@office.example"), "451");
            QVERIFY(query.exec(u"COMMIT"_s));
        }
        QSqlDatabase::removeDatabase(u"locker"_s);
        QTRY_COMPARE_WITH_TIMEOUT(rcpt(gateway, "x@near.example", "ann@office.example"), "250", 20'000);

        // A changed configuration file of a table is taken by itself, as that of any table.
        gateway.write(u"domains.conf"_s, "dbpath office.db\nquery_domain SELECT name FROM domains WHERE name || '.test' = ?\n");
        QTRY_COMPARE_WITH_TIMEOUT(rcpt(gateway, "x@far.example.test", "ann@office.example"), "250", 30'000);
    }

    void S10_aChangedPasswordIsUsedAtOnce() {
        TestCerts certs;
        const CertificateFiles own = certs.server("localhost");
        PostfixPeer provider;
        STORY_VERIFY(provider.start({u"--tls"_s, QString::fromLatin1(own.certFile), QString::fromLatin1(own.keyFile), u"--auth"_s,
                                     u"carol"_s, u"s3cret"_s}),
                     provider.log());
        GatewayProcess gateway("ca test cert \"" + certs.caFile() + "\"\npki localhost cert \"" + own.certFile + "\"\npki localhost key \"" +
                               own.keyFile + "\"\ntable secrets sqlite:secrets.conf\ntable users sqlite:secrets.conf\n"
                               "listen on 127.0.0.1 port 0 tls pki localhost auth <users>\n"
                               "action \"out\" relay host smtp+tls://office@localhost:" + QByteArray::number(provider.port()) +
                               " auth <secrets> ca test\nmatch auth from any for any action \"out\"\n");
        gateway.write(u"secrets.conf"_s, "dbpath secrets.db\nquery_credentials SELECT login, secret FROM secrets WHERE label = ?\n");
        const auto hashOf = [](const QString& password) { return posternctl({u"encrypt"_s, password}).out.trimmed(); };
        sqlite(gateway.path(u"secrets.db"_s),
               {"CREATE TABLE secrets (label, login, secret)", "INSERT INTO secrets VALUES ('office', 'carol', 's3cret')",
                "INSERT INTO secrets VALUES ('ann', 'ann', '" + hashOf(u"first"_s) + "')"});
        STORY_VERIFY(gateway.start(), gateway.log());
        const auto send = [&](const QString& password) {
            return run(u"swaks"_s, {u"--server"_s, u"127.0.0.1:%1"_s.arg(gateway.port()), u"--from"_s, u"ann@office.example"_s, u"--to"_s,
                                    u"x@far.example"_s, u"--tls"_s, u"--auth"_s, u"PLAIN"_s, u"--auth-user"_s, u"ann"_s,
                                    u"--auth-password"_s, password});
        };
        const Ran first = send(u"first"_s);
        STORY_VERIFY(first.exit == 0, first.out + first.err);
        STORY_VERIFY(provider.waitFor(1), gateway.log());
        sqlite(gateway.path(u"secrets.db"_s), {"UPDATE secrets SET secret = '" + hashOf(u"second"_s) + "' WHERE label = 'ann'"});
        const Ran old = send(u"first"_s);
        STORY_VERIFY(old.exit != 0 && old.out.contains("535 5.7.8"), old.out);
        const Ran now = send(u"second"_s);
        STORY_VERIFY(now.exit == 0, now.out + now.err);
        STORY_VERIFY(provider.waitFor(2), gateway.log());
        STORY_VERIFY(!gateway.log().contains("s3cret") && !gateway.log().contains("$6$"), "a password or its hash is in the log");

        // A11: the users' database is away. Nobody gets in, and nobody is told that the password is wrong.
        QVERIFY(QFile::rename(gateway.path(u"secrets.db"_s), gateway.path(u"away.db"_s)));
        const Ran away = send(u"second"_s);
        STORY_VERIFY(away.exit != 0 && away.out.contains("454 4.7.0"), away.out);
        QVERIFY(QFile::rename(gateway.path(u"away.db"_s), gateway.path(u"secrets.db"_s)));
        QTRY_VERIFY_WITH_TIMEOUT(send(u"second"_s).exit == 0, 30'000);
    }
};

QTEST_GUILESS_MAIN(StorySqlTables)
#include "tst_story_sql_tables.moc"
