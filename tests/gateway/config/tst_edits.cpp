// SPDX-License-Identifier: GPL-3.0-or-later
//
// Typed edits: what each changes in the text, to the byte, and what it refuses and why.
#include "edit_outcome.h"

#include "config/edits/comment_out.h"
#include "config/edits/insert_statement.h"
#include "config/edits/rename.h"
#include "config/edits/save.h"
#include "config/edits/set_option.h"
#include "config/edits/set_setting.h"
#include "config/edits/table_file.h"
#include "support/failing_file_store.h"
#include "support/memory_file_store.h"

#include <QTest>

using namespace postern;
using namespace postern::config;
using namespace postern::config::edits;
using namespace postern::test;

namespace {

Option flagged(ClauseKind kind, const QByteArray& flag) {
    Option made = option(kind);
    made.flags.append(flag);
    return made;
}
Option negated(Option option) {
    option.negated = true;
    return option;
}

struct OptionRow {
    const char* name;
    Dialect dialect;
    const char* text;
    Option wanted;
    const char* expected; // or the beginning of a refusal
};
const std::vector<OptionRow>& optionRows() {
    using enum ClauseKind;
    static const std::vector<OptionRow> rows = {
        {"a new option goes to the end, before the comment", Dialect::Modern, "listen on lo0 # mine\n", option(Port, {"25"}),
         "listen on lo0 port 25 # mine\n"},
        {"a changed value leaves its neighbours alone", Dialect::Modern, "listen on lo0  port  25   tag A\n", option(Port, {"587"}),
         "listen on lo0  port  587   tag A\n"},
        {"what is there already changes nothing", Dialect::Modern, "listen on lo0 port 25\n", option(Port, {"25"}), "listen on lo0 port 25\n"},
        {"quotes are kept", Dialect::Modern, "listen on lo0 tag \"A\"\n", option(Tag, {"B"}), "listen on lo0 tag \"B\"\n"},
        {"a reserved word is quoted", Dialect::Modern, "listen on lo0\n", option(Tag, {"relay"}), "listen on lo0 tag \"relay\"\n"},
        {"a quote within quotes", Dialect::Modern, "listen on lo0\n", option(Hostname, {"a \"b"}),
         "listen on lo0 hostname \"a \\\"b\"\n"},
        {"options on lines of their own", Dialect::Modern, "listen on lo0 \\\n\tport 25 \\\n\ttag A\n", option(MaskSource),
         "listen on lo0 \\\n\tport 25 \\\n\ttag A \\\n\tmask-src\n"},
        {"CR LF and joined lines", Dialect::Modern, "listen on lo0 \\\r\n  port 25\r\n", option(Tag, {"A"}),
         "listen on lo0 \\\r\n  port 25 \\\r\n  tag A\r\n"},
        {"no newline at the end", Dialect::Modern, "listen on lo0", option(Tag, {"A"}), "listen on lo0 tag A"},
        {"one word for TLS replaces the other", Dialect::Modern, "listen on lo0 tls pki a\n", option(Smtps), "listen on lo0 smtps pki a\n"},
        {"a flag", Dialect::Modern, "listen on lo0 tls-require pki a\n", flagged(TlsRequire, "verify"), "listen on lo0 tls-require verify pki a\n"},
        {"ttl stays last", Dialect::Modern, "action a relay ttl 4d\n", option(Helo, {"h"}), "action a relay helo h ttl 4d\n"},
        {"host comes before auth", Dialect::Modern, "action a relay auth <s>\n", optionWithTable(Host, literal("smtp://h")),
         "action a relay host smtp://h auth <s>\n"},
        {"a time needs a unit", Dialect::Modern, "action a relay\n", option(Ttl, {"4"}), "refused: a time is digits and a unit"},
        {"the action ends a match", Dialect::Modern, "match for any action a\n", option(FromAny), "match for any from any action a\n"},
        {"from replaces from", Dialect::Modern, "match from local for any action a\n", optionWithTable(FromSource, list({"10.0.0.0/8", "@x"})),
         "match from src { 10.0.0.0/8, \"@x\" } for any action a\n"},
        {"a negated condition", Dialect::Modern, "match for any action a\n", negated(option(FromLocal)), "match for any ! from local action a\n"},
        {"another table for a condition", Dialect::Modern, "match from src <a> for any action a\n", optionWithTable(FromSource, named("b")),
         "match from src <b> for any action a\n"},
        {"an option of another dialect", Dialect::Modern, "listen on lo0\n", option(Certificate, {"x"}), "refused: there is no \"certificate\""},
        {"a line break in a value", Dialect::Modern, "listen on lo0\n", option(Tag, {"a\nb"}), "refused: a value cannot hold a line break"},
        {"a value out of a macro", Dialect::Modern, "p = \"25\"\nlisten on lo0 port $p\n", option(Port, {"26"}),
         "refused: this value comes from the macro \"p\" defined at line 1; change it there"},
        {"a broken statement", Dialect::Modern, "listen on lo0 prot 25\n", option(Tag, {"A"}), "refused: a part of this statement is not understood"},
        {"legacy: conditions come before delivery", Dialect::Legacy, "accept for local deliver to mbox\n", option(FromAny),
         "accept from any for local deliver to mbox\n"},
        {"legacy: expire is last", Dialect::Legacy, "accept for any relay\n", option(Ttl, {"2d"}), "accept for any relay expire 2d\n"},
        {"legacy: source has its word", Dialect::Legacy, "accept for any relay\n", negated(optionWithTable(FromSource, named("lan"))),
         "accept from ! source <lan> for any relay\n"},
        {"legacy: certificates by pki", Dialect::Legacy, "listen on lo0 tls auth\n", option(Pki, {"mx"}), "listen on lo0 tls pki mx auth\n"},
        {"2012: a map is named bare", Dialect::Map2012, "accept for local deliver to mbox\n", optionWithTable(Alias, named("aliases")),
         "accept for local alias aliases deliver to mbox\n"},
        {"2012: where mail comes from is a map", Dialect::Map2012, "accept for all relay\n", optionWithTable(FromSource, named("lan")),
         "accept from map lan for all relay\n"},
        {"2012: port before tls", Dialect::Map2012, "listen on lo0 tls auth\n", option(Port, {"587"}), "listen on lo0 port 587 tls auth\n"},
        {"2012: no negation", Dialect::Map2012, "accept for all relay\n", negated(option(FromLocal)), "refused: there is no"},
    };
    return rows;
}

} // namespace

