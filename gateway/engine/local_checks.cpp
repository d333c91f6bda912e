// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/local_checks.h"

#include "base/log.h"

#include <set>

namespace postern::engine {
namespace {

bool becomesTheUser(policy::Method method) {
    switch (method) {
    case policy::Method::Mbox:
    case policy::Method::Maildir:
    case policy::Method::Mda: return true;
    case policy::Method::Lmtp: // spoken by the gateway itself
    case policy::Method::Relay:
    case policy::Method::Catch:
    case policy::Method::ExpandOnly:
    case policy::Method::ForwardOnly: break;
    }
    return false;
}

} // namespace

std::vector<Undeliverable>
whatCannotBeDelivered(const policy::Ruleset& rules, const delivery::LocalUser& self,
                      const std::function<Result<std::optional<delivery::LocalUser>>(const QByteArray&)>& account) {
    std::vector<Undeliverable> found;
    std::set<const policy::Action*> seen;
    const auto look = [&](const policy::ActionPtr& action) {
        if (!action || !becomesTheUser(action->method) || !seen.insert(action.get()).second)
            return;
        const QByteArray& name = action->local.user;
        if (name.isEmpty()) {
            if (self.uid != 0)
                found.push_back({action->origin, "run by " + harmless(self.name, 64) + ", the gateway can deliver to " +
                                                     harmless(self.name, 64) +
                                                     " alone, and mail for other users waits; only one that root starts can "
                                                     "deliver to everybody"});
            return;
        }
        const auto owner = account(name);
        if (!owner)
            return; // nobody can say now
        if (!*owner)
            found.push_back({action->origin, "there is no account " + harmless(name, 64) + " on this computer, so this mail waits; "
                                             "make it, or name another"});
        else if (self.uid != 0 && (*owner)->uid != self.uid)
            found.push_back({action->origin, "run by " + harmless(self.name, 64) + ", the gateway can't deliver as " +
                                                 harmless(name, 64) + ", and this mail waits; only one that root starts can"});
    };
    for (const policy::Rule& rule : rules.rules)
        look(rule.action);
    for (const auto& [name, action] : rules.actions)
        look(action);
    return found;
}

} // namespace postern::engine
