// SPDX-License-Identifier: GPL-3.0-or-later
//
// Relay URLs: every schema in every era, and what can be wrong with one.
#include "policy/relay_url.h"

#include <QTest>

using namespace postern::policy;

namespace {

// "opportunistic auth lmtp backup verify :25" with the words that apply, or "error".
QByteArray meaning(const QByteArray& text, Era era) {
    const auto url = RelayUrl::parse(text, era);
    if (!url)
        return "error";
    const RelayMeaning& m = (*url).meaning();
    QByteArray words = toString(m.tls).toByteArray();
    if (m.auth)
        words += " auth";
    if (m.lmtp)
        words += " lmtp";
    if (m.backup)
        words += " backup";
    if (m.verifyByDefault)
        words += " verify";
    return words + " :" + QByteArray::number(m.port);
}

QByteArray problem(const QByteArray& text, Era era) {
    const auto url = RelayUrl::parse(text, era);
    return url ? QByteArray("none") : url.error().text;
}

} // namespace

class TestRelayUrl : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void schemas_data();
    void schemas();
    void parts_data();
    void parts();
    void refused_data();
    void refused();
    void suggestions_data();
    void suggestions();
    void errorsHoldNoSecret_data();
    void errorsHoldNoSecret();
    void maskedShowsNoPassword();
    void printIsTheOriginal();
    void sameMeaningLooksThroughSpelling();
};

void TestRelayUrl::schemas_data() {
    QTest::addColumn<QByteArray>("url");
    QTest::addColumn<QByteArray>("in2012");
    QTest::addColumn<QByteArray>("inLegacy");
    QTest::addColumn<QByteArray>("inModern");
    const auto row = [](const char* url, const char* map2012, const char* legacy, const char* modern) {
        QTest::newRow(url) << QByteArray(url) << QByteArray(map2012) << QByteArray(legacy)
                           << QByteArray(modern);
    };
    row("h.example", "opportunistic :25", "opportunistic :25", "opportunistic :25");
    row("smtp://h.example", "opportunistic :25", "none :25", "opportunistic :25");
    row("smtp+tls://h.example", "error", "opportunistic :25", "required verify :25");
    row("smtp+notls://h.example", "error", "error", "none :25");
    row("tls://h.example", "required :25", "required :25", "error");
    row("smtps://h.example", "wrapped :465", "wrapped :465", "wrapped verify :465");
    row("ssl://h.example", "either :25", "either :25", "error");
    row("secure://h.example", "error", "either :25", "error");
    row("tls+auth://l@h.example", "required auth :25", "required auth :25", "error");
    row("smtps+auth://l@h.example", "wrapped auth :465", "wrapped auth :465", "error");
    row("ssl+auth://l@h.example", "either auth :25", "either auth :25", "error");
    row("secure+auth://l@h.example", "error", "either auth :25", "error");
    row("lmtp://h.example:24", "error", "none lmtp :24", "none lmtp :24");
    row("backup://h.example", "opportunistic backup :25", "opportunistic backup :25", "error");
    row("tls+backup://h.example", "error", "required backup :25", "error");
    row("starttls://h.example", "required :25", "error", "error");
    row("starttls+auth://h.example", "required auth :25", "error", "error");
    // labels
    row("l@h.example", "error", "error", "error");
    row("smtp://l@h.example", "error", "error", "error");
    row("smtp+tls://l@h.example", "error", "error", "required auth verify :25");
    row("smtp+notls://l@h.example", "error", "error", "error");
    row("smtps://l@h.example", "error", "error", "wrapped auth verify :465");
    row("tls://l@h.example", "error", "error", "error");
    row("lmtp://l@h.example:24", "error", "error", "error");
    row("tls+auth://h.example", "required auth :25", "error",
        "error"); // until December 2012 the host was the key
    row("smtps+auth://h.example", "wrapped auth :465", "error", "error");
    // ports
    row("smtp://h.example:2525", "opportunistic :2525", "none :2525", "opportunistic :2525");
    row("smtps://h.example:26", "wrapped :26", "wrapped :26", "wrapped verify :26");
    row("lmtp://h.example", "error", "error", "error");
    row("SMTPS://h.example", "wrapped :465", "wrapped :465", "wrapped verify :465");
}

void TestRelayUrl::schemas() {
    QFETCH(QByteArray, url);
    QTEST(meaning(url, Era::Map2012), "in2012");
    QTEST(meaning(url, Era::Legacy), "inLegacy");
    QTEST(meaning(url, Era::Modern), "inModern");
}

