// SPDX-License-Identifier: GPL-3.0-or-later
//
// passwd tables and getpwnam: users as the system keeps them, in a file of their own or its own accounts.
//
// passwd: lines "name:hash:uid:gid:gecos:home:shell", more fields behind them ignored; # begins a comment wherever it stands.
// One line that does not read spoils the whole file. It serves credentials (where there is a hash) and userinfo. The file is
// read again when it is another one.
// getpwnam: userinfo of the accounts of this computer, whatever keeps them (files, LDAP), asked for each time.
// Failure, thread: as backend.h says. Windows has no such accounts: getpwnam answers Unsupported there.
#pragma once

#include "tables/backend_config.h"

namespace postern::tables {

MadeBackend makePasswdBackend(const BackendSource& source); // path: the file itself
MadeBackend makeGetpwnamBackend(const BackendSource& source);

} // namespace postern::tables
