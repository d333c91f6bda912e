// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.h"

namespace postern {

SteadyTime SystemClock::steady() const {
    return std::chrono::time_point_cast<Milliseconds>(std::chrono::steady_clock::now());
}

WallTime SystemClock::wall() const {
    return std::chrono::time_point_cast<Seconds>(std::chrono::system_clock::now());
}

} // namespace postern
