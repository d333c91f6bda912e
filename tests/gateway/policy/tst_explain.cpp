// SPDX-License-Identifier: GPL-3.0-or-later
//
// The shape of explain's JSON is a contract with other programs; its sentences are for people.
#include "policy/compile.h"
#include "policy/explain.h"

#include "support/memory_file_store.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace postern;
using namespace postern::policy;

namespace {

const QByteArray kConfig = "table ours { \"oakhill.example\", \"*.oakhill.example\" }\n" // 1
                           "table secrets { office = \"carol:s3cret\" }\n"               // 2
                           "action \"in\" catch\n"                                       // 3
                           "action \"out\" relay host smtps://office@mx.example.net:466 auth <secrets> "
                           "src { \"192.0.2.2\", \"192.0.2.1\" } helo \"out.example\"\n" // 4
                           "action \"box\" maildir\n"                                    // 5
                           "action \"mx\" relay\n"                                       // 6
                           "match from any for domain \"box.example\" action \"box\"\n"  // 7
                           "match from any for domain <ours> action \"in\"\n"            // 8
                           "match mail-from \"@bad.example\" for any reject\n"           // 9
                           "match for domain \"direct.example\" action \"mx\"\n"         // 10
                           "match for any action \"out\"\n";                             // 11

Explanation explained(const QByteArray& config, const QByteArray& client, const QByteArray& sender,
                      const QByteArray& recipient) {
    test::MemoryFileStore files;
    const Compiled compiled = compileText(files, "/p/smtpd.conf", config, {});
    MatchContext context;
    context.clientAddress = client;
    context.isLocalAddress = client == "127.0.0.1";
    context.sender = sender;
    context.recipient = recipient;
    context.localNames = {"localhost"};
    context.hostname = "gw.example";
    Explanation result;
    explain(compiled.ruleset, context, "gw.example", [&](Explanation one) { result = std::move(one); });
    return result;
}

QByteArray json(const Explanation& explanation) {
    return QJsonDocument(explanation.toJson()).toJson(QJsonDocument::Compact);
}

} // namespace

class TestExplain : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void refusedJson();
    void relayJson();
    void catchJson();
    void verdicts_data();
    void verdicts();
    void relays_data();
    void relays();
    void text();
    void noRuleText();
    void eitherCountsAsRequired();
    void aTableOfRelaysNamesThemAll();
    void thePostmasterIsCaughtWhereNoRuleDecides_data();
    void thePostmasterIsCaughtWhereNoRuleDecides();
    void ownWordsOfARelayAreTold();
    void aPasswordInAUrlIsShownNowhere();
    void relaysByDomain_data();
    void relaysByDomain();
    void theNameGoesWithTheSource_data();
    void theNameGoesWithTheSource();
    void nothingReachesTheTerminalRaw();
};

void TestExplain::refusedJson() {
    QCOMPARE(
        json(explained(kConfig, "192.0.2.66", "a@b.example", "x@else.example")),
        QByteArray(
            R"({"envelopes":[],"line":0,"reply":"550 5.7.1 Invalid recipient: <x@else.example>","rule":"","trace":[)"
            R"({"because":"for domain \"box.example\": else.example is not listed in \"box.example\"","line":7,"matched":false},)"
            R"({"because":"for domain <ours>: else.example is not listed in <ours>","line":8,"matched":false},)"
            R"({"because":"from local (not written): 192.0.2.66 is not this computer","line":9,"matched":false},)"
            R"({"because":"from local (not written): 192.0.2.66 is not this computer","line":10,"matched":false},)"
            R"({"because":"from local (not written): 192.0.2.66 is not this computer","line":11,"matched":false}],)"
            R"("verdict":"reject"})"));
}

void TestExplain::relayJson() {
    const QJsonObject object = explained(kConfig, "127.0.0.1", "a@b.example", "x@else.example").toJson();
    QCOMPARE(object.value(u"verdict"), QJsonValue(u"relay"_s));
    QCOMPARE(object.value(u"line"), QJsonValue(11));
    QCOMPARE(object.value(u"rule"), QJsonValue(u"match for any action \"out\""_s));
    QCOMPARE(object.value(u"reply"), QJsonValue(QJsonValue::Null));
    QCOMPARE(
        QJsonDocument(object.value(u"envelopes").toArray()).toJson(QJsonDocument::Compact),
        QByteArray(
            R"([{"path":null,"rcpt":"x@else.example","relay":{"helo":"out.example","label":"office",)"
            R"("source":["192.0.2.1","192.0.2.2"],"tls":"wrapped","url":"smtps://office@mx.example.net:466","verify":true},)"
            R"("user":null,"via":"relay"}])"));
}

