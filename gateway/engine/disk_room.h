// SPDX-License-Identifier: GPL-3.0-or-later
//
// How many octets new mail may still take on the queue's disk. The system is asked a few times a second at most; what clients'
// mail has grown by since then is taken off, so that a burst does not share out the same room twice.
// Thread: any. Failure: a disk that cannot be asked is as it was.
#pragma once

#include "base/clock.h"
#include "base/file_store.h"
#include "queue/client_shares.h"

#include <atomic>
#include <memory>

namespace postern::engine {

class DiskRoom {
  public:
    // free: octets as last heard; others may set it, too. reserve: octets that are kept for ourselves.
    DiskRoom(FileStore& files, const Clock& clock, QByteArray folder, qint64 reserve,
             std::shared_ptr<std::atomic<qint64>> free, queue::ClientSharesPtr shares);

    qint64 octets(); // below 0: the reserve is in use

  private:
    FileStore& m_files;
    const Clock& m_clock;
    const QByteArray m_folder;
    const qint64 m_reserve;
    const std::shared_ptr<std::atomic<qint64>> m_free;
    const queue::ClientSharesPtr m_shares;
    std::atomic<qint64> m_askedAt{0};
    std::atomic<qint64> m_heldThen{0};
};

} // namespace postern::engine
