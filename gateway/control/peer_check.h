// SPDX-License-Identifier: GPL-3.0-or-later
//
// Is the process behind a local socket ours (same user, or root)? Thread: any. Platform: peer_check_posix.cpp.
#pragma once

#include <QtGlobal>

namespace postern::control {

bool isSameUser(qintptr localSocket);

} // namespace postern::control
