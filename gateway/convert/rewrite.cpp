// SPDX-License-Identifier: GPL-3.0-or-later
#include "convert/rewrite.h"

#include "config/document.h"

#include <algorithm>
#include <numeric>

namespace postern::convert {

using config::Clause;
using config::Range;
using config::Value;

void Rewrite::replace(const Clause& clause, QByteArray text) {
    m_clauses[indexOf(clause)] = std::move(text);
}

void Rewrite::replaceHead(QByteArray text) {
    m_head = std::move(text);
}

qsizetype Rewrite::indexOf(const Clause& clause) const {
    return &clause - m_statement.clauses().data();
}

Range Rewrite::headRange() const {
    Range head = m_statement.range();
    if (!m_statement.clauses().empty())
        head.length = m_statement.clauses().front().range.offset - head.offset;
    const QByteArray bytes = m_statement.document().bytes().mid(head.offset, head.length);
    while (head.length > 0 && QByteArrayView(" \t\r\n\\").contains(bytes[head.length - 1]))
        --head.length;
    return head;
}

QByteArray Rewrite::text() const {
    const auto comesLater = [&](const Clause& a, const Clause& b) {
        return m_place && m_place(a.kind) > m_place(b.kind);
    };
    const auto& clauses = m_statement.clauses();
    const bool isSorted = std::adjacent_find(clauses.begin(), clauses.end(), comesLater) == clauses.end();
    if (m_speller.mustBeWrittenOut() || !isSorted)
        return writtenOut();
    const auto isEntangled = [&](const auto& part) { return m_speller.isEntangled(part); };
    const bool changesEntangled = std::any_of(m_clauses.begin(), m_clauses.end(), [&](const auto& changed) {
        return isEntangled(clauses[size_t(changed.first)]);
    });
    const bool headIsEntangled = std::any_of(m_statement.values().begin(), m_statement.values().end(), isEntangled) ||
                                 (!clauses.empty() && isEntangled(clauses.front()));
    if (changesEntangled || (!m_head.isNull() && headIsEntangled))
        return writtenOut();
    QByteArray out;
    const Range whole = m_statement.range();
    const QByteArray& all = m_statement.document().bytes();
    qsizetype from = whole.offset;
    if (!m_head.isNull()) {
        out = m_head;
        from = headRange().end();
    }
    for (const auto& [index, text] : m_clauses) {
        const Range range = clauses[size_t(index)].range;
        if (text.isEmpty()) { // with the blanks before it, and the backslash that joined its line
            qsizetype until = range.offset;
            while (until > from) {
                const QByteArrayView before = QByteArrayView(all).sliced(from, until - from);
                const int blank = before.endsWith("\\\r\n") ? 3 : before.endsWith("\\\n") ? 2 : before.endsWith(' ') || before.endsWith('\t') ? 1 : 0;
                if (blank == 0)
                    break;
                until -= blank;
            }
            out += m_speller.bytes({from, until - from});
        } else {
            out += m_speller.bytes({from, range.offset - from}) + text;
        }
        from = range.end();
    }
    out += m_speller.bytes({from, whole.end() - from});
    for (const QByteArray& more : m_appended)
        out += ' ' + more;
    return out;
}

QByteArray Rewrite::writtenOut() const {
    QByteArrayList parts;
    if (!m_head.isNull()) {
        parts.append(m_head);
    } else {
        for (const Value& word : m_statement.words())
            parts.append(word.text);
        for (const Value& value : m_statement.values())
            parts.append(m_speller.value(value));
    }
    const auto& clauses = m_statement.clauses();
    std::vector<size_t> order(clauses.size());
    std::iota(order.begin(), order.end(), size_t(0));
    if (m_place)
        std::stable_sort(order.begin(), order.end(),
                         [&](size_t a, size_t b) { return m_place(clauses[a].kind) < m_place(clauses[b].kind); });
    for (size_t i : order) {
        const auto changed = m_clauses.find(qsizetype(i));
        const QByteArray text = changed == m_clauses.end() ? m_speller.clause(clauses[i]) : changed->second;
        if (!text.isEmpty())
            parts.append(text);
    }
    return (parts + m_appended).join(' ');
}

} // namespace postern::convert
