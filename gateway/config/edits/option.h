// SPDX-License-Identifier: GPL-3.0-or-later
//
// What an option or condition is to say, without how it is spelled: the edits' counterpart of the views' Clause.
//
// Two options are equal when they say the same. Option::of() reads one from a statement; setOption() writes one.
// Thread: values.
#pragma once

#include "config/edits/spelling.h"

namespace postern::config::edits {

struct TableText {
    TableArgument::Form form = TableArgument::Form::Name;
    QByteArray text;                                  // Name, Literal
    QByteArrayList items;                             // List
    std::vector<std::pair<QByteArray, QByteArray>> pairs; // Mapping

    static TableText of(const TableArgument& table);
    friend bool operator==(const TableText&, const TableText&) = default;
};

struct Option {
    ClauseKind kind = ClauseKind::None;
    bool negated = false;
    bool regex = false;
    QByteArrayList flags;  // verify, no-verify, masquerade, rcpt-to, junk, mx, disable, headers
    QByteArrayList values; // strings and numbers
    std::optional<TableText> table;

    static Option of(const Clause& clause);
    friend bool operator==(const Option&, const Option&) = default;
};

Option option(ClauseKind kind, QByteArrayList values = {});
Option optionWithTable(ClauseKind kind, TableText table);

// Options of which a statement has at most one stand in one slot: `tls` and `smtps`, `from any` and `from src`.
// The kind that stands for all of the slot.
ClauseKind slotOf(ClauseKind kind, StatementKind statement);

// The option as a text for that statement; refused if its dialect or its kind has no such option.
Result<QByteArray> written(const Option& option, const StatementView& statement);
Result<QByteArray> written(const TableText& table, ClauseKind kind, Dialect dialect);

// Where in its statement an option belongs, relative to others: lower ones first, equal ones in any order.
int rankOf(ClauseKind kind, StatementKind statement, Dialect dialect);

} // namespace postern::config::edits
