// SPDX-License-Identifier: GPL-3.0-or-later
#include "listener/accept_guard.h"

#include <algorithm>

namespace postern::listener {

AcceptLimits fittedTo(AcceptLimits limits, int descriptors) {
    limits.maxSessionsPerAddress =
        std::min(limits.maxSessionsPerAddress, std::max(1, std::min(limits.maxSessions, descriptors) / 4));
    return limits;
}

Admission AcceptGuard::admit(const ClientKey& client) {
    if (m_sessions >= m_limits.maxSessions)
        return Admission::TooMany;
    if (!recognise(client))
        return Admission::TooManyFromAddress;
    ++m_sessions;
    return Admission::Welcome;
}

bool AcceptGuard::recognise(const ClientKey& client) {
    if (client.isLoopback)
        return true;
    int& count = m_perAddress[client.bytes];
    if (count >= m_limits.maxSessionsPerAddress)
        return false;
    ++count;
    return true;
}

void AcceptGuard::leave(const ClientKey& client) {
    --m_sessions;
    if (client.isLoopback)
        return;
    const auto at = m_perAddress.find(client.bytes);
    if (at != m_perAddress.end() && --at.value() <= 0)
        m_perAddress.erase(at);
}

} // namespace postern::listener
