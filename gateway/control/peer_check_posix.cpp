// SPDX-License-Identifier: GPL-3.0-or-later
#include "control/peer_check.h"

#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

namespace postern::control {

bool isSameUser(qintptr localSocket) {
#ifdef SO_PEERCRED
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(int(localSocket), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
        return false;
    const uid_t peer = credentials.uid;
#else
    uid_t peer = uid_t(-1);
    gid_t group = gid_t(-1);
    if (::getpeereid(int(localSocket), &peer, &group) != 0)
        return false;
#endif
    return peer == ::geteuid() || peer == 0;
}

} // namespace postern::control
