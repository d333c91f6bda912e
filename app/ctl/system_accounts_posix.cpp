// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/system_accounts.h"

#include <pwd.h>

#include <array>
#include <cerrno>

namespace postern::ctl {

Result<std::optional<delivery::LocalUser>> systemAccount(const QByteArray& name) {
    std::array<char, 16384> room{};
    passwd entry{};
    passwd* found = nullptr;
    const int error = getpwnam_r(name.constData(), &entry, room.data(), room.size(), &found);
    if (found)
        return std::optional(delivery::LocalUser{found->pw_name, found->pw_uid, found->pw_gid, found->pw_dir});
    // These four also mean "no such name" (POSIX, getpwnam).
    if (error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM)
        return std::optional<delivery::LocalUser>();
    return Error{ErrorCode::Unavailable, "the accounts of this computer can't be read", Permanence::Temporary};
}

} // namespace postern::ctl
