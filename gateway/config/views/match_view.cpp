// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/views/match_view.h"

namespace postern::config {

std::optional<MatchView> MatchView::from(const StatementView& statement) {
    if (statement.kind() != StatementKind::Match)
        return std::nullopt;
    return MatchView(statement);
}

const Value* MatchView::action() const {
    const Clause* found = clause(ClauseKind::UseAction);
    return found ? found->value() : nullptr;
}

const Clause* MatchView::fromClause() const {
    for (const Clause& clause : clauses()) {
        if (saysFrom(clause.kind))
            return &clause;
    }
    return nullptr;
}

const Clause* MatchView::forClause() const {
    for (const Clause& clause : clauses()) {
        if (saysFor(clause.kind))
            return &clause;
    }
    return nullptr;
}

} // namespace postern::config
