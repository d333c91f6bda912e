// SPDX-License-Identifier: GPL-3.0-or-later
//
// A stored content in pieces, as it came in, whatever its form on disk. Memory stays flat: one record of a sealed file.
//
// Reading on from where the last read ended costs nothing extra; elsewhere the records before it are stepped over, or,
// going back, the file is begun anew. Thread: one at a time. Lifetime: keeps the body; `files` must outlive it.
// Failure: Corrupt = damaged, cut off, or encrypted with another key; others as the disk says.
#pragma once

#include "base/file_store.h"
#include "queue/seal.h"

namespace postern::queue {

class BodyReader {
  public:
    BodyReader(FileStore& files, BodyPtr body) : m_files(&files), m_body(std::move(body)) {}

    Result<QByteArray> read(qint64 at, qint64 most); // fewer only at the end

  private:
    Result<void> open();
    Result<void> nextRecord();
    Result<QByteArray> readSealed(qint64 at, qint64 most);
    Error damaged(const char* why) const;

    FileStore* m_files;
    BodyPtr m_body;
    MessageId m_id = 0;
    std::optional<RecordOpener> m_opener;
    qint64 m_fileAt = 0;         // of the record after m_record
    quint64 m_number = 0;        // of the record after m_record
    QByteArray m_record;         // plain
    qint64 m_recordAt = 0;       // in the content
    bool m_isLast = false;
};

// What a content file without a row says of itself: its form, and its size by reading it through.
struct FoundContent {
    ContentForm form;
    qint64 size = 0; // of the content; of the file if that cannot be read
};
Result<FoundContent> examine(FileStore& files, const QByteArray& file, MessageId id, const SealPtr& seal);

} // namespace postern::queue
