// SPDX-License-Identifier: GPL-3.0-or-later
#include "local/child.h"

#include "base/clock.h"
#include "base/log.h"

#include <QSocketNotifier>

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

namespace postern::local {
namespace {

using namespace std::chrono_literals;

constexpr qsizetype kMostReport = 4096;
#ifdef MSG_NOSIGNAL
constexpr int kNoSignal = MSG_NOSIGNAL;
#else
constexpr int kNoSignal = 0;
#endif
constexpr auto kPatience = 3s; // for one that is to stop while the gateway waits
constexpr auto kLastPatience = 500ms; // for one that was killed: a disk that does not answer may hold it for ever

Error systemError(const QByteArray& what, int error) {
    return {ErrorCode::Io, "4.3.0 " + what + ": " + std::strerror(error), Permanence::Temporary};
}

struct Pipe {
    int out = -1, in = -1;
    Pipe() = default;
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    ~Pipe() {
        closeEnd(out);
        closeEnd(in);
    }
    static void closeEnd(int& end) {
        if (end >= 0)
            ::close(std::exchange(end, -1));
    }
    // A pair of sockets: unlike a pipe, it can be written without a signal when nobody reads.
    bool open() {
        std::array<int, 2> ends = {};
#ifdef SOCK_CLOEXEC
        const bool made = ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0;
#else
        const bool made = ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0;
        const int on = 1;
        for (const int end : ends)
            if (made) {
                ::fcntl(end, F_SETFD, FD_CLOEXEC);
                ::setsockopt(end, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
            }
#endif
        if (made) {
            out = ends[0];
            in = ends[1];
        }
        return made;
    }
};

void setNonBlocking(int descriptor) {
    ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK);
}

// What the child is born with: default signals, none blocked, a process group of its own, so that Ctrl-C is ours alone.
class Birth {
  public:
    Birth(int input, int output) {
        ::posix_spawn_file_actions_init(&m_files);
        ::posix_spawn_file_actions_adddup2(&m_files, input, STDIN_FILENO);
        ::posix_spawn_file_actions_adddup2(&m_files, output, STDOUT_FILENO);
        ::posix_spawnattr_init(&m_attributes);
        sigset_t all;
        sigset_t none;
        ::sigfillset(&all);
        ::sigemptyset(&none);
        ::posix_spawnattr_setsigdefault(&m_attributes, &all);
        ::posix_spawnattr_setsigmask(&m_attributes, &none);
        // A session of its own: nothing of a user may type into the terminal that the gateway was started from.
        ::posix_spawnattr_setflags(&m_attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
    }
    ~Birth() {
        ::posix_spawn_file_actions_destroy(&m_files);
        ::posix_spawnattr_destroy(&m_attributes);
    }
    Birth(const Birth&) = delete;
    Birth& operator=(const Birth&) = delete;

    int spawn(const QByteArray& program, const QByteArray& title, pid_t& pid) const {
        QByteArray zone = "TZ=" + qgetenv("TZ"); // dates in "From " lines are local time
        QByteArray path = "PATH=/usr/bin:/bin";
        std::array<char*, 3> environment = {path.data(), zone.size() > 3 ? zone.data() : nullptr, nullptr};
        QByteArray name = title;
        std::array<char*, 2> arguments = {name.data(), nullptr};
        return ::posix_spawn(&pid, program.constData(), &m_files, &m_attributes, arguments.data(), environment.data());
    }

  private:
    posix_spawn_file_actions_t m_files;
    posix_spawnattr_t m_attributes;
};

} // namespace

struct Child::Impl {
    Impl(QByteArray theProgram, const mda::Order& order, LocalContent theContent, Done theDone)
        : program(std::move(theProgram)), user(QByteArray::fromStdString(order.user)), content(std::move(theContent)),
          done(std::move(theDone)), pending(QByteArray::fromStdString(mda::frame(mda::encode(order)))) {}
    ~Impl() {
        if (pid > 0)
            end();
    }

    Result<void> start();
    void write();
    void read();
    void finish();
    void end();
    bool reap();
    bool reapWithin(Milliseconds patience);

