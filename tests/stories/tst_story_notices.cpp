// SPDX-License-Identifier: GPL-3.0-or-later
//
// Notices as those see them who get them: a real Postfix takes each one and delivers it, and Python's mail parser, at its
// strictest, reads it. RFC 3464, 3461, 3834, 6522, 6533; who must not be written to is not (Q14).
#include "stories/support/gateway_process.h"
#include "stories/support/mail_sink.h"
#include "stories/support/postfix_peer.h"
#include "stories/support/smtp_sender.h"
#include "support/places.h"

#include <QDir>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace postern::test;

class StoryNotices : public QObject {
    Q_OBJECT

    PostfixPeer m_office; // where the senders are
    MailSink m_far;       // refuses some recipients
    std::unique_ptr<GatewayProcess> m_gateway;

    QString newestNotice() const {
        const QDir folder(m_office.folder() + u"/mail/new"_s);
        const QStringList files = folder.entryList(QDir::Files, QDir::Time | QDir::Reversed);
        return files.isEmpty() ? QString() : folder.filePath(files.last());
    }
    // What the parser says: "name value" lines.
    static Ran read(const QString& file) {
        return run(u"python3"_s, {QStringLiteral(POSTERN_SOURCE_DIR "/tests/peers/read_notice.py"), file});
    }
    bool send(const QByteArray& mail, const QByteArrayList& rcpts) const {
        SmtpSender sender(m_gateway->port());
        bool good = sender.command("EHLO scanner.example").startsWith("250") && sender.command("MAIL FROM:" + mail).startsWith("250");
        for (const QByteArray& rcpt : rcpts)
            good = good && sender.command("RCPT TO:" + rcpt).startsWith("250");
        good = good && sender.command("DATA").startsWith("354");
        sender.write("From: scan@office.example\r\nTo: somebody@far.example\r\nSubject: the subject\r\n"
                     "Date: Thu, 19 Nov 2026 14:32:00 +0000\r\nMessage-ID: <1@office.example>\r\n\r\nthe body\r\n.\r\n");
        return good && sender.reply().startsWith("250");
    }

  private Q_SLOTS:
    void initTestCase() {
        STORY_VERIFY(m_office.start({u"--set"_s, u"smtputf8_enable=yes"_s}), m_office.log());
        m_gateway = std::make_unique<GatewayProcess>(
            "listen on 127.0.0.1 port 0\naction \"home\" relay host smtp+notls://127.0.0.1:" + QByteArray::number(m_office.port()) +
            "\naction \"out\" relay host smtp+notls://127.0.0.1:" + QByteArray::number(m_far.port()) +
            "\nmatch from any for domain office.example action \"home\"\nmatch from any for any action \"out\"\n");
        STORY_VERIFY(m_gateway->start(), m_gateway->log());
    }
    void cleanup() { m_far.answer("RCPT", ""); }

