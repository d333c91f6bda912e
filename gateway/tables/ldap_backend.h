// SPDX-License-Identifier: GPL-3.0-or-later
//
// Tables in a directory, asked through libldap: one connection, simple bind, searches below one base, whole subtree.
//
// Certificates are always checked, against ca_file or the system's. Referrals are not followed: they could lead anywhere, with
// our password. A value takes the first of an attribute's values; alias and mailaddrmap take all of every entry. An entry that
// lacks an attribute does not count.
// Failure: see backend.h. A directory that is away, slow or busy is Unavailable or Timeout; a bind that is refused, Denied.
//   Connecting, binding and searching take 5 s each at most.
// Thread: makeLdapBackend() any; what it makes as backend.h says. Threats A12, B03, B05.
#pragma once

#include "tables/backend_config.h"

namespace postern::tables {

MadeBackend makeLdapBackend(const BackendSource& source);

} // namespace postern::tables
