// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/views/rule_view.h"

namespace postern::config {

std::optional<RuleView> RuleView::from(const StatementView& statement) {
    if (statement.kind() != StatementKind::Rule)
        return std::nullopt;
    return RuleView(statement);
}

RuleView::RuleView(const StatementView& statement) : StatementView(statement) {
    m_isReject = !words().empty() && words().front().text == "reject";
    for (const Clause& clause : clauses()) {
        if (saysFrom(clause.kind)) {
            m_from = &clause;
        } else if (saysFor(clause.kind)) {
            if (clause.has("for")) // a second `for`, not another member of `for { }`
                m_for.clear();
            m_for.push_back(&clause);
        } else if (isMethod(clause.kind)) {
            m_method = &clause;
        }
    }
}

const Clause* RuleView::tagged() const {
    const Clause* found = clause(ClauseKind::Tagged);
    return found ? found : clause(ClauseKind::On);
}

const Value* RuleView::expire() const {
    const Clause* found = clause(ClauseKind::Ttl);
    return found ? found->value() : nullptr;
}

const TableArgument* RuleView::tableOf(ClauseKind kind) const {
    const Clause* found = clause(kind);
    return found && found->table ? &*found->table : nullptr;
}

} // namespace postern::config