void TestExplain::catchJson() {
    const QJsonObject object = explained(kConfig, "192.0.2.66", "", "x@a.oakhill.example").toJson();
    QCOMPARE(object.value(u"verdict"), QJsonValue(u"deliver"_s));
    QCOMPARE(object.value(u"line"), QJsonValue(8));
    QCOMPARE(
        QJsonDocument(object.value(u"envelopes").toArray()).toJson(QJsonDocument::Compact),
        QByteArray(R"([{"path":null,"rcpt":"x@a.oakhill.example","relay":null,"user":null,"via":"catch"}])"));
}

void TestExplain::verdicts_data() {
    QTest::addColumn<QByteArray>("client");
    QTest::addColumn<QByteArray>("sender");
    QTest::addColumn<QByteArray>("recipient");
    QTest::addColumn<QByteArray>("expected"); // verdict, line, first three digits of the reply
    const auto row = [](const char* title, const char* client, const char* sender, const char* recipient,
                        const char* expected) {
        QTest::newRow(title) << QByteArray(client) << QByteArray(sender) << QByteArray(recipient)
                             << QByteArray(expected);
    };
    row("no rule", "192.0.2.66", "a@b.example", "x@else.example", "reject 0 550");
    row("a reject rule", "127.0.0.1", "a@bad.example", "x@else.example", "reject 9 550");
    row("a delivery on this computer", "192.0.2.66", "a@b.example", "x@box.example",
        "deliver 7 ");
    row("caught", "192.0.2.66", "a@b.example", "x@oakhill.example", "deliver 8 ");
    row("relayed", "127.0.0.1", "a@b.example", "x@direct.example", "relay 10 ");
}

void TestExplain::verdicts() {
    QFETCH(QByteArray, client);
    QFETCH(QByteArray, sender);
    QFETCH(QByteArray, recipient);
    const Explanation result = explained(kConfig, client, sender, recipient);
    QTEST(result.verdict + " " + QByteArray::number(result.line) + " " + result.reply.left(3), "expected");
}

void TestExplain::relays_data() {
    QTest::addColumn<QByteArray>("action");
    QTest::addColumn<QByteArray>("expected"); // url tls verify label helo
    const auto row = [](const char* action, const char* expected) {
        QTest::newRow(action) << QByteArray(action) << QByteArray(expected);
    };
    row("relay", " opportunistic 0  gw.example");
    row("relay tls", " required 1  gw.example");
    row("relay tls no-verify", " required 0  gw.example");
    row("relay host smtp://127.0.0.1:2701", "smtp://127.0.0.1:2701 opportunistic 0  gw.example");
    row("relay host smtp+notls://mx.example", "smtp+notls://mx.example none 0  gw.example");
    row("relay host smtp+tls://mx.example", "smtp+tls://mx.example required 1  gw.example");
    row("relay host smtps://mx.example tls no-verify", "smtps://mx.example wrapped 0  gw.example");
    row("relay host smtps://l@mx.example auth { l = \"a:b\" } helo me.example",
        "smtps://l@mx.example wrapped 1 l me.example");
}

void TestExplain::relays() {
    QFETCH(QByteArray, action);
    const Explanation result = explained("action \"r\" " + action + "\nmatch for any action \"r\"\n",
                                         "127.0.0.1", "a@b", "x@y.example");
    QCOMPARE(result.envelopes.size(), size_t(1));
    const ExplainedRelay& relay = result.envelopes[0].relay.value();
    const QByteArray shown = relay.url + " " + toString(relay.tls).toByteArray() +
                             (relay.verify ? " 1 " : " 0 ") + relay.label + " " + relay.helo;
    QTEST(shown, "expected");
}

