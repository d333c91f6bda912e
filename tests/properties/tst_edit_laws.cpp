// SPDX-License-Identifier: GPL-3.0-or-later
//
// What every edit keeps to, over the corpus in all three dialects: setting what was read changes nothing, what was set is
// read back, no byte outside of the edit's ranges changes, undoing by the opposite edit gives the same bytes, and the
// document handed out is the one that a fresh parse gives. A refusal is an answer too; how many there are is bounded.
#include "config/edits/comment_out.h"
#include "config/edits/insert_statement.h"
#include "config/edits/rename.h"
#include "config/edits/set_option.h"
#include "config/edits/set_setting.h"
#include "config/edits/table_entry.h"
#include "config/grammar.h"
#include "config/views/setting_view.h"
#include "config/views/table_view.h"
#include "corpus.h"
#include "gateway/config/describe.h"
#include "support/memory_file_store.h"

#include <QTest>

using namespace postern;
using namespace postern::config;
using namespace postern::config::edits;
using namespace postern::test;

namespace {

// Tries one law on every file; counts how often it held and how often the edit was refused.
struct Tally {
    int held = 0;
    int refused = 0;
    QByteArrayList why = {}; // of refusals, the first few
    void refuse(const QByteArray& text) {
        ++refused;
        if (why.size() < 12)
            why.append(text);
    }
    QByteArray shown() const {
        return QByteArray::number(held) + " held, " + QByteArray::number(refused) + " refused:\n" + why.join('\n');
    }
};

QByteArray fault(const DocumentPtr& before, const Edited& edited) {
    const auto text = tree::applyEdits(before->bytes(), edited.edits);
    if (!text || *text != edited.document->bytes())
        return "the document is not what its edits make";
    const DocumentPtr fresh = Document::parse("f", *text);
    if (fresh->dialect() != edited.document->dialect() || treeOf(fresh) != treeOf(edited.document) ||
        printed(fresh->diagnostics()) != printed(edited.document->diagnostics()))
        return "a fresh parse gives another document";
    return {};
}

QByteArray where(const CorpusFile& file, const StatementView& statement, const QByteArray& problem) {
    return file.name + ':' + QByteArray::number(statement.line()) + ": " + problem + "\n" + statement.text();
}

bool isWrong(const DocumentPtr& document, const StatementView& statement) {
    return statement.hasError() ||
           std::any_of(document->diagnostics().begin(), document->diagnostics().end(), [&](const Diagnostic& one) {
               return one.severity == Severity::Error && one.offset >= statement.range().offset &&
                      one.offset <= statement.range().end();
           });
}

FileSet setOf(MemoryFileStore& files, const QByteArray& text) {
    FileSetOptions options;
    options.followIncludes = false;
    return FileSet::fromText(files, "f", text, options);
}

} // namespace

class TestEditLaws : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void settingWhatWasReadChangesNothing();
    void whatWasSetIsReadAndTakenBack();
    void outAndInIsTheSameFile();
    void insertedAndRemovedIsTheSameFile();
    void renamedThereAndBackIsTheSameFile();
    void entriesAddedAndRemovedAreTheSameFile();
    void movingKeepsEveryLine();
};

void TestEditLaws::settingWhatWasReadChangesNothing() {
    Tally tally;
    for (const CorpusFile& file : corpus()) {
        const DocumentPtr document = Document::parse("f", file.text);
        for (size_t i = 0; i < document->statementCount(); ++i) {
            const StatementView statement = document->statement(i);
            for (const Clause& clause : statement.clauses()) {
                const auto same = setOption(document, i, Option::of(clause));
                if (!same) {
                    tally.refuse(where(file, statement, same.error().text));
                    continue;
                }
                QVERIFY2(same->edits.empty() && same->document == document, where(file, statement, clause.text).constData());
                ++tally.held;
            }
            if (const auto setting = SettingView::from(statement); setting && !setting->forDomain()) {
                QByteArrayList values;
                for (const Value& value : statement.values())
                    values.append(value.text);
                const auto same = setSetting(document, setting->setting(), values);
                if (same && same->edits.empty())
                    ++tally.held;
                else if (!same)
                    tally.refuse(where(file, statement, same.error().text));
            }
        }
    }
    QVERIFY2(tally.held > 1000 && tally.refused < tally.held / 8, tally.shown().constData());
}

