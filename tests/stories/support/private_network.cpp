// SPDX-License-Identifier: GPL-3.0-or-later
#include "stories/support/private_network.h"

#include <QFile>

#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace postern::test {
namespace {

bool put(const char* path, const QByteArray& text) {
    QFile file(QString::fromLatin1(path));
    return file.open(QIODevice::WriteOnly | QIODevice::Unbuffered) && file.write(text) == text.size();
}

QByteArray reason(const char* what) {
    return QByteArray("no network of its own for this story: ") + what + ": " + std::strerror(errno) +
           "; run it as root with CAP_SYS_ADMIN, or allow user namespaces";
}

ifreq interface(const char* name) {
    ifreq request{};
    std::strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
    return request;
}

} // namespace

QByteArray enterPrivateNetwork() {
    const uid_t user = ::geteuid();
    const gid_t group = ::getegid();
    if (::unshare(CLONE_NEWNET) != 0) {
        if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
            return reason("unshare");
        put("/proc/self/setgroups", "deny");
        if (!put("/proc/self/uid_map", "0 " + QByteArray::number(user) + " 1") ||
            !put("/proc/self/gid_map", "0 " + QByteArray::number(group) + " 1"))
            return reason("uid_map");
    }
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq up = interface("lo");
    up.ifr_flags = IFF_UP | IFF_RUNNING;
    ifreq address = interface("lo:1");
    auto* const in = reinterpret_cast<sockaddr_in*>(&address.ifr_addr);
    in->sin_family = AF_INET;
    ::inet_pton(AF_INET, "192.0.2.1", &in->sin_addr);
    ifreq mask = interface("lo:1");
    auto* const bits = reinterpret_cast<sockaddr_in*>(&mask.ifr_netmask);
    bits->sin_family = AF_INET;
    ::inet_pton(AF_INET, "255.255.255.0", &bits->sin_addr);
    const bool done = fd >= 0 && ::ioctl(fd, SIOCSIFFLAGS, &up) == 0 && ::ioctl(fd, SIOCSIFADDR, &address) == 0 &&
                      ::ioctl(fd, SIOCSIFNETMASK, &mask) == 0;
    const QByteArray outcome = done ? QByteArray() : reason("the loopback interface");
    ::close(fd);
    return outcome;
}

QByteArray setCable(bool pluggedIn) {
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq request = interface("lo");
    request.ifr_flags = pluggedIn ? IFF_UP | IFF_RUNNING : 0;
    const QByteArray outcome = fd >= 0 && ::ioctl(fd, SIOCSIFFLAGS, &request) == 0 ? QByteArray() : reason("the cable");
    ::close(fd);
    return outcome;
}

} // namespace postern::test