void TestExplain::text() {
    QCOMPARE(
        explained(kConfig, "127.0.0.1", "a@b.example", "x@direct.example").toText(),
        QByteArray("line 7: match from any for domain \"box.example\" action \"box\"\n"
                   "    no: for domain \"box.example\": direct.example is not listed in \"box.example\"\n"
                   "line 8: match from any for domain <ours> action \"in\"\n"
                   "    no: for domain <ours>: direct.example is not listed in <ours>\n"
                   "line 9: match mail-from \"@bad.example\" for any reject\n"
                   "    no: mail-from \"@bad.example\": a@b.example is not listed in \"@bad.example\"\n"
                   "line 10: match for domain \"direct.example\" action \"mx\"\n"
                   "    matches: from local (not written): 127.0.0.1 is this computer;"
                   " for domain \"direct.example\": direct.example is listed in \"direct.example\"\n"
                   "x@direct.example: relayed to the mail server of its domain (MX) with TLS if the server "
                   "offers it, as gw.example\n"));
}

void TestExplain::noRuleText() {
    QVERIFY(explained("match for local reject\n", "192.0.2.66", "a@b", "x@y.example")
                .toText()
                .endsWith("no rule matches, so the recipient is refused\nthe client gets: 550 5.7.1 Invalid "
                          "recipient: <x@y.example>\n"));
}

void TestExplain::eitherCountsAsRequired() {
    const Explanation result =
        explained("accept for any relay via secure://mx.example\n", "127.0.0.1", "a@b", "x@y.example");
    const QJsonObject relay =
        result.toJson().value(u"envelopes").toArray().at(0).toObject().value(u"relay").toObject();
    QCOMPARE(relay.value(u"tls"), QJsonValue(u"required"_s));
}

void TestExplain::aTableOfRelaysNamesThemAll() {
    const Explanation result = explained(
        "table ups { \"smtps://b.example\", \"smtps://a.example\" }\naction \"r\" relay host <ups>\n"
        "match for any action \"r\"\n",
        "127.0.0.1", "a@b", "x@y.example");
    QCOMPARE(result.envelopes[0].relay.value().url, "smtps://a.example");
    QVERIFY(result.toText().contains(
        "relayed to smtps://a.example or, in turn, smtps://b.example with TLS from the start"));
}

// RFC 5321 4.5.1, and the listener's answer to the same recipient: caught where no rule decides, obeyed where one does.
void TestExplain::thePostmasterIsCaughtWhereNoRuleDecides_data() {
    QTest::addColumn<QByteArray>("rule");
    QTest::addColumn<QByteArray>("recipient");
    QTest::addColumn<QByteArray>("verdict");
    const QByteArray other = "match from any for domain \"else.example\" reject\n";
    QTest::newRow("no rule decides") << other << QByteArray("postmaster@gw.example") << QByteArray("deliver");
    QTest::newRow("in capitals") << other << QByteArray("PostMaster@GW.example") << QByteArray("deliver");
    QTest::newRow("another's postmaster") << other << QByteArray("postmaster@gw2.example") << QByteArray("reject");
    QTest::newRow("somebody else here") << other << QByteArray("hostmaster@gw.example") << QByteArray("reject");
    QTest::newRow("a rule refuses it") << QByteArray("match from any for any reject\n") << QByteArray("postmaster@gw.example")
                                       << QByteArray("reject");
    QTest::newRow("before 6.4, too") << QByteArray("reject from any for domain \"else.example\"\n")
                                     << QByteArray("postmaster@gw.example") << QByteArray("deliver");
}

void TestExplain::thePostmasterIsCaughtWhereNoRuleDecides() {
    QFETCH(QByteArray, rule);
    QFETCH(QByteArray, recipient);
    const Explanation result = explained(rule, "192.0.2.66", "a@b", recipient);
    QTEST(result.verdict, "verdict");
    if (result.verdict == "reject")
        return;
    QCOMPARE(result.line, 0);
    QCOMPARE(result.reply, "");
    QCOMPARE(result.envelopes.at(0).via, "catch");
    QVERIFY2(result.toText().contains("kept for reading") && !result.toText().contains("refused"), result.toText().constData());
}

void TestExplain::ownWordsOfARelayAreTold() {
    const Explanation result = explained("action \"r\" relay host { \"smtps://b.example\", \"smtps://a.example\" } order failover "
                                         "max-rate 30 per 1m max-connections 1\nmatch for any action \"r\"\n",
                                         "127.0.0.1", "a@b", "x@y.example");
    const QJsonObject relay = result.toJson()["envelopes"_L1][0]["relay"_L1].toObject();
    QCOMPARE(relay["url"_L1].toString(), u"smtps://b.example"_s);
    QCOMPARE(relay["others"_L1].toArray(), QJsonArray{u"smtps://a.example"_s});
    QCOMPARE(relay["order"_L1].toString(), u"failover"_s);
    QCOMPARE(relay["maxRate"_L1].toObject(), (QJsonObject{{u"messages"_s, 30}, {u"seconds"_s, 60}}));
    QCOMPARE(relay["maxConnections"_L1].toInt(), 1);
    QVERIFY2(result.toText().contains("smtps://b.example or, while that fails, smtps://a.example with TLS from the start"),
             result.toText().constData());
    QVERIFY(result.toText().contains(", at most 30 messages in 60 seconds, over at most 1 connection\n"));
}

