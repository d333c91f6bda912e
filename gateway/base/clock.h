// SPDX-License-Identifier: GPL-3.0-or-later
//
// Time as the program sees it, so that tests own it.
//
// steady() orders waits and time-outs and never jumps; wall() is Unix time for headers and stored dates and may jump.
// Thread: any (both functions are safe to call from everywhere).
#pragma once

#include <chrono>

namespace postern {

using Milliseconds = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

// Milliseconds since an arbitrary start (steady) and seconds since 1970-01-01 UTC (wall).
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, Milliseconds>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, Seconds>;

class Clock {
  public:
    virtual ~Clock() = default;
    virtual SteadyTime steady() const = 0;
    virtual WallTime wall() const = 0;
};

class SystemClock final : public Clock {
  public:
    SteadyTime steady() const override;
    WallTime wall() const override;
};

} // namespace postern
