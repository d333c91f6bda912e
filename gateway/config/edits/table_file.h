// SPDX-License-Identifier: GPL-3.0-or-later
//
// Edits lines of a table's own file (`table NAME file:/path`): one entry a line, comments and blank lines kept.
//
// The text is all there is: keys end at the first blank, tab or colon, a list's entry is its whole line, a # only starts a
// comment at the start of a line. A mapping's new line is written with the blanks or colon of the line above it.
// Failure: refused as other edits are. Thread: functions. Spec: OpenSMTPD's file tables.
#pragma once

#include "config/edits/table_entry.h"

namespace postern::config::edits {

Result<std::vector<tree::TextEdit>> addTableLine(const QByteArray& text, const TableEntry& entry);
Result<std::vector<tree::TextEdit>> changeTableLine(const QByteArray& text, const QByteArray& key, const TableEntry& entry);
Result<std::vector<tree::TextEdit>> removeTableLine(const QByteArray& text, const QByteArray& key);

} // namespace postern::config::edits
