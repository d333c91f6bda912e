// SPDX-License-Identifier: GPL-3.0-or-later
//
// The network between the gateway and its next hop goes away in the middle of a mail, at each step, silently or with a reset;
// hours later it is back. The mail waits meanwhile and says why, leaves by itself with the next one, and arrives once; only
// where the cut came between the final dot and the reply to it may it arrive twice (RFC 5321 §6.1, standards 10.10).
// A whole gateway in this process, for its clock is the story's: time-outs of minutes cost none.
#include "engine/engine_host.h"
#include "stories/support/cuttable_link.h"
#include "stories/support/gateway_process.h"
#include "stories/support/mail_sink.h"
#include "stories/support/private_network.h"
#include "stories/support/smtp_sender.h"
#include "support/local_name_server.h"
#include "support/shifted_clock.h"

#include "base/log.h"

#include <QJsonDocument>
#include <QLocalSocket>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace postern;
using namespace postern::test;
using namespace std::chrono_literals;

using Side = CuttableLink::Side;
using Cut = CuttableLink::Cut;

namespace {

struct Gateway {
    explicit Gateway(const QByteArray& config) {
        engine::EngineSettings settings;
        settings.dns.systemFile = systemFile();
        settings.profile = engine::Profile::at(QFile::encodeName(folder.path()));
        QFile file(QFile::decodeName(settings.profile.configFile));
        if (!file.open(QIODevice::WriteOnly) || file.write(config) != config.size())
            qFatal("the configuration cannot be written");
        file.close();
        submission = settings.profile.submissionPath();
        settings.mustListen = true;
        settings.clock = clock;
        const auto started = host.start(std::move(settings));
        if (!started)
            qFatal("%s", started.error().text.constData());
        port = started->listeningOn.first().split(':').last().toUShort();
        facade = host.facade();
    }
    ~Gateway() { facade.reset(); }