class TestEdits : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void options_data();
    void options();
    void removesOptions_data();
    void removesOptions();
    void negates_data();
    void negates();
    void settings_data();
    void settings();
    void insertsAndMoves();
    void removesStatements();
    void keepsDefinitionsAboveTheirUse();
    void commentsOutAndIn();
    void findsDisabledStatements();
    void renames_data();
    void renames();
    void renamesInAllFiles();
    void tableEntries_data();
    void tableEntries();
    void tableLines();
    void savesWholeOrNotAtAll();
};

void TestEdits::options_data() {
    QTest::addColumn<size_t>("row");
    for (size_t i = 0; i < optionRows().size(); ++i)
        QTest::newRow(optionRows()[i].name) << i;
}

void TestEdits::options() {
    QFETCH(const size_t, row);
    const OptionRow& one = optionRows()[row];
    const DocumentPtr document = read(one.text, one.dialect);
    const QByteArray found = outcome(setOption(document, document->statementCount() - 1, one.wanted));
    QCOMPARE(found.startsWith("refused") ? found.first(std::min(found.size(), qsizetype(qstrlen(one.expected)))) : found, one.expected);
}

void TestEdits::removesOptions_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("kind");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* name, const char* text, ClauseKind kind, const char* expected) {
        QTest::newRow(name) << QByteArray(text) << int(kind) << QByteArray(expected);
    };
    row("with the blanks before it", "listen on lo0  port 25 tag A\n", ClauseKind::Port, "listen on lo0 tag A\n");
    row("with its line", "listen on lo0 \\\n  port 25 \\\n  tag A\n", ClauseKind::Port, "listen on lo0 \\\n  tag A\n");
    row("what is not there", "listen on lo0\n", ClauseKind::Port, "listen on lo0\n");
    row("a match needs its action", "match for any action a\n", ClauseKind::UseAction, "refused: ");
    row("an action needs its method", "action a relay\n", ClauseKind::Relay, "refused: without it");
    row("auth needs its host", "action a relay host x auth <t>\n", ClauseKind::Host, "refused: ");
}

