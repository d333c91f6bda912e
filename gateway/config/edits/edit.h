// SPDX-License-Identifier: GPL-3.0-or-later
//
// What an edit gives: the bytes that change and the document after them, already checked.
//
// An edit touches only its own bytes, writes as its surroundings are written, and reads the result back before it is
// handed out. It is refused (ErrorCode::Invalid or Exists, a sentence for people) when the result would not mean what was
// asked: a value that this dialect cannot write, an option it does not have, text that comes out of a macro, a name that is
// still in use. A refused edit changes nothing; an edit that asks for what is there already has no TextEdits.
// Thread: functions over immutable values, any.
#pragma once

#include "config/file_set.h"

namespace postern::config::edits {

struct Edited {
    std::vector<tree::TextEdit> edits; // of the document before
    DocumentPtr document;              // after them
};

struct EditedSet {
    std::vector<FileEdits> edits; // of the set before, one entry a file
    FileSet set;                  // after them
};

Error refusal(QByteArray why);

// Carries the edits out. Refused when the document would then have more errors or warnings than before, or be read as
// another dialect.
Result<Edited> carriedOut(const DocumentPtr& before, std::vector<tree::TextEdit> edits);
Result<EditedSet> carriedOut(FileStore& files, const FileSet& before, std::vector<FileEdits> edits);

// Of the macro that `$macro` at that offset would mean: "defined at line 3", "set on the command line" ...
QByteArray whereDefined(const Document& document, const QByteArray& macro, qsizetype at);
// Why text that comes from a macro is not edited, and where the macro is defined: for the `$name` at that range.
Error comesFromMacro(const Document& document, Range use);
// The same where the files around are known.
Error comesFromMacro(const FileSet& set, FileSet::Place place, Range use);
// The refusal to edit this statement, with the macros that parts of it come from: one of them may be the reason.
Error withMacros(Error refused, const StatementView& statement);

} // namespace postern::config::edits
