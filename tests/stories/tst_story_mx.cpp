// SPDX-License-Identifier: GPL-3.0-or-later
//
// Relaying by MX, whole: a rule with `relay` and no host, names from a real name server through the resolver, mail servers on
// port 25 in a network of the story's own, and each thing that DNS can say with what becomes of the mail.
#include "stories/support/gateway_process.h"
#include "stories/support/mail_sink.h"
#include "stories/support/private_network.h"
#include "stories/support/smtp_sender.h"
#include "support/local_name_server.h"

#include <QDir>
#include <QTcpSocket>
#include <QTest>

#include <memory>

using namespace Qt::StringLiterals;
using namespace postern::test;

class StoryMx : public QObject {
    Q_OBJECT

    const QByteArray m_refused; // why there is no network of our own
    std::unique_ptr<LocalNameServer> m_names;
    std::unique_ptr<MailSink> m_first, m_second, m_office; // office: the sender's, where bounces arrive

    // The gateway's own port 25 is open, so that an MX may lead back to it.
    static constexpr char kConfig[] = "listen on 127.0.0.1 port 0\nlisten on 192.0.2.1 port 25\n"
                                      "action \"out\" relay\nmatch from any for any action \"out\"\n";

    void useOurNameServer(const GatewayProcess& gateway) const {
        QVERIFY(QDir(gateway.folder()).mkdir(u"state"_s));
        gateway.write(u"state/postern.ini"_s, "[resolver]\nservers=" + m_names->address() + "\n");
    }

    static bool send(const GatewayProcess& gateway, const QByteArray& to) {
        SmtpSender sender(gateway.port());
        if (!sender.command("EHLO scanner.example").startsWith("250"))
            return false;
        if (to.contains('\xc3')) // the rest of a transaction that send() cannot begin
            return sender.command("MAIL FROM:<scan@office.example> SMTPUTF8").startsWith("250") &&
                   sender.command("RCPT TO:<" + to + '>').startsWith("250") && sender.command("DATA").startsWith("354") &&
                   sender.command("Subject: by MX\r\n\r\nhello\r\n.").startsWith("250");
        return sender.send("scan@office.example", {to}, "Subject: by MX\r\n\r\nhello\r\n").startsWith("250");
    }

  public:
    explicit StoryMx(QByteArray refused) : m_refused(std::move(refused)) {}

  private Q_SLOTS:
    void initTestCase() {
        STORY_VERIFY(m_refused.isEmpty(), m_refused);
        m_names = std::make_unique<LocalNameServer>(
            QStringList{u"office.example"_s, u"far.example"_s},
            QStringList{u"--host-record=mx1.far.example,192.0.2.25"_s, u"--host-record=mx2.far.example,192.0.2.26"_s,
                        u"--host-record=dead.far.example,192.0.2.99"_s, u"--host-record=front.far.example,192.0.2.1"_s,
                        u"--mx-host=both.far.example,mx2.far.example,20"_s, u"--mx-host=both.far.example,mx1.far.example,10"_s,
                        u"--mx-host=half.far.example,dead.far.example,10"_s, u"--mx-host=half.far.example,mx2.far.example,20"_s,
                        u"--host-record=plain.far.example,192.0.2.25"_s, u"--dns-rr=null.far.example,15,000000"_s,
                        u"--mx-host=loop.far.example,front.far.example,10"_s,
                        u"--mx-host=middle.far.example,dead.far.example,10"_s,
                        u"--mx-host=middle.far.example,front.far.example,20"_s,
                        u"--mx-host=middle.far.example,mx1.far.example,30"_s,
                        u"--mx-host=spare.far.example,mx1.far.example,10"_s,
                        u"--mx-host=spare.far.example,front.far.example,20"_s,
                        u"--mx-host=spare.far.example,mx2.far.example,30"_s,
                        u"--mx-host=later.far.example,mx1.far.example,10"_s,
                        u"--host-record=xn--bcher-kva.far.example,192.0.2.25"_s,
                        u"--cname=alias.far.example,plain.far.example"_s,
                        u"--host-record=orphan.far.example,192.0.2.25"_s, // its MX has no address, its own must not be taken
                        u"--mx-host=orphan.far.example,gone.far.example,10"_s,
                        u"--mx-host=mixed.far.example,mx1.far.example,10"_s, u"--dns-rr=mixed.far.example,15,000000"_s,
                        u"--host-record=mail.office.example,192.0.2.30"_s,
                        u"--mx-host=office.example,mail.office.example,10"_s});
        QVERIFY2(m_names->isRunning(), m_names->output().constData());
        m_first = std::make_unique<MailSink>("192.0.2.25", 25);
        m_second = std::make_unique<MailSink>("192.0.2.26", 25);
        m_office = std::make_unique<MailSink>("192.0.2.30", 25);
    }

