// SPDX-License-Identifier: GPL-3.0-or-later
//
// `accept ...` and `reject ...` of the two older dialects: conditions and delivery in one statement. Thread: value.
#pragma once

#include "config/views/relay_clauses.h"

namespace postern::config {

class RuleView : public StatementView {
  public:
    static std::optional<RuleView> from(const StatementView& statement);

    bool isReject() const { return m_isReject; }
    const Clause* fromClause() const { return m_from; } // null: from local
    // Several only in `for { a, b }` of 2012: any of them. Empty: for local.
    const std::vector<const Clause*>& forClauses() const { return m_for; }
    const Clause* sender() const { return clause(ClauseKind::Sender); }
    const Clause* recipient() const { return clause(ClauseKind::Recipient); }
    const Clause* tagged() const; // `tagged T`, `on T`, `tag T` at the end; the last two are the same test in 2012
    const Clause* authenticated() const { return clause(ClauseKind::Authenticated); }
    const TableArgument* alias() const { return tableOf(ClauseKind::Alias); }
    const TableArgument* virtualUsers() const { return tableOf(ClauseKind::Virtual); }
    const TableArgument* userbase() const { return tableOf(ClauseKind::Userbase); }
    // The delivery: Relay, Catch, Mbox, Maildir, Mda, Lmtp or ForwardOnly; null: none written.
    const Clause* method() const { return m_method; }
    RelayClauses relay() const { return RelayClauses(*this); }
    const Value* expire() const;

  private:
    explicit RuleView(const StatementView& statement);
    const TableArgument* tableOf(ClauseKind kind) const;

    bool m_isReject = false;
    const Clause* m_from = nullptr;
    std::vector<const Clause*> m_for;
    const Clause* m_method = nullptr;
};

} // namespace postern::config
