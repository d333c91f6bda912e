// SPDX-License-Identifier: GPL-3.0-or-later
//
// The queue of a profile, whether its gateway runs or not. Thread: main.
#pragma once

#include "ctl/gateway_link.h"
#include "ctl/stopped_queue.h"

#include <functional>

namespace postern::ctl {

class QueueAccess {
  public:
    explicit QueueAccess(const engine::Profile& profile) : m_link(profile), m_stopped(profile) {}
    control::Reply ask(const control::Request& request) {
        return m_link.isThere() ? m_link.ask(request) : m_stopped.ask(request);
    }
    GatewayLink& link() { return m_link; }

    // All rows of `args` (queue.list), page by page. Returns "" or why it could not be read.
    QString eachRow(QJsonObject args, const std::function<void(const QJsonObject&)>& take);

  private:
    GatewayLink m_link;
    StoppedQueue m_stopped;
};

} // namespace postern::ctl
