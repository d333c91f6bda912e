// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/edits/edit.h"

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

Error comesFromMacro(const Document& document, Range use) {
    const QByteArray name = document.bytes().mid(use.offset, use.length);
    const auto definition = document.macroDefinition(QByteArrayView(name).sliced(std::min<qsizetype>(1, name.size())), use.offset);
    const QByteArray where =
        definition ? "line " + QByteArray::number(document.position(*definition).line) : QByteArray("another file");
    return refusal("this text comes from the macro " + name + "; change the macro itself (defined in " + where + ")");
}

} // namespace postern::config::edits
