// SPDX-License-Identifier: GPL-3.0-or-later
//
// A command with the message on its standard input. This process stays behind as its supervisor: it hands the message on,
// keeps the last line of what the command says, and ends the whole process group at the time limit.
//
// The message goes through our hands, not straight from the gateway, so that a gateway that dies in the middle can't make half a
// message look whole: the group is killed before its input ends. What fits into a pipe is put there before the command begins;
// then it does not matter whether the command reads it.
#include "mda/deliver.h"
#include "mda/message_text.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

namespace postern::mda {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t kPipeHolds =
    65536; // at least, where pipes are as POSIX systems make them; less waits for the reader
constexpr std::size_t kMostPending = 262'144;
constexpr std::int64_t kMostOutput = 10 * 1024 * 1024;
constexpr int kPatienceMs = 2000; // between asking the group to end and killing it

int wakeEnd = -1; // written by the signal handler

void onChild(int) {
    const int error = errno;
    [[maybe_unused]] const ssize_t written = ::write(wakeEnd, "", 1);
    errno = error;
}

struct Pipe {
    int out = -1, in = -1; // read from out, write into in
    bool open() {
        std::array<int, 2> ends = {};
        if (::pipe(ends.data()) != 0)
            return false;
        out = ends[0];
        in = ends[1];
        for (const int end : ends)
            ::fcntl(end, F_SETFD, FD_CLOEXEC);
        return true;
    }
};

void closeOnce(int& descriptor) {
    if (descriptor >= 0)
        ::close(descriptor);
    descriptor = -1;
}

void setNonBlocking(int descriptor) {
    ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK);
}

void limit(decltype(RLIMIT_CORE) what, rlim_t most) {
    struct rlimit now = {};
    if (::getrlimit(what, &now) != 0)
        return;
    now.rlim_max = std::min(now.rlim_max, most);
    now.rlim_cur = std::min(now.rlim_cur, now.rlim_max);
    ::setrlimit(what, &now);
}

class Supervisor {
  public:
    Supervisor(const Order& order, Content& content, int input)
        : m_order(order), m_content(content), m_input(input),
          m_ends(Steady::now() + std::chrono::milliseconds(order.timeLimitMs)) {}

    Report run();

  private:
    bool fetchWhatFits();
    bool start(Report& trouble);
    [[noreturn]] void becomeCommand();
    void takeInput();
    void passOn();
    void takeOutput();
    bool hasEnded();
    void step(int timeoutMs);
    void endGroup();
    Report verdict() const;
    int waitMs() const;

    const Order& m_order;
    Content& m_content;
    const int m_input;
    const Steady::time_point m_ends;

    Pipe m_stdin, m_output, m_wake, m_execFault;
    pid_t m_child = -1;
    int m_status = 0;
    std::string m_pending;   // to go into its standard input
    bool m_isWhole = false;  // the end of the message was seen
    bool m_isBroken = false; // it will never be
    bool m_wasRead = true;   // all of it went into its standard input
    std::int64_t m_octetsSaid = 0;
    LastLine m_said;
    std::string m_why; // we ended it
};

bool Supervisor::fetchWhatFits() {
    std::string piece;
    while (m_pending.size() <= kPipeHolds) {
        switch (m_content.next(piece)) {
        case FrameReader::What::Piece: m_pending += piece; break;
        case FrameReader::What::End: m_isWhole = true; return true;
        case FrameReader::What::NeedMore:
        case FrameReader::What::Broken: return false;
        }
    }
    return true;
}

void Supervisor::becomeCommand() {
    ::setsid(); // no terminal, and a group that it can't leave
    ::dup2(m_stdin.out, STDIN_FILENO); // dup2 leaves close-on-exec behind
    ::dup2(m_output.in, STDOUT_FILENO);
    ::dup2(m_output.in, STDERR_FILENO);
    for (int signal = 1; signal < NSIG; ++signal)
        std::signal(signal, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, 1024);
    limit(RLIMIT_CPU, rlim_t(m_order.timeLimitMs / 1000 + 1));
    std::vector<char*> environment;
    for (const std::string& entry : m_order.environment)
        environment.push_back(const_cast<char*>(entry.c_str()));
    environment.push_back(nullptr);
    ::execle("/bin/sh", "/bin/sh", "-c", m_order.command.c_str(), static_cast<char*>(nullptr), environment.data());
    const int error = errno;
    [[maybe_unused]] const ssize_t written = ::write(m_execFault.in, &error, sizeof error);
    ::_exit(127);
}

bool Supervisor::start(Report& trouble) {
    if (!m_stdin.open() || !m_output.open() || !m_wake.open() || !m_execFault.open()) {
        trouble = failed("a pipe to the command", errno);
        return false;
    }
    for (const int end : {m_stdin.in, m_output.out, m_wake.out, m_wake.in, m_input})
        setNonBlocking(end);
    wakeEnd = m_wake.in;
    struct sigaction action = {};
    action.sa_handler = onChild;
    action.sa_flags = SA_NOCLDSTOP;
    ::sigaction(SIGCHLD, &action, nullptr);
    passOn();
    m_child = ::fork();
    if (m_child < 0) {
        trouble = failed("starting the command", errno);
        return false;
    }
    if (m_child == 0)
        becomeCommand();
    closeOnce(m_stdin.out);
    closeOnce(m_output.in);
    closeOnce(m_execFault.in);
    int error = 0;
    ssize_t got = 0;
    do
        got = ::read(m_execFault.out, &error, sizeof error);
    while (got < 0 && errno == EINTR);
    if (got == sizeof error) {
        ::waitpid(m_child, nullptr, 0);
        trouble = failed("/bin/sh", error);
        return false;
    }
    return true;
}

