// SPDX-License-Identifier: GPL-3.0-or-later
//
// `name = "value"`: what `$name` stands for. The value is read as tokens once, when defined.
//
// A macro's value never expands further (a `$` in it is an error at its use), so there is no recursion to bound; what must
// be bounded is how often a long value is used: the table counts the tokens it hands out.
// Thread: one table, one thread; values are immutable, any.
#pragma once

#include "config/kinds.h"

#include <QHash>

#include <memory>
#include <vector>

namespace postern::config {

inline constexpr qsizetype kMostExpanded = 1'000'000; // tokens out of macros in one configuration

struct MacroToken {
    TokenKind kind = TokenKind::Word;
    QByteArray text; // decoded

    friend bool operator==(const MacroToken&, const MacroToken&) = default;
};
struct MacroValue {
    std::vector<MacroToken> tokens;
    bool opensComment = false; // a # in it: the rest of the line where it is used is a comment

    friend bool operator==(const MacroValue&, const MacroValue&) = default;
};
using MacroValuePtr = std::shared_ptr<const MacroValue>;

class MacroTable {
  public:
    void define(const QByteArray& name, MacroValuePtr value) { m_values.insert(name, std::move(value)); }
    // A macro given on the command line (-D name=value): no definition in a file replaces it.
    void defineFixed(const QByteArray& name, MacroValuePtr value) { m_fixed.insert(name, std::move(value)); }
    MacroValuePtr find(const QByteArray& name) const; // null: not defined
    bool isFixed(const QByteArray& name) const { return m_fixed.contains(name); }
    QList<QByteArray> names() const;                  // for near misses; none if there are too many to compare

    // Defines what an included file did: all that is otherwise in `behind` than it was in `before`.
    void defineChanges(const MacroTable& before, const MacroTable& behind);

    // Takes `count` from what may still be expanded; false: the limit is reached.
    bool spend(qsizetype count);
    void startCounting() { m_spent = 0; }
    qsizetype spent() const { return m_spent; }
    bool isExhausted() const { return m_isExhausted; } // spend() said no once

  private:
    QHash<QByteArray, MacroValuePtr> m_values;
    QHash<QByteArray, MacroValuePtr> m_fixed;
    qsizetype m_spent = 0;
    bool m_isExhausted = false;
};

} // namespace postern::config
