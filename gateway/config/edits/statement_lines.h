// SPDX-License-Identifier: GPL-3.0-or-later
//
// The lines that belong to a statement, and how lines are written around it. Thread: functions.
#pragma once

#include "config/edits/edit.h"

namespace postern::config::edits {

// From the start of the statement's first line to behind the newline of its last: with blanks before it and the comment
// behind it. Without a newline where the file ends without one, or the next statement stands on the same line.
Range linesOf(const Document& document, size_t statement);
// Where the comment lines directly above the statement begin, without a blank line between; its own lines if none. A
// comment that opens the file is the file's, not the first statement's.
qsizetype commentStart(const Document& document, size_t statement);

QByteArray newlineOf(const Document& document); // "\r\n" if the file's first line ends so
QByteArray indentationOf(const Document& document, size_t statement);

// What inserts or removes whole lines, also at the end of a file whose last line has no newline. `text` has none at its end.
tree::TextEdit insertedLines(const Document& document, qsizetype at, const QByteArray& text);
tree::TextEdit removedLines(const Document& document, Range lines);

} // namespace postern::config::edits
