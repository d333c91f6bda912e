// SPDX-License-Identifier: GPL-3.0-or-later
//
// SQLite on the disk of a MemoryFileStore: the database's files and ours share one power cut and one count of
// operations.
//
// What survives follows SQLite's own VFS for Unix: content from xSync; the name of a log or journal from its first
// xSync; the name of a database from syncDirectory() of its folder. open (when it creates), delete, write, truncate and
// sync count as operations that may fail; a failing write leaves half of its bytes. Registered under name() as long as
// it lives; every connection must be closed before. Thread: one connection at a time.
#pragma once

#include "support/disk_faults.h"
#include "support/memory_file_store.h"

#include <memory>

namespace postern::test {

class MemoryVfs {
  public:
    explicit MemoryVfs(MemoryFileStore& store, DiskFaultsPtr faults = std::make_shared<DiskFaults>());
    ~MemoryVfs();
    MemoryVfs(const MemoryVfs&) = delete;
    MemoryVfs& operator=(const MemoryVfs&) = delete;

    const char* name() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> m;
};

} // namespace postern::test
