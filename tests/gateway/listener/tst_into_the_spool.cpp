// SPDX-License-Identifier: GPL-3.0-or-later
//
// The listener with its real neighbours: TLS, a credentials table, the spool on its thread and on a real disk. What was
// answered 250 is there when the spool is opened again.
#include "base/log.h"
#include "listener/acceptor.h"
#include "queue/spool_thread.h"
#include "support/engine_main.h"
#include "support/test_certs.h"
#include "support/whole_queue.h"
#include "tables/static_table.h"

#include <QRegularExpression>
#include <QSslConfiguration>
#include <QSslSocket>
#include <QTemporaryDir>
#include <QTest>

#include <atomic>

using namespace postern;
using namespace postern::listener;
using namespace postern::test;
using namespace Qt::StringLiterals;

namespace {

const QByteArray kText = "Subject: x\r\nDate: Thu, 19 Nov 2026 14:32:00 +0000\r\nMessage-ID: <1@office.example>\r\n\r\nhello\r\n";

// crypt_blowfish's test vector: the password is "U*U".
const char kHash[] = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

std::shared_ptr<policy::Ruleset> rulesForSignedIn() {
    policy::Action action;
    action.name = "out";
    policy::Rule rule;
    for (const auto kind : {policy::ConditionKind::FromAny, policy::ConditionKind::ForAny, policy::ConditionKind::Authenticated}) {
        policy::Condition condition;
        condition.kind = kind;
        rule.conditions.push_back(condition);
    }
    rule.action = std::make_shared<const policy::Action>(std::move(action));
    auto rules = std::make_shared<policy::Ruleset>();
    rules->rules.push_back(std::move(rule));
    return rules;
}

struct Office {
    explicit Office(policy::ListenTls tlsUse) : spool(*disk, clock, {folder.path().toUtf8()}) {
        ready = spool.start().has_value();
        acceptor = std::make_unique<Acceptor>(services(), AcceptLimits{});
        const CertificateFiles files = certs.server("gate.test");
        ListenerService service;
        service.socket = socket = *OpenListener::open("127.0.0.1", 0);
        service.rules = rulesForSignedIn();
        service.hostname = "gate.test";
        service.tls.identity = tls::loadIdentity(files.certFile, files.keyFile)->identity;
        service.spec.tls = tlsUse;
        service.spec.auth = policy::ListenAuth::Required;
        service.spec.credentials = std::make_shared<tables::StaticTable>(
            "users", "static", tables::Shape::Mapping, std::vector<tables::Entry>{{"carol", kHash}}, '+');
        acceptor->serve({std::make_shared<const ListenerService>(service)});
    }
    ~Office() {
        acceptor.reset();
        spool.stop();
    }

    ListenerServices services() {
        ListenerServices given;
        given.clock = &clock;
        given.files = disk.get();
        given.toSpool = [this](queue::SpoolRequest request) { spool.post(std::move(request)); };
        given.newMessageId = [ids = spool.ids()] { return ids->next(); };
        given.incomingPath = [this](queue::MessageId id) { return spool.incomingPath(id); };
        given.room = [] { return qint64(1) << 40; };
        given.stored = [this](queue::QueuedMessage, const queue::BodyPtr&) { ++stored; };
        given.report = [this](SessionEvent) { ++events; };
        return given;
    }

    // What a restart would find.
    std::vector<queue::QueuedMessage> afterRestart(QList<QByteArray>* bodies = nullptr) {
        acceptor.reset();
        spool.stop();
        queue::Spool again(*disk, clock, {folder.path().toUtf8()});
        if (!again.open())
            return {};
        auto found = test::wholeQueue(again).value_or(std::vector<queue::QueuedMessage>());
        for (const queue::QueuedMessage& one : found)
            if (const auto body = again.body(one.message.id); body && bodies)
                bodies->append((*body)->file.isEmpty() ? (*body)->bytes : disk->read((*body)->file).value_or({}));
        return found;
    }

