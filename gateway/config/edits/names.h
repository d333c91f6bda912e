// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where a configuration defines and uses names: tables, actions, certificates, macros, filters, tags ...
//
// Found by reading statements, never by looking for letters: a name in a comment, in another kind of place or in another
// name is none of these. Long files are searched for the bytes first, so what does not mention a name costs next to nothing.
// Thread: functions.
#pragma once

#include "config/edits/edit.h"

namespace postern::config::edits {

enum class NameKind : quint8 { Table, Action, Pki, Ca, Macro, Filter, Proc, Tag, Wrapper };
QByteArrayView describe(NameKind kind); // for people: "table", "certificate"

// Certificates are found by name in any case, tags in action/match too.
bool sameName(NameKind kind, QByteArrayView a, QByteArrayView b, Dialect dialect);

struct NameUse {
    NameKind kind = NameKind::Table;
    Value name;           // its range is that of the name alone: without < >, without $
    bool defines = false; // tags: the listener that gives it
    bool isLookup = false; // stands where it cannot be told which names are meant: `tag regex ...`, `tag <table>`
};
std::vector<NameUse> namesIn(const StatementView& statement);

struct FoundName {
    size_t document, statement; // in the set
    NameUse use;
};
// In reading order of documents; a file that is included twice is there twice.
std::vector<FoundName> findName(const FileSet& set, NameKind kind, QByteArrayView name);

// "line 3" or "branch.conf, line 3"
QByteArray placeOf(const FileSet& set, const FoundName& found);

} // namespace postern::config::edits
