// SPDX-License-Identifier: GPL-3.0-or-later
//
// The programs that people have: swaks, msmtp, curl and Python hand mail in; Postfix and Exim, with STARTTLS and a sign-in,
// take it; and a thousand messages of every awkward kind are the same octets at the far end (but for line ends, where a server
// stores LF).
#include "stories/support/gateway_process.h"
#include "stories/support/mail_sink.h"
#include "stories/support/postfix_peer.h"
#include "stories/support/smtp_sender.h"
#include "support/test_certs.h"

#include <QSet>
#include <QTest>

#include <algorithm>
#include <map>
#include <memory>

using namespace Qt::StringLiterals;
using namespace postern::test;

namespace {

QByteArray message(int n) {
    QByteArray text = "X-First: " + QByteArray::number(n) + "\r\nFrom: <scan@office.example>\r\nTo: <c@far.example>\r\n"
                      "Date: Thu, 19 Nov 2026 14:32:00 +0000\r\nMessage-ID: <" + QByteArray::number(n) +
                      "@office.example>\r\nSubject: number\r\n\r\n";
    switch (n % 6) {
    case 0: return text; // empty body
    case 1: return text + ".\r\n..\r\n.dot\r\n...\r\nend\r\n";
    case 2: return text + "M\xc3\xbcll und \xe2\x82\xac, and Latin-1: \xfc\xe4\r\n";
    case 3: return text + QByteArray(990, 'x') + "\r\n" + '.' + QByteArray(900, 'y') + "\r\n";
    case 4: return text + "\r\n\r\n \r\n\t\r\nblank lines before\r\n\r\n";
    default: break;
    }
    const int lines = n % 60 == 5 ? 20'000 : 30; // now and then a large one
    for (int i = 0; i < lines; ++i)
        text += QByteArray::number(quint64(i) * 2654435761u, 36).leftJustified(70, char('a' + n % 26)) + "\r\n";
    return text;
}

// From our mark on: what is above are Received fields. Real servers store LF.
QByteArray ownPart(QByteArray delivered) {
    delivered.replace("\r\n", "\n");
    const qsizetype at = delivered.indexOf("X-First: ");
    return at < 0 ? delivered : delivered.mid(at);
}

int numberOf(const QByteArray& own) {
    return own.mid(9, own.indexOf('\n') - 9).trimmed().toInt();
}

// "" = each of 0 ... n-1 is there once, unaltered. Trailing empty lines are not every mailbox format's to keep.
QByteArray difference(const QByteArrayList& delivered, int n, bool exact) {
    QSet<int> seen;
    for (const QByteArray& mail : delivered) {
        QByteArray own = ownPart(mail);
        const int number = numberOf(own);
        QByteArray expected = message(number);
        expected.replace("\r\n", "\n");
        if (!exact) {
            while (own.endsWith('\n'))
                own.chop(1);
            while (expected.endsWith('\n'))
                expected.chop(1);
        }
        if (own != expected) {
            const auto at = std::mismatch(own.begin(), own.end(), expected.begin(), expected.end()).first - own.begin();
            return "message " + QByteArray::number(number) + " altered at octet " + QByteArray::number(at) + ": " +
                   own.mid(at - 10, 60).toPercentEncoding(" ") + " instead of " + expected.mid(at - 10, 60).toPercentEncoding(" ");
        }
        if (seen.contains(number))
            return "message " + QByteArray::number(number) + " came twice";
        seen.insert(number);
    }
    return seen.size() == n ? QByteArray() : QByteArray::number(seen.size()) + " of " + QByteArray::number(n) + " came";
}

} // namespace

class StoryPrograms : public QObject {
    Q_OBJECT

    TestCerts m_certs;
    std::map<QByteArray, std::unique_ptr<PostfixPeer>> m_hops; // each takes a while to start, and serves all rows

    PostfixPeer* hopOf(const QByteArray& name) {
        auto& hop = m_hops[name];
        if (!hop) {
            hop = std::make_unique<PostfixPeer>(name == "exim" ? PostfixPeer::Program::Exim : PostfixPeer::Program::Postfix);
            if (!hop->start(closed()))
                qWarning("%s", hop->log().constData());
        }
        return hop.get();
    }
    static QByteArrayList since(PostfixPeer& hop, const QByteArrayList& before) { // unordered
        QByteArrayList mails = hop.mails();
        for (const QByteArray& mail : before)
            mails.removeOne(mail);
        return mails;
    }
    QStringList closed() {
        const CertificateFiles cert = m_certs.server("localhost");
        return {u"--tls"_s, QString::fromLatin1(cert.certFile), QString::fromLatin1(cert.keyFile), u"--auth"_s, u"carol"_s,
                u"s3cret"_s};
    }
    QByteArray config(quint16 port) const {
        return "ca test cert \"" + m_certs.caFile() + "\"\ntable secrets file:secrets\nlisten on 127.0.0.1 port 0\n"
               "action \"out\" relay host smtp+tls://office@localhost:" + QByteArray::number(port) +
               " auth <secrets> ca test\nmatch from any for any action \"out\"\n";
    }

