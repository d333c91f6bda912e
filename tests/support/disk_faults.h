// SPDX-License-Identifier: GPL-3.0-or-later
//
// The n-th disk operation fails, whoever asks for it: one count that FailingFileStore and MemoryVfs share, so that a
// test can break a scenario at every single step, in files and in the database.
#pragma once

#include "base/result.h"

#include <memory>

namespace postern::test {

struct DiskFaults {
    enum class Mode { Once, Outage, FromThenOn };
    int failAt = 0; // counted from 1; 0 = never
    Mode mode = Mode::Once;
    Error error{ErrorCode::Io, "injected failure", Permanence::Temporary};
    int count = 0;
    int outage = 6; // operations that fail in a row in Mode::Outage
    bool failed = false;
    bool silent = false; // a killed process: operations neither happen nor half happen

    bool hit() {
        ++count;
        const int end = mode == Mode::Once ? failAt + 1 : mode == Mode::Outage ? failAt + outage : count + 1;
        const bool now = failAt > 0 && count >= failAt && count < end;
        failed = failed || now;
        return now;
    }
};
using DiskFaultsPtr = std::shared_ptr<DiskFaults>;

} // namespace postern::test
