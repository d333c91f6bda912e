// SPDX-License-Identifier: GPL-3.0-or-later
//
// Writes parts of a statement for another reader, in the bytes of the original wherever those can stay.
//
// A byte has to change only when the target would read it otherwise: a word that is reserved there, an escape inside
// quotes, a new line inside braces, a list in parentheses. `$name` stays where it stands for exactly what is written there;
// a macro that holds more than that is written out.
// Thread: one. Lifetime: keeps its statement.
#pragma once

#include "config/target.h"
#include "config/views/statement_view.h"

#include <QHash>

namespace postern::convert {

// "text", in the kind of quotes that gives `text` back when the dialect's reader removes them.
QByteArray quoted(const QByteArray& text, config::Dialect dialect);
// Without quotes where the dialect reads it as one word.
QByteArray plainOrQuoted(const QByteArray& text, config::Dialect dialect);

class Speller {
  public:
    Speller(const config::StatementView& statement, config::Target target);

    QByteArray value(const config::Value& value) const;
    QByteArray table(const config::TableArgument& argument) const; // 2012's bare names become <name>
    QByteArray bytes(config::Range range) const;                   // with only what has to change changed
    QByteArray statement() const { return bytes(m_statement.range()); }
    QByteArray clause(const config::Clause& clause) const; // its bytes, or written out if a macro holds only part of it

    // A macro of several words holds one that the target takes for its own.
    bool mustBeWrittenOut() const;
    // The clause shares a macro with something else, so its bytes can't be replaced alone.
    bool isEntangled(const config::Clause& clause) const;
    bool isEntangled(const config::Value& value) const;
    QByteArray writtenOut(const config::Clause& clause) const; // from its parts

    config::Dialect dialect() const { return m_dialect; } // of the target
    const QByteArrayList& displacedComments() const { return m_displaced; }
    const QByteArrayList& expandedMacros() const { return m_expanded; } // "$name"s that were written out

  private:
    struct Leaf {
        config::TokenKind kind;
        qsizetype offset;
        QByteArray bytes;
    };
    struct Table {
        config::Range range;
        size_t from, to; // leaves
    };
    void collect(const config::tree::SyntaxNode& node);
    void learnMacros();
    void learnMacro(const config::Value& value);
    bool isMeantAsWord(size_t leaf) const;
    bool readsOtherwise(size_t leaf) const;
    QByteArray inItsWords(const Leaf& leaf) const;
    QByteArray items(const config::TableArgument& argument) const;
    bool isNewlineAllowed(size_t leaf) const;
    size_t significant(size_t leaf, int step) const;
    bool hasSeveralTokens(const config::Value& value) const;

    config::StatementView m_statement;
    config::Target m_target;
    config::Dialect m_source, m_dialect;
    std::vector<Leaf> m_leaves;
    std::vector<Table> m_tables;
    QHash<qsizetype, int> m_macroTokens;      // by offset of the use
    QHash<qsizetype, bool> m_wholeTables;     // by offset: no macro reaches in or out
    QHash<qsizetype, bool> m_macroIsReserved; // its value is a word of the target's language
    mutable QByteArrayList m_displaced, m_expanded;
};

} // namespace postern::convert
