// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which addresses failed lately and are left alone for a while: a minute, doubled by each further failure, at most an hour.
//
// When the while is over one connection goes first; until that one has its result the others still stay away. A success
// forgives everything. Local source addresses that could not be used are remembered alike.
// Thread: a value of the worker's thread. Spec: standards as a relay client (hosts known dead, one probe).
#pragma once

#include "base/clock.h"

#include <QByteArray>
#include <QHash>

namespace postern::relay {

class AddressPenalties {
  public:
    // A peer is "192.0.2.25:587": another port may be another server.
    bool isBlocked(const QByteArray& peer, SteadyTime now) const;
    Milliseconds remaining(const QByteArray& peer, SteadyTime now) const; // 0 = may be tried
    QByteArray lastTrouble(const QByteArray& peer) const { return m_known.value(peer).trouble; }

    void probing(const QByteArray& peer, SteadyTime now); // somebody tries it: if it failed before, nobody else does
    void failed(const QByteArray& peer, SteadyTime now, const QByteArray& trouble);
    void worked(const QByteArray& peer) { m_known.remove(peer); }
    void forget() { m_known.clear(); }
    void prune(SteadyTime now); // drops what has been over for long

  private:
    struct Entry {
        int failures = 0;
        SteadyTime until{};
        QByteArray trouble;
    };
    QHash<QByteArray, Entry> m_known;
};

} // namespace postern::relay