void TestRelayUrl::parts_data() {
    QTest::addColumn<QByteArray>("url");
    QTest::addColumn<QByteArray>("expected"); // schema|label|host|port, * behind an address literal
    const auto row = [](const char* url, const char* expected) {
        QTest::newRow(url) << QByteArray(url) << QByteArray(expected);
    };
    row("mx.example.net", "||mx.example.net|0");
    row("SmTp://mx.example.net:587", "smtp||mx.example.net|587");
    row("smtps://Office.1@mx.example.net", "smtps|Office.1|mx.example.net|0");
    row("smtp+tls://a:b/c@mx.example.net", "smtp+tls|a:b/c|mx.example.net|0");
    row("smtp://192.0.2.1", "smtp||192.0.2.1*|0");
    row("smtp://[192.0.2.1]:26", "smtp||192.0.2.1*|26");
    row("smtp://[2001:db8::1]", "smtp||2001:db8::1*|0");
    row("smtp://[IPv6:2001:db8::1]:2525", "smtp||2001:db8::1*|2525");
    row("smtp://[::1]:2525", "smtp||::1*|2525");
    row("smtp://mx.example.net/", "smtp||mx.example.net|0");
    row("smtp://mx.example.net:25/any/path", "smtp||mx.example.net|25");
    row("tls_mx-1.example.net", "||tls_mx-1.example.net|0");
    row("smtp://mx.example.net.", "smtp||mx.example.net.|0");
    row("smtp://mx.example.net   # the old one", "smtp||mx.example.net|0");
    row("smtp://localhost:65535", "smtp||localhost|65535");
}

void TestRelayUrl::parts() {
    QFETCH(QByteArray, url);
    const auto parsed = RelayUrl::parse(url, Era::Modern);
    QVERIFY2(parsed.has_value(), parsed ? "" : parsed.error().text.constData());
    const RelayUrl& u = *parsed;
    const QByteArray shown = u.schema() + "|" + u.label() + "|" + u.host() + (u.isLiteral() ? "*" : "") +
                             "|" + QByteArray::number(u.port());
    QTEST(shown, "expected");
}

void TestRelayUrl::refused_data() {
    QTest::addColumn<QByteArray>("url");
    const auto row = [](const char* title, const QByteArray& url) { QTest::newRow(title) << url; };
    row("empty", "");
    row("only a schema", "smtp://");
    row("no schema before ://", "://mx.example.net");
    row("unknown schema", "bogus://mx.example.net");
    row("port 0", "smtp://mx.example.net:0");
    row("port 65536", "smtp://mx.example.net:65536");
    row("port huge", "smtp://mx.example.net:99999999999999999999");
    row("no port behind the colon", "smtp://mx.example.net:");
    row("service name", "smtp://mx.example.net:submission");
    row("letters behind the port", "smtp://mx.example.net:25x");
    row("negative port", "smtp://mx.example.net:-1");
    row("host missing before port", "smtp://:25");
    row("empty label", "smtps://@mx.example.net");
    row("second @", "smtps://l@b@mx.example.net");
    row("empty name part", "smtp://mx..example.net");
    row("name starts with a dot", "smtp://.example.net");
    row("name starts with a hyphen", "smtp://-mx.example.net");
    row("name part ends with a hyphen", "smtp://mx-.example.net");
    row("name part of 64", "smtp://" + QByteArray(64, 'a') + ".example.net");
    row("name too long", "smtp://" + QByteArray("a.").repeated(130) + "net");
    row("IPv6 without brackets", "smtp://2001:db8::1");
    row("IPv6 without brackets, short", "smtp://::1");
    row("bracket open", "smtp://[::1");
    row("bracket empty", "smtp://[]");
    row("bracket holds a name", "smtp://[mx.example.net]");
    row("bracket holds a prefix", "smtp://[2001:db8::/32]");
    row("IPv6 word before an IPv4 address", "smtp://[IPv6:192.0.2.1]");
    row("longer than 1023 octets", "smtps://" + QByteArray(1010, 'l') + "@mx.example.net");
}

void TestRelayUrl::refused() {
    QFETCH(QByteArray, url);
    QCOMPARE(meaning(url, Era::Modern), "error");
}

