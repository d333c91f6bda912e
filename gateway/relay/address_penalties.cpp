// SPDX-License-Identifier: GPL-3.0-or-later
#include "relay/address_penalties.h"

#include <algorithm>

namespace postern::relay {
namespace {

constexpr Milliseconds kUnit{15'000};
constexpr Milliseconds kLongest{3'600'000};
constexpr int kMostFailures = 16; // 15 s · 16² is past the longest

} // namespace

bool AddressPenalties::isBlocked(const QByteArray& peer, SteadyTime now) const {
    return remaining(peer, now) > Milliseconds(0);
}

Milliseconds AddressPenalties::remaining(const QByteArray& peer, SteadyTime now) const {
    const auto at = m_known.constFind(peer);
    return at == m_known.cend() ? Milliseconds(0) : std::max(at->until - now, Milliseconds(0));
}

void AddressPenalties::failed(const QByteArray& peer, SteadyTime now, const QByteArray& trouble) {
    Entry& entry = m_known[peer];
    entry.failures = std::min(entry.failures + 1, kMostFailures);
    entry.until = now + std::min(kUnit * entry.failures * entry.failures, kLongest);
    entry.trouble = trouble;
}

void AddressPenalties::prune(SteadyTime now) {
    m_known.removeIf([now](const auto& entry) { return entry.value().until + kLongest < now; });
}

} // namespace postern::relay
