// SPDX-License-Identifier: GPL-3.0-or-later
//
// Takes a statement out of use without losing it, and puts it back.
//
// Every line of the statement gets a # at its start. Lines that read as one statement once the # is gone are found again,
// also those that somebody else commented out; prose is not mistaken for one. Out and in again is the same file to the byte.
// Thread: functions.
#pragma once

#include "config/edits/edit.h"

namespace postern::config::edits {

// Refused while something uses a name that only this statement defines.
Result<EditedSet> commentOut(FileStore& files, const FileSet& set, FileSet::Place what);

struct DisabledStatement {
    Range lines;        // whole lines, with the newline of the last
    QByteArray text;    // without the #s
    StatementKind kind = StatementKind::Unknown;
};
std::vector<DisabledStatement> disabledStatements(const Document& document); // in file order

// Contract: `disabled` is one of disabledStatements(*document).
Result<Edited> commentIn(const DocumentPtr& document, const DisabledStatement& disabled);

} // namespace postern::config::edits
