// SPDX-License-Identifier: GPL-3.0-or-later
//
// One configuration file, read: its bytes, the lossless tree over them, and what is wrong with it.
//
// Parsing never fails: whatever the bytes, there is a tree whose text is those bytes, and diagnostics for what did not
// make sense. Macros are those in force where they are used, so a document that is included knows its includer's.
// Thread: immutable, any. Time and memory are linear in the bytes; macros expand at most kMostExpanded tokens.
#pragma once

#include "config/dialect.h"
#include "config/diagnostics.h"
#include "config/macros.h"
#include "config/tree/syntax_node.h"
#include "config/views/statement_view.h"

#include <QSet>

#include <functional>

namespace postern::config {

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

    const QByteArray& file() const { return m_file; } // as the user named it
    const QByteArray& bytes() const { return m_bytes; }
    Dialect dialect() const { return m_dialect; }
    bool dialectWasDetected() const { return m_dialectWasDetected; } // false: overridden or fallen back
    tree::SyntaxNode root() const { return tree::SyntaxNode(m_root); }
    const Diagnostics& diagnostics() const { return m_diagnostics; } // in file order

    size_t statementCount() const { return m_statements.size(); }
    StatementView statement(size_t index) const; // contract: index < statementCount()
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

  private:
    friend class StatementView;
    struct Place {
        qsizetype index;  // among the root's children
        qsizetype offset; // in the file
    };
    struct Private {}; // only parse() makes documents

  public:
    Document(Private, const QByteArray& file, const QByteArray& bytes) : m_file(file), m_bytes(bytes) {}

  private:
    const MacroValue* expansionAt(qsizetype offset) const; // of the `$name` there; null: it has none

    QByteArray m_file;
    QByteArray m_bytes;
    Dialect m_dialect = Dialect::Modern;
    bool m_dialectWasDetected = false;
    tree::GreenNodePtr m_root;
    std::vector<Place> m_statements;
    std::vector<std::pair<qsizetype, MacroValuePtr>> m_expansions; // by offset
    std::vector<qsizetype> m_lineStarts;
    Diagnostics m_diagnostics;
};

} // namespace postern::config
