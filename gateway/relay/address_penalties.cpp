// SPDX-License-Identifier: GPL-3.0-or-later
#include "relay/address_penalties.h"

#include <algorithm>

namespace postern::relay {
namespace {

using namespace std::chrono_literals;

constexpr Milliseconds kFirst = 1min;
constexpr Milliseconds kLongest = 1h;
constexpr int kMostDoublings = 6; // 64 minutes are past the longest
constexpr Milliseconds kProbe = 1min;

} // namespace

bool AddressPenalties::isBlocked(const QByteArray& peer, SteadyTime now) const {
    return remaining(peer, now) > Milliseconds(0);
}

Milliseconds AddressPenalties::remaining(const QByteArray& peer, SteadyTime now) const {
    const auto at = m_known.constFind(peer);
    return at == m_known.cend() ? Milliseconds(0) : std::max(at->until - now, Milliseconds(0));
}

void AddressPenalties::probing(const QByteArray& peer, SteadyTime now) {
    const auto at = m_known.find(peer);
    if (at != m_known.end())
        at->until = std::max(at->until, now + kProbe);
}

void AddressPenalties::failed(const QByteArray& peer, SteadyTime now, const QByteArray& trouble) {
    Entry& entry = m_known[peer];
    entry.until = now + std::min(kFirst * (1 << entry.failures), kLongest);
    entry.failures = std::min(entry.failures + 1, kMostDoublings);
    entry.trouble = trouble;
}

void AddressPenalties::prune(SteadyTime now) {
    m_known.removeIf([now](const auto& entry) { return entry.value().until + kLongest < now; });
}

} // namespace postern::relay
