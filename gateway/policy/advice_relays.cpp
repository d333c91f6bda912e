// SPDX-License-Identifier: GPL-3.0-or-later
//
// Relay URLs whose words mean something else in another era, and lists of relays that are no fail-over lists.
#include "base/log.h"
#include "config/views/relay_clauses.h"
#include "policy/advice.h"

#include <array>

namespace postern::policy {
namespace {

using config::Severity;
using config::StatementView;
using config::TableArgument;

// What a schema means here, and in the other era, for those that changed.
struct Changed {
    Era era;
    QByteArrayView schema;
    const char* text;
};
constexpr auto kChanged = std::to_array<Changed>({
    {Era::Map2012, "smtp",
     "smtp:// uses TLS if the server offers it and goes on in clear if not (from 5.3 to 6.3 it never used TLS); tls:// "
     "demands it"},
    {Era::Legacy, "smtp",
     "smtp:// never uses TLS from 5.3 to 6.3 (in 2012 and since 6.4 it does if the server offers it); smtp+tls:// would, "
     "and tls:// demands it"},
    {Era::Legacy, "smtp+tls",
     "smtp+tls:// goes on in clear from 5.3 to 6.3 if the server offers no TLS (since 6.4 it demands TLS); tls:// demands "
     "it here"},
    {Era::Modern, "smtp",
     "smtp:// uses TLS if the server offers it and goes on in clear if not (from 5.3 to 6.3 it never used TLS); "
     "smtp+tls:// demands it, smtp+notls:// never uses it"},
});

void lookAtList(Build& build, const StatementView& at, const TableArgument& host) {
    qsizetype count = qsizetype(host.items.size());
    if (host.form == TableArgument::Form::Name) {
        const tables::TablePtr table = build.tablesByName.value(host.value.text);
        count = table ? table->size() : 0;
    }
    const config::Clause* order = at.clause(config::ClauseKind::Order);
    if (count > 1 && (!order || order->valueText() == toString(RelayOrder::RoundRobin)))
        build.report.say(Severity::Note, at, host.range,
                         "these " + QByteArray::number(count) +
                             " relays take turns, one for each message and each new try; it is no list to fall back on: "
                             "mail for one that is down waits for its next try");
}

} // namespace

void Advice::lookAtUrl(const StatementView& at, const config::Value& value) {
    static_assert(kChanged.size() <= std::tuple_size_v<decltype(m_saidSchema)>);
    const QByteArray& text = value.text;
    const qsizetype host = std::max(text.indexOf("://") + 3, text.indexOf('@') + 1);
    const bool mayHaveRest = !m_saidIgnoredRest && text.indexOf('/', host) >= 0;
    const auto mayBeChanged = [&](size_t i) {
        const QByteArrayView schema = kChanged[i].schema;
        return kChanged[i].era == m_build.era() && !m_saidSchema[i] && text.indexOf("://") == schema.size() &&
               QByteArrayView(text).first(schema.size()).compare(schema, Qt::CaseInsensitive) == 0;
    };
    bool isNew = mayHaveRest;
    for (size_t i = 0; i < kChanged.size(); ++i)
        isNew = isNew || mayBeChanged(i);
    const auto url = isNew ? RelayUrl::parse(text, m_build.era()) : Result<RelayUrl>(Error{});
    if (!url)
        return; // nothing new, or an error says why
    for (size_t i = 0; i < kChanged.size(); ++i) {
        if (mayBeChanged(i) && kChanged[i].schema == (*url).schema() && !isLoopback((*url).host())) {
            m_saidSchema[i] = true;
            m_build.report.say(Severity::Note, at, value.range, kChanged[i].text);
        }
    }
    if (mayHaveRest) {
        m_saidIgnoredRest = true;
        m_build.report.say(Severity::Note, at, value.range, "what stands behind the host and the port is ignored; take it away");
    }
}

void Advice::lookAtRelay(const StatementView& statement) {
    const TableArgument* host = config::RelayClauses(statement).host();
    if (!host)
        return;
    if (host->form == TableArgument::Form::Literal)
        lookAtUrl(statement, host->value);
    else
        m_relayLists.push_back({statement.documentPtr(), statement.index(), {}});
}

// At the end, when every table is there.
void Advice::onRelayLists() {
    for (const Named& one : m_relayLists) {
        const StatementView statement = one.document->statement(one.statement);
        lookAtList(m_build, statement, *config::RelayClauses(statement).host());
    }
}

} // namespace postern::policy
