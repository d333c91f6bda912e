// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a queued envelope keeps of an accept/reject rule, and what happens when the configuration has moved
// on.
#include "policy/ruleset.h"
#include "tables/table_factory.h"

#include <QTest>

using namespace postern;
using namespace postern::policy;

namespace {

tables::TablePtr mapping(const QByteArray& name) {
    return tables::makeInlineTable(name, tables::Shape::Mapping, {{"office", "carol:s3cret"}}, '+');
}

tables::TablePtr addresses(const QByteArray& name) {
    return tables::makeInlineTable(name, tables::Shape::List, {{"192.0.2.2", {}}, {"192.0.2.1", {}}}, '+');
}

Ruleset configuration() {
    Ruleset rules;
    rules.tables = {mapping("secrets"), addresses("upstreams")};
    rules.inlineTables = {mapping("<inline:1>"), addresses("<inline:2>")};
    rules.pkis = {Pki{"client.example", "/c", "/k", {}}};
    rules.cas = {{"corp", "/etc/corp.pem"}};
    return rules;
}

RelaySpec everything(const Ruleset& rules) {
    RelaySpec spec;
    spec.era = Era::Legacy;
    spec.urls = {*RelayUrl::parse("tls+auth://office@mx.example.net:587", Era::Legacy)};
    spec.hostTable = rules.table("upstreams");
    spec.verify = true;
    spec.tlsRequired = true;
    spec.helo = "out.example.org";
    spec.mailFrom = "@example.org";
    spec.credentials = rules.table("secrets");
    spec.credentialsName = "secrets";
    spec.pki = "client.example";
    spec.ca = "corp";
    spec.caFile = "/etc/corp.pem";
    spec.source = rules.table("<inline:2>");
    spec.backupMx = "mx2.example.org";
    spec.isBackup = true;
    spec.order = RelayOrder::Failover;
    spec.maxRate = {100, 60};
    spec.maxConnections = 3;
    spec.ciphers = "HIGH";
    spec.protocols = "tlsv1.2";
    return spec;
}

} // namespace

class TestRelaySpec : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void roundTrip();
    void defaultsRoundTrip();
    void relaysKeepTheirOrder_data();
    void relaysKeepTheirOrder();
    void anyBytesSurvive();
    void aLoginWithoutALabelSurvives();
    void holdsNoSecret();
    void theBytesAreStable();
    void credentialsAreTodays();
    void whatIsGoneIsATemporaryError_data();
    void whatIsGoneIsATemporaryError();
    void rubbishIsCorrupt_data();
    void rubbishIsCorrupt();
};

void TestRelaySpec::roundTrip() {
    const Ruleset rules = configuration();
    const QByteArray bytes = everything(rules).toBytes();
    const auto read = RelaySpec::fromBytes(bytes, rules);
    QVERIFY2(read.has_value(), read ? "" : read.error().text.constData());
    const RelaySpec& spec = *read;
    QCOMPARE(spec.toBytes(), bytes);
    QCOMPARE(spec.era, Era::Legacy);
    QCOMPARE(spec.urls.size(), size_t(1));
    QCOMPARE(spec.urls[0].print(), "tls+auth://office@mx.example.net:587");
    QVERIFY(spec.urls[0].meaning().tls == TlsUse::Required);
    QCOMPARE(spec.hostTable, rules.table("upstreams"));
    QCOMPARE(spec.verify, std::optional(true));
    QVERIFY(spec.tlsRequired);
    QCOMPARE(spec.helo, "out.example.org");
    QCOMPARE(spec.mailFrom, "@example.org");
    QCOMPARE(spec.credentials, rules.table("secrets"));
    QCOMPARE(spec.credentialsName, "secrets");
    QCOMPARE(spec.pki, "client.example");
    QCOMPARE(spec.ca, "corp");
    QCOMPARE(spec.caFile, "/etc/corp.pem");
    QCOMPARE(spec.source->keys(), (QByteArrayList{"192.0.2.1", "192.0.2.2"}));
    QCOMPARE(spec.backupMx, "mx2.example.org");
    QVERIFY(spec.isBackup);
    QVERIFY(spec.order == RelayOrder::Failover);
    QCOMPARE(spec.maxRate, (RelayRate{100, 60}));
    QCOMPARE(spec.maxConnections, 3);
    QCOMPARE(spec.ciphers, "HIGH");
    QVERIFY(spec.tls12 && !spec.tls13);
}

