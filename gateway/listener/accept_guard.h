// SPDX-License-Identifier: GPL-3.0-or-later
//
// Counts the sessions of one I/O thread, in all and per client address, and says who may come in.
//
// Addresses are counted by network for IPv6 (/64: one household), loopback not at all. Thread: its own.
#pragma once

#include "listener/acceptor.h"

#include <QHash>

namespace postern::listener {

struct ClientKey {
    QByteArray bytes; // 4 octets, or the first 8 of an IPv6 address
    bool isLoopback = false;
};

// Of a connection that a proxy made: not counted for any address.
inline const ClientKey kNobody{{}, true};

// So that one address leaves descriptors for the others, however few the process may have: of each thread's, a quarter.
AcceptLimits fittedTo(AcceptLimits limits, int descriptors);

enum class Admission : quint8 { Welcome, TooMany, TooManyFromAddress };

class AcceptGuard {
  public:
    explicit AcceptGuard(AcceptLimits limits) : m_limits(limits) {}

    Admission admit(const ClientKey& client); // Welcome counts it
    // Whom one that was welcome as nobody's (kNobody) turned out to be, by a proxy's word. False: that client has too many.
    bool recognise(const ClientKey& client);
    void leave(const ClientKey& client);      // one that was welcome, as who it was last
    int sessions() const { return m_sessions; }

  private:
    const AcceptLimits m_limits;
    int m_sessions = 0;
    QHash<QByteArray, int> m_perAddress;
};

} // namespace postern::listener
