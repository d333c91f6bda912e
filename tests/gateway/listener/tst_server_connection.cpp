// SPDX-License-Identifier: GPL-3.0-or-later
//
// One client from greeting to goodbye with the engine played by the test: what reaches the spool, when 250 is said, and
// what is left behind when anything breaks. What the rules say to a recipient is in tst_recipient_verdicts.cpp.
#include "base/log.h"
#include "connection_bench.h"
#include "queue/spool.h"

#include <QRegularExpression>
#include <QTest>

using namespace postern;
using namespace postern::listener;
using namespace postern::test;
using namespace Qt::StringLiterals;

namespace {

QByteArray bigText(qsizetype octets) {
    QByteArray text = "Subject: big\r\nDate: Thu, 19 Nov 2026 14:32:00 +0000\r\nMessage-ID: <1@office.example>\r\n\r\n";
    while (text.size() < octets)
        text += "0123456789012345678901234567890123456789012345678901234567\r\n";
    return text;
}

} // namespace

class TestServerConnection : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() { setLogToStandardError(false); }
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }

    // 250 and the spool
    void neverSays250BeforeTheSpoolDid();
    void answersAFailedCommitForNow_data();
    void answersAFailedCommitForNow();
    void keepsAMessageWhoseClientIsGone();
    void storesNothingWhenTheClientLeavesInTheMiddle_data();
    void storesNothingWhenTheClientLeavesInTheMiddle();
    void givesUpTheFileOfRefusedContent();
    void tellsOfCommandsThatTheSessionRefuses_data();
    void tellsOfCommandsThatTheSessionRefuses();
    void answersEveryDiskFaultForNow();
    void putsLargeContentIntoAFile();
    void storesWhatWasSaid();
    void storesARepeatedRecipientOnce();
    void readsNothingWhileACommitIsUnderWay();
    void leavesTheSourceOutWhenMasked();
    void leavesNothingBehindAfterManyResets();

    // the stream
    void sendsTheRepliesOfABatchInOneWrite();
    void stopsListeningToAClientThatDoesNotRead();
    void slowsDownAfterTooManyErrors();
    void greetsBehindTheHandshakeOfAnImplicitTlsListener();
    void startsTlsWhenTheReplyIsOut();
    void passesLoginsOnAndAnswersThem();
    void endsOnceWhateverComes();
};