void TestRelayUrl::suggestions_data() {
    QTest::addColumn<QByteArray>("url");
    QTest::addColumn<int>("era");
    QTest::addColumn<QByteArray>("says");
    const auto row = [](const char* title, const char* url, Era era, const char* says) {
        QTest::newRow(title) << QByteArray(url) << int(era) << QByteArray(says);
    };
    row("a swap", "smtp+tsl://h", Era::Modern, "did you mean \"smtp+tls://\"?");
    row("a letter lost", "smtp+tl://h", Era::Modern, "did you mean \"smtp+tls://\"?");
    row("a swap in a short word", "smpt://h", Era::Modern, "did you mean \"smtp://\"?");
    row("the older word for must", "tls://h", Era::Modern, "did you mean \"smtp+tls://\"?");
    row("the older word with auth", "tls+auth://l@h", Era::Modern, "did you mean \"smtp+tls://\"?");
    row("the older word, wrapped with auth", "smtps+auth://l@h", Era::Modern, "did you mean \"smtps://\"?");
    row("backup is a word of the action now", "backup://h", Era::Modern, "write relay backup mx NAME");
    row("the newer word in an older file", "smtp+notls://h", Era::Legacy, "did you mean \"smtp://\"?");
    row("a slip in an older file", "tls+atuh://l@h", Era::Legacy, "did you mean \"tls+auth://\"?");
    row("the later word in 2012", "secure://h", Era::Map2012, "did you mean \"ssl://\"?");
    row("label without encryption", "smtp://l@h", Era::Modern, "needs smtp+tls:// or smtps://");
    row("label without auth", "tls://l@h", Era::Legacy, "needs a schema with +auth");
    row("auth without label", "tls+auth://h", Era::Legacy, "tls+auth://LABEL@HOST");
    row("lmtp without port", "lmtp://h", Era::Modern, "write lmtp://HOST:PORT");
    row("IPv6", "smtp://::1", Era::Modern, "in brackets");
}

void TestRelayUrl::suggestions() {
    QFETCH(QByteArray, url);
    QFETCH(int, era);
    QFETCH(QByteArray, says);
    const QByteArray text = problem(url, Era(era));
    QVERIFY2(text.contains(says), text.constData());
}

void TestRelayUrl::errorsHoldNoSecret_data() {
    QTest::addColumn<QByteArray>("url");
    for (const char* url :
         {"smtp://carol:s3cret@h", "smtps://carol:x@s3cret@h", "tls://s3cret@h", "carol s3cret://h"})
        QTest::newRow(url) << QByteArray(url);
}

void TestRelayUrl::errorsHoldNoSecret() {
    QFETCH(QByteArray, url);
    const QByteArray text = problem(url, Era::Legacy);
    QVERIFY(text != "none");
    QVERIFY2(!text.contains("s3cret"), text.constData());
}

void TestRelayUrl::maskedShowsNoPassword() {
    const auto masked = [](const char* url) { return (*RelayUrl::parse(url, Era::Modern)).masked(); };
    QCOMPARE(masked("smtps://carol:s3cret@mx.example.net:465/x"), "smtps://carol:***@mx.example.net:465");
    QCOMPARE(masked("smtps://office@mx.example.net"), "smtps://office@mx.example.net");
    QCOMPARE(masked("smtp://[IPv6:2001:db8::1]:25"), "smtp://[2001:db8::1]:25");
    QCOMPARE(masked("mx.example.net"), "mx.example.net");
    QCOMPARE(shownLabel("carol:s3:cret"), "carol:***");
    QCOMPARE(shownLabel("office"), "office");
}

void TestRelayUrl::printIsTheOriginal() {
    const QByteArray text = "SMTPS://Office@[IPv6:2001:DB8::1]:465/";
    QCOMPARE((*RelayUrl::parse(text, Era::Modern)).print(), text);
}

void TestRelayUrl::sameMeaningLooksThroughSpelling() {
    const auto url = [](const char* text, Era era = Era::Modern) { return *RelayUrl::parse(text, era); };
    QVERIFY(!sameMeaning(url("smtp://h.example"), url("smtps://h.example")));
    QVERIFY(!sameMeaning(url("smtps://a@h.example"), url("smtps://b@h.example")));
    QVERIFY(!sameMeaning(url("smtp://h.example"), url("smtp://h.example", Era::Legacy)));
    QVERIFY(sameMeaning(url("smtps://H.example"), url("SMTPS://h.example:465/")));
    QVERIFY(sameMeaning(url("h.example"), url("smtp://h.example:25")));
    QVERIFY(sameMeaning(url("smtp+notls://h.example"), url("smtp://h.example", Era::Legacy)));
}

QTEST_APPLESS_MAIN(TestRelayUrl)
#include "tst_relay_url.moc"
