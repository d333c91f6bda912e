// SPDX-License-Identifier: GPL-3.0-or-later
//
// The listening half of one I/O thread: takes connections from the open listeners and runs a ServerConnection for each.
//
// Pauses accepting before descriptors run out and resumes when some are free; caps sessions in all and per address (421);
// one coarse tick a second looks after every connection's deadline.
// Thread: one I/O thread, all of it. Stopping: drain(), then destroy.
#pragma once

#include "listener/open_listener.h"
#include "listener/services.h"

#include <memory>
#include <vector>

namespace postern::listener {

struct AcceptLimits {
    int maxSessions = 20'000;       // of this thread
    int maxSessionsPerAddress = 5'000; // of this thread, at most a quarter of all; loopback is not counted
};

class Acceptor {
  public:
    Acceptor(ListenerServices services, AcceptLimits limits);
    ~Acceptor();

    // Replaces what is served. Listeners that are gone stop accepting; their sessions go on with what they began with.
    void serve(std::vector<std::shared_ptr<const ListenerService>> listeners);
    void setPaused(bool paused); // new connections get 421 4.3.2

    // Stops accepting; sessions are told 421 at their next safe point; `done` when the last is gone or after `grace`.
    void drain(Milliseconds grace, std::function<void()> done);
    int sessions() const;
    std::vector<std::pair<QByteArray, int>> sessionsPerListener() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> m;
};

} // namespace postern::listener
