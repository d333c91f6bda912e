// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/log.h"
#include "local/local_worker.h"

#include <pwd.h>
#include <unistd.h>

#include <array>

namespace postern::local {
namespace {

constexpr qint64 kNobody = 65534;

// An account by whatever way it is looked up; no name = there is none.
template <class Lookup>
delivery::LocalUser accountBy(Lookup lookup) {
    std::array<char, 16384> room{};
    passwd entry{};
    passwd* found = nullptr;
    if (lookup(&entry, room.data(), room.size(), &found) != 0 || !found)
        return {};
    return {found->pw_name, found->pw_uid, found->pw_gid, found->pw_dir};
}

delivery::LocalUser self() {
    const uid_t uid = geteuid();
    auto found = accountBy([uid](auto... rest) { return getpwuid_r(uid, rest...); });
    return found.name.isEmpty() ? delivery::LocalUser{"uid " + QByteArray::number(uid), uid, getegid(), "/"} : found;
}

delivery::LocalUser named(const char* name) {
    return accountBy([name](auto... rest) { return getpwnam_r(name, rest...); });
}

} // namespace

QByteArray whyNotAs(const delivery::LocalUser& user) {
    if (user.uid < 0 || user.gid < 0)
        return "there is no account " + harmless(user.name, 64) + " on this computer";
    const uid_t uid = geteuid();
    if (uid == 0 || uid_t(user.uid) == uid)
        return {};
    return "the gateway runs as " + self().name + " and can't deliver as " + harmless(user.name, 64) +
           "; only one that is started as root can";
}

delivery::LocalUser unprivilegedUser() {
    if (geteuid() != 0)
        return self();
    for (const char* name : {"postern", "nobody"})
        if (auto found = named(name); !found.name.isEmpty())
            return found;
    return {"nobody", kNobody, kNobody, "/"};
}

} // namespace postern::local
