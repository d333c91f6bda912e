// SPDX-License-Identifier: GPL-3.0-or-later
//
// Edits of text that comes out of a macro: refused with the macro's name and place; beside a macro they go on as usual.
#include "edit_outcome.h"

#include "config/edits/comment_out.h"
#include "config/edits/insert_statement.h"
#include "config/edits/rename.h"
#include "config/edits/set_option.h"
#include "config/edits/set_setting.h"
#include "config/edits/table_entry.h"

#include <QTest>

#include <functional>

using namespace postern;
using namespace postern::config;
using namespace postern::config::edits;
using namespace postern::test;

namespace {

struct MacroRow {
    const char* name;
    const char* text;
    std::function<QByteArray(const DocumentPtr&)> edit; // of the last statement
    const char* expected;                               // the new text, or the beginning of a refusal
};

auto setting(const Option& wanted) {
    return [wanted](const DocumentPtr& document) { return outcome(setOption(document, document->statementCount() - 1, wanted)); };
}
auto removing(ClauseKind kind) {
    return [kind](const DocumentPtr& document) { return outcome(removeOption(document, document->statementCount() - 1, kind)); };
}
auto negating(ClauseKind kind) {
    return [kind](const DocumentPtr& document) { return outcome(setNegation(document, document->statementCount() - 1, kind, true)); };
}
auto globally(Setting which, const QByteArrayList& values) {
    return [which, values](const DocumentPtr& document) { return outcome(setSetting(document, which, values)); };
}
auto adding(const TableEntry& entry) {
    return [entry](const DocumentPtr& document) { return outcome(addTableEntry(document, document->statementCount() - 1, entry)); };
}
auto changing(const QByteArray& key, const TableEntry& entry) {
    return [key, entry](const DocumentPtr& document) {
        return outcome(changeTableEntry(document, document->statementCount() - 1, key, entry));
    };
}
auto removingEntry(const QByteArray& key) {
    return [key](const DocumentPtr& document) { return outcome(removeTableEntry(document, document->statementCount() - 1, key)); };
}
auto renaming(NameKind kind, const QByteArray& from, const QByteArray& to) {
    return [kind, from, to](const DocumentPtr& document) {
        MemoryFileStore files;
        return outcome(edits::rename(files, setOf(files, document->bytes(), document->dialect()), kind, from, to));
    };
}
// The last statement, before the one with that number.
auto movingBefore(size_t statement) {
    return [statement](const DocumentPtr& document) {
        MemoryFileStore files;
        return outcome(moveStatement(files, setOf(files, document->bytes(), document->dialect()),
                                     {0, document->statementCount() - 1}, statement, Side::Before));
    };
}
auto removingStatement(size_t statement) {
    return [statement](const DocumentPtr& document) {
        MemoryFileStore files;
        return outcome(removeStatement(files, setOf(files, document->bytes(), document->dialect()), {0, statement}));
    };
}
auto commentingOut(size_t statement) {
    return [statement](const DocumentPtr& document) {
        MemoryFileStore files;
        return outcome(commentOut(files, setOf(files, document->bytes(), document->dialect()), {0, statement}));
    };
}
auto copyingAs(const QByteArray& name) {
    return [name](const DocumentPtr& document) { return outcome(duplicateStatement(document, document->statementCount() - 1, name)); };
}

const std::vector<MacroRow>& macroRows() {
    using enum ClauseKind;
    static const std::vector<MacroRow> rows = {
        {"an option's value", "\np = \"25\"\nlisten on lo0 port $p\n", setting(option(Port, {"26"})),
         "refused: this value comes from the macro \"p\" defined at line 2; change it there"},
        {"the definition that counts is named", "p = \"25\"\np = \"26\"\nlisten on lo0 port $p\np = \"27\"\ntable t { x }\nlisten on lo0 port $p\n",
         setting(option(Port, {"26"})), "refused: this value comes from the macro \"p\" defined at line 4; change it there"},
        {"an option whose word is out of a macro", "m = \"tls\"\npki a cert \"/c\"\nlisten on lo0 $m pki a\n", setting(option(Smtps)),
         "refused: this value comes from the macro \"m\" defined at line 1; change it there"},
        {"one item of an option's list", "lan = \"10.0.0.1\"\nmatch from src { $lan, 10.0.0.2 } for any reject\n",
         setting(optionWithTable(FromSource, list({"10.0.0.3", "10.0.0.2"}))),
         "refused: this value comes from the macro \"lan\" defined at line 1; change it there"},
        {"a table's name in an option", "t = \"<a>\"\ntable a { x }\nmatch from src $t for any reject\n",
         setting(optionWithTable(FromSource, named("b"))), "refused: this value comes from the macro \"t\" defined at line 1; change it there"},
        {"a new option between two words of one macro", "m = \"relay ttl 4d\"\naction a $m\n", setting(option(Helo, {"h"})),
         "refused: this value comes from the macro \"m\" defined at line 1; change it there"},
        {"a new option behind a macro that ends in a comment", "l = \"lo0 # inside\"\nlisten on $l\n", setting(option(Port, {"25"})),
         "refused: written here, this would not be read as what was asked; a part of this statement comes from the macro \"l\" "
         "defined at line 1; change it there"},
        {"a statement that a macro breaks", "p = \"prot 25\"\nlisten on lo0 $p\n", setting(option(Tag, {"A"})),
         "refused: a part of this statement is not understood; mend it in the text first; a part of this statement comes from the "
         "macro \"p\" defined at line 1; change it there"},
        {"taking away an option's value", "p = \"25\"\nlisten on lo0 port $p\n", removing(Port),
         "refused: this value comes from the macro \"p\" defined at line 1; change it there"},
        {"taking away one option of two in a macro", "o = \"port 25 tag A\"\nlisten on lo0 $o\n", removing(Port),
         "refused: this value comes from the macro \"o\" defined at line 1; change it there"},
        {"negating a condition", "w = \"from any\"\nmatch $w for any reject\n", negating(FromAny),
         "refused: this value comes from the macro \"w\" defined at line 1; change it there"},
        {"a global value", "d = \"4d\"\nqueue ttl $d\n", globally(Setting::QueueTtl, {"3d"}),
         "refused: this value comes from the macro \"d\" defined at line 1; change it there"},
        {"fewer of several global values", "d = \"1h, 6h\"\nbounce warn-interval $d, 2d\n", globally(Setting::WarnInterval, {"1h"}),
         "refused: this value comes from the macro \"d\" defined at line 1; change it there"},
        {"a table's entry", "m = \"a\"\ntable t { $m, b }\n", changing("a", {"c", {}}),
         "refused: this value comes from the macro \"m\" defined at line 1; change it there"},
        {"a pair's value", "m = \"a\"\ntable t { k = $m }\n", changing("k", {"k", "b"}),
         "refused: this value comes from the macro \"m\" defined at line 1; change it there"},
        {"taking away a table's entry", "m = \"a\"\ntable t { $m, b }\n", removingEntry("a"),
         "refused: this value comes from the macro \"m\" defined at line 1; change it there"},
        {"taking away one entry of a macro with two", "m = \"a, b\"\ntable t { $m, c }\n", removingEntry("b"),
         "refused: this value comes from the macro \"m\" defined at line 1; change it there"},
        {"taking away a pair whose key alone is a macro", "m = \"a\"\ntable t { $m = x, b = y }\n", removingEntry("a"),
         "refused: this value comes from the macro \"m\" defined at line 1; change it there"},
        {"an entry of a table that is a macro as a whole", "m = \"{ a, b }\"\ntable t $m\n", adding({"c", {}}),
         "refused: this value comes from the macro \"m\" defined at line 1; change it there"},
        {"renaming a table where it is used", "t = \"<a>\"\ntable a { x }\nmatch for domain $t reject\n", renaming(NameKind::Table, "a", "b"),
         "refused: line 3: this value comes from the macro \"t\" defined at line 1; change it there"},
        {"renaming a table where it is defined", "t = \"a\"\ntable $t { x }\nmatch for domain <a> reject\n", renaming(NameKind::Table, "a", "b"),
         "refused: line 2: this value comes from the macro \"t\" defined at line 1; change it there"},
        {"renaming an action", "do = \"action a\"\naction a relay\nmatch for any $do\n", renaming(NameKind::Action, "a", "b"),
         "refused: line 3: this value comes from the macro \"do\" defined at line 1; change it there"},
        {"renaming a tag", "t = \"A\"\nlisten on lo0 tag $t\nmatch tag A for any reject\n", renaming(NameKind::Tag, "A", "B"),
         "refused: line 2: this value comes from the macro \"t\" defined at line 1; change it there"},
        {"a copy of what a macro names", "n = \"a\"\naction $n relay\n", copyingAs("b"),
         "refused: this value comes from the macro \"n\" defined at line 1; change it there"},
        {"moving a rule above the macro it uses", "action a relay\nw = \"from any\"\nmatch $w for any action a\n", movingBefore(1),
         "refused: the macro \"w\" defined at line 2 must stay above its use"},
        {"moving a rule above another value of its macro", "x = \"A\"\nmatch tag $x for any reject\nx = \"B\"\nmatch for any tag $x reject\n", movingBefore(1),
         "refused: the macro \"x\" has another value there: there it is defined at line 1, here defined at line 3"},
        {"removing a macro that is used", "w = \"from any\"\nmatch $w for any reject\n", removingStatement(0),
         "refused: removing this is not possible: the macro \"w\" is used in line 2"},
        {"commenting out a macro that is used", "w = \"from any\"\nmatch $w for any reject\n", commentingOut(0),
         "refused: commenting this out is not possible: the macro \"w\" is used in line 2"},
    };
    return rows;
}

const std::vector<MacroRow>& besideRows() {
    using enum ClauseKind;
    static const std::vector<MacroRow> rows = {
        {"an option beside a macro", "l = \"lo0 port 25\"\nlisten on $l tag A\n", setting(option(Tag, {"B"})), "l = \"lo0 port 25\"\nlisten on $l tag B\n"},
        {"a new option behind a macro", "l = \"lo0 port 25\"\nlisten on $l\n", setting(option(Tag, {"B"})), "l = \"lo0 port 25\"\nlisten on $l tag B\n"},
        {"another value for a word out of a macro", "p = \"port\"\nlisten on lo0 $p 25\n", setting(option(Port, {"26"})), "p = \"port\"\nlisten on lo0 $p 26\n"},
        {"one more global value", "d = \"1h, 6h\"\nbounce warn-interval $d\n", globally(Setting::WarnInterval, {"1h", "6h", "2d"}),
         "d = \"1h, 6h\"\nbounce warn-interval $d, 2d\n"},
        {"a table's entry beside a macro", "m = \"a\"\ntable t { $m, b }\n", changing("b", {"c", {}}), "m = \"a\"\ntable t { $m, c }\n"},
        {"a new entry behind a macro", "m = \"a\"\ntable t { b, $m }\n", adding({"c", {}}), "m = \"a\"\ntable t { b, $m, c }\n"},
        {"a new entry behind a macro of two", "m = \"a, b\"\ntable t { $m }\n", adding({"c", {}}), "m = \"a, b\"\ntable t { $m, c }\n"},
        {"taking away the entry behind a macro of two", "m = \"a, b\"\ntable t { $m, c }\n", removingEntry("c"), "m = \"a, b\"\ntable t { $m }\n"},
        {"taking away the entry before a macro of two", "m = \"a, b\"\ntable t { c, $m }\n", removingEntry("c"), "m = \"a, b\"\ntable t { $m }\n"},
        {"a rule whose beginning is a macro moves whole", "b = \"match for any\"\nmatch for local reject\n$b reject\n", movingBefore(1),
         "b = \"match for any\"\n$b reject\nmatch for local reject\n"},
        {"a rule that is a macro goes whole", "b = \"match for any reject\"\n$b # x\nmatch for local reject\n", removingStatement(1),
         "b = \"match for any reject\"\nmatch for local reject\n"},
    };
    return rows;
}

} // namespace

