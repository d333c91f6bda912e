// SPDX-License-Identifier: GPL-3.0-or-later
//
// The queue verbs on a profile whose gateway is not running: opens the spool itself, under the same lock.
// Thread: main. Failure: a reply with a sentence, as from the running gateway.
#pragma once

#include "control/facade.h"
#include "engine/profile.h"

namespace postern::ctl {

control::Reply askStopped(const engine::Profile& profile, const control::Request& request);

} // namespace postern::ctl
