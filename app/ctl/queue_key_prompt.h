// SPDX-License-Identifier: GPL-3.0-or-later
//
// A secret from whoever starts the program: the key of an encrypted queue, or what `keychain set` is to keep. It is the first
// line of standard input, or typed at the terminal without being shown. Thread: any one; blocks. Failure: says what to do
// instead.
#pragma once

#include "engine/queue_seal.h"

namespace postern::ctl {

Result<Secret> askQueueKey(policy::QueueKey from);

// Typed if standard input is a terminal, else its first line; empty if that is.
Result<Secret> askSecret(const QByteArray& prompt);

} // namespace postern::ctl
