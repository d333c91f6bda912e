// SPDX-License-Identifier: GPL-3.0-or-later
//
// One file of a configuration in the target's words; what was changed or lost is added to the session's report, in the
// order of the file. Thread: one.
#pragma once

#include "convert/session.h"

namespace postern::convert {

// Included files that get a new form: their path -> what the line that includes them names from now on; "" = as before.
using IncludeNames = QHash<QByteArray, QByteArray>;

QByteArray convertDocument(FileStore& files, Session& session, const config::DocumentPtr& document, const IncludeNames& names);

} // namespace postern::convert
