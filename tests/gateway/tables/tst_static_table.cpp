// SPDX-License-Identifier: GPL-3.0-or-later
//
// A table of many entries must answer what match_rules answers for each of them, and what each service's use
// needs.
#include "tables/match_rules.h"
#include "tables/static_table.h"

#include <QTest>

#include <algorithm>

using namespace postern::tables;

namespace {

std::vector<Entry> list(const QByteArrayList& keys) {
    std::vector<Entry> entries;
    for (const QByteArray& key : keys)
        entries.push_back({key, {}});
    return entries;
}

LookupResult ask(const Table& table, Service service, const QByteArray& key) {
    LookupResult answer;
    table.lookup(service, key, [&](LookupResult result) { answer = std::move(result); });
    return answer;
}

QByteArray fetch(const Table& table) {
    QByteArray value;
    table.fetch(Service::Source,
                [&](const LookupResult& result) { value = result.found ? result.value : "none"; });
    return value;
}

} // namespace

class TestStaticTable : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void indexesAgreeWithTheRules_data();
    void indexesAgreeWithTheRules();
    void mapping_data();
    void mapping();
    void P07_exactServicesTakeSpellingsOfADomainForOne_data();
    void P07_exactServicesTakeSpellingsOfADomainForOne();
    void regex_data();
    void regex();
    void runawayRegexIsAFailure();
    void lastDefinitionOfAKeyWins();
    void iteratesInByteOrder();
    void knowsTheWrittenOrder();
    void cyclesInByteOrder();
    void emptyTableHasNothingToFetch();
    void aKeyTooLongIsAFailure();
    void aListHasNoValues();
    void prepareChangesNoAnswer();
};

void TestStaticTable::indexesAgreeWithTheRules_data() {
    QTest::addColumn<int>("service");
    QTest::addColumn<QByteArrayList>("entries");
    QTest::addColumn<QByteArrayList>("keys");
    QTest::newRow("domain") << int(Service::Domain)
                            << QByteArrayList{"one.example", "*.three.example",  "*.*.four.example",
                                              "mail*",       "mx*.five.example", "Upper.Example",
                                              "[192.0.2.1]"}
                            << QByteArrayList{"one.example",
                                              "ONE.example",
                                              "a.three.example",
                                              "a.b.three.example",
                                              "three.example",
                                              "x.y.four.example",
                                              "y.four.example",
                                              "mail",
                                              "mailbox.org",
                                              "mx1.five.example",
                                              "upper.example",
                                              "[192.0.2.1]",
                                              "",
                                              "nowhere.example"};
    QTest::newRow("netaddr") << int(Service::Netaddr)
                             << QByteArrayList{"local",        "192.0.2.0/24",    "10/8", "10.1.0.0/16",
                                               "198.51.100.7", "[2001:db8::/32]", "::1",  "nonsense"}
                             << QByteArrayList{"local",        "LOCAL",       "192.0.2.255",
                                               "192.0.3.1",    "10.9.9.9",    "198.51.100.7",
                                               "198.51.100.8", "2001:db8::5", "[2001:db8:1::5]",
                                               "::1",          "::2",         "::ffff:10.0.0.1",
                                               "nonsense",     "other",       ""};
    QTest::newRow("mailaddr") << int(Service::Mailaddr)
                              << QByteArrayList{"@evil.example", "bad@mixed.example",    "@*.wild.example",
                                                "robot",         "tagged+one@t.example", "x@*.pat.example"}
                              << QByteArrayList{"a@evil.example",
                                                "A@EVIL.example",
                                                "bad@mixed.example",
                                                "bad+x@mixed.example",
                                                "good@mixed.example",
                                                "q@a.wild.example",
                                                "q@a.b.wild.example",
                                                "robot@any.example",
                                                "robot+1@any.example",
                                                "tagged@t.example",
                                                "tagged+one@t.example",
                                                "tagged+two@t.example",
                                                "x@a.pat.example",
                                                "x+t@a.pat.example",
                                                "y@a.pat.example",
                                                "@",
                                                "",
                                                "+x@t.example"};
    QTest::newRow("RFC 5891 domains beyond ASCII")
        << int(Service::Domain)
        << QByteArrayList{"b\xc3\xbc" "cher.example", "xn--mnchen-3ya.example", "*.k\xc3\xb6ln.example", "b*\xc3\xa4.example"}
        << QByteArrayList{"b\xc3\xbc" "cher.example", "xn--bcher-kva.example", "bu\xcc\x88" "cher.example", "m\xc3\xbcnchen.example",
                          "mx.xn--kln-sna.example", "mx.k\xc3\xb6ln.example", "k\xc3\xb6ln.example", "bucher.example",
                          "bx\xc3\xa4.example"};
    QTest::newRow("RFC 5891 addresses beyond ASCII")
        << int(Service::Mailaddr)
        << QByteArrayList{"@b\xc3\xbc" "cher.example", "j\xc3\xb6rg@one.example", "ann@xn--mnchen-3ya.example", "k\xc3\xa4the"}
        << QByteArrayList{"x@xn--bcher-kva.example", "x@bu\xcc\x88" "cher.example", "jo\xcc\x88rg@one.example", "jorg@one.example",
                          "ann@m\xc3\xbcnchen.example", "ann+t@m\xc3\xbcnchen.example", "ka\xcc\x88the@any.example"};
    QTest::newRow("mailaddr for everything")
        << int(Service::Mailaddr) << QByteArrayList{"@"} << QByteArrayList{"a@b.example", "@", ""};
    QTest::newRow("string") << int(Service::String) << QByteArrayList{"signed", "Relayed"}
                            << QByteArrayList{"SIGNED", "relayed", "signe", ""};
}

