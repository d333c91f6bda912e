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

// What changes in one file of a set.
struct FileEdits {
    QByteArray file; // as in FileSet::files()
    std::vector<tree::TextEdit> edits;
};

class FileSet {
  public:
    static Result<FileSet> read(FileStore& files, const QByteArray& path, const FileSetOptions& options = {});
    static FileSet fromText(FileStore& files, const QByteArray& path, const QByteArray& text,
                            const FileSetOptions& options = {});

    // The set after these edits. Files that were not edited count as they were read, not as they may be on the disk by now;
    // `files` is asked only for what an edit newly includes. A file that is included more than once changes everywhere.
    // Failure: edits outside the text or overlapping, or of a file that is not in the set.
    Result<FileSet> edited(FileStore& files, const std::vector<FileEdits>& edits) const;

    const DocumentPtr& main() const { return m_documents.front(); }
    const std::vector<DocumentPtr>& documents() const { return m_documents; } // in the order in which they were opened
    Dialect dialect() const { return main()->dialect(); }

    // Every statement in reading order, included ones in the place of (right behind) their `include`.
    std::vector<StatementView> statements() const;
    bool hasFixedMacro(const QByteArray& name) const; // given from the command line

    struct Place {
        size_t document;  // index among documents()
        size_t statement; // in it
    };
    std::vector<Place> places() const; // of statements()
    QByteArrayList files() const;   // paths of documents(), each once
    Diagnostics diagnostics() const; // of all documents and of the includes, in reading order of files

  private:
    struct Piece {
        size_t document; // index into m_documents
        size_t from, to; // statements [from, to)
    };
    class Reader;
    std::optional<FileSet> editedInPlace(const std::vector<FileEdits>& edits, Result<void>& outcome) const;

    FileSetOptions m_options;
    qsizetype m_expanded = 0; // tokens that macros gave in all files
    std::vector<DocumentPtr> m_documents;
    std::vector<Piece> m_pieces;
    Diagnostics m_includeDiagnostics;
};

} // namespace postern::config
