// SPDX-License-Identifier: GPL-3.0-or-later
//
// A network of its own for a story, where port 25 is nobody else's: relaying by MX knows no other port.
//
// The process, and what it starts, see one loopback interface with 192.0.2.0/24 (TEST-NET-1) on it and nothing beyond: each of
// those addresses is this computer, connecting where nobody listens is refused at once, and no packet can leave.
// Linux only. Needs root, or a kernel that lets users make namespaces; says why if it has neither.
#pragma once

#include <QByteArray>

namespace postern::test {

// First thing in main(), before any thread. "" = done, else why not.
QByteArray enterPrivateNetwork();

// Pulls that network's cable, or plugs it in again: nothing gets through, connections that stand do not hear of it, new ones
// find no network. Only after enterPrivateNetwork(). "" = done, else why not.
QByteArray setCable(bool pluggedIn);

} // namespace postern::test
