// SPDX-License-Identifier: GPL-3.0-or-later
//
// `include "path"`. What it brings in is FileSet's business. Thread: value.
#pragma once

#include "config/views/statement_view.h"

namespace postern::config {

class IncludeView : public StatementView {
  public:
    static std::optional<IncludeView> from(const StatementView& statement);

    const Value* path() const { return headValue(0); }

  private:
    explicit IncludeView(const StatementView& statement) : StatementView(statement) {}
};

} // namespace postern::config
