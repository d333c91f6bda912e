// SPDX-License-Identifier: GPL-3.0-or-later
//
// What comes before and around the first commands: a proxy's header, the name of the address a client came to, the client's
// own name, whether a login may use a sender, and the socket for programs of this computer.
#include "base/log.h"
#include "connection_bench.h"
#include "table_double.h"

#include <QRegularExpression>
#include <QTest>

using namespace postern;
using namespace postern::listener;
using namespace postern::test;
using namespace Qt::StringLiterals;

namespace {

// 192.0.2.9:40000 to 192.0.2.1:25, PROXY protocol 2.2
const QByteArray kProxy = QByteArray::fromHex("0d0a0d0a000d0a515549540a" "2111000c" "c0000209" "c0000201" "9c40" "0019");
const QByteArray kProxyItself = QByteArray::fromHex("0d0a0d0a000d0a515549540a" "20000000");

// match from rdns <names> for any action "out": only clients with such a name may send.
std::shared_ptr<policy::Ruleset> rulesByName(const QByteArrayList& keys) {
    std::map<QByteArray, QByteArray> names;
    for (const QByteArray& key : keys)
        names[key] = "";
    auto rules = std::make_shared<policy::Ruleset>();
    policy::Rule rule;
    policy::Condition from, to;
    from.kind = policy::ConditionKind::FromRdns;
    from.table = std::make_shared<TableDouble>(names);
    to.kind = policy::ConditionKind::ForAny;
    rule.conditions = {from, to};
    policy::Action action;
    action.name = "out";
    rule.action = std::make_shared<const policy::Action>(std::move(action));
    rules->rules.push_back(std::move(rule));
    return rules;
}

QByteArray storedText(const ConnectionBench& bench) {
    return bench.stores() == 0 ? QByteArray("nothing stored") : bench.store(bench.stores() - 1).content.bytes;
}

QByteArray deliver(ConnectionBench& bench) {
    const QByteArray go = openData(bench);
    return go.startsWith("354 ") ? (bench.ask(kMessage + "."), storedText(bench)) : go;
}

} // namespace

