// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/edits/edit.h"

#include "config/edits/names.h"

#include <QHash>

#include <algorithm>
#include <array>

namespace postern::config::edits {

namespace {

// The first complaint that was not there before, if there are more of its severity now.
std::optional<Diagnostic> newComplaint(const Diagnostics& before, const Diagnostics& after) {
    std::array<std::ptrdiff_t, 4> more{};
    QHash<QByteArray, int> known;
    for (const Diagnostic& one : before) {
        --more[size_t(one.severity)];
        ++known[one.text];
    }
    for (const Diagnostic& one : after)
        ++more[size_t(one.severity)];
    for (const Severity severity : {Severity::Error, Severity::Warning}) {
        if (more[size_t(severity)] <= 0)
            continue;
        for (const Diagnostic& one : after) {
            if (one.severity == severity && --known[one.text] < 0)
                return one;
        }
    }
    return std::nullopt;
}

Error asRefusal(const Diagnostic& complaint) {
    return refusal("the result would not be right: line " + QByteArray::number(complaint.line) + ": " + complaint.text);
}

Error otherDialect(const Document& before, const Document& after) {
    return refusal("after this change the file would be read as " + describe(after.dialect()).toByteArray() +
                   ", not as " + describe(before.dialect()).toByteArray() + "; choose the dialect explicitly first");
}

QByteArray nameAt(const Document& document, Range use) { // without its $
    return document.bytes().mid(use.offset + 1, use.length - 1);
}

QByteArray macroAndPlace(const Document& document, Range use) {
    const QByteArray name = nameAt(document, use);
    return "the macro \"" + name + "\" " + whereDefined(document, name, use.offset);
}

} // namespace

Error refusal(QByteArray why) {
    return Error{ErrorCode::Invalid, std::move(why), Permanence::Permanent};
}

Result<Edited> carriedOut(const DocumentPtr& before, std::vector<tree::TextEdit> edits) {
    if (edits.empty())
        return Edited{{}, before};
    const Result<DocumentPtr> after = before->edited(edits);
    if (!after)
        return after.error();
    if ((*after)->dialect() != before->dialect())
        return otherDialect(*before, **after);
    if (const auto complaint = newComplaint(before->diagnostics(), (*after)->diagnostics()))
        return asRefusal(*complaint);
    return Edited{std::move(edits), *after};
}

Result<EditedSet> carriedOut(FileStore& files, const FileSet& before, std::vector<FileEdits> edits) {
    std::erase_if(edits, [](const FileEdits& one) { return one.edits.empty(); });
    if (edits.empty())
        return EditedSet{{}, before};
    Result<FileSet> after = before.edited(files, edits);
    if (!after)
        return after.error();
    if (after->documents().size() == before.documents().size()) {
        for (size_t i = 0; i < before.documents().size(); ++i) {
            if (after->documents()[i]->dialect() != before.documents()[i]->dialect())
                return otherDialect(*before.documents()[i], *after->documents()[i]);
        }
    }
    if (const auto complaint = newComplaint(before.diagnostics(), after->diagnostics()))
        return asRefusal(*complaint);
    return EditedSet{std::move(edits), std::move(*after)};
}

QByteArray whereDefined(const Document& document, const QByteArray& macro, qsizetype at) {
    using Where = Document::MacroOrigin::Where;
    const Document::MacroOrigin origin = document.macroOrigin(macro, at);
    const auto line = [&] { return "line " + QByteArray::number(document.position(origin.offset).line); };
    switch (origin.where) {
    case Where::Here:
        return "defined at " + line();
    case Where::Included:
        return "defined in \"" + origin.path + "\", which " + line() + " includes";
    case Where::CommandLine:
        return "set on the command line";
    case Where::Outside:
        break;
    }
    return "defined outside of " + document.file();
}

Error comesFromMacro(const Document& document, Range use) {
    return refusal("this value comes from " + macroAndPlace(document, use) + "; change it there");
}

Error comesFromMacro(const FileSet& set, FileSet::Place place, Range use) {
    const DocumentPtr& document = set.documents()[place.document];
    const QByteArray name = nameAt(*document, use);
    if (document->macroOrigin(name, use.offset).where != Document::MacroOrigin::Where::Outside)
        return comesFromMacro(*document, use);
    std::optional<FileSet::Place> definition;
    for (const FileSet::Place& one : set.places()) {
        if (one.document == place.document && one.statement == place.statement)
            break;
        const DocumentPtr& other = set.documents()[one.document];
        if (other->statementKind(one.statement) != StatementKind::Macro)
            continue;
        const StatementView statement = other->statement(one.statement);
        if (!statement.values().empty() && statement.values().front().text == name)
            definition = one;
    }
    if (!definition)
        return comesFromMacro(*document, use);
    const StatementView statement = set.documents()[definition->document]->statement(definition->statement);
    return refusal("this value comes from the macro \"" + name + "\" defined at " + statement.file() + ", line " +
                   QByteArray::number(statement.line()) + "; change it there");
}

Error withMacros(Error refused, const StatementView& statement) {
    QByteArrayList macros;
    for (const NameUse& one : namesIn(statement)) {
        if (one.kind != NameKind::Macro || one.defines)
            continue;
        const Range use{one.name.range.offset - 1, one.name.range.length + 1}; // with the $
        if (const QByteArray text = macroAndPlace(statement.document(), use); !macros.contains(text))
            macros.append(text);
    }
    if (!macros.isEmpty())
        refused.text += "; a part of this statement comes from " + macros.join(" and from ") + "; change it there";
    return refused;
}

} // namespace postern::config::edits
