// SPDX-License-Identifier: GPL-3.0-or-later
//
// Tables in SQLite, MySQL or MariaDB, and PostgreSQL, asked through Qt Sql with the administrator's own queries.
//
// Only reads: SQLite is opened read-only, and keys are bound to the one parameter of a query, never pasted into it. Opening
// prepares every query and looks at its columns, so that a table with a query that does not fit does not open. A database file
// that was replaced by another is opened anew.
// Failure: see backend.h. A locked database is Busy, a server that is away Unavailable, a query that the database refuses
//   Invalid, with the line of the configuration file. Client libraries wait 5 s for a connection and 8 s for an answer.
// Thread: makeXBackend() any; what they make as backend.h says. Needs a QCoreApplication, for Qt's drivers.
// Threats B02, B05, B08.
#pragma once

#include "tables/backend_config.h"

namespace postern::tables {

MadeBackend makeSqliteBackend(const BackendSource& source);
MadeBackend makeMysqlBackend(const BackendSource& source);
MadeBackend makePostgresBackend(const BackendSource& source);

} // namespace postern::tables