void TestEdits::removesOptions() {
    QFETCH(const QByteArray, text);
    QFETCH(const int, kind);
    QFETCH(const QByteArray, expected);
    const QByteArray found = outcome(removeOption(read(text, Dialect::Modern), 0, ClauseKind(kind)));
    QVERIFY2(expected.startsWith("refused") ? found.startsWith(expected) : found == expected, found.constData());
}

void TestEdits::negates_data() {
    QTest::addColumn<int>("dialect");
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("kind");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* name, Dialect dialect, const char* text, ClauseKind kind, const char* expected) {
        QTest::newRow(name) << int(dialect) << QByteArray(text) << int(kind) << QByteArray(expected);
    };
    row("action/match: before the condition", Dialect::Modern, "match from any for any reject\n", ClauseKind::FromAny, "match ! from any for any reject\n");
    row("accept/reject: behind its word", Dialect::Legacy, "reject from source <x> for any\n", ClauseKind::FromSource, "reject from ! source <x> for any\n");
    row("accept/reject: but authenticated", Dialect::Legacy, "reject authenticated for any\n", ClauseKind::Authenticated, "reject ! authenticated for any\n");
}

void TestEdits::negates() {
    QFETCH(const int, dialect);
    QFETCH(const QByteArray, text);
    QFETCH(const int, kind);
    QFETCH(const QByteArray, expected);
    const auto done = setNegation(read(text, Dialect(dialect)), 0, ClauseKind(kind), true);
    QCOMPARE(outcome(done), expected);
    QCOMPARE(outcome(setNegation(done->document, 0, ClauseKind(kind), false)), text);
}

void TestEdits::settings_data() {
    QTest::addColumn<int>("dialect");
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("setting");
    QTest::addColumn<QByteArrayList>("values");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* name, Dialect dialect, const char* text, Setting setting, const QByteArrayList& values, const char* expected) {
        QTest::newRow(name) << int(dialect) << QByteArray(text) << int(setting) << values << QByteArray(expected);
    };
    row("the one that counts", Dialect::Modern, "queue ttl 1d\nqueue ttl 2d # long\n", Setting::QueueTtl, {"3d"}, "queue ttl 1d\nqueue ttl 3d # long\n");
    row("a new one behind its kind", Dialect::Modern, "queue ttl 1d\n\nlisten on lo0\n", Setting::MaxMessageSize, {"10M"},
        "queue ttl 1d\nsmtp max-message-size 10M\n\nlisten on lo0\n");
    row("above everything", Dialect::Legacy, "accept for any relay\n", Setting::QueueTtl, {"3d"}, "expire 3d\naccept for any relay\n");
    row("more delays", Dialect::Modern, "bounce warn-interval 1h\n", Setting::WarnInterval, {"1h", "6h"}, "bounce warn-interval 1h, 6h\n");
    row("fewer delays", Dialect::Modern, "bounce warn-interval 1h, 6h, 2d\n", Setting::WarnInterval, {"1h"}, "bounce warn-interval 1h\n");
    row("the word of 2012", Dialect::Map2012, "listen on lo0\n", Setting::MaxMessageSize, {"10M"}, "size 10M\nlisten on lo0\n");
    row("not in this dialect", Dialect::Map2012, "listen on lo0\n", Setting::SrsKey, {"x"}, "refused: \"srs key\" cannot be said");
}

void TestEdits::settings() {
    QFETCH(const int, dialect);
    QFETCH(const QByteArray, text);
    QFETCH(const int, setting);
    QFETCH(const QByteArrayList, values);
    QFETCH(const QByteArray, expected);
    const QByteArray found = outcome(setSetting(read(text, Dialect(dialect)), Setting(setting), values));
    QVERIFY2(expected.startsWith("refused") ? found.startsWith(expected) : found == expected, found.constData());
}

