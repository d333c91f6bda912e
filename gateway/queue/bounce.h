// SPDX-License-Identifier: GPL-3.0-or-later
//
// The notices to a sender about what became of mail: it failed, it is late, it is in a mailbox of this computer, it was handed
// on to a server that sends none, or a recipient stands for several.
//
// A multipart/report with the reason in words, the machine part, and the original: its header, or all of it where RET=FULL
// asked for that and it is not too large. Never for a null sender, a bounce or a report, and only what NOTIFY asks for.
// Everything but the sender's own address is ASCII or can be made so by any relay on the way.
// Thread: pure function. Spec: RFC 3464, RFC 6522, RFC 6533, RFC 3834 (Auto-Submitted), RFC 3461 §6.
#pragma once

#include "base/clock.h"
#include "queue/scheduler.h"

#include <optional>

namespace postern::queue {

enum class NoticeKind : quint8 { Failed, Delayed, Relayed, Delivered, Expanded };
inline bool tellsOfSuccess(NoticeKind kind) {
    return kind != NoticeKind::Failed && kind != NoticeKind::Delayed;
}

// The message a notice is about, or its beginning: at least its header as far as that is wanted.
struct Original {
    QByteArray content;
    bool isWhole = false;
};
inline constexpr qint64 kReturnedAtMost = 200 * 1024; // octets of a message that comes back whole

struct BounceText {
    QByteArray content; // whole message, CR LF
    QByteArray subject;
    bool hasEightBit = false;
    bool needsUtf8 = false; // the sender's address is international
};

// about.envelopes: lastError = why. hostname: our name. Nothing: no notice is to be sent.
std::optional<BounceText> makeNotice(NoticeKind kind, const Failure& about, const Original& original,
                                     const QByteArray& hostname, WallTime now);

} // namespace postern::queue
