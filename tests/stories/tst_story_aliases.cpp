// SPDX-License-Identifier: GPL-3.0-or-later
//
// Mail for names of this gateway that stand for people elsewhere: aliases, a list in a file, virtual domains that forward, in
// three dialects; what the senders of unknown names hear; and the notice that a name stands for several.
#include "stories/support/gateway_process.h"
#include "stories/support/mail_sink.h"
#include "stories/support/smtp_sender.h"

#include <QDir>
#include <QTest>

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace postern::test;

namespace {

QByteArray configFor(const QByteArray& dialect, quint16 sink, const QByteArray& folder) {
    const QByteArray to = "127.0.0.1:" + QByteArray::number(sink);
    if (dialect == "modern")
        return "listen on 127.0.0.1 port 0\ntable aliases file:tables/aliases\ntable virtuals file:tables/virtuals\n"
               "action \"in\" mbox alias <aliases>\naction \"virtual\" forward-only virtual <virtuals>\n"
               "action \"out\" relay host smtp+notls://" + to + "\n"
               "match from any for domain \"office.example\" action \"in\"\n"
               "match from any for domain \"shop.example\" action \"virtual\"\n"
               "match from local for any action \"out\"\n";
    if (dialect == "legacy")
        return "listen on 127.0.0.1 port 0\ntable aliases file:tables/aliases\ntable virtuals file:tables/virtuals\n"
               "accept from any for domain \"office.example\" alias <aliases> deliver to mbox\n"
               "accept from any for domain \"shop.example\" virtual <virtuals>\n"
               "accept from local for any relay via smtp://" + to + "\n";
    return "listen on 127.0.0.1 port 0\nmap \"aliases\" source plain \"" + folder + "/tables/aliases\"\n"
           "map \"virtuals\" source plain \"" + folder + "/tables/virtuals\"\n"
           "accept from all for domain \"office.example\" alias \"aliases\" deliver to mbox\n"
           "accept from all for virtual \"virtuals\" deliver to mbox\n"
           "accept from local for all relay via \"smtp://" + to + "\"\n";
}

QByteArrayList recipientsOf(const MailSink& sink) {
    QByteArrayList all;
    for (const SunkMail& mail : sink.mails())
        all += mail.rcpts;
    std::sort(all.begin(), all.end());
    return all;
}

} // namespace

class StoryAliases : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void namesLeadElsewhere_data() {
        QTest::addColumn<QByteArray>("dialect");
        QTest::newRow("action/match") << QByteArray("modern");
        QTest::newRow("accept/reject") << QByteArray("legacy");
        QTest::newRow("the map dialect of 2012") << QByteArray("2012");
    }

    void namesLeadElsewhere() {
        QFETCH(QByteArray, dialect);
        MailSink sink;
        GatewayProcess gateway("");
        const QByteArray folder = gateway.folder().toLocal8Bit();
        gateway.setConfig(configFor(dialect, sink.port(), folder));
        QVERIFY(QDir(gateway.folder()).mkdir(u"tables"_s));
        gateway.write(u"tables/aliases"_s, "sales: ann@far.example, bob@far.example\n"
                                           "info: sales\n"
                                           "staff: :include:" + folder + "/tables/staff\n"
                                           "gone: error:550 moved away\n");
        gateway.write(u"tables/staff"_s, "# everybody\nann@far.example\ncarol@far.example\n");
        gateway.write(u"tables/virtuals"_s, dialect == "2012" ? "shop.example x\norders@shop.example eve@far.example\n"
                                                                "@shop.example rest@far.example\n"
                                                              : "orders@shop.example eve@far.example\n"
                                                                "@shop.example rest@far.example\n");
        STORY_VERIFY(gateway.start(), gateway.log());
        SmtpSender client(gateway.port());
        client.command("EHLO scanner.example");
        const QByteArray content = "Subject: to many names\r\n\r\nbody\r\n";

        // Three names, four people: each gets it once.
        QByteArray reply = client.send("scan@far.example", {"info@office.example", "staff@office.example", "orders@shop.example"}, content);
        STORY_VERIFY(reply.startsWith("250"), reply);
        STORY_TRY(recipientsOf(sink).size() == 4, gateway.log(), 20'000);
        QCOMPARE(recipientsOf(sink), (QByteArrayList{"ann@far.example", "bob@far.example", "carol@far.example", "eve@far.example"}));
        reply = client.send("scan@far.example", {"anything@shop.example"}, content);
        STORY_VERIFY(reply.startsWith("250"), reply);
        STORY_TRY(recipientsOf(sink).contains("rest@far.example"), gateway.log(), 20'000);

        client.command("MAIL FROM:<scan@far.example>");
        QCOMPARE(client.command("RCPT TO:<gone@office.example>"), "550 moved away: <gone@office.example>\r\n");
        const QByteArray unknown = client.command("RCPT TO:<no-such-user-here@office.example>");
        STORY_VERIFY(unknown.startsWith("550 5.1.1 "), unknown);
        client.command("RSET");

        // What explain says is what happens.
        const QJsonObject explained = gateway.ctl({u"explain"_s, u"--local"_s, u"--mail-from"_s, u"a@b.example"_s, u"--rcpt-to"_s,
                                                   u"info@office.example"_s, u"--json"_s}).json().toObject();
        QCOMPARE(explained["verdict"_L1].toString(), u"expand"_s);
        QCOMPARE(explained["envelopes"_L1].toArray().size(), 2);

        QVERIFY(gateway.waitQueue(0));
        QCOMPARE(gateway.stop(), 0);
    }

    void whoAskedIsToldThatANameStandsForSeveral() {
        MailSink sink;
        GatewayProcess gateway("listen on 127.0.0.1 port 0\ntable al { team = \"ann@far.example, bob@far.example\" }\n"
                               "action \"in\" expand-only alias <al>\naction \"out\" relay host smtp+notls://127.0.0.1:" +
                               QByteArray::number(sink.port()) +
                               "\nmatch from any for domain \"office.example\" action \"in\"\nmatch for any action \"out\"\n");
        STORY_VERIFY(gateway.start(), gateway.log());
        SmtpSender client(gateway.port());
        client.command("EHLO scanner.example");
        client.command("MAIL FROM:<scan@far.example> ENVID=QQ314159");
        const QByteArray taken = client.command("RCPT TO:<team@office.example> NOTIFY=SUCCESS,FAILURE");
        STORY_VERIFY(taken.startsWith("250"), taken);
        client.command("DATA");
        client.write("Subject: s\r\n\r\nbody\r\n.\r\n");
        const QByteArray stored = client.reply();
        STORY_VERIFY(stored.startsWith("250"), stored);
        STORY_TRY(recipientsOf(sink).size() == 3, gateway.log(), 20'000);
        QByteArray notice;
        for (const SunkMail& mail : sink.mails())
            if (mail.from.isEmpty())
                notice = mail.content;
        STORY_VERIFY(notice.contains("\r\nAction: expanded\r\n"), notice);
        STORY_VERIFY(notice.contains("\r\nOriginal-Recipient: rfc822; team@office.example\r\n"), notice);
        STORY_VERIFY(notice.contains("\r\nOriginal-Envelope-Id: QQ314159\r\n"), notice);
        QCOMPARE(gateway.stop(), 0);
    }
};

QTEST_GUILESS_MAIN(StoryAliases)
#include "tst_story_aliases.moc"