class TestConnectionOpening : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() { setLogToStandardError(false); }
    void init() { QTest::failOnWarning(QRegularExpression(u".*"_s)); }

    // --- proxy-v2

    void N09_theClientIsWhomTheProxyNames_data() {
        QTest::addColumn<qsizetype>("piece");
        for (const qsizetype piece : {1, 2, 28, 1000})
            QTest::addRow("%d octets at a time", int(piece)) << piece;
    }
    void N09_theClientIsWhomTheProxyNames() {
        QFETCH(qsizetype, piece);
        ConnectionBench bench;
        bench.service.spec.proxyV2 = true;
        StreamScript& peer = bench.connect();
        peer.address = "127.0.0.1";
        QCOMPARE(bench.heard(), "");
        const QByteArray all = kProxy + "EHLO scanner\r\n";
        for (qsizetype at = 0; at < all.size(); at += piece)
            peer.says(all.mid(at, piece));
        const QByteArray said = bench.heard();
        QVERIFY2(said.startsWith("220 gate.test "), said.constData());
        QVERIFY2(said.contains("250-gate.test Hello scanner [192.0.2.9], pleased"), said.constData());
        QCOMPARE(bench.addressesAsked, QByteArrayList{"192.0.2.9"});
        const QByteArray text = deliver(bench);
        QVERIFY2(text.contains(" [192.0.2.9])\r\n"), text.constData());
        bench.commit(0);
        QCOMPARE(bench.store(0).message.clientAddress, "192.0.2.9");
        QCOMPARE(bench.events.back().clientAddress, "192.0.2.9"); // what the log says is what the rules saw
    }

    void L10_aProxysClientWithTooManySessionsIsTurnedAway() {
        ConnectionBench bench;
        bench.service.spec.proxyV2 = true;
        bench.admits = false;
        StreamScript& peer = bench.connect();
        peer.says(kProxy + "EHLO scanner\r\n");
        QCOMPARE(bench.recognised, QByteArrayList{"192.0.2.9"});
        QCOMPARE(bench.heard(), "421 4.7.0 too many connections from your address, try again later\r\n"_ba);
        QVERIFY(peer.closed);
        bench.tick(Milliseconds(10'000)); // and the client does not go
        QVERIFY(!bench.connection());
        QVERIFY(peer.aborted);
    }

    void N09_whatIsNoHeaderEndsTheConnectionUnanswered_data() {
        QTest::addColumn<QByteArray>("said");
        QTest::addRow("a command") << "EHLO scanner\r\n"_ba;
        QTest::addRow("version 1") << "PROXY TCP4 10.0.0.1 10.0.0.2 1 25\r\n"_ba;
        QTest::addRow("length 65535") << kProxy.first(14) + "\xff\xff" + kProxy.sliced(16);
        QTest::addRow("a UNIX socket") << kProxy.first(13) + "\x31\x00\xd8"_ba + QByteArray(216, 'x');
    }
    void N09_whatIsNoHeaderEndsTheConnectionUnanswered() {
        QFETCH(QByteArray, said);
        ConnectionBench bench;
        bench.service.spec.proxyV2 = true;
        bench.connect();
        bench.peer().says(said);
        QCOMPARE(bench.heard(), "");
        QVERIFY(bench.peer().aborted);
        QCOMPARE(bench.connection(), nullptr);
        QCOMPARE(bench.events.size(), size_t(1));
        QVERIFY2(bench.events[0].text.startsWith("A connection from 192.0.2.66 at the proxy's listener was closed: "), bench.events[0].text.constData());
    }

    void N09_theHeaderIsWaitedForFiveSecondsAtMost() {
        ConnectionBench bench;
        bench.service.spec.proxyV2 = true;
        bench.connect();
        bench.peer().says(kProxy.first(2));
        bench.tick(Milliseconds(3'900));
        QVERIFY(bench.connection() != nullptr);
        bench.tick(Milliseconds(1'000));
        QVERIFY(bench.peer().aborted);
        QCOMPARE(bench.connection(), nullptr);
        QCOMPARE(bench.heard(), "");
    }

    void theProxyItselfIsServedUnderItsOwnAddress() {
        ConnectionBench bench;
        bench.service.spec.proxyV2 = true;
        bench.connect();
        bench.peer().says(kProxyItself);
        QVERIFY(bench.heard().startsWith("220 "));
        QVERIFY(bench.ask("EHLO scanner").contains("[192.0.2.66]"));
    }

    // With TLS from the start the hello follows the header at once; it is not read by us.
    void theHelloBehindTheHeaderStaysUnread() {
        ConnectionBench bench;
        bench.service.spec.proxyV2 = true;
        bench.service.spec.tls = policy::ListenTls::Wrapped;
        bench.connect();
        bench.peer().says(kProxy + "\x16\x03\x01"_ba);
        QVERIFY(bench.peer().tlsStarted);
        QCOMPARE(bench.peer().waiting, "\x16\x03\x01"_ba);
        QCOMPARE(bench.heard(), "");
    }

    void whoLeavesBeforeTheHeaderIsForgotten() {
        ConnectionBench bench;
        bench.service.spec.proxyV2 = true;
        bench.connect();
        bench.peer().says(kProxy.first(7));
        bench.peer().hangsUp();
        QCOMPARE(bench.connection(), nullptr);
        bench.connect();
        bench.connection()->shutDown();
        QCOMPARE(bench.connection(), nullptr);
    }

    // --- hostnames

    // --- a sender's domain with a null MX (RFC 7505)

    void aSenderWhoseDomainTakesNoMailIsRefused() {
        ConnectionBench bench;
        bench.nullMx = true;
        bench.connect();
        (void)bench.ask("EHLO scanner");
        QCOMPARE(bench.ask("MAIL FROM:<a@Null.Example>"), "550 5.7.27 Sender address has null MX\r\n"_ba);
        QCOMPARE(bench.domainsAsked, QByteArrayList{"null.example"});
        QVERIFY(bench.events.back().text.contains("Mail from a@Null.Example refused: its domain"));
        QVERIFY(bench.ask("RCPT TO:<bob@example.org>").startsWith("503 "));
    }
    void whoIsNotAskedAbout_data() {
        QTest::addColumn<QByteArray>("address");
        QTest::addColumn<QByteArray>("sender");
        QTest::addRow("the null sender") << "192.0.2.66"_ba << ""_ba;
        QTest::addRow("an address literal") << "192.0.2.66"_ba << "a@[192.0.2.66]"_ba;
        QTest::addRow("programs of this computer") << "127.0.0.1"_ba << "a@null.example"_ba;
    }
    void whoIsNotAskedAbout() {
        QFETCH(QByteArray, address);
        QFETCH(QByteArray, sender);
        ConnectionBench bench;
        bench.nullMx = true;
        bench.connect().address = address;
        bench.connect(); // from there
        (void)bench.ask("EHLO scanner");
        const QByteArray reply = bench.ask("MAIL FROM:<" + sender + ">");
        QVERIFY2(reply.startsWith("250 2.1.0 "), reply.constData());
        QCOMPARE(bench.domainsAsked, QByteArrayList());
    }
    void mailWaitsForTheDomainForTwoSeconds() {
        ConnectionBench bench;
        bench.nullMx = std::nullopt;
        bench.connect();
        (void)bench.ask("EHLO scanner");
        QCOMPARE(bench.ask("MAIL FROM:<a@slow.example>"), QByteArray());
        bench.answerDomain("other.example", true); // of a question from before
        QCOMPARE(bench.heard(), QByteArray());
        bench.tick(Milliseconds(1'900));
        QCOMPARE(bench.heard(), QByteArray());
        bench.tick(Milliseconds(200));
        QVERIFY(bench.heard().startsWith("250 2.1.0 "));
        bench.answerDomain("slow.example", true); // too late
        QVERIFY(bench.ask("RCPT TO:<bob@example.org>").startsWith("250 "));
        (void)bench.ask("RSET");
        QCOMPARE(bench.ask("MAIL FROM:<a@slow.example>"), QByteArray());
        bench.answerDomain("slow.example", true);
        QVERIFY(bench.heard().startsWith("550 5.7.27 "));
    }
    void aClientThatLeavesWhileItsDomainIsAskedAboutIsForgotten() {
        ConnectionBench bench;
        bench.nullMx = std::nullopt;
        StreamScript& peer = bench.connect();
        (void)bench.ask("EHLO scanner");
        (void)bench.ask("MAIL FROM:<a@slow.example>");
        peer.hangsUp();
        bench.answerDomain("slow.example", true); // whoever still has the connection must not answer
        QVERIFY(!bench.connection());
        QCOMPARE(bench.heard(), QByteArray());
        QVERIFY(bench.events.empty());
    }

    // Reset while it still waited to be accepted: the system does not know any more who it was, and nobody is told.
    void R05_whoLeftBeforeWeCameIsForgotten_data() {
        QTest::addColumn<policy::ListenTls>("tls");
        QTest::newRow("in clear") << policy::ListenTls::None;
        QTest::newRow("in TLS") << policy::ListenTls::Wrapped;
    }
    void R05_whoLeftBeforeWeCameIsForgotten() {
        QFETCH(const policy::ListenTls, tls);
        ConnectionBench bench;
        bench.service.spec.tls = tls;
        StreamScript& peer = bench.connect();
        peer.address.clear();
        peer.writes.clear();
        const qsizetype asked = bench.addressesAsked.size();
        bench.connect(); // another, with what the first one's script says
        QVERIFY(!bench.connection());
        QCOMPARE(bench.heard(), QByteArray());
        QVERIFY(bench.events.empty());
        QCOMPARE(bench.addressesAsked.size(), asked);
    }

    void theNameGoesByTheAddressThatTheClientCameTo_data() { // a FakeStream's own address is 192.0.2.1
        QTest::addColumn<QByteArray>("key");
        QTest::addColumn<bool>("fails");
        QTest::addColumn<QByteArray>("name");
        QTest::addRow("listed") << "192.0.2.1"_ba << false << "mx.one.example"_ba;
        QTest::addRow("not listed") << "192.0.2.2"_ba << false << "gate.test"_ba;
        QTest::addRow("the table is away") << "192.0.2.1"_ba << true << "gate.test"_ba;
    }
    void theNameGoesByTheAddressThatTheClientCameTo() {
        QFETCH(QByteArray, key);
        QFETCH(bool, fails);
        QFETCH(QByteArray, name);
        for (const bool late : {false, true}) {
            ConnectionBench bench;
            auto table = std::make_shared<TableDouble>(std::map<QByteArray, QByteArray>{{key, "mx.one.example"}});
            table->fails = fails;
            table->holds = late;
            bench.service.spec.hostnames = table;
            bench.connect();
            if (late) {
                QCOMPARE(bench.heard(), "");
                bench.peer().says("EHLO scanner\r\n"); // has to wait
                table->release();
                ConnectionBench::deliverOutcomes();
                bench.peer().deliver();
            } else {
                bench.peer().says("EHLO scanner\r\n");
            }
            const QByteArray heard = bench.heard();
            QVERIFY2(heard.startsWith("220 " + name + " ESMTP"), heard.constData());
            QVERIFY2(heard.contains("250-" + name + " Hello"), heard.constData());
            (void)bench.ask("MAIL FROM:<a@office.test>");
            (void)bench.ask("RCPT TO:<caught@example.org>");
            (void)bench.ask("DATA");
            (void)bench.ask(kMessage + ".");
            QVERIFY2(storedText(bench).contains("by " + name + " (Postern)"), storedText(bench).constData());
        }
    }

    void aTableThatNeverAnswersIsNotWaitedFor() {
        ConnectionBench bench;
        auto table = std::make_shared<TableDouble>(std::map<QByteArray, QByteArray>{{"192.0.2.1", "mx.one.example"}});
        table->holds = true;
        bench.service.spec.hostnames = table;
        bench.connect();
        bench.tick(Milliseconds(5'000));
        QVERIFY(bench.heard().startsWith("220 gate.test "));
        table->release(); // too late to matter
        ConnectionBench::deliverOutcomes();
        QVERIFY(bench.ask("EHLO scanner").startsWith("250-gate.test "));
    }

    // --- the client's name

    void theNameIsInTheTraceFieldAndDecidesRules() {
        ConnectionBench bench;
        bench.rules = rulesByName({"scanner.office.test"});
        bench.reverseName = "Scanner.office.test";
        bench.connect();
        const QByteArray text = deliver(bench);
        QVERIFY2(text.startsWith("Received: from scanner.office.test (Scanner.office.test [192.0.2.66])\r\n"), text.constData());
        QCOMPARE(bench.store(0).message.clientName, "Scanner.office.test");
    }

    void withoutANameItIsUnknownAndFitsNoRule() {
        ConnectionBench bench;
        bench.connect();
        QVERIFY(deliver(bench).contains("(<unknown> [192.0.2.66])"));
        ConnectionBench other;
        other.rules = rulesByName({"scanner.office.test"});
        other.connect();
        (void)other.ask("EHLO scanner");
        (void)other.ask("MAIL FROM:<a@office.test>");
        QVERIFY(other.ask("RCPT TO:<bob@example.org>").startsWith("550 "));
    }

    void mailWaitsForTheNameForTwoSeconds() {
        ConnectionBench bench;
        bench.rules = rulesByName({"scanner.office.test"});
        bench.reverseName.reset();
        bench.connect();
        QVERIFY(bench.ask("EHLO scanner").startsWith("250-")); // the greeting and EHLO did not wait
        QCOMPARE(bench.ask("MAIL FROM:<a@office.test>"), "");
        bench.answerReverseName("scanner.office.test");
        QVERIFY(bench.heard().startsWith("250 2.1.0 "));
        QVERIFY(bench.ask("RCPT TO:<bob@example.org>").startsWith("250 "));
    }

    void aNameThatDoesNotComeIsUnknown() {
        ConnectionBench bench;
        bench.reverseName.reset();
        bench.connect();
        (void)bench.ask("EHLO scanner");
        QCOMPARE(bench.ask("MAIL FROM:<a@office.test>"), "");
        bench.tick(Milliseconds(1'000));
        QCOMPARE(bench.heard(), "");
        bench.tick(Milliseconds(1'000));
        QVERIFY(bench.heard().startsWith("250 2.1.0 "));
        (void)bench.ask("RCPT TO:<bob@example.org>");
        (void)bench.ask("DATA");
        bench.answerReverseName("scanner.office.test"); // for the next message
        (void)bench.ask(kMessage + ".");
        bench.commit(0);
        const QByteArray next = deliver(bench);
        QVERIFY2(next.contains("(scanner.office.test [192.0.2.66])"), next.constData());
    }

    void aClientThatLeavesWhileItsNameIsLookedUpIsForgotten() {
        ConnectionBench bench;
        bench.reverseName.reset();
        bench.connect();
        (void)bench.ask("EHLO scanner");
        (void)bench.ask("MAIL FROM:<a@office.test>");
        bench.peer().hangsUp();
        bench.answerReverseName("scanner.office.test");
        QCOMPARE(bench.connection(), nullptr);
    }

    // --- senders

    void A14_whoHasSignedInUsesHisOwnAddressesOnly_data() {
        QTest::addColumn<QByteArray>("sender");
        QTest::addColumn<QByteArray>("code");
        QTest::addRow("his address") << "carol@office.test"_ba << "250 2.1.0 "_ba;
        QTest::addRow("with a sub-address") << "carol+list@office.test"_ba << "250 2.1.0 "_ba;
        QTest::addRow("in capitals") << "CAROL@Office.Test"_ba << "250 2.1.0 "_ba;
        QTest::addRow("a domain that is his") << "anything@carol.test"_ba << "250 2.1.0 "_ba;
        QTest::addRow("A14 another's address") << "dave@office.test"_ba << "550 5.7.1 "_ba;
        QTest::addRow("A14 his name at another domain") << "carol@elsewhere.test"_ba << "550 5.7.1 "_ba;
        QTest::addRow("A14 a domain below one that is his") << "a@sub.carol.test"_ba << "550 5.7.1 "_ba;
        QTest::addRow("the null sender") << ""_ba << "550 5.7.1 "_ba;
    }
    void A14_whoHasSignedInUsesHisOwnAddressesOnly() {
        QFETCH(QByteArray, sender);
        QFETCH(QByteArray, code);
        for (const bool late : {false, true}) {
            ConnectionBench bench;
            auto table = std::make_shared<TableDouble>(std::map<QByteArray, QByteArray>{{"carol", "carol@office.test, @carol.test,"}});
            table->holds = late;
            signIn(bench, table, "Carol");
            QByteArray reply = bench.ask("MAIL FROM:<" + sender + ">");
            if (late) {
                QCOMPARE(reply, "");
                table->release();
                ConnectionBench::deliverOutcomes();
                reply = bench.heard();
            }
            QVERIFY2(reply.startsWith(code), reply.constData());
            QCOMPARE(table->asked, QByteArrayList{"carol"});
            if (code.startsWith("550"))
                QVERIFY2(bench.events.back().text.endsWith(" refused: Carol may not use that address, says table users"), bench.events.back().text.constData());
        }
    }

    void A14_aLoginThatTheTableDoesNotKnowMayUseNothing() {
        ConnectionBench bench;
        signIn(bench, std::make_shared<TableDouble>(std::map<QByteArray, QByteArray>{}), "carol");
        QVERIFY(bench.ask("MAIL FROM:<carol@office.test>").startsWith("550 5.7.1 "));
    }

    void A14_aTableThatCannotBeAskedIsATemporaryFailure() {
        ConnectionBench bench;
        auto table = std::make_shared<TableDouble>(std::map<QByteArray, QByteArray>{{"carol", "@"}});
        table->fails = true;
        signIn(bench, table, "carol");
        QVERIFY(bench.ask("MAIL FROM:<carol@office.test>").startsWith("451 4.3.0 "));
        table->fails = false;
        QVERIFY(bench.ask("MAIL FROM:<>").startsWith("250 ")); // "@" is everything
    }

    void masqueradePutsTheSenderIntoTheFromField_data() {
        QTest::addColumn<bool>("masquerade");
        QTest::addColumn<QByteArray>("from");
        QTest::addRow("senders masquerade") << true << "From: The Boss <carol@office.test>\r\n"_ba;
        QTest::addRow("senders alone") << false << "From: The Boss <boss@bank.test>\r\n"_ba;
    }
    void masqueradePutsTheSenderIntoTheFromField() {
        QFETCH(bool, masquerade);
        QFETCH(QByteArray, from);
        ConnectionBench bench;
        bench.service.spec.masquerade = masquerade;
        signIn(bench, std::make_shared<TableDouble>(std::map<QByteArray, QByteArray>{{"carol", "@"}}), "carol");
        (void)bench.ask("MAIL FROM:<carol@office.test>");
        (void)bench.ask("RCPT TO:<bob@example.org>");
        (void)bench.ask("DATA");
        bench.peer().says("From: The Boss <boss@bank.test>\r\nSubject: x\r\nDate: Thu, 19 Nov 2026 14:32:00 +0000\r\nMessage-ID: <1@office.example>\r\n\r\nhello\r\n.\r\n");
        const QByteArray text = storedText(bench);
        QVERIFY2(text.endsWith("\r\n" + from + "Subject: x\r\nDate: Thu, 19 Nov 2026 14:32:00 +0000\r\nMessage-ID: <1@office.example>\r\n\r\nhello\r\n"), text.constData());
        QCOMPARE(bench.store(0).message.size, qint64(text.size()));
    }

    // --- trace that a stranger forged

    void S20_resultsInOurNameDoNotComeIn_data() {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<bool>("isSocket");
        QTest::addColumn<bool>("comesIn");
        QTest::addRow("the listener's name") << "gate.test"_ba << false << false;
        QTest::addRow("the server's name") << "server.test"_ba << false << false;
        QTest::addRow("the name written for results (admd)") << "results.test"_ba << false << false;
        QTest::addRow("another's name") << "mx.provider.test"_ba << false << true;
        QTest::addRow("ours, from a program of this computer") << "gate.test"_ba << true << true;
    }
    void S20_resultsInOurNameDoNotComeIn() { // RFC 8601 §5; Return-Path and kin are left to final delivery (RFC 5321 §4.4)
        QFETCH(QByteArray, name);
        QFETCH(bool, isSocket);
        QFETCH(bool, comesIn);
        const QByteArray before = "Return-Path: <boss@bank.test>\r\nDelivered-To: bob@example.org\r\nX-Spam: No\r\n";
        const QByteArray forged = "Authentication-Results: " + name + ";\r\n dkim=pass header.d=bank.test\r\n";
        const QByteArray behind = "Received: from a by b; Thu, 19 Nov 2026 14:32:00 +0000\r\nSubject: x\r\n\r\n" + forged + "hello\r\n";
        for (const bool inChunks : {false, true}) {
            ConnectionBench bench;
            bench.rules->settings.serverName = "server.test";
            bench.rules->settings.admd = "results.test";
            bench.service.spec.isSocket = isSocket;
            bench.connect();
            (void)bench.ask("EHLO scanner");
            (void)bench.ask("MAIL FROM:<a@bank.test>");
            (void)bench.ask("RCPT TO:<bob@example.org>");
            const QByteArray text = before + forged + behind;
            if (inChunks) {
                bench.peer().says("BDAT 120\r\n" + text.first(120)); // in the forged field
                bench.peer().says("BDAT " + QByteArray::number(text.size() - 120) + " LAST\r\n" + text.sliced(120));
            } else {
                (void)bench.ask("DATA");
                bench.peer().says(text + ".\r\n");
            }
            QCOMPARE(bench.stores(), 1);
            const QByteArray kept = storedText(bench);
            QVERIFY2(kept.endsWith("\r\n" + before + (comesIn ? forged : QByteArray()) + behind), kept.constData());
            QCOMPARE(bench.store(0).message.size, qint64(kept.size()));
        }
    }

    // --- what is handed in

    void whatIsHandedInIsCompleted_data() {
        QTest::addColumn<QByteArray>("address");
        QTest::addColumn<quint16>("port");
        QTest::addColumn<bool>("isSocket");
        QTest::addColumn<bool>("isProxied");
        QTest::addColumn<bool>("completed");
        QTest::addRow("loopback") << "127.0.0.1"_ba << quint16(25) << false << false << true;
        QTest::addRow("the local socket") << "0.0.0.0"_ba << quint16(0) << true << false << true;
        QTest::addRow("port 587") << "0.0.0.0"_ba << quint16(587) << false << false << true;
        QTest::addRow("port 25: mail that others relay") << "0.0.0.0"_ba << quint16(25) << false << false << false;
        QTest::addRow("port 465") << "0.0.0.0"_ba << quint16(465) << false << false << false;
        QTest::addRow("loopback behind a proxy") << "127.0.0.1"_ba << quint16(25) << false << true << false;
    }
    void whatIsHandedInIsCompleted() {
        QFETCH(QByteArray, address);
        QFETCH(quint16, port);
        QFETCH(bool, isSocket);
        QFETCH(bool, isProxied);
        QFETCH(bool, completed);
        for (const bool inChunks : {false, true}) {
            ConnectionBench bench;
            bench.service.socket = *listener::OpenListener::open(address, 0);
            bench.service.spec.port = port;
            bench.service.spec.isSocket = isSocket;
            bench.service.spec.proxyV2 = isProxied;
            bench.connect();
            if (isProxied)
                bench.peer().says(kProxyItself);
            (void)bench.ask("EHLO scanner");
            (void)bench.ask("MAIL FROM:<scanner@office.test>");
            (void)bench.ask("RCPT TO:<bob@example.org>");
            const QByteArray text = "From: scanner\r\nBcc: bob@example.org\r\n\r\nhello\r\n";
            if (inChunks) {
                bench.peer().says("BDAT 20\r\n" + text.first(20));
                bench.peer().says("BDAT " + QByteArray::number(text.size() - 20) + " LAST\r\n" + text.sliced(20));
            } else {
                (void)bench.ask("DATA");
                bench.peer().says(text + ".\r\n");
            }
            QCOMPARE(bench.stores(), 1);
            const QByteArray kept = storedText(bench);
            if (completed) {
                const QRegularExpression wanted(
                    u"\\r\\nFrom: scanner@gate\\.test\\r\\nDate: \\w{3}, [^\\r]+\\r\\nMessage-ID: <[0-9a-f]{16}@gate\\.test>\\r\\n\\r\\nhello\\r\\n$"_s);
                QVERIFY2(wanted.match(QString::fromLatin1(kept)).hasMatch(), kept.constData());
            } else {
                QVERIFY2(kept.endsWith("\r\n" + text), kept.constData());
            }
            QCOMPARE(bench.store(0).message.size, qint64(kept.size()));
            QVERIFY(!bench.store(0).message.hasEightBit);
        }
    }

    void whoHasNotSignedInIsNotAsked() {
        ConnectionBench bench;
        auto table = std::make_shared<TableDouble>(std::map<QByteArray, QByteArray>{});
        bench.service.spec.senders = table;
        bench.connect();
        (void)bench.ask("EHLO scanner");
        QVERIFY(bench.ask("MAIL FROM:<a@office.test>").startsWith("250 "));
        QVERIFY(table->asked.isEmpty());
    }

    // --- the local socket

    void programsOfThisComputerAreLocal() {
        ConnectionBench bench;
        bench.service.spec.isSocket = true;
        auto rules = std::make_shared<policy::Ruleset>();
        policy::Rule rule;
        for (const auto kind : {policy::ConditionKind::FromSocket, policy::ConditionKind::Authenticated, policy::ConditionKind::FromLocal, policy::ConditionKind::ForAny}) {
            policy::Condition condition;
            condition.kind = kind;
            rule.conditions.push_back(condition);
        }
        policy::Action action;
        action.name = "out";
        rule.action = std::make_shared<const policy::Action>(std::move(action));
        rules->rules.push_back(std::move(rule));
        bench.rules = rules;
        bench.connect();
        QVERIFY(bench.ask("EHLO cron").contains(" Hello cron [local], pleased"));
        const QByteArray text = deliver(bench);
        QVERIFY2(text.startsWith("Received: from scanner.office.test (localhost [local])\r\n"), text.constData());
        QVERIFY(bench.addressesAsked.isEmpty()); // there is no address to ask for
    }

  private:
    // A session inside TLS as `user`, with this table of senders, behind EHLO.
    static void signIn(ConnectionBench& bench, const tables::TablePtr& senders, const QByteArray& user) {
        bench.service.spec.senders = senders;
        bench.service.spec.tls = policy::ListenTls::Wrapped;
        bench.service.spec.auth = policy::ListenAuth::Required;
        bench.connect();
        bench.peer().handshakeDone();
        (void)bench.ask("EHLO scanner");
        (void)bench.ask("AUTH PLAIN " + (QByteArray(1, '\0') + user + '\0' + "secret").toBase64());
        bench.connection()->deliver({bench.connection()->id(), LoginAnswer{smtp::LoginOutcome::Accepted}});
    }
};

QTEST_GUILESS_MAIN(TestConnectionOpening)
#include "tst_connection_opening.moc"
