// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is wrong, where, and what was probably meant: whole printed lines. Reading goes on behind each.
#include "config/suggest.h"
#include "describe.h"

#include <QTest>

using namespace postern::config;
using namespace postern::test;

class TestDiagnostics : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void says_data();
    void says();
    void readingGoesOn();
    void whatWasUnderstoodStays();
    void secretsStayOut_data();
    void secretsStayOut();
    void aFileHasAtMostAThousand();
    void nearMiss_data();
    void nearMiss();
    void noteAndWarningPrint();
};

void TestDiagnostics::says_data() {
    QTest::addColumn<Dialect>("dialect");
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* name, Dialect dialect, const QByteArray& text, const QByteArray& expected) {
        QTest::newRow(name) << dialect << text << expected;
    };
    const auto k2012 = Dialect::Map2012;
    const auto kLegacy = Dialect::Legacy;
    const auto kModern = Dialect::Modern;
    row("misspelt statement", kLegacy, "acept for any relay\n", "f:1:1: error: unknown statement \"acept\"; did you mean \"accept\"?");
    row("misspelt option", kModern, "listen on lo tsl\n", "f:1:14: error: unknown word \"tsl\"; did you mean \"tls\"?");
    row("two letters swapped in a long word", kModern, "listen on lo tls-reqiure\n",
        "f:1:14: error: unknown word \"tls-reqiure\"; did you mean \"tls-require\"?");
    row("a word that is right and its second is not", kModern, "smtp tls ciphers x\n", "f:1:1: error: unknown statement \"smtp\"");
    row("nothing near", kModern, "frobnicate\n", "f:1:1: error: unknown statement \"frobnicate\"");
    row("misspelt destination", kLegacy, "accept for anny relay\n",
        "f:1:12: error: expected any, local or domain, found \"anny\"; did you mean \"any\"?");
    row("misspelt method", kModern, "action a realy\n",
        "f:1:10: error: expected relay, mbox, maildir, mda, lmtp, expand-only, forward-only or catch, found \"realy\"; "
        "did you mean \"relay\"?");
    row("missing value", kLegacy, "listen on\n", "f:1:10: error: expected an interface or address, found the end of the line");
    row("missing value at the end of the file", kModern, "include",
        "f:1:8: error: expected the path of a file, found the end of the file");
    row("missing word", kLegacy, "listen lo\n", "f:1:8: error: expected \"on\", found \"lo\"");
    row("path without quotes", kLegacy, "include /etc/x\n", "f:1:9: error: \"/etc/x\" must be in quotes here");
    row("number as a name", kLegacy, "listen on 25\n",
        "f:1:11: error: a number must be in quotes to be used as an interface or address");
    row("number in a table", kLegacy, "table t { 1 }\n", "f:1:11: error: a number must be in quotes to be used as a table entry");
    row("time without a unit", kLegacy, "expire 4\n", "f:1:8: error: a time needs a unit: 4s, 4m, 4h or 4d");
    row("warn intervals without a comma", kLegacy, "bounce-warn 4h 1d\n",
        "f:1:16: error: unexpected \"1d\" at the end of the statement");
    row("reserved word as a name", kModern, "action mbox mbox\n",
        "f:1:8: error: \"mbox\" is a word of the language; put it in quotes to use it as the name of an action");
    row("macro named like a keyword", kModern, "port = \"25\"\n",
        "f:1:1: error: \"port\" is a word of the language; put it in quotes to use it as the name of a macro");
    row("macro that is a number", kLegacy, "p = 25\n", "f:1:5: error: the value of a macro must be in quotes: \"25\"");
    row("macro that is not defined", kLegacy, "wan = \"x\"\nlisten on $wna\n",
        "f:2:11: error: macro \"wna\" is not defined; write wna = \"...\" above this line; did you mean \"$wan\"?");
    row("macro defined further down", kLegacy, "listen on $x\nx = \"lo\"\n",
        "f:1:11: error: macro \"x\" is not defined; write x = \"...\" above this line");
    row("macro whose name cannot be used", kLegacy, "a-b = \"c\"\n",
        "f:1:1: warning: a macro's name has only letters, digits and _; this one cannot be used with $");
    row("fault inside a macro points at its use", kLegacy, "x = \"tls foo\"\nlisten on lo $x\n",
        "f:2:14: error: unknown word \"foo\" (from $x)");
    row("a macro's value is not expanded again", kLegacy, "x = \"$x\"\nlisten on $x\n",
        "f:2:11: error: the value of $x uses $x, but macros are not expanded inside macros; write the value out");
    row("comma at the end of a list", kModern, "table t { a, }\n", "f:1:14: error: nothing stands behind the last comma; remove it");
    row("two commas", kModern, "table t { a,, b }\n", "f:1:13: error: nothing stands before this comma; remove it");
    row("list and mapping mixed", kModern, "table t { a, k = v }\n",
        "f:1:9: error: a table is a list { a, b } or a mapping { k = v }, not both");
    row("unclosed brace", kModern, "table t { a,\nb\nlisten on lo\n", "f:1:9: error: this { is never closed");
    row("unclosed angle", kModern, "match from src <a for any reject\n",
        "f:1:19: error: expected \">\" behind the table's name, found \"for\"");
    row("C01 unclosed quote", kModern, "include \"a\nlisten on lo\n", "f:1:9: error: this quote is never closed");
    row("C01 unclosed quote closed by the next one", kModern, "include \"a\nlisten on \"lo\"\n",
        "f:1:9: error: this quote is never closed");
    row("C01 unclosed quote at the begin of a line", kModern, "\"unclosed\nlisten on \"lo\"\n",
        "f:1:1: error: this quote is never closed");
    row("C01 unclosed quote where a word of the language should stand", kModern, "listen on lo \"tls\n",
        "f:1:14: error: this quote is never closed");
    row("a string over two lines in a statement that makes no sense", kModern, "listen on lo tag \"a\n b\" \"c\"\n",
        "f:1:18: note: this string goes on in the next line; is its closing quote missing?\n"
        "f:2:5: error: unexpected \"c\"");
    row("a string over two lines where it makes sense", kModern, "include \"a\n b\"\n", "");
    row("C01 NUL in a string", kModern, QByteArray("include \"a\0\"\n", 12), "f:1:9: error: a string must not hold a NUL byte");
    row("C01 NUL between words", kModern, QByteArray("include \0\n", 10),
        "f:1:9: error: expected the path of a file, found \"\\x00\"");
    row("C01 byte order mark", kModern, "\xef\xbb\xbflisten on lo\n",
        "f:1:1: note: the file begins with a byte order mark, and OpenSMTPD refuses that; save it as UTF-8 without one");
    row("C01 UTF-16", kModern, "\xff\xfe#\n", "f:1:1: error: the file is UTF-16, and a configuration is read as UTF-8; save it as UTF-8");
    row("C01 byte order mark further down", kModern, "listen on lo\n\xef\xbb\xbflisten on lo\n",
        "f:2:1: error: unknown statement \"\xef\xbb\xbflisten\"");
    row("C01 backslash at the end of the file", kModern, "listen on lo\\", "");
    row("C01 CR LF is read and noted once", kModern, "listen on lo\r\nlisten on lo\r\n",
        "f:1:13: note: lines end in CR LF; OpenSMTPD reads LF only");
    row("umlaut without quotes", kModern, "listen on m\xc3\xbcnchen\n", "f:1:11: error: \"m\xc3\xbcnchen\" must be in quotes here");
    row("new word in an old file", kLegacy, "listen on lo mask-src\n",
        "f:1:14: error: \"mask-src\" does not belong to the accept/reject dialect (5.3 to 6.3); did you mean \"mask-source\"?");
    row("old word in a new file", kModern, "pki mail certificate \"/c\"\n",
        "f:1:10: error: \"certificate\" does not belong to the action/match dialect (6.4 and later); did you mean \"cert\"?");
    row("old setting in a new file", kModern, "expire 4d\n",
        "f:1:1: error: \"expire\" does not belong to the action/match dialect (6.4 and later); did you mean \"queue ttl\"?");
    row("old rule in a new file", kModern, "accept for any relay\n",
        "f:1:1: error: \"accept\" does not belong to the action/match dialect (6.4 and later), in which the rest of this "
        "file is written");
    row("match that decides nothing", kModern, "match from any for any\n",
        "f:1:23: error: expected \"action NAME\" or \"reject\", found the end of the line");
    row("match with a method", kModern, "match for any relay\n", "f:1:15: error: unknown word \"relay\"");
    row("words behind the decision", kModern, "match for any action a from any\n",
        "f:1:24: error: unexpected \"from\": \"action\" or \"reject\" ends a match");
    row("ttl before another option", kModern, "action a maildir ttl 3d alias <a>\n",
        "f:1:25: warning: OpenSMTPD wants \"ttl\" to be the last word of an action");
    row("auth before host", kModern, "action a relay auth <s> host h\n",
        "f:1:16: warning: OpenSMTPD wants \"host\" before \"auth\"");
    row("an option twice", kModern, "listen on lo port 25 port 26\n",
        "f:1:22: warning: \"port\" is given twice; the last one counts");
    row("port behind tls in 2012", k2012, "accept for all relay via \"h\" tls port 25\n",
        "f:1:34: warning: readers of 2012 want \"port\" before the word for TLS");
    row("expire before the conditions", kLegacy, "accept expire 3d for any relay\n",
        "f:1:18: warning: OpenSMTPD wants the parts of a rule in this order: from, for and other conditions; alias, "
        "virtual or userbase; deliver or relay; expire\n"
        "f:1:26: warning: OpenSMTPD wants the parts of a rule in this order: from, for and other conditions; alias, "
        "virtual or userbase; deliver or relay; expire");
    row("from without source", kLegacy, "accept from 10.0.0.1 for any relay\n",
        "f:1:13: warning: OpenSMTPD since 5.4.1 wants \"source\" before this");
    row("all after 2012", kLegacy, "accept for all relay\n",
        "f:1:12: warning: \"all\" is the word of 2012; OpenSMTPD since 5.3 wants \"any\"; did you mean \"any\"?");
    row("no final newline", kLegacy, "accept for any relay",
        "f:1:21: warning: OpenSMTPD before 6.4 refuses a last line that does not end in a newline");
    row("no final newline since 6.4", kModern, "listen on lo", "");
    row("new lines inside braces before 7.5", kLegacy, "table t {\na }\n",
        "f:1:10: warning: OpenSMTPD before 7.5 takes no new line behind \"{\" or a comma, nor before \"}\"");
}