void TestStaticTable::indexesAgreeWithTheRules() {
    QFETCH(int, service);
    QFETCH(QByteArrayList, entries);
    QFETCH(QByteArrayList, keys);
    const StaticTable table("t", "static", Shape::List, list(entries), '+');
    for (const QByteArray& key : keys) {
        const bool expected = std::any_of(entries.begin(), entries.end(), [&](const QByteArray& entry) {
            switch (Service(service)) {
            case Service::Domain:
                return domainMatches(key, entry);
            case Service::Netaddr:
                return netaddrMatches(key, entry);
            case Service::Mailaddr:
                return mailaddrMatches(key, entry, '+');
            case Service::String:
                return stringMatches(key, entry);
            case Service::Alias:
            case Service::Credentials:
            case Service::Userinfo:
            case Service::Source:
            case Service::Addrname:
            case Service::Mailaddrmap:
            case Service::Relayhost:
            case Service::Regex:
                break;
            }
            return false;
        });
        const LookupResult answer = ask(table, Service(service), key);
        QVERIFY2(!answer.failed && answer.found == expected, key.constData());
        if (answer.found)
            QVERIFY2(entries.contains(answer.key) || key.toLower() == answer.key, answer.key.constData());
    }
}

void TestStaticTable::mapping_data() {
    QTest::addColumn<int>("service");
    QTest::addColumn<QByteArray>("key");
    QTest::addColumn<QByteArray>("value");
    QTest::newRow("absent") << int(Service::Credentials) << QByteArray("nobody") << QByteArray();
    QTest::newRow("the value keeps its case")
        << int(Service::Credentials) << QByteArray("office") << QByteArray("Carol:S3cret");
    QTest::newRow("the key is lower-cased")
        << int(Service::Credentials) << QByteArray("OFFICE") << QByteArray("Carol:S3cret");
    QTest::newRow("alias is no pattern") << int(Service::Alias) << QByteArray("star.example") << QByteArray();
    QTest::newRow("addrname of an IPv6 address")
        << int(Service::Addrname) << QByteArray("[2001:db8::1]") << QByteArray("out.example");
    QTest::newRow("a match service sees the keys")
        << int(Service::Domain) << QByteArray("a.example") << QByteArray("w");
}

