// SPDX-License-Identifier: GPL-3.0-or-later
//
// The queue database's tables and settings: opening a connection the one right way, and refusing what is not ours.
//
// Settings: exclusive lock taken before WAL (no shared-memory file, no second writer), synchronous=FULL, 16 KiB pages,
// checkpoints only when we say so. After opening, the log is merged, synced and emptied: a log whose last sync failed
// in an earlier life must not be built upon. Failure: Unsupported = written by a newer program (nothing was changed);
// Corrupt = rescue it; Busy = in use elsewhere.
#pragma once

#include "queue/database.h"

namespace postern::queue {

inline constexpr qint64 kSchemaVersion = 4;

enum class Check { Structure, None };

Result<void> openQueueDatabase(Database& database, const QByteArray& path, const char* vfs, Check check);

} // namespace postern::queue