void TestDiagnostics::says() {
    QFETCH(const Dialect, dialect);
    QFETCH(const QByteArray, text);
    QFETCH(const QByteArray, expected);
    ParseOptions options;
    options.dialect = dialect;
    const DocumentPtr document = Document::parse("f", text, options);
    QCOMPARE(printed(document->diagnostics()), expected);
    QCOMPARE(document->root().text(), text);
}

void TestDiagnostics::readingGoesOn() {
    const DocumentPtr document = Document::parse("f", "lisen on lo\naction a relay foo\nmatch for any action a\n");
    QCOMPARE(document->diagnostics().size(), size_t(2));
    QCOMPARE(describe(document), "Unknown ERROR\nAction action (a) Relay ERROR\nMatch match ForAny UseAction(a)");
}

void TestDiagnostics::whatWasUnderstoodStays() {
    const DocumentPtr document = Document::parse("f", "listen on lo port 26 foo tls # behind\n");
    QCOMPARE(describe(document), "Listen listen on (lo) Port(26) ERROR");
    QCOMPARE(document->statement(0).text(), "listen on lo port 26 foo tls");
    QCOMPARE(document->statement(0).commentBehind(), "behind");
}

void TestDiagnostics::secretsStayOut_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("queue key of two words") << QByteArray("queue encryption first S3CRET\naccept\n");
    QTest::newRow("queue key without quotes") << QByteArray("queue encryption key /S3CRET\naccept\n");
    QTest::newRow("srs key of two words") << QByteArray("srs key a S3CRET\nmatch for any reject\n");
    QTest::newRow("credentials without quotes") << QByteArray("table t { a = @S3CRET }\naccept\n");
    QTest::newRow("credentials behind a missing brace") << QByteArray("table t a = S3CRET\naccept\n");
    QTest::newRow("credentials with an unclosed quote") << QByteArray("table t { a = \"S3CRET }\naccept\n");
}

