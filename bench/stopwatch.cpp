// SPDX-License-Identifier: GPL-3.0-or-later
#include "stopwatch.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <vector>

namespace postern::bench {

void measure(const char* what, double goalMilliseconds, int rounds, int each, const std::function<void()>& work) {
    std::vector<double> times;
    for (int round = 0; round < rounds; ++round) {
        const std::clock_t before = std::clock();
        work();
        times.push_back(1000.0 * double(std::clock() - before) / CLOCKS_PER_SEC / each);
    }
    std::sort(times.begin(), times.end());
    const double median = times[times.size() / 2];
    std::printf("  %-58s median %9.4f ms   best %9.4f ms   goal %9.4f ms   %s\n", what, median, times.front(),
                goalMilliseconds, median <= goalMilliseconds ? "met" : "MISSED");
    std::fflush(stdout);
}

void heading(const QByteArray& text) {
    std::printf("%s\n", text.constData());
}

} // namespace postern::bench
