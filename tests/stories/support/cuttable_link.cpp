// SPDX-License-Identifier: GPL-3.0-or-later
#include "stories/support/cuttable_link.h"

#include <QtGlobal>

#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace postern::test {
namespace {

sockaddr_in loopback(quint16 port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return at;
}

void reset(int fd) {
    const linger now{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ::close(fd);
}

bool sendAll(int fd, const QByteArray& bytes) {
    for (qsizetype sent = 0; sent < bytes.size();) {
        const ssize_t n = ::send(fd, bytes.constData() + sent, size_t(bytes.size() - sent), MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        sent += n;
    }
    return true;
}

} // namespace

struct CuttableLink::Impl {
    struct Pair {
        int client = -1, server = -1;
        QByteArray seen; // the latest from the side that the marker comes from, as much as a marker in pieces needs
    };
    struct Order {
        Side side = Side::FromClient;
        QByteArray marker;
        Cut how = Cut::Silence;
    };

    int listener = -1, wake = -1;
    quint16 port = 0, target = 0;
    std::vector<Pair> pairs; // the thread's
    std::thread thread;
    std::atomic<bool> isCut = false, isMending = false, isOver = false;
    std::atomic<int> connections = 0;
    mutable std::mutex mutex;
    std::optional<Order> order; // guarded by mutex

    std::optional<Order> orders() const {
        const std::lock_guard lock(mutex);
        return order;
    }

    void closeAll(bool hard) {
        for (const Pair& pair : pairs) {
            for (const int fd : {pair.client, pair.server})
                if (fd >= 0)
                    hard ? reset(fd) : void(::close(fd));
        }
        pairs.clear();
    }

    void accept() {
        const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0)
            return;
        ++connections;
        Pair pair{client, -1, {}};
        if (isCut) {
            if (orders()->how == Cut::Reset)
                return reset(client);
        } else {
            pair.server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
            const sockaddr_in at = loopback(target);
            if (::connect(pair.server, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
                ::close(pair.server);
                return reset(client);
            }
        }
        pairs.push_back(pair);
    }

    // False: this pair is over.
    bool forward(Pair& pair, Side side) {
        char piece[65536];
        const int from = side == Side::FromClient ? pair.client : pair.server;
        const int to = side == Side::FromClient ? pair.server : pair.client;
        const ssize_t n = ::recv(from, piece, sizeof piece, 0);
        if (n <= 0)
            return false;
        QByteArray bytes(piece, n);
        const auto told = orders();
        if (told && told->side == side) {
            const qsizetype before = pair.seen.size();
            pair.seen += bytes;
            if (const qsizetype at = pair.seen.indexOf(told->marker); at >= 0) {
                bytes.truncate(at + told->marker.size() - before);
                sendAll(to, bytes);
                isCut = true;
                if (told->how == Cut::Reset)
                    closeAll(true);
                return true;
            }
            pair.seen = pair.seen.right(told->marker.size() - 1);
        }
        return sendAll(to, bytes);
    }

    void run() {
        while (!isOver) {
            if (isMending) {
                closeAll(true);
                isCut = false;
                isMending = false;
            }
            std::vector<pollfd> fds{{wake, POLLIN, 0}, {listener, POLLIN, 0}};
            if (!isCut) // a silent network takes nothing from anybody
                for (const Pair& pair : pairs) {
                    fds.push_back({pair.client, POLLIN, 0});
                    fds.push_back({pair.server, POLLIN, 0});
                }
            ::poll(fds.data(), nfds_t(fds.size()), -1);
            if (fds[0].revents) {
                eventfd_t value;
                ::eventfd_read(wake, &value);
            }
            for (size_t i = 2; i < fds.size() && !isCut; ++i) {
                Pair& pair = pairs[(i - 2) / 2];
                if (!fds[i].revents || pair.client < 0)
                    continue;
                if (!forward(pair, i % 2 == 0 ? Side::FromClient : Side::FromServer)) {
                    ::close(pair.client);
                    ::close(pair.server);
                    pair.client = pair.server = -1;
                }
            }
            std::erase_if(pairs, [](const Pair& pair) { return pair.client < 0; });
            if (fds[1].revents)
                accept();
        }
        closeAll(false);
    }
};

CuttableLink::CuttableLink(quint16 target) : m(std::make_unique<Impl>()) {
    m->target = target;
    m->wake = ::eventfd(0, EFD_CLOEXEC);
    m->listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at = loopback(0);
    socklen_t size = sizeof at;
    if (::bind(m->listener, reinterpret_cast<sockaddr*>(&at), size) != 0 || ::listen(m->listener, 64) != 0 ||
        ::getsockname(m->listener, reinterpret_cast<sockaddr*>(&at), &size) != 0)
        qFatal("the link cannot listen");
    m->port = ntohs(at.sin_port);
    m->thread = std::thread([this] { m->run(); });
}

CuttableLink::~CuttableLink() {
    m->isOver = true;
    ::eventfd_write(m->wake, 1);
    m->thread.join();
    ::close(m->listener);
    ::close(m->wake);
}

quint16 CuttableLink::port() const {
    return m->port;
}

void CuttableLink::cutAt(Side side, const QByteArray& marker, Cut how) {
    const std::lock_guard lock(m->mutex);
    m->order = Impl::Order{side, marker, how};
}

bool CuttableLink::isCut() const {
    return m->isCut;
}

void CuttableLink::mend() {
    {
        const std::lock_guard lock(m->mutex);
        m->order.reset();
    }
    m->isMending = true;
    ::eventfd_write(m->wake, 1);
    while (m->isMending)
        std::this_thread::yield();
}

int CuttableLink::connections() const {
    return m->connections;
}

} // namespace postern::test
