// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/edits/insert_statement.h"

#include "config/edits/dependencies.h"
#include "config/edits/spelling.h"
#include "config/edits/statement_lines.h"

namespace postern::config::edits {

namespace {

QByteArray withNewlines(QByteArray text, const QByteArray& newline) {
    text.replace("\r\n", "\n");
    while (text.endsWith('\n'))
        text.chop(1);
    return newline == "\n" ? text : text.replace('\n', newline);
}

QByteArray bytesOf(const Document& document, Range range) {
    return document.bytes().mid(range.offset, range.length);
}

// Every line but empty ones gets it.
QByteArray indented(const QByteArray& text, const QByteArray& indentation) {
    if (indentation.isEmpty() || text.startsWith(' ') || text.startsWith('\t'))
        return text;
    QByteArrayList lines = text.split('\n');
    for (QByteArray& line : lines) {
        if (!line.trimmed().isEmpty())
            line.prepend(indentation);
    }
    return lines.join('\n');
}

qsizetype offsetFor(const Document& document, size_t statement, Side side) {
    if (document.statementCount() == 0)
        return document.bytes().size();
    return side == Side::Before ? commentStart(document, statement) : linesOf(document, statement).end();
}

Result<void> knowsMacros(const StatementView& moved, qsizetype to) {
    using Where = Document::MacroOrigin::Where;
    const Document& document = moved.document();
    for (const NameUse& use : namesIn(moved)) {
        if (use.kind == NameKind::Macro && !use.defines && document.expansionAt(use.name.range.offset - 1) &&
            document.macroOrigin(use.name.text, use.name.range.offset).where != Where::Outside &&
            document.macroOrigin(use.name.text, to).where == Where::Outside)
            return refusal("the macro \"" + use.name.text + "\" " +
                           whereDefined(document, use.name.text, use.name.range.offset) + " must stay above its use");
    }
    return {};
}

// A macro that is defined again between two places stands for something else at each of them. `to`: in the file before.
Result<void> keepsMacros(const StatementView& before, const StatementView& after, qsizetype to) {
    const std::vector<NameUse> old = namesIn(before), now = namesIn(after);
    for (size_t i = 0; i < old.size() && i < now.size(); ++i) {
        if (old[i].kind != NameKind::Macro || old[i].defines)
            continue;
        const MacroValue* was = before.document().expansionAt(old[i].name.range.offset - 1);
        const MacroValue* is = after.document().expansionAt(now[i].name.range.offset - 1);
        if (was == is || (was && is && *was == *is))
            continue;
        const QByteArray& name = old[i].name.text;
        return refusal("the macro \"" + name + "\" has another value there: there it is " +
                       whereDefined(before.document(), name, to) + ", here " +
                       whereDefined(before.document(), name, old[i].name.range.offset));
    }
    return {};
}

Error notOne() {
    return refusal("this is not one statement of the file's dialect");
}

} // namespace

Result<Edited> insertStatement(const DocumentPtr& document, size_t statement, Side side, const QByteArray& text) {
    if (statement >= document->statementCount() && document->statementCount() > 0)
        return refusal("there is no such statement");
    const bool isEmpty = document->statementCount() == 0;
    const QByteArray indentation = isEmpty ? QByteArray() : indentationOf(*document, statement);
    const QByteArray lines = withNewlines(indented(text, indentation), newlineOf(*document));
    if (lines.trimmed().isEmpty())
        return notOne();
    const tree::TextEdit edit = insertedLines(*document, offsetFor(*document, statement, side), lines);
    Result<Edited> result = carriedOut(document, {edit});
    if (!result)
        return result;
    const size_t made = isEmpty || side == Side::Before ? statement : statement + 1;
    const Document& after = *result->document;
    if (after.statementCount() != document->statementCount() + 1)
        return notOne();
    const StatementView now = after.statement(made);
    if (now.hasError() || now.kind() == StatementKind::Unknown || bytesOf(after, now.range()) != lines.mid(lines.indexOf(lines.trimmed())).left(now.range().length))
        return notOne();
    // What stood there reads as before.
    for (const size_t neighbour : {made + 1, made - 1}) {
        if (neighbour >= after.statementCount())
            continue;
        const size_t old = neighbour > made ? neighbour - 1 : neighbour;
        if (bytesOf(after, after.statement(neighbour).range()) != bytesOf(*document, document->statement(old).range()))
            return notOne();
    }
    return result;
}

Result<Edited> duplicateStatement(const DocumentPtr& document, size_t statement, const QByteArray& newName) {
    const StatementView original = document->statement(statement);
    QByteArray text = bytesOf(*document, original.range());
    const Value* name = nullptr;
    const std::vector<NameUse> names = namesIn(original);
    for (const NameUse& one : names) {
        if (one.defines && one.kind != NameKind::Tag && one.kind != NameKind::Pki)
            name = &one.name;
    }
    if (name && newName.isEmpty())
        return refusal("a copy needs another name than \"" + name->text + "\"");
    if (name && name->fromMacro)
        return comesFromMacro(*document, name->range);
    if (name) {
        const auto written = spelled(newName, document->dialect(), quotingOf(bytesOf(*document, name->range)));
        if (!written)
            return written.error();
        text.replace(name->range.offset - original.range().offset, name->range.length, *written);
    }
    // The lines as they are, so that joined lines keep their indentation.
    const tree::TextEdit edit = insertedLines(*document, linesOf(*document, statement).end(),
                                              indentationOf(*document, statement) + text);
    Result<Edited> result = carriedOut(document, {edit});
    if (result && (result->document->statementCount() != document->statementCount() + 1 ||
                   bytesOf(*result->document, result->document->statement(statement + 1).range()) != text))
        return notOne();
    return result;
}

Result<EditedSet> removeStatement(FileStore& files, const FileSet& set, FileSet::Place what, CommentAbove comment) {
    if (const auto free = mayGo(set, what, "removing this"); !free)
        return free.error();
    const DocumentPtr& document = set.documents()[what.document];
    Range lines = linesOf(*document, what.statement);
    if (comment == CommentAbove::Take) {
        const qsizetype start = commentStart(*document, what.statement);
        lines = {start, lines.end() - start};
    }
    Result<EditedSet> result = carriedOut(files, set, {{document->file(), {removedLines(*document, lines)}}});
    if (result && result->set.documents()[what.document]->statementCount() != document->statementCount() - 1)
        return refusal("what stands around this statement would be read as something else");
    return result;
}

Result<EditedSet> moveStatement(FileStore& files, const FileSet& set, FileSet::Place what, size_t to, Side side) {
    const DocumentPtr& document = set.documents()[what.document];
    if (to >= document->statementCount())
        return refusal("there is no such statement");
    const bool isInPlace = to == what.statement || (side == Side::Before && to == what.statement + 1) ||
                           (side == Side::After && to + 1 == what.statement);
    if (isInPlace)
        return EditedSet{{}, set};
    const StatementView moved = document->statement(what.statement);
    if (moved.kind() == StatementKind::Include)
        return refusal("moving an include would change the order of everything in it; do that in the text");
    if (moved.kind() == StatementKind::Macro && !moved.values().empty()) {
        size_t definitions = 0;
        for (const FoundName& one : findName(set, NameKind::Macro, moved.values().front().text))
            definitions += one.use.defines;
        if (definitions > 1)
            return refusal("this macro is defined more than once, and the order decides which value counts where");
    }
    const qsizetype start = commentStart(*document, what.statement);
    const Range lines{start, linesOf(*document, what.statement).end() - start};
    QByteArray text = bytesOf(*document, lines);
    if (text.endsWith('\n'))
        text.chop(text.endsWith("\r\n") ? 2 : 1);
    const tree::TextEdit gone = removedLines(*document, lines);
    tree::TextEdit made = insertedLines(*document, offsetFor(*document, to, side), text);
    // The last line had no newline and is what moves away: what comes last then has none either.
    if (made.range.offset == gone.range.end() && made.range.offset == document->bytes().size())
        return EditedSet{{}, set};
    if (const auto known = knowsMacros(moved, made.range.offset); !known)
        return known.error();
    Result<EditedSet> result = carriedOut(files, set, {{document->file(), {gone, made}}});
    if (!result)
        return result;
    const Document& after = *result->set.documents()[what.document];
    const size_t before = side == Side::Before ? to : to + 1; // the gap, counted in the old file
    const size_t now = before > what.statement ? before - 1 : before;
    if (after.statementCount() != document->statementCount() ||
        bytesOf(after, after.statement(now).range()) != bytesOf(*document, moved.range()))
        return refusal("what stands around this statement would be read as something else");
    if (const auto right = keepsOrder(set, result->set, {what.document, now}); !right)
        return right.error();
    if (const auto same = keepsMacros(moved, after.statement(now), made.range.offset); !same)
        return same.error();
    return result;
}

} // namespace postern::config::edits
