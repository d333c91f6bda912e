// SPDX-License-Identifier: GPL-3.0-or-later
//
// A queue database whose first page is destroyed, made readable once more: a copy of it with the first page of an empty one.
//
// The first page holds nothing but what SQLite must know of the file, and the tables and where each begins; ours are made in
// the same order at the same places in every queue, so an empty database has the same. Only for reading what is left: the
// copy knows of no free pages and must not be written. If the tables lie elsewhere after all (somebody rearranged the file),
// what is read is nonsense, which the content's check value tells.
// Thread: the spool's. Failure: an Error, and no copy.
#pragma once

#include "base/file_store.h"

namespace postern::queue {

// Makes `copy` (and its log, if there is one) of `database`. Needs as much room as that takes.
Result<void> mendFirstPage(FileStore& files, const QByteArray& database, const QByteArray& copy, const char* vfs);

// Files of it, and of an attempt that did not get to its end.
void removeMended(FileStore& files, const QByteArray& copy);

} // namespace postern::queue