void TestRelaySpec::defaultsRoundTrip() {
    const auto read = RelaySpec::fromBytes(RelaySpec().toBytes(), Ruleset());
    QVERIFY(read.has_value());
    QVERIFY((*read).urls.empty());
    QVERIFY(!(*read).verify);
    QVERIFY(!(*read).source && !(*read).credentials && !(*read).hostTable);
    QVERIFY(!(*read).tlsRequired && !(*read).isBackup);
    QVERIFY((*read).order == RelayOrder::RoundRobin);
    QCOMPARE((*read).maxRate, RelayRate());
    QCOMPARE((*read).maxConnections, 0);
}

// The order of a list is what was written, unless its relays are taken in turn: then OpenSMTPD's, the order of the bytes.
void TestRelaySpec::relaysKeepTheirOrder_data() {
    QTest::addColumn<RelayOrder>("order");
    QTest::addColumn<tables::Shape>("shape");
    QTest::addColumn<QByteArray>("expected");
    using tables::Shape;
    QTest::newRow("in turn") << RelayOrder::RoundRobin << Shape::List << QByteArray("smtp://a 1,smtp://b 1,smtp://c 1");
    QTest::newRow("one behind the other") << RelayOrder::Failover << Shape::List << QByteArray("smtp://c 1,smtp://a 1,smtp://b 1");
    QTest::newRow("by chance") << RelayOrder::Random << Shape::List << QByteArray("smtp://c 1,smtp://a 1,smtp://b 1");
    QTest::newRow("equal shares") << RelayOrder::Ratio << Shape::List << QByteArray("smtp://c 1,smtp://a 1,smtp://b 1");
    QTest::newRow("shares") << RelayOrder::Ratio << Shape::Mapping << QByteArray("smtp://c 3,smtp://a 1,smtp://b 20");
}

void TestRelaySpec::relaysKeepTheirOrder() {
    QFETCH(RelayOrder, order);
    QFETCH(tables::Shape, shape);
    QFETCH(QByteArray, expected);
    const bool hasShares = shape == tables::Shape::Mapping;
    const auto share = [hasShares](const char* number) { return hasShares ? QByteArray(number) : QByteArray(); };
    RelaySpec spec;
    spec.order = order;
    spec.hostTable = tables::makeInlineTable(
        "<inline:9>", shape, {{"smtp://c", share("3")}, {"smtp://a", share("1")}, {"smtp://b", share("20")}}, '+');
    const auto told = [](const RelaySpec& one) {
        QByteArrayList list;
        for (const RelayShare& relay : one.relays())
            list.append(relay.url + ' ' + QByteArray::number(relay.share));
        return list.join(',');
    };
    QCOMPARE(told(spec), expected);
    const auto kept = RelaySpec::fromBytes(spec.toBytes(), Ruleset());
    QVERIFY(kept.has_value());
    QCOMPARE(told(*kept), expected);
}

void TestRelaySpec::anyBytesSurvive() {
    RelaySpec spec;
    spec.mailFrom = "b\xc3\xbc\xff\"\\\x01@example.org";
    const auto read = RelaySpec::fromBytes(spec.toBytes(), Ruleset());
    QVERIFY(read.has_value());
    QCOMPARE((*read).mailFrom, spec.mailFrom);
}

// An accept/reject rule of late 2012: the host is the key. Read back as nothing, its mail would go by MX.
void TestRelaySpec::aLoginWithoutALabelSurvives() {
    RelaySpec spec;
    spec.era = Era::Legacy;
    const auto url = RelayUrl::parse("tls+auth://mx.example", Era::Legacy, RelayUrl::Labels::MayLack);
    QVERIFY(url.has_value());
    spec.urls.push_back(*url);
    const auto read = RelaySpec::fromBytes(spec.toBytes(), Ruleset());
    QVERIFY(read.has_value());
    QCOMPARE((*read).urls.size(), size_t(1));
    QVERIFY((*read).urls[0].meaning().auth && (*read).urls[0].meaning().tls == TlsUse::Required);
}

