// SPDX-License-Identifier: GPL-3.0-or-later
//
// The content of one message on its way in: in memory while it is small, appended to an incoming/ file once it is not.
//
// Never synced here: the spool does that before it commits. A failed write is remembered and told by finish(), so that the
// client gets its reply at the end of data and the rest of the content costs nothing.
// Thread: its own. Lifetime: whoever drops it without finish() discards fileName(), if there is one.
#pragma once

#include "base/file_store.h"
#include "queue/envelope.h"

#include <optional>

namespace postern::listener {

class IncomingContent {
  public:
    // path: where the file goes if one is needed. expected: octets announced by the client, -1 = unknown.
    IncomingContent(FileStore& files, QByteArray path, qint64 expected);

    void append(QByteArrayView bytes);
    Result<queue::Body> finish(); // once

    qint64 size() const { return m_size; }
    QByteArray fileName() const { return m_fileMade ? m_path : QByteArray(); }

  private:
    void writeOut(QByteArrayView bytes);

    FileStore& m_files;
    const QByteArray m_path;
    QByteArray m_bytes; // not yet written
    std::unique_ptr<File> m_file;
    bool m_fileMade = false;
    qint64 m_size = 0;
    std::optional<Error> m_error;
};

} // namespace postern::listener
