// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/log.h"
#include "local/local_worker.h"

#include <pwd.h>
#include <unistd.h>

#include <array>

namespace postern::local {
namespace {

QByteArray nameOf(uid_t uid) {
    std::array<char, 16384> room{};
    passwd entry{};
    passwd* found = nullptr;
    if (getpwuid_r(uid, &entry, room.data(), room.size(), &found) == 0 && found)
        return found->pw_name;
    return "uid " + QByteArray::number(uid);
}

} // namespace

QByteArray whyNotAs(const delivery::LocalUser& user) {
    const uid_t self = geteuid();
    if (self == 0 || (user.uid >= 0 && uid_t(user.uid) == self))
        return {};
    return "the gateway runs as " + nameOf(self) + " and can't deliver as " + harmless(user.name, 64) +
           "; only one that is started as root can";
}

} // namespace postern::local