void TestEditLaws::whatWasSetIsReadAndTakenBack() {
    struct Try {
        StatementKind statement;
        Option option;
    };
    const std::vector<Try> tries = {{StatementKind::Listen, option(ClauseKind::Tag, {"MARK"})},
                                    {StatementKind::Listen, option(ClauseKind::Port, {"2525"})},
                                    {StatementKind::Listen, option(ClauseKind::Hostname, {"two words"})},
                                    {StatementKind::Action, option(ClauseKind::Ttl, {"3d"})},
                                    {StatementKind::Action, option(ClauseKind::Helo, {"mark.example.org"})},
                                    {StatementKind::Match, option(ClauseKind::FromAny)},
                                    {StatementKind::Match, option(ClauseKind::ForLocal)},
                                    {StatementKind::Rule, option(ClauseKind::FromAny)},
                                    {StatementKind::Rule, option(ClauseKind::Ttl, {"3d"})},
                                    {StatementKind::Rule, option(ClauseKind::As, {"mark@example.org"})}};
    Tally tally;
    for (const CorpusFile& file : corpus()) {
        const DocumentPtr document = Document::parse("f", file.text);
        for (size_t i = 0; i < document->statementCount(); ++i) {
            const StatementView statement = document->statement(i);
            for (const Try& one : tries) {
                if (one.statement != statement.kind())
                    continue;
                const auto set = setOption(document, i, one.option);
                if (!set) {
                    tally.refuse(where(file, statement, set.error().text));
                    continue;
                }
                const StatementView after = set->document->statement(i);
                const Clause* clause = after.clause(one.option.kind);
                QVERIFY2(clause && Option::of(*clause) == one.option, where(file, statement, "not read back").constData());
                if (set->edits.empty())
                    continue;
                if (tally.held % 7 == 0) { // a fresh parse of the whole file each time would take minutes
                    const QByteArray problem = fault(document, *set);
                    QVERIFY2(problem.isEmpty(), where(file, statement, problem).constData());
                }
                bool isNew = true;
                for (const Clause& old : statement.clauses())
                    isNew = isNew && slotOf(old.kind, statement.kind()) != slotOf(one.option.kind, statement.kind());
                if (isNew) {
                    const auto back = removeOption(set->document, i, one.option.kind);
                    QVERIFY2(back.has_value() && back->document->bytes() == file.text,
                             where(file, after, back ? "not the same bytes" : back.error().text).constData());
                }
                ++tally.held;
            }
        }
    }
    QVERIFY2(tally.held > 500 && tally.refused < tally.held, tally.shown().constData());
}

void TestEditLaws::outAndInIsTheSameFile() {
    Tally tally;
    MemoryFileStore files;
    quint32 pick = 0;
    for (const CorpusFile& file : corpus()) {
        const FileSet set = setOf(files, file.text);
        const DocumentPtr& document = set.main();
        const auto before = disabledStatements(*document);
        for (size_t i = 0; i < document->statementCount(); ++i) {
            if (pick++ % 2)
                continue;
            const auto out = commentOut(files, set, {0, i});
            if (!out) {
                tally.refuse(where(file, document->statement(i), out.error().text));
                continue;
            }
            const auto disabled = disabledStatements(*out->set.main());
            const Range lines = document->statement(i).range();
            const auto own = std::find_if(disabled.begin(), disabled.end(), [&](const DisabledStatement& one) {
                return one.lines.offset <= lines.offset + 2 && one.lines.end() >= lines.end();
            });
            if (isWrong(document, document->statement(i)))
                continue; // not a statement to be found
            QVERIFY2(own != disabled.end(), where(file, document->statement(i), "not found again").constData());
            const auto in = commentIn(out->set.main(), *own);
            QVERIFY2(in.has_value() && in->document->bytes() == file.text,
                     where(file, document->statement(i), in ? "not the same bytes" : in.error().text).constData());
            ++tally.held;
        }
    }
    QVERIFY2(tally.held > 400, tally.shown().constData());
}

void TestEditLaws::insertedAndRemovedIsTheSameFile() {
    Tally tally;
    MemoryFileStore files;
    quint32 pick = 0;
    for (const CorpusFile& file : corpus()) {
        const DocumentPtr document = Document::parse("f", file.text);
        const QByteArray text = document->dialect() == Dialect::Modern ? "match from any for domain mark.example.org reject"
                                                                       : "reject from any for domain mark.example.org";
        for (size_t i = 0; i < document->statementCount(); ++i) {
            if (pick++ % 2)
                continue;
            const Side side = pick % 4 ? Side::Before : Side::After;
            const auto made = insertStatement(document, i, side, text);
            if (!made) {
                tally.refuse(where(file, document->statement(i), made.error().text));
                continue;
            }
            const auto gone = removeStatement(files, setOf(files, made->document->bytes()), {0, side == Side::Before ? i : i + 1});
            QVERIFY2(gone.has_value() && gone->set.main()->bytes() == file.text,
                     where(file, document->statement(i), gone ? "not the same bytes" : gone.error().text).constData());
            ++tally.held;
        }
    }
    QVERIFY2(tally.held > 500, tally.shown().constData());
}