    void arrivesWhereTheMxSays_data() {
        QTest::addColumn<QByteArray>("domain");
        QTest::addColumn<int>("sink");
        QTest::newRow("standards 10.5 the preferred MX takes it") << QByteArray("both.far.example") << 1;
        QTest::newRow("standards 10.5 the preferred MX is dead: the next one takes it") << QByteArray("half.far.example") << 2;
        QTest::newRow("standards 10.2 no MX: the domain's own address") << QByteArray("plain.far.example") << 1;
        QTest::newRow("standards 10.2 a CNAME is followed") << QByteArray("alias.far.example") << 1;
        QTest::newRow("RFC 5891, 6531 an international domain, at a server without SMTPUTF8")
            << QByteArray("b\xc3\xbc" "cher.far.example") << 1;
        QTest::newRow("standards 10.3 a dot among others is ignored") << QByteArray("mixed.far.example") << 1;
    }
    void arrivesWhereTheMxSays() {
        QFETCH(QByteArray, domain);
        QFETCH(int, sink);
        const MailSink& right = sink == 1 ? *m_first : *m_second;
        const MailSink& wrong = sink == 1 ? *m_second : *m_first;
        const qsizetype before = right.mails().size(), elsewhere = wrong.mails().size();
        GatewayProcess gateway(kConfig);
        useOurNameServer(gateway);
        STORY_VERIFY(gateway.start(), gateway.log());
        QVERIFY(send(gateway, "c@" + domain));
        STORY_VERIFY(right.waitFor(int(before) + 1), gateway.log());
        const QByteArray known = domain.contains('\xc3') ? QByteArray("xn--bcher-kva.far.example") : domain; // the sink's ASCII
        QCOMPARE(right.mails().last().rcpts, QByteArrayList{"c@" + known});
        QVERIFY(gateway.waitQueue(0));
        QCOMPARE(wrong.mails().size(), elsewhere);
    }

