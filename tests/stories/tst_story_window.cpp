// SPDX-License-Identifier: GPL-3.0-or-later
//
// The program with the window, as a process without a screen: it is a whole gateway, commands attach to it, a kill loses
// nothing, it is there once for each profile, and beside a gateway that already runs it only looks.
#include "gateway_door.h"
#include "stories/support/gateway_process.h"
#include "stories/support/mail_sink.h"
#include "stories/support/postfix_peer.h"
#include "stories/support/smtp_sender.h"
#include "support/places.h"
#include "support/test_certs.h"
#include "window/frame/main_window.h"
#include "window/theme/theme.h"

#include "base/clock.h"

#include <QAbstractItemView>
#include <QElapsedTimer>
#include <QSet>
#include <QTest>

#include <atomic>
#include <csignal>
#include <mutex>
#include <thread>

using namespace Qt::StringLiterals;
using namespace postern;
using namespace postern::test;

namespace {

constexpr char kCatch[] = "listen on 127.0.0.1 port 0\naction \"caught\" catch\nmatch from any for any action \"caught\"\n";

Ran swaks(quint16 port, const QString& to, const QString& subject) {
    return run(u"swaks"_s, {u"--server"_s, u"127.0.0.1:%1"_s.arg(port), u"--from"_s, u"scan@office.example"_s, u"--to"_s, to,
                            u"--header"_s, u"Subject: "_s + subject, u"--body"_s, u"page one"_s});
}

// A window of the same profile, in a process of its own, beside what runs there already.
Ran startAgain(const GatewayProcess& gateway, const QStringList& arguments = {}) {
    QProcess process;
    process.setProcessEnvironment(withoutAScreen());
    process.start(QStringLiteral(POSTERN_BIN_DIR "/postern"), QStringList{u"--profile"_s, gateway.folder()} + arguments);
    if (process.waitForFinished(20'000))
        return {process.exitCode(), process.readAllStandardOutput(), process.readAllStandardError()};
    process.kill();
    process.waitForFinished(5000);
    return {-1, {}, "did not end in time: " + process.readAllStandardError()};
}

qint64 enginePid(const GatewayProcess& gateway) {
    return gateway.ctl({u"status"_s, u"--json"_s}).json().toObject()["pid"_L1].toInteger();
}

} // namespace

class StoryWindow : public QObject {
    Q_OBJECT

    TestCerts m_certs;

  private Q_SLOTS:
    void itRelaysToAProviderAndCatchesAndCommandsAttach() {
        PostfixPeer peer;
        const CertificateFiles cert = m_certs.server("localhost");
        STORY_VERIFY(peer.start({u"--tls"_s, QString::fromLatin1(cert.certFile), QString::fromLatin1(cert.keyFile),
                                 u"--auth"_s, u"carol"_s, u"s3cret"_s}),
                     peer.log());
        GatewayProcess gateway("ca test cert \"" + m_certs.caFile() + "\"\ntable secrets file:secrets\n"
                               "listen on 127.0.0.1 port 0\n"
                               "action \"caught\" catch\n"
                               "action \"provider\" relay host smtp+tls://office@localhost:" + QByteArray::number(peer.port()) +
                               " auth <secrets> ca test\n"
                               "match from any for domain \"trial.example\" action \"caught\"\n"
                               "match from any for any action \"provider\"\n", u"queue"_s);
        gateway.write(u"secrets"_s, "office carol:s3cret\n");
        STORY_VERIFY(gateway.startWindow(), gateway.log());

        const Ran relayed = swaks(gateway.port(), u"c@far.example"_s, u"through the provider"_s);
        STORY_VERIFY(relayed.exit == 0, relayed.out + relayed.err);
        const Ran caught = swaks(gateway.port(), u"petra@trial.example"_s, u"only to be read"_s);
        STORY_VERIFY(caught.exit == 0, caught.out + caught.err);
        STORY_VERIFY(peer.waitFor(1), gateway.log() + peer.log().right(4000));
        STORY_VERIFY(peer.mails().first().contains("Subject: through the provider"), peer.mails().first());
        STORY_VERIFY(peer.log().contains("sasl_username=carol"), "nobody signed in");
        STORY_VERIFY(gateway.waitQueue(1), gateway.log());
        const QJsonObject row = gateway.queue().at(0).toObject();
        QCOMPARE(row["state"_L1].toString(), u"caught"_s);
        QCOMPARE(row["recipient"_L1].toString(), u"petra@trial.example"_s);
        const QJsonObject status = gateway.ctl({u"status"_s, u"--json"_s}).json().toObject();
        QCOMPARE(status["pid"_L1].toInteger(), gateway.pid());
        QVERIFY(status["catchesMail"_L1].toBool() && status["sendsMail"_L1].toBool());
        const Ran shown = gateway.ctl({u"queue"_s, u"show"_s, row["id"_L1].toString()});
        STORY_VERIFY(shown.exit == 0 && shown.out.contains("only to be read"), shown.out + shown.err);
        STORY_VERIFY(!gateway.log().contains("s3cret"), "a password is in the log");
        QCOMPARE(peer.mails().size(), 1);
    }

    void killedUnderWayItLosesNothing() {
        constexpr int kRounds = 5;
        MailSink sink;
        GatewayProcess gateway("listen on 127.0.0.1 port 0\naction \"out\" relay host smtp://127.0.0.1:" +
                               QByteArray::number(sink.port()) + "\nmatch from any for any action \"out\"\n", u"queue"_s);
        QSet<QByteArray> acknowledged;
        std::mutex mutex;
        for (int round = 0; round < kRounds; ++round) {
            STORY_VERIFY(gateway.startWindow({u"--background"_s}), gateway.log());
            const int before = int(sink.mails().size());
            std::atomic<bool> over = false;
            std::vector<std::thread> clients;
            for (int c = 0; c < 4; ++c)
                clients.emplace_back([&, c, port = gateway.port()] {
                    SmtpSender sender(port);
                    sender.command("EHLO load.example");
                    for (int n = 0; !over && sender.isOpen(); ++n) {
                        const QByteArray id = QByteArray::number(round) + '-' + QByteArray::number(c) + '-' + QByteArray::number(n) + '.';
                        if (!sender.send("a@b.example", {"c@d.example"}, "X-Id: " + id + "\r\n\r\n" + QByteArray(n % 5 * 20'000, 'x').replace("xx", "x\r\n") + "end\r\n").startsWith("250"))
                            break;
                        const std::lock_guard lock(mutex);
                        acknowledged.insert(id);
                    }
                });
            const bool isUnderWay = sink.waitFor(before + 10); // mail comes in and goes out
            gateway.kill();
            over = true;
            for (std::thread& client : clients)
                client.join();
            STORY_VERIFY(isUnderWay, gateway.log());
        }
        STORY_VERIFY(gateway.startWindow(), gateway.log());
        STORY_VERIFY(gateway.waitQueue(0, {}, 60), gateway.log());
        QSet<QByteArray> arrived;
        for (const SunkMail& mail : sink.mails()) {
            const qsizetype at = mail.content.indexOf("X-Id: ") + 6;
            arrived.insert(mail.content.mid(at, mail.content.indexOf("\r\n", at) - at));
            STORY_VERIFY(mail.content.endsWith("end\r\n"), "torn: " + mail.content.left(300));
        }
        QVERIFY(acknowledged.size() >= kRounds * 10);
        const QSet<QByteArray> lost = acknowledged - arrived;
        STORY_VERIFY(lost.isEmpty(), QByteArrayList(lost.begin(), lost.end()).join(' '));
    }

    void aSecondStartShowsTheFirstWindowAndEnds() {
        GatewayProcess gateway(kCatch, u"queue"_s);
        STORY_VERIFY(gateway.startWindow({u"--background"_s}), gateway.log());
        QVERIFY(!gateway.log().contains("its window is shown"));
        const Ran second = startAgain(gateway);
        STORY_VERIFY(second.exit == 0, second.err);
        STORY_TRY(gateway.log().contains("its window is shown"), gateway.log(), 10'000);
        QVERIFY(gateway.isRunning());
        QCOMPARE(enginePid(gateway), gateway.pid());
    }

    void afterAKillTheNextStartIsNotTakenForASecond() {
        GatewayProcess gateway(kCatch, u"queue"_s);
        STORY_VERIFY(gateway.startWindow(), gateway.log());
        gateway.kill();
        STORY_VERIFY(gateway.startWindow(), gateway.log());
        QCOMPARE(gateway.stop(5), 0);
    }

    void besideARunningGatewayItAttachesAndLeavesItRunning() {
        GatewayProcess gateway(kCatch, u"queue"_s);
        STORY_VERIFY(gateway.start(), gateway.log());
        QProcess process;
        process.setProcessEnvironment(withoutAScreen());
        process.setStandardErrorFile(gateway.path(u"window.log"_s));
        process.start(QStringLiteral(POSTERN_BIN_DIR "/postern"), {u"--profile"_s, gateway.folder()});
        QVERIFY(process.waitForStarted());
        const auto said = [&gateway] {
            QFile file(gateway.path(u"window.log"_s));
            return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
        };
        STORY_TRY(said().contains("attached to the gateway"), said(), 20'000);
        QCOMPARE(enginePid(gateway), gateway.pid());
        QElapsedTimer time;
        time.start();
        process.terminate();
        QVERIFY(process.waitForFinished(5000));
        QCOMPARE(process.exitStatus(), QProcess::NormalExit);
        QCOMPARE(process.exitCode(), 0);
        QVERIFY(gateway.isRunning());
        QCOMPARE(swaks(gateway.port(), u"petra@trial.example"_s, u"still here"_s).exit, 0);
    }

    // The same window in this process, so that its rows can be looked at.
    void anAttachedWindowShowsTheMailOfTheGateway() {
        GatewayProcess gateway(kCatch, u"queue"_s);
        STORY_VERIFY(gateway.start(), gateway.log());
        window::theme::install(*qApp, window::theme::Scheme::Light);
        const SystemClock clock;
        GatewayDoor door(engine::Profile::at(QFile::encodeName(gateway.folder())));
        QVERIFY(door.open());
        QVERIFY(!door.isInProcess());
        window::WindowSetup setup;
        window::MainWindow window(door, clock, std::move(setup));
        window.show();
        window.openPage(u"caught"_s);
        QTRY_VERIFY(window.link().isThere());
        QCOMPARE(window.link().status().pid, gateway.pid());
        QCOMPARE(swaks(gateway.port(), u"petra@trial.example"_s, u"Scan from the copier"_s).exit, 0);
        const auto* view = window.findChild<QAbstractItemView*>(u"caughtView"_s);
        QTRY_COMPARE_WITH_TIMEOUT(view->model()->rowCount(), 1, 20'000);
        QVERIFY(view->model()->index(0, 0).data(Qt::AccessibleTextRole).toString().contains(u"Scan from the copier"));

        // It goes: the window says so and offers a way on, and stays.
        QCOMPARE(gateway.stop(), 0);
        STORY_TRY(!window.link().isThere() && window.link().reason().contains(u"has stopped"), window.link().reason().toUtf8(),
                  20'000);
        QVERIFY(window.isVisible());
    }

    void aTermSignalEndsItSoon_data() {
        QTest::addColumn<bool>("hasClient");
        QTest::newRow("nobody is connected") << false;
        QTest::newRow("a client sits in the middle of its content") << true;
    }

    void aTermSignalEndsItSoon() {
        QFETCH(bool, hasClient);
        GatewayProcess gateway(kCatch, u"queue"_s);
        STORY_VERIFY(gateway.startWindow(), gateway.log());
        QCOMPARE(swaks(gateway.port(), u"petra@trial.example"_s, u"kept"_s).exit, 0);
        SmtpSender sender(gateway.port());
        if (hasClient) {
            QVERIFY(sender.command("EHLO slow.example").startsWith("250"));
            QVERIFY(sender.command("MAIL FROM:<a@b.example>").startsWith("250"));
            QVERIFY(sender.command("RCPT TO:<c@d.example>").startsWith("250"));
            QVERIFY(sender.command("DATA").startsWith("354"));
            sender.write("Subject: never finished\r\n");
        }
        QElapsedTimer time;
        time.start();
        QCOMPARE(gateway.stop(10), 0);
        STORY_VERIFY(time.elapsed() < (hasClient ? 10'000 : 5000), QByteArray::number(time.elapsed()) + " ms\n" + gateway.log());
        QCOMPARE(gateway.queue().size(), 1); // of the stopped profile
    }

    void stopFromTheCommandLineEndsTheWindowToo() {
        GatewayProcess gateway(kCatch, u"queue"_s);
        STORY_VERIFY(gateway.startWindow(), gateway.log());
        QCOMPARE(gateway.ctl({u"stop"_s}).exit, 0);
        QVERIFY(gateway.waitGone(10));
        QCOMPARE(gateway.exitStatus(), 0);
    }
};

int main(int argc, char** argv) {
    qputenv("QT_QPA_PLATFORM", "offscreen");
    const QApplication app(argc, argv);
    StoryWindow story;
    return QTest::qExec(&story, argc, argv);
}
#include "tst_story_window.moc"
