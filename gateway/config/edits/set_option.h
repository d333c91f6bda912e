// SPDX-License-Identifier: GPL-3.0-or-later
//
// Sets or removes an option of a listener, certificate, authority, rule, action, match, filter or process; negates a condition.
//
// An option that is there already gives up only the bytes that differ; a new one goes where the dialect's grammar wants
// it and onto a line of its own where its neighbours have one. Removing takes along the blanks before it, so what set
// brought, remove takes back to the byte. Thread: functions.
#pragma once

#include "config/edits/option.h"

namespace postern::config::edits {

// Contract for all: statement < document->statementCount().
Result<Edited> setOption(const DocumentPtr& document, size_t statement, const Option& wanted);
Result<Edited> removeOption(const DocumentPtr& document, size_t statement, ClauseKind kind);
Result<Edited> setNegation(const DocumentPtr& document, size_t statement, ClauseKind kind, bool negated);

} // namespace postern::config::edits
