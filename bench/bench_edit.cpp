// SPDX-License-Identifier: GPL-3.0-or-later
#include "bench_edit.h"

#include "config/edits/comment_out.h"
#include "config/edits/insert_statement.h"
#include "config/edits/rename.h"
#include "config/edits/set_option.h"
#include "stopwatch.h"

#include <cstdio>

namespace postern::bench {

namespace {

using config::Document;
using config::DocumentPtr;

void replaceBytes(const DocumentPtr& document, const char* what, qsizetype offset, qsizetype length, const QByteArray& text) {
    measure(what, 10, 21, 1, [&] { (void)document->edited({{{offset, length}, text}}); });
}

template <class T>
void expect(const Result<T>& result) {
    if (!result)
        std::printf("  refused: %s\n", result.error().text.constData());
}

// With all their checks, as the window asks for them.
void typedEdits(const QByteArray& text, const QByteArray& action) {
    const std::unique_ptr<FileStore> files = makeDiskFileStore();
    config::FileSetOptions options;
    options.followIncludes = false;
    const config::FileSet set = config::FileSet::fromText(*files, "bench.conf", text, options);
    const DocumentPtr document = set.main();
    size_t rule = document->statementCount() / 2;
    while (document->statement(rule).kind() != config::StatementKind::Match)
        ++rule;
    using namespace config::edits;
    measure("set an option of a rule", 10, 21, 1,
            [&] { expect(setOption(document, rule, option(config::ClauseKind::Authenticated))); });
    measure("insert a rule", 10, 21, 1,
            [&] { expect(insertStatement(document, rule, Side::Before, "match from local for local reject")); });
    measure("comment a rule out", 10, 21, 1, [&] { expect(commentOut(*files, set, {0, rule})); });
    measure("remove a rule", 10, 21, 1, [&] { expect(removeStatement(*files, set, {0, rule})); });
    measure("rename an action wherever it is used", 1000, 5, 1,
            [&] { expect(config::edits::rename(*files, set, NameKind::Action, action, "renamed")); });
}

} // namespace

void measureEdits(const QByteArray& mixed, const QByteArray& rules) {
    for (const QByteArray& text : {mixed, rules}) {
        const DocumentPtr document = Document::parse("bench.conf", text);
        heading("One edit on " + QByteArray::number(text.count('\n')) + " lines, to the new document");
        const qsizetype middle = document->statement(document->statementCount() / 2).range().offset;
        replaceBytes(document, "a comment above the first line", 0, 0, "# new\n");
        replaceBytes(document, "a rule in the middle", middle, 0, "match from local for local action out\n");
        replaceBytes(document, "a rule behind the last line", text.size(), 0, "match from local for local action out\n");
        replaceBytes(document, "a brace that swallows the next lines", middle, 0, "table x { a\n");
        measure("a macro (everything is read again)", 1000, 5, 1,
                [&] { (void)document->edited({{{middle, 0}, "new = \"x\"\n"}}); });
        typedEdits(text, text == rules ? "out" : "out77");
    }
}

} // namespace postern::bench
