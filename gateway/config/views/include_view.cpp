// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/views/include_view.h"

namespace postern::config {

std::optional<IncludeView> IncludeView::from(const StatementView& statement) {
    if (statement.kind() != StatementKind::Include)
        return std::nullopt;
    return IncludeView(statement);
}

} // namespace postern::config