void TestEditLaws::renamedThereAndBackIsTheSameFile() {
    Tally tally;
    MemoryFileStore files;
    for (const CorpusFile& file : corpus()) {
        const FileSet set = setOf(files, file.text);
        for (size_t i = 0; i < set.main()->statementCount(); ++i) {
            const StatementView statement = set.main()->statement(i);
            for (const NameUse& use : namesIn(statement)) {
                // A word of the language comes back in quotes, which is how it should have been written.
                if (!use.defines || use.name.fromMacro || isReserved(use.name.text, set.dialect()))
                    continue;
                const auto there = edits::rename(files, set, use.kind, use.name.text, "renamed_by_law");
                if (!there) {
                    tally.refuse(where(file, statement, there.error().text));
                    continue;
                }
                QVERIFY2(findName(there->set, use.kind, use.name.text).empty(), where(file, statement, "still there").constData());
                const auto back = edits::rename(files, there->set, use.kind, "renamed_by_law", use.name.text);
                QVERIFY2(back.has_value(), where(file, statement, back ? "" : back.error().text).constData());
                // A certificate may be written in several cases; all are one name.
                const bool same = use.kind == NameKind::Pki ? back->set.main()->bytes().toLower() == file.text.toLower()
                                                            : back->set.main()->bytes() == file.text;
                QVERIFY2(same, where(file, statement, "not the same bytes").constData());
                ++tally.held;
            }
        }
    }
    QVERIFY2(tally.held > 200 && tally.refused < tally.held, tally.shown().constData());
}

void TestEditLaws::entriesAddedAndRemovedAreTheSameFile() {
    Tally tally;
    for (const CorpusFile& file : corpus()) {
        const DocumentPtr document = Document::parse("f", file.text);
        for (size_t i = 0; i < document->statementCount(); ++i) {
            const auto table = TableView::from(document->statement(i));
            if (!table || !table->content())
                continue;
            const bool isMapping = table->content()->form == TableArgument::Form::Mapping;
            const auto added = addTableEntry(document, i, {"mark", isMapping ? std::optional<QByteArray>("x") : std::nullopt});
            if (!added) {
                tally.refuse(where(file, *table, added.error().text));
                continue;
            }
            const QByteArray problem = fault(document, *added);
            QVERIFY2(problem.isEmpty(), where(file, *table, problem).constData());
            const auto removed = removeTableEntry(added->document, i, "mark");
            QVERIFY2(removed.has_value() && removed->document->bytes() == file.text,
                     where(file, added->document->statement(i), removed ? "not the same bytes" : removed.error().text).constData());
            ++tally.held;
        }
    }
    QVERIFY2(tally.held > 15, tally.shown().constData());
}

void TestEditLaws::movingKeepsEveryLine() {
    Tally tally;
    MemoryFileStore files;
    quint32 seed = 0;
    for (const CorpusFile& file : corpus()) {
        const FileSet set = setOf(files, file.text);
        const size_t count = set.main()->statementCount();
        for (int round = 0; round < 4 && count > 1; ++round, ++seed) {
            QRandomGenerator random(seed);
            const auto from = size_t(below(random, qsizetype(count))), to = size_t(below(random, qsizetype(count)));
            const auto moved = moveStatement(files, set, {0, from}, to, random.generate() % 2 ? Side::Before : Side::After);
            if (!moved) {
                tally.refuse(where(file, set.main()->statement(from), moved.error().text));
                continue;
            }
            QByteArrayList before = file.text.split('\n'), after = moved->set.main()->bytes().split('\n');
            std::sort(before.begin(), before.end());
            std::sort(after.begin(), after.end());
            const QByteArray what = "seed " + QByteArray::number(seed) + ", " + QByteArray::number(from) + " to " + QByteArray::number(to);
            QVERIFY2(before == after, where(file, set.main()->statement(from), what).constData());
            ++tally.held;
        }
    }
    QVERIFY2(tally.held > 100, tally.shown().constData());
}

QTEST_APPLESS_MAIN(TestEditLaws)
#include "tst_edit_laws.moc"
