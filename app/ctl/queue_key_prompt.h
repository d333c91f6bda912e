// SPDX-License-Identifier: GPL-3.0-or-later
//
// The key of an encrypted queue from whoever starts the program: the first line of standard input, or typed at the
// terminal without being shown. Thread: any one; blocks. Failure: says what to do instead.
#pragma once

#include "engine/queue_seal.h"

namespace postern::ctl {

Result<Secret> askQueueKey(policy::QueueKey from);

} // namespace postern::ctl
