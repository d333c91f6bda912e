// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/retry_schedule.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace postern::queue {

NextTry nextTry(qint64 createdAt, int tries, qint64 now, Seconds base) {
    const qint64 step = std::max<qint64>(base.count(), 1);
    const qint64 age = std::max<qint64>(now - createdAt, 0); // a clock set back must not start the curve anew
    qint64 n = std::max<qint64>(qint64(tries) + 1, qint64(std::sqrt(double(age) / double(step))));
    while (step * n * n <= age) // the square root may have been rounded down
        ++n;
    return {createdAt + step * n * n, int(n)};
}

NextTry nextTryEvery(Seconds interval, qint64 createdAt, int tries, qint64 now) {
    const qint64 step = std::max<qint64>(1, interval.count());
    const qint64 age = std::max<qint64>(0, now - createdAt);
    return {createdAt + (age / step + 1) * step, std::min(tries, std::numeric_limits<int>::max() - 1) + 1};
}

} // namespace postern::queue
