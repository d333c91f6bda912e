// SPDX-License-Identifier: GPL-3.0-or-later
//
// One statement of a document: where it is, what it says, and its parts. The typed views (listen_view.h ...) build on it.
//
// Reads the tree when made. Never complains: a part that is missing or broken is simply not there, the document's
// diagnostics say why. Lifetime: keeps its document alive; pointers it returns live as long as it or any copy of it.
// Thread: value over immutable data, any.
#pragma once

#include "config/diagnostics.h"
#include "config/views/clause.h"

#include <memory>

namespace postern::config {

class Document;
using DocumentPtr = std::shared_ptr<const Document>;

// The first value that belongs to no clause: the name of what a statement defines. As the view has it, for much less.
std::optional<Value> firstValueOf(const Document& document, size_t statement);

class StatementView {
  public:
    StatementView(const DocumentPtr& document, size_t index); // index among the document's statements

    StatementKind kind() const { return m_kind; }
    bool hasError() const { return m_parts->hasError; } // part of it was not understood
    const Document& document() const { return *m_document; }
    const DocumentPtr& documentPtr() const { return m_document; }
    size_t index() const { return m_index; } // among the document's statements
    tree::SyntaxNode node() const; // a root of its own, at its place in the file

    QByteArray file() const; // as the user named it
    int line() const;        // 1-based
    int column() const;      // 1-based, in bytes
    Range range() const { return m_range; }
    QByteArray text() const;          // as written, in one line, without comments
    QByteArray commentAbove() const;  // the comment line directly above, without # and blanks; "" = none
    QByteArray commentBehind() const; // the comment behind its last line

    // Everything in it, in order. For settings and heads of statements: the grammar's words and the plain values that
    // belong to no clause ("queue", "ttl" and "4d").
    const std::vector<Value>& words() const { return m_parts->head.words; }
    const std::vector<Value>& values() const { return m_parts->head.values; }
    const std::vector<Clause>& clauses() const { return m_parts->clauses; }
    const Clause* clause(ClauseKind kind) const;               // the last one: later ones replace earlier ones
    std::vector<const Clause*> allClauses(ClauseKind kind) const;
    bool hasClause(ClauseKind kind) const { return clause(kind) != nullptr; }

    // A diagnostic that points at a part of this statement.
    Diagnostic diagnostic(Severity severity, Range range, QByteArray text, QByteArray suggestion = {}) const;
    Diagnostic diagnostic(Severity severity, QByteArray text) const; // at the statement's first word

  protected:
    const Value* headValue(size_t index) const;
    const MaybeTable& headTable() const { return m_parts->head.table; }

  private:
    struct Parts {
        Clause head; // what belongs to no clause
        std::vector<Clause> clauses;
        bool hasError = false;
    };

    StatementView(DocumentPtr document, size_t index, tree::GreenView green, qsizetype offset);

    DocumentPtr m_document;
    size_t m_index;
    tree::GreenView m_green; // in the document
    StatementKind m_kind;
    Range m_range;
    std::shared_ptr<const Parts> m_parts;
};

} // namespace postern::config