void TestExplain::aPasswordInAUrlIsShownNowhere() {
    const char* const config = "table logins { office = \"carol:pw\" }\n"
                               "action \"out\" relay host \"smtps://carol:s3cret@mx.example\" auth <logins>\n"
                               "match from any for any action \"out\"\n";
    const Explanation explanation = explained(config, "192.0.2.66", "a@b.example", "x@c.example");
    QVERIFY2(!json(explanation).contains("s3cret"), json(explanation).constData());
    QVERIFY2(json(explanation).contains("\"label\":\"carol:***\""), json(explanation).constData());
    QVERIFY2(!explanation.toText().contains("s3cret"), explanation.toText().constData());
    test::MemoryFileStore files;
    files.put("/smtpd.conf", config);
    for (const config::Diagnostic& d : compile(files, "/smtpd.conf", {}).diagnostics)
        QVERIFY2(!d.print().contains("s3cret"), d.print().constData());
}

void TestExplain::relaysByDomain_data() {
    QTest::addColumn<QByteArray>("recipient");
    QTest::addColumn<QByteArray>("expected"); // url|problem
    QTest::newRow("listed") << QByteArray("x@One.example") << QByteArray("smtps://one.example|");
    QTest::newRow("not listed: waits") << QByteArray("x@two.example") << QByteArray("|<by> has no relay for two.example");
    QTest::newRow("an entry that does not read") << QByteArray("x@bad.example") << QByteArray("|the relay of bad.example does not read");
}

void TestExplain::relaysByDomain() {
    QFETCH(QByteArray, recipient);
    QFETCH(QByteArray, expected);
    const Explanation result =
        explained("table by { one.example = \"smtps://one.example\", bad.example = \"bogus://x\" }\n"
                  "action \"r\" relay domain <by>\nmatch for any action \"r\"\n",
                  "127.0.0.1", "a@b", recipient);
    const ExplainedRelay& relay = result.envelopes.at(0).relay.value();
    const QByteArray shown = relay.url + "|" + relay.problem;
    QVERIFY2(shown.startsWith(expected), shown.constData());
    QCOMPARE(result.verdict, "relay");
}

void TestExplain::theNameGoesWithTheSource_data() {
    QTest::addColumn<QByteArray>("source");
    QTest::addColumn<QByteArray>("helo");
    QTest::newRow("IPv4") << QByteArray("192.0.2.1") << QByteArray("one.example");
    QTest::newRow("IPv6 is asked in brackets") << QByteArray("2001:db8::1") << QByteArray("six.example");
    QTest::newRow("no entry: the source can't be used") << QByteArray("192.0.2.9") << QByteArray();
}

void TestExplain::theNameGoesWithTheSource() {
    QFETCH(QByteArray, source);
    const Explanation result =
        explained("table names { \"192.0.2.1\" = one.example, \"[2001:db8::1]\" = six.example }\n"
                  "action \"r\" relay src \"" + source + "\" helo-src <names>\nmatch for any action \"r\"\n",
                  "127.0.0.1", "a@b", "x@y.example");
    const ExplainedRelay& relay = result.envelopes.at(0).relay.value();
    QTEST(relay.helo, "helo");
    QCOMPARE(relay.problem.isEmpty(), !relay.helo.isEmpty());
}

void TestExplain::nothingReachesTheTerminalRaw() {
    const Explanation result = explained("match from any for domain \"\x1b]0;owned\x07\xff\" reject\n", "192.0.2.66", "a@b", "x@y.example");
    for (const QByteArray& shown : {result.toText(), json(result)}) {
        QVERIFY2(!shown.contains('\x1b') && !shown.contains('\x07') && !shown.contains('\xff'), shown.toHex().constData());
        QVERIFY(!shown.contains("\\u001b"));
    }
}

QTEST_APPLESS_MAIN(TestExplain)
#include "tst_explain.moc"
