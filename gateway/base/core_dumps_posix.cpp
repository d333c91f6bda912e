// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/core_dumps.h"

#include <sys/resource.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

namespace postern {

void forbidCoreDumps() {
    const rlimit none{0, 0};
    (void)::setrlimit(RLIMIT_CORE, &none);
#ifdef __linux__
    // Where dumps go to a program by a pipe, the limit alone is not looked at.
    (void)::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

} // namespace postern
