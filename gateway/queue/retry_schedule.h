// SPDX-License-Identifier: GPL-3.0-or-later
//
// When to try again: createdAt + base·n², the curve OpenSMTPD documents, with the smallest n beyond the tries so far
// whose time lies ahead. Thread: pure functions. Spec: behaviour of smtpd(8) 5.4 and later; RFC 5321 §4.5.4.1.
#pragma once

#include "base/clock.h"

#include <QtGlobal>

namespace postern::queue {

inline constexpr Seconds kRelayBase{400};
inline constexpr Seconds kLocalBase{10}; // of mailboxes and commands of this computer

struct NextTry {
    qint64 at = 0; // Unix seconds
    int tries = 0; // the new counter
};
// The 2012 way (`queue interval`): the queue was looked through at fixed times, so every so often.
NextTry nextTryEvery(Seconds interval, qint64 createdAt, int tries, qint64 now);

NextTry nextTry(qint64 createdAt, int tries, qint64 now, Seconds base = kRelayBase);

} // namespace postern::queue
