// SPDX-License-Identifier: GPL-3.0-or-later
//
// The client half of `./dev bench` where smtp-source does not tell enough: how long each message takes, and many that wait.
//
//   bench_sessions latency PORT CLIENTS MESSAGES OCTETS   each message from MAIL to the 250 behind its content, one by one;
//                                                         prints p50 p90 p99 max in microseconds, and messages a second
//   bench_sessions idle PORT CLIENTS                      opens that many, says EHLO, prints "ready"; ends with its input
//
// One thread, one epoll; commands are not pipelined, as most clients do it. A session ends after 50 messages (OpenSMTPD takes
// 100) and a new one begins; that is not measured. Failure: a text on standard error and status 1.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;
constexpr int kMailsPerSession = 50;

[[noreturn]] void fail(const std::string& text) {
    std::fprintf(stderr, "bench_sessions: %s\n", text.c_str());
    std::exit(1);
}

int connectTo(int port, int number) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        fail(std::string("socket: ") + std::strerror(errno));
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in own{}, peer{};
    own.sin_family = peer.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl(0x7f000001U + unsigned(number % 100)); // 127.0.0.1 to .100: no limit of one address is met
    peer.sin_addr.s_addr = htonl(0x7f000001U);
    peer.sin_port = htons(static_cast<std::uint16_t>(port));
    if (::bind(fd, reinterpret_cast<sockaddr*>(&own), sizeof own) != 0 ||
        ::connect(fd, reinterpret_cast<sockaddr*>(&peer), sizeof peer) != 0)
        fail(std::string("connect: ") + std::strerror(errno));
    return fd;
}

void say(int fd, const std::string& text) {
    for (size_t at = 0; at < text.size();) {
        const ssize_t n = ::send(fd, text.data() + at, text.size() - at, MSG_NOSIGNAL);
        if (n <= 0)
            fail(std::string("send: ") + std::strerror(errno));
        at += size_t(n);
    }
}

// The code of a whole reply at the start of `heard`, which loses it; 0: not whole yet.
int takeReply(std::string& heard) {
    for (size_t from = 0, end; (end = heard.find('\n', from)) != std::string::npos; from = end + 1) {
        if (end - from >= 4 && heard[from + 3] == '-')
            continue;
        const int code = std::atoi(heard.c_str() + from);
        heard.erase(0, end + 1);
        return code;
    }
    return 0;
}

struct Client {
    enum class Step { Greeting, Ehlo, Mail, Rcpt, Data, Content, Quit } step = Step::Greeting;
    int fd = -1;
    int number = 0;
    int mails = 0; // of this session
    std::string heard;
    Clock::time_point begun;
};

class Load {
  public:
    Load(int port, int clients, int messages, size_t octets) : m_port(port), m_left(messages), m_clients(size_t(clients)) {
        m_content = "Subject: bench\r\n\r\n";
        while (m_content.size() < octets)
            m_content += "A line of seventy octets and some more, as mail has them all day long.\r\n";
        m_content += ".\r\n";
        m_latencies.reserve(size_t(messages));
        m_epoll = ::epoll_create1(EPOLL_CLOEXEC);
    }

