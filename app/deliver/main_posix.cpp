// SPDX-License-Identifier: GPL-3.0-or-later
//
// postern-deliver: delivers one message as one user. Started by the gateway, or by hand as the command that a wrapper wraps.
//
// From the gateway (no arguments): order and message on standard input in frames, the report on standard output. By hand:
//   postern-deliver maildir [-j] [-f FOLDER] [-n NAME] PATH     the message on standard input, as the user who runs it
//   postern-deliver mbox [-s SENDER] PATH
// Exit: 0 delivered, 75 try again later, 64 wrong usage, 77 as root.
#include "mda/deliver.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>

using namespace postern::mda;

namespace {

constexpr int kFirstOther = 3;

// Whatever the gateway forgot to mark: sockets, the queue's files, locks (M03).
void closeOthers() {
#ifdef __linux__
    if (::close_range(kFirstOther, ~0U, 0) == 0)
        return;
#endif
    struct rlimit most = {};
    const rlim_t end = ::getrlimit(RLIMIT_NOFILE, &most) == 0 ? most.rlim_cur : 1024;
    for (int descriptor = kFirstOther; rlim_t(descriptor) < end && descriptor < 1'048'576; ++descriptor)
        ::close(descriptor);
}

void resetSignals() {
    for (int signal = 1; signal < NSIG; ++signal)
        std::signal(signal, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    watchSignals();
}

Report carryOut(const Order& order, Content& content) {
    const MailFolder folder = prepareMailFolder(order);
    if (!folder.trouble.empty())
        return {Ending::Later, 0, folder.trouble};
    if (const std::string why = become(order, folder.group); !why.empty())
        return {Ending::Later, 0, why};
    switch (order.task) {
    case Task::Mailbox:
    case Task::File: return deliverToMbox(order, content);
    case Task::Maildir: return deliverToMaildir(order, content);
    case Task::Command: return runCommand(order, content, STDIN_FILENO);
    }
    return {Ending::Later, 0, "4.3.5 an order that cannot be understood"};
}

int fromGateway() {
    // The report goes where standard output went; nobody else may write there.
    const int answer = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, kFirstOther);
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (answer < 0 || null < 0 || ::dup2(null, STDOUT_FILENO) < 0)
        return EX_OSERR;
    Content content(STDIN_FILENO, Content::Form::Frames);
    std::string bytes;
    const auto order = content.next(bytes) == FrameReader::What::Piece ? decodeOrder(bytes) : std::nullopt;
    const Report report =
        order ? carryOut(*order, content) : Report{Ending::Later, 0, "4.3.5 the order to deliver could not be read"};
    const std::string text = encode(report);
    const bool told = ::write(answer, text.data(), text.size()) == ssize_t(text.size());
    return told ? EX_OK : EX_IOERR;
}

int usage() {
    std::fputs(
        "usage: postern-deliver maildir [-j] [-f FOLDER] [-n NAME] PATH\n"
        "       postern-deliver mbox [-s SENDER] PATH\n"
        "Delivers the message on standard input as the user who runs this. The gateway runs it without arguments.\n",
        stderr);
    return EX_USAGE;
}

std::string ownName() {
    char host[256] = {};
    ::gethostname(host, sizeof host - 1);
    std::string name = std::to_string(std::time(nullptr)) + ".P" + std::to_string(::getpid()) + '.';
    for (const char* c = host; *c; ++c)
        name += *c == '/' ? "\\057" : *c == ':' ? "\\072" : std::string(1, *c);
    return name;
}

int byHand(int argc, char** argv) {
    Order order;
    order.uid = ::geteuid();
    order.gid = ::getegid();
    order.user = "you";
    const std::string what = argv[1];
    if (what == "maildir")
        order.task = Task::Maildir;
    else if (what == "mbox")
        order.task = Task::Mailbox;
    else
        return usage();
    int option = 0;
    while ((option = ::getopt(argc - 1, argv + 1, what == "mbox" ? "s:" : "jf:n:")) != -1) {
        switch (option) {
        case 'j': order.junk = true; break;
        case 'f': order.folder = ::optarg; break;
        case 'n': order.name = ::optarg; break;
        case 's': order.sender = ::optarg; break;
        default: return usage();
        }
    }
    if (::optind + 2 != argc)
        return usage();
    order.path = argv[argc - 1];
    if (order.name.empty())
        order.name = ownName();
    else
        order.mayBeThere = true;
    if (order.uid == 0) {
        std::fputs("postern-deliver: does not deliver as root\n", stderr);
        return EX_NOPERM;
    }
    ::umask(077);
    Content content(STDIN_FILENO, Content::Form::Plain);
    const Report report =
        order.task == Task::Maildir ? deliverToMaildir(order, content) : deliverToMbox(order, content);
    if (report.ending == Ending::Delivered)
        return EX_OK;
    std::fprintf(stderr, "postern-deliver: %s\n", report.text.c_str());
    return EX_TEMPFAIL;
}

} // namespace

int main(int argc, char** argv) {
    closeOthers();
    resetSignals();
    if (argc > 1)
        return byHand(argc, argv);
    return ::isatty(STDIN_FILENO) ? usage() : fromGateway();
}
