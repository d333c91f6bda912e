// SPDX-License-Identifier: GPL-3.0-or-later
#include "delivery/system_surroundings.h"

#include "base/log.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef Q_OS_LINUX
#include <sys/fsuid.h>
#endif

namespace postern::delivery {
namespace {

constexpr qint64 kMostIncluded = 1 << 20;
constexpr qint64 kMostForward = 4096; // less than that

class Descriptor {
  public:
    explicit Descriptor(int fd) : m_fd(fd) {}
    ~Descriptor() {
        if (m_fd >= 0)
            ::close(m_fd);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return m_fd; }

  private:
    const int m_fd;
};

// While it lives, this thread meets files as the user: only Linux has that for one thread alone. Elsewhere the checks of what
// was opened have to do.
class SeesFilesAs {
  public:
    explicit SeesFilesAs(const LocalUser& user) : m_switches(::geteuid() == 0 && user.uid > 0) {
#ifdef Q_OS_LINUX
        if (m_switches) {
            ::setfsgid(gid_t(user.gid));
            ::setfsuid(uid_t(user.uid));
        }
#endif
    }
    ~SeesFilesAs() {
#ifdef Q_OS_LINUX
        if (m_switches) {
            ::setfsuid(::geteuid());
            ::setfsgid(::getegid());
        }
#endif
    }
    SeesFilesAs(const SeesFilesAs&) = delete;
    SeesFilesAs& operator=(const SeesFilesAs&) = delete;

  private:
    const bool m_switches;
};

#ifdef O_PATH
constexpr int kOpenFolder = O_PATH | O_DIRECTORY | O_CLOEXEC; // a home need not be readable, only passable
#else
constexpr int kOpenFolder = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
#endif
constexpr int kOpenFile = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK; // a pipe must not hold us up

Error cannotRead(const QByteArray& path, const QByteArray& why) {
    return Error{ErrorCode::Unavailable, "cannot read " + path + ": " + why, Permanence::Temporary};
}

Result<QByteArray> contentOf(int fd, const QByteArray& path, qint64 most) {
    QByteArray bytes(most + 1, Qt::Uninitialized);
    qint64 size = 0;
    while (size <= most) {
        const ssize_t n = ::read(fd, bytes.data() + size, size_t(most + 1 - size));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return cannotRead(path, std::strerror(errno));
        if (n == 0)
            break;
        size += n;
    }
    if (size > most)
        return cannotRead(path, "it holds more than " + QByteArray::number(most) + " octets");
    bytes.truncate(size);
    return bytes;
}

// Why a file or folder is not to be trusted; "" = it is.
QByteArray distrust(const struct stat& about, const LocalUser& user) {
    if (about.st_uid != uid_t(user.uid) && about.st_uid != 0)
        return "belongs to somebody else";
    if ((about.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return "may be written by others";
    return {};
}

std::optional<QByteArray> passOver(const QByteArray& path, const QByteArray& why) {
    log(LogLevel::Warning, LogArea::Queue, harmless(path, 400) + " is passed over: " + why);
    return std::nullopt;
}

} // namespace

Result<std::optional<LocalUser>> systemAccount(const QByteArray& name) {
    std::array<char, 16384> room{};
    passwd entry{};
    passwd* found = nullptr;
    const int error = getpwnam_r(name.constData(), &entry, room.data(), room.size(), &found);
    if (found)
        return std::optional(LocalUser{found->pw_name, found->pw_uid, found->pw_gid, found->pw_dir});
    // These four also mean "no such name" (POSIX, getpwnam).
    if (error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM)
        return std::optional<LocalUser>();
    return Error{ErrorCode::Unavailable, "the accounts of this computer can't be read", Permanence::Temporary};
}

LocalUser ownAccount() {
    std::array<char, 16384> room{};
    passwd entry{};
    passwd* found = nullptr;
    if (getpwuid_r(::geteuid(), &entry, room.data(), room.size(), &found) == 0 && found)
        return {found->pw_name, found->pw_uid, found->pw_gid, found->pw_dir};
    return {"uid " + QByteArray::number(::geteuid()), qint64(::geteuid()), qint64(::getegid()), "/"};
}

Result<QByteArray> readIncludeFile(const QByteArray& path) {
    const Descriptor file(::open(path.constData(), kOpenFile | O_NOFOLLOW)); // whoever may write the list may not choose another
    struct stat about{};
    if (file.get() < 0 || ::fstat(file.get(), &about) != 0)
        return cannotRead(path, std::strerror(errno));
    if (!S_ISREG(about.st_mode))
        return cannotRead(path, "it is no regular file");
    return contentOf(file.get(), path, kMostIncluded);
}

Result<std::optional<QByteArray>> readForwardFile(const LocalUser& user) {
    if (!user.home.startsWith('/'))
        return std::optional<QByteArray>();
    const QByteArray path = user.home + "/.forward";
    const SeesFilesAs himself(user);
    const Descriptor home(::open(user.home.constData(), kOpenFolder));
    struct stat aboutHome{};
    if (home.get() < 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return std::optional<QByteArray>();
        return cannotRead(path, std::strerror(errno));
    }
    if (::fstat(home.get(), &aboutHome) != 0)
        return cannotRead(path, std::strerror(errno));
    if ((aboutHome.st_mode & S_ISVTX) != 0)
        return cannotRead(path, "the sticky bit of " + user.home + " is set, which tells mail to wait");
    const Descriptor file(::openat(home.get(), ".forward", kOpenFile | O_NOFOLLOW));
    if (file.get() < 0) {
        if (errno == ENOENT)
            return std::optional<QByteArray>();
        if (errno == ELOOP || errno == ENXIO) // ENXIO: a socket
            return passOver(path, "it is no regular file");
        return cannotRead(path, std::strerror(errno));
    }
    struct stat about{};
    if (::fstat(file.get(), &about) != 0)
        return cannotRead(path, std::strerror(errno));
    if (!S_ISREG(about.st_mode))
        return passOver(path, "it is no regular file");
    if (const QByteArray why = distrust(aboutHome, user); !why.isEmpty())
        return passOver(path, user.home + ' ' + why);
    if (const QByteArray why = distrust(about, user); !why.isEmpty())
        return passOver(path, "it " + why);
    auto text = contentOf(file.get(), path, kMostForward - 1);
    if (!text)
        return text.error();
    return std::optional(std::move(*text));
}

Surroundings systemSurroundings() {
    return {systemAccount, readIncludeFile, readForwardFile};
}

} // namespace postern::delivery
