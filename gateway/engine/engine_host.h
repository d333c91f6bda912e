// SPDX-License-Identifier: GPL-3.0-or-later
//
// An engine in this process, on a thread of its own; what a window and `posternctl run` start and stop.
//
// Thread: the one that made it (main). start() blocks until the engine runs or has failed; stop() until it is down, or
// for stopWithin: an engine that hangs (a disk that does not answer) is then left behind, and what was accepted is on disk.
// The facade belongs to the thread that made the host and must go before it.
#pragma once

#include "engine/engine.h"

#include <functional>
#include <memory>

namespace postern::engine {

class EngineHost {
  public:
    EngineHost();
    ~EngineHost(); // stops

    struct Started {
        QByteArrayList listeningOn; // "127.0.0.1:2525"
    };
    Result<Started> start(EngineSettings settings);
    bool stop(); // false: it did not end in time. Its threads still run; leave by _Exit(), not through main()
    bool isRunning() const;

    // The verb `stop` came through the control socket: called on the host's thread, which should then call stop().
    void onStopAsked(std::function<void()> asked);
    void reload(); // as SIGHUP does

    std::unique_ptr<control::Facade> facade();

  private:
    struct Impl;
    std::shared_ptr<Impl> m; // shared with facades, which answer clearly once it is stopped
    friend class InProcessFacade;
};

} // namespace postern::engine