    QJsonObject ask(const QByteArray& verb, const QJsonObject& args = {}) {
        QJsonObject out;
        bool answered = false;
        facade->ask({verb, args}, [&](const control::Reply& reply) {
            out = reply.value.toObject();
            answered = true;
        });
        return QTest::qWaitFor([&] { return answered; }, 20'000) ? out : QJsonObject();
    }
    QJsonArray rows() { return ask("queue.list")["rows"_L1].toArray(); }
    QByteArray error() { return rows().at(0).toObject()["lastError"_L1].toString().toUtf8(); }

    QByteArray systemFile() const { return QFile::encodeName(folder.filePath(u"resolv.conf"_s)); } // this gateway's
    void useNameServer(const QByteArray& address) const {
        QFile file(QFile::decodeName(systemFile()));
        if (!file.open(QIODevice::WriteOnly) || file.write("nameserver " + address + '\n') < 0)
            qFatal("resolv.conf cannot be written");
    }

    bool send(const QByteArray& id, qsizetype size = 100) const {
        SmtpSender sender(port);
        QByteArray content = "X-Id: " + id + "\r\nSubject: x\r\n\r\n";
        const QByteArray line = "a line of the message " + id + "\r\n";
        while (content.size() < size / 2)
            content += line;
        content += "the middle of it\r\n";
        while (content.size() < size)
            content += line;
        return sender.command("EHLO scanner.example").startsWith("250") &&
               sender.send("scan@office.example", {"c@far.example"}, content + "the end of it\r\n").startsWith("250");
    }

    // By the socket for programs of this computer: that needs no network.
    bool handIn(const QByteArray& id) const {
        QLocalSocket socket;
        socket.connectToServer(QFile::decodeName(submission));
        QByteArray replies;
        const auto hears = [&](const QByteArray& code) {
            while (!replies.endsWith("\r\n") || !replies.chopped(2).split('\n').last().startsWith(code)) {
                if (!socket.waitForReadyRead(10'000))
                    return false;
                replies += socket.readAll();
            }
            replies.clear();
            return true;
        };
        const auto tell = [&](const QByteArray& line) { socket.write(line + "\r\n"); };
        bool good = socket.waitForConnected() && hears("220 ");
        for (const char* line : {"EHLO me.example", "MAIL FROM:<scan@office.example>", "RCPT TO:<c@far.example>"})
            good = good && (tell(line), hears("250 "));
        return good && (tell("DATA"), hears("354 ")) && (tell("X-Id: " + id + "\r\n\r\nhello\r\n."), hears("250 "));
    }

    QTemporaryDir folder;
    QByteArray submission;
    std::shared_ptr<ShiftedClock> clock = std::make_shared<ShiftedClock>();
    engine::EngineHost host;
    std::unique_ptr<control::Facade> facade;
    quint16 port = 0;
};

int copies(const MailSink& sink, const QByteArray& id) {
    const QList<SunkMail> mails = sink.mails();
    return int(std::count_if(mails.begin(), mails.end(),
                             [&](const SunkMail& mail) { return mail.content.contains("X-Id: " + id + "\r\n"); }));
}

} // namespace

class StoryPulledNetwork : public QObject {
    Q_OBJECT

    const QByteArray m_refused; // why there is no network of our own

  public:
    explicit StoryPulledNetwork(QByteArray refused) : m_refused(std::move(refused)) {}

  private Q_SLOTS:
    void initTestCase() {
        STORY_VERIFY(m_refused.isEmpty(), m_refused);
        setLogToStandardError(false);
    }
    void cleanup() { STORY_VERIFY(setCable(true).isEmpty(), "the cable"); }

    void mailWaitsAndArrivesOnce_data() {
        QTest::addColumn<bool>("resets");
        QTest::addColumn<bool>("fromServer");
        QTest::addColumn<QByteArray>("marker");
        QTest::addColumn<int>("patience"); // seconds, RFC 5321 4.5.3.2; 0 = it is told at once
        QTest::addColumn<QByteArray>("says");
        QTest::addColumn<int>("mostCopies");
        const auto row = [](const char* name, bool resets, Side side, const char* marker, int patience, const char* says, int most = 1) {
            QTest::newRow(name) << resets << (side == Side::FromServer) << QByteArray(marker) << patience << QByteArray(says) << most;
        };
        row("silence behind EHLO", false, Side::FromClient, "EHLO", 300, "the reply to EHLO");
        row("silence behind the reply to EHLO", false, Side::FromServer, "SIZE 99999999\r\n", 300, "the reply to MAIL");
        row("silence behind the reply to MAIL", false, Side::FromServer, "250 2.1.0 ok\r\n", 300, "the reply to RCPT");
        row("silence behind the reply to RCPT", false, Side::FromServer, "250 2.1.5 ok\r\n", 120, "the reply to DATA");
        row("silence in the middle of the content", false, Side::FromClient, "the middle of it", 180, "to take the message");
        row("silence right before the final dot", false, Side::FromClient, "the end of it\r\n", 600, "its word on the whole message");
        row("silence behind the final dot", false, Side::FromClient, "the end of it\r\n.\r\n", 600, "its word on the whole message", 2);
        row("reset behind EHLO", true, Side::FromClient, "EHLO", 0, "the reply to EHLO");
        // A reset takes along what came right before it, if nobody has read that yet.
        row("reset behind the reply to EHLO", true, Side::FromServer, "SIZE 99999999\r\n", 0, "the reply to MAIL|the reply to EHLO");
        row("reset behind the reply to MAIL", true, Side::FromServer, "250 2.1.0 ok\r\n", 0, "the reply to RCPT|the reply to MAIL");
        row("reset behind the reply to RCPT", true, Side::FromServer, "250 2.1.5 ok\r\n", 0, "the reply to DATA|the reply to RCPT");
        row("reset in the middle of the content", true, Side::FromClient, "the middle of it", 0, "to take the message");
        row("reset right before the final dot", true, Side::FromClient, "the end of it\r\n", 0, "its word on the whole message");
        row("reset behind the final dot", true, Side::FromClient, "the end of it\r\n.\r\n", 0, "its word on the whole message", 2);
    }
    void mailWaitsAndArrivesOnce() {
        QFETCH(bool, resets);
        QFETCH(bool, fromServer);
        QFETCH(QByteArray, marker);
        QFETCH(int, patience);
        QFETCH(QByteArray, says);
        QFETCH(int, mostCopies);
        MailSink sink;
        CuttableLink link(sink.port());
        Gateway gateway("listen on 127.0.0.1 port 0\naction \"out\" relay host smtp+notls://127.0.0.1:" +
                        QByteArray::number(link.port()) + "\nmatch from any for any action \"out\"\n");
        link.cutAt(fromServer ? Side::FromServer : Side::FromClient, marker, resets ? Cut::Reset : Cut::Silence);
        QVERIFY(gateway.send("first", marker.contains("middle") ? 20'000'000 : 100));
        QTRY_VERIFY_WITH_TIMEOUT(link.isCut(), 60'000);
        const QByteArray hop = "[127.0.0.1]:" + QByteArray::number(link.port());

        if (patience > 0) {
            // Long before the time is over, people are told. (Twice 31 s: what the kernel still took counts as moving.)
            const auto isTold = [&] { return QJsonDocument(gateway.ask("status")).toJson().contains("has stopped answering"); };
            gateway.clock->advance(31s);
            if (marker != "EHLO" && !QTest::qWaitFor(isTold, 3'000)) {
                gateway.clock->advance(31s);
                QTRY_VERIFY(isTold());
            }
            QVERIFY(gateway.error().isEmpty());
            gateway.clock->advance(Seconds(patience - 31));
        }
        QByteArray error;
        QTRY_VERIFY2_WITH_TIMEOUT((error = gateway.error(), !error.isEmpty()), error.constData(), 60'000);
        const QByteArrayList waits = says.split('|');
        const bool isNamed = std::any_of(waits.begin(), waits.end(), [&](const QByteArray& wait) { return error.contains(wait); });
        QVERIFY2(error.contains(hop) && isNamed, error.constData());
        QCOMPARE(gateway.rows().size(), 1);
        QCOMPARE(gateway.rows().at(0).toObject()["state"_L1].toString(), u"waiting"_s);
        QVERIFY(copies(sink, "first") <= mostCopies - 1);

        // Two hours later it is back. The next mail finds out, and takes the first one along.
        link.mend();
        gateway.clock->advance(2h);
        QVERIFY(gateway.send("second"));
        QTRY_VERIFY2_WITH_TIMEOUT(gateway.rows().isEmpty(), gateway.error().constData(), 60'000);
        QCOMPARE(copies(sink, "second"), 1);
        QVERIFY(copies(sink, "first") >= 1);
        QVERIFY(copies(sink, "first") <= mostCopies);
        QCOMPARE(sink.mails().last().rcpts, QByteArrayList{"c@far.example"});
    }

    void withoutAnyNetworkMailIsTakenAndWaitsForIt() {
        MailSink sink;
        Gateway gateway("listen on 127.0.0.1 port 0\naction \"out\" relay host smtp+notls://127.0.0.1:" +
                        QByteArray::number(sink.port()) + "\nmatch from any for any action \"out\"\n");
        STORY_VERIFY(setCable(false).isEmpty(), "the cable");
        QVERIFY(gateway.handIn("offline"));
        QTRY_COMPARE(gateway.rows().size(), 1);
        QCOMPARE(sink.mails().size(), 0);
        STORY_VERIFY(setCable(true).isEmpty(), "the cable");
        gateway.ask("queue.retry", {{u"all"_s, true}}); // for a system that had said at once that there is no network
        QTRY_VERIFY2_WITH_TIMEOUT(gateway.rows().isEmpty(), gateway.error().constData(), 60'000);
        QCOMPARE(copies(sink, "offline"), 1);
    }

    void aCableThatIsBackInTimeCostsNothing() { // the kept connection was in use when it was pulled
        MailSink sink;
        Gateway gateway("listen on 127.0.0.1 port 0\naction \"out\" relay host smtp+notls://127.0.0.1:" +
                        QByteArray::number(sink.port()) + "\nmatch from any for any action \"out\"\n");
        QVERIFY(gateway.send("before"));
        QVERIFY(sink.waitFor(1));
        QTRY_VERIFY(gateway.rows().isEmpty());
        STORY_VERIFY(setCable(false).isEmpty(), "the cable");
        QVERIFY(gateway.handIn("meanwhile"));
        QTRY_COMPARE(gateway.rows().size(), 1);
        gateway.clock->advance(31s);
        QTRY_VERIFY(QJsonDocument(gateway.ask("status")).toJson().contains("has stopped answering"));
        STORY_VERIFY(setCable(true).isEmpty(), "the cable");
        QTRY_VERIFY2_WITH_TIMEOUT(gateway.rows().isEmpty(), gateway.error().constData(), 60'000);
        QVERIFY(!QJsonDocument(gateway.ask("status")).toJson().contains("has stopped answering"));
        QCOMPARE(copies(sink, "meanwhile"), 1);
        QCOMPARE(sink.connections(), 1);
    }

    void anotherNetworkHasOtherNameServers() { // as a laptop's: its resolv.conf is read again when it changes
        const QStringList domains{u"far.example"_s};
        LocalNameServer here(domains, {u"--host-record=far.example,192.0.2.25"_s}, u"192.0.2.53"_s);
        LocalNameServer there(domains, {u"--host-record=far.example,192.0.2.26"_s}, u"192.0.2.54"_s);
        QVERIFY2(here.isRunning() && there.isRunning(), (here.output() + there.output()).constData());
        MailSink first("192.0.2.25", 25), second("192.0.2.26", 25);
        Gateway gateway("listen on 127.0.0.1 port 0\nmta limit session-mail-max 1\naction \"out\" relay\n"
                        "match from any for any action \"out\"\n"); // each mail looks for its way
        gateway.useNameServer("192.0.2.53");
        QVERIFY(gateway.send("at home"));
        QTRY_VERIFY2_WITH_TIMEOUT(copies(first, "at home") == 1, gateway.error().constData(), 60'000);
        here.setDown(true);
        gateway.useNameServer("192.0.2.54");
        gateway.clock->advance(2h); // answers and connections of before are over
        QVERIFY(gateway.send("on the road"));
        QTRY_VERIFY2_WITH_TIMEOUT(copies(second, "on the road") == 1, gateway.error().constData(), 60'000);
        QCOMPARE(first.mails().size(), 1);
    }
};

int main(int argc, char** argv) {
    StoryPulledNetwork story(enterPrivateNetwork()); // before Qt makes a thread
    QCoreApplication app(argc, argv);
    return QTest::qExec(&story, argc, argv);
}
#include "tst_story_pulled_network.moc"
