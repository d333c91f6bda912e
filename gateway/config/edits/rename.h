// SPDX-License-Identifier: GPL-3.0-or-later
//
// Gives a table, action, certificate, macro, filter, process, wrapper or listener's tag another name wherever it stands, in
// all files of the configuration.
//
// Each place keeps its own way of writing: <name> or bare, quotes or none. Refused: a name that exists already, one that
// the dialect cannot write, a place that gets the name out of a macro (the sentence says which), a certificate that is
// found by its name alone. Thread: functions.
#pragma once

#include "config/edits/names.h"

namespace postern::config::edits {

Result<EditedSet> rename(FileStore& files, const FileSet& set, NameKind kind, const QByteArray& from, const QByteArray& to);

} // namespace postern::config::edits
