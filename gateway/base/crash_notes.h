// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a thread was at work on when the program died of a fault of its own, kept in a file for the next start: a message that
// brings the program down each time is found out that way (threats Q15).
//
// Counts faults of the program only: SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT. Being killed, or losing power, is no fault
// of what was under way and leaves nothing. Not synced: after a power cut a note may be missing, never wrong.
// Thread: AtWork: any, for itself. CrashNotes: the engine's control thread. Failure: a file that cannot be opened is told,
// and nothing is noted then.
#pragma once

#include "base/result.h"

#include <map>
#include <memory>

namespace postern {

// While it lives, its thread is at work on `what` (0 = nothing in particular). Costs two stores to thread-local memory.
class AtWork {
  public:
    explicit AtWork(quint32 what);
    ~AtWork();
    AtWork(const AtWork&) = delete;
    AtWork& operator=(const AtWork&) = delete;

  private:
    const quint32 m_before;
};

class CrashNotes {
  public:
    // Reads what earlier lives left in `file`, and notes there what this one dies of. One at a time in a program.
    static Result<std::unique_ptr<CrashNotes>> open(const QByteArray& file);
    ~CrashNotes();
    CrashNotes(const CrashNotes&) = delete;
    CrashNotes& operator=(const CrashNotes&) = delete;

    const std::map<quint32, int>& counts() const { return m_counts; } // work -> deaths
    // Forgets all others, and those that were not noted.
    void keepOnly(std::map<quint32, int> counts);

  private:
    CrashNotes(QByteArray file, std::map<quint32, int> counts, int descriptor)
        : m_file(std::move(file)), m_counts(std::move(counts)), m_descriptor(descriptor) {}

    const QByteArray m_file;
    std::map<quint32, int> m_counts;
    const int m_descriptor;
};

} // namespace postern
