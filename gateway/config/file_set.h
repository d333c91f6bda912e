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

// Sets of kinds of statements.
using StatementKinds = quint32;
constexpr StatementKinds in(StatementKind kind) { return 1u << (raw(kind) - raw(StatementKind::None)); }
inline constexpr StatementKinds kAnyStatement = ~StatementKinds(0);

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
    // The same, those of some kinds, one after the other: the views of a long file take more memory than its text.
    template <class Visit>
    void each(StatementKinds kinds, const Visit& visit) const {
        for (const Piece& piece : m_pieces) {
            const Document& document = *m_documents[piece.document];
            for (size_t i = piece.from; i < piece.to; ++i) {
                if (kinds & in(document.statementKind(i)))
                    visit(document.statement(i));
            }
        }
    }
    // The same, where not every view is wanted.
    template <class Visit>
    void eachPlace(StatementKinds kinds, const Visit& visit) const {
        for (const Piece& piece : m_pieces) {
            const DocumentPtr& document = m_documents[piece.document];
            for (size_t i = piece.from; i < piece.to; ++i) {
                if (kinds & in(document->statementKind(i)))
                    visit(document, i);
            }
        }
    }
    size_t statementCount() const; // of statements()
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
