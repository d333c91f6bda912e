// SPDX-License-Identifier: GPL-3.0-or-later
//
// One configuration file, read: its bytes, the lossless tree over them, and what is wrong with it.
//
// Parsing never fails: whatever the bytes, there is a tree whose text is those bytes, and diagnostics for what did not
// make sense. Macros are those in force where they are used, so a document that is included knows its includer's.
// A document is changed by making a new one: edited() reads again only the statements that were touched and shares all
// others with the old document; the result is the one that a fresh parse of the new bytes gives.
// Thread: immutable, any. Time and memory are linear in the bytes; macros expand at most kMostExpanded tokens.
#pragma once

#include "config/dialect.h"
#include "config/diagnostics.h"
#include "config/macros.h"
#include "config/tree/syntax_node.h"
#include "config/tree/text_edit.h"
#include "config/views/statement_view.h"

#include <QSet>

#include <functional>

namespace postern::config {

class Block;
class BlockList;
struct Lines;

struct ParseOptions {
    std::optional<Dialect> dialect; // override detection
    Dialect fallback = Dialect::Modern; // for a file that gives no hint
};

class Document : public std::enable_shared_from_this<Document> {
  public:
    // Called at each `include`, with the path as written; may change the macros, as the included text would.
    using IncludeHook = std::function<void(const Value& path, MacroTable& macros)>;

    static DocumentPtr parse(const QByteArray& file, const QByteArray& bytes, const ParseOptions& options = {});
    // The same within a set of files: starts with `macros`, leaves what the file defined in them.
    static DocumentPtr parse(const QByteArray& file, const QByteArray& bytes, const ParseOptions& options,
                             MacroTable& macros, const IncludeHook& onInclude);

    // The document after these edits, read with the same options. What an `include` brought in counts as it was; a set of
    // files that were edited is FileSet's to read. Failure: edits outside the text or overlapping.
    Result<DocumentPtr> edited(const std::vector<tree::TextEdit>& edits) const;
    // The same, but null where more than the touched statements would have to be read again: macros or includes that
    // change, another dialect, quotes that now close elsewhere, limits that were reached.
    Result<DocumentPtr> editedInPlace(const std::vector<tree::TextEdit>& edits) const;

    const QByteArray& file() const { return m_file; } // as the user named it
    const QByteArray& bytes() const { return m_bytes; }
    Dialect dialect() const { return m_dialect; }
    bool dialectWasDetected() const { return m_dialectWasDetected; } // false: overridden or fallen back
    tree::SyntaxNode root() const; // made on demand, linear: for whole-file walks, not for one statement
    const Diagnostics& diagnostics() const { return m_diagnostics; } // in file order

    size_t statementCount() const { return m_statementCount; }
    StatementView statement(size_t index) const; // contract: index < statementCount()
    StatementKind statementKind(size_t index) const; // likewise
    std::vector<StatementView> statements() const;
    size_t statementBehind(qsizetype offset) const; // index of the first statement that starts behind `offset`

    QSet<QByteArray> usedMacros() const; // names of the macros that its statements use

    struct Position {
        int line = 1;   // 1-based
        int column = 1; // 1-based, in bytes
    };
    Position position(qsizetype offset) const;
    Diagnostic diagnosticAt(Severity severity, Range range, QByteArray text, QByteArray suggestion = {}) const;
    Diagnostic diagnosticAt(Severity severity, Range range, QByteArray text, QByteArray suggestion, Targets refusedBy) const;

    // A walk over what stands at the top of the tree: statements, and newlines, blanks and comments between them.
    class Cursor {
      public:
        bool isValid() const { return m_block >= 0; } // false: walked off an end
        tree::GreenView child() const; // lives as long as the document
        qsizetype offset() const { return m_offset; }
        void next();
        void previous();

      private:
        friend class Document;
        const Document* m_document = nullptr;
        std::ptrdiff_t m_block = -1;
        size_t m_child = 0;
        qsizetype m_offset = 0;
    };
    Cursor cursorAt(size_t statement) const; // contract: statement < statementCount()
    Cursor begin() const;

    std::vector<size_t> includes() const; // statements that name a file to include
    // Tokens that macros gave, here and in all files read before it in its set.
    qsizetype expandedTokens() const { return m_expanded; }
    // Where the macro that `$name` means at an offset got its value.
    struct MacroOrigin {
        enum class Where : quint8 { Here, Included, CommandLine, Outside } where = Where::Outside; // of what includes this file
        qsizetype offset = 0; // Here: of the definition; Included: of the path that was included
        QByteArray path;      // Included: as written
    };
    MacroOrigin macroOrigin(const QByteArray& name, qsizetype at) const;
    const MacroValue* expansionAt(qsizetype offset) const; // of the `$name` there; null: it has none

  private:
    friend class FileSet;
    struct Held { // a block and what stands before it
        std::shared_ptr<const Block> block;
        qsizetype offset = 0;
        size_t statements = 0;
        size_t lines = 0;
    };
    struct Private {}; // only parse() and edited() make documents

  public:
    Document(Private, const QByteArray& file, const QByteArray& bytes) : m_file(file), m_bytes(bytes) {}

  private:
    void hold(std::vector<std::shared_ptr<const Block>> blocks);
    size_t blockAt(qsizetype offset) const;          // the one that holds the byte, or the last
    size_t blockOfStatement(size_t statement) const;
    qsizetype cutAtOrBefore(qsizetype offset) const; // where a part of the file can be read by itself
    qsizetype cutAtOrBehind(qsizetype offset) const;
    void keep(BlockList& list, qsizetype from, qsizetype to) const;
    MacroTable macrosAt(qsizetype offset) const;
    bool sameMacroEvents(qsizetype from, qsizetype to, const Lines& lines) const;
    struct Region;
    bool readRegion(Region& region, qsizetype delta, const std::vector<tree::TextEdit>& edits, Document& into) const;

    QByteArray m_file;
    QByteArray m_bytes;
    ParseOptions m_options;
    Dialect m_dialect = Dialect::Modern;
    bool m_dialectWasDetected = false;
    DialectEvidence m_evidence;
    std::vector<Held> m_blocks;
    size_t m_statementCount = 0;
    size_t m_noteCount = 0;
    size_t m_tokenCount = 0;
    qsizetype m_firstOpenQuote = -1; // that nothing closes
    MacroTable m_macros;          // at the start
    qsizetype m_expanded = 0;     // tokens out of macros, with all files before
    bool m_isLimited = false;     // some limit was reached, so one place may change what is said at another
    Diagnostics m_diagnostics;
};

} // namespace postern::config
