// SPDX-License-Identifier: GPL-3.0-or-later
//
// SIGTERM, SIGINT and SIGHUP as ordinary calls on the thread that made this. Platform: unix_signals.cpp (POSIX).
// Thread: main, one object at a time; needs its event loop.
#pragma once

#include <QSocketNotifier>

#include <functional>
#include <memory>

namespace postern::ctl {

class UnixSignals {
  public:
    UnixSignals(std::function<void(int number)> stop, std::function<void()> reload);
    ~UnixSignals();
    UnixSignals(const UnixSignals&) = delete;
    UnixSignals& operator=(const UnixSignals&) = delete;

  private:
    std::unique_ptr<QSocketNotifier> m_notifier;
};

} // namespace postern::ctl
