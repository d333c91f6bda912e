// SPDX-License-Identifier: GPL-3.0-or-later
//
// The content of one message on its way in: in memory while it is small, appended to an incoming/ file once it is not.
//
// Small is at most kInlineBody; up to kSegmentBody if all contents that are between these two leave room for one more: what
// comes to the spool in memory costs the disk less, but many sessions must not fill the memory.
// A file is written in the form that the queue is kept in: nothing lies open in an encrypted one, not even for a moment.
// A disk that gets nearly full meanwhile ends it as a failed write does, and the file goes at once: its room is needed.
// Never synced here: the spool does that before it commits. A failed write is remembered and told by finish(), so that the
// client gets its reply at the end of data and the rest of the content costs nothing.
// Thread: its own. Lifetime: whoever drops it without finish() discards fileName(), if there is one.
#pragma once

#include "base/file_store.h"
#include "queue/envelope.h"
#include "queue/seal.h"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace postern::listener {

// Octets that contents may still take beyond kInlineBody each. Thread: any.
using ContentMemory = std::shared_ptr<std::atomic<qint64>>;

// A part of it, given back when it goes.
class MemoryShare {
  public:
    MemoryShare() = default;
    static MemoryShare take(const ContentMemory& memory, qint64 octets); // nothing if there is too little
    MemoryShare(MemoryShare&& other) noexcept
        : m_memory(std::move(other.m_memory)), m_octets(std::exchange(other.m_octets, 0)) {}
    MemoryShare& operator=(MemoryShare&& other) noexcept {
        std::swap(m_memory, other.m_memory);
        std::swap(m_octets, other.m_octets);
        return *this;
    }
    ~MemoryShare() {
        if (m_octets > 0)
            m_memory->fetch_add(m_octets);
    }
    explicit operator bool() const { return m_octets > 0; }

  private:
    ContentMemory m_memory;
    qint64 m_octets = 0;
};

// How its file is written.
struct FileForm {
    queue::SealPtr seal = {}; // null: as it comes
    queue::MessageId id = 0;
    std::function<bool(qint64 octets)> hasRoomFor = {}; // asked again and again while it grows; none = there is
};

class IncomingContent {
  public:
    // path: where the file goes if one is needed. expected: octets announced by the client, -1 = unknown.
    // memory: null = never above kInlineBody.
    IncomingContent(FileStore& files, QByteArray path, qint64 expected, ContentMemory memory = {}, FileForm form = {});

    void append(QByteArrayView bytes);
    Result<queue::Body> finish(); // once

    MemoryShare takeShare() { return std::move(m_share); } // to be kept as long as finish()'s bytes are
    qint64 size() const { return m_size; }
    QByteArray fileName() const { return m_fileMade ? m_path : QByteArray(); }

  private:
    void writeOut(QByteArrayView bytes);
    Result<void> writeSealed(QByteArrayView bytes);
    Result<void> endSealed();
    Result<void> writeFile(QByteArrayView octets);
    void growOrMakeFile();

    FileStore& m_files;
    const QByteArray m_path;
    const ContentMemory m_memory;
    const FileForm m_form;
    std::optional<queue::SealWriter> m_sealer;
    QByteArray m_sealed; // a piece of it
    MemoryShare m_share;
    const qint64 m_expected;
    qint64 m_inMemoryAtMost;
    QByteArray m_bytes; // not yet written
    std::unique_ptr<File> m_file;
    bool m_fileMade = false;
    qint64 m_fileSize = 0;
    qint64 m_askRoomAt = 0; // file size
    qint64 m_size = 0;
    std::optional<Error> m_error;
};

} // namespace postern::listener
