// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/edits/rename.h"

#include "config/edits/spelling.h"
#include "config/views/listen_view.h"

#include <QHash>
#include <QSet>

#include <algorithm>

namespace postern::config::edits {

namespace {

// Bytes that a name may have, as the readers of the language see it.
Result<void> checkName(NameKind kind, const QByteArray& name) {
    constexpr qsizetype kLongestTable = 63, kLongestTag = 31;
    if (name.isEmpty())
        return refusal("a " + describe(kind).toByteArray() + " needs a name");
    const bool isPlain = std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    });
    if (kind == NameKind::Macro && !isPlain)
        return refusal("the name of a macro has only letters, digits and _");
    if (kind == NameKind::Table && name.size() > kLongestTable)
        return refusal("the name of a table has at most 63 characters");
    if (kind == NameKind::Tag && name.size() > kLongestTag)
        return refusal("a tag has at most 31 characters");
    return {};
}

// A listener with TLS and without `pki` takes the certificate that is named like the server.
Result<void> checkFoundByName(const FileSet& set) {
    for (const DocumentPtr& document : set.documents()) {
        size_t index = 0;
        for (Document::Cursor at = document->begin(); at.isValid(); at.next()) {
            if (!at.child().isNode())
                continue;
            const size_t number = index++;
            if (at.child().kind() != raw(StatementKind::Listen))
                continue;
            const auto view = ListenView::from(document->statement(number));
            if (view && view->tls() != ListenView::TlsWord::None && view->pkis().empty())
                return refusal("the listener in line " + QByteArray::number(view->line()) +
                               " names no certificate and finds it by its name; say \"pki\" there first");
        }
    }
    return {};
}

} // namespace

Result<EditedSet> rename(FileStore& files, const FileSet& set, NameKind kind, const QByteArray& from, const QByteArray& to) {
    if (const auto good = checkName(kind, to); !good)
        return good.error();
    const std::vector<FoundName> all = findName(set, kind, from);
    const bool isThere = std::any_of(all.begin(), all.end(), [](const FoundName& one) { return !one.use.isLookup; });
    const QByteArray what = describe(kind).toByteArray();
    if (!isThere)
        return Error{ErrorCode::NotFound, "there is no " + what + " \"" + from + '"', Permanence::Permanent};
    if (from == to)
        return EditedSet{{}, set};
    if (!sameName(kind, from, to, set.dialect())) {
        for (const FoundName& one : findName(set, kind, to)) {
            if (!one.use.isLookup)
                return Error{ErrorCode::Exists, "there is a " + what + " \"" + to + "\" already, in " + placeOf(set, one),
                             Permanence::Permanent};
        }
    }
    if (kind == NameKind::Pki) {
        if (const auto good = checkFoundByName(set); !good)
            return good.error();
    }
    if (kind == NameKind::Macro && set.hasFixedMacro(from))
        return refusal("this macro is set on the command line");
    std::vector<FileEdits> edits;
    QHash<QByteArray, QSet<qsizetype>> places; // file -> offsets: one that is included twice was found twice
    for (const FoundName& one : all) {
        const DocumentPtr& document = set.documents()[one.document];
        if (one.use.isLookup)
            return refusal(placeOf(set, one) + " asks a table or an expression for tags; which of them it means cannot be told");
        if (one.use.name.fromMacro)
            return Error{ErrorCode::Invalid, placeOf(set, one) + ": " + comesFromMacro(set, {one.document, one.statement}, one.use.name.range).text,
                         Permanence::Permanent};
        const Range range = one.use.name.range;
        const QByteArray now = document->bytes().mid(range.offset, range.length);
        const Result<QByteArray> text =
            kind == NameKind::Macro && !one.use.defines ? Result<QByteArray>(to) : spelled(to, document->dialect(), quotingOf(now));
        if (!text)
            return text.error();
        auto file = std::find_if(edits.begin(), edits.end(), [&](const FileEdits& each) { return each.file == document->file(); });
        if (file == edits.end())
            file = edits.insert(edits.end(), {document->file(), {}});
        QSet<qsizetype>& offsets = places[document->file()];
        if (const auto before = offsets.size(); offsets.insert(range.offset), offsets.size() > before)
            file->edits.push_back({range, *text});
    }
    Result<EditedSet> result = carriedOut(files, set, std::move(edits));
    if (!result)
        return result;
    // Read back: as many places as before, none left.
    if (findName(result->set, kind, to).size() != all.size())
        return refusal("with this name the text would be read as something else");
    return result;
}

} // namespace postern::config::edits
