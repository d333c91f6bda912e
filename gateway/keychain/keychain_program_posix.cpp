// SPDX-License-Identifier: GPL-3.0-or-later
#include "keychain/keychain_program.h"

#include "base/log.h"
#include "keychain/exchange.h"

#include <QCoreApplication>
#include <QFile>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" char** environ;

namespace postern::keychain {
namespace {

constexpr int kSlice = 50; // ms; so long the end of the gateway may have to wait for us

class Descriptor {
  public:
    explicit Descriptor(int fd) : m_fd(fd) {}
    ~Descriptor() { close(); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return m_fd; }
    void close() {
        if (m_fd >= 0)
            ::close(m_fd);
        m_fd = -1;
    }

  private:
    int m_fd;
};

// A program whose standard input and output are one socket; what it complains of goes nowhere.
int start(const QByteArray& program, int socket, pid_t& pid) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, socket, STDOUT_FILENO);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    ::posix_spawnattr_init(&attributes);
    sigset_t none, usual; // a thread that blocks signals, or ignores them, must not hand that on
    ::sigemptyset(&none);
    ::sigemptyset(&usual);
    ::sigaddset(&usual, SIGPIPE);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &usual);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    QByteArray name = program;
    char* const arguments[] = {name.data(), nullptr};
    const int failure = ::posix_spawn(&pid, program.constData(), &actions, &attributes, arguments, environ);
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    return failure;
}

Answer failed(QByteArray detail) {
    return {State::Failed, {}, std::move(detail)};
}

} // namespace

KeychainProgram::KeychainProgram(QByteArray program, Milliseconds deadline)
    : m_program(std::move(program)), m_deadline(deadline) {}

KeychainProgram::~KeychainProgram() {
    m_isEnding = true;
}

void KeychainProgram::ask(Question question, Done done) {
    if (const auto good = checkForm(question); !good)
        return done(failed(good.error().text));
    if (m_waiting.fetch_add(1) >= kMostWaiting) {
        --m_waiting;
        return done(failed("too many questions at a time"));
    }
    m_workers.post([this, question = std::move(question), done = std::move(done)] {
        Answer answer = m_isEnding ? failed("Postern is stopping") : carryOut(question);
        --m_waiting;
        done(std::move(answer));
    });
}

Answer KeychainProgram::carryOut(const Question& question) const {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return failed(std::strerror(errno));
    const Descriptor ours(ends[0]);
    Descriptor theirs(ends[1]);
    pid_t pid = -1;
    if (const int failure = start(m_program, theirs.get(), pid); failure != 0)
        return failed("cannot start " + harmless(m_program, 200) + ": " + std::strerror(failure));
    theirs.close();

    const Secret bytes = toBytes(question); // a few KiB: they fit into the socket
    if (::send(ours.get(), bytes.expose().data(), size_t(bytes.expose().size()), MSG_NOSIGNAL) == bytes.expose().size())
        ::shutdown(ours.get(), SHUT_WR);
    QByteArray in(kMostExchanged, '\0');
    qsizetype size = 0;
    std::optional<Answer> answer; // known whole by its length: whatever it started may hold its output open
    using Steady = std::chrono::steady_clock;
    const auto until = Steady::now() + (question.mayAsk ? std::max(m_deadline, kDeadlineOfAPerson) : m_deadline);
    bool isOver = false, isLate = false;
    while (!answer && !isOver && !isLate && !m_isEnding) {
        pollfd wait{ours.get(), POLLIN, 0};
        if (::poll(&wait, 1, kSlice) > 0) {
            const ssize_t n = ::recv(ours.get(), in.data() + size, size_t(in.size() - size), 0);
            size += std::max<ssize_t>(n, 0);
            answer = answerFrom(QByteArrayView(in).first(size));
            isOver = n == 0 || (n < 0 && errno != EINTR) || size == in.size();
        }
        isLate = !isOver && Steady::now() >= until;
    }
    wipe(in);
    ::kill(pid, SIGKILL); // it has nothing left to do
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    if (answer)
        return std::move(*answer);
    if (isLate)
        return {State::TooSlow, {}, {}};
    return failed(m_isEnding ? QByteArray("Postern is stopping") : harmless(m_program, 200) + " broke off");
}

KeychainPtr systemKeychain() {
#if POSTERN_HAS_KEYCHAIN
    return std::make_shared<KeychainProgram>(QFile::encodeName(QCoreApplication::applicationDirPath()) + "/postern-keychain");
#else
    class Missing final : public Keychain {
        void ask(Question, Done done) override { done({State::NotBuilt, {}, {}}); }
    };
    return std::make_shared<Missing>();
#endif
}

} // namespace postern::keychain