void TestEdits::insertsAndMoves() {
    const QByteArray text = "# the file\n\naction a relay\n\n  # first\n  match for any action a # 1\n  match for local action a";
    const DocumentPtr document = read(text, Dialect::Modern);
    QCOMPARE(outcome(insertStatement(document, 1, Side::Before, "match for any reject\n")),
             "# the file\n\naction a relay\n\n  match for any reject\n  # first\n  match for any action a # 1\n  match for local action a");
    QCOMPARE(outcome(insertStatement(document, 2, Side::After, "match for any reject")),
             "# the file\n\naction a relay\n\n  # first\n  match for any action a # 1\n  match for local action a\n  match for any reject");
    QCOMPARE(outcome(insertStatement(read("a = \"b\"\r\n", Dialect::Modern), 0, Side::After, "table t {\n a }")),
             "a = \"b\"\r\ntable t {\r\n a }\r\n");
    QCOMPARE(outcome(insertStatement(read("", Dialect::Modern), 0, Side::After, "action a relay")), "action a relay\n");
    QCOMPARE(outcome(insertStatement(read("a = \"b\" \\", Dialect::Modern), 0, Side::After, "action a relay")),
             "a = \"b\" \\\n\naction a relay");
    QVERIFY(outcome(insertStatement(document, 1, Side::Before, "match for any reject\nmatch for any reject")).startsWith("refused"));
    QVERIFY(outcome(insertStatement(document, 1, Side::Before, "match for nobody reject")).startsWith("refused"));
    QCOMPARE(outcome(duplicateStatement(document, 1)),
             "# the file\n\naction a relay\n\n  # first\n  match for any action a # 1\n  match for any action a\n  match for local action a");
    QVERIFY(outcome(duplicateStatement(document, 0)).startsWith("refused: a copy needs another name"));
    QCOMPARE(outcome(duplicateStatement(read("action a relay # x\n", Dialect::Modern), 0, "b")), "action a relay # x\naction b relay\n");

    MemoryFileStore files;
    const FileSet set = setOf(files, text, Dialect::Modern);
    QCOMPARE(outcome(moveStatement(files, set, {0, 1}, 2, Side::After)),
             "# the file\n\naction a relay\n\n  match for local action a\n  # first\n  match for any action a # 1");
    QCOMPARE(outcome(moveStatement(files, set, {0, 2}, 1, Side::Before)),
             "# the file\n\naction a relay\n\n  match for local action a\n  # first\n  match for any action a # 1");
}

void TestEdits::removesStatements() {
    MemoryFileStore files;
    const FileSet set = setOf(files, "table t { a }\n# why\nmatch for domain <t> reject # x\nmatch for any reject", Dialect::Modern);
    QCOMPARE(outcome(removeStatement(files, set, {0, 1})), "table t { a }\n# why\nmatch for any reject");
    QCOMPARE(outcome(removeStatement(files, set, {0, 1}, CommentAbove::Take)), "table t { a }\nmatch for any reject");
    QCOMPARE(outcome(removeStatement(files, set, {0, 2})), "table t { a }\n# why\nmatch for domain <t> reject # x");
    QCOMPARE(outcome(removeStatement(files, set, {0, 0})), "refused: removing this is not possible: the table \"t\" is used in line 3");
}

void TestEdits::keepsDefinitionsAboveTheirUse() {
    MemoryFileStore files;
    const FileSet set = setOf(files, "x = \"lo0\"\naction a relay\nmatch for any action a\nlisten on $x\n", Dialect::Modern);
    QVERIFY(outcome(moveStatement(files, set, {0, 2}, 1, Side::Before)).startsWith("refused: the action \"a\" must be defined above"));
    QVERIFY(outcome(moveStatement(files, set, {0, 1}, 2, Side::After)).startsWith("refused: the action \"a\" must be defined above"));
    QVERIFY(outcome(moveStatement(files, set, {0, 0}, 3, Side::After)).startsWith("refused: "));
}