    void isReadByAStranger_data() {
        QTest::addColumn<QByteArray>("mail");   // of MAIL
        QTest::addColumn<QByteArrayList>("rcpts");
        QTest::addColumn<QByteArray>("refusal"); // of the far server, "" = it takes all
        QTest::addColumn<QByteArrayList>("says");
        QTest::addColumn<QByteArrayList>("saysNot"); // names of fields
        const QByteArray refusal = "550-5.1.1 there is nobody\r\n550 5.1.1 of that name here\r\n";
        const QByteArrayList always{"header.auto-submitted auto-replied", "header.mime-version 1.0", "header.return-path <>"};
        QTest::newRow("RFC 3464 two recipients failed")
            << "<scan@office.example>"_ba << QByteArrayList{"<a@far.example>", "<b@far.example>"} << refusal
            << always + QByteArrayList{"report-type delivery-status", "part.1 text/plain", "part.2 message/delivery-status",
                                       "part.3 text/rfc822-headers", "header.to scan@office.example",
                                       "recipient.1.final-recipient rfc822; a@far.example", "recipient.1.action failed",
                                       "recipient.1.status 5.1.1", "recipient.2.final-recipient rfc822; b@far.example",
                                       "recipient.1.diagnostic-code smtp; 550 5.1.1 there is nobody of that name here",
                                       "original.subject the subject", "original.message-id <1@office.example>"}
            << QByteArrayList{"message.original-envelope-id", "recipient.1.original-recipient", "returned", "recipient.3"};
        QTest::newRow("RFC 3461 ENVID and ORCPT come back decoded")
            << "<scan@office.example> ENVID=Job+2B7"_ba << QByteArrayList{"<a@far.example> ORCPT=rfc822;Old+2BName@office.example"} << refusal
            << always + QByteArrayList{"message.original-envelope-id Job+7", "recipient.1.original-recipient rfc822; Old+Name@office.example"}
            << QByteArrayList();
        QTest::newRow("RFC 3461 RET=FULL returns the whole message")
            << "<scan@office.example> RET=FULL"_ba << QByteArrayList{"<a@far.example>"} << refusal
            << always + QByteArrayList{"part.3 message/rfc822", "returned the body", "original.subject the subject"} << QByteArrayList();
        QTest::newRow("RFC 3461 NOTIFY=SUCCESS and a next hop without DSN: relayed")
            << "<scan@office.example>"_ba << QByteArrayList{"<a@far.example> NOTIFY=SUCCESS"} << QByteArray()
            << always + QByteArrayList{"recipient.1.action relayed", "recipient.1.final-recipient rfc822; a@far.example"} << QByteArrayList();
        QTest::newRow("RFC 6533 3 an international sender and recipient, the latter in the form that any relay can carry")
            << "<j\xc3\xbcrg@office.example> SMTPUTF8"_ba << QByteArrayList{"<\xc3\xa4nne@far.example>"} << QByteArray()
            << always + QByteArrayList{"part.2 message/delivery-status", "recipient.1.final-recipient utf-8; \\x{E4}nne@far.example",
                                       "recipient.1.action failed", "recipient.1.status 5.6.7", "header.to j\xc3\xbcrg@office.example"}
            << QByteArrayList();
    }
    void isReadByAStranger() {
        QFETCH(QByteArray, mail);
        QFETCH(QByteArrayList, rcpts);
        QFETCH(QByteArray, refusal);
        QFETCH(QByteArrayList, says);
        QFETCH(QByteArrayList, saysNot);
        m_far.answer("RCPT", refusal);
        const int before = int(m_office.mails().size());
        QVERIFY(send(mail, rcpts));
        STORY_VERIFY(m_office.waitFor(before + 1), m_gateway->log().right(3000) + m_office.log().right(2000));
        QVERIFY(m_gateway->waitQueue(0));
        QCOMPARE(int(m_office.mails().size()), before + 1);
        const Ran notice = read(newestNotice());
        STORY_VERIFY(notice.exit == 0, notice.err + m_office.mails().last());
        const QByteArrayList lines = notice.out.split('\n');
        for (const QByteArray& expected : says)
            STORY_VERIFY(lines.contains(expected), "missing: " + expected + '\n' + notice.out);
        for (const QByteArray& name : saysNot)
            STORY_VERIFY(!notice.out.contains('\n' + name), name + " in\n" + notice.out);
    }

    void Q14_whoMustNotBeToldIsNot_data() {
        QTest::addColumn<QByteArray>("mail");
        QTest::addColumn<QByteArray>("rcpt");
        QTest::newRow("a null sender") << "<>"_ba << "<a@far.example>"_ba;
        QTest::newRow("NOTIFY=NEVER") << "<scan@office.example>"_ba << "<a@far.example> NOTIFY=NEVER"_ba;
        QTest::newRow("NOTIFY=SUCCESS, and it failed") << "<scan@office.example>"_ba << "<a@far.example> NOTIFY=SUCCESS"_ba;
        QTest::newRow("a bounce that bounces") << "<nobody@far.example>"_ba << "<a@far.example>"_ba;
    }
    void Q14_whoMustNotBeToldIsNot() {
        QFETCH(QByteArray, mail);
        QFETCH(QByteArray, rcpt);
        m_far.answer("RCPT", "550 5.1.1 nobody\r\n");
        const int before = int(m_office.mails().size());
        QVERIFY(send(mail, {rcpt}));
        QVERIFY(m_gateway->waitQueue(0));
        QVERIFY(send("<scan@office.example>", {"<witness@far.example>"})); // and this one is told
        STORY_VERIFY(m_office.waitFor(before + 1), m_gateway->log().right(3000));
        QVERIFY(m_gateway->waitQueue(0));
        QCOMPARE(int(m_office.mails().size()), before + 1);
        QVERIFY(m_office.mails().last().contains("witness@far.example"));
    }
};

QTEST_GUILESS_MAIN(StoryNotices)
#include "tst_story_notices.moc"
