// SPDX-License-Identifier: GPL-3.0-or-later
//
// The notice to a sender that mail could not be delivered: a multipart/report with the reason in words, the machine
// part and the original's headers. Never for a null sender or a bounce (then nothing is made), never if NOTIFY=NEVER.
// Thread: pure function. Spec: RFC 3464, RFC 6522, RFC 3834 (Auto-Submitted), RFC 3461 §6.
#pragma once

#include "base/clock.h"
#include "queue/scheduler.h"

#include <optional>

namespace postern::queue {

struct BounceText {
    QByteArray content; // whole message, CR LF
    QByteArray subject;
};

// originalHeaders: header block of the failed message (may be cut). hostname: our name.
std::optional<BounceText> makeBounce(const Failure& failure, QByteArrayView originalHeaders, const QByteArray& hostname,
                                     WallTime now);

} // namespace postern::queue