void TestEdits::commentsOutAndIn() {
    MemoryFileStore files;
    for (const QByteArray text : {"listen on lo0 \\\n  port 25 # x\nmatch for any reject\n", "table t {\n  a, # one\n\n  b\n}\n",
                                  " listen on lo0\n", "\tlisten on lo0\r\n", "listen on lo0", "x = \"a\nb\"\n"}) {
        const FileSet set = setOf(files, text, Dialect::Modern);
        const auto out = commentOut(files, set, {0, 0});
        QVERIFY2(out.has_value(), outcome(out).constData());
        const auto disabled = disabledStatements(*out->set.main());
        QCOMPARE(disabled.size(), size_t(1));
        QVERIFY(disabled.front().kind == set.main()->statement(0).kind());
        QCOMPARE(outcome(commentIn(out->set.main(), disabled.front())), text);
    }
    const FileSet used = setOf(files, "action a relay\nmatch for any action a\n", Dialect::Modern);
    QVERIFY(outcome(commentOut(files, used, {0, 0})).startsWith("refused: commenting this out is not possible"));
}

void TestEdits::findsDisabledStatements() {
    const DocumentPtr document = read("# listen on every interface\n# listen on lo0 port 25\n#match for any reject\n"
                                      "# table of people\n#table t {\n# a\n#}\nmatch for any reject #match for any reject\n",
                                      Dialect::Modern);
    QByteArrayList found;
    for (const DisabledStatement& one : disabledStatements(*document))
        found.append(one.text);
    QCOMPARE(found, (QByteArrayList{"listen on lo0 port 25", "match for any reject", "table t {\n a\n}"}));
}

void TestEdits::renames_data() {
    QTest::addColumn<int>("dialect");
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("kind");
    QTest::addColumn<QByteArray>("to");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* name, Dialect dialect, const char* text, NameKind kind, const char* to, const char* expected) {
        QTest::newRow(name) << int(dialect) << QByteArray(text) << int(kind) << QByteArray(to) << QByteArray(expected);
    };
    row("a table, its uses, nothing else", Dialect::Modern, "table a { a }\naction a relay auth <a> host a\nmatch tag a for domain <\"a\"> action a # a\n",
        NameKind::Table, "b", "table b { a }\naction a relay auth <b> host a\nmatch tag a for domain <\"b\"> action a # a\n");
    row("an action", Dialect::Modern, "table a { a }\naction \"a\" relay\nmatch for domain <a> action a\n", NameKind::Action, "relay",
        "table a { a }\naction \"relay\" relay\nmatch for domain <a> action \"relay\"\n");
    row("a macro", Dialect::Modern, "a = \"lo0\"\nlisten on $a tag a\n", NameKind::Macro, "lan", "lan = \"lo0\"\nlisten on $lan tag a\n");
    row("a map of 2012, bare and with its word", Dialect::Map2012, "map a source plain \"/a\"\naccept from map a for local alias a deliver to mbox\n",
        NameKind::Table, "b", "map b source plain \"/a\"\naccept from map b for local alias b deliver to mbox\n");
    row("a tag", Dialect::Modern, "listen on lo0 tag a\nmatch tag { a, b } for any reject\n", NameKind::Tag, "c",
        "listen on lo0 tag c\nmatch tag { c, b } for any reject\n");
    row("onto a name that is there", Dialect::Modern, "table a { x }\ntable b { y }\n", NameKind::Table, "b", "refused: there is a table \"b\" already, in line 2");
    row("out of a macro", Dialect::Modern, "t = \"<a>\"\ntable a { x }\nmatch for domain $t reject\n", NameKind::Table, "b",
        "refused: line 3: this value comes from the macro \"t\" defined at line 1; change it there");
    row("a certificate found by its name", Dialect::Legacy, "pki a certificate \"/c\"\nlisten on lo0 tls\n", NameKind::Pki, "b",
        "refused: the listener in line 2 names no certificate");
    row("a name that does not exist", Dialect::Modern, "table x { y }\n", NameKind::Table, "b", "refused: there is no table \"a\"");
    row("a macro's name", Dialect::Modern, "a = \"b\"\n", NameKind::Macro, "b-c", "refused: the name of a macro has only letters");
}

