// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who needs whom: every reader of the language wants a name defined above its uses. Thread: functions.
#pragma once

#include "config/edits/names.h"

namespace postern::config::edits {

// Refused when something still uses a name that only this statement defines.
Result<void> mayGo(const FileSet& set, FileSet::Place statement, QByteArrayView what);

// Refused when a name that the statement at `movedTo` (after the edit) defines or uses is used above its definition now, and was not before.
Result<void> keepsOrder(const FileSet& before, const FileSet& after, FileSet::Place movedTo);

} // namespace postern::config::edits