void TestStaticTable::mapping() {
    QFETCH(int, service);
    QFETCH(QByteArray, key);
    const StaticTable table(
        "t", "static", Shape::Mapping,
        {{"Office", "Carol:S3cret"}, {"*.example", "w"}, {"[2001:db8::1]", "out.example"}}, '+');
    QTEST(ask(table, Service(service), key).value, "value");
}

void TestStaticTable::P07_exactServicesTakeSpellingsOfADomainForOne_data() { // RFC 5891 §5, RFC 6532 §3.1
    QTest::addColumn<int>("service");
    QTest::addColumn<QByteArray>("written");
    QTest::addColumn<QByteArray>("asked");
    QTest::addColumn<bool>("found");
    const auto row = [](const char* name, Service service, const QByteArray& written, const QByteArray& asked, bool found = true) {
        QTest::newRow(name) << int(service) << written << asked << found;
    };
    const QByteArray composed = "b\xc3\xbc" "cher.example", decomposed = "bu\xcc\x88" "cher.example", ace = "xn--bcher-kva.example";
    row("relay domain: U-label written, A-label asked", Service::Relayhost, composed, ace);
    row("relay domain: A-label written, U-label asked", Service::Relayhost, ace, composed);
    row("relay domain: decomposed written, composed asked", Service::Relayhost, decomposed, composed);
    row("relay domain: decomposed written, A-label asked", Service::Relayhost, decomposed, ace);
    row("relay domain: letters of another case", Service::Relayhost, "B\xc3\x9c" "CHER.example", ace);
    row("relay domain: without the dots it is another", Service::Relayhost, composed, "bucher.example", false);
    row("relay domain: ASCII as before", Service::Relayhost, "One.example", "one.EXAMPLE");
    row("virtual: U-label written, A-label asked", Service::Alias, "ann@" + composed, "ann@" + ace);
    row("virtual: A-label written, U-label asked", Service::Alias, "ann@" + ace, "ann@" + composed);
    row("virtual: a whole domain, U-label written, A-label asked", Service::Alias, '@' + composed, '@' + ace);
    row("virtual: a whole domain, A-label written, decomposed asked", Service::Alias, '@' + ace, '@' + decomposed);
    row("virtual: another user there", Service::Alias, "ann@" + composed, "bob@" + ace, false);
    row("virtual: a user, decomposed written", Service::Alias, "jo\xcc\x88rg", "j\xc3\xb6rg");
    row("virtual: a user that looks like an A-label is a user", Service::Alias, "b\xc3\xbc" "cher", "xn--bcher-kva", false);
    row("labels of logins are letters, not names", Service::Credentials, composed, ace, false);
}
void TestStaticTable::P07_exactServicesTakeSpellingsOfADomainForOne() {
    QFETCH(int, service);
    QFETCH(QByteArray, written);
    QFETCH(QByteArray, asked);
    QFETCH(bool, found);
    const StaticTable table("t", "static", Shape::Mapping, {{written, "there"}, {"other.example", "elsewhere"}}, '+');
    const LookupResult result = ask(table, Service(service), asked);
    QVERIFY(!result.failed);
    QCOMPARE(result.found, found);
    QCOMPARE(result.value, found ? QByteArray("there") : QByteArray());
}

void TestStaticTable::regex_data() {
    QTest::addColumn<QByteArray>("expression");
    QTest::addColumn<QByteArray>("key");
    QTest::addColumn<bool>("matches");
    const auto row = [](const char* title, const char* expression, const char* key, bool matches) {
        QTest::addRow("%s", title) << QByteArray(expression) << QByteArray(key) << matches;
    };
    row("verified: does not match", "^robot-[0-9]+@", "robot-x@r.example", false);
    row("verified: matches", "^robot-[0-9]+@", "robot-12@r.example", true);
    row("not anchored", "bulk", "news.bulk.example", true);
    row("the key is lower-cased", "^robot", "ROBOT@r.example", true);
    row("(?i) is accepted", "(?i)^robot", "Robot@r.example", true);
    row("POSIX classes", "^[[:digit:]]{3}$", "123", true);
    row("invalid expressions never match", "(", "(", false);
}