void TestEdits::renames() {
    QFETCH(const int, dialect);
    QFETCH(const QByteArray, text);
    QFETCH(const int, kind);
    QFETCH(const QByteArray, to);
    QFETCH(const QByteArray, expected);
    MemoryFileStore files;
    const auto done = edits::rename(files, setOf(files, text, Dialect(dialect)), NameKind(kind), "a", to);
    const QByteArray found = outcome(done);
    QVERIFY2(expected.startsWith("refused") ? found.startsWith(expected) : found == expected, found.constData());
}

void TestEdits::renamesInAllFiles() {
    MemoryFileStore files;
    files.put("/c/rules.conf", "match for domain <a> action $act\n");
    files.put("/c/main.conf", "act = \"out\"\ntable a { x }\naction out relay\ninclude \"rules.conf\"\n");
    const auto set = FileSet::read(files, "/c/main.conf");
    QVERIFY(set);
    const auto done = edits::rename(files, *set, NameKind::Table, "a", "b");
    QVERIFY2(done.has_value(), outcome(done).constData());
    QCOMPARE(done->edits.size(), size_t(2));
    QCOMPARE(done->set.main()->bytes(), "act = \"out\"\ntable b { x }\naction out relay\ninclude \"rules.conf\"\n");
    QCOMPARE(done->set.documents()[1]->bytes(), "match for domain <b> action $act\n");
    const auto macro = edits::rename(files, *set, NameKind::Macro, "act", "deed");
    QVERIFY2(macro.has_value(), outcome(macro).constData());
    QCOMPARE(macro->set.documents()[1]->bytes(), "match for domain <a> action $deed\n");
    QVERIFY(outcome(edits::rename(files, *set, NameKind::Action, "out", "in")).contains("comes from the macro \"act\" defined at /c/main.conf, line 1; change it there"));
    QVERIFY(outcome(removeStatement(files, *set, {0, 1})).contains("is used in /c/rules.conf, line 1"));
}

void TestEdits::tableEntries_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("key");
    QTest::addColumn<QByteArray>("value"); // "-": a list's entry
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* name, const char* text, const char* key, const char* value, const char* expected) {
        QTest::newRow(name) << QByteArray(text) << QByteArray(key) << QByteArray(value) << QByteArray(expected);
    };
    row("in a line", "table t { a, b }\n", "c", "-", "table t { a, b, c }\n");
    row("without commas", "table t { a b }\n", "c", "-", "table t { a b c }\n");
    row("behind the only one", "table t {a}\n", "@c", "-", "table t {a, \"@c\"}\n");
    row("on lines of their own", "table t {\n  a,\n  b\n}\n", "c", "-", "table t {\n  a,\n  b,\n  c\n}\n");
    row("lines without commas", "table t {\n\ta\n\tb\n}\n", "c", "-", "table t {\n\ta\n\tb\n\tc\n}\n");
    row("comments stay where they are", "table t {\n  a, # one\n  b # two\n}\n", "c", "-", "table t {\n  a, # one\n  b, # two\n  c\n}\n");
    row("a pair as the others", "table t { a=b, \"c\"=d }\n", "e", "f", "table t { a=b, \"c\"=d, \"e\"=f }\n");
    row("arrows", "table t { a => b }\n", "e", "f", "table t { a => b, e => f }\n");
    row("CR LF", "table t {\r\n  a,\r\n  b\r\n}\r\n", "c", "-", "table t {\r\n  a,\r\n  b,\r\n  c\r\n}\r\n");
    row("a number is quoted", "table t { a }\n", "25", "-", "table t { a, \"25\" }\n");
    row("twice", "table t { a, b }\n", "a", "-", "refused: the table has an entry \"a\" already");
    row("a pair in a list", "table t { a }\n", "b", "c", "refused: this table is a list");
    row("in a file", "table t file:/t\n", "b", "-", "refused: the entries of this table are not in this file");
}

