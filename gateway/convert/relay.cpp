// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where mail is relayed to: read as what happens on the wire, written as each era spells that. Never schema by schema:
// `smtp://` and `smtp+tls://` changed their meaning between eras.
#include "config/views/relay_clauses.h"
#include "convert/rules_out.h"
#include "policy/values.h"
#include "policy/wire_tls.h"

#include <algorithm>

namespace postern::convert {

using config::Clause;
using config::ClauseKind;
using config::RelayClauses;
using config::StatementView;
using config::TableArgument;
using policy::Era;
using policy::RelayUrl;
using policy::TlsUse;

namespace {

// The URL that words stand for: `via HOST port P tls auth M` of 2012 is tls+auth://HOST:P.
QByteArray urlOfWords(const RelayClauses& clauses, const QByteArray& host) {
    QByteArray url;
    if (const Clause* word = clauses.tlsWord()) {
        url = word->kind == ClauseKind::Tls ? "tls" : word->kind == ClauseKind::Smtps ? "smtps" : "ssl";
        url += clauses.auth() ? "+auth://" : "://";
    }
    url += host;
    if (clauses.port()) {
        const auto port = policy::parsePort(clauses.port()->text);
        url += ':' + (port ? QByteArray::number(*port) : clauses.port()->text);
    }
    return url;
}

// How an era's URL says what happens on the wire; "" = it can't.
QByteArray schemaFor(Era era, const Relay& relay) {
    const bool signsIn = !relay.label.isEmpty();
    if (relay.url && relay.url->meaning().lmtp)
        return era == Era::Map2012 ? "" : "lmtp";
    const QByteArray plus = signsIn && era != Era::Modern ? "+auth" : "";
    switch (relay.tls) {
    case TlsUse::None: return signsIn || era == Era::Map2012 ? "" : era == Era::Modern ? "smtp+notls" : "smtp";
    case TlsUse::Opportunistic: return signsIn ? "" : era == Era::Legacy ? "smtp+tls" : "smtp";
    case TlsUse::Required: return (era == Era::Modern ? "smtp+tls" : "tls") + plus;
    case TlsUse::Wrapped: return "smtps" + plus;
    case TlsUse::Either:
        if (era == Era::Modern)
            return relay.url && relay.url->port() == 465 ? "smtps" : "smtp+tls";
        return (era == Era::Legacy ? "secure" : "ssl") + plus;
    }
    return {};
}

} // namespace

QByteArray relayUrl(Era era, const Relay& relay) {
    const QByteArray schema = schemaFor(era, relay);
    if (!relay.url || schema.isEmpty())
        return {};
    QByteArray text = schema + "://";
    if (!relay.label.isEmpty() && era != Era::Map2012)
        text += relay.label + '@';
    else if (relay.label.compare(relay.url->host(), Qt::CaseInsensitive) != 0 && !relay.label.isEmpty())
        return {}; // in 2012 the host is the key
    const QByteArray& host = relay.url->host();
    text += host.contains(':') ? '[' + host + ']' : host;
    if (relay.url->port() != 0)
        text += ':' + QByteArray::number(relay.url->port());
    return text;
}

QByteArrayList urlsOf(const TableArgument& hosts) {
    QByteArrayList urls;
    for (const config::Value& item : hosts.items)
        urls.append(item.text);
    for (const TableArgument::Pair& pair : hosts.pairs)
        urls.append(pair.key.text);
    return urls;
}

Relay readRelay(Session& session, const StatementView& statement, const Speller& speller) {
    const RelayClauses clauses(statement);
    Relay relay;
    const Era era = session.know.era;
    const TableArgument* host = clauses.host();
    policy::RelaySpec spec;
    spec.era = era;
    spec.tlsRequired = clauses.tlsWord() && !(era == Era::Map2012 && host);
    if (clauses.verify())
        spec.verify = true;
    else if (clauses.noVerify())
        spec.verify = false;
    if (host && host->form == TableArgument::Form::Literal) {
        const bool isPlain = era == Era::Map2012 && !host->value.text.contains("://");
        const auto url = RelayUrl::parse(isPlain ? urlOfWords(clauses, host->value.text) : host->value.text, era,
                                         RelayUrl::Labels::MayLack);
        if (host->value.fromMacro) {
            const QByteArray written = speller.value(host->value);
            relay.macro = written.startsWith('$') ? written.sliced(1) : QByteArray();
        }
        if (url) {
            relay.url = *url;
            relay.label = url->label();
            if (relay.label.isEmpty() && url->meaning().auth)
                relay.label = url->host(); // until December 2012 the host was the key
        } else {
            relay.invalid = url.error().text;
        }
    } else if (host) {
        relay.hostTable = speller.table(*host);
        relay.hostArgument = *host;
        QByteArrayList entries;
        for (const QByteArray& url : urlsOf(*host))
            entries.append(quoted(relayEntry(session.know, url).value_or(url), speller.dialect()));
        if (!entries.isEmpty())
            relay.hostTable = "{ " + entries.join(", ") + " }";
    }
    if (const TableArgument* domains = clauses.hostByDomain())
        relay.domainTable = speller.table(*domains);
    const policy::WireTls wire = policy::wireTls(spec, relay.url ? &*relay.url : nullptr);
    relay.tls = wire.use;
    relay.verify = wire.verify;
    relay.wantsTls = spec.tlsRequired;
    relay.wantsVerify = clauses.verify();
    relay.noVerify = clauses.noVerify();
    if (!wire.impossible.isEmpty())
        relay.invalid = wire.impossible;
    relay.isBackup = clauses.isBackup();
    if (clauses.backupMx())
        relay.backupMx = speller.value(*clauses.backupMx());
    if (relay.url && relay.url->meaning().backup) {
        relay.isBackup = true;
        relay.backupMx = quoted(relay.url->host(), speller.dialect());
        relay.wantsTls = relay.tls != TlsUse::Opportunistic;
        relay.url.reset();
    }
    return relay;
}

std::optional<QByteArray> relayEntry(const Knowledge& know, const QByteArray& entry) {
    const auto url = RelayUrl::parse(entry, know.era);
    if (!url)
        return std::nullopt;
    Relay relay;
    relay.url = *url;
    relay.tls = url->meaning().tls;
    relay.label = url->label();
    if (relay.label.isEmpty() && url->meaning().auth)
        relay.label = url->host();
    const QByteArray text = relayUrl(know.targetEra, relay);
    if (text.isEmpty())
        return std::nullopt;
    const auto now = RelayUrl::parse(entry, know.targetEra); // what the target makes of the old spelling
    const auto wanted = RelayUrl::parse(text, know.targetEra);
    const bool isSame = now && wanted && now->meaning().tls == wanted->meaning().tls && sameMeaning(*now, *wanted);
    return isSame ? entry : text;
}

QByteArray tableTls(Session& session, const StatementView& at, const Relay& relay) {
    if (session.know.source == config::Dialect::Modern)
        return {};
    std::optional<QByteArrayList> entries = QByteArrayList();
    if (relay.hostArgument->form == TableArgument::Form::Name)
        entries = session.know.relayEntries(relay.hostArgument->value.text);
    else
        entries = urlsOf(*relay.hostArgument);
    int sure = 0, others = 0;
    for (const QByteArray& entry : entries.value_or(QByteArrayList())) {
        const auto url = RelayUrl::parse(entry, session.know.era);
        const bool isSure = url && url->meaning().tls != TlsUse::None && url->meaning().tls != TlsUse::Opportunistic;
        ++(isSure ? sure : others);
    }
    if (relay.wantsVerify || (entries && sure == 0))
        return {};
    if (entries && others == 0)
        return " tls no-verify";
    session.say(RemarkKind::Changed, at,
                "the certificates of this table's relays were not checked; now they are, where TLS is a must, since "
                "\"tls no-verify\" would make TLS a must for all of them");
    return {};
}

} // namespace postern::convert
