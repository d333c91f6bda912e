// SPDX-License-Identifier: GPL-3.0-or-later
#include "listener/listen_error.h"
#include "listener/open_listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace postern::listener {
namespace {

constexpr int kBacklog = 1024;

// "[::1]" -> "::1"; anything else as it is.
QByteArray withoutBrackets(const QByteArray& address) {
    if (address.size() >= 2 && address.startsWith('[') && address.endsWith(']'))
        return address.mid(1, address.size() - 2);
    return address;
}

QByteArray nameOf(const QByteArray& address, quint16 port) {
    const QByteArray number = QByteArray::number(port);
    return address.contains(':') ? "[" + address + "]:" + number : address + ":" + number;
}

class Socket {
  public:
    explicit Socket(int fd) : m_fd(fd) {}
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() {
        if (m_fd >= 0)
            ::close(m_fd);
    }
    int get() const { return m_fd; }
    int release() { return std::exchange(m_fd, -1); }

  private:
    int m_fd;
};

// Not SOCK_NONBLOCK|SOCK_CLOEXEC: macOS has neither.
bool makeNonBlocking(int fd) {
    const int flags = ::fcntl(fd, F_GETFL);
    return flags >= 0 && ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 && ::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

quint16 boundPort(int fd) {
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size) != 0)
        return 0;
    return ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6*>(&bound)->sin6_port
                                             : reinterpret_cast<const sockaddr_in*>(&bound)->sin_port);
}

} // namespace

OpenListener::~OpenListener() {
    if (m_descriptor < 0)
        return;
    ::close(int(m_descriptor));
    if (isLocal())
        ::unlink(m_address.constData());
}

void OpenListener::stopListening() {
    m_stopped = true;
    ::shutdown(int(m_descriptor), SHUT_RDWR); // closing is for who owns the descriptor; others may be waiting on it
}

QByteArray OpenListener::name() const {
    return isLocal() ? QByteArray("socket") : nameOf(m_address, m_port);
}

Result<std::shared_ptr<OpenListener>> OpenListener::open(const QByteArray& address, quint16 port) {
    const QByteArray bare = withoutBrackets(address);
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST | AI_PASSIVE;
    addrinfo* found = nullptr;
    if (bare.isEmpty() || ::getaddrinfo(bare.constData(), nullptr, &hints, &found) != 0 || !found)
        return Error{ErrorCode::Invalid, "cannot listen on \"" + address + "\": that is not an IP address",
                     Permanence::Permanent};
    sockaddr_storage where{};
    const socklen_t size = found->ai_addrlen;
    std::memcpy(&where, found->ai_addr, size);
    ::freeaddrinfo(found);

    const auto failed = [&](int number) {
        return listenError(number, nameOf(bare, port), port, lookAround(bare, port));
    };
    Socket socket(::socket(where.ss_family, SOCK_STREAM, 0));
    if (socket.get() < 0 || !makeNonBlocking(socket.get()))
        return failed(errno);
    const int on = 1;
    // A listener that was just closed must open again at once although old connections linger in TIME_WAIT.
    if (::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
        return failed(errno);
    if (where.ss_family == AF_INET6) {
        if (::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0)
            return failed(errno);
        reinterpret_cast<sockaddr_in6*>(&where)->sin6_port = htons(port);
    } else {
        reinterpret_cast<sockaddr_in*>(&where)->sin_port = htons(port);
    }
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&where), size) != 0)
        return failed(errno);
    if (::listen(socket.get(), kBacklog) != 0)
        return failed(errno);

    std::shared_ptr<OpenListener> listener(new OpenListener);
    listener->m_port = boundPort(socket.get());
    listener->m_address = bare;
    listener->m_descriptor = socket.release();
    return listener;
}

Result<std::shared_ptr<OpenListener>> OpenListener::openLocal(const QByteArray& path) {
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    if (path.size() >= qsizetype(sizeof where.sun_path))
        return Error{ErrorCode::Invalid, "the path of the local socket is too long: " + path, Permanence::Permanent};
    std::memcpy(where.sun_path, path.constData(), size_t(path.size()));
    const auto failed = [&](int number) {
        return Error{ErrorCode::Io, "cannot open the local socket " + path + ": " + std::strerror(number), Permanence::Temporary};
    };
    Socket socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    if (socket.get() < 0 || !makeNonBlocking(socket.get()))
        return failed(errno);
    struct stat old {};
    if (::lstat(path.constData(), &old) == 0 && !S_ISSOCK(old.st_mode))
        return failed(EEXIST); // whatever it is, it is not ours to remove
    if (::unlink(path.constData()) != 0 && errno != ENOENT)
        return failed(errno);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0)
        return failed(errno);
    const mode_t mode = ::geteuid() == 0 ? 0666 : 0600;
    if (::chmod(path.constData(), mode) != 0 || ::listen(socket.get(), kBacklog) != 0) {
        const int number = errno;
        ::unlink(path.constData());
        return failed(number);
    }
    std::shared_ptr<OpenListener> listener(new OpenListener);
    listener->m_address = path;
    listener->m_descriptor = socket.release();
    return listener;
}

} // namespace postern::listener
