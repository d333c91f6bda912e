// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which deliveries on this computer cannot work, found when the configuration is read: only root can become somebody else.
// Thread: any. The accounts of the computer are asked where an action names one.
#pragma once

#include "delivery/expand.h"

namespace postern::engine {

struct Undeliverable {
    policy::Origin origin;
    QByteArray text; // one line, what is wrong and what to do
};

// `self`: who runs the gateway; with uid 0 only an account that an action names and that does not exist is told.
std::vector<Undeliverable>
whatCannotBeDelivered(const policy::Ruleset& rules, const delivery::LocalUser& self,
                      const std::function<Result<std::optional<delivery::LocalUser>>(const QByteArray&)>& account);

} // namespace postern::engine
