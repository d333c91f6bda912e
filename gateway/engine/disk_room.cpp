// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/disk_room.h"

#include <algorithm>
#include <utility>

namespace postern::engine {
namespace {

constexpr Milliseconds kFresh{200};

} // namespace

DiskRoom::DiskRoom(FileStore& files, const Clock& clock, QByteArray folder, qint64 reserve,
                   std::shared_ptr<std::atomic<qint64>> free, queue::ClientSharesPtr shares)
    : m_files(files), m_clock(clock), m_folder(std::move(folder)), m_reserve(reserve), m_free(std::move(free)),
      m_shares(std::move(shares)) {}

qint64 DiskRoom::octets() {
    const qint64 now = m_clock.steady().time_since_epoch().count();
    const qint64 held = m_shares->total();
    if (now - m_askedAt.load(std::memory_order_relaxed) >= kFresh.count()) {
        m_askedAt.store(now, std::memory_order_relaxed);
        if (const auto found = m_files.freeBytes(m_folder)) {
            m_free->store(*found, std::memory_order_relaxed);
            m_heldThen.store(held, std::memory_order_relaxed);
        }
    }
    const qint64 grown = std::max<qint64>(0, held - m_heldThen.load(std::memory_order_relaxed));
    return m_free->load(std::memory_order_relaxed) - m_reserve - grown;
}

} // namespace postern::engine
