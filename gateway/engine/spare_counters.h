// SPDX-License-Identifier: GPL-3.0-or-later
//
// Today's counters for a day when the queue's disk is full: a small file, made while there is room and written over in place,
// which needs no more of it.
//
// Only what the database could not take goes there; which of both is newer is told by the day and by how much was counted.
// Never synced: after a power cut it may be old, or be nothing. Thread: engine control.
// Failure: none is told; the counters are then what the database has.
#pragma once

#include "base/file_store.h"

#include <map>
#include <utility>
#include <vector>

namespace postern::engine {

class SpareCounters {
  public:
    SpareCounters(FileStore& files, QByteArray path) : m_files(files), m_path(std::move(path)) {}

    void makeRoom(); // the file, if it is not there
    void keep(const std::vector<std::pair<QByteArray, qint64>>& values);
    // `kept`, or what lies in the file if that is newer. Only names that stand there are changed.
    std::map<QByteArray, qint64> newer(std::map<QByteArray, qint64> kept) const;

    static constexpr qsizetype kOctets = 4096;

  private:
    FileStore& m_files;
    const QByteArray m_path;
};

} // namespace postern::engine