void TestStaticTable::regex() {
    QFETCH(QByteArray, expression);
    QFETCH(QByteArray, key);
    const StaticTable table("t", "static", Shape::List, list({expression}), '+');
    const LookupResult answer = ask(table, Service::Regex, key);
    QVERIFY(!answer.failed);
    QTEST(answer.found, "matches");
}

void TestStaticTable::runawayRegexIsAFailure() {
    const StaticTable table("t", "static", Shape::List, list({"(a+)+$"}), '+'); // R12
    const LookupResult answer = ask(table, Service::Regex, QByteArray(40, 'a') + "!");
    QVERIFY(answer.failed);
    QVERIFY(!answer.found);
    QVERIFY(answer.value.contains("takes too long"));
}

void TestStaticTable::lastDefinitionOfAKeyWins() {
    const StaticTable table("t", "static", Shape::Mapping, {{"a", "1"}, {"b", "2"}, {"A", "3"}}, '+');
    QCOMPARE(table.size(), 2);
    QCOMPARE(ask(table, Service::Alias, "a").value, "3");
}

void TestStaticTable::iteratesInByteOrder() {
    const StaticTable table("t", "static", Shape::List, list({"b", "C", "\xc3\xa4", "a", "*"}), '+');
    QCOMPARE(table.keys(), (QByteArrayList{"*", "a", "b", "c", "\xc3\xa4"}));
}

void TestStaticTable::knowsTheWrittenOrder() {
    const StaticTable table("t", "static", Shape::List, list({"b", "C", "a", "B", "*"}), '+');
    QCOMPARE(table.keysAsWritten(), (QByteArrayList{"b", "c", "a", "*"}));
    std::vector<Entry> many;
    for (int i = 2000; i > 0; --i)
        many.push_back({QByteArray::number(i), {}});
    const StaticTable large("t", "static", Shape::List, many, '+');
    QCOMPARE(large.keysAsWritten(), large.keys()); // too many for their order to say something
}

void TestStaticTable::cyclesInByteOrder() {
    const StaticTable table("t", "static", Shape::List, list({"192.0.2.2", "192.0.2.1"}), '+');
    QCOMPARE(fetch(table), "192.0.2.1");
    QCOMPARE(fetch(table), "192.0.2.2");
    QCOMPARE(fetch(table), "192.0.2.1");
}

void TestStaticTable::emptyTableHasNothingToFetch() {
    QCOMPARE(fetch(StaticTable("t", "static", Shape::List, {}, '+')), "none");
}

void TestStaticTable::aKeyTooLongIsAFailure() {
    const StaticTable table("t", "static", Shape::List, list({"a"}), '+');
    QVERIFY(!ask(table, Service::String, QByteArray(1023, 'x')).failed);
    QVERIFY(ask(table, Service::String, QByteArray(1024, 'x')).failed);
}

void TestStaticTable::aListHasNoValues() {
    const StaticTable table("t", "static", Shape::List, list({"office"}), '+');
    const LookupResult answer = ask(table, Service::Credentials, "office");
    QVERIFY(answer.failed);
    QCOMPARE(answer.value, "table t is a list, but credentials wants keys with values");
}

void TestStaticTable::prepareChangesNoAnswer() {
    const StaticTable table("t", "static", Shape::List, list({"*.example"}), '+');
    for (const Service service :
         {Service::Domain, Service::Netaddr, Service::Mailaddr, Service::Regex, Service::Alias})
        table.prepare(service);
    QVERIFY(ask(table, Service::Domain, "a.example").found);
    QVERIFY(!ask(table, Service::Netaddr, "192.0.2.1").found);
}

QTEST_APPLESS_MAIN(TestStaticTable)
#include "tst_static_table.moc"
