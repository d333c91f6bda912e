// SPDX-License-Identifier: GPL-3.0-or-later
//
// One I/O thread: an event loop (epoll where there is one) with an Acceptor and a RelayWorker living in it.
//
// Thread: made, told and destroyed by engine control; everything it owns lives in its own thread. Orders travel in by
// mailbox, results leave through the functions given, which are called in the I/O thread and must only post.
// Stopping: drain() tells both halves; `done` comes from the I/O thread; the destructor ends the loop and waits.
#pragma once

#include "dns/resolver.h"
#include "listener/acceptor.h"
#include "relay/relay_worker.h"

#include <functional>
#include <memory>
#include <vector>

namespace postern::engine {

struct IoThreadSettings {
    listener::ListenerServices services;
    listener::AcceptLimits acceptLimits;
    relay::RelayLimits relayLimits;
    dns::ResolverSettings dns;
    std::function<void(relay::RelayReport)> report;
};

// How many sessions run where, asked once in a while for status.
struct IoCounts {
    std::vector<std::pair<QByteArray, int>> sessionsPerListener;
    int sessions = 0;
    int relayConnections = 0;
};

class IoThread {
  public:
    explicit IoThread(IoThreadSettings settings);
    ~IoThread();

    void serve(std::vector<std::shared_ptr<const listener::ListenerService>> listeners);
    void submit(std::vector<relay::RelayJob> jobs);
    void setSmtpPaused(bool paused);
    void forgetRelayFailures();
    void drain(Milliseconds grace, std::function<void()> done);
    void count(std::function<void(IoCounts)> done);

  private:
    struct Impl;
    std::unique_ptr<Impl> m;
};

} // namespace postern::engine
