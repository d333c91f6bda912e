// SPDX-License-Identifier: GPL-3.0-or-later
//
// The thread of deliveries on this computer: an event loop with the one LocalWorker living in it.
//
// Thread: made, told and destroyed by engine control; what it owns lives in its own thread. Orders travel in by mailbox,
// reports leave through the function given, which is called there and must only post.
// Stopping: drain(); `done` comes from that thread; the destructor ends the loop and waits.
#pragma once

#include "local/local_worker.h"

#include <functional>
#include <memory>
#include <vector>

namespace postern::engine {

struct LocalThreadSettings {
    const Clock* clock = nullptr;
    FileStore* files = nullptr;
    dns::ResolverSettings dns;
    local::LocalLimits limits;
    std::function<void(local::LocalReport)> report;
};

struct LocalCounts {
    int sessions = 0, waiting = 0; // under way; submitted, not begun
};

class LocalThread {
  public:
    explicit LocalThread(LocalThreadSettings settings);
    ~LocalThread();

    void submit(std::vector<local::LocalJob> jobs);
    void setPaused(bool paused);
    void forgetFailures();
    void drain(Milliseconds grace, std::function<void()> done);
    void count(std::function<void(LocalCounts)> done);

  private:
    struct Impl;
    std::unique_ptr<Impl> m;
};

} // namespace postern::engine
