// SPDX-License-Identifier: GPL-3.0-or-later
//
// `ca NAME certificate|cert FILE`. Thread: value.
#pragma once

#include "config/views/statement_view.h"

namespace postern::config {

class CaView : public StatementView {
  public:
    static std::optional<CaView> from(const StatementView& statement);

    const Value* name() const { return headValue(0); }
    const Value* certificate() const;

  private:
    explicit CaView(const StatementView& statement) : StatementView(statement) {}
};

} // namespace postern::config
