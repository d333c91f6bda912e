// SPDX-License-Identifier: GPL-3.0-or-later
//
// Questions to the gateway of a profile: the running one over its control socket, one connection for all of them.
//
// Thread: main. ask() blocks until the answer is there, a minute at most.
#pragma once

#include "control/facade.h"
#include "control/socket_client.h"
#include "engine/profile.h"

#include <memory>

namespace postern::ctl {

class GatewayLink {
  public:
    explicit GatewayLink(const engine::Profile& profile); // connects
    bool isThere() const { return m_isThere; }            // false: no gateway runs on this profile
    control::Reply ask(const control::Request& request);

    // Until the gateway stops or stop() is called; events come meanwhile. `every`, if given, is called each half second.
    void follow(control::EventSink sink) { m_client.onEvent(std::move(sink)); }
    void wait(const std::function<void()>& every = {});
    void stop();

  private:
    control::SocketClient m_client;
    bool m_isThere = false;
    std::function<void()> m_ended;
};

// "no gateway runs on DIR; start it with ...", for people.
QByteArray nobodyRuns(const engine::Profile& profile);

} // namespace postern::ctl
