// SPDX-License-Identifier: GPL-3.0-or-later
//
// The README's first minute: the default configuration takes the README's swaks line and keeps the message for reading;
// and the same queue is there after a kill, to commands with and without a running gateway.
#include "stories/support/gateway_process.h"
#include "stories/support/smtp_sender.h"

#include <QTest>

using namespace Qt::StringLiterals;
using namespace postern::test;

class StoryCatch : public QObject {
    Q_OBJECT

    static constexpr char kConfig[] = "listen on 127.0.0.1 port 0\naction \"caught\" catch\n"
                                      "match from any for any action \"caught\"\n";

  private Q_SLOTS:
    void swaksIsCaughtAndSurvivesAKill() {
        GatewayProcess gateway(kConfig);
        STORY_VERIFY(gateway.start(), gateway.log());
        const Ran sent = run(u"swaks"_s, {u"--server"_s, u"127.0.0.1:%1"_s.arg(gateway.port()), u"--from"_s,
                                          u"scan@marlowfinch.example"_s, u"--to"_s, u"petra@marlowfinch.example"_s,
                                          u"--header"_s, u"Subject: Scan from Copier"_s, u"--body"_s, u"page one"_s});
        QCOMPARE(sent.exit, 0);
        QVERIFY(gateway.waitQueue(1, u"caught"_s));
        gateway.kill();

        const QJsonArray stopped = gateway.queue(); // works on the stopped profile
        QCOMPARE(stopped.size(), 1);
        QCOMPARE(stopped[0].toObject()["state"_L1].toString(), u"caught"_s);
        QCOMPARE(stopped[0].toObject()["recipient"_L1].toString(), u"petra@marlowfinch.example"_s);
        QCOMPARE(stopped[0].toObject()["subject"_L1].toString(), u"Scan from Copier"_s);

        STORY_VERIFY(gateway.start(), gateway.log());
        QCOMPARE(gateway.queue().size(), 1);
        const Ran removed = gateway.ctl({u"queue"_s, u"remove"_s, stopped[0].toObject()["message"_L1].toString()});
        QCOMPARE(removed.exit, 0);
        QVERIFY(gateway.waitQueue(0));
        QCOMPARE(gateway.stop(), 0);
        QVERIFY(gateway.queue().isEmpty());
    }

    void holdAndReleaseOnTheStoppedQueue() {
        GatewayProcess gateway("listen on 127.0.0.1 port 0\naction \"out\" relay host smtp://127.0.0.1:9\n"
                               "match from any for any action \"out\"\n");
        STORY_VERIFY(gateway.start(), gateway.log());
        SmtpSender sender(gateway.port());
        QVERIFY(sender.command("EHLO t.example").startsWith("250"));
        QVERIFY(sender.send("a@b.example", {"c@d.example"}, "Subject: x\r\n\r\ny\r\n").startsWith("250"));
        QCOMPARE(gateway.stop(), 0);
        const QString id = gateway.queue().at(0).toObject()["id"_L1].toString();
        QCOMPARE(gateway.ctl({u"queue"_s, u"hold"_s, id}).exit, 0);
        QCOMPARE(gateway.queue().at(0).toObject()["state"_L1].toString(), u"held"_s);
        STORY_VERIFY(gateway.start(), gateway.log());
        QCOMPARE(gateway.queue().at(0).toObject()["state"_L1].toString(), u"held"_s);
        QCOMPARE(gateway.ctl({u"queue"_s, u"release"_s, id}).exit, 0);
        QVERIFY(gateway.waitQueue(0, u"held"_s));
        const Ran shown = gateway.ctl({u"queue"_s, u"show"_s, id});
        QCOMPARE(shown.exit, 0);
        QVERIFY(shown.out.contains("c@d.example"));
        const Ran unknown = gateway.ctl({u"queue"_s, u"show"_s, u"00000000deadbeef"_s});
        QCOMPARE(unknown.exit, 1);
        QVERIFY(unknown.err.contains("00000000deadbeef"));
    }
};

QTEST_GUILESS_MAIN(StoryCatch)
#include "tst_story_catch.moc"
