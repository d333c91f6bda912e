// SPDX-License-Identifier: GPL-3.0-or-later
//
// The keyword lines behind the first line of an EHLO reply: what this session offers right now, HELP last.
// Thread: a function. Spec: RFC 5321 §4.1.1.1; AUTH is named inside TLS only (RFC 4954 §4, RFC 8314);
// LIMITS tells what a longer mail or session would be refused for (RFC 9422).
#pragma once

#include "smtp/server_session.h"

namespace postern::smtp {

QByteArrayList ehloKeywords(const ServerFeatures& features, const ServerLimits& limits, bool inTls,
                            bool authenticated);

} // namespace postern::smtp
