// SPDX-License-Identifier: GPL-3.0-or-later
//
// The machine part of a notice: what became of each recipient, for programs. ASCII throughout; addresses beyond it are
// written in the form that stays ASCII.
// Thread: pure functions. Spec: RFC 3464 §2, RFC 3461 §6.3, RFC 6533 §3.
#pragma once

#include "queue/bounce.h"

namespace postern::queue {

// Fields of the message, then a block per recipient, as message/delivery-status wants them.
QByteArray noticeReport(NoticeKind kind, const Failure& about, const std::vector<const Envelope*>& recipients,
                        const QByteArray& hostname);

QByteArray dateText(qint64 unixSeconds); // RFC 5322, UTC
bool isAscii(QByteArrayView text);

} // namespace postern::queue