class TestEditsMacros : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void macrosAreNamed_data() { rows(macroRows()); }
    void macrosAreNamed() { check(macroRows()); }
    void macrosOfOtherFilesAreNamed();
    void editsBesideMacros_data() { rows(besideRows()); }
    void editsBesideMacros() { check(besideRows()); }

  private:
    static void rows(const std::vector<MacroRow>& all) {
        QTest::addColumn<size_t>("row");
        for (size_t i = 0; i < all.size(); ++i)
            QTest::newRow(all[i].name) << i;
    }
    static void check(const std::vector<MacroRow>& all) {
        QFETCH(const size_t, row);
        const MacroRow& one = all[row];
        QByteArray found = one.edit(read(one.text, Dialect::Modern));
        if (found.startsWith("refused"))
            found.truncate(qsizetype(qstrlen(one.expected)));
        QCOMPARE(found, one.expected);
    }
};

void TestEditsMacros::macrosOfOtherFilesAreNamed() {
    MemoryFileStore files;
    files.put("/c/m.conf", "\np = \"25\"\n");
    files.put("/c/rules.conf", "listen on lo0 port $p tag $q\nmatch for any tag $q reject\n");
    files.put("/c/main.conf", "q = \"A\"\n\ninclude \"m.conf\"\nlisten on lo0 port $p\ninclude \"rules.conf\"\n");
    const auto set = FileSet::read(files, "/c/main.conf");
    QVERIFY(set && set->diagnostics().empty());
    using enum ClauseKind;
    QCOMPARE(outcome(setOption(set->main(), 2, option(Port, {"26"}))),
             "refused: this value comes from the macro \"p\" defined in \"m.conf\", which line 3 includes; change it there");
    const DocumentPtr rules = set->documents()[2];
    QCOMPARE(outcome(setOption(rules, 0, option(Port, {"26"}))),
             "refused: this value comes from the macro \"p\" defined outside of /c/rules.conf; change it there");
    QCOMPARE(outcome(edits::rename(files, *set, NameKind::Tag, "A", "B")),
             "refused: /c/rules.conf, line 1: this value comes from the macro \"q\" defined at /c/main.conf, line 1; change it there");
    FileSetOptions options;
    options.macros = {{"p", "25"}};
    const auto fixed = FileSet::read(files, "/c/main.conf", options);
    QCOMPARE(outcome(setOption(fixed->main(), 2, option(Port, {"26"}))),
             "refused: this value comes from the macro \"p\" set on the command line; change it there");
}

QTEST_APPLESS_MAIN(TestEditsMacros)
#include "tst_edits_macros.moc"
