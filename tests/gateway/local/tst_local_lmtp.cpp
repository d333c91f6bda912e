// SPDX-License-Identifier: GPL-3.0-or-later
//
// LMTP on real sockets, against a server that does what the test says. Spec: RFC 2033.
#include "base/log.h"
#include "local_world.h"

#include <QLocalServer>
#include <QLocalSocket>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTest>

using namespace postern;
using namespace postern::local;
using namespace postern::test;
using policy::Method;

namespace {

constexpr int kPatience = 60'000;

// Answers every command at once; behind the message, with one reply for each recipient it took.
class LmtpServer : public QObject {
  public:
    std::map<QByteArray, QByteArray> rcptReply;  // by what stands in RCPT TO:<...>; else 250
    std::map<QByteArray, QByteArray> finalReply; // the same, behind the message; "" = hangs up there
    QByteArray behindAll;                        // said after the last of them
    QByteArrayList commands;
    QByteArrayList mails;

    bool listenOn(const QString& path) {
        connect(&m_local, &QLocalServer::newConnection, this, [this] { take(m_local.nextPendingConnection()); });
        return m_local.listen(path);
    }
    quint16 listenOnPort() {
        connect(&m_tcp, &QTcpServer::newConnection, this, [this] { take(m_tcp.nextPendingConnection()); });
        return m_tcp.listen(QHostAddress::LocalHost) ? m_tcp.serverPort() : quint16(0);
    }

  private:
    struct Talk {
        QByteArray in;
        QByteArrayList taken;
        bool inData = false;
        QByteArray mail;
    };
    void take(QIODevice* socket) {
        auto talk = std::make_shared<Talk>();
        socket->write("220 ready\r\n");
        connect(socket, &QIODevice::readyRead, this, [this, socket, talk] {
            talk->in += socket->readAll();
            qsizetype end = 0;
            while ((end = talk->in.indexOf("\r\n")) >= 0) {
                const QByteArray line = talk->in.first(end);
                talk->in.remove(0, end + 2);
                onLine(socket, *talk, line);
            }
        });
    }
    void onLine(QIODevice* socket, Talk& talk, const QByteArray& line) {
        if (talk.inData)
            return onData(socket, talk, line);
        commands.append(line);
        if (line.startsWith("LHLO"))
            return void(socket->write("250-here\r\n250-PIPELINING\r\n250 8BITMIME\r\n"));
        if (line.startsWith("RCPT TO:<")) {
            const QByteArray who = line.mid(9, line.indexOf('>') - 9);
            const auto own = rcptReply.find(who);
            const QByteArray reply = own == rcptReply.end() ? QByteArray("250 ok") : own->second;
            if (reply.startsWith('2'))
                talk.taken.append(who);
            return void(socket->write(reply + "\r\n"));
        }
        if (line == "DATA") {
            talk.inData = !talk.taken.isEmpty();
            return void(socket->write(talk.inData ? "354 go\r\n" : "503 no recipients\r\n"));
        }
        if (line == "QUIT") {
            socket->write("221 bye\r\n");
            return socket->close();
        }
        socket->write("250 ok\r\n");
    }
    void onData(QIODevice* socket, Talk& talk, const QByteArray& line) {
        if (line != ".") {
            talk.mail += (line.startsWith('.') ? line.mid(1) : line) + "\r\n";
            return;
        }
        mails.append(talk.mail);
        for (const QByteArray& who : std::exchange(talk.taken, {})) {
            const auto own = finalReply.find(who);
            if (own != finalReply.end() && own->second.isEmpty())
                return socket->close();
            socket->write((own == finalReply.end() ? QByteArray("250 stored") : own->second) + "\r\n");
        }
        socket->write(behindAll);
        talk.inData = false;
        talk.mail.clear();
    }

    QLocalServer m_local;
    QTcpServer m_tcp;
};

struct Peer {
    QTemporaryDir folder;
    LmtpServer server;
    QByteArray path = folder.filePath(QStringLiteral("lmtp")).toLocal8Bit();
};

} // namespace

