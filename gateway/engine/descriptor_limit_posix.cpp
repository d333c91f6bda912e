// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/descriptor_limit.h"

#include <sys/resource.h>

namespace postern::engine {

void raiseDescriptorLimit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)::setrlimit(RLIMIT_NOFILE, &limit);
    }
}

} // namespace postern::engine
