// SPDX-License-Identifier: GPL-3.0-or-later
//
// Both ends of the control socket, over a real one in a folder of its own: questions and answers, and what hostile input
// costs (its connection, nothing else).
#include "base/log.h"
#include "control/socket_client.h"
#include "control/socket_server.h"

#include <QFile>
#include <QJsonDocument>
#include <QLocalSocket>
#include <QTemporaryDir>
#include <QTest>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace postern;
using namespace postern::control;
using namespace Qt::StringLiterals;

namespace {

// A server that answers "echo" with its arguments and "much" with much, keeps "later" until asked, and refuses everything
// else by name.
struct Gateway {
    QTemporaryDir folder;
    QByteArray path = QFile::encodeName(folder.path()) + "/c.sock";
    std::vector<ReplyDone> later;
    int asked = 0;
    QString answer;
    std::optional<SocketServer> server;

    Gateway() { restart(); }
    void restart() {
        server.emplace([this](const Request& request, ReplyDone done) {
            ++asked;
            if (request.verb == "echo")
                done({true, request.args, {}});
            else if (request.verb == "much")
                done({true, answer, {}});
            else if (request.verb == "later")
                later.push_back(std::move(done));
            else if (request.verb == "subscribe")
                done({true, QJsonObject(), {}});
            else
                done({false, {}, u"unknown: "_s + QString::fromLatin1(request.verb)});
        });
    }
    bool listens() { return server->listen(path).has_value(); }
};

// A client without manners: bytes out, bytes in.
struct Raw {
    QLocalSocket socket;
    QByteArray heard;
    bool gone = false;

    explicit Raw(const Gateway& gateway) {
        QObject::connect(&socket, &QLocalSocket::readyRead, &socket, [this] { heard += socket.readAll(); });
        QObject::connect(&socket, &QLocalSocket::disconnected, &socket, [this] { gone = true; });
        socket.connectToServer(QFile::decodeName(gateway.path));
    }
    void say(const QByteArray& bytes) {
        socket.write(bytes);
        socket.flush();
    }
};

// One that never reads: no QLocalSocket, which would.
struct Deaf {
    int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    explicit Deaf(const Gateway& gateway) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        qstrncpy(address.sun_path, gateway.path.constData(), sizeof address.sun_path);
        (void)::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    }
    ~Deaf() { ::close(fd); }
    void say(const QByteArray& bytes) const { (void)::send(fd, bytes.constData(), size_t(bytes.size()), MSG_NOSIGNAL); }
    bool isLetGo() const {
        pollfd one{fd, POLLHUP, 0};
        return ::poll(&one, 1, 0) == 1 && (one.revents & (POLLHUP | POLLERR)) != 0;
    }
};

Event activity(const QString& text) {
    Event event;
    event.kind = u"activity"_s;
    event.activity.text = text;
    return event;
}

} // namespace

class TestSocket : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() { setLogThreshold(LogLevel(99)); }
    void asksAndAnswers();
    void answersOutOfOrder();
    void neverAnswersBeforeTheCallReturns();
    void tellsEventsToSubscribersOnly();
    void noGatewayIsOneClearAnswer();
    void aGatewayThatStopsAnswersWhatIsOpen();
    void hostileInputCostsOneConnection_data();
    void hostileInputCostsOneConnection();
    void whoNeverReadsIsLetGo();
    void oddButWholeRequestsAreAnswered_data();
    void oddButWholeRequestsAreAnswered();
    void requestsInPiecesAndInOnePacket();
    void turnsTooManyAway();
    void anAnswerForSomebodyWhoLeftIsDropped();
    void replacesASocketLeftOver();
    void isForTheOwnerOnly();
    void tellsWhyItCannotListen();
};

void TestSocket::asksAndAnswers() {
    Gateway gateway;
    QVERIFY(gateway.listens());
    SocketClient client;
    QVERIFY(client.connectTo(gateway.path));
    std::vector<Reply> replies;
    const auto keep = [&replies](const Reply& reply) { replies.push_back(reply); };
    client.ask({"echo", {{u"größe"_s, u"\n✉"_s}}}, keep);
    client.ask({"dance", {}}, keep);
    QTRY_COMPARE(replies.size(), size_t(2));
    QVERIFY(replies[0].ok);
    QCOMPARE(replies[0].value.toObject()[u"größe"_s].toString(), u"\n✉"_s);
    QVERIFY(!replies[1].ok);
    QCOMPARE(replies[1].error, u"unknown: dance"_s);
}

void TestSocket::answersOutOfOrder() {
    Gateway gateway;
    QVERIFY(gateway.listens());
    SocketClient client;
    QVERIFY(client.connectTo(gateway.path));
    QStringList order;
    client.ask({"later", {}}, [&order](const Reply&) { order.append(u"later"_s); });
    client.ask({"echo", {}}, [&order](const Reply&) { order.append(u"echo"_s); });
    QTRY_COMPARE(order, QStringList{u"echo"_s});
    gateway.later.front()({true, {}, {}});
    QTRY_COMPARE(order.size(), 2);
}

