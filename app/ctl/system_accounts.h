// SPDX-License-Identifier: GPL-3.0-or-later
//
// The accounts of this computer, for whoever asks where mail for a user ends. Thread: main (the system's list may block).
#pragma once

#include "delivery/expand.h"

namespace postern::ctl {

// Nothing: there is none of that name. Error: the system could not say.
Result<std::optional<delivery::LocalUser>> systemAccount(const QByteArray& name);

} // namespace postern::ctl
