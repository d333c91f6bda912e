// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the library does not tell: is there a Secret Service, is it locked, does it hold an entry of that name? Without it a
// locked keychain looks like one that has no such entry, and asking it puts a prompt on the screen.
//
// Thread: main of postern-keychain; blocks until the bus has answered (the gateway ends us when that takes too long).
// Failure: NoService with the bus's words. Spec: Secret Service API 0.2; the attributes are the library's (org.qt.keychain).
#pragma once

#include "keychain/keychain.h"

#include <optional>

namespace postern::keychain {

// Nothing: go on, ask the library. Else: the answer, and the library need not be asked.
std::optional<Answer> lookAhead(const Question& question);

} // namespace postern::keychain
