// SPDX-License-Identifier: GPL-3.0-or-later
//
// A configuration with everything it includes, read in the order in which a daemon would read it.
//
// Relative paths are taken from the including file's folder. A file that is missing, a folder, too large, included by
// itself or too deep is a diagnostic at the `include`, and reading goes on. Each file may be included more than once.
// Limits: 64 MiB a file, 1 000 files, 32 levels, 256 MiB altogether.
// Failure: only when the first file itself cannot be read. Thread: immutable, any.
#pragma once

#include "base/file_store.h"
#include "config/document.h"

namespace postern::config {

inline constexpr qint64 kMostBytesPerFile = 64LL << 20;
inline constexpr qint64 kMostBytesPerSet = 256LL << 20;
inline constexpr int kMostFiles = 1000;
inline constexpr int kMostDepth = 32;

struct FileSetOptions {
    std::optional<Dialect> dialect; // override detection, for all files
    bool followIncludes = true;     // false: look at this text only
    std::vector<std::pair<QByteArray, QByteArray>> macros; // from the command line
};

class FileSet {
  public:
    static Result<FileSet> read(FileStore& files, const QByteArray& path, const FileSetOptions& options = {});
    static FileSet fromText(FileStore& files, const QByteArray& path, const QByteArray& text,
                            const FileSetOptions& options = {});

    const DocumentPtr& main() const { return m_documents.front(); }
    const std::vector<DocumentPtr>& documents() const { return m_documents; } // in the order in which they were opened
    Dialect dialect() const { return main()->dialect(); }

    // Every statement in reading order, included ones in the place of (right behind) their `include`.
    std::vector<StatementView> statements() const;
    QByteArrayList files() const;   // paths of documents(), each once
    Diagnostics diagnostics() const; // of all documents and of the includes, in reading order of files

  private:
    struct Piece {
        size_t document; // index into m_documents
        size_t from, to; // statements [from, to)
    };
    class Reader;

    std::vector<DocumentPtr> m_documents;
    std::vector<Piece> m_pieces;
    Diagnostics m_includeDiagnostics;
};

} // namespace postern::config
