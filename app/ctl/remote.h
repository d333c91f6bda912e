// SPDX-License-Identifier: GPL-3.0-or-later
//
// One question to the gateway of a profile: the running one over its control socket, or none.
// Thread: main. Blocks until the answer is there.
#pragma once

#include "control/facade.h"
#include "engine/profile.h"

#include <optional>

namespace postern::ctl {

// Nothing if no gateway runs on this profile.
std::optional<control::Reply> askRunning(const engine::Profile& profile, const control::Request& request);

} // namespace postern::ctl
