// SPDX-License-Identifier: GPL-3.0-or-later
#include "bench_edit.h"

#include "config/document.h"
#include "stopwatch.h"

namespace postern::bench {

namespace {

using config::Document;
using config::DocumentPtr;

void replaceBytes(const DocumentPtr& document, const char* what, qsizetype offset, qsizetype length, const QByteArray& text) {
    measure(what, 10, 21, 1, [&] { (void)document->edited({{{offset, length}, text}}); });
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
    }
}

} // namespace postern::bench
