// SPDX-License-Identifier: GPL-3.0-or-later
//
// Inserts, copies, moves and removes whole statements: rules, and everything else that stands on lines of its own.
//
// New lines take the file's line ends and the neighbour's indentation. A comment directly above a statement is its own: it
// moves along, stays with a copy's original, and stays where it is when the statement is removed (TakeComment changes that).
// Names must be defined above their use: a move or removal that would break that is refused. Thread: functions.
#pragma once

#include "config/edits/edit.h"

namespace postern::config::edits {

enum class Side : quint8 { Before, After };
enum class CommentAbove : quint8 { Keep, Take };

// `text`: one statement, without the newline at its end. Index of the new one: `statement`, or one more behind it.
// In a document without statements `statement` is 0 and the text goes to the end.
Result<Edited> insertStatement(const DocumentPtr& document, size_t statement, Side side, const QByteArray& text);

// Right behind the original. A statement that defines a name needs another one for the copy.
Result<Edited> duplicateStatement(const DocumentPtr& document, size_t statement, const QByteArray& newName = {});

// The next two know what other files use and define. `what` and `to` are in the same document.
Result<EditedSet> removeStatement(FileStore& files, const FileSet& set, FileSet::Place what,
                                  CommentAbove comment = CommentAbove::Keep);
Result<EditedSet> moveStatement(FileStore& files, const FileSet& set, FileSet::Place what, size_t to, Side side);

} // namespace postern::config::edits
