// SPDX-License-Identifier: GPL-3.0-or-later
//
// `name = "value"`. Thread: value.
#pragma once

#include "config/views/statement_view.h"

namespace postern::config {

class MacroView : public StatementView {
  public:
    static std::optional<MacroView> from(const StatementView& statement);

    const Value* name() const { return headValue(0); }
    const Value* value() const { return headValue(1); }

  private:
    explicit MacroView(const StatementView& statement) : StatementView(statement) {}
};

} // namespace postern::config
