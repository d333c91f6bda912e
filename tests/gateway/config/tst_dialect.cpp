// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/dialect.h"
#include "config/document.h"

#include <QTest>

using namespace postern::config;

// Which language a file speaks, by the detection table of the 2012 page and the later pages' keyword histories.
class TestDialect : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void detects_data();
    void detects();
    void names();
    void overrideAndFallback();
};

void TestDialect::detects_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* name, const char* text, const char* expected) {
        QTest::newRow(name) << QByteArray(text) << QByteArray(expected);
    };
    row("map", "map a source plain \"/p\"\naccept for local alias a deliver to mbox\n", "2012");
    row("for all", "accept for all relay\n", "2012");
    row("enable auth", "listen on lo tls enable auth\naccept for local deliver to mbox\n", "2012");
    row("hostname at the top", "hostname localhost\naccept for local deliver to mbox\n", "2012");
    row("tables and accept", "table a { b }\naccept for all relay\n", "legacy");
    row("references and accept", "accept from source <a> for any relay\n", "legacy");
    row("accept alone", "accept for any relay\n", "legacy");
    row("reject alone", "reject for any\n", "legacy");
    row("action and match", "action a relay\nmatch for any action a\n", "modern");
    row("more matches than accepts", "accept for any relay\nmatch for any reject\nmatch from any reject\n", "modern");
    row("only old words", "expire 4d\nlisten on lo\n", "legacy");
    row("only new words", "queue ttl 4d\nlisten on lo\n", "modern");
    row("pki certificate", "pki a certificate \"/c\"\n", "legacy");
    row("pki cert", "pki a cert \"/c\"\n", "modern");
    row("only listeners", "listen on lo\n", "");
    row("empty", "", "");
    row("words in comments do not count", "# map a\n# action b\nlisten on lo\n", "");
    row("words in quotes do not count", "include \"match\"\n\"accept\" = \"x\"\n", "");
    row("a macro of that name does not count", "match = \"x\"\naction=\"y\"\n", "");
    row("a continued line is no new statement", "accept for any \\\nmatch\n", "legacy");
}

void TestDialect::detects() {
    QFETCH(const QByteArray, text);
    QFETCH(const QByteArray, expected);
    const auto found = detectDialect(text);
    QCOMPARE(found ? toString(*found).toByteArray() : QByteArray(), expected);
}

void TestDialect::names() {
    for (const Dialect dialect : {Dialect::Map2012, Dialect::Legacy, Dialect::Modern})
        QVERIFY(dialectFromString(toString(dialect)) == dialect);
    QVERIFY(!dialectFromString("auto") && !dialectFromString(""));
}

void TestDialect::overrideAndFallback() {
    ParseOptions options;
    options.fallback = Dialect::Legacy;
    QVERIFY(Document::parse("f", "listen on lo\n", options)->dialect() == Dialect::Legacy);
    QVERIFY(!Document::parse("f", "listen on lo\n", options)->dialectWasDetected());
    QVERIFY(Document::parse("f", "match for any reject\n", options)->dialect() == Dialect::Modern);
    options.dialect = Dialect::Map2012;
    QVERIFY(Document::parse("f", "match for any reject\n", options)->dialect() == Dialect::Map2012);
}

QTEST_APPLESS_MAIN(TestDialect)
#include "tst_dialect.moc"
