// SPDX-License-Identifier: GPL-3.0-or-later
//
// No picture of this process's memory on a disk: it holds keys, passwords and mail (threats X04).
// Thread: main, first of all. Failure: none; where the system knows no such thing, nothing happens.
#pragma once

namespace postern {

// Also keeps other programs of the same user from reading the memory (ptrace) where the system can.
void forbidCoreDumps();

} // namespace postern
