// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/views/listen_view.h"

namespace postern::config {

std::optional<ListenView> ListenView::from(const StatementView& statement) {
    if (statement.kind() != StatementKind::Listen)
        return std::nullopt;
    return ListenView(statement);
}

bool ListenView::isSocket() const {
    return interface() && !interface()->quoted && interface()->text == "socket";
}

int ListenView::family() const {
    return hasClause(ClauseKind::Inet4) ? 4 : hasClause(ClauseKind::Inet6) ? 6 : 0;
}

ListenView::TlsWord ListenView::tls() const {
    if (hasClause(ClauseKind::Smtps))
        return TlsWord::Smtps;
    if (hasClause(ClauseKind::Secure))
        return TlsWord::Secure;
    if (hasClause(ClauseKind::TlsRequire))
        return TlsWord::TlsRequire;
    return hasClause(ClauseKind::Tls) ? TlsWord::Tls : TlsWord::None;
}

bool ListenView::verifyClient() const {
    const Clause* require = clause(ClauseKind::TlsRequire);
    const Clause* smtps = clause(ClauseKind::Smtps);
    return (require && require->has("verify")) || (smtps && smtps->has("verify"));
}

ListenView::AuthWord ListenView::auth() const {
    if (hasClause(ClauseKind::Auth))
        return AuthWord::Auth;
    if (hasClause(ClauseKind::AuthOptional))
        return AuthWord::AuthOptional;
    return hasClause(ClauseKind::EnableAuth) ? AuthWord::EnableAuth : AuthWord::None;
}

const TableArgument* ListenView::authTable() const {
    const TableArgument* table = tableOf(ClauseKind::Auth);
    return table ? table : tableOf(ClauseKind::AuthOptional);
}

std::vector<Value> ListenView::pkis() const {
    std::vector<Value> result;
    for (const Clause& clause : clauses()) {
        if ((clause.kind == ClauseKind::Pki || clause.kind == ClauseKind::Certificate) && !clause.values.empty())
            result.push_back(clause.values.front());
    }
    return result;
}

bool ListenView::masquerade() const {
    const Clause* found = clause(ClauseKind::Senders);
    return found && found->has("masquerade");
}

const Value* ListenView::first(ClauseKind kind) const {
    const Clause* found = clause(kind);
    return found ? found->value() : nullptr;
}

const TableArgument* ListenView::tableOf(ClauseKind kind) const {
    const Clause* found = clause(kind);
    return found && found->table ? &*found->table : nullptr;
}

} // namespace postern::config
