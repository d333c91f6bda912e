// SPDX-License-Identifier: GPL-3.0-or-later
//
// One statement with some of its clauses said in other words: only those bytes change.
//
// Where a macro holds a changed clause together with something else, the whole statement is written out from its parts.
// Thread: one.
#pragma once

#include "convert/speller.h"

#include <functional>
#include <map>

namespace postern::convert {

class Rewrite {
  public:
    Rewrite(const config::StatementView& statement, const Speller& speller)
        : m_statement(statement), m_speller(speller) {}

    void replace(const config::Clause& clause, QByteArray text);
    void remove(const config::Clause& clause) { replace(clause, {}); }
    void replaceHead(QByteArray text); // all that stands before the first clause
    void append(QByteArray text) { m_appended.append(std::move(text)); }
    void sortBy(std::function<int(config::ClauseKind)> place) {
        m_place = std::move(place);
    } // one order for all clauses
    bool changesSomething() const { return !m_clauses.empty() || !m_head.isNull() || !m_appended.isEmpty(); }
    QByteArray text() const;

  private:
    config::Range headRange() const;
    QByteArray writtenOut() const;
    qsizetype indexOf(const config::Clause& clause) const;

    const config::StatementView& m_statement;
    const Speller& m_speller;
    std::map<qsizetype, QByteArray> m_clauses; // by index; empty = removed
    QByteArray m_head;
    QByteArrayList m_appended;
    std::function<int(config::ClauseKind)> m_place;
};

} // namespace postern::convert
