// SPDX-License-Identifier: GPL-3.0-or-later
//
// Adds, changes and removes entries of a table that is written out in its statement.
//
// A new entry goes to the end, with the comma, the new line and the indentation that the entries above it have; comments
// stay with the entry they stand beside. What add brought, remove takes back to the byte. Thread: functions.
#pragma once

#include "config/edits/edit.h"

namespace postern::config::edits {

struct TableEntry {
    QByteArray key;                  // or the entry of a list
    std::optional<QByteArray> value; // of a mapping
};

// Contract: the statement is a table's. Refused: a table in a file or another backend, a key that is there already, a list
// entry for a mapping and the other way round, the last entry (an empty table says nothing), what comes from a macro.
Result<Edited> addTableEntry(const DocumentPtr& document, size_t statement, const TableEntry& entry);
Result<Edited> changeTableEntry(const DocumentPtr& document, size_t statement, const QByteArray& key, const TableEntry& entry);
Result<Edited> removeTableEntry(const DocumentPtr& document, size_t statement, const QByteArray& key);

} // namespace postern::config::edits
