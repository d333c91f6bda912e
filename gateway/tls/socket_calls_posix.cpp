// SPDX-License-Identifier: GPL-3.0-or-later
#include "tls/socket_calls.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace postern::tls::net {
namespace {

#ifndef MSG_NOSIGNAL // macOS: SO_NOSIGPIPE is set in prepare() instead
constexpr int MSG_NOSIGNAL = 0;
#endif

IoResult failed(int error) {
    if (error == EAGAIN || error == EWOULDBLOCK)
        return {Io::WouldBlock, 0, 0};
    return {Io::Failed, 0, error};
}

IoResult receiveWith(int descriptor, char* into, qint64 most, int flags) {
    ssize_t got = 0;
    do
        got = ::recv(descriptor, into, size_t(most), flags);
    while (got < 0 && errno == EINTR);
    if (got > 0)
        return {Io::Done, got, 0};
    return got == 0 ? IoResult{Io::Ended, 0, 0} : failed(errno);
}

Endpoint toEndpoint(const sockaddr_storage& from) {
    char text[INET6_ADDRSTRLEN] = "";
    if (from.ss_family == AF_INET) {
        const auto* v4 = reinterpret_cast<const sockaddr_in*>(&from);
        ::inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
        return {text, ntohs(v4->sin_port)};
    }
    if (from.ss_family == AF_INET6) {
        const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&from);
        if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
            ::inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, text, sizeof text);
        else
            ::inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
        return {text, ntohs(v6->sin6_port)};
    }
    return {};
}

struct SocketAddress {
    sockaddr_storage storage = {};
    socklen_t length = 0;
};

bool isPath(const QByteArray& address) {
    return address.startsWith('/');
}

Result<SocketAddress> socketPath(const QByteArray& path) {
    SocketAddress result;
    sockaddr_un local = {};
    local.sun_family = AF_UNIX;
    if (size_t(path.size()) >= sizeof local.sun_path)
        return Error{ErrorCode::Invalid, "the path of the socket " + path + " is too long", Permanence::Temporary};
    std::memcpy(local.sun_path, path.constData(), size_t(path.size()));
    std::memcpy(&result.storage, &local, sizeof local);
    result.length = sizeof local;
    return result;
}

// Literals and paths of sockets only: never asks a name server. Knows scopes ("fe80::1%eth0").
Result<SocketAddress> parseLiteral(const QByteArray& address, quint16 port) {
    if (isPath(address))
        return socketPath(address);
    addrinfo hints = {};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (::getaddrinfo(address.constData(), QByteArray::number(port).constData(), &hints, &found) != 0)
        return Error{ErrorCode::Invalid, "\"" + address + "\" is not an IP address", Permanence::Temporary};
    SocketAddress result;
    std::memcpy(&result.storage, found->ai_addr, found->ai_addrlen);
    result.length = found->ai_addrlen;
    ::freeaddrinfo(found);
    return result;
}

template <class Call>
Endpoint endpointBy(Call call, int descriptor) {
    sockaddr_storage storage = {};
    socklen_t length = sizeof storage;
    if (call(descriptor, reinterpret_cast<sockaddr*>(&storage), &length) != 0)
        return {};
    return toEndpoint(storage);
}

QByteArray shown(const Endpoint& end) {
    return isPath(end.address) ? "the socket " + end.address : end.address + " port " + QByteArray::number(end.port);
}

QByteArray systemText(int error) {
    return QByteArray(std::strerror(error)).toLower();
}

} // namespace

void prepare(int descriptor) {
    ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK);
    ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
#ifdef SO_NOSIGPIPE
    ::setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
}

Endpoint peerOf(int descriptor) {
    return endpointBy(::getpeername, descriptor);
}

Endpoint localOf(int descriptor) {
    return endpointBy(::getsockname, descriptor);
}

IoResult receive(int descriptor, char* into, qint64 most) {
    return receiveWith(descriptor, into, most, 0);
}