void TestRelaySpec::holdsNoSecret() {
    const Ruleset rules = configuration();
    RelaySpec spec = everything(rules);
    QVERIFY(!spec.toBytes().contains("s3cret"));
    spec.credentials = rules.table("<inline:1>"); // written into the rule itself
    QVERIFY(!spec.toBytes().contains("s3cret"));
    const auto read = RelaySpec::fromBytes(spec.toBytes(), rules);
    QVERIFY(read.has_value());
    QCOMPARE((*read).credentials, rules.table("<inline:1>"));
}

// Written by a version that is in the field: these very bytes must stay readable.
void TestRelaySpec::theBytesAreStable() {
    const Ruleset rules = configuration();
    const QByteArray bytes =
        R"({"auth":"secrets","era":"legacy","urls":["tls+auth://office@mx.example.net"],"v":1})";
    const auto read = RelaySpec::fromBytes(bytes, rules);
    QVERIFY(read.has_value());
    QCOMPARE((*read).urls[0].label(), "office");
    QCOMPARE((*read).toBytes(), bytes);
}

void TestRelaySpec::credentialsAreTodays() {
    const QByteArray bytes = everything(configuration()).toBytes();
    Ruleset today = configuration();
    today.tables[0] =
        tables::makeInlineTable("secrets", tables::Shape::Mapping, {{"office", "carol:new"}}, '+');
    const auto read = RelaySpec::fromBytes(bytes, today);
    QVERIFY(read.has_value());
    QCOMPARE((*read).credentials, today.tables[0]);
}

void TestRelaySpec::whatIsGoneIsATemporaryError_data() {
    QTest::addColumn<QByteArray>("lost");
    for (const char* lost : {"table secrets", "table upstreams", "pki client.example", "ca corp"})
        QTest::newRow(lost) << QByteArray(lost);
}

void TestRelaySpec::whatIsGoneIsATemporaryError() {
    QFETCH(QByteArray, lost);
    const QByteArray bytes = everything(configuration()).toBytes();
    Ruleset today = configuration();
    if (lost == "table secrets")
        today.tables.erase(today.tables.begin());
    else if (lost == "table upstreams")
        today.tables.pop_back();
    else if (lost == "pki client.example")
        today.pkis.clear();
    else
        today.cas.clear();
    const auto read = RelaySpec::fromBytes(bytes, today);
    QVERIFY(!read);
    QCOMPARE(read.error().permanence, Permanence::Temporary);
    QVERIFY2(read.error().text.contains(lost), read.error().text.constData());
}

void TestRelaySpec::rubbishIsCorrupt_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("no JSON") << QByteArray("relay");
    QTest::newRow("a list") << QByteArray("[]");
    QTest::newRow("no version") << QByteArray(R"({"era":"legacy"})");
    QTest::newRow("a later version") << QByteArray(R"({"v":2,"era":"legacy"})");
    QTest::newRow("unknown era") << QByteArray(R"({"v":1,"era":"1999"})");
    QTest::newRow("unknown order") << QByteArray(R"({"v":1,"era":"legacy","order":"sideways"})");
    QTest::newRow("no such TLS protocol") << QByteArray(R"({"v":1,"era":"legacy","protocols":"frob"})");
    QTest::newRow("a rate without a time") << QByteArray(R"({"v":1,"era":"legacy","rate":[5]})");
    QTest::newRow("a negative number of connections") << QByteArray(R"({"v":1,"era":"legacy","connections":-1})");
    QTest::newRow("bad URL") << QByteArray(R"({"v":1,"era":"legacy","urls":["bogus://h"]})");
}

void TestRelaySpec::rubbishIsCorrupt() {
    QFETCH(QByteArray, bytes);
    const auto read = RelaySpec::fromBytes(bytes, Ruleset());
    QVERIFY(!read);
    QVERIFY(read.error().code == ErrorCode::Corrupt);
    QCOMPARE(read.error().permanence, Permanence::Temporary);
}

QTEST_APPLESS_MAIN(TestRelaySpec)
#include "tst_relay_spec.moc"
