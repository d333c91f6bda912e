// SPDX-License-Identifier: GPL-3.0-or-later
//
// Time that only moves when the test says so. advance() moves both clocks; jumpWall() only the wall, as an admin would.
#pragma once

#include "base/clock.h"

#include <QtGlobal>

namespace postern::test {

class FakeClock final : public Clock {
  public:
    SteadyTime steady() const override { return m_steady; }
    WallTime wall() const override { return m_wall; }

    void advance(Milliseconds by) {
        m_steady += by;
        m_carry += by;
        const auto whole = std::chrono::duration_cast<Seconds>(m_carry);
        m_wall += whole;
        m_carry -= whole;
    }
    void jumpWall(Seconds by) { m_wall += by; }
    qint64 unixNow() const { return m_wall.time_since_epoch().count(); }

  private:
    SteadyTime m_steady{Milliseconds(1'000'000)};
    WallTime m_wall{Seconds(1'795'098'720)}; // 2026-11-19 14:32 UTC, as in the pictures
    Milliseconds m_carry{0};
};

} // namespace postern::test
