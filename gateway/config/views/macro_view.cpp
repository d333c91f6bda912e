// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/views/macro_view.h"

namespace postern::config {

std::optional<MacroView> MacroView::from(const StatementView& statement) {
    if (statement.kind() != StatementKind::Macro)
        return std::nullopt;
    return MacroView(statement);
}

} // namespace postern::config
