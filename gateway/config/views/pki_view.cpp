// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/views/pki_view.h"

namespace postern::config {

std::optional<PkiView> PkiView::from(const StatementView& statement) {
    if (statement.kind() != StatementKind::Pki)
        return std::nullopt;
    return PkiView(statement);
}

const Value* PkiView::fileOf(ClauseKind kind) const {
    const Clause* found = clause(kind);
    return found ? found->value() : nullptr;
}

} // namespace postern::config
