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

#include <unistd.h>

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
               "map \"users\" source plain \"tables/users\"\n"
               "listen on $office port 0\n"
               "listen on $office port 0 tls certificate \"gw.example\" auth \"users\"\n"
               "reject from local for domain \"blocked.example\"\n"
               "accept from local for all relay via \"smtp://" + to + "\"\n";
    }

  private Q_SLOTS:
    void firstMatchDecides_data() {
        QTest::addColumn<QByteArray>("dialect");
        QTest::newRow("S01 S02 in action/match") << QByteArray("modern");
        QTest::newRow("S01 S02 in accept/reject") << QByteArray("legacy");
        QTest::newRow("S01 S02 in the map dialect of 2012") << QByteArray("2012");
    }

    void firstMatchDecides() {
        QFETCH(QByteArray, dialect);
        MailSink sink;
        TestCerts certs;
        const CertificateFiles own = certs.server("gw.example");
        GatewayProcess gateway(config(dialect, sink.port(), own));
        // Where 2012 looks for `certificate NAME`: NAME.crt and NAME.key in the folder of certificates.
        QVERIFY(QDir(gateway.folder()).mkdir(u"certs"_s));
        QVERIFY(QFile::copy(QString::fromLatin1(own.certFile), gateway.path(u"certs/gw.example.crt"_s)));
        QVERIFY(QFile::copy(QString::fromLatin1(own.keyFile), gateway.path(u"certs/gw.example.key"_s)));
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

        // The other listener: nothing before STARTTLS and sign-in, and a wrong password opens nothing.
        SmtpSender shut(gateway.port(1));
        const QByteArray offer = shut.command("EHLO scanner.example");
        STORY_VERIFY(offer.contains("STARTTLS") && !offer.contains("AUTH"), offer);
        const QByteArray refusal = shut.command("MAIL FROM:<c@office.example>");
        STORY_VERIFY(refusal.startsWith("530 5.7."), refusal);
        const QStringList base{u"--server"_s, u"127.0.0.1:%1"_s.arg(gateway.port(1)), u"--from"_s, u"c@office.example"_s,
                               u"--to"_s, u"y@free.example"_s};
        const auto signIn = [&](const QString& mechanism, const QString& password) {
            return base + QStringList{u"--tls"_s, u"--auth"_s, mechanism, u"--auth-user"_s, u"carol"_s,
                                      u"--auth-password"_s, password};
        };
        const Ran anonymous = run(u"swaks"_s, base + QStringList{u"--tls"_s});
        STORY_VERIFY(anonymous.exit != 0 && anonymous.out.contains("530 5.7.0"), anonymous.out);
        const Ran wrong = run(u"swaks"_s, signIn(u"PLAIN"_s, u"wrong"_s));
        STORY_VERIFY(wrong.exit != 0 && wrong.out.contains("535 5.7.8"), wrong.out);
        QCOMPARE(sink.mails().size(), 1);
        for (const QString& mechanism : {u"PLAIN"_s, u"LOGIN"_s}) {
            const Ran sent = run(u"swaks"_s, signIn(mechanism, u"s3cret"_s));
            STORY_VERIFY(sent.exit == 0, sent.out + sent.err);
        }
        QVERIFY(sink.waitFor(3));
        // The rule in front holds for those who signed in, too.
        QStringList toBlocked = signIn(u"PLAIN"_s, u"s3cret"_s);
        toBlocked[toBlocked.indexOf(u"y@free.example"_s)] = u"y@blocked.example"_s;
        const Ran refused = run(u"swaks"_s, toBlocked);
        STORY_VERIFY(refused.exit != 0 && refused.out.contains("550 5.7.1"), refused.out);
        QCOMPARE(sink.mails().size(), 3);
        STORY_VERIFY(!gateway.log().contains("s3cret"), "a password is in the log");

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

    // Until October 2012 the word was `enable auth`: sign-in is offered, with the computer's own accounts, whose passwords
    // only root may read. A wrong password is refused, or cannot be judged; who may send without it still may.
    void enableAuthOf2012OffersTheComputersAccounts() {
        MailSink sink;
        TestCerts certs;
        const CertificateFiles own = certs.server("gw.example");
        GatewayProcess gateway("listen on 127.0.0.1 port 0 tls certificate \"gw.example\" enable auth\n"
                               "accept from local for all relay via \"smtp://127.0.0.1:" + QByteArray::number(sink.port()) +
                               "\"\n");
        QVERIFY(QDir(gateway.folder()).mkdir(u"certs"_s));
        const Ran missing = posternctl({u"check"_s, gateway.path(u"smtpd.conf"_s)});
        QCOMPARE(missing.exit, 1);
        STORY_VERIFY(missing.err.contains(":1:") && missing.err.contains("certs/gw.example.crt"), missing.err);
        QVERIFY(QFile::copy(QString::fromLatin1(own.certFile), gateway.path(u"certs/gw.example.crt"_s)));
        QVERIFY(QFile::copy(QString::fromLatin1(own.keyFile), gateway.path(u"certs/gw.example.key"_s)));
        const Ran checked = posternctl({u"check"_s, gateway.path(u"smtpd.conf"_s)});
        QCOMPARE(checked.exit, 0);
        STORY_VERIFY(gateway.start(), gateway.log());
        const QStringList base{u"--server"_s, u"127.0.0.1:%1"_s.arg(gateway.port()), u"--from"_s, u"c@office.example"_s,
                               u"--to"_s, u"y@free.example"_s, u"--tls"_s};
        const Ran signIn = run(u"swaks"_s, base + QStringList{u"--auth"_s, u"PLAIN"_s, u"--auth-user"_s, u"root"_s,
                                                              u"--auth-password"_s, u"x"_s});
        QVERIFY(signIn.exit != 0);
        STORY_VERIFY(signIn.out.contains(::geteuid() == 0 ? "535 5.7.8" : "454 4.7.0"), signIn.out);
        STORY_VERIFY(signIn.out.contains("AUTH PLAIN LOGIN"), signIn.out);
        const Ran sent = run(u"swaks"_s, base);
        STORY_VERIFY(sent.exit == 0, sent.out + sent.err);
        QVERIFY(sink.waitFor(1));
    }
};

QTEST_GUILESS_MAIN(StoryRules)
#include "tst_story_rules.moc"
