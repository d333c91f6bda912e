// SPDX-License-Identifier: GPL-3.0-or-later
//
// `action NAME METHOD OPTIONS [ttl D]`. Thread: value.
#pragma once

#include "config/views/relay_clauses.h"

namespace postern::config {

class ActionView : public StatementView {
  public:
    static std::optional<ActionView> from(const StatementView& statement);

    const Value* name() const { return headValue(0); }
    // Relay, Catch, Mbox, Maildir, Mda, Lmtp, ExpandOnly or ForwardOnly; null: missing or unknown.
    const Clause* method() const;
    RelayClauses relay() const { return RelayClauses(*this); }
    const TableArgument* alias() const { return tableOf(ClauseKind::Alias); }
    const TableArgument* virtualUsers() const { return tableOf(ClauseKind::Virtual); }
    const TableArgument* userbase() const { return tableOf(ClauseKind::Userbase); }
    const Value* user() const;
    const Value* wrapper() const;
    const Value* ttl() const;

  private:
    explicit ActionView(const StatementView& statement) : StatementView(statement) {}
    const TableArgument* tableOf(ClauseKind kind) const;
};

} // namespace postern::config