void TestSocket::neverAnswersBeforeTheCallReturns() {
    SocketClient client; // not connected
    bool called = false;
    client.ask({"echo", {}}, [&called](const Reply&) { called = true; });
    QVERIFY(!called);
    QTRY_VERIFY(called);
}

void TestSocket::tellsEventsToSubscribersOnly() {
    Gateway gateway;
    QVERIFY(gateway.listens());
    SocketClient subscriber, other;
    QVERIFY(subscriber.connectTo(gateway.path));
    QVERIFY(other.connectTo(gateway.path));
    QStringList told;
    subscriber.subscribe([&told](const Event& event) { told.append(event.activity.text); });
    QTRY_COMPARE(gateway.asked, 1);
    gateway.server->publish(activity(u"one"_s));
    gateway.server->publish(activity(u"two\n"_s));
    QTRY_COMPARE(told, QStringList({u"one"_s, u"two\n"_s}));
}

void TestSocket::noGatewayIsOneClearAnswer() {
    const QTemporaryDir folder;
    SocketClient client;
    QVERIFY(!client.connectTo(QFile::encodeName(folder.path()) + "/none.sock"));
    Reply answer{true, {}, {}};
    client.ask({"status", {}}, [&answer](const Reply& reply) { answer = reply; });
    QTRY_VERIFY(!answer.ok);
    QCOMPARE(answer.error, u"The gateway is not running."_s);
}

void TestSocket::aGatewayThatStopsAnswersWhatIsOpen() {
    Gateway gateway;
    QVERIFY(gateway.listens());
    SocketClient client;
    QVERIFY(client.connectTo(gateway.path));
    int lost = 0;
    client.onLost([&lost] { ++lost; });
    Reply answer{true, {}, {}};
    client.ask({"later", {}}, [&answer](const Reply& reply) { answer = reply; });
    QTRY_COMPARE(gateway.later.size(), size_t(1));
    gateway.server.reset();
    QTRY_COMPARE(lost, 1);
    QVERIFY(!answer.ok);
    QVERIFY(!answer.error.isEmpty());
    gateway.later.front()({true, {}, {}}); // too late for everybody: harmless
}