void TestServerConnection::neverSays250BeforeTheSpoolDid() { // RFC 5321 4.2.5
    ConnectionBench bench;
    bench.connect();
    QVERIFY(openData(bench).startsWith("354 "));
    bench.peer().says(kMessage + ".\r\n");
    QCOMPARE(bench.heard(), ""_ba);
    QCOMPARE(bench.stores(), 1);
    QVERIFY(bench.durable.empty());
    QVERIFY(bench.events.empty());
    bench.tick(Milliseconds(600'000)); // the disk may take its time: that is not the client's idleness
    QCOMPARE(bench.heard(), ""_ba);

    bench.commit(0);
    QCOMPARE(bench.heard(), "250 2.0.0 1a2b3c4d Message accepted for delivery\r\n"_ba);
    QCOMPARE(bench.durable.size(), size_t(1));
    QCOMPARE(bench.durable[0].message.id, 0x1a2b3c4dU);
    QCOMPARE(bench.events.size(), size_t(1));
    QVERIFY(bench.events[0].kind == SessionEvent::Kind::Accepted);
    QCOMPARE(bench.events[0].text, "\"Scan 7\" from scanner@office.test for bob@example.org accepted"_ba);
    QCOMPARE(bench.events[0].message, 0x1a2b3c4dU);
}

void TestServerConnection::answersAFailedCommitForNow_data() {
    QTest::addColumn<bool>("noSpace");
    QTest::addColumn<QByteArray>("reply");
    QTest::addRow("disk fault: law 4, a fault of ours is 4xx")
        << false << "451 4.3.0 The message cannot be stored now, try again later\r\n"_ba;
    QTest::addRow("disk full") << true << "452 4.3.1 Insufficient system storage, try again later\r\n"_ba;
}

void TestServerConnection::answersAFailedCommitForNow() {
    QFETCH(bool, noSpace);
    QFETCH(QByteArray, reply);
    ConnectionBench bench;
    bench.connect();
    (void)openData(bench);
    bench.peer().says(kMessage + ".\r\n");
    bench.fail(0, {noSpace ? ErrorCode::NoSpace : ErrorCode::Io, "sync failed", Permanence::Temporary});
    QCOMPARE(bench.heard(), reply);
    QVERIFY(bench.durable.empty());
    QCOMPARE(bench.events.size(), size_t(1));
    QVERIFY(bench.events[0].kind == SessionEvent::Kind::Refused);
    QCOMPARE(bench.events[0].detail, reply.trimmed());
    // The session goes on, and the next message may go well.
    QVERIFY(bench.ask("MAIL FROM:<a@office.test>").startsWith("250 "));
}

void TestServerConnection::keepsAMessageWhoseClientIsGone() { // S15, RFC 5321 6.1
    ConnectionBench bench;
    bench.connect();
    (void)openData(bench);
    bench.peer().says(kMessage + ".\r\n");
    bench.peer().hangsUp();
    QVERIFY(!bench.connection());
    QVERIFY(bench.discarded.isEmpty());
    bench.commit(0);
    QCOMPARE(bench.durable.size(), size_t(1));
    QCOMPARE(bench.events.size(), size_t(1));
    QVERIFY(bench.events[0].kind == SessionEvent::Kind::Accepted);
}

void TestServerConnection::storesNothingWhenTheClientLeavesInTheMiddle_data() {
    QTest::addColumn<qsizetype>("octets");
    QTest::addColumn<QByteArrayList>("discarded");
    QTest::addRow("S16 small message") << qsizetype(1000) << QByteArrayList{};
    QTest::addRow("S16 large message, its file is given up")
        << qsizetype(400'000) << QByteArrayList{"incoming/1a2b3c4d"};
}

void TestServerConnection::storesNothingWhenTheClientLeavesInTheMiddle() {
    QFETCH(qsizetype, octets);
    QFETCH(QByteArrayList, discarded);
    for (const bool politely : {true, false}) {
        ConnectionBench bench;
        bench.connect();
        (void)openData(bench);
        bench.peer().says(bigText(octets));
        if (politely)
            bench.peer().hangsUp();
        else
            bench.peer().breaks("connection reset by peer");
        QVERIFY(!bench.connection());
        QCOMPARE(bench.stores(), 0);
        QCOMPARE(bench.discarded, discarded);
        QVERIFY(bench.durable.empty());
    }
}

void TestServerConnection::givesUpTheFileOfRefusedContent() { // S16's like: refused for its size, file gone, one event
    ConnectionBench bench;
    bench.rules->settings.maxMessageSize = 400'000;
    bench.connect();
    (void)openData(bench);
    const QByteArray text = bigText(450'000);
    bench.peer().says(text.first(390'000));
    QVERIFY(bench.disk.size("incoming/1a2b3c4d"));
    bench.peer().says(text.sliced(390'000));
    QCOMPARE(bench.discarded, QByteArrayList{"incoming/1a2b3c4d"});
    QCOMPARE(bench.heard(), ""_ba); // the reply waits for the end of data
    bench.peer().says(".\r\n");
    const QByteArray reply = bench.heard();
    QVERIFY2(reply.startsWith("552 5.3.4 "), reply.constData());
    QCOMPARE(bench.stores(), 0);
    QCOMPARE(bench.events.size(), size_t(1));
    QVERIFY(bench.events[0].kind == SessionEvent::Kind::Refused);
    QCOMPARE(bench.events[0].detail, reply.trimmed());
}

void TestServerConnection::tellsOfCommandsThatTheSessionRefuses_data() { // why a scanner's mail fails
    QTest::addColumn<QByteArray>("command");
    QTest::addColumn<QByteArray>("reply");
    QTest::addRow("too large by its SIZE") << "MAIL FROM:<a@office.test> SIZE=99999999"_ba << "552 5.3.4 "_ba;
    QTest::addRow("a sender without brackets") << "MAIL FROM:a@office.test"_ba << "501 5.1.7 "_ba;
    QTest::addRow("a parameter that nobody knows") << "MAIL FROM:<a@office.test> FOO=1"_ba << "555 5.5.4 "_ba;
    QTest::addRow("an unknown command is the client's own matter") << "FROB"_ba << ""_ba;
}

void TestServerConnection::tellsOfCommandsThatTheSessionRefuses() {
    QFETCH(QByteArray, command);
    QFETCH(QByteArray, reply);
    ConnectionBench bench;
    bench.connect();
    (void)bench.ask("EHLO scanner.test");
    const QByteArray heard = bench.ask(command);
    QVERIFY2(heard.startsWith(reply), heard.constData());
    QCOMPARE(bench.events.size(), reply.isEmpty() ? size_t(0) : size_t(1));
    if (reply.isEmpty())
        return;
    QVERIFY(bench.events[0].kind == SessionEvent::Kind::Refused);
    QCOMPARE(bench.events[0].detail, heard.trimmed());
}

void TestServerConnection::answersEveryDiskFaultForNow() {
    int failures = 0;
    for (int n = 1;; ++n) {
        ConnectionBench bench;
        FailingFileStore failing(bench.disk, n);
        bench.files = &failing;
        bench.connect();
        (void)openData(bench);
        bench.peer().says(bigText(400'000));
        bench.peer().says(".\r\n");
        if (!failing.failed()) {
            QCOMPARE(bench.stores(), 1);
            break;
        }
        ++failures;
        QCOMPARE(bench.heard(), "451 4.3.0 The message cannot be stored now, try again later\r\n"_ba);
        QCOMPARE(bench.stores(), 0);
        QCOMPARE(bench.discarded.size(), n == 1 ? 0 : 1);
    }
    QVERIFY(failures >= 3); // create, write, close
}

void TestServerConnection::putsLargeContentIntoAFile() {
    ConnectionBench bench;
    bench.connect();
    (void)openData(bench);
    const QByteArray text = bigText(400'000);
    for (qsizetype at = 0; at < text.size(); at += 7000)
        bench.peer().says(text.mid(at, 7000));
    bench.peer().says(".\r\n");
    QCOMPARE(bench.stores(), 1);
    const queue::StoreMessage& store = bench.store(0);
    QCOMPARE(store.content.file, "incoming/1a2b3c4d"_ba);
    QVERIFY(store.content.bytes.isEmpty());
    const QByteArray kept = bench.disk.read("incoming/1a2b3c4d", 0, -1).value_or({});
    QCOMPARE(store.content.size, qint64(kept.size()));
    QCOMPARE(store.message.size, qint64(kept.size()));
    QVERIFY(kept.startsWith("Received: from scanner.office.test "));
    QVERIFY(kept.endsWith(text));
    QVERIFY(bench.discarded.isEmpty());
}

void TestServerConnection::storesWhatWasSaid() {
    ConnectionBench bench;
    bench.connect();
    (void)bench.ask("EHLO scanner.office.test");
    (void)bench.ask("MAIL FROM:<scanner@office.test> SIZE=100 BODY=8BITMIME");
    (void)bench.ask("RCPT TO:<Bob@Example.ORG>");
    (void)bench.ask("DATA");
    bench.peer().says("Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=\r\nDate: Thu, 19 Nov 2026 14:32:00 +0000\r\nMessage-ID: <1@office.example>\r\n\r\n..dot \xc3\xa4\r\n.\r\n");
    QCOMPARE(bench.stores(), 1);
    const queue::StoreMessage& store = bench.store(0);
    QCOMPARE(store.message.id, 0x1a2b3c4dU);
    QCOMPARE(store.message.sender, "scanner@office.test"_ba);
    QCOMPARE(store.message.createdAt, bench.clock.unixNow());
    QVERIFY(store.message.hasEightBit);
    QVERIFY(store.message.params.body == smtp::BodyType::EightBitMime);
    QCOMPARE(store.message.helo, "scanner.office.test"_ba);
    QCOMPARE(store.message.clientAddress, "192.0.2.66"_ba);
    QCOMPARE(store.message.listener, bench.service.socket->name());
    QCOMPARE(store.message.tag, "office"_ba);
    QCOMPARE(store.message.user, ""_ba);
    QCOMPARE(store.message.subject, "Grüße"_ba);
    QVERIFY(!store.message.isBounce);
    QCOMPARE(store.message.size, qint64(store.content.bytes.size()));
    QVERIFY(store.content.file.isEmpty());
    QVERIFY(store.content.bytes.startsWith("Received: from scanner.office.test "));
    QVERIFY(store.content.bytes.contains(" id 1a2b3c4d"));
    QVERIFY(store.content.bytes.endsWith("Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=\r\nDate: Thu, 19 Nov 2026 14:32:00 +0000\r\nMessage-ID: <1@office.example>\r\n\r\n.dot \xc3\xa4\r\n"));

    QCOMPARE(store.envelopes.size(), size_t(1));
    const queue::Envelope& envelope = store.envelopes[0];
    QCOMPARE(queue::messageOf(envelope.id), 0x1a2b3c4dU);
    QVERIFY(envelope.state == queue::EnvelopeState::Waiting);
    QCOMPARE(envelope.recipient, "Bob@Example.ORG"_ba);
    QCOMPARE(envelope.destination, "Bob@Example.ORG"_ba);
    QCOMPARE(envelope.action, "out"_ba);
    QCOMPARE(envelope.relay, ""_ba);
    QCOMPARE(envelope.ttl, qint64(4 * 86400));
    QCOMPARE(envelope.nextTryAt, bench.clock.unixNow());
    QCOMPARE(envelope.tries, 0);
}

void TestServerConnection::storesARepeatedRecipientOnce() {
    ConnectionBench bench;
    bench.connect();
    (void)openData(bench, {"bob@example.org", "bob@EXAMPLE.org", "carol@example.org", "bob@example.org"});
    bench.peer().says(kMessage + ".\r\n");
    QCOMPARE(bench.stores(), 1);
    const auto& envelopes = bench.store(0).envelopes;
    QCOMPARE(envelopes.size(), size_t(2));
    QCOMPARE(envelopes[0].recipient, "bob@example.org"_ba);
    QCOMPARE(envelopes[1].recipient, "carol@example.org"_ba);
    QVERIFY(envelopes[0].id != envelopes[1].id);
    bench.commit(0);
    QCOMPARE(bench.events[0].text, "\"Scan 7\" from scanner@office.test for bob@example.org and 1 more accepted"_ba);
    // Nothing of it is left for the next message.
    (void)openData(bench, {"dave@example.org"});
    bench.peer().says(kMessage + ".\r\n");
    QCOMPARE(bench.stores(), 2);
    QCOMPARE(bench.store(1).envelopes.size(), size_t(1));
    QCOMPARE(bench.store(1).message.id, 0x1a2b3c4eU);
}

void TestServerConnection::readsNothingWhileACommitIsUnderWay() {
    ConnectionBench bench;
    bench.connect();
    (void)openData(bench);
    bench.peer().says(kMessage + ".\r\n");
    QVERIFY(!bench.peer().reading);
    bench.peer().says("NOOP\r\nQUIT\r\n");
    QCOMPARE(bench.heard(), ""_ba);
    bench.commit(0);
    QVERIFY(bench.peer().closed);
    const QByteArray replies = bench.heard();
    QCOMPARE(replies.count("\r\n"), 3);
    QVERIFY(replies.startsWith("250 2.0.0 1a2b3c4d "));
    QVERIFY(replies.contains("\r\n221 "));
}

void TestServerConnection::leavesTheSourceOutWhenMasked() { // mask-src
    ConnectionBench bench;
    bench.service.spec.maskSource = true;
    bench.connect();
    (void)openData(bench);
    bench.peer().says(kMessage + ".\r\n");
    QCOMPARE(bench.stores(), 1);
    QVERIFY(bench.store(0).content.bytes.startsWith("Received: by gate.test "));
    QVERIFY(!bench.store(0).content.bytes.contains("192.0.2.66"));
}

void TestServerConnection::leavesNothingBehindAfterManyResets() { // R06
    ConnectionBench bench;
    bench.rules->settings.maxMails = 0;
    bench.connect();
    (void)bench.ask("EHLO scanner");
    for (int i = 0; i < 500; ++i)
        bench.peer().says("MAIL FROM:<a@office.test>\r\nRCPT TO:<carol@example.org>\r\nRSET\r\n");
    QCOMPARE(bench.heard().count("250 "), 1500);
    QVERIFY(bench.disk.list("incoming").value_or({}).isEmpty());
    QVERIFY(bench.events.empty());
    // What was said before a reset is no part of the next message.
    (void)openData(bench, {"bob@example.org"});
    bench.peer().says(kMessage + ".\r\n");
    QCOMPARE(bench.stores(), 1);
    QCOMPARE(bench.store(0).envelopes.size(), size_t(1));
}

void TestServerConnection::sendsTheRepliesOfABatchInOneWrite() {
    ConnectionBench bench;
    bench.connect();
    (void)bench.ask("EHLO scanner");
    const qsizetype before = bench.peer().writes.size();
    bench.peer().says("MAIL FROM:<a@office.test>\r\nRCPT TO:<bob@example.org>\r\nRCPT TO:<carol@example.org>\r\nDATA\r\n");
    QCOMPARE(bench.peer().writes.size(), before + 1);
    QCOMPARE(bench.heard().count("\r\n"), 4);
    bench.peer().says(kMessage + ".\r\nQUIT\r\n");
    bench.commit(0);
    QCOMPARE(bench.peer().writes.size(), before + 2); // 250 and 221 together
    QVERIFY(bench.peer().closed);
}

void TestServerConnection::stopsListeningToAClientThatDoesNotRead() { // R04
    ConnectionBench bench;
    bench.connect();
    (void)bench.ask("EHLO scanner");
    bench.peer().peerReads = false;
    const QByteArray flood = QByteArray("NOOP\r\n").repeated(1000);
    int rounds = 0;
    while (bench.peer().reading && rounds < 1000) {
        bench.peer().says(flood);
        ++rounds;
    }
    QVERIFY(rounds < 1000);
    QVERIFY(bench.peer().unsent > 256 * 1024);
    QVERIFY(bench.peer().unsent < 512 * 1024);

    // Progress, however slow, keeps it; none for a minute ends it.
    bench.tick(Milliseconds(59'000));
    bench.peer().takes(10);
    bench.tick(Milliseconds(59'000));
    QVERIFY(bench.connection());
    bench.tick(Milliseconds(60'000));
    QVERIFY(!bench.connection());
    QVERIFY(bench.peer().aborted);
}

void TestServerConnection::slowsDownAfterTooManyErrors() { // N07
    ConnectionBench bench;
    bench.connect();
    (void)bench.ask("EHLO scanner");
    for (int i = 0; i < 10; ++i)
        QVERIFY(bench.ask("FROB").startsWith("500 "));
    QVERIFY(bench.peer().reading);
    QVERIFY(bench.ask("FROB").startsWith("500 "));
    QVERIFY(!bench.peer().reading);
    QCOMPARE(bench.ask("FROB"), ""_ba);
    bench.tick(Milliseconds(1000));
    bench.peer().deliver();
    QVERIFY(bench.heard().startsWith("500 "));
    // And it ends before long: by 20.
    int more = 0;
    while (bench.connection() && !bench.peer().closed && more++ < 20) {
        bench.peer().says("FROB\r\n");
        bench.tick(Milliseconds(1000));
        bench.peer().deliver();
    }
    QVERIFY(bench.heard().endsWith("421 4.7.0 Too many errors, closing connection\r\n"));
    QVERIFY2(more <= 9, QByteArray::number(more).constData());
}

void TestServerConnection::greetsBehindTheHandshakeOfAnImplicitTlsListener() {
    ConnectionBench bench;
    bench.service.spec.tls = policy::ListenTls::Wrapped;
    bench.connect();
    QVERIFY(bench.peer().tlsStarted);
    QCOMPARE(bench.heard(), ""_ba);
    bench.peer().handshakeDone();
    QVERIFY(bench.heard().startsWith("220 gate.test "));
    QVERIFY(!bench.ask("EHLO scanner").contains("STARTTLS"));
}

void TestServerConnection::startsTlsWhenTheReplyIsOut() {
    ConnectionBench bench;
    bench.service.spec.tls = policy::ListenTls::StartTlsRequired;
    bench.connect();
    // Without a certificate it is not offered, and mail is not taken in clear either.
    QVERIFY(!bench.ask("EHLO scanner").contains("STARTTLS"));
    QVERIFY(bench.ask("MAIL FROM:<a@office.test>").startsWith("530 "));
    QVERIFY(!bench.peer().tlsStarted);
}

void TestServerConnection::passesLoginsOnAndAnswersThem() {
    ConnectionBench bench;
    bench.service.spec.tls = policy::ListenTls::Wrapped;
    bench.service.spec.auth = policy::ListenAuth::Required;
    bench.connect();
    bench.peer().handshakeDone();
    (void)bench.ask("EHLO scanner");
    // printf '\0carol\0U*U' | base64
    QCOMPARE(bench.ask("AUTH PLAIN AGNhcm9sAFUqVQ=="), ""_ba);
    QCOMPARE(bench.logins.size(), size_t(1));
    QCOMPARE(bench.logins[0].user, "carol"_ba);
    QCOMPARE(bench.logins[0].password.expose().toByteArray(), "U*U"_ba);
    QCOMPARE(bench.logins[0].clientAddress, "192.0.2.66"_ba);
    QVERIFY(!bench.peer().reading);

    const auto answer = [&](smtp::LoginOutcome outcome) {
        bench.connection()->deliver({1, LoginAnswer{outcome}});
        return bench.heard();
    };
    QVERIFY(answer(smtp::LoginOutcome::BackendDown).startsWith("454 4.7.0 ")); // A11
    (void)bench.ask("AUTH PLAIN AGNhcm9sAFUqVQ==");
    QVERIFY(answer(smtp::LoginOutcome::Refused).startsWith("535 5.7.8 "));
    QVERIFY(bench.ask("MAIL FROM:<a@office.test>").startsWith("530 "));
    (void)bench.ask("AUTH PLAIN AGNhcm9sAFUqVQ==");
    QVERIFY(answer(smtp::LoginOutcome::Accepted).startsWith("235 "));
    QVERIFY(bench.ask("MAIL FROM:<a@office.test>").startsWith("250 "));
    (void)bench.ask("RCPT TO:<bob@example.org>");
    (void)bench.ask("DATA");
    bench.peer().says(kMessage + ".\r\n");
    QCOMPARE(bench.stores(), 1);
    QCOMPARE(bench.store(0).message.user, "carol"_ba);
}

void TestServerConnection::endsOnceWhateverComes() {
    ConnectionBench bench;
    bench.connect();
    (void)bench.ask("EHLO scanner");
    QVERIFY(bench.ask("QUIT").startsWith("221 "));
    QVERIFY(bench.peer().closed);
    QCOMPARE(bench.ask("NOOP"), ""_ba); // after the goodbye nobody listens
    QVERIFY(bench.connection());
    bench.peer().hangsUp();
    QVERIFY(!bench.connection());
    QVERIFY(bench.peer().destroyed);
}

QTEST_GUILESS_MAIN(TestServerConnection)
#include "tst_server_connection.moc"
