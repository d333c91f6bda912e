// SPDX-License-Identifier: GPL-3.0-or-later
//
// The # stands at the very start of each line. A blank goes behind it if the statement's first line begins with one, so
// that "# listen" can mean "listen", which is how people write it, and " listen" is still found again.
#include "config/edits/comment_out.h"

#include "config/edits/dependencies.h"
#include "config/edits/statement_lines.h"
#include "config/grammar.h"
#include "config/views/table_view.h"

#include <algorithm>

namespace postern::config::edits {

namespace {

constexpr int kMostLines = 1000; // of one disabled statement

// The text without the # of each line; nothing if a line has none.
std::optional<QByteArray> uncommented(QByteArrayView lines) {
    QByteArray out;
    const bool withBlank = lines.startsWith("# ");
    for (qsizetype at = 0; at < lines.size();) {
        qsizetype end = lines.indexOf('\n', at);
        end = end < 0 ? lines.size() : end + 1;
        QByteArrayView line = lines.sliced(at, end - at);
        if (!line.startsWith('#'))
            return std::nullopt;
        line = line.sliced(withBlank && line.startsWith("# ") ? 2 : 1);
        out += line;
        at = end;
    }
    return out;
}

// A statement may begin with this line: its first word opens one, or it reads NAME = "..."
bool mayBegin(QByteArrayView line) {
    const QByteArray text = line.toByteArray().trimmed();
    qsizetype end = 0;
    while (end < text.size() && QByteArrayView(" \t=\\").indexOf(text[end]) < 0)
        ++end;
    const QByteArray rest = text.mid(end).trimmed();
    return end > 0 && (opensStatement(text.first(end)) || (rest.startsWith('=') && !rest.startsWith("=>")));
}

enum class Reads : quint8 { No, Open, Statement };

Reads asStatement(const QByteArray& text, Dialect dialect, StatementKind& kind) {
    ParseOptions options;
    options.dialect = dialect;
    const DocumentPtr document = Document::parse({}, text.endsWith('\n') ? text : text + '\n', options);
    if (document->statementCount() != 1)
        return Reads::No;
    bool isOpen = false;
    for (const Diagnostic& diagnostic : document->diagnostics()) {
        // A macro of the file around is not defined here; what it stands for may be anything.
        if (diagnostic.severity != Severity::Error || diagnostic.text.contains("is not defined"))
            continue;
        if (!diagnostic.text.contains("is never closed"))
            return Reads::No;
        isOpen = true;
    }
    if (isOpen)
        return Reads::Open;
    const StatementView statement = document->statement(0);
    kind = statement.kind();
    // "# table of people" would be a table "of" in a backend "people".
    const auto table = TableView::from(statement);
    if (table && table->source() && !table->source()->text.contains(':') && !table->source()->text.contains('/'))
        return Reads::No;
    return statement.hasError() || kind == StatementKind::Unknown ? Reads::No : Reads::Statement;
}

} // namespace

Result<EditedSet> commentOut(FileStore& files, const FileSet& set, FileSet::Place what) {
    if (const auto free = mayGo(set, what, "commenting this out"); !free)
        return free.error();
    const DocumentPtr& document = set.documents()[what.document];
    const Range lines = linesOf(*document, what.statement);
    const QByteArray& bytes = document->bytes();
    const QByteArray mark = lines.length > 0 && bytes[lines.offset] == ' ' ? "# " : "#";
    std::vector<tree::TextEdit> edits;
    for (qsizetype at = lines.offset; at < lines.end();) {
        edits.push_back({{at, 0}, mark});
        const qsizetype newline = bytes.indexOf('\n', at);
        at = newline < 0 ? lines.end() : newline + 1;
    }
    Result<EditedSet> result = carriedOut(files, set, {{document->file(), std::move(edits)}});
    if (result && result->set.documents()[what.document]->statementCount() != document->statementCount() - 1)
        return refusal("what stands around this statement would be read as something else");
    return result;
}

std::vector<DisabledStatement> disabledStatements(const Document& document) {
    std::vector<DisabledStatement> result;
    const QByteArray& bytes = document.bytes();
    qsizetype done = 0;
    bool atLineStart = true;
    for (Document::Cursor at = document.begin(); at.isValid(); at.next()) {
        const auto kind = TokenKind(at.child().kind());
        const bool isComment = !at.child().isNode() && kind == TokenKind::Comment;
        const bool isFirst = atLineStart;
        atLineStart = !at.child().isNode() && (kind == TokenKind::Newline || kind == TokenKind::ByteOrderMark);
        if (!isComment || !isFirst || at.offset() < done)
            continue;
        // From here on: this line, then as many more as it takes to close what it opens.
        qsizetype end = at.offset() + at.child().length();
        const auto first = uncommented(QByteArrayView(bytes).sliced(at.offset(), std::min(bytes.indexOf('\n', at.offset()) < 0
                                                                                              ? bytes.size() - at.offset()
                                                                                              : bytes.indexOf('\n', at.offset()) - at.offset(),
                                                                                          bytes.size() - at.offset())));
        if (!first || !mayBegin(*first))
            continue;
        for (int line = 0; line < kMostLines; ++line) {
            const qsizetype newline = bytes.indexOf('\n', end);
            const qsizetype behind = newline < 0 ? bytes.size() : newline + 1;
            const auto text = uncommented(QByteArrayView(bytes).sliced(at.offset(), behind - at.offset()));
            if (!text)
                break;
            DisabledStatement found;
            const Reads reads = asStatement(*text, document.dialect(), found.kind);
            if (reads == Reads::Statement) {
                found.lines = {at.offset(), behind - at.offset()};
                found.text = text->trimmed();
                result.push_back(std::move(found));
                done = behind;
            }
            if (reads != Reads::Open || behind == bytes.size())
                break;
            end = behind;
        }
    }
    return result;
}

Result<Edited> commentIn(const DocumentPtr& document, const DisabledStatement& disabled) {
    const QByteArrayView lines = QByteArrayView(document->bytes()).sliced(disabled.lines.offset, disabled.lines.length);
    const bool withBlank = lines.startsWith("# ");
    std::vector<tree::TextEdit> edits;
    for (qsizetype at = 0; at < lines.size();) {
        const qsizetype length = withBlank && lines.sliced(at).startsWith("# ") ? 2 : 1;
        edits.push_back({{disabled.lines.offset + at, length}, {}});
        const qsizetype newline = lines.indexOf('\n', at);
        at = newline < 0 ? lines.size() : newline + 1;
    }
    // What the statement itself complains about, such as a macro that is not defined, was written by its author.
    const Result<DocumentPtr> after = document->edited(edits);
    if (!after)
        return after.error();
    if ((*after)->dialect() != document->dialect() || (*after)->statementCount() != document->statementCount() + 1)
        return refusal("what stands around these lines would be read as something else");
    return Edited{std::move(edits), *after};
}

} // namespace postern::config::edits
