// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/unix_signals.h"

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <unistd.h>

namespace postern::ctl {
namespace {

// The handler may only do what is async-signal-safe: one byte into a pipe.
int s_pipe[2] = {-1, -1};

extern "C" void onSignal(int number) {
    const int keep = errno;
    const char byte = char(number);
    (void)!::write(s_pipe[1], &byte, 1);
    errno = keep;
}

void handle(int number, void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    ::sigaction(number, &action, nullptr);
}

} // namespace

UnixSignals::UnixSignals(std::function<void(int)> stop, std::function<void()> reload) {
    if (::pipe2(s_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
        return; // the defaults stay: a signal then ends the program at once, and the queue survives that
    m_notifier = std::make_unique<QSocketNotifier>(s_pipe[0], QSocketNotifier::Read);
    QObject::connect(m_notifier.get(), &QSocketNotifier::activated, m_notifier.get(),
                     [stop = std::move(stop), reload = std::move(reload)] {
                         char number = 0;
                         while (::read(s_pipe[0], &number, 1) == 1) {
                             if (number == SIGHUP)
                                 reload();
                             else
                                 stop(number);
                         }
                     });
    for (const int number : {SIGTERM, SIGINT, SIGHUP})
        handle(number, onSignal);
}

UnixSignals::~UnixSignals() {
    for (const int number : {SIGTERM, SIGINT, SIGHUP})
        handle(number, SIG_IGN); // a second Ctrl-C while stopping must not cut the flush short
    m_notifier.reset();
    ::close(s_pipe[0]);
    ::close(s_pipe[1]);
}

} // namespace postern::ctl
