// SPDX-License-Identifier: GPL-3.0-or-later
#include "mda/deliver.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace postern::mda {

Report failed(const std::string& what, int error) {
    const char* code = error == EDQUOT ? "4.2.2 " : error == ENOSPC ? "4.3.1 " : "4.2.0 ";
    return {Ending::Later, 0, code + what + ": " + std::strerror(error)};
}

MailFolder prepareMailFolder(const Order& order) {
    MailFolder out;
    if (order.task != Task::Mailbox || ::geteuid() != 0)
        return out;
    const std::size_t slash = order.path.rfind('/');
    const std::string folder = order.path.substr(0, slash == 0 ? 1 : slash);
    const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat facts = {};
    if (directory < 0 || ::fstat(directory, &facts) != 0) {
        out.trouble = failed(folder, errno).text;
    } else if (facts.st_uid == 0 && (facts.st_mode & S_IWOTH) == 0 && (facts.st_mode & S_IWGRP) != 0) {
        out.group = facts.st_gid;
    } else if (facts.st_uid == 0 && (facts.st_mode & (S_IWGRP | S_IWOTH)) == 0) {
        // Nobody but root can put anything here, so the name can't lead astray.
        const int file = ::openat(directory, order.path.c_str() + slash + 1,
                                  O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (file >= 0 && ::fchown(file, uid_t(order.uid), gid_t(order.gid)) != 0)
            out.trouble = failed(order.path, errno).text;
        else if (file < 0 && errno != EEXIST)
            out.trouble = failed(order.path, errno).text;
        if (file >= 0)
            ::close(file);
    }
    if (directory >= 0)
        ::close(directory);
    return out;
}

std::string become(const Order& order, std::optional<std::int64_t> alsoGroup) {
    if (order.uid < 0 || order.gid < 0)
        return "4.3.5 there is no account " + order.user + " on this computer";
    const auto uid = uid_t(order.uid);
    const auto gid = gid_t(order.gid);
    if (::geteuid() == 0) {
        if (uid == 0 && order.task != Task::Mailbox)
            return "4.3.5 nothing but root's mailbox is delivered as root";
        // A virtual user may have the name of an account that is somebody else.
        const passwd* account = ::getpwnam(order.user.c_str());
        const bool isAccount = account && account->pw_uid == uid;
        if ((isAccount ? ::initgroups(order.user.c_str(), gid) : ::setgroups(1, &gid)) != 0)
            return failed("taking on the groups of " + order.user, errno).text;
        if (alsoGroup) {
            const int count = ::getgroups(0, nullptr);
            std::vector<gid_t> groups(std::size_t(count > 0 ? count : 0));
            if (count < 0 || ::getgroups(count, groups.data()) != count)
                return failed("reading the groups of " + order.user, errno).text;
            groups.push_back(gid_t(*alsoGroup));
            if (::setgroups(groups.size(), groups.data()) != 0)
                return failed("taking on the group of the mail folder", errno).text;
        }
        if (::setgid(gid) != 0 || ::setuid(uid) != 0)
            return failed("becoming " + order.user, errno).text;
        if (uid != 0 && ::setuid(0) == 0)
            return "4.3.5 the rights of root could not be given up";
    } else if (::geteuid() != uid) {
        return "4.3.5 the gateway does not run as root and can't deliver as " + order.user;
    }
    ::umask(077);
    if (order.home.empty() || ::chdir(order.home.c_str()) != 0)
        if (::chdir("/") != 0)
            return failed("/", errno).text;
    return {};
}

} // namespace postern::mda