    void run() {
        for (size_t i = 0; i < m_clients.size(); ++i) {
            m_clients[i].number = int(i);
            open(m_clients[i]);
        }
        const auto begun = Clock::now();
        std::array<epoll_event, 256> events{};
        while (m_open > 0) {
            const int n = ::epoll_wait(m_epoll, events.data(), int(events.size()), 60'000);
            if (n <= 0)
                fail("no answer within a minute");
            for (int i = 0; i < n; ++i)
                hear(*static_cast<Client*>(events[size_t(i)].data.ptr));
        }
        tell(std::chrono::duration<double>(Clock::now() - begun).count());
    }

  private:
    void open(Client& client) {
        client.fd = connectTo(m_port, client.number);
        client.step = Client::Step::Greeting;
        client.mails = 0;
        client.heard.clear();
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = &client;
        ::epoll_ctl(m_epoll, EPOLL_CTL_ADD, client.fd, &event);
        ++m_open;
    }

    void hear(Client& client) {
        std::array<char, 4096> piece{};
        const ssize_t n = ::recv(client.fd, piece.data(), piece.size(), 0);
        if (n <= 0)
            fail("a session was closed");
        client.heard.append(piece.data(), size_t(n));
        while (const int code = takeReply(client.heard)) {
            const int wanted = client.step == Client::Step::Greeting ? 220
                               : client.step == Client::Step::Data   ? 354
                               : client.step == Client::Step::Quit   ? 221
                                                                     : 250;
            if (code != wanted)
                fail("answered " + std::to_string(code) + " in step " + std::to_string(int(client.step)));
            if (!goOn(client))
                return;
        }
    }

    bool goOn(Client& client) { // false: it is closed
        switch (client.step) {
        case Client::Step::Greeting:
            client.step = Client::Step::Ehlo;
            say(client.fd, "EHLO bench.example\r\n");
            return true;
        case Client::Step::Content:
            m_latencies.push_back(std::chrono::duration<double, std::micro>(Clock::now() - client.begun).count());
            [[fallthrough]];
        case Client::Step::Ehlo:
            if (m_left == 0 || client.mails == kMailsPerSession) {
                client.step = Client::Step::Quit;
                say(client.fd, "QUIT\r\n");
                return true;
            }
            --m_left;
            ++client.mails;
            client.step = Client::Step::Mail;
            client.begun = Clock::now();
            say(client.fd, "MAIL FROM:<a@example.org>\r\n");
            return true;
        case Client::Step::Mail:
            client.step = Client::Step::Rcpt;
            say(client.fd, "RCPT TO:<b@example.net>\r\n");
            return true;
        case Client::Step::Rcpt:
            client.step = Client::Step::Data;
            say(client.fd, "DATA\r\n");
            return true;
        case Client::Step::Data:
            client.step = Client::Step::Content;
            say(client.fd, m_content);
            return true;
        case Client::Step::Quit:
            ::close(client.fd);
            --m_open;
            if (m_left > 0)
                open(client);
            return false;
        }
        return false;
    }

    void tell(double seconds) {
        std::sort(m_latencies.begin(), m_latencies.end());
        const auto at = [this](double share) { return m_latencies[size_t(share * double(m_latencies.size() - 1))]; };
        std::printf("%.0f %.0f %.0f %.0f %.0f\n", at(0.5), at(0.9), at(0.99), m_latencies.back(),
                    double(m_latencies.size()) / seconds);
    }

    int m_port;
    int m_left;
    int m_open = 0;
    int m_epoll = -1;
    std::vector<Client> m_clients;
    std::vector<double> m_latencies;
    std::string m_content;
};

void idle(int port, int clients) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    for (int i = 0; i < clients; ++i) {
        const int fd = connectTo(port, i);
        std::string heard;
        for (const int wanted : {220, 250}) {
            int code = 0;
            while ((code = takeReply(heard)) == 0) {
                std::array<char, 1024> piece{};
                const ssize_t n = ::recv(fd, piece.data(), piece.size(), 0);
                if (n <= 0)
                    fail("session " + std::to_string(i) + " was closed");
                heard.append(piece.data(), size_t(n));
            }
            if (code != wanted)
                fail("answered " + std::to_string(code));
            if (code == 220)
                say(fd, "EHLO bench.example\r\n");
        }
    }
    std::puts("ready");
    std::fflush(stdout);
    while (std::getchar() != EOF) {
    }
}

} // namespace

int main(int argc, char** argv) {
    const std::string mode = argc > 1 ? argv[1] : "";
    const auto number = [argv](int at) { return std::atoi(argv[at]); };
    if (mode == "latency" && argc == 6)
        Load(number(2), number(3), number(4), size_t(number(5))).run();
    else if (mode == "idle" && argc == 4)
        idle(number(2), number(3));
    else
        fail("latency PORT CLIENTS MESSAGES OCTETS | idle PORT CLIENTS");
}
