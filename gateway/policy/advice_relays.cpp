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

// Each kind of note once.
struct Said {
    std::array<bool, kChanged.size()> changed{};
    bool ignoredRest = false;
};

void lookAtUrl(Build& build, const StatementView& at, const config::Value& value, Said& said) {
    const auto url = RelayUrl::parse(value.text, build.era());
    if (!url)
        return; // an error says why
    for (size_t i = 0; i < kChanged.size(); ++i) {
        const Changed& one = kChanged[i];
        if (one.era == build.era() && one.schema == (*url).schema() && !isLoopback((*url).host()) &&
            !std::exchange(said.changed[i], true))
            build.report.say(Severity::Note, at, value.range, one.text);
    }
    const qsizetype host = std::max(value.text.indexOf("://") + 3, value.text.indexOf('@') + 1);
    if (value.text.indexOf('/', host) >= 0 && !std::exchange(said.ignoredRest, true))
        build.report.say(Severity::Note, at, value.range, "what stands behind the host and the port is ignored; take it away");
}

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

void adviseOnRelays(Build& build, const std::vector<StatementView>& statements) {
    Said said;
    for (const StatementView& statement : statements) {
        if (statement.kind() != config::StatementKind::Action && statement.kind() != config::StatementKind::Rule)
            continue;
        const config::RelayClauses relay(statement);
        const TableArgument* host = relay.host();
        if (!host)
            continue;
        if (host->form == TableArgument::Form::Literal)
            lookAtUrl(build, statement, host->value, said);
        else
            lookAtList(build, statement, *host);
    }
}

} // namespace postern::policy
