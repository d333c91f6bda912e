// SPDX-License-Identifier: GPL-3.0-or-later
//
// A damaged queue database: a new one is built from all that can still be read, the old one is set aside, unchanged.
//
// Order, so that a crash in between loses nothing: build queue.db.new completely; rename queue.db (and its log) to
// queue.db.damaged-TIME; rename queue.db.new to queue.db. finishRescue() takes the last step if it is found missing.
// What becomes of mail: whole messages go on as they were; content without recipients, recipients without content and
// content that fails its check become Held with the reason. Nothing that could be read is dropped.
// What is encrypted goes on as it is, whatever the key; only contents without a row are opened, for their size.
// A first page that is destroyed costs nothing: database_mend.h.
// Thread: the spool's. Failure: an Error leaves the damaged database in its place.
#pragma once

#include "base/clock.h"
#include "base/file_store.h"
#include "queue/seal.h"

namespace postern::queue {

struct SpoolPaths;

Result<void> finishRescue(FileStore& files, const SpoolPaths& paths);
Result<QByteArray> rescueQueueDatabase(FileStore& files, const SpoolPaths& paths, const char* vfs,
                                       const Clock& clock, const SealPtr& seal); // one sentence about what was found

} // namespace postern::queue