void Supervisor::takeInput() {
    std::string piece;
    while (!m_isWhole && !m_isBroken && m_pending.size() < kMostPending) {
        switch (m_content.next(piece)) {
        case FrameReader::What::Piece:
            if (m_stdin.in >= 0)
                m_pending += piece;
            break;
        case FrameReader::What::End: m_isWhole = true; break;
        case FrameReader::What::NeedMore: return;
        case FrameReader::What::Broken: m_isBroken = true; break;
        }
    }
}

void Supervisor::passOn() {
    while (m_stdin.in >= 0 && !m_pending.empty()) {
        const ssize_t written = ::write(m_stdin.in, m_pending.data(), m_pending.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (written < 0) { // it does not want the rest
            m_wasRead = false;
            m_pending.clear();
            closeOnce(m_stdin.in);
            return;
        }
        m_pending.erase(0, std::size_t(written));
    }
    if (m_isWhole && m_pending.empty())
        closeOnce(m_stdin.in);
}

void Supervisor::takeOutput() {
    std::array<char, 65536> buffer;
    while (m_output.out >= 0) {
        const ssize_t got = ::read(m_output.out, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (got <= 0) {
            closeOnce(m_output.out);
            return;
        }
        m_said.feed({buffer.data(), std::size_t(got)});
        m_octetsSaid += got;
        if (m_octetsSaid > kMostOutput)
            return; // the loop sees to it
    }
}

bool Supervisor::hasEnded() {
    return ::waitpid(m_child, &m_status, WNOHANG) == m_child;
}

int Supervisor::waitMs() const {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(m_ends - Steady::now()).count();
    return int(std::clamp<std::int64_t>(left, 0, 60'000));
}

// Waits for whatever comes first and deals with it.
void Supervisor::step(int timeoutMs) {
    std::array<pollfd, 4> ends = {};
    ends[0] = {m_wake.out, POLLIN, 0};
    ends[1] = {!m_isWhole && !m_isBroken && m_pending.size() < kMostPending ? m_input : -1, POLLIN, 0};
    ends[2] = {!m_pending.empty() ? m_stdin.in : -1, POLLOUT, 0};
    ends[3] = {m_output.out, POLLIN, 0};
    if (::poll(ends.data(), ends.size(), timeoutMs) <= 0)
        return;
    std::array<char, 64> wakes;
    while (::read(m_wake.out, wakes.data(), wakes.size()) > 0) {
    }
    if (ends[3].revents != 0)
        takeOutput();
    passOn();
    takeInput(); // also what was read with the frame before
    passOn();
}

void Supervisor::endGroup() {
    ::kill(-m_child, SIGTERM);
    ::kill(m_child, SIGTERM);
    const auto until = Steady::now() + std::chrono::milliseconds(kPatienceMs);
    bool ended = hasEnded();
    while (!ended && Steady::now() < until) {
        pollfd wake = {m_wake.out, POLLIN, 0};
        ::poll(&wake, 1, 50);
        ended = hasEnded();
    }
    ::kill(-m_child, SIGKILL);
    if (ended)
        return;
    ::kill(m_child, SIGKILL);
    while (::waitpid(m_child, &m_status, 0) < 0 && errno == EINTR) {
    }
}

Report Supervisor::verdict() const {
    if (!m_why.empty())
        return {Ending::Later, 0, m_why};
    if (WIFSIGNALED(m_status))
        return {Ending::Signal, WTERMSIG(m_status), m_said.text()};
    const int code = WEXITSTATUS(m_status);
    const bool gotAll = m_isWhole && m_wasRead && m_pending.empty();
    return {code == 0 && !gotAll ? Ending::Unread : Ending::Exit, code, m_said.text()};
}

Report Supervisor::run() {
    constexpr const char* kCut = "4.2.0 the message was cut short on its way here";
    if (!fetchWhatFits())
        return {Ending::Later, 0, kCut};
    Report trouble;
    if (!start(trouble))
        return trouble;
    while (true) {
        if (hasEnded())
            break;
        if (isToldToStop())
            m_why = "4.3.0 the gateway ended the command, which had not finished";
        else if (m_isBroken)
            m_why = kCut;
        else if (Steady::now() >= m_ends)
            m_why = "4.3.0 the command did not finish within " + std::to_string(m_order.timeLimitMs / 1000) +
                    " s and was ended";
        else if (m_octetsSaid > kMostOutput)
            m_why = "4.3.0 the command wrote more than 10 MiB of output and was ended";
        if (!m_why.empty()) {
            endGroup(); // before its input ends
            break;
        }
        step(waitMs());
    }
    takeOutput(); // what is there; a daemon that holds the pipe is not waited for
    return verdict();
}

} // namespace

Report runCommand(const Order& order, Content& content, int input) {
    return Supervisor(order, content, input).run();
}

} // namespace postern::mda
