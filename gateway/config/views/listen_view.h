// SPDX-License-Identifier: GPL-3.0-or-later
//
// `listen on INTERFACE OPTIONS`, in all dialects. Thread: value.
#pragma once

#include "config/views/statement_view.h"

namespace postern::config {

class ListenView : public StatementView {
  public:
    // The words as written; what they mean together (and in which era) is decided by policy.
    enum class TlsWord : quint8 { None, Tls, TlsRequire, Smtps, Secure }; // Secure: `secure`, before 5.4.1 `ssl`
    enum class AuthWord : quint8 { None, Auth, AuthOptional, EnableAuth }; // EnableAuth: offered, 2012

    static std::optional<ListenView> from(const StatementView& statement);

    const Value* interface() const { return headValue(0); } // name, group, address or host name; null if missing
    bool isSocket() const;                                  // listen on socket
    const Value* port() const { return first(ClauseKind::Port); } // number or service name
    int family() const;                                           // 0 = not restricted, 4, 6
    TlsWord tls() const;
    bool verifyClient() const; // `tls-require verify`, `smtps verify`
    AuthWord auth() const;
    const TableArgument* authTable() const; // null: system accounts
    const Value* tag() const { return first(ClauseKind::Tag); }
    const Value* hostname() const { return first(ClauseKind::Hostname); }
    const TableArgument* hostnames() const { return tableOf(ClauseKind::Hostnames); }
    std::vector<Value> pkis() const; // `pki` and the older `certificate`, in order
    const Value* ca() const { return first(ClauseKind::Ca); }
    bool maskSource() const { return hasClause(ClauseKind::MaskSource); }
    bool receivedAuth() const { return hasClause(ClauseKind::ReceivedAuth); }
    bool noDsn() const { return hasClause(ClauseKind::NoDsn); }
    bool proxyV2() const { return hasClause(ClauseKind::ProxyV2); }
    const TableArgument* senders() const { return tableOf(ClauseKind::Senders); }
    bool masquerade() const;
    const TableArgument* filters() const { return tableOf(ClauseKind::Filters); } // Literal = one name, List = chain

  private:
    explicit ListenView(const StatementView& statement) : StatementView(statement) {}
    const Value* first(ClauseKind kind) const;
    const TableArgument* tableOf(ClauseKind kind) const;
};

} // namespace postern::config
