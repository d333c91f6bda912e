// SPDX-License-Identifier: GPL-3.0-or-later
//
// The address grammar: RFC 5321 §4.1.2 and the rows P01-P14 of the threat list that are about syntax.
#include "smtp/address.h"

#include <QTest>

using namespace postern;
using namespace postern::smtp;
using namespace Qt::StringLiterals;

// "local@domain" of an accepted path, or "!fault" of a refused one.
static QByteArray read(const QByteArray& path, AllowUtf8 utf8) {
    PathFault fault = PathFault::None;
    const auto address = parsePath(path, "gate.example"_ba, utf8, &fault);
    if (address)
        return address.value().text();
    switch (fault) {
    case PathFault::None: return "!none"_ba;
    case PathFault::Empty: return "!empty"_ba;
    case PathFault::LocalPart: return "!local"_ba;
    case PathFault::Domain: return "!domain"_ba;
    case PathFault::NeedsUtf8: return "!needs-utf8"_ba;
    case PathFault::IllFormedUtf8: return "!ill-formed"_ba;
    }
    return "!unknown"_ba;
}

class TestAddress : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void path_data() {
        QTest::addColumn<QByteArray>("path");
        QTest::addColumn<QByteArray>("expected");

        const auto row = [](const char* name, const QByteArray& path, const QByteArray& expected) {
            QTest::newRow(name) << path << expected;
        };
        const QByteArray label63(63, 'd');
        const QByteArray label64(64, 'd');
        const QByteArray domain255 = label63 + '.' + label63 + '.' + label63 + '.' + label63;

        row("P01 nothing is no path", ""_ba, "!empty"_ba);
        row("plain", "ann@example.org"_ba, "ann@example.org"_ba);
        row("P14 local-part case is kept", "PostMaster@Example.ORG"_ba, "PostMaster@Example.ORG"_ba);
        row("all of atext", "!#$%&'*+-/=?^_`{|}~@x.example"_ba, "!#$%&'*+-/=?^_`{|}~@x.example"_ba);
        row("P02 postmaster without domain is ours", "postmaster"_ba, "postmaster@gate.example"_ba);
        row("P03 shell text without domain", ";sleep 66;"_ba, "!local"_ba);
        row("P03 shell text with an empty domain", "$(id)@"_ba, "!local"_ba);
        row("P03 empty domain", "ann@"_ba, "!domain"_ba);
        row("P04 path traversal", "../../etc/passwd@x.example"_ba, "!local"_ba);
        row("P04 include", ":include:/etc/shadow@x.example"_ba, "!local"_ba);
        row("P05 NUL", "a\0b@x.example"_ba, "!local"_ba);
        row("P05 CR", "a\rb@x.example"_ba, "!local"_ba);
        row("P05 LF in the domain", "a@x\n.example"_ba, "!domain"_ba);
        row("P05 ESC", "a\x1b[31mb@x.example"_ba, "!local"_ba);
        row("P05 NUL inside quotes", "\"a\0b\"@x.example"_ba, "!local"_ba);
        row("P05 quoted CR", "\"a\\\rb\"@x.example"_ba, "!local"_ba);
        row("P06 local part of 64", QByteArray(64, 'a') + "@x.example", QByteArray(64, 'a') + "@x.example");
        row("P06 local part of 255", QByteArray(255, 'a') + "@x.example", QByteArray(255, 'a') + "@x.example");
        row("P06 local part of 256", QByteArray(256, 'a') + "@x.example", "!local"_ba);
        row("P06 domain of 255", "a@" + domain255, "a@" + domain255);
        row("P06 domain of 257", "a@" + domain255 + ".d", "!domain"_ba);
        row("P06 label of 63", "a@" + label63 + ".example", "a@" + label63 + ".example");
        row("P06 label of 64", "a@" + label64 + ".example", "!domain"_ba);
        row("P06 empty label", "a@x..example"_ba, "!domain"_ba);
        row("P10 trailing dot", "v@foreign."_ba, "!domain"_ba);
        row("leading dot in the domain", "v@.foreign"_ba, "!domain"_ba);
        row("hyphen leads a label", "v@-x.example"_ba, "!domain"_ba);
        row("hyphen ends a label", "v@x-.example"_ba, "!domain"_ba);
        row("underscore in a domain", "v@a_b.example"_ba, "!domain"_ba);
        row("all-numeric top level", "v@1.2.3.4"_ba, "!domain"_ba);
        row("digits below the top level", "v@4711.example"_ba, "v@4711.example"_ba);
        row("top level that only ends in digits", "v@x.e1"_ba, "v@x.e1"_ba);
        row("two at signs", "a@b@x.example"_ba, "!domain"_ba);
        row("space before the at", "a @x.example"_ba, "!local"_ba);
        row("P14 dot at the end", "a.@x.example"_ba, "!local"_ba);
        row("P14 dot at the start", ".a@x.example"_ba, "!local"_ba);
        row("two dots", "a..b@x.example"_ba, "!local"_ba);
        row("no local part", "@x.example"_ba, "!domain"_ba);