    const QByteArray program;
    const QByteArray user;
    LocalContent content;
    Done done;
    Pipe input, output;
    std::unique_ptr<QSocketNotifier> writable, readable;
    pid_t pid = -1;
    int status = 0;
    bool wasKilled = false;
    QByteArray pending; // frames on their way
    qsizetype sent = 0; // of them
    bool contentOver = false;
    QByteArray trouble; // ours: the content cannot be read
    QByteArray report;
};

Result<void> Child::Impl::start() {
    if (!input.open() || !output.open())
        return systemError("a way to postern-deliver", errno);
    const Birth birth(input.out, output.in);
    if (const int error = birth.spawn(program, "postern-deliver for " + harmless(user, 64), pid); error != 0) {
        pid = -1;
        return systemError("starting " + program, error);
    }
    Pipe::closeEnd(input.out);
    Pipe::closeEnd(output.in);
    setNonBlocking(input.in);
    setNonBlocking(output.out);
    writable = std::make_unique<QSocketNotifier>(input.in, QSocketNotifier::Write);
    QObject::connect(writable.get(), &QSocketNotifier::activated, writable.get(), [this] { write(); });
    readable = std::make_unique<QSocketNotifier>(output.out, QSocketNotifier::Read);
    QObject::connect(readable.get(), &QSocketNotifier::activated, readable.get(), [this] { read(); });
    return {};
}

void Child::Impl::write() {
    if (input.in < 0)
        return;
    if (sent == pending.size() && !contentOver) {
        const auto piece = content.next();
        if (!piece) { // without its last frame the message counts as cut short
            trouble = piece.error().text;
            contentOver = true;
        } else {
            contentOver = piece->isEmpty();
            pending = QByteArray::fromStdString(mda::frame({piece->constData(), size_t(piece->size())}));
            sent = 0;
        }
    }
    if (sent < pending.size()) {
        const ssize_t written = ::send(input.in, pending.constData() + sent, size_t(pending.size() - sent), kNoSignal);
        if (written >= 0) {
            sent += written;
        } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) { // it reads no more: its report says why
            contentOver = true;
            sent = pending.size();
        }
    }
    if (sent == pending.size() && contentOver) {
        writable->setEnabled(false);
        writable.release()->deleteLater(); // we are inside its signal
        Pipe::closeEnd(input.in);
    }
}

void Child::Impl::read() {
    std::array<char, 4096> buffer;
    while (true) {
        const ssize_t got = ::read(output.out, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (got <= 0)
            break;
        report.append(buffer.data(), std::min<qsizetype>(got, kMostReport - report.size()));
    }
    finish();
}

// Its end of the pipe is closed: it is ending, or has ended.
void Child::Impl::finish() {
    readable->setEnabled(false);
    readable.release()->deleteLater();
    if (writable) {
        writable->setEnabled(false);
        writable.release()->deleteLater();
    }
    Pipe::closeEnd(input.in);
    Pipe::closeEnd(output.out);
    end();
    auto answer = mda::decodeReport(report.toStdString());
    if (!answer) {
        const QByteArray how = WIFSIGNALED(status) ? "was ended by signal " + QByteArray::number(WTERMSIG(status))
                                                   : "ended with " + QByteArray::number(WEXITSTATUS(status));
        answer = mda::Report{mda::Ending::Later, 0, ("4.3.0 " + program + ' ' + how + " and gave no report").toStdString()};
    }
    if (!trouble.isEmpty() && answer->ending != mda::Ending::Delivered)
        *answer = {mda::Ending::Later, 0, ("4.3.0 " + trouble).toStdString()};
    const Done tell = std::move(done);
    tell(std::move(*answer)); // may destroy us
}

bool Child::Impl::reap() {
    pid_t got = 0;
    do
        got = ::waitpid(pid, &status, WNOHANG);
    while (got < 0 && errno == EINTR);
    if (got == 0)
        return false;
    pid = -1;
    return true;
}

bool Child::Impl::reapWithin(Milliseconds patience) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!reap()) {
        if (std::chrono::steady_clock::now() >= until)
            return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

void Child::Impl::end() {
    // After its report it has nothing to do but to end; one that we give up is asked first.
    if (readable && !wasKilled)
        ::kill(pid, SIGTERM);
    if (!wasKilled && reapWithin(kPatience))
        return;
    ::kill(pid, SIGKILL);
    if (!reapWithin(kLastPatience))
        log(LogLevel::Warning, LogArea::Engine, "process " + QByteArray::number(pid) + ", " + program + ", can't be ended");
    pid = -1;
}

Child::Child(QByteArray program, const mda::Order& order, LocalContent content, Done done)
    : m(std::make_unique<Impl>(std::move(program), order, std::move(content), std::move(done))) {}

Child::~Child() = default;

Result<void> Child::start() {
    return m->start();
}

void Child::stop() {
    if (m->pid > 0)
        ::kill(m->pid, SIGTERM);
}

void Child::kill() {
    m->wasKilled = true;
    if (m->pid > 0)
        ::kill(m->pid, SIGKILL);
}

} // namespace postern::local
