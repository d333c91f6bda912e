// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the target calls something: the grammar's tables, asked backwards. Thread: pure.
#pragma once

#include "config/grammar.h"

#include <optional>

namespace postern::convert {

// The word that opens a clause of this kind there; nothing: the target has none.
std::optional<QByteArray> wordFor(config::Context context, config::ClauseKind kind, config::Target target);

// The words that open a setting, `written` if they fit as they are; nothing: the target has none.
std::optional<QByteArray> wordsFor(config::Setting setting, const QByteArray& written, bool hasValue,
                                   config::Target target);

} // namespace postern::convert
