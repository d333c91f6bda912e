// SPDX-License-Identifier: GPL-3.0-or-later
//
// The whole way of one recipient, as people and programs see it: the rules, each alias, and every place where mail ends.
//
// The same match() and expand() as the engine's. Thread: any; `done` as in expand().
#pragma once

#include "delivery/expand.h"
#include "policy/explain.h"

namespace postern::delivery {

void explain(const policy::RulesetPtr& rules, const policy::MatchContext& context, const QByteArray& serverName,
             Surroundings surroundings, std::function<void(policy::Explanation)> done);

} // namespace postern::delivery