void TestSocket::hostileInputCostsOneConnection_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addRow("K02 random bytes") << "\x00\xff\x80{[\"\n"_ba;
    QTest::addRow("an empty line") << "\n"_ba;
    QTest::addRow("HTTP") << "GET / HTTP/1.1\r\nHost: x\r\n\r\n"_ba;
    QTest::addRow("an array") << "[1,2,3]\n"_ba;
    QTest::addRow("an object without a verb") << "{\"id\":1}\n"_ba;
    QTest::addRow("a verb that is no text") << "{\"verb\":{\"verb\":1}}\n"_ba;
    QTest::addRow("half an object") << "{\"verb\":\"echo\"\n"_ba;
    QTest::addRow("K02 nesting without end") << QByteArray(100'000, '[') + '\n';
    QTest::addRow("K02 a line without end") << QByteArray(SocketServer::kLongestRequest + 10, 'x');
}

void TestSocket::hostileInputCostsOneConnection() {
    QFETCH(QByteArray, bytes);
    Gateway gateway;
    QVERIFY(gateway.listens());
    SocketClient good;
    QVERIFY(good.connectTo(gateway.path));
    Raw bad(gateway);
    bad.say(bytes);
    QTRY_VERIFY(bad.gone);
    QCOMPARE(bad.heard, QByteArray());
    bool answered = false;
    good.ask({"echo", {}}, [&answered](const Reply& reply) { answered = reply.ok; });
    QTRY_VERIFY(answered);
    QCOMPARE(gateway.asked, 1);
}

void TestSocket::whoNeverReadsIsLetGo() { // K02
    Gateway gateway;
    gateway.answer = QString(1 << 20, u'x'); // of "much"
    QVERIFY(gateway.listens());
    SocketClient good;
    QVERIFY(good.connectTo(gateway.path));
    const Deaf deaf(gateway);
    for (int asked = 0; asked < 100 && !deaf.isLetGo(); ++asked) { // it would be 100 MiB
        deaf.say("{\"id\":1,\"verb\":\"much\"}\n");
        QTRY_VERIFY(deaf.isLetGo() || gateway.asked > asked);
    }
    QVERIFY(deaf.isLetGo());
    QVERIFY(gateway.asked >= SocketServer::kMostUnsent >> 20); // not at the first answer that lies unread
    bool answered = false;
    good.ask({"echo", {}}, [&answered](const Reply& reply) { answered = reply.ok; });
    QTRY_VERIFY(answered);
}

void TestSocket::oddButWholeRequestsAreAnswered_data() {
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("answer");
    QTest::addRow("no id") << "{\"verb\":\"echo\"}"_ba
                           << "{\"ok\":true,\"value\":{}}\n"_ba;
    QTest::addRow("an id that is an object") << "{\"id\":{\"a\":[]},\"verb\":\"echo\"}"_ba
                                             << "{\"id\":{\"a\":[]},\"ok\":true,\"value\":{}}\n"_ba;
    QTest::addRow("arguments that are no object") << "{\"id\":1,\"verb\":\"echo\",\"args\":7}"_ba
                                                  << "{\"id\":1,\"ok\":true,\"value\":{}}\n"_ba;
    QTest::addRow("CR LF") << "{\"id\":1,\"verb\":\"echo\"}\r"_ba
                           << "{\"id\":1,\"ok\":true,\"value\":{}}\n"_ba;
    QTest::addRow("a verb unknown") << "{\"id\":1,\"verb\":\"rm -rf\"}"_ba
                                    << "{\"error\":\"unknown: rm -rf\",\"id\":1,\"ok\":false}\n"_ba;
}

void TestSocket::oddButWholeRequestsAreAnswered() {
    QFETCH(QByteArray, line);
    Gateway gateway;
    QVERIFY(gateway.listens());
    Raw client(gateway);
    client.say(line + '\n');
    QTRY_VERIFY(client.heard.endsWith('\n'));
    QTEST(client.heard, "answer");
}

void TestSocket::requestsInPiecesAndInOnePacket() {
    Gateway gateway;
    QVERIFY(gateway.listens());
    Raw client(gateway);
    const QByteArray request = "{\"id\":1,\"verb\":\"echo\"}\n";
    for (const char byte : request)
        client.say(QByteArray(1, byte));
    QTRY_COMPARE(client.heard.count('\n'), 1);
    client.say(request.repeated(3));
    QTRY_COMPARE(client.heard.count('\n'), 4);
}

void TestSocket::turnsTooManyAway() {
    Gateway gateway;
    QVERIFY(gateway.listens());
    std::vector<std::unique_ptr<Raw>> clients;
    for (int i = 0; i < SocketServer::kMostClients; ++i) {
        clients.push_back(std::make_unique<Raw>(gateway));
        clients.back()->say("{\"id\":1,\"verb\":\"echo\"}\n");
        QTRY_VERIFY(!clients.back()->heard.isEmpty());
    }
    Raw surplus(gateway);
    QTRY_VERIFY(surplus.gone);
    QVERIFY(!clients.front()->gone);
    clients.pop_back(); // one leaves, one may come
    QTRY_VERIFY([&gateway] {
        SocketClient next;
        bool answered = false;
        if (next.connectTo(gateway.path))
            next.ask({"echo", {}}, [&answered](const Reply& reply) { answered = reply.ok; });
        for (int i = 0; i < 20 && !answered; ++i)
            QCoreApplication::processEvents(QEventLoop::AllEvents, 5);
        return answered;
    }());
}

void TestSocket::anAnswerForSomebodyWhoLeftIsDropped() {
    Gateway gateway;
    QVERIFY(gateway.listens());
    {
        SocketClient client;
        QVERIFY(client.connectTo(gateway.path));
        client.ask({"later", {}}, [](const Reply&) { QFAIL("nobody is here any more"); });
        QTRY_COMPARE(gateway.later.size(), size_t(1));
    }
    QCoreApplication::processEvents();
    gateway.later.front()({true, {}, {}});
}

void TestSocket::replacesASocketLeftOver() {
    Gateway gateway;
    QFile left(QFile::decodeName(gateway.path));
    QVERIFY(left.open(QIODevice::WriteOnly));
    left.close();
    QVERIFY(gateway.listens());
    SocketClient client;
    QVERIFY(client.connectTo(gateway.path));
}

void TestSocket::isForTheOwnerOnly() { // K01
    Gateway gateway;
    QVERIFY(gateway.listens());
    const auto others =
        QFile::ReadGroup | QFile::WriteGroup | QFile::ExeGroup | QFile::ReadOther | QFile::WriteOther | QFile::ExeOther;
    QVERIFY(!(QFile::permissions(QFile::decodeName(gateway.path)) & others));
}

void TestSocket::tellsWhyItCannotListen() {
    Gateway gateway;
    gateway.path = "/nowhere/at/all/c.sock";
    const auto listening = gateway.server->listen(gateway.path);
    QVERIFY(!listening);
    QVERIFY(listening.error().text.startsWith("cannot open the control socket /nowhere/at/all/c.sock: "));
}

QTEST_GUILESS_MAIN(TestSocket)
#include "tst_socket.moc"
