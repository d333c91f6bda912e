// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/views/action_view.h"

namespace postern::config {

std::optional<ActionView> ActionView::from(const StatementView& statement) {
    if (statement.kind() != StatementKind::Action)
        return std::nullopt;
    return ActionView(statement);
}

const Clause* ActionView::method() const {
    for (const Clause& clause : clauses()) {
        if (isMethod(clause.kind))
            return &clause;
    }
    return nullptr;
}

const Value* ActionView::user() const {
    const Clause* found = clause(ClauseKind::User);
    return found ? found->value() : nullptr;
}

const Value* ActionView::wrapper() const {
    const Clause* found = clause(ClauseKind::Wrapper);
    return found ? found->value() : nullptr;
}

const Value* ActionView::ttl() const {
    const Clause* found = clause(ClauseKind::Ttl);
    return found ? found->value() : nullptr;
}

const TableArgument* ActionView::tableOf(ClauseKind kind) const {
    const Clause* found = clause(kind);
    return found && found->table ? &*found->table : nullptr;
}

} // namespace postern::config
