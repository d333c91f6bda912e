// SPDX-License-Identifier: GPL-3.0-or-later
//
// How many messages each action has sent lately: `max-rate MESSAGES per TIME`.
//
// Exact for every stretch of that time, not only on average: the moment of each of the last MESSAGES is kept (at most a
// million, 8 bytes each). Shared by the workers of all I/O threads.
// Thread: any (one lock inside).
#pragma once

#include "base/clock.h"
#include "policy/ruleset.h"

#include <QHash>

#include <deque>
#include <mutex>

namespace postern::relay {

class SendingRate {
  public:
    bool mayGo(const QByteArray& action, const policy::RelayRate& rate, SteadyTime now);
    bool take(const QByteArray& action, const policy::RelayRate& rate, SteadyTime now); // false: not now

  private:
    struct Sent {
        std::deque<SteadyTime> times; // oldest first
        SteadyTime ends{};            // then the youngest is out as well
    };
    Sent& lately(const QByteArray& action, const policy::RelayRate& rate, SteadyTime now);

    std::mutex m_lock;
    QHash<QByteArray, Sent> m_sent; // under the lock
};

} // namespace postern::relay
