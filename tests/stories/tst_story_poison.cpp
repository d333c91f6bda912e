// SPDX-License-Identifier: GPL-3.0-or-later
//
// A message that brings the gateway down each time it is sent is set aside after three times; all others are delivered, and
// nothing is lost (threats Q15).
#include "stories/support/gateway_process.h"
#include "stories/support/mail_sink.h"
#include "stories/support/smtp_sender.h"

#include <QJsonDocument>
#include <QScopeGuard>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace postern::test;

class StoryPoison : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void Q15_aMessageThatBringsTheGatewayDownIsSetAside() {
        MailSink sink;
        GatewayProcess gateway("listen on 127.0.0.1 port 0\naction \"out\" relay host smtp://127.0.0.1:" +
                               QByteArray::number(sink.port()) + "\nmatch from any for any action \"out\"\n");
        const auto clean = qScopeGuard([] { qunsetenv("LD_PRELOAD"); });
        qputenv("LD_PRELOAD", POSTERN_POISON_LIBRARY);

        STORY_VERIFY(gateway.start(), gateway.log());
        {
            SmtpSender sender(gateway.port());
            QVERIFY(sender.command("EHLO c.example").startsWith("250"));
            const QByteArray reply = sender.send("a@b.example", {"deadly@d.example"}, "X-Deadly: yes\r\nSubject: x\r\n\r\nx\r\n");
            STORY_VERIFY(reply.isEmpty() || reply.startsWith("250"), reply); // it may break down before its 250 is out
        }
        for (int i = 1; i < 3; ++i) {
            STORY_VERIFY(gateway.waitGone(20), gateway.log());
            STORY_VERIFY(gateway.start(), gateway.log());
        }
        STORY_VERIFY(gateway.waitGone(20), gateway.log());

        // The fourth life holds it and works.
        STORY_VERIFY(gateway.start(), gateway.log());
        STORY_VERIFY(gateway.waitQueue(1, u"held"_s), gateway.log());
        SmtpSender sender(gateway.port());
        QVERIFY(sender.command("EHLO c.example").startsWith("250"));
        QVERIFY(sender.send("a@b.example", {"c@d.example"}, "Subject: y\r\n\r\ny\r\n").startsWith("250"));
        STORY_VERIFY(sink.waitFor(1), gateway.log());
        QVERIFY(sink.mails().front().content.contains("Subject: y"));
        const QJsonObject held = gateway.queue().first().toObject();
        const QString text = QString::fromUtf8(QJsonDocument(held).toJson());
        QVERIFY2(text.contains(u"broke down again and again"_s), qPrintable(text));
        QVERIFY2(gateway.log().contains("is held: the gateway broke down"), gateway.log().constData());
        QCOMPARE(gateway.stop(), 0);

        // Mended (the library is gone) and released, it goes its way.
        qunsetenv("LD_PRELOAD");
        STORY_VERIFY(gateway.start(), gateway.log());
        QCOMPARE(gateway.ctl({u"queue"_s, u"release"_s, held[u"id"_s].toString()}).exit, 0);
        STORY_VERIFY(sink.waitFor(2), gateway.log());
        QVERIFY(sink.mails().back().content.contains("X-Deadly: yes"));
        QCOMPARE(gateway.stop(), 0);
    }
};

QTEST_GUILESS_MAIN(StoryPoison)
#include "tst_story_poison.moc"
