// SPDX-License-Identifier: GPL-3.0-or-later
//
// The queue verbs on a profile whose gateway is not running: opens the spool itself, under the same lock, and keeps it until
// it goes. Thread: main. Failure: a reply with a sentence, as from the running gateway.
#pragma once

#include "control/facade.h"
#include "engine/profile.h"
#include "engine/queue_rows.h"

#include <memory>

namespace postern::ctl {

class StoppedQueue {
  public:
    explicit StoppedQueue(engine::Profile profile);
    ~StoppedQueue(); // closes the spool
    control::Reply ask(const control::Request& request); // the first one opens it

  private:
    struct Open;
    Result<void> open();
    control::Reply list(Result<engine::Listing> listing);
    control::Reply change(const control::Request& request);
    control::Reply content(const QJsonObject& args);
    control::Reply discover(const QJsonObject& args) const;

    const engine::Profile m_profile;
    std::unique_ptr<Open> m_open;
};

} // namespace postern::ctl
