// SPDX-License-Identifier: GPL-3.0-or-later
//
// `match CONDITIONS (action NAME | reject)`. Thread: value.
#pragma once

#include "config/views/statement_view.h"

namespace postern::config {

class MatchView : public StatementView {
  public:
    static std::optional<MatchView> from(const StatementView& statement);

    bool isReject() const { return hasClause(ClauseKind::Reject); }
    const Value* action() const; // its name; null for reject and where it is missing

    // One per group; null: not written. `from auth` and `from mail-from` are From... clauses, as is `for rcpt-to` a For one.
    const Clause* fromClause() const;
    const Clause* forClause() const;
    const Clause* auth() const { return clause(ClauseKind::Authenticated); } // table() may be empty: any user
    const Clause* helo() const { return clause(ClauseKind::HeloIs); }
    const Clause* sender() const { return clause(ClauseKind::Sender); }
    const Clause* recipient() const { return clause(ClauseKind::Recipient); }
    const Clause* tag() const { return clause(ClauseKind::Tagged); }
    const Clause* tls() const { return clause(ClauseKind::TlsUsed); }

  private:
    explicit MatchView(const StatementView& statement) : StatementView(statement) {}
};

} // namespace postern::config
