// SPDX-License-Identifier: GPL-3.0-or-later
//
// One value against one entry. Rows that say "verified" are what a running OpenSMTPD 6.8 or 6.0.3 answered.
#include "tables/match_rules.h"
#include "tables/netaddr.h"

#include <QTest>

using namespace postern::tables;

class TestMatchRules : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void domain_data();
    void domain();
    void netaddr_data();
    void netaddr();
    void noNetaddr_data();
    void noNetaddr();
    void mailaddr_data();
    void mailaddr();
    void mailaddrWithAnotherDelimiter();
    void string();
};

void TestMatchRules::domain_data() {
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("pattern");
    QTest::addColumn<bool>("matches");
    const auto row = [](const char* title, const char* name, const char* pattern, bool matches) {
        QTest::addRow("%s", title) << QByteArray(name) << QByteArray(pattern) << matches;
    };
    row("another name", "else.example", "one.example", false);
    row("RFC 5891 a U-label entry covers the A-label", "xn--bcher-kva.example", "b\xc3\xbc" "cher.example", true);
    row("RFC 5891 an A-label entry covers the U-label", "b\xc3\xbc" "cher.example", "xn--bcher-kva.example", true);
    row("RFC 5891 composed and decomposed", "bu\xcc\x88" "cher.example", "b\xc3\xbc" "cher.example", true);
    row("RFC 5891 behind a star", "mx.b\xc3\xbc" "cher.example", "*.xn--bcher-kva.example", true);
    row("RFC 5891 without the dots it is another", "bucher.example", "b\xc3\xbc" "cher.example", false);
    row("P07 a look-alike is another", "\xd0\xb0.example", "a.example", false);
    row("the same name", "one.example", "one.example", true);
    row("verified: case is ignored", "TWO.Example", "two.example", true);
    row("case of the pattern is ignored", "two.example", "TWO.Example", true);
    row("a longer name is another name", "one.example.org", "one.example", false);
    row("a name that ends the same is another name", "xone.example", "one.example", false);
    row("verified: the star covers one label", "a.three.example", "*.three.example", true);
    row("verified: the star stops at the first dot", "a.b.three.example", "*.three.example", false);
    row("verified: the star wants its dot", "three.example", "*.three.example", false);
    row("the star may take nothing", ".three.example", "*.three.example", true);
    row("a star at the end wants one character", "mail", "mail*", false);
    row("a star at the end takes the rest, dots too", "mail7.example.org", "mail*", true);
    row("a star in the middle", "mx12.example.org", "mx*.example.org", true);
    row("a star in the middle stops at the first dot", "mx1.a.example.org", "mx*.example.org", false);
    row("no second try at a later occurrence", "aXbXc", "a*Xc", false);
    row("several stars are one", "a.example", "**.example", true);
    row("two stars", "a.b.example", "*.*.example", true);
    row("star alone: any name", "x", "*", true);
    row("star alone: not the empty name", "", "*", false);
    row("an empty pattern covers the empty name only", "x", "", false);
    row("a literal is text", "[192.0.2.1]", "[192.0.2.1]", true);
    row("bytes above 127 compare as they are",
        "b\xc3\xbc"
        "cher.example",
        "b\xc3\xbc"
        "cher.example",
        true);
}

void TestMatchRules::domain() {
    QFETCH(QByteArray, name);
    QFETCH(QByteArray, pattern);
    QTEST(domainMatches(name, pattern), "matches");
}

void TestMatchRules::netaddr_data() {
    QTest::addColumn<QByteArray>("address");
    QTest::addColumn<QByteArray>("entry");
    QTest::addColumn<bool>("matches");
    const auto row = [](const char* title, const char* address, const char* entry, bool matches) {
        QTest::addRow("%s", title) << QByteArray(address) << QByteArray(entry) << matches;
    };
    row("another address", "192.0.2.2", "192.0.2.1", false);
    row("the same address", "192.0.2.1", "192.0.2.1", true);
    row("in the prefix", "192.0.2.200", "192.0.2.0/24", true);
    row("behind the prefix", "192.0.3.0", "192.0.2.0/24", false);
    row("host bits of an entry don't count", "192.0.2.200", "192.0.2.7/24", true);
    row("B01 prefix edge, last address in", "192.0.2.63", "192.0.2.0/26", true);
    row("B01 prefix edge, first address out", "192.0.2.64", "192.0.2.0/26", false);
    row("odd prefix in", "10.0.0.5", "10.0.0.4/31", true);
    row("odd prefix out", "10.0.0.6", "10.0.0.4/31", false);
    row("prefix 0 covers its family", "203.0.113.9", "0.0.0.0/0", true);
    row("prefix 0 does not cover the other family", "2001:db8::1", "0.0.0.0/0", false);
    row("short prefix 10/8", "10.200.3.4", "10/8", true);
    row("short prefix 10/8 ends", "11.0.0.1", "10/8", false);
    row("short prefix 192.168/16", "192.168.77.1", "192.168/16", true);
    row("v6 the same address written otherwise", "2001:db8::1", "2001:0DB8:0:0:0:0:0:1", true);
    row("v6 prefix", "2001:db8:ffff::9", "2001:db8::/32", true);
    row("v6 outside the prefix", "2001:db9::1", "2001:db8::/32", false);
    row("v6 in brackets", "2001:db8::1", "[2001:db8::1]", true);
    row("v6 prefix inside brackets", "2001:db8::1", "[2001:db8::/32]", true);
    row("v6 IPv6: before the bracket", "2001:db8::1", "IPv6:[2001:db8::1]", true);
    row("v6 IPv6: inside the bracket", "2001:db8::1", "[IPv6:2001:db8::1]", true);
    row("v6 session value in brackets", "[2001:db8::1]", "2001:db8::/32", true);
    row("v6 any", "2001:db8::1", "::/0", true);
    row("v4 is not in v6 any", "192.0.2.1", "::/0", false);
    row("local is text", "local", "local", true);
    row("local ignores case", "LOCAL", "local", true);
    row("local is no address", "local", "0.0.0.0/0", false);
    row("P10 v4 in v6 clothes is the v4 address", "::ffff:192.0.2.66", "192.0.2.66", true);
    row("P10 v4 in v6 clothes is not in v6 any", "::ffff:192.0.2.66", "::/0", false);
    row("a mapped prefix is a v4 prefix", "192.0.2.66", "::ffff:192.0.2.0/120", true);
    row("v6 with dotted tail", "64:ff9b::192.0.2.1", "64:ff9b::c000:201", true);
    row("a wider session value is not covered", "192.0.2.0/16", "192.0.2.0/24", false);
}