IoResult peekOne(int descriptor, char* byte) {
    return receiveWith(descriptor, byte, 1, MSG_PEEK | MSG_DONTWAIT);
}

IoResult peek(int descriptor, char* into, qint64 most) {
    return receiveWith(descriptor, into, most, MSG_PEEK);
}

void wakeWhenWaiting(int descriptor, qsizetype octets) {
    const int least = int(octets);
    ::setsockopt(descriptor, SOL_SOCKET, SO_RCVLOWAT, &least, sizeof least);
}

IoResult sendSome(int descriptor, const std::deque<QByteArray>& pieces, qsizetype offset) {
    std::array<iovec, 16> parts;
    size_t count = 0;
    for (const QByteArray& piece : pieces) {
        if (count == parts.size())
            break;
        parts[count].iov_base = const_cast<char*>(piece.constData() + offset);
        parts[count].iov_len = size_t(piece.size() - offset);
        offset = 0;
        ++count;
    }
    msghdr message = {};
    message.msg_iov = parts.data();
    message.msg_iovlen = decltype(message.msg_iovlen)(count);
    ssize_t sent = 0;
    do
        sent = ::sendmsg(descriptor, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent >= 0 ? IoResult{Io::Done, sent, 0} : failed(errno);
}

void endWriting(int descriptor) {
    ::shutdown(descriptor, SHUT_WR);
}

void closeDescriptor(int descriptor) {
    ::close(descriptor);
}

Result<int> startConnect(const Endpoint& to, const QByteArray& source) {
    const auto remote = parseLiteral(to.address, to.port);
    if (!remote)
        return remote.error();
    const int descriptor = ::socket(remote->storage.ss_family, SOCK_STREAM, 0);
    if (descriptor < 0)
        return connectError(to, errno);
    prepare(descriptor);
    if (!source.isEmpty()) {
        const auto local = parseLiteral(source, 0);
        Error refused;
        if (!local) {
            refused = local.error();
        } else if (local->storage.ss_family != remote->storage.ss_family) {
            refused = {ErrorCode::Invalid, "source address " + source + " cannot reach " + to.address +
                                               ": one is IPv4, the other IPv6", Permanence::Temporary};
        } else {
#ifdef IP_BIND_ADDRESS_NO_PORT
            const int on = 1; // the port is chosen at connect(), so that ports can be shared between destinations
            ::setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
#endif
            if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&local->storage), local->length) != 0)
                refused = {ErrorCode::NotFound, "source address " + source + " cannot be used: " + systemText(errno),
                           Permanence::Temporary};
        }
        if (!refused.text.isEmpty()) {
            ::close(descriptor);
            return refused;
        }
    }
    if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&remote->storage), remote->length) != 0 &&
        errno != EINPROGRESS && errno != EINTR) {
        const int error = errno;
        ::close(descriptor);
        return connectError(to, error);
    }
    return descriptor;
}

int pendingError(int descriptor) {
    int error = 0;
    socklen_t length = sizeof error;
    return ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

Error connectError(const Endpoint& to, int error) {
    const QByteArray what = "connection to " + shown(to);
    if (error == ECONNREFUSED)
        return {ErrorCode::Unavailable, what + " refused", Permanence::Temporary};
    if (error == ETIMEDOUT)
        return {ErrorCode::Timeout, what + " timed out", Permanence::Temporary};
    return {ErrorCode::Unavailable, what + " failed: " + systemText(error), Permanence::Temporary};
}

Error brokenError(const Endpoint& peer, int error) {
    const QByteArray what = "connection with " + shown(peer);
    if (error == ECONNRESET || error == EPIPE)
        return {ErrorCode::Io, what + " was reset by the peer", Permanence::Temporary};
    if (error == ETIMEDOUT)
        return {ErrorCode::Timeout, what + " timed out", Permanence::Temporary};
    return {ErrorCode::Io, what + " broke: " + systemText(error), Permanence::Temporary};
}

} // namespace postern::tls::net
