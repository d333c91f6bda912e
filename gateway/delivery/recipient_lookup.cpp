// SPDX-License-Identifier: GPL-3.0-or-later
#include "delivery/recipient_lookup.h"

namespace postern::delivery {

RecipientLookup::RecipientLookup(Surroundings surroundings) : m_surroundings(std::move(surroundings)) {
    m_door->threads = &m_threads;
    m_surroundings.goOn = [door = m_door](std::function<void()> task) {
        const std::lock_guard lock(door->mutex);
        if (door->threads)
            door->threads->post(std::move(task));
    };
}

RecipientLookup::~RecipientLookup() {
    {
        const std::lock_guard lock(m_door->mutex);
        m_door->threads = nullptr;
    }
    m_threads.clear();
}

void RecipientLookup::follow(policy::Verdict first, policy::RulesetPtr rules, policy::MatchContext context,
                             std::function<void(Outcome)> done) {
    m_threads.post([this, first = std::move(first), rules = std::move(rules), context = std::move(context),
                    done = std::move(done)] {
        expandFrom(first, rules, context, m_surroundings, policy::WantTrace::No, done);
    });
}

} // namespace postern::delivery
