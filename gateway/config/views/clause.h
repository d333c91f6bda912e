// SPDX-License-Identifier: GPL-3.0-or-later
//
// The parts that statements are made of, read from the tree: values, table arguments, clauses.
//
// Every value comes decoded (quotes removed, macros expanded) and with the bytes it stands on; one that came from a macro
// has the range of its `$name`, because that is the place to point at. Thread: values.
#pragma once

#include "config/kinds.h"
#include "config/tree/syntax_node.h"

#include <QByteArrayList>

#include <memory>
#include <vector>

namespace postern::config {

using tree::Range;

struct Value {
    QByteArray text; // decoded
    Range range;     // in the file; of `$name` if fromMacro
    bool quoted = false;
    bool number = false;
    bool fromMacro = false;
};

// What stands where a table is wanted: `<name>`, one string, { a, b }, { k = v }, or `map NAME`.
struct TableArgument {
    enum class Form : quint8 { Name, Literal, List, Mapping };
    struct Pair {
        Value key, value;
    };

    Form form = Form::Literal;
    Value value;                // Name: without < >. Literal: the string
    std::vector<Value> items;   // List; also the one of Literal
    std::vector<Pair> pairs;    // Mapping
    Range range;
    bool bareName = false;      // Name written without < >, as in 2012 (`alias aliases`, `from map x`)
};

// One or none, in the manner of std::optional. Copies share it: it never changes once it is read, and clauses stay small.
class MaybeTable {
  public:
    MaybeTable() = default;
    MaybeTable(TableArgument table) : m_table(std::make_shared<const TableArgument>(std::move(table))) {}
    explicit operator bool() const { return m_table != nullptr; }
    const TableArgument& operator*() const { return *m_table; }
    const TableArgument* operator->() const { return m_table.get(); }

  private:
    std::shared_ptr<const TableArgument> m_table;
};

// In 2012 a bare string was the name of a map in these places.
constexpr bool isBareMapName(ClauseKind kind) {
    return kind == ClauseKind::Alias || kind == ClauseKind::Virtual || kind == ClauseKind::Auth ||
           kind == ClauseKind::AuthOptional || kind == ClauseKind::Userbase || kind == ClauseKind::ForVirtual;
}

// One option or condition with all that belongs to it: "tls-require verify", "! from source <lan>", "relay".
struct Clause {
    ClauseKind kind = ClauseKind::None;
    bool negated = false;                // written with !
    bool regex = false;                  // the word regex stands before the table
    std::vector<Value> words;            // the grammar's own words: "from", "source"
    std::vector<Value> values;           // strings and numbers: port 25, tag X, relay via URL
    MaybeTable table;                    // where the grammar wants a table
    Range range;
    QByteArray text;                     // as written, in one line

    bool has(QByteArrayView word) const; // among words: verify, no-verify, masquerade, rcpt-to, junk ...
    const Value* value(size_t index = 0) const { return index < values.size() ? &values[index] : nullptr; }
    QByteArray valueText(size_t index = 0) const { return index < values.size() ? values[index].text : QByteArray(); }
};

} // namespace postern::config