void TestEdits::tableEntries() {
    QFETCH(const QByteArray, text);
    QFETCH(const QByteArray, key);
    QFETCH(const QByteArray, value);
    QFETCH(const QByteArray, expected);
    const TableEntry entry{key, value == "-" ? std::nullopt : std::optional(value)};
    const DocumentPtr document = read(text, Dialect::Modern);
    const auto added = addTableEntry(document, 0, entry);
    const QByteArray found = outcome(added);
    QVERIFY2(expected.startsWith("refused") ? found.startsWith(expected) : found == expected, found.constData());
    if (!added)
        return;
    QCOMPARE(outcome(removeTableEntry(added->document, 0, key)), text);
    const auto changed = changeTableEntry(added->document, 0, key, {key + 'x', entry.value});
    QVERIFY2(changed.has_value(), outcome(changed).constData());
    QVERIFY(outcome(removeTableEntry(document, 0, "nothing")).startsWith("refused"));
}

void TestEdits::tableLines() {
    const QByteArray text = "# people\nann\tann@example.org\n\nbob:  bob@example.org # not a comment\n";
    const auto apply = [&text](const Result<std::vector<tree::TextEdit>>& edits) {
        return edits ? *tree::applyEdits(text, *edits) : "refused: " + edits.error().text;
    };
    QCOMPARE(apply(addTableLine(text, {"eve", "eve@example.org"})), text + "eve:  eve@example.org\n");
    QCOMPARE(apply(changeTableLine(text, "ann", {"ann", "a@example.org"})), QByteArray(text).replace("ann@", "a@"));
    QCOMPARE(apply(removeTableLine(text, "bob")), "# people\nann\tann@example.org\n\n");
    QVERIFY(apply(addTableLine(text, {"ann", "x"})).startsWith("refused: the table has an entry"));
    QVERIFY(apply(addTableLine(text, {"a b", "x"})).startsWith("refused: a key ends at"));
    QVERIFY(apply(addTableLine(text, {"x", std::nullopt})).startsWith("refused: this table has keys"));
    QVERIFY(apply(addTableLine(text, {"x", "a\nb"})).startsWith("refused: an entry"));
    QVERIFY(apply(removeTableLine(text, "eve")).startsWith("refused: the table has no entry"));
    QCOMPARE(*tree::applyEdits("a\nb", *addTableLine("a\nb", {"c", std::nullopt})), "a\nb\nc");
    QCOMPARE(*tree::applyEdits("a\nb", *removeTableLine("a\nb", "b")), "a");
}

// The n-th step on the disk fails: each file is the old one or the new one, and the sentence says which are new.
void TestEdits::savesWholeOrNotAtAll() {
    const QByteArray main = "table a { x }\ninclude \"r.conf\"\n", rules = "match for domain <a> reject\n";
    bool reachedEnd = false;
    for (int n = 1; !reachedEnd; ++n) {
        MemoryFileStore memory;
        memory.put("/c/main.conf", main);
        memory.put("/c/r.conf", rules);
        const auto set = FileSet::read(memory, "/c/main.conf");
        const auto done = edits::rename(memory, *set, NameKind::Table, "a", "b");
        QVERIFY(done.has_value());
        FailingFileStore failing(memory, n);
        const auto saved = saveSet(failing, *set, done->set);
        reachedEnd = !failing.failed();
        const QByteArray left = *memory.read("/c/main.conf", 0, -1), other = *memory.read("/c/r.conf", 0, -1);
        QVERIFY(left == main || left == done->set.main()->bytes());
        QVERIFY(other == rules || other == done->set.documents()[1]->bytes());
        if (saved)
            QVERIFY(left != main && other != rules);
        else if (other != rules || left == main)
            QVERIFY(left != main || !saved.error().text.contains("written already"));
    }
    MemoryFileStore memory;
    memory.put("/c/main.conf", main);
    const auto document = Document::parse("/c/main.conf", main);
    memory.put("/c/main.conf", "# somebody else\n" + main);
    const auto edited = addTableEntry(document, 0, {"y", std::nullopt});
    const auto saved = saveDocument(memory, *document, *edited->document);
    QVERIFY(!saved && saved.error().code == ErrorCode::Busy);
    QCOMPARE(*memory.read("/c/main.conf", 0, -1), "# somebody else\n" + main);
}

QTEST_APPLESS_MAIN(TestEdits)
#include "tst_edits.moc"
