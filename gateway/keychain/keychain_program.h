// SPDX-License-Identifier: GPL-3.0-or-later
//
// The system's keychain, asked by a process of its own for each question (see README.md). A secret goes to it and comes from
// it over a socket pair, never by its arguments or environment.
//
// Thread: any. At most kMostWaiting questions wait; two are asked at a time.
// Lifetime: destruction ends the processes under way and answers Failed to all that waits; not from inside a `done`.
// Failure: TooSlow after `deadline`, and the process is ended; Failed if it cannot be started or answers half.
#pragma once

#include "base/clock.h"
#include "base/worker_threads.h"
#include "keychain/keychain.h"

#include <atomic>

namespace postern::keychain {

class KeychainProgram final : public Keychain {
  public:
    static constexpr int kMostWaiting = 256;
    static constexpr Milliseconds kDeadline{10'000};
    static constexpr Milliseconds kDeadlineOfAPerson{120'000}; // where the question allows to ask somebody

    explicit KeychainProgram(QByteArray program, Milliseconds deadline = kDeadline);
    ~KeychainProgram() override;

    void ask(Question question, Done done) override;

  private:
    Answer carryOut(const Question& question) const;

    const QByteArray m_program;
    const Milliseconds m_deadline;
    std::atomic<bool> m_isEnding = false;
    std::atomic<int> m_waiting = 0;
    WorkerThreads m_workers{2}; // goes first, with its work done
};

// postern-keychain beside the running program; or, built without the library, one that answers NotBuilt to all.
KeychainPtr systemKeychain();

} // namespace postern::keychain