class TestLocalLmtp : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void initTestCase() { setLogToStandardError(false); }

    void nobodyListens() {
        LocalWorld w;
        w.submit(w.job(Method::Lmtp, w.user.home + "/nothing"));
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("T"), kPatience);
        QVERIFY2(w.lastText().contains("connection to the socket " + w.user.home + "/nothing failed: no such file or directory"),
                 w.lastText().constData());
        QVERIFY(w.reports.back().routeFailed);
        QTRY_COMPARE_WITH_TIMEOUT(w.worker->sessions(), 0, kPatience);
    }

    void whatIsNoDestination() {
        LocalWorld w;
        w.submit(w.job(Method::Lmtp, "me@host:24"));
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("T"), kPatience);
        QCOMPARE(w.lastText(), QByteArray("4.3.5 \"me@host:24\" is no LMTP destination: HOST:PORT or the path of a socket"));
        w.submit(w.job(Method::Lmtp, "/" + QByteArray(200, 'x')));
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("T T"), kPatience);
        LocalJob wrapped = w.job(Method::Lmtp, "/run/x");
        wrapped.wrapper = "x %{mda}";
        w.submit(std::move(wrapped));
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("T T T"), kPatience);
        w.submit(w.job(Method::Lmtp, "/run/%{bogus}"));
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("T T T P"), kPatience);
        QTRY_COMPARE_WITH_TIMEOUT(w.worker->sessions(), 0, kPatience);
    }

    void M09_eachRecipientHasItsOwnFate() {
        Peer peer;
        QVERIFY(peer.server.listenOn(QString::fromLocal8Bit(peer.path)));
        peer.server.rcptReply = {{"ann1@b.example", "550 5.1.1 no such user"}};
        peer.server.finalReply = {{"ann2@b.example", "452 4.2.2 over quota"}, {"ann3@b.example", "550 5.7.1 not this one"}};
        LocalWorld w;
        LocalJob job = w.job(Method::Lmtp, peer.path, kContent, 5);
        job.rcptTo = true;
        w.submit(std::move(job));
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("D P T P D"), kPatience);
        QCOMPARE(w.outcomes[2].text, peer.path + " said: 452 4.2.2 over quota (in reply to the end of the message)");
        QCOMPARE(peer.server.mails, QByteArrayList{kContent}); // the server writes Return-Path and Delivered-To
        QVERIFY(peer.server.commands.contains("LHLO mx.example"));
        QTRY_COMPARE_WITH_TIMEOUT(w.worker->sessions(), 0, kPatience);
        QVERIFY(w.eachOnce());
    }

    void M09_aReplyThatDoesNotComeMeansLater() {
        Peer peer;
        QVERIFY(peer.server.listenOn(QString::fromLocal8Bit(peer.path)));
        peer.server.finalReply = {{"ann1@b.example", ""}};
        LocalWorld w;
        LocalJob job = w.job(Method::Lmtp, peer.path, kContent, 3);
        job.rcptTo = true;
        w.submit(std::move(job));
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("D T T"), kPatience);
    }

    void M09_repliesTooManyChangeNothing() {
        Peer peer;
        QVERIFY(peer.server.listenOn(QString::fromLocal8Bit(peer.path)));
        peer.server.behindAll = "550 one more\r\n";
        LocalWorld w;
        w.submit(w.job(Method::Lmtp, peer.path));
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("D"), kPatience);
        w.submit(w.job(Method::Lmtp, peer.path));
        QTRY_COMPARE_WITH_TIMEOUT(w.outcomes.size(), size_t(2), kPatience);
        QVERIFY(w.outcomes[1].result != queue::TryResult::Permanent); // that 550 is nobody's answer
    }

    void theRecipientIsTheUserUnlessRcptToSaysMore() {
        Peer peer;
        QVERIFY(peer.server.listenOn(QString::fromLocal8Bit(peer.path)));
        LocalWorld w;
        w.submit(w.job(Method::Lmtp, peer.path));
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("D"), kPatience);
        QVERIFY(peer.server.commands.contains("RCPT TO:<" + w.user.name + '>'));
        QVERIFY(peer.server.commands.contains("MAIL FROM:<sue@send.example>"));
        LocalJob whole = w.job(Method::Lmtp, peer.path);
        whole.rcptTo = true;
        w.submit(std::move(whole));
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("D D"), kPatience);
        QVERIFY(peer.server.commands.contains("RCPT TO:<ann0@b.example>"));
    }

    void byHostAndPort() {
        LmtpServer server;
        const quint16 port = server.listenOnPort();
        QVERIFY(port != 0);
        LocalWorld w;
        w.submit(w.job(Method::Lmtp, "127.0.0.1:" + QByteArray::number(port)));
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("D"), kPatience);
        QCOMPARE(w.reports.back().peer, "lmtp [127.0.0.1]:" + QByteArray::number(port));
        w.resolver->setAddresses("mail.example", {"127.0.0.1"});
        w.submit(w.job(Method::Lmtp, "mail.example:" + QByteArray::number(port)));
        QTRY_COMPARE_WITH_TIMEOUT((w.resolver->deliver(), w.results()), QByteArray("D D"), kPatience);
        QCOMPARE(server.mails.size(), 2);
    }

    void destinationsMayDifferByRecipient() {
        Peer peer;
        QVERIFY(peer.server.listenOn(QString::fromLocal8Bit(peer.path)));
        LocalWorld w;
        // ann0 has a server, ann1 has none.
        LocalJob job = w.job(Method::Lmtp, w.user.home + "/%{dest.user}", kContent, 2);
        QVERIFY(QFile::link(QString::fromLocal8Bit(peer.path), w.home.filePath(QStringLiteral("ann0"))));
        w.submit(std::move(job));
        QTRY_COMPARE_WITH_TIMEOUT(w.outcomes.size(), size_t(2), kPatience);
        for (const queue::TryOutcome& outcome : w.outcomes)
            QCOMPARE(outcome.result, (outcome.id & 3) == 1 ? queue::TryResult::Delivered : queue::TryResult::Temporary);
    }

    void drainingWaitsForNoOne() {
        Peer peer;
        QVERIFY(peer.server.listenOn(QString::fromLocal8Bit(peer.path)));
        LocalWorld w;
        w.submit(w.job(Method::Lmtp, peer.path));
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("D"), kPatience);
        bool done = false;
        w.worker->drain(Milliseconds(8000), [&] { done = true; });
        QTRY_VERIFY_WITH_TIMEOUT(done, kPatience);
    }
};

QTEST_GUILESS_MAIN(TestLocalLmtp)
#include "tst_local_lmtp.moc"
