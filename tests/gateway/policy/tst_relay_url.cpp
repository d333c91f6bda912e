// SPDX-License-Identifier: GPL-3.0-or-later
//
// Relay URLs: every schema in every era, and what can be wrong with one.
#include "policy/relay_url.h"

#include <QTest>

using namespace postern::policy;

namespace {

QByteArray words(const RelayMeaning& m) {
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

// "opportunistic auth lmtp backup verify :25" with the words that apply, or "error".
QByteArray meaning(const QByteArray& text, Era era) {
    const auto url = RelayUrl::parse(text, era);
    if (!url)
        return "error";
    return words((*url).meaning());
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
    void eachReader_data();
    void eachReader();
    void readersDifferInWhatTheyRefuse_data();
    void readersDifferInWhatTheyRefuse();
    void changes_data();
    void changes();
    void changesThatMakeNoUrl_data();
    void changesThatMakeNoUrl();
    void settingWhatIsThereChangesNothing();
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

// The columns of the history of relay URLs; "-" = that reader refuses it.
void TestRelayUrl::eachReader_data() {
    QTest::addColumn<QByteArray>("url");
    QTest::addColumn<int>("dialect");
    QTest::addColumn<QByteArrayList>("expected"); // May 2012, July 2012, December 2012, 5.3, 5.4, 5.7, 6.4
    const auto row = [](const char* url, Era dialect, const QByteArrayList& expected) {
        QTest::newRow(url) << QByteArray(url) << int(dialect) << expected;
    };
    const QByteArray opp = "opportunistic :25", must = "required :25", wrap = "wrapped :465", any = "either :25",
                     none = "none :25";
    row("h.example", Era::Modern, {opp, opp, opp, opp, opp, opp, opp});
    row("smtp://h.example", Era::Modern, {opp, opp, opp, none, none, none, opp});
    row("smtp+tls://h.example", Era::Modern, {"-", "-", "-", opp, opp, opp, "required verify :25"});
    row("smtp+notls://h.example", Era::Modern, {"-", "-", "-", "-", "-", "-", none});
    row("tls://h.example", Era::Legacy, {"-", must, must, must, must, must, "-"});
    row("smtps://h.example", Era::Modern, {wrap, wrap, wrap, wrap, wrap, wrap, "wrapped verify :465"});
    row("ssl://h.example", Era::Map2012, {any, any, any, any, "-", "-", "-"});
    row("secure://h.example", Era::Legacy, {"-", "-", "-", "-", any, any, "-"});
    row("tls+auth://l@h.example", Era::Legacy,
        {"-", "-", "required auth :25", "required auth :25", "required auth :25", "required auth :25", "-"});
    row("tls+auth://h.example", Era::Map2012, {"-", "required auth :25", "-", "-", "-", "-", "-"});
    row("smtps+auth://l@h.example", Era::Legacy,
        {"-", "-", "wrapped auth :465", "wrapped auth :465", "wrapped auth :465", "wrapped auth :465", "-"});
    row("ssl+auth://l@h.example", Era::Legacy, {"-", "-", "either auth :25", "either auth :25", "-", "-", "-"});
    row("secure+auth://l@h.example", Era::Legacy, {"-", "-", "-", "-", "either auth :25", "either auth :25", "-"});
    row("lmtp://h.example:24", Era::Modern,
        {"-", "-", "-", "none lmtp :24", "none lmtp :24", "none lmtp :24", "none lmtp :24"});
    row("backup://h.example", Era::Legacy,
        {"-", "-", "opportunistic backup :25", "opportunistic backup :25", "opportunistic backup :25",
         "opportunistic backup :25", "-"});
    row("tls+backup://h.example", Era::Legacy, {"-", "-", "-", "-", "-", "required backup :25", "-"});
    row("starttls://h.example", Era::Map2012, {must, "-", "-", "-", "-", "-", "-"});
    row("starttls+auth://h.example", Era::Map2012, {"required auth :25", "-", "-", "-", "-", "-", "-"});
    row("smtp+tls://l@h.example", Era::Modern, {"-", "-", "-", "-", "-", "-", "required auth verify :25"});
    row("smtps://l@h.example:466", Era::Modern, {"-", "-", "-", "-", "-", "-", "wrapped auth verify :466"});
}

void TestRelayUrl::eachReader() {
    QFETCH(QByteArray, url);
    QFETCH(int, dialect);
    const auto parsed = RelayUrl::parse(url, Era(dialect));
    QVERIFY(parsed.has_value());
    QByteArrayList shown;
    for (const UrlEra reader : kUrlEras) {
        const auto meaning = parsed->meaningIn(reader);
        shown.append(meaning ? words(*meaning) : "-");
    }
    QTEST(shown, "expected");
}

void TestRelayUrl::readersDifferInWhatTheyRefuse_data() {
    QTest::addColumn<QByteArray>("url");
    QTest::addColumn<int>("reader");
    QTest::addColumn<QByteArray>("says"); // "" = it is read
    const auto row = [](const char* title, const char* url, UrlEra reader, const char* says) {
        QTest::newRow(title) << QByteArray(url) << int(reader) << QByteArray(says);
    };
    row("trailing text, 5.4: a part of the host", "smtp://h.example/", UrlEra::Release54, "a part of it");
    row("trailing text behind a port, 5.3", "smtp://h.example:25/x", UrlEra::Release53, "a part of it");
    row("trailing text, 5.7: ignored", "smtp://h.example/", UrlEra::Release57, "");
    row("IPv6 literal, 5.4: only with a port", "smtp://[::1]", UrlEra::Release54, "only with a port");
    row("IPv6 literal with a port, 5.4", "smtp://[::1]:25", UrlEra::Release54, "");
    row("IPv6 literal, 5.7", "smtp://[::1]", UrlEra::Release57, "");
    row("IPv4 literal, 5.4", "smtp://[192.0.2.1]", UrlEra::Release54, "");
    row("a label in July 2012", "smtps://l@h.example", UrlEra::July2012, "has no labels");
    row("a label without +auth, 5.7", "smtps://l@h.example", UrlEra::Release57, "needs a schema with +auth");
    row("an unknown schema is named with the reader", "smtp+notls://h.example", UrlEra::Release57,
        "OpenSMTPD 5.7 to 6.3 has no \"smtp+notls://\"");
}

void TestRelayUrl::readersDifferInWhatTheyRefuse() {
    QFETCH(QByteArray, url);
    QFETCH(int, reader);
    QFETCH(QByteArray, says);
    const auto meaning = (*RelayUrl::parse(url, Era::Modern)).meaningIn(UrlEra(reader));
    const QByteArray text = meaning ? QByteArray() : meaning.error().text;
    QVERIFY2(meaning.has_value() == says.isEmpty() && text.contains(says), text.constData());
}

void TestRelayUrl::changes_data() {
    QTest::addColumn<QByteArray>("url");
    QTest::addColumn<int>("dialect");
    QTest::addColumn<int>("change"); // index below
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* title, const char* url, Era dialect, int change, const char* expected) {
        QTest::newRow(title) << QByteArray(url) << int(dialect) << change << QByteArray(expected);
    };
    row("the host; schema, label, port and tail keep their spelling", "SMTPS://Office@Old.Example:0465/x", Era::Modern, 0,
        "SMTPS://Office@new.example:0465/x");
    row("an IPv6 host gets its brackets", "smtp://h.example:26", Era::Modern, 1, "smtp://[2001:db8::1]:26");
    row("a port is added", "h.example", Era::Modern, 2, "h.example:587");
    row("a port is added before the tail", "smtp://h.example/", Era::Modern, 2, "smtp://h.example:587/");
    row("a port is taken out", "smtp://[IPv6:2001:DB8::1]:25", Era::Modern, 3, "smtp://[IPv6:2001:DB8::1]");
    row("a label is replaced", "smtps://a@h.example", Era::Modern, 4, "smtps://new@h.example");
    row("a label is taken out", "smtps://a@h.example", Era::Modern, 5, "smtps://h.example");
    row("a schema is written", "h.example:25", Era::Modern, 6, "smtp+tls://h.example:25");
    row("schema and label together", "smtp://h.example", Era::Legacy, 7, "tls+auth://new@h.example");
    row("the schema is taken out", "smtp://h.example", Era::Modern, 8, "h.example");
}

namespace {

RelayUrl::Change changeNumber(int number) {
    switch (number) {
    case 0:
        return {.schema = {}, .label = {}, .host = "new.example", .port = {}};
    case 1:
        return {.schema = {}, .label = {}, .host = "2001:db8::1", .port = {}};
    case 2:
        return {.schema = {}, .label = {}, .host = {}, .port = quint16(587)};
    case 3:
        return {.schema = {}, .label = {}, .host = {}, .port = quint16(0)};
    case 4:
        return {.schema = {}, .label = "new", .host = {}, .port = {}};
    case 5:
        return {.schema = {}, .label = "", .host = {}, .port = {}};
    case 6:
        return {.schema = "smtp+tls", .label = {}, .host = {}, .port = {}};
    case 7:
        return {.schema = "tls+auth", .label = "new", .host = {}, .port = {}};
    default:
        return {.schema = "", .label = {}, .host = {}, .port = {}};
    }
}

} // namespace

void TestRelayUrl::changes() {
    QFETCH(QByteArray, url);
    QFETCH(int, dialect);
    QFETCH(int, change);
    const auto made = (*RelayUrl::parse(url, Era(dialect))).with(changeNumber(change));
    QVERIFY2(made.has_value(), made ? "" : made.error().text.constData());
    QTEST(made->print(), "expected");
}

void TestRelayUrl::changesThatMakeNoUrl_data() {
    QTest::addColumn<QByteArray>("part");
    QTest::addColumn<QByteArray>("value");
    for (const char* host : {"", "a b@c", "h.example:26", "x@h.example", "h.example/x", "-h"})
        QTest::addRow("host \"%s\"", host) << QByteArray("host") << QByteArray(host);
    for (const char* label : {"a@b", "a://b@c"})
        QTest::addRow("label \"%s\"", label) << QByteArray("label") << QByteArray(label);
    for (const char* schema : {"tls", "smtp", "bogus", "smtp://x@y"}) // the label needs smtps or smtp+tls
        QTest::addRow("schema \"%s\"", schema) << QByteArray("schema") << QByteArray(schema);
}

void TestRelayUrl::changesThatMakeNoUrl() {
    QFETCH(QByteArray, part);
    QFETCH(QByteArray, value);
    RelayUrl::Change change;
    (part == "host" ? change.host : part == "label" ? change.label : change.schema) = value;
    const auto made = (*RelayUrl::parse("smtps://a@h.example:465", Era::Modern)).with(change);
    QVERIFY2(!made, made ? made->print().constData() : "");
}

void TestRelayUrl::settingWhatIsThereChangesNothing() {
    for (const char* text : {"SMTPS://Office@[IPv6:2001:DB8::1]:0465/", "h.example", "lmtp://H.example:24 # note"}) {
        const RelayUrl url = *RelayUrl::parse(text, Era::Modern);
        const auto same = url.with({.schema = url.schema(), .label = url.label(), .host = url.host(), .port = url.port()});
        QVERIFY(same.has_value());
        QCOMPARE(same->print(), QByteArray(text));
    }
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
