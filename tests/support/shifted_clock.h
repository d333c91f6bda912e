// SPDX-License-Identifier: GPL-3.0-or-later
//
// The computer's time, moved on by a test: for whole gateways in the test's own process, whose threads and timers live on.
// Thread: any.
#pragma once

#include "base/clock.h"

#include <atomic>

namespace postern::test {

class ShiftedClock final : public Clock {
  public:
    SteadyTime steady() const override { return m_real.steady() + Milliseconds(m_shift.load()); }
    WallTime wall() const override { return m_real.wall() + std::chrono::duration_cast<Seconds>(Milliseconds(m_shift.load())); }
    void advance(Milliseconds by) { m_shift += by.count(); }

  private:
    const SystemClock m_real;
    std::atomic<Milliseconds::rep> m_shift{0};
};

} // namespace postern::test