void TestMatchRules::netaddr() {
    QFETCH(QByteArray, address);
    QFETCH(QByteArray, entry);
    QTEST(netaddrMatches(address, entry), "matches");
}

void TestMatchRules::noNetaddr_data() {
    QTest::addColumn<QByteArray>("text");
    for (const char* text : {"",
                             "10",
                             "192.0.2",
                             "192.0.2.256",
                             "192.0.2.1.5",
                             "192.0.2.01",
                             "192.0.2.-1",
                             "192.0.2.1/33",
                             "192.0.2.1/",
                             "192.0.2.1/x",
                             "192.0.2.1 ",
                             "mx.example.org",
                             "[192.0.2.1",
                             "[2001:db8::1",
                             ":",
                             ":::",
                             "1:2:3:4:5:6:7",
                             "1:2:3:4:5:6:7:8:9",
                             "1::2::3",
                             "12345::",
                             "2001:db8::/129",
                             "1:2:3:4:5:6:7::8",
                             "::1.2.3",
                             "::1.2.3.4.5",
                             "g::1",
                             "IPv6:192.0.2.1"})
        QTest::addRow("not an address: \"%s\"", text) << QByteArray(text);
}

void TestMatchRules::noNetaddr() {
    QFETCH(QByteArray, text);
    QVERIFY(!Netaddr::parse(text));
}

void TestMatchRules::mailaddr_data() {
    QTest::addColumn<QByteArray>("address");
    QTest::addColumn<QByteArray>("entry");
    QTest::addColumn<bool>("matches");
    const auto row = [](const char* title, const char* address, const char* entry, bool matches) {
        QTest::addRow("%s", title) << QByteArray(address) << QByteArray(entry) << matches;
    };
    row("another address", "ann@one.example", "boss@one.example", false);
    row("the same address", "boss@one.example", "boss@one.example", true);
    row("RFC 5891 the domain's spelling does not matter", "boss@xn--bcher-kva.example", "boss@b\xc3\xbc" "cher.example", true);
    row("RFC 5891 nor in an entry for the domain", "boss@b\xc3\xbc" "cher.example", "@xn--bcher-kva.example", true);
    row("RFC 6532 3.1 a user, composed and decomposed", "j\xc3\xb6rg@one.example", "jo\xcc\x88rg@one.example", true);
    row("P07 a user that looks alike is another", "\xd0\xb0nn@one.example", "ann@one.example", false);
    row("verified: case is ignored", "Boss@One.Example", "boss@one.example", true);
    row("verified: an entry without tag covers the tag", "boss+tag@one.example", "boss@one.example", true);
    row("an entry with tag wants that tag", "boss@one.example", "boss+tag@one.example", false);
    row("an entry with tag, the same tag", "boss+tag@one.example", "boss+tag@one.example", true);
    row("an entry with tag, another tag", "boss+gat@one.example", "boss+tag@one.example", false);
    row("a user alone is that user anywhere", "boss@else.example", "boss", true);
    row("a user alone covers the tag too", "boss+x@else.example", "boss", true);
    row("a user alone is not another user", "bos@else.example", "boss", false);
    row("verified: @domain is anybody there", "x@evil.example", "@evil.example", true);
    row("@domain is nobody elsewhere", "x@good.example", "@evil.example", false);
    row("verified: @pattern", "x@sub.wild.example", "@*.wild.example", true);
    row("@pattern stops at the first dot", "x@a.sub.wild.example", "@*.wild.example", false);
    row("user@pattern", "robot@a.example", "robot@*.example", true);
    row("@ is everything", "x@y.example", "@", true);
    row("verified: the null sender is not @domain", "@", "@office.example", false);
    row("the null sender is not @*", "@", "@*", false);
    row("the null sender is covered by @", "@", "@", true);
    row("the domain begins behind the last @", "\"a@b\"@one.example", "@one.example", true);
}

void TestMatchRules::mailaddr() {
    QFETCH(QByteArray, address);
    QFETCH(QByteArray, entry);
    QTEST(mailaddrMatches(address, entry, '+'), "matches");
}

void TestMatchRules::mailaddrWithAnotherDelimiter() {
    QVERIFY(!mailaddrMatches("boss-tag@one.example", "boss@one.example", '+'));
    QVERIFY(mailaddrMatches("boss-tag@one.example", "boss@one.example", '-'));
    QVERIFY(!mailaddrMatches("boss+tag@one.example", "boss@one.example", '-'));
}

void TestMatchRules::string() {
    QVERIFY(!stringMatches("signed2", "signed"));
    QVERIFY(stringMatches("SIGNED", "signed"));
}

QTEST_APPLESS_MAIN(TestMatchRules)
#include "tst_match_rules.moc"
