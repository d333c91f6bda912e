// SPDX-License-Identifier: GPL-3.0-or-later
//
// A document in short, so that tests are rows of text: one line a statement,
//   Kind words | values | table | Clause(values; table) !Clause(...) ~ = regex, + = word behind, ERROR
#pragma once

#include "config/document.h"

namespace postern::test {

QByteArray describe(const config::TableArgument& table);
QByteArray describe(const config::Clause& clause);
QByteArray describe(const config::StatementView& statement);
QByteArray describe(const config::DocumentPtr& document);     // statements, joined by newlines
QByteArray printed(const config::Diagnostics& diagnostics);   // joined by newlines
QByteArray treeOf(const config::DocumentPtr& document);       // golden form: kinds, indented, tokens with their bytes

} // namespace postern::test
