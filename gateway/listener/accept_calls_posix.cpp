// SPDX-License-Identifier: GPL-3.0-or-later
#include "listener/accept_calls.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace postern::listener {
namespace {

ClientKey keyOf(const sockaddr_storage& peer) {
    if (peer.ss_family != AF_INET && peer.ss_family != AF_INET6)
        return {"local", true};
    if (peer.ss_family == AF_INET6) {
        const in6_addr& address = reinterpret_cast<const sockaddr_in6*>(&peer)->sin6_addr;
        return {QByteArray(reinterpret_cast<const char*>(address.s6_addr), 8), IN6_IS_ADDR_LOOPBACK(&address) != 0};
    }
    const in_addr& address = reinterpret_cast<const sockaddr_in*>(&peer)->sin_addr;
    const QByteArray bytes(reinterpret_cast<const char*>(&address.s_addr), 4);
    return {bytes, bytes[0] == 127};
}

} // namespace

ClientKey clientKeyOf(const QByteArray& address) {
    sockaddr_storage peer{};
    auto& four = reinterpret_cast<sockaddr_in&>(peer);
    auto& six = reinterpret_cast<sockaddr_in6&>(peer);
    if (::inet_pton(AF_INET, address.constData(), &four.sin_addr) == 1) {
        four.sin_family = AF_INET;
        return keyOf(peer);
    }
    if (::inet_pton(AF_INET6, address.constData(), &six.sin6_addr) == 1) {
        six.sin6_family = AF_INET6;
        return keyOf(peer);
    }
    return kNobody;
}

Taken takeConnection(qintptr listening) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    const int fd = ::accept4(int(listening), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0)
        return {Taken::What::Connection, fd, keyOf(peer), 0};
    const int number = errno;
    Taken taken;
    taken.error = number;
    switch (number) {
    case EAGAIN:
        taken.what = Taken::What::Nobody;
        break;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        taken.what = Taken::What::NoRoom;
        break;
    case EBADF:
    case EINVAL:
    case ENOTSOCK:
    case EFAULT:
        taken.what = Taken::What::Broken;
        break;
    default: // ECONNABORTED, EINTR, EPROTO, EPERM (firewall) and the network's own, accept(2)
        taken.what = Taken::What::Gone;
        break;
    }
    return taken;
}

bool mayHandIn(int localSocket) {
    const uid_t own = ::geteuid();
    uid_t peer = uid_t(-1);
#ifdef SO_PEERCRED
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(localSocket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
        return false;
    peer = credentials.uid;
#else
    gid_t group = gid_t(-1);
    if (::getpeereid(localSocket, &peer, &group) != 0)
        return false;
#endif
    return own == 0 || peer == own || peer == 0;
}

void turnAway(int descriptor, QByteArrayView line) {
    if (!line.isEmpty()) {
        (void)::send(descriptor, line.data(), size_t(line.size()), MSG_NOSIGNAL | MSG_DONTWAIT);
        // What an early talker said would turn the close into a reset, which may overtake the line.
        char ignored[1024];
        (void)::recv(descriptor, ignored, sizeof ignored, MSG_DONTWAIT);
        ::shutdown(descriptor, SHUT_WR);
    }
    ::close(descriptor);
}

int descriptorCeiling() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return 1 << 20;
    const int most = int(std::min<rlim_t>(limit.rlim_cur, 1 << 20));
    return most - std::clamp(most / 8, 16, 256);
}

bool SpareDescriptor::refill() {
    if (m_descriptor < 0)
        m_descriptor = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    return m_descriptor >= 0;
}

void SpareDescriptor::spend() {
    if (m_descriptor >= 0)
        ::close(m_descriptor);
    m_descriptor = -1;
}

} // namespace postern::listener
