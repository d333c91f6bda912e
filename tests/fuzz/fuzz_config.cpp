// SPDX-License-Identifier: GPL-3.0-or-later
//
// Any bytes as an smtpd.conf, in each dialect: the text comes back, every diagnostic points into it, every view can be read.
#include "config/document.h"
#include "config/views/rule_view.h"
#include "config/views/setting_view.h"
#include "config/views/table_view.h"
#include "require.h"

using namespace postern::config;
using postern::test::require;

namespace {

void readAll(const DocumentPtr& document) {
    const qsizetype size = document->bytes().size();
    for (const Diagnostic& diagnostic : document->diagnostics())
        require(diagnostic.offset >= 0 && diagnostic.length >= 0 && diagnostic.offset + diagnostic.length <= size &&
                    diagnostic.line >= 1 && diagnostic.column >= 1,
                "a diagnostic points into the text", diagnostic.text);
    for (const StatementView& statement : document->statements()) {
        require(statement.node().text() ==
                    document->bytes().mid(statement.range().offset, statement.range().length),
                "a statement is where it says", statement.text());
        (void)statement.text();
        (void)statement.commentAbove();
        (void)statement.commentBehind();
        for (const Clause& clause : statement.clauses())
            require(clause.range.end() <= size, "a clause is where it says", clause.text);
        (void)RuleView::from(statement);
        (void)TableView::from(statement);
        if (const auto setting = SettingView::from(statement))
            (void)setting->limits();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
    const QByteArray bytes = postern::test::bytesOf(data, size);
    for (const auto dialect : {std::optional<Dialect>(), std::optional(Dialect::Map2012), std::optional(Dialect::Legacy),
                               std::optional(Dialect::Modern)}) {
        ParseOptions options;
        options.dialect = dialect;
        const DocumentPtr document = Document::parse("fuzz.conf", bytes, options);
        require(document->root().text() == bytes, "the text comes back", bytes);
        readAll(document);
    }
    return 0;
}
