// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a failed delivery means, in a plain sentence, and what its status code is: read from the words that ended it.
//
// Not for the window, which explains more and translates. Thread: pure functions. Spec: RFC 3463 (codes).
#pragma once

#include "smtp/reply.h"

#include <optional>

namespace postern::queue {

// The status to report for a permanent failure. Words like "550 5.1.1 no such user" give 5.1.1; without an enhanced
// code of class 5 the reply code decides, else 5.0.0. Expired mail is 5.4.7.
smtp::EnhancedCode failureStatus(QByteArrayView words, bool expired);

// The status to report while mail waits: the peer's code of class 4, else 4.0.0.
smtp::EnhancedCode delayStatus(QByteArrayView words);

// What another server said, taken out of an envelope's last error: "550 5.1.1 no such user" as it stands, or behind
// "HOST [ADDRESS]:PORT said: " as the relay writes it. Views into `words`.
struct PeerAnswer {
    QByteArrayView host;  // "" = not named
    QByteArrayView reply; // begins with its code
};
std::optional<PeerAnswer> peerAnswer(QByteArrayView words); // nothing: our own words

// One or two sentences, ASCII, ending in a full stop.
QByteArray failureSentence(const smtp::EnhancedCode& status, qint64 ttlSeconds);

} // namespace postern::queue