        row("P07 UTF-8 without the parameter", "\xc3\xbc@example.org"_ba, "!needs-utf8"_ba);
        row("P07 UTF-8 domain without the parameter", "u@\xc3\xbc.example"_ba, "!needs-utf8"_ba);
        row("P07 overlong NUL", "\xc0\x80@example.org"_ba, "!ill-formed"_ba);
        row("P07 lone surrogate", "\xed\xa0\x80@example.org"_ba, "!ill-formed"_ba);

        row("P08 IPv4 literal", "a@[127.0.0.1]"_ba, "a@[127.0.0.1]"_ba);
        row("P08 octet over 255", "a@[999.1.1.1]"_ba, "!domain"_ba);
        row("P08 three octets", "a@[1.2.3]"_ba, "!domain"_ba);
        row("P08 five octets", "a@[1.2.3.4.5]"_ba, "!domain"_ba);
        row("P08 leading zero", "a@[01.2.3.4]"_ba, "!domain"_ba);
        row("P08 IPv6 literal", "a@[IPv6:2001:db8::1]"_ba, "a@[IPv6:2001:db8::1]"_ba);
        row("P08 IPv4-mapped literal", "a@[IPv6:::ffff:1.2.3.4]"_ba, "a@[IPv6:::ffff:1.2.3.4]"_ba);
        row("P08 scope id", "a@[IPv6:fe80::1%eth0]"_ba, "!domain"_ba);
        row("P08 IPv6 without its tag", "a@[::1]"_ba, "!domain"_ba);
        row("P08 not closed", "a@[127.0.0.1"_ba, "!domain"_ba);

        row("P09 quotes that are not needed go", "\"ann\"@x.example"_ba, "ann@x.example"_ba);
        row("P09 a space needs its quotes", "\"a b\"@x.example"_ba, "\"a b\"@x.example"_ba);
        row("P09 quoted pairs that are not needed go", "\"\\a\\b\"@x.example"_ba, "ab@x.example"_ba);
        row("P09 an escaped quote stays escaped", "\"a\\\"b\"@x.example"_ba, "\"a\\\"b\"@x.example"_ba);
        row("P09 a quoted at does not split", "\"v@foreign\"@x.example"_ba, "\"v@foreign\"@x.example"_ba);
        row("P09 quoted dots in odd places", "\".a.\"@x.example"_ba, "\".a.\"@x.example"_ba);
        row("P09 empty quoted string", "\"\"@x.example"_ba, "\"\"@x.example"_ba);
        row("P09 not closed", "\"a@x.example"_ba, "!local"_ba);
        row("P09 backslash at the end", "\"a\\"_ba, "!local"_ba);
        row("P09 text after the quotes", "\"a\"b@x.example"_ba, "!local"_ba);
        row("P09 quoted length counts as stored", "\"" + QByteArray(254, ' ') + "\"@x.example", "!local"_ba);

