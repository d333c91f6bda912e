// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the tests of typed edits share: a text read, and an edit's outcome as one text.
#pragma once

#include "config/edits/option.h"
#include "support/memory_file_store.h"

namespace postern::test {

using namespace config;
using namespace config::edits;

// What an edit of one document gives: the new text, or "refused: why".
inline QByteArray outcome(const Result<Edited>& result) {
    return result ? result->document->bytes() : "refused: " + result.error().text;
}
inline QByteArray outcome(const Result<EditedSet>& result) {
    return result ? result->set.main()->bytes() : "refused: " + result.error().text;
}

inline DocumentPtr read(const QByteArray& text, Dialect dialect) {
    ParseOptions options;
    options.dialect = dialect;
    return Document::parse("f.conf", text, options);
}

inline FileSet setOf(MemoryFileStore& files, const QByteArray& text, Dialect dialect) {
    FileSetOptions options;
    options.dialect = dialect;
    return FileSet::fromText(files, "f.conf", text, options);
}

inline TableText named(const QByteArray& name) {
    TableText text;
    text.text = name;
    return text;
}
inline TableText literal(const QByteArray& value) {
    TableText text;
    text.form = TableArgument::Form::Literal;
    text.text = value;
    return text;
}
inline TableText list(const QByteArrayList& items) {
    TableText text;
    text.form = TableArgument::Form::List;
    text.items = items;
    return text;
}

} // namespace postern::test
