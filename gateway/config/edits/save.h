// SPDX-License-Identifier: GPL-3.0-or-later
//
// Writes edited files to the disk: each whole, so that whatever fails leaves the old file or the new one, never a part.
//
// Links are followed, rights kept (base/file_store.h, replaceFile). A file that somebody else changed since it was read is
// not overwritten. Thread: as the FileStore's.
#pragma once

#include "config/edits/edit.h"

namespace postern::config::edits {

// `before`: the document as it was read. Failure: Busy when the file on the disk is another by now; what the disk said.
Result<void> saveDocument(FileStore& files, const Document& before, const Document& after);

// The files that were edited, in order; stops at the first that cannot be written and says which are written already.
Result<void> saveSet(FileStore& files, const FileSet& before, const FileSet& after);

} // namespace postern::config::edits
