// SPDX-License-Identifier: GPL-3.0-or-later
//
// The Received field that we put on top of an accepted message, every piece filtered to printable ASCII and bounded.
// Spec: RFC 5321 §4.4, RFC 6531 §4.3; layout as OpenSMTPD prints it (behaviour known to users), with our name.
#pragma once

#include "base/clock.h"
#include "smtp/server_session.h"

namespace postern::smtp {

struct ReceivedOptions {
    bool maskSource = false;   // leave the "from" part out
    bool showAuth = false;     // auth=yes user=... (only printed inside TLS)
};

// RFC 5322 §3.3, in local time, with the zone's name as a comment.
QByteArray dateText(WallTime now);

// Ends in CR LF. messageId: 8 hex digits. `for` only with exactly one recipient.
QByteArray receivedHeader(const ServerSession& session, const QByteArray& messageId, WallTime now,
                          const ReceivedOptions& options);

} // namespace postern::smtp
