// SPDX-License-Identifier: GPL-3.0-or-later
//
// `pki NAME certificate|cert F key F ...`: several lines with one name add up. Thread: value.
#pragma once

#include "config/views/statement_view.h"

namespace postern::config {

class PkiView : public StatementView {
  public:
    static std::optional<PkiView> from(const StatementView& statement);

    const Value* name() const { return headValue(0); }
    const Value* certificate() const { return fileOf(ClauseKind::Certificate); }
    const Value* key() const { return fileOf(ClauseKind::Key); }
    const Value* ca() const { return fileOf(ClauseKind::Ca); }         // 5.4 only
    const Value* dhParams() const { return fileOf(ClauseKind::DhParams); } // until 5.9
    const Value* dhe() const { return fileOf(ClauseKind::Dhe); }       // none, auto, legacy

  private:
    explicit PkiView(const StatementView& statement) : StatementView(statement) {}
    const Value* fileOf(ClauseKind kind) const;
};

} // namespace postern::config