        row("P10 source route is dropped", "@local.example:v@foreign.example"_ba, "v@foreign.example"_ba);
        row("P10 route of two", "@a.example,@b.example:v@c.example"_ba, "v@c.example"_ba);
        row("P10 route through a literal", "@[IPv6:::1]:v@c.example"_ba, "v@c.example"_ba);
        row("P10 broken route", "@a.example,b.example:v@c.example"_ba, "!domain"_ba);
        row("P10 route without an end", "@a.example"_ba, "!domain"_ba);
        row("P10 route without an address", "@a.example:"_ba, "!local"_ba);
        row("P10 route in a route", "@a.example:@b.example:v@c.example"_ba, "!domain"_ba);
        row("P10 route of rubbish", "@$(id):v@c.example"_ba, "!domain"_ba);
        row("P10 percent hack is plain text", "v%foreign@x.example"_ba, "v%foreign@x.example"_ba);
        row("P10 bang path is plain text", "foreign!v@x.example"_ba, "foreign!v@x.example"_ba);
        row("P12 LDAP filter", "*)(uid=*@x.example"_ba, "!local"_ba);
    }

    void path() {
        QFETCH(const QByteArray, path);
        QFETCH(const QByteArray, expected);
        QCOMPARE(read(path, AllowUtf8::No), expected);
    }

    void utf8IsTakenWhereItIsAllowed() {
        QCOMPARE(read("\xc3\xbc@\xc3\xb6.example"_ba, AllowUtf8::Yes), "\xc3\xbc@\xc3\xb6.example"_ba);
        QCOMPARE(read("\xc3@x.example"_ba, AllowUtf8::Yes), "!ill-formed"_ba);
        QVERIFY(!Address("\xc3\xbc"_ba, "x.example"_ba).isAscii());
        QVERIFY(Address("u"_ba, "x.example"_ba).isAscii());
    }

    void aMissingDomainWithoutDefaultIsRefused() {
        QVERIFY(!parsePath("postmaster", QByteArray(), AllowUtf8::No));
    }

    void plainAddresses() {
        QVERIFY(parseAddress("").value().isNull());
        QVERIFY(parseAddress("<>").value().isNull());
        QCOMPARE(parseAddress("ann@example.org").value().text(), "ann@example.org"_ba);
        QVERIFY(!parseAddress("ann"));
        QVERIFY(!parseAddress("<ann@example.org>"));
        QVERIFY(!parseAddress("@a.example:ann@example.org"));
        QVERIFY(!parseAddress("ann@example.org\n"));
    }

    void theNullAddressIsNotAnEmptyQuotedOne() {
        QVERIFY(Address().isNull());
        QCOMPARE(Address().text(), QByteArray());
        QVERIFY(!parsePath("\"\"@x.example", QByteArray(), AllowUtf8::No).value().isNull());
    }

    void domainsCompareInLowerCase() {
        QCOMPARE(parseAddress("a@EXAMPLE.Org").value().domainKey(), "example.org"_ba);
    }

    void ipv6_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<bool>("valid");
        const auto row = [](const char* text, bool valid) { QTest::newRow(text) << QByteArray(text) << valid; };
        row("::", true);
        row("::1", true);
        row("1::", true);
        row("1:2:3:4:5:6:7:8", true);
        row("1:2:3:4:5:6:7::", true);
        row("1:2:3:4:5:6:1.2.3.4", true);
        row("::ffff:1.2.3.4", true);
        row("2001:DB8::aB", true);
        row("", false);
        row(":", false);
        row(":::", false);
        row("1", false);
        row("1:", false);
        row(":1", false);
        row("1::2::3", false);
        row("1:2:3:4:5:6:7", false);
        row("1:2:3:4:5:6:7:8:9", false);
        row("1:2:3:4:5:6:7:8::", false);
        row("1:2:3:4:5:6:7:1.2.3.4", false);
        row("::12345", false);
        row("::g", false);
        row("::1.2.3", false);
        row("::1.2.3.4:5", false);
        row("fe80::1%eth0", false);
    }

    void ipv6() {
        QFETCH(const QByteArray, text);
        QFETCH(const bool, valid);
        QCOMPARE(isIPv6(text), valid);
    }

    void utf8_data() {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<bool>("valid");
        QTest::newRow("ascii") << "a"_ba << true;
        QTest::newRow("two octets") << "\xc2\x80\xdf\xbf"_ba << true;
        QTest::newRow("three octets") << "\xe0\xa0\x80\xef\xbf\xbf"_ba << true;
        QTest::newRow("four octets") << "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"_ba << true;
        QTest::newRow("continuation alone") << "\x80"_ba << false;
        QTest::newRow("overlong two") << "\xc1\xbf"_ba << false;
        QTest::newRow("overlong three") << "\xe0\x9f\xbf"_ba << false;
        QTest::newRow("overlong four") << "\xf0\x8f\xbf\xbf"_ba << false;
        QTest::newRow("surrogate") << "\xed\xa0\x80"_ba << false;
        QTest::newRow("beyond U+10FFFF") << "\xf4\x90\x80\x80"_ba << false;
        QTest::newRow("octet F5") << "\xf5\x80\x80\x80"_ba << false;
        QTest::newRow("cut short") << "\xe2\x82"_ba << false;
        QTest::newRow("third octet is no continuation") << "\xe2\x82\x28"_ba << false;
    }

    void utf8() {
        QFETCH(const QByteArray, bytes);
        QFETCH(const bool, valid);
        QCOMPARE(isValidUtf8(bytes), valid);
    }
};

QTEST_APPLESS_MAIN(TestAddress)
#include "tst_address.moc"