    QTemporaryDir folder;
    TestCerts certs;
    SystemClock clock;
    std::unique_ptr<FileStore> disk = makeDiskFileStore();
    queue::SpoolThread spool;
    bool ready = false;
    std::atomic<int> stored = 0, events = 0;
    std::shared_ptr<OpenListener> socket;
    std::unique_ptr<Acceptor> acceptor;
};

struct Client {
    explicit Client(const Office& office) {
        QSslConfiguration configuration = QSslConfiguration::defaultConfiguration();
        configuration.setCaCertificates(QSslCertificate::fromPath(QString::fromUtf8(office.certs.caFile())));
        socket.setSslConfiguration(configuration);
        socket.setPeerVerifyName(u"gate.test"_s);
        socket.connectToHost(u"127.0.0.1"_s, office.socket->port());
        socket.waitForConnected(5000); // the kernel does that alone
    }
    QByteArray& heard() { return all += socket.readAll(); }
    bool hears(const QByteArray& text) { return QTest::qWaitFor([&] { return heard().contains(text); }, 10'000); }
    bool asks(const QByteArray& line, const QByteArray& answer) {
        all.clear();
        socket.write(line + "\r\n");
        return hears(answer);
    }
    bool encrypts() {
        all.clear();
        socket.startClientEncryption();
        return QTest::qWaitFor([&] { return socket.isEncrypted(); }, 10'000);
    }
    QByteArray all;
    QSslSocket socket;
};

} // namespace

class TestIntoTheSpool : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() { setLogToStandardError(false); }
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }
    void dropsCommandsInjectedBehindStartTls();
    void takesASignedInMessageOverStartTls();
    void takesALargeMessageOverImplicitTls();
    void keepsAllOfManyClients();
};

void TestIntoTheSpool::dropsCommandsInjectedBehindStartTls() { // T02, CVE-2011-0411
    Office office(policy::ListenTls::StartTls);
    QVERIFY(office.ready);
    Client client(office);
    QVERIFY(client.hears("220 "));
    QVERIFY(client.asks("EHLO scanner", "250 HELP"));
    client.socket.write("STARTTLS\r\nMAIL FROM:<evil@example.org>\r\n");
    QTRY_COMPARE(client.socket.state(), QAbstractSocket::UnconnectedState);
    QTRY_COMPARE(office.acceptor->sessions(), 0);
}

void TestIntoTheSpool::takesASignedInMessageOverStartTls() {
    Office office(policy::ListenTls::StartTlsRequired);
    QVERIFY(office.ready);
    Client client(office);
    QVERIFY(client.hears("220 gate.test "));
    QVERIFY(client.asks("EHLO scanner", "250 HELP"));
    QVERIFY(client.heard().contains("250-STARTTLS"));
    QVERIFY(!client.heard().contains("AUTH"));
    QVERIFY(client.asks("MAIL FROM:<a@office.test>", "530 "));
    QVERIFY(client.asks("STARTTLS", "220 "));
    QVERIFY(client.encrypts());
    QVERIFY(client.asks("MAIL FROM:<a@office.test>", "503 ")); // what was said in clear is forgotten
    QVERIFY(client.asks("EHLO scanner", "250 HELP"));
    QVERIFY(client.heard().contains("250-AUTH PLAIN LOGIN"));
    QVERIFY(client.asks("MAIL FROM:<a@office.test>", "530 "));
    QVERIFY(client.asks("AUTH PLAIN AGNhcm9sAHdyb25n", "535 "));     // \0carol\0wrong
    QVERIFY(client.asks("AUTH PLAIN AGNhcm9sAFUqVQ==", "235 "));     // \0carol\0U*U
    QVERIFY(client.asks("MAIL FROM:<a@office.test>\r\nRCPT TO:<b@example.org>\r\nDATA", "354 "));
    QVERIFY(client.asks(kText + ".", "250 2.0.0 "));
    QVERIFY(client.asks("QUIT", "221 "));
    QTRY_COMPARE(client.socket.state(), QAbstractSocket::UnconnectedState);
    QCOMPARE(office.stored.load(), 1);

    QList<QByteArray> bodies;
    const auto kept = office.afterRestart(&bodies);
    QCOMPARE(kept.size(), size_t(1));
    QCOMPARE(kept[0].message.user, "carol"_ba);
    QCOMPARE(kept[0].envelopes.size(), size_t(1));
    QCOMPARE(kept[0].envelopes[0].action, "out"_ba);
    QCOMPARE(bodies.size(), 1);
    QVERIFY2(bodies[0].contains(" with ESMTPSA id " + queue::toText(kept[0].message.id)), bodies[0].constData());
    QVERIFY(bodies[0].endsWith("\r\n" + kText));
}

void TestIntoTheSpool::takesALargeMessageOverImplicitTls() {
    Office office(policy::ListenTls::Wrapped);
    QVERIFY(office.ready);
    Client client(office);
    client.socket.startClientEncryption();
    QVERIFY(client.hears("220 gate.test "));
    QVERIFY(client.asks("EHLO scanner", "250 HELP"));
    QVERIFY(client.asks("AUTH PLAIN AGNhcm9sAFUqVQ==", "235 "));
    QByteArray text = "Subject: large\r\nDate: Thu, 19 Nov 2026 14:32:00 +0000\r\nMessage-ID: <1@office.example>\r\n\r\n";
    for (int i = 0; text.size() < 3'000'000; ++i)
        text += QByteArray::number(i) + " some text that fills the line\r\n";
    QVERIFY(client.asks("MAIL FROM:<a@office.test>\r\nRCPT TO:<b@example.org>\r\nDATA", "354 "));
    QVERIFY(client.asks(text + ".", "250 2.0.0 "));

    QList<QByteArray> bodies;
    const auto kept = office.afterRestart(&bodies);
    QCOMPARE(kept.size(), size_t(1));
    QCOMPARE(bodies.size(), 1);
    QVERIFY(bodies[0].endsWith(text));
    QCOMPARE(kept[0].message.size, qint64(bodies[0].size()));
}

void TestIntoTheSpool::keepsAllOfManyClients() {
    Office office(policy::ListenTls::Wrapped);
    QVERIFY(office.ready);
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 16; ++i) {
        clients.push_back(std::make_unique<Client>(office));
        clients.back()->socket.startClientEncryption();
    }
    for (auto& client : clients) {
        QVERIFY(client->hears("220 "));
        client->socket.write("EHLO scanner\r\n");
    }
    for (auto& client : clients)
        QVERIFY(client->asks("AUTH PLAIN AGNhcm9sAFUqVQ==", "235 "));
    for (auto& client : clients)
        client->socket.write("MAIL FROM:<a@office.test>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n");
    for (auto& client : clients) {
        QVERIFY(client->hears("354 "));
        client->socket.write("Subject: x\r\n\r\nhello\r\n.\r\nQUIT\r\n");
    }
    for (auto& client : clients)
        QVERIFY(client->hears("221 "));
    QCOMPARE(office.stored.load(), 16);
    QCOMPARE(office.afterRestart().size(), size_t(16));
}

POSTERN_ENGINE_TEST_MAIN(TestIntoTheSpool)
#include "tst_into_the_spool.moc"
