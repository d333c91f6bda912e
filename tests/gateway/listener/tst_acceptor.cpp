// SPDX-License-Identifier: GPL-3.0-or-later
//
// Real connections on loopback, free ports: accepting, limits, running out of descriptors, reload, drain. The spool is a
// thread-free stand-in that says "durable" at once; the event loop is the engine's.
#include "base/log.h"
#include "listener/acceptor.h"
#include "listener/accept_calls.h"
#include "support/engine_main.h"
#include "support/fake_clock.h"
#include "support/memory_file_store.h"

#include <QElapsedTimer>
#include <QRegularExpression>
#include <QTcpSocket>
#include <QTest>

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

using namespace postern;
using namespace postern::listener;
using namespace postern::test;
using namespace Qt::StringLiterals;

namespace {

std::shared_ptr<policy::Ruleset> catchAll() {
    policy::Action action;
    action.kind = policy::ActionKind::Catch;
    action.name = "catch";
    policy::Rule rule;
    policy::Condition any;
    any.kind = policy::ConditionKind::FromAny;
    rule.conditions.push_back(any);
    any.kind = policy::ConditionKind::ForAny;
    rule.conditions.push_back(any);
    rule.action = std::make_shared<const policy::Action>(std::move(action));
    auto rules = std::make_shared<policy::Ruleset>();
    rules->rules.push_back(std::move(rule));
    return rules;
}

// An acceptor with a spool that always says yes.
struct Gate {
    explicit Gate(AcceptLimits limits = {}) : acceptor(services(), limits) { serve("gate.test"); }

    ListenerServices services() {
        ListenerServices given;
        given.clock = &clock;
        given.files = &disk;
        given.toSpool = [this](queue::SpoolRequest request) {
            if (auto* store = std::get_if<queue::StoreMessage>(&request)) {
                ++stored;
                store->done(std::make_shared<const queue::Body>(std::move(store->content)));
            }
        };
        given.newMessageId = [this] { return ++lastId; };
        given.incomingPath = [](queue::MessageId id) { return "incoming/" + queue::toText(id); };
        given.room = [] { return qint64(1) << 40; };
        given.stored = [](queue::QueuedMessage, const queue::BodyPtr&) {};
        given.report = [this](SessionEvent) { ++events; };
        return given;
    }
    void serve(const QByteArray& hostname) {
        if (!socket)
            socket = *OpenListener::open("127.0.0.1", 0);
        ListenerService service;
        service.socket = socket;
        service.rules = catchAll();
        service.hostname = hostname;
        service.spec.proxyV2 = proxyV2;
        acceptor.serve({std::make_shared<const ListenerService>(service)});
    }

