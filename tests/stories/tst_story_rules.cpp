// SPDX-License-Identifier: GPL-3.0-or-later
//
// S01 and S02 in three dialects: two listeners on a macro's address, one plain, one with STARTTLS and mandatory sign-in; a
// reject rule in front of an accept rule; the first match decides, and explain says so.
#include "stories/support/gateway_process.h"
#include "stories/support/mail_sink.h"
#include "stories/support/smtp_sender.h"
#include "support/test_certs.h"

#include <QDir>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace postern::test;

class StoryRules : public QObject {
    Q_OBJECT

    static QByteArray config(const QByteArray& dialect, quint16 sink, const CertificateFiles& own) {
        const QByteArray to = "127.0.0.1:" + QByteArray::number(sink);
        if (dialect == "modern")
            return "office = \"127.0.0.1\"\n"
                   "table users file:tables/users\n"
                   "pki gw.example cert \"" + own.certFile + "\"\npki gw.example key \"" + own.keyFile + "\"\n"
                   "listen on $office port 0\n"
                   "listen on $office port 0 tls pki gw.example auth <users>\n"
                   "action \"out\" relay host smtp+notls://" + to + "\n"
                   "match from local for domain \"blocked.example\" reject\n"
                   "match from local for any action \"out\"\n";
        if (dialect == "legacy")
            return "office = \"127.0.0.1\"\n"
                   "table users file:tables/users\n"
                   "pki gw.example certificate \"" + own.certFile + "\"\npki gw.example key \"" + own.keyFile + "\"\n"
                   "listen on $office port 0\n"
                   "listen on $office port 0 tls pki gw.example auth <users>\n"
                   "reject from local for domain \"blocked.example\"\n"
                   "accept from local for any relay via smtp://" + to + "\n";
        return "office = \"127.0.0.1\"\n"
               "map \"upstream\" source file \"tables/users\"\n"
               "listen on $office port 0\n"
               "reject from local for domain \"blocked.example\"\n"
               "accept from local for all relay via \"smtp://" + to + "\"\n";
    }

  private Q_SLOTS:
    void firstMatchDecides_data() {
        QTest::addColumn<QByteArray>("dialect");
        QTest::addColumn<bool>("signIn");
        QTest::newRow("S01 S02 in action/match") << QByteArray("modern") << true;
        QTest::newRow("S01 S02 in accept/reject") << QByteArray("legacy") << true;
        QTest::newRow("S02 in the 2012 map dialect") << QByteArray("2012") << false;
    }

    void firstMatchDecides() {
        QFETCH(QByteArray, dialect);
        QFETCH(bool, signIn);
        MailSink sink;
        TestCerts certs;
        GatewayProcess gateway(config(dialect, sink.port(), certs.server("gw.example")));
        QVERIFY(QDir(gateway.folder()).mkdir(u"tables"_s));
        const Ran hash = posternctl({u"encrypt"_s, u"s3cret"_s});
        QCOMPARE(hash.exit, 0);
        gateway.write(u"tables/users"_s, "carol " + hash.out);
        const Ran checked = posternctl({u"check"_s, gateway.path(u"smtpd.conf"_s)});
        STORY_VERIFY(checked.exit == 0, checked.err);
        QCOMPARE(checked.out, QByteArray("configuration OK\n"));
        STORY_VERIFY(gateway.start(), gateway.log());

        SmtpSender plain(gateway.port(0));
        QVERIFY(plain.command("EHLO scanner.example").startsWith("250"));
        QVERIFY(plain.send("scan@office.example", {"x@blocked.example"}, "").startsWith("550"));
        plain.command("RSET");
        QVERIFY(plain.send("scan@office.example", {"x@free.example"}, "Subject: one\r\n\r\nbody\r\n").startsWith("250"));
        QVERIFY(sink.waitFor(1));
        QCOMPARE(sink.mails().first().rcpts, QByteArrayList{"x@free.example"});

        if (signIn) {
            const QString port = u"127.0.0.1:%1"_s.arg(gateway.port(1));
            const QStringList base{u"--server"_s, port, u"--from"_s, u"c@office.example"_s, u"--to"_s, u"y@free.example"_s};
            // Without sign-in, and with a wrong password: refused before MAIL.
            QVERIFY(run(u"swaks"_s, base).exit != 0);
            QVERIFY(run(u"swaks"_s, base + QStringList{u"--tls"_s, u"--auth"_s, u"PLAIN"_s, u"--auth-user"_s, u"carol"_s,
                                                       u"--auth-password"_s, u"wrong"_s}).exit != 0);
            for (const QString& mechanism : {u"PLAIN"_s, u"LOGIN"_s}) {
                const Ran sent = run(u"swaks"_s, base + QStringList{u"--tls"_s, u"--auth"_s, mechanism, u"--auth-user"_s,
                                                                    u"carol"_s, u"--auth-password"_s, u"s3cret"_s});
                STORY_VERIFY(sent.exit == 0, sent.out + sent.err);
            }
            QVERIFY(sink.waitFor(3));
            STORY_VERIFY(!gateway.log().contains("s3cret"), "a password is in the log");
        }

        const Ran blocked = gateway.ctl({u"explain"_s, u"--local"_s, u"--mail-from"_s, u"scan@office.example"_s,
                                         u"--rcpt-to"_s, u"x@blocked.example"_s, u"--json"_s});
        QCOMPARE(blocked.exit, 0);
        QCOMPARE(blocked.json().toObject()["verdict"_L1].toString(), u"reject"_s);
        const Ran free = gateway.ctl({u"explain"_s, u"--local"_s, u"--mail-from"_s, u"scan@office.example"_s,
                                      u"--rcpt-to"_s, u"x@free.example"_s, u"--json"_s});
        const QJsonObject relay = free.json().toObject();
        QCOMPARE(relay["verdict"_L1].toString(), u"relay"_s);
        QVERIFY(relay["line"_L1].toInt() > blocked.json().toObject()["line"_L1].toInt());
        const Ran remote = gateway.ctl({u"explain"_s, u"--client"_s, u"192.0.2.66"_s, u"--mail-from"_s, u"a@b.example"_s,
                                        u"--rcpt-to"_s, u"x@free.example"_s, u"--json"_s});
        QCOMPARE(remote.json().toObject()["verdict"_L1].toString(), u"reject"_s);
        QCOMPARE(gateway.stop(), 0);
    }
};

QTEST_GUILESS_MAIN(StoryRules)
#include "tst_story_rules.moc"