void TestDiagnostics::secretsStayOut() {
    QFETCH(const QByteArray, text);
    const QByteArray said = printed(Document::parse("f", text)->diagnostics());
    QVERIFY(!said.isEmpty());
    QVERIFY2(!said.contains("S3CRET"), said.constData());
}

void TestDiagnostics::aFileHasAtMostAThousand() {
    const DocumentPtr document = Document::parse("f", QByteArray("?\n").repeated(5000));
    QCOMPARE(document->diagnostics().size(), size_t(1000) + 1);
    QCOMPARE(document->diagnostics().back().text, "too many errors; what follows is not reported");
}

void TestDiagnostics::nearMiss_data() {
    QTest::addColumn<QByteArray>("word");
    QTest::addColumn<QByteArray>("expected");
    QTest::newRow("one letter missing") << QByteArray("listn") << QByteArray("listen");
    QTest::newRow("two letters too many") << QByteArray("liisteen") << QByteArray("listen");
    QTest::newRow("neighbours swapped") << QByteArray("talbe") << QByteArray("table");
    QTest::newRow("three changes are too far") << QByteArray("lsteenx") << QByteArray("");
    QTest::newRow("short words must be closer") << QByteArray("kp") << QByteArray("");
    QTest::newRow("a long word costs nothing") << QByteArray(100000, 'x') << QByteArray("");
}

void TestDiagnostics::nearMiss() {
    QFETCH(const QByteArray, word);
    QFETCH(const QByteArray, expected);
    QCOMPARE(nearest(word, {"listen", "table", "pki"}), expected);
}

void TestDiagnostics::noteAndWarningPrint() {
    Diagnostic diagnostic;
    diagnostic.file = "a/b.conf";
    diagnostic.line = 3;
    diagnostic.column = 7;
    diagnostic.text = "unknown word \"tsl\"";
    diagnostic.suggestion = "tls";
    QCOMPARE(diagnostic.print(), "a/b.conf:3:7: error: unknown word \"tsl\"; did you mean \"tls\"?");
    diagnostic.severity = Severity::Note;
    diagnostic.suggestion.clear();
    QCOMPARE(diagnostic.print(), "a/b.conf:3:7: note: unknown word \"tsl\"");
}

QTEST_APPLESS_MAIN(TestDiagnostics)
#include "tst_diagnostics.moc"
