// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/views/relay_clauses.h"

namespace postern::config {

const TableArgument* RelayClauses::host() const {
    const TableArgument* via = tableOf(ClauseKind::Via);
    return via ? via : tableOf(ClauseKind::Host);
}

const Clause* RelayClauses::tlsWord() const {
    for (const ClauseKind kind : {ClauseKind::Tls, ClauseKind::Smtps, ClauseKind::Secure}) {
        if (const Clause* found = m_statement.clause(kind))
            return found;
    }
    return nullptr;
}

bool RelayClauses::verify() const {
    const Clause* tls = m_statement.clause(ClauseKind::Tls);
    return m_statement.hasClause(ClauseKind::Verify) || (tls && tls->has("verify"));
}

bool RelayClauses::noVerify() const {
    const Clause* tls = m_statement.clause(ClauseKind::Tls);
    return tls && tls->has("no-verify");
}

const Value* RelayClauses::pki() const {
    const Value* found = first(ClauseKind::Pki);
    return found ? found : first(ClauseKind::Certificate);
}

const Value* RelayClauses::helo() const {
    return first(ClauseKind::Helo);
}

const TableArgument* RelayClauses::heloBySource() const {
    return tableOf(ClauseKind::HeloSource);
}

const Value* RelayClauses::first(ClauseKind kind) const {
    const Clause* found = m_statement.clause(kind);
    return found ? found->value() : nullptr;
}

const TableArgument* RelayClauses::tableOf(ClauseKind kind) const {
    const Clause* found = m_statement.clause(kind);
    return found && found->table ? &*found->table : nullptr;
}

} // namespace postern::config