    void aBackupSendsToTheBetterHost() { // `relay backup mx NAME`: never to itself, nor to a worse one
        const qsizetype better = m_first->mails().size(), worse = m_second->mails().size();
        QByteArray config = kConfig;
        config.replace("relay\n", "relay backup mx \"front.far.example\"\n");
        GatewayProcess gateway(config);
        useOurNameServer(gateway);
        STORY_VERIFY(gateway.start(), gateway.log());
        QVERIFY(send(gateway, "c@spare.far.example"));
        STORY_VERIFY(m_first->waitFor(int(better) + 1), gateway.log());
        QVERIFY(gateway.waitQueue(0));
        m_first->setDown(true); // the better one is away: it waits here, as is a backup's duty
        QVERIFY(send(gateway, "d@spare.far.example"));
        STORY_TRY(gateway.queue().at(0).toObject()["lastError"_L1].toString().contains(u"mx1.far.example"_s), gateway.log(), 30'000);
        m_first->setDown(false);
        STORY_TRY((gateway.ctl({u"queue"_s, u"retry"_s, u"--all"_s}), gateway.queue().isEmpty()), gateway.log(), 30'000);
        QCOMPARE(m_first->mails().size(), better + 2);
        QCOMPARE(m_second->mails().size(), worse);
    }

    void comesBackWhenItCanNeverArrive_data() {
        QTest::addColumn<QByteArray>("domain");
        QTest::addColumn<QByteArray>("status");
        QTest::newRow("D02 the domain does not exist") << QByteArray("nowhere.far.example") << QByteArray("5.1.2");
        QTest::newRow("D03 null MX") << QByteArray("null.far.example") << QByteArray("5.1.10");
        QTest::newRow("D06 the MX is our own port 25") << QByteArray("loop.far.example") << QByteArray("5.4.6");
    }
    void comesBackWhenItCanNeverArrive() {
        QFETCH(QByteArray, domain);
        QFETCH(QByteArray, status);
        const qsizetype before = m_office->mails().size();
        GatewayProcess gateway(kConfig);
        useOurNameServer(gateway);
        STORY_VERIFY(gateway.start(), gateway.log());
        QVERIFY(send(gateway, "c@" + domain));
        STORY_VERIFY(m_office->waitFor(int(before) + 1), gateway.log());
        const SunkMail bounce = m_office->mails().last();
        QCOMPARE(bounce.from, QByteArray());
        QCOMPARE(bounce.rcpts, QByteArrayList{"scan@office.example"});
        STORY_VERIFY(bounce.content.contains("\r\nFinal-Recipient: rfc822; c@" + domain + "\r\n"), bounce.content);
        STORY_VERIFY(bounce.content.contains("\r\nStatus: " + status + "\r\n"), bounce.content);
        QVERIFY(gateway.waitQueue(0));
    }

    // RFC 7505 §4.2. A proxy says that the client is a stranger: programs of this computer are not asked about.
    void aStrangerWhoseDomainTakesNoMailIsRefused() {
        GatewayProcess gateway("listen on 127.0.0.1 port 0 proxy-v2\naction \"box\" catch\nmatch from any for any action \"box\"\n");
        useOurNameServer(gateway);
        STORY_VERIFY(gateway.start(), gateway.log());
        QTcpSocket stranger;
        stranger.connectToHost(u"127.0.0.1"_s, gateway.port());
        stranger.write("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc6\x33\x64\x07\x7f\0\0\x01\x12\x67\0\x19"_ba +
                       "EHLO stranger.example\r\nMAIL FROM:<a@null.far.example>\r\nMAIL FROM:<a@plain.far.example>\r\n"
                       "RSET\r\nMAIL FROM:<a@nowhere.far.example>\r\nQUIT\r\n");
        QByteArray heard;
        while (stranger.waitForReadyRead(20'000))
            heard += stranger.readAll();
        const QByteArrayList replies = heard.mid(heard.indexOf("250 HELP")).split('\n');
        STORY_VERIFY(replies.size() >= 6, heard);
        STORY_VERIFY(replies[1].startsWith("550 5.7.27 "), heard);
        STORY_VERIFY(replies[2].startsWith("250 2.1.0 "), heard); // no MX at all is none
        STORY_VERIFY(replies[4].startsWith("250 2.1.0 "), heard); // nor is a domain that does not exist
        STORY_TRY(gateway.log().contains("its domain says that it neither sends nor takes mail"), gateway.log(), 20'000); // written a moment later
    }

    void waitsWhereWaitingCanHelp_data() {
        QTest::addColumn<QByteArray>("domain");
        QTest::addColumn<QString>("says");
        QTest::newRow("standards 10.4 nobody behind ourselves in the list") << QByteArray("middle.far.example") << u"dead.far.example"_s;
        QTest::newRow("standards 10.2 an MX without an address: the domain's own is not taken")
            << QByteArray("orphan.far.example") << u"gone.far.example"_s;
        QTest::newRow("D01 the name server refuses to answer") << QByteArray("elsewhere.net") << u"4.4.3"_s;
    }
    void waitsWhereWaitingCanHelp() {
        QFETCH(QByteArray, domain);
        QFETCH(QString, says);
        const qsizetype before = m_first->mails().size();
        GatewayProcess gateway(kConfig);
        useOurNameServer(gateway);
        STORY_VERIFY(gateway.start(), gateway.log());
        QVERIFY(send(gateway, "c@" + domain));
        STORY_TRY(gateway.queue().at(0).toObject()["lastError"_L1].toString().contains(says), gateway.log(), 30'000);
        QCOMPARE(gateway.queue().at(0).toObject()["state"_L1].toString(), u"waiting"_s);
        QCOMPARE(m_first->mails().size(), before);
    }

    void aNameServerThatIsAwayLosesNothing() { // D01
        GatewayProcess gateway(kConfig);
        useOurNameServer(gateway);
        STORY_VERIFY(gateway.start(), gateway.log());
        m_names->setDown(true);
        QVERIFY(send(gateway, "c@later.far.example"));
        STORY_TRY(gateway.queue().at(0).toObject()["lastError"_L1].toString().contains(u"4.4.3"_s), gateway.log(), 60'000);
        QCOMPARE(gateway.queue().at(0).toObject()["state"_L1].toString(), u"waiting"_s);
        const qsizetype before = m_first->mails().size();
        m_names->setDown(false);
        QVERIFY2(m_names->isRunning(), m_names->output().constData());
        // libunbound remembers for a few seconds that nobody answered: a person would try again, too.
        STORY_TRY((gateway.ctl({u"queue"_s, u"retry"_s, u"--all"_s}), gateway.queue().isEmpty()), gateway.log(), 60'000);
        QCOMPARE(m_first->mails().size(), before + 1);
        QVERIFY(m_office->mails().isEmpty() || m_office->mails().last().rcpts != QByteArrayList{"c@later.far.example"});
    }

    void aNameServerThatIsNoneIsNamed() {
        GatewayProcess gateway(kConfig);
        QVERIFY(QDir(gateway.folder()).mkdir(u"state"_s));
        gateway.write(u"state/postern.ini"_s, "[resolver]\nservers=my.router\n");
        STORY_VERIFY(gateway.start(), gateway.log());
        QVERIFY(send(gateway, "c@both.far.example"));
        STORY_TRY(gateway.queue().at(0).toObject()["lastError"_L1].toString().contains(u"\"my.router\" is not an address"_s),
                  gateway.log(), 30'000);
    }
};

int main(int argc, char** argv) {
    StoryMx story(enterPrivateNetwork()); // before Qt makes a thread
    QCoreApplication app(argc, argv);
    return QTest::qExec(&story, argc, argv);
}
#include "tst_story_mx.moc"
