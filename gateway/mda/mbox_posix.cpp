// SPDX-License-Identifier: GPL-3.0-or-later
//
// Appending to an mbox. The lock is taken when the message, or its first part, is at hand; whatever goes wrong, the file is cut
// back to its old length. Two locks: fcntl first, then the dot lock, both given back while one of them is busy, so that a
// program that takes them the other way round can't hold us up for ever.
#include "mda/deliver.h"
#include "mda/message_text.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <ctime>

namespace postern::mda {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t kBeforeLock = 256 * 1024;
constexpr int kPauseMs = 100;

Report refused(const std::string& text) {
    return {Ending::Later, 0, "4.2.0 " + text};
}

std::string hostName() {
    char host[256] = {};
    ::gethostname(host, sizeof host - 1);
    return host;
}

// A dot lock of ours, from this computer, whose process has been killed. Those of other programs have no name of a host in
// them and get their time: the mailbox may be shared by a network.
bool belongsToTheDead(const std::string& lock) {
    const int file = ::open(lock.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
        return false;
    char text[300] = {};
    const ssize_t got = ::read(file, text, sizeof text - 1);
    ::close(file);
    char* end = nullptr;
    const long pid = got > 0 ? std::strtol(text, &end, 10) : 0;
    return pid > 1 && end && std::string(end) == ' ' + hostName() + '\n' && ::kill(pid_t(pid), 0) != 0 && errno == ESRCH;
}

class Mailbox {
  public:
    Mailbox(const Order& order, const Patience& patience) : m_order(order), m_patience(patience) {}
    ~Mailbox() { release(); }
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;

    std::optional<Report> lock(); // nothing: it is ours now
    bool discards() const { return m_discards; }
    int descriptor() const { return m_file; }
    off_t size() const { return m_size; }
    std::optional<Report> syncFolder() const; // of a file that was empty: its name must last, too

  private:
    enum class Try { Locked, Busy, Failed };
    Try attempt(std::optional<Report>& trouble);
    Try takeDotLock(std::optional<Report>& trouble);
    void release();

    const Order& m_order;
    const Patience& m_patience;
    int m_file = -1;
    bool m_hasDotLock = false;
    bool m_discards = false; // it is /dev/null
    off_t m_size = 0;
};

std::optional<Report> Mailbox::lock() {
    const auto ends = Steady::now() + std::chrono::milliseconds(m_patience.lockMs);
    while (true) {
        std::optional<Report> trouble;
        switch (attempt(trouble)) {
        case Try::Locked: return std::nullopt;
        case Try::Failed: release(); return trouble;
        case Try::Busy: release(); break;
        }
        if (isToldToStop())
            return refused("the gateway is stopping");
        if (Steady::now() >= ends)
            return refused(m_order.path + " is locked by another program");
        const timespec pause = {0, kPauseMs * 1'000'000L};
        ::nanosleep(&pause, nullptr);
    }
}

Mailbox::Try Mailbox::attempt(std::optional<Report>& trouble) {
    const char* path = m_order.path.c_str();
    m_file = ::open(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
    if (m_file < 0) {
        trouble = errno == ELOOP ? refused(m_order.path + " is a link; mail is not delivered through links")
                                 : failed(m_order.path, errno);
        return Try::Failed;
    }
    struct stat facts = {};
    struct stat named = {};
    if (::fstat(m_file, &facts) != 0) {
        trouble = failed(m_order.path, errno);
        return Try::Failed;
    }
    struct stat null = {};
    if (S_ISCHR(facts.st_mode) && ::stat("/dev/null", &null) == 0 && facts.st_rdev == null.st_rdev) {
        m_discards = true;
        return Try::Locked;
    }
    if (!S_ISREG(facts.st_mode))
        trouble = refused(m_order.path + " is not a file");
    else if (facts.st_nlink > 1)
        trouble = refused(m_order.path + " has a second name; mail is not delivered through links");
    else if (facts.st_uid != ::geteuid())
        trouble = refused(m_order.path + " belongs to somebody else than " + m_order.user);
    if (trouble)
        return Try::Failed;
    struct flock whole = {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    if (::fcntl(m_file, F_SETLK, &whole) != 0) {
        if (errno == EACCES || errno == EAGAIN)
            return Try::Busy;
        trouble = failed("locking " + m_order.path, errno);
        return Try::Failed;
    }
    if (const Try dot = takeDotLock(trouble); dot != Try::Locked)
        return dot;
    // While we waited, its reader may have put another file in its place.
    if (::fstat(m_file, &facts) != 0 || ::lstat(path, &named) != 0 || facts.st_ino != named.st_ino ||
        facts.st_dev != named.st_dev)
        return Try::Busy;
    m_size = facts.st_size;
    return Try::Locked;
}

Mailbox::Try Mailbox::takeDotLock(std::optional<Report>& trouble) {
    const std::string name = m_order.path + ".lock";
    const int lock = ::open(name.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (lock >= 0) {
        const std::string pid = std::to_string(::getpid()) + ' ' + hostName() + '\n';
        m_hasDotLock = true;
        const bool written = ::write(lock, pid.data(), pid.size()) == ssize_t(pid.size());
        const int error = errno;
        ::close(lock);
        if (!written)
            trouble = failed(name, error);
        return written ? Try::Locked : Try::Failed;
    }
    switch (errno) {
    case EEXIST: break;
    case EACCES:
    case EPERM:
    case EROFS: return Try::Locked; // nobody else of this user can make one there either: fcntl has to do
    default: trouble = failed(name, errno); return Try::Failed;
    }
    struct stat facts = {};
    const bool isOld = ::lstat(name.c_str(), &facts) == 0 && (std::time(nullptr) - facts.st_mtime) * 1000 > m_patience.staleLockMs;
    if (isOld || belongsToTheDead(name))
        ::unlink(name.c_str());
    return Try::Busy;
}

void Mailbox::release() {
    if (m_hasDotLock)
        ::unlink((m_order.path + ".lock").c_str());
    m_hasDotLock = false;
    if (m_file >= 0)
        ::close(m_file);
    m_file = -1;
}

std::optional<Report> Mailbox::syncFolder() const {
    const std::size_t slash = m_order.path.rfind('/');
    const std::string folder =
        slash == std::string::npos ? "." : m_order.path.substr(0, std::max<std::size_t>(slash, 1));
    const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) // one that may be written, but not read
        return errno == EACCES ? std::nullopt : std::optional(failed(folder, errno));
    const int outcome = ::fsync(directory);
    const int error = errno;
    ::close(directory);
    return outcome == 0 ? std::nullopt : std::optional(failed(folder, error));
}

bool writeAll(int file, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        bytes.remove_prefix(std::size_t(written));
    }
    return true;
}

// What is missing so that the next "From " line stands behind an empty one: another program may have been cut off.
std::string missingEnd(int file, off_t size) {
    char last[2] = {'\n', '\n'};
    const off_t from = std::max<off_t>(size - 2, 0);
    const ssize_t got = size > 0 ? ::pread(file, last + (size == 1 ? 1 : 0), std::size_t(size - from), from) : 0;
    if (got < 0 || size == 0)
        return {};
    return last[1] != '\n' ? "\n\n" : last[0] != '\n' ? "\n" : "";
}

std::optional<Report> append(const Mailbox& mailbox, const Order& order, MboxText& text, std::string ready,
                             FrameReader::What what, Content& content) {
    if (!writeAll(mailbox.descriptor(), missingEnd(mailbox.descriptor(), mailbox.size())))
        return failed(order.path, errno);
    std::string piece;
    while (true) {
        if (!writeAll(mailbox.descriptor(), ready))
            return failed(order.path, errno);
        ready.clear();
        if (what == FrameReader::What::End)
            break;
        what = content.next(piece);
        if (what == FrameReader::What::Broken)
            return refused("the message was cut short on its way here");
        if (what == FrameReader::What::End)
            text.finish(ready);
        else
            text.feed(piece, ready);
    }
    if (::fsync(mailbox.descriptor()) != 0)
        return failed("syncing " + order.path, errno);
    return mailbox.size() == 0 ? mailbox.syncFolder() : std::nullopt;
}

} // namespace

Report deliverToMbox(const Order& order, Content& content, const Patience& patience) {
    MboxText text(order.task == Task::File ? FromLines::Every : FromLines::AfterEmpty);
    std::string ready = MboxText::fromLine(order.sender.empty() ? "MAILER-DAEMON" : order.sender, std::time(nullptr));
    std::string piece;
    FrameReader::What what = FrameReader::What::Piece;
    while (what == FrameReader::What::Piece && ready.size() < kBeforeLock) {
        what = content.next(piece);
        if (what == FrameReader::What::Piece)
            text.feed(piece, ready);
    }
    if (what == FrameReader::What::Broken)
        return refused("the message was cut short on its way here");
    if (what == FrameReader::What::End)
        text.finish(ready);
    Mailbox mailbox(order, patience);
    if (auto trouble = mailbox.lock())
        return *trouble;
    if (mailbox.discards()) {
        while (what == FrameReader::What::Piece)
            what = content.next(piece);
        return {Ending::Delivered, 0, order.path};
    }
    if (auto trouble = append(mailbox, order, text, std::move(ready), what, content)) {
        if (::ftruncate(mailbox.descriptor(), mailbox.size()) != 0)
            trouble->text += "; a part of the message stays at its end";
        return *trouble;
    }
    return {Ending::Delivered, 0, order.path};
}

} // namespace postern::mda
