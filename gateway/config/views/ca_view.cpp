// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/views/ca_view.h"

namespace postern::config {

std::optional<CaView> CaView::from(const StatementView& statement) {
    if (statement.kind() != StatementKind::Ca)
        return std::nullopt;
    return CaView(statement);
}

const Value* CaView::certificate() const {
    const Clause* found = clause(ClauseKind::Certificate);
    return found ? found->value() : nullptr;
}

} // namespace postern::config
