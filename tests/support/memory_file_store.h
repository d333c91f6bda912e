// SPDX-License-Identifier: GPL-3.0-or-later
//
// A disk in memory that remembers what was synced: powerCut() forgets everything else, as the strictest disk would.
//
// File content survives from sync(), names (create, rename, remove) from syncDirectory(). What a failed sync leaves
// behind is never made durable by a later one. For the n-th failure wrap it in FailingFileStore. Thread: any (one
// mutex).
#pragma once

#include "base/file_store.h"

#include <map>
#include <memory>
#include <mutex>
#include <set>

namespace postern::test {

class MemoryFileStore final : public FileStore {
  public:
    Result<void> makeDirectory(const QByteArray& path) override;
    Result<std::unique_ptr<File>> create(const QByteArray& path) override;
    Result<void> overwrite(const QByteArray& path, qint64 offset, QByteArrayView bytes) override;
    Result<QByteArray> read(const QByteArray& path, qint64 offset, qint64 most) override;
    Result<qint64> size(const QByteArray& path) override;
    Result<void> rename(const QByteArray& from, const QByteArray& to) override;
    Result<void> remove(const QByteArray& path) override;
    Result<QByteArrayList> list(const QByteArray& directory) override;
    Result<void> syncFile(const QByteArray& path) override;
    Result<void> syncDirectory(const QByteArray& path) override;
    Result<qint64> freeBytes(const QByteArray& path) override;
    Result<bool> readableByOthers(const QByteArray& path) override;

    void powerCut();                       // back to what was durable; open files go dead
    void powerCut(quint32 seed); // as a real disk may: of what was not synced, some blocks and names are there
    void put(const QByteArray& path, const QByteArray& bytes); // durable at once, for a test's setting
    void failToSync(const QByteArray& path); // what was written so far never gets durable by a later sync
    void setFreeBytes(qint64 bytes) { m_free = bytes; }
    void letOthersRead(const QByteArray& path) { m_readable.insert(path); }

    // For MemoryVfs, whose files are ours: the content behind a name, and the one name made durable.
    struct Node;
    std::shared_ptr<Node> node(const QByteArray& path, bool create);
    void syncName(const QByteArray& path);
    std::mutex& mutex() { return m_mutex; }

    struct Node {
        QByteArray bytes;   // as programs see it
        QByteArray durable; // as a power cut leaves it
        std::set<qsizetype> dirty; // blocks written since the last sync, successful or not
        bool dead = false;  // opened before a power cut

        static constexpr qsizetype kBlock = 4096;
        void write(qsizetype offset, QByteArrayView data);
        void sync();
        void failToSync() { dirty.clear(); } // as Linux does: the pages count as clean, no later sync writes them
    };

  private:
    friend class MemoryFile;
    std::mutex m_mutex;
    std::map<QByteArray, std::shared_ptr<Node>> m_names;        // as programs see it
    std::map<QByteArray, std::shared_ptr<Node>> m_durableNames; // as a power cut leaves it
    std::set<QByteArray> m_readable; // by others; set before the test begins
    qint64 m_free = 1LL << 40;
};

} // namespace postern::test