  private Q_SLOTS:
    void clientsThatPeopleHave_data() {
        QTest::addColumn<QByteArray>("peer");
        QTest::addColumn<QString>("client");
        for (const char* peer : {"postfix", "exim"})
            for (const char* client : {"swaks", "msmtp", "curl", "smtplib"})
                QTest::addRow("%s to %s", client, peer) << QByteArray(peer) << QString::fromLatin1(client);
    }
    void clientsThatPeopleHave() {
        QFETCH(QByteArray, peer);
        QFETCH(QString, client);
        PostfixPeer* const hop = hopOf(peer);
        const QByteArrayList before = hop->mails();
        GatewayProcess gateway(config(hop->port()));
        gateway.write(u"secrets"_s, "office carol:s3cret\n");
        STORY_VERIFY(gateway.start(), gateway.log());
        const QString port = QString::number(gateway.port());
        const QByteArray mail = message(1);
        gateway.write(u"mail.eml"_s, mail);
        const QString file = gateway.path(u"mail.eml"_s);
        Ran sent;
        if (client == "swaks"_L1)
            sent = run(u"swaks"_s, {u"--server"_s, u"127.0.0.1:"_s + port, u"--from"_s, u"scan@office.example"_s, u"--to"_s,
                                    u"c@far.example"_s, u"--data"_s, u"@"_s + file, u"--suppress-data"_s});
        else if (client == "msmtp"_L1)
            sent = run(u"msmtp"_s, {u"--host=127.0.0.1"_s, u"--port="_s + port, u"--from=scan@office.example"_s, u"c@far.example"_s},
                       mail);
        else if (client == "curl"_L1)
            sent = run(u"curl"_s, {u"-sS"_s, u"--url"_s, u"smtp://127.0.0.1:"_s + port + u"/scanner.example"_s, u"--mail-from"_s,
                                   u"scan@office.example"_s, u"--mail-rcpt"_s, u"c@far.example"_s, u"-T"_s, file});
        else
            sent = run(u"python3"_s,
                       {u"-c"_s, u"import smtplib,sys\ns=smtplib.SMTP('127.0.0.1',"_s + port +
                                     u")\ns.sendmail('scan@office.example',['c@far.example'],open(sys.argv[1],'rb').read())\ns.quit()"_s,
                        file});
        STORY_VERIFY(sent.exit == 0, sent.out + sent.err);
        STORY_VERIFY(hop->waitFor(int(before.size()) + 1), gateway.log() + hop->log().right(3000));
        QByteArray expected = mail;
        expected.replace("\r\n", "\n");
        QCOMPARE(ownPart(since(*hop, before).first()).trimmed(), expected.trimmed());
        QVERIFY(gateway.waitQueue(0));
        const Ran activity = gateway.ctl({u"log"_s, u"-n"_s, u"20"_s});
        STORY_VERIFY(activity.out.contains("localhost [127.0.0.1]"), activity.out);
    }

    void aThousandMessagesAreTheSameOctets_data() {
        QTest::addColumn<QByteArray>("peer");
        QTest::addColumn<int>("messages");
        QTest::addRow("a sink that keeps each octet") << QByteArray("sink") << 1000;
        QTest::addRow("postfix, STARTTLS and sign-in") << QByteArray("postfix") << 1000;
        QTest::addRow("exim, STARTTLS and sign-in") << QByteArray("exim") << 1000;
    }
    void aThousandMessagesAreTheSameOctets() {
        QFETCH(QByteArray, peer);
        QFETCH(int, messages);
        MailSink sink;
        PostfixPeer* hop = nullptr;
        QByteArrayList before;
        QByteArray text = "listen on 127.0.0.1 port 0\naction \"out\" relay host smtp+notls://127.0.0.1:" +
                          QByteArray::number(sink.port()) + "\nmatch from any for any action \"out\"\n";
        if (peer != "sink") {
            hop = hopOf(peer);
            before = hop->mails();
            text = config(hop->port());
        }
        GatewayProcess gateway(text);
        gateway.write(u"secrets"_s, "office carol:s3cret\n");
        STORY_VERIFY(gateway.start(), gateway.log());
        std::unique_ptr<SmtpSender> sender;
        for (int n = 0; n < messages; ++n) {
            if (n % 90 == 0) {
                sender = std::make_unique<SmtpSender>(gateway.port());
                QVERIFY(sender->command("EHLO scanner.example").startsWith("250"));
            }
            const QByteArray reply = sender->send("scan@office.example", {"c@far.example"}, message(n));
            STORY_VERIFY(reply.startsWith("250"), reply);
        }
        QByteArrayList delivered;
        if (hop) {
            STORY_VERIFY(hop->waitFor(int(before.size()) + messages, 120), gateway.log().right(3000));
            delivered = since(*hop, before);
        } else {
            STORY_VERIFY(sink.waitFor(messages, 120), gateway.log().right(3000));
            for (const SunkMail& mail : sink.mails())
                delivered.append(mail.content);
        }
        const QByteArray wrong = difference(delivered, messages, !hop);
        STORY_VERIFY(wrong.isEmpty(), wrong);
        QVERIFY(gateway.waitQueue(0));
    }
};

QTEST_GUILESS_MAIN(StoryPrograms)
#include "tst_story_programs.moc"