    SystemClock clock;
    MemoryFileStore disk;
    queue::MessageId lastId = 1;
    int stored = 0, events = 0;
    bool proxyV2 = false; // before serve()
    std::shared_ptr<OpenListener> socket;
    Acceptor acceptor; // before what it uses goes
};

// A client that collects what it hears.
struct Client {
    explicit Client(const Gate& gate) { socket.connectToHost(u"127.0.0.1"_s, gate.socket->port()); }
    QByteArray& heard() { return all += socket.readAll(); }
    bool hears(const QByteArray& end) { return QTest::qWaitFor([&] { return heard().contains(end); }, 10'000); }
    bool isClosed() { return QTest::qWaitFor([&] { return socket.state() == QAbstractSocket::UnconnectedState; }, 10'000); }
    QByteArray all;
    QTcpSocket socket;
};

} // namespace

class TestAcceptor : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() { setLogToStandardError(false); }
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }
    void tellsWhatIsTooMany();
    void L10_clientsOfAProxyAreCapped();
    void tellsThatItIsPaused();
    void survivesRunningOutOfDescriptors();
    void greetsAnEarlyTalkerFirst();
    void takesAMessage();
    void takesManyAtOnce();
    void survivesAFloodOfResets();
    void sessionsKeepWhatTheyBeganWith();
    void stopsAcceptingWhatIsNotServed();
    void drainsIntoSafety();
    void drainsAtOnceWhenNobodyIsThere();
    void drainEndsAfterItsGrace();
};

void TestAcceptor::tellsWhatIsTooMany() { // R01
    Gate gate({2, 100});
    Client first(gate), second(gate);
    QVERIFY(first.hears("220 gate.test "));
    QVERIFY(second.hears("220 "));
    Client third(gate);
    QVERIFY(third.hears("421 4.3.2 too many connections, try again later\r\n"));
    QVERIFY(third.isClosed());
    QCOMPARE(gate.acceptor.sessions(), 2);
    first.socket.abort();
    QTRY_COMPARE(gate.acceptor.sessions(), 1);
    Client fourth(gate);
    QVERIFY(fourth.hears("220 "));
}

// All come from one address, the proxy's; who they are is what counts.
void TestAcceptor::L10_clientsOfAProxyAreCapped() {
    Gate gate({100, 2});
    gate.proxyV2 = true;
    gate.serve("gate.test");
    const auto header = [](char lastOctet) {
        return "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02"_ba + lastOctet + "\x7f\0\0\x01\x12\x67\0\x19"_ba;
    };
    Client first(gate), second(gate), third(gate), other(gate);
    for (Client* client : {&first, &second, &third})
        client->socket.write(header(9));
    other.socket.write(header(10));
    QVERIFY(other.hears("220 gate.test "));
    int greeted = 0, turnedAway = 0;
    for (Client* client : {&first, &second, &third}) {
        QVERIFY(client->hears("\r\n"));
        greeted += client->all.startsWith("220 ") ? 1 : 0;
        turnedAway += client->all.startsWith("421 4.7.0 too many connections from your address") ? 1 : 0;
    }
    QCOMPARE(greeted, 2);
    QCOMPARE(turnedAway, 1);
    for (Client* client : {&first, &second, &third})
        client->socket.abort();
    QTRY_COMPARE(gate.acceptor.sessions(), 1);
    Client again(gate);
    again.socket.write(header(9));
    QVERIFY(again.hears("220 "));
}

void TestAcceptor::tellsThatItIsPaused() {
    Gate gate;
    Client before(gate);
    QVERIFY(before.hears("220 "));
    gate.acceptor.setPaused(true);
    Client during(gate);
    QVERIFY(during.hears("421 4.3.2 not accepting mail at the moment, try again later\r\n"));
    before.socket.write("EHLO a\r\n"); // who is in is served
    QVERIFY(before.hears("250 "));
    gate.acceptor.setPaused(false);
    Client after(gate);
    QVERIFY(after.hears("220 "));
}

// R09: every descriptor of the process is taken; clients hear 421 or wait, nothing spins, and it recovers by itself.
void TestAcceptor::survivesRunningOutOfDescriptors() {
    Gate gate;
    Client warm(gate);
    QVERIFY(warm.hears("220 "));
    Client waiting(gate); // its descriptor exists before there are none
    std::vector<int> hoard;
    rlimit before{};
    QCOMPARE(::getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit small = before;
    small.rlim_cur = 128;
    QCOMPARE(::setrlimit(RLIMIT_NOFILE, &small), 0);
    for (int fd = ::dup(0); fd >= 0; fd = ::dup(0))
        hoard.push_back(fd);
    QVERIFY(!hoard.empty());

    QVERIFY(waiting.hears("421 4.3.2 too many connections"));
    // CPU time of a second in which nothing can be accepted: a spinning loop would burn all of it.
    rusage from{}, to{};
    ::getrusage(RUSAGE_SELF, &from);
    QElapsedTimer timer;
    timer.start();
    QVERIFY(!QTest::qWaitFor([&] { return timer.elapsed() > 100'000; }, 500));
    ::getrusage(RUSAGE_SELF, &to);
    const double burnt = double(to.ru_utime.tv_sec - from.ru_utime.tv_sec) +
                         double(to.ru_utime.tv_usec - from.ru_utime.tv_usec) / 1e6 +
                         double(to.ru_stime.tv_sec - from.ru_stime.tv_sec) +
                         double(to.ru_stime.tv_usec - from.ru_stime.tv_usec) / 1e6;
    QVERIFY2(burnt < 0.3, QByteArray::number(burnt).constData());
    warm.socket.write("NOOP\r\n"); // those inside are served
    QVERIFY(warm.hears("250 ") || warm.hears("503 "));

    for (const int fd : hoard)
        ::close(fd);
    QCOMPARE(::setrlimit(RLIMIT_NOFILE, &before), 0);
    Client after(gate);
    QVERIFY(after.hears("220 "));
}

void TestAcceptor::greetsAnEarlyTalkerFirst() { // N01
    Gate gate;
    Client client(gate);
    QVERIFY(client.socket.waitForConnected(5000));
    client.socket.write("EHLO early\r\n"); // nobody has accepted yet: our event loop does not run
    client.socket.waitForBytesWritten(5000);
    QVERIFY(client.hears("250 HELP\r\n"));
    QVERIFY(client.heard().startsWith("220 gate.test "));
}

void TestAcceptor::takesAMessage() {
    Gate gate;
    Client client(gate);
    QVERIFY(client.hears("220 "));
    client.socket.write("EHLO a\r\nMAIL FROM:<a@office.test>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n");
    QVERIFY(client.hears("354 "));
    client.socket.write("Subject: x\r\n\r\nhello\r\n.\r\nQUIT\r\n");
    QVERIFY(client.hears("221 "));
    QVERIFY(client.heard().contains("250 2.0.0 00000002 Message accepted for delivery\r\n"));
    QVERIFY(client.isClosed());
    QCOMPARE(gate.stored, 1);
    QCOMPARE(gate.events, 1); // one line of activity for one message
    QTRY_COMPARE(gate.acceptor.sessions(), 0);
}

void TestAcceptor::takesManyAtOnce() { // R01: 200 at once
    Gate gate;
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 200; ++i)
        clients.push_back(std::make_unique<Client>(gate));
    for (auto& client : clients)
        QVERIFY(client->hears("220 "));
    QCOMPARE(gate.acceptor.sessions(), 200);
    const auto counts = gate.acceptor.sessionsPerListener();
    QCOMPARE(counts.size(), size_t(1));
    QCOMPARE(counts[0].first, gate.socket->name());
    QCOMPARE(counts[0].second, 200);
    clients.clear();
    QTRY_COMPARE(gate.acceptor.sessions(), 0);
}

void TestAcceptor::survivesAFloodOfResets() { // R05
    Gate gate;
    for (int i = 0; i < 300; ++i) {
        QTcpSocket socket;
        socket.connectToHost(u"127.0.0.1"_s, gate.socket->port());
        QVERIFY(socket.waitForConnected(5000));
        const linger hard{1, 0}; // close() sends a reset
        ::setsockopt(int(socket.socketDescriptor()), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        socket.abort();
    }
    Client client(gate);
    QVERIFY(client.hears("220 "));
    client.socket.abort();
    QTRY_COMPARE(gate.acceptor.sessions(), 0);
}

void TestAcceptor::sessionsKeepWhatTheyBeganWith() { // C05
    Gate gate;
    Client old(gate);
    QVERIFY(old.hears("220 gate.test "));
    gate.serve("new.test");
    old.socket.write("EHLO a\r\n");
    QVERIFY(old.hears("250-gate.test "));
    Client fresh(gate);
    QVERIFY(fresh.hears("220 new.test "));
}

void TestAcceptor::stopsAcceptingWhatIsNotServed() {
    Gate gate;
    Client inside(gate);
    QVERIFY(inside.hears("220 "));
    gate.acceptor.serve({});
    inside.socket.write("EHLO a\r\n");
    QVERIFY(inside.hears("250 "));
    QCOMPARE(gate.acceptor.sessions(), 1);
    QCOMPARE(gate.acceptor.sessionsPerListener().size(), size_t(1)); // it still has a session
}

void TestAcceptor::drainsIntoSafety() {
    Gate gate;
    Client client(gate);
    QVERIFY(client.hears("220 "));
    bool drained = false;
    gate.acceptor.drain(Milliseconds(30'000), [&] { drained = true; });
    QVERIFY(!drained);
    QVERIFY(client.hears("421 4.3.2 "));
    QVERIFY(client.isClosed());
    QTRY_VERIFY(drained);
    QCOMPARE(gate.acceptor.sessions(), 0);
}

void TestAcceptor::drainsAtOnceWhenNobodyIsThere() {
    Gate gate;
    bool drained = false;
    gate.acceptor.drain(Milliseconds(30'000), [&] { drained = true; });
    QVERIFY(!drained); // never inside the call
    QTRY_VERIFY(drained);
}

void TestAcceptor::drainEndsAfterItsGrace() {
    Gate gate;
    // A client that does not take its 421: connected by hand, never reading, its half of the close kept open.
    Client stubborn(gate);
    QVERIFY(stubborn.hears("220 "));
    stubborn.socket.write(QByteArray("NOOP\r\n").repeated(100));
    bool drained = false;
    gate.acceptor.drain(Milliseconds(1), [&] { drained = true; });
    QTRY_VERIFY(drained);
    QCOMPARE(gate.acceptor.sessions(), 0);
}

POSTERN_ENGINE_TEST_MAIN(TestAcceptor)
#include "tst_acceptor.moc"
