// SPDX-License-Identifier: GPL-3.0-or-later
//
// The n-th disk operation fails, whoever asks for it: one count that FailingFileStore and MemoryVfs share, so that a
// test can break a scenario at every single step, in files and in the database. Thread: any; `error` is set before it begins.
#pragma once

#include "base/result.h"

#include <atomic>
#include <memory>

namespace postern::test {

// An atomic that can be copied, for faults that a test turns on while the spool thread is at work.
template <class T>
class SharedValue {
  public:
    SharedValue(T value) : m_value(value) {}
    SharedValue(const SharedValue& other) : m_value(other.m_value.load()) {}
    SharedValue& operator=(const SharedValue& other) { return *this = other.m_value.load(); }
    SharedValue& operator=(T value) {
        m_value = value;
        return *this;
    }
    operator T() const { return m_value; }
    T operator++() { return ++m_value; }

  private:
    std::atomic<T> m_value;
};

struct DiskFaults {
    enum class Mode { Once, Outage, FromThenOn };
    SharedValue<int> failAt = 0; // counted from 1; 0 = never
    SharedValue<Mode> mode = Mode::Once;
    Error error{ErrorCode::Io, "injected failure", Permanence::Temporary};
    SharedValue<int> count = 0;
    SharedValue<int> outage = 6; // operations that fail in a row in Mode::Outage
    SharedValue<bool> failed = false;
    SharedValue<bool> silent = false; // a killed process: operations neither happen nor half happen

    bool hit() {
        ++count;
        const int end = mode == Mode::Once ? failAt + 1 : mode == Mode::Outage ? failAt + outage : count + 1;
        const bool now = failAt > 0 && count >= failAt && count < end;
        if (now)
            failed = true;
        return now;
    }
};
using DiskFaultsPtr = std::shared_ptr<DiskFaults>;

} // namespace postern::test
