// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/queue_key_prompt.h"

#include <cerrno>

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

namespace postern::ctl {
namespace {

constexpr qsizetype kMost = 4000; // octets of a line; a key has 32, a secret in the keychain 2 000

// One by one, so that nothing behind the line is taken.
Secret readLine(int fd) {
    QByteArray line;
    line.reserve(kMost + 1); // never moved, so that no copy of it is left behind
    for (;;) {
        char c = 0;
        const ssize_t n = ::read(fd, &c, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || c == '\n')
            break;
        if (line.size() == kMost)
            break;
        line.append(c);
    }
    if (line.endsWith('\r'))
        line.chop(1);
    return Secret(std::move(line));
}

class QuietTerminal {
  public:
    explicit QuietTerminal(int fd) : m_fd(fd) {
        m_changed = ::tcgetattr(fd, &m_before) == 0;
        termios quiet = m_before;
        quiet.c_lflag &= ~tcflag_t(ECHO);
        if (m_changed)
            m_changed = ::tcsetattr(fd, TCSAFLUSH, &quiet) == 0;
    }
    QuietTerminal(const QuietTerminal&) = delete;
    QuietTerminal& operator=(const QuietTerminal&) = delete;
    ~QuietTerminal() {
        if (m_changed)
            ::tcsetattr(m_fd, TCSAFLUSH, &m_before);
    }

  private:
    const int m_fd;
    termios m_before{};
    bool m_changed = false;
};

Secret typed(int terminal, const QByteArray& prompt) {
    (void)!::write(terminal, prompt.constData(), size_t(prompt.size()));
    Secret line;
    {
        const QuietTerminal quiet(terminal);
        line = readLine(terminal);
    }
    (void)!::write(terminal, "\n", 1);
    return line;
}

Result<Secret> readTerminal() {
    const int fd = ::open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return Error{ErrorCode::Unavailable,
                     "\"queue encryption\" names no key and there is no terminal to ask at; write \"queue encryption stdin\""
                     " and give the key as the first line of standard input, or write the key behind the words",
                     Permanence::Permanent};
    Secret line = typed(fd, "key of the queue: ");
    ::close(fd);
    return line;
}

} // namespace

Result<Secret> askQueueKey(policy::QueueKey from) {
    switch (from) {
    case policy::QueueKey::None:
    case policy::QueueKey::Written:
    case policy::QueueKey::Keychain: return Secret();
    case policy::QueueKey::StandardInput: break;
    case policy::QueueKey::Terminal: return readTerminal();
    }
    Secret line = readLine(STDIN_FILENO);
    if (line.isEmpty())
        return Error{ErrorCode::Unavailable,
                     "\"queue encryption stdin\": no key came on standard input; give it as the first line, for example"
                     " posternctl run < KEYFILE",
                     Permanence::Permanent};
    return line;
}

Result<Secret> askSecret(const QByteArray& prompt) {
    return ::isatty(STDIN_FILENO) ? typed(STDIN_FILENO, prompt) : readLine(STDIN_FILENO);
}

} // namespace postern::ctl
