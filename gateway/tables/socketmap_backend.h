// SPDX-License-Identifier: GPL-3.0-or-later
//
// Tables behind a socketmap server on this computer: "TABLE KEY" goes out, "OK value", "NOTFOUND ..." or a trouble comes back.
//
// One line each, without the netstrings of other socketmap dialects, as OpenSMTPD's table-socketmap speaks it. Values only: no
// checks, nothing to take in turn. Failure: TEMP and TIMEOUT of the server, and what is no reply, are Unavailable, PERM is Corrupt.
// Spec: tables page, 12. Thread: as backend.h says.
#pragma once

#include "tables/backend_config.h"

namespace postern::tables {

MadeBackend makeSocketmapBackend(const BackendSource& source); // path: the server's socket

// What a reply says; a missing blank behind the word makes it none.
Result<std::optional<QByteArray>> parseSocketmapReply(const QByteArray& line);

} // namespace postern::tables
