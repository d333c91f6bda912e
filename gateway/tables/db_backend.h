// SPDX-License-Identifier: GPL-3.0-or-later
//
// Tables in the files of makemap. Values are read for each question; what match clauses ask is compared with all keys at once, in
// memory, by the rules of static tables (patterns, prefixes, sub-addresses). A file that makemap made anew is opened anew.
// Failure, thread: as backend.h says; a file that is no database, or damaged, is Corrupt until it is another one.
#pragma once

#include "tables/backend_config.h"

namespace postern::tables {

MadeBackend makeDbBackend(const BackendSource& source); // path: the database itself

} // namespace postern::tables
