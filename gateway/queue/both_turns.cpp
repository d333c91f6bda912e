// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/both_turns.h"

#include <algorithm>
#include <utility>

namespace postern::queue {

std::optional<RouteTurns::Taken> BothTurns::take(SteadyTime now) {
    for (int i = 0; i < 2; ++i) {
        const bool here = std::exchange(m_hereIsNext, !m_hereIsNext);
        if (here ? m_herePaused : m_awayPaused)
            continue;
        if (auto taken = (here ? m_here : m_away).take(now))
            return taken;
    }
    return std::nullopt;
}

std::optional<SteadyTime> BothTurns::nextTurn(SteadyTime now) const {
    const auto away = m_awayPaused ? std::nullopt : m_away.nextTurn(now);
    const auto here = m_herePaused ? std::nullopt : m_here.nextTurn(now);
    return away && here ? std::min(*away, *here) : away ? away : here;
}

std::vector<EnvelopeId> BothTurns::withdrawAll() {
    std::vector<EnvelopeId> all = m_away.withdrawAll();
    const std::vector<EnvelopeId> here = m_here.withdrawAll();
    all.insert(all.end(), here.begin(), here.end());
    return all;
}

} // namespace postern::queue
