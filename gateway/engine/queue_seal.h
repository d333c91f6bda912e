// SPDX-License-Identifier: GPL-3.0-or-later
//
// `queue compression` and `queue encryption` as the spool wants them, the key fetched from where the configuration says.
//
// Taken once, when the queue is opened: a change by a reload is for the next start. Keys in the system's keychain are not
// supported yet. Thread: the one that opens the queue; `ask` may block it until somebody has typed.
#pragma once

#include "policy/ruleset.h"
#include "queue/seal.h"

#include <functional>

namespace postern::engine {

// The key from standard input or from the terminal; an Error says what is missing.
using AskQueueKey = std::function<Result<Secret>(policy::QueueKey from)>;

Result<queue::SealPtr> queueSeal(const policy::Settings& settings, const AskQueueKey& ask);

// Would the two open and write a queue alike?
bool sameQueueSeal(const policy::Settings& a, const policy::Settings& b);

} // namespace postern::engine
