// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a `relay` says, common to accept rules (`relay via URL ...`) and actions (`relay host URL ...`).
// Thread: value.
#pragma once

#include "config/views/statement_view.h"

namespace postern::config {

class RelayClauses {
  public:
    explicit RelayClauses(const StatementView& statement) : m_statement(statement) {}

    // `relay via URL|<table>|map NAME`, `relay host URL|<table>`: Literal holds the URL or bare host. Null: by MX.
    const TableArgument* host() const;
    const TableArgument* hostByDomain() const { return tableOf(ClauseKind::HostByDomain); }
    const Value* port() const { return first(ClauseKind::Port); } // word form of 2012: relay via HOST port P
    // The words tls, smtps, ssl/secure behind it (2012), `tls [verify]` of a plain relay, `tls [no-verify]` of an action.
    const Clause* tlsWord() const;
    bool verify() const;   // `verify`, alone or behind tls
    bool noVerify() const; // `tls no-verify`
    const TableArgument* auth() const { return tableOf(ClauseKind::Auth); }
    const Value* pki() const;                                     // `pki` or the older `certificate`
    const Value* ca() const { return first(ClauseKind::Ca); }
    const Value* as() const { return first(ClauseKind::As); }     // `as A`, `mail-from A`
    const TableArgument* source() const { return tableOf(ClauseKind::Source); }
    const Value* helo() const;                                    // `helo NAME`, `hostname NAME`
    const TableArgument* heloBySource() const;                    // `helo-src T`, `hostnames T`, `helo <t>` of 5.3
    bool isBackup() const { return m_statement.hasClause(ClauseKind::Backup); }
    const Value* backupMx() const { return first(ClauseKind::Backup); }
    const TableArgument* filters() const { return tableOf(ClauseKind::Filters); }
    bool srs() const { return m_statement.hasClause(ClauseKind::Srs); }
    const Value* ciphers() const { return first(ClauseKind::Ciphers); }
    const Value* protocols() const { return first(ClauseKind::Protocols); }

  private:
    const Value* first(ClauseKind kind) const;
    const TableArgument* tableOf(ClauseKind kind) const;

    StatementView m_statement;
};

} // namespace postern::config
