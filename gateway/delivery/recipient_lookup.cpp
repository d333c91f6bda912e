// SPDX-License-Identifier: GPL-3.0-or-later
#include "delivery/recipient_lookup.h"

namespace postern::delivery {

void RecipientLookup::follow(policy::Verdict first, policy::RulesetPtr rules, policy::MatchContext context,
                             std::function<void(Outcome)> done) {
    m_threads.post([this, first = std::move(first), rules = std::move(rules), context = std::move(context),
                    done = std::move(done)] {
        expandFrom(first, rules, context, m_surroundings, policy::WantTrace::No, done);
    });
}

} // namespace postern::delivery
