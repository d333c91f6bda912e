// SPDX-License-Identifier: GPL-3.0-or-later
//
// `queue compression` and `queue encryption` as the spool wants them, the key fetched from where the configuration says.
//
// Taken once, when the queue is opened: a change by a reload is for the next start. A key is never made here: over mail that
// is encrypted with another one that would look like damage.
// Thread: the one that opens the queue; `ask` may block it until somebody has typed, the keychain for its deadline.
// Failure: an Error that says where the key was looked for and what to do. Unavailable and Temporary: the keychain may give
//   it later (threat X03).
#pragma once

#include "keychain/keychain.h"
#include "policy/ruleset.h"
#include "queue/seal.h"

#include <functional>

namespace postern::engine {

// The key from standard input or from the terminal; an Error says what is missing.
using AskQueueKey = std::function<Result<Secret>(policy::QueueKey from)>;

struct QueueKeySources {
    AskQueueKey ask;             // none = nobody can be asked
    keychain::KeychainPtr keychain;
    QByteArray keychainName;     // Profile::queueKeyName()
};

Result<queue::SealPtr> queueSeal(const policy::Settings& settings, const QueueKeySources& sources);

// Why the keychain does not give that key now; "" = it does, or the configuration wants none from there.
QByteArray keychainTrouble(const policy::Settings& settings, const QueueKeySources& sources);

// Of a start that failed: is it the keychain that keeps the gateway from starting, and may that pass by itself?
bool waitsForKeychain(const Error& error);

// Would the two open and write a queue alike?
bool sameQueueSeal(const policy::Settings& a, const policy::Settings& b);

} // namespace postern::engine
