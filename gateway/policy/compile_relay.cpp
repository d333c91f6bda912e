// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where and how to relay: `relay via URL ...` of the older dialects and `relay host URL ...` of an action.
#include "base/log.h"
#include "config/views/relay_clauses.h"
#include "policy/build.h"
#include "policy/values.h"
#include "policy/wire_tls.h"
#include "tables/credentials.h"
#include "tables/netaddr.h"

namespace postern::policy {
namespace {

using config::ClauseKind;
using config::RelayClauses;
using config::Severity;
using config::StatementView;
using config::TableArgument;

// OpenSMTPD 6.4 and later looks at these only when mail goes out; the question "is the text right?" answers
// yes then.
Severity atDelivery(const Build& build) {
    return build.era() == Era::Modern ? build.unsafe() : Severity::Error;
}

// Where the daemon would have noticed too late.
QByteArray andWhen(const Build& build) {
    return build.era() == Era::Modern ? "; OpenSMTPD notices only when it delivers, and the mail then waits" : "";
}

// The URL that words stand for: `via HOST port P tls auth M` (until July 2012) is tls+auth://HOST:P.
QByteArray urlOfWords(const RelayClauses& clauses, const config::Clause* tlsWord, QByteArrayView host) {
    QByteArray url;
    if (tlsWord) {
        url = tlsWord->kind == ClauseKind::Tls ? "tls" : tlsWord->kind == ClauseKind::Smtps ? "smtps" : "ssl";
        url += clauses.auth() ? "+auth://" : "://";
    }
    url.append(host);
    if (clauses.port()) {
        const auto port = parsePort(clauses.port()->text);
        url += ":" + (port ? QByteArray::number(*port) : clauses.port()->text);
    }
    return url;
}

void setHost(Build& build, const StatementView& at, const RelayClauses& clauses, RelaySpec& spec) {
    const TableArgument* host = clauses.host();
    if (!host)
        return;
    spec.urlOrigin = originOf(at, host->range);
    if (host->form != TableArgument::Form::Literal) {
        const bool takesShares = spec.order == RelayOrder::Ratio;
        spec.hostTable = resolveTable(build, at, *host, {tables::Service::Source, "host", false, takesShares});
        if (const auto named = build.rules->tableOrigins.find(spec.hostTable->name());
            named != build.rules->tableOrigins.end() && spec.hostTable->kind() == "file")
            spec.hostFile = named->second.path;
        for (const QByteArray& entry : spec.hostTable->keys()) {
            if (const auto url = RelayUrl::parse(entry, spec.era); !url)
                build.report.say(atDelivery(build), at, host->range,
                                 "an entry of this table is no relay URL: " + url.error().text + andWhen(build));
        }
        return;
    }
    const bool plainHost = build.era() == Era::Map2012 && !host->value.text.contains("://");
    const QByteArray text =
        plainHost ? urlOfWords(clauses, clauses.tlsWord(), host->value.text) : host->value.text;
    const auto url = RelayUrl::parse(text, spec.era, RelayUrl::Labels::MayLack);
    if (url && url->meaning().auth && url->label().isEmpty() && spec.era == Era::Legacy)
        build.report.warning(at, host->value.range,
                             "this URL has no label, so the host is the key of the login, as until December 2012; since then it is"
                             " written " + url->schema() + "://LABEL@HOST");
    if (url)
        spec.urls.push_back(*url);
    else
        build.report.say(atDelivery(build), at, host->value.range, "invalid relay URL: " + url.error().text + andWhen(build));
}

// Does the table hold a login for the label, and does it read? The value itself is never shown.
void checkLabel(Build& build, const StatementView& at, const RelaySpec& spec, const TableArgument& auth) {
    if (spec.credentials->shape() == tables::Shape::Dynamic)
        return; // others are asked when mail goes out
    const RelayUrl& url = spec.urls.front();
    const QByteArray label =
        url.label().isEmpty() ? url.host() : url.label(); // before December 2012 the host was the key
    spec.credentials->lookup(tables::Service::Credentials, label, [&](const tables::LookupResult& found) {
        if (found.failed || spec.credentials->kind() == "missing")
            return;
        if (!found.found)
            build.report.warning(at, auth.range,
                                 "there is no login for the label \"" + harmless(shownLabel(label), 80) +
                                     "\" in this table; mail for this relay waits until there is" +
                                     (label.contains(':') ? "; a password does not belong in the URL: put LABEL "
                                                            "USER:PASSWORD in the table, and only LABEL before the \"@\""
                                                          : ""));
        else if (const auto login = tables::parseRelayCredentials(label, found.value); !login)
            build.report.warning(at, auth.range,
                                 login.error().text + "; mail for this relay waits until it is right");
    });
}

void setCredentials(Build& build, const StatementView& at, const RelayClauses& clauses, RelaySpec& spec) {
    const bool demanded = !spec.urls.empty() && spec.urls.front().meaning().auth;
    const TableArgument* auth = clauses.auth();
    if (auth) {
        spec.credentials = resolveTable(build, at, *auth, {tables::Service::Credentials, "auth", true});
        spec.credentialsName = spec.credentials->name();
        checkSecretFile(build, at, *spec.credentials);
    }
    if (demanded && !auth) {
        const QByteArray text =
            "the relay URL wants a login, but no table of logins is given: add auth <table>";
        if (spec.era == Era::Modern)
            build.report.warning(at, text + "; until then mail for this relay waits");
        else
            build.report.error(at, text);
    } else if (demanded) {
        if (!build.options.syntaxOnly)
            checkLabel(build, at, spec, *auth);
    } else if (auth && !spec.urls.empty()) {
        build.report.warning(
            at, auth->range,
            spec.era == Era::Modern
                ? "this table is not used: without a label (smtps://LABEL@HOST) the relay does not sign in"
                : "this table is not used: without +auth in the URL the relay does not sign in");
    } else if (auth && !clauses.host() && !clauses.hostByDomain()) {
        build.report.error(at, auth->range, "auth may not be specified without host");
    }
}

void setTls(Build& build, const StatementView& at, const RelayClauses& clauses, RelaySpec& spec) {
    const bool wordsAreUrl = build.era() == Era::Map2012 && clauses.host();
    spec.tlsRequired = clauses.tlsWord() != nullptr && !wordsAreUrl;
    if (clauses.verify())
        spec.verify = true;
    else if (clauses.noVerify())
        spec.verify = false;
    if (spec.urls.empty())
        return;
    const WireTls wire = wireTls(spec, &spec.urls.front());
    if (!wire.impossible.isEmpty())
        build.report.say(atDelivery(build), at, {}, wire.impossible + "; every delivery would fail");
    else if (clauses.verify() && !wire.verify)
        build.report.error(at, "cannot verify with an insecure protocol: " + spec.urls.front().masked() +
                                   " may go without TLS; use tls:// or smtps://");
}

void setCertificates(Build& build, const StatementView& at, const RelayClauses& clauses, RelaySpec& spec) {
    if (const config::Value* name = clauses.pki()) {
        const bool olderWord = at.hasClause(ClauseKind::Certificate);
        spec.pki = name->text;
        if (olderWord)
            knowsCertificate(build, at, *name);
        else if (spec.era != Era::Modern ||
                 !build.options.syntaxOnly) // OpenSMTPD 6.4 and later does not look
            knowsPki(build, at, *name);
    }
    if (const config::Value* name = clauses.ca()) {
        spec.ca = name->text;
        spec.caFile = build.caFiles.value(name->text);
        if (spec.caFile.isEmpty())
            build.report.say(atDelivery(build), at, name->range,
                             "no such ca: " + harmless(name->text, 80) +
                                 definedLater(build.caLines, name->text));
    }
}

void setSource(Build& build, const StatementView& at, const RelayClauses& clauses, RelaySpec& spec) {
    const TableArgument* source = clauses.source();
    if (!source)
        return;
    spec.source = resolveTable(build, at, *source, {tables::Service::Source, "src", false, true});
    for (const QByteArray& entry : spec.source->keys()) {
        const auto address = tables::Netaddr::parse(entry);
        if (!address || !address->isSingle()) {
            build.report.error(at, source->range,
                               "\"" + harmless(entry, 80) + "\" is no address of this computer to send from");
            return;
        }
    }
}

constexpr qint64 kMostPer = 1'000'000; // messages, connections: what is more is a slip

// Postern's own `order`; before setHost(), which has to know whether relays may have shares.
void setOrder(Build& build, const StatementView& at, RelaySpec& spec) {
    const config::Clause* clause = at.clause(ClauseKind::Order);
    if (!clause)
        return;
    for (const RelayOrder order : {RelayOrder::RoundRobin, RelayOrder::Random, RelayOrder::Ratio, RelayOrder::Failover}) {
        if (clause->valueText() == toString(order))
            spec.order = order;
    }
    const RelayClauses clauses(at);
    if (!clauses.host() || clauses.host()->form == TableArgument::Form::Literal)
        build.report.warning(at, clause->range, "\"order\" says nothing here: there are no several relays to choose from");
}

void checkShares(Build& build, const StatementView& at, const TableArgument& host, const RelaySpec& spec) {
    const tables::Table& table = *spec.hostTable;
    if (table.shape() == tables::Shape::List && table.size() > 1)
        build.report.note(at, "these relays have equal shares; for others write URL = SHARE in the list, or URL SHARE in its file");
    if (table.shape() != tables::Shape::Mapping)
        return;
    for (const QByteArray& url : table.keys()) {
        table.lookup(tables::Service::Relayhost, url, [&](const tables::LookupResult& found) {
            const auto share = parseNumber(found.value);
            if (!share || *share < 1 || *share > kMostShare)
                build.report.error(at, host.range,
                                   "the share of " + harmless(url, 80) + " is \"" + harmless(found.value, 80) +
                                       "\", and a number from 1 to " + QByteArray::number(kMostShare) + " is wanted");
        });
    }
}

void setLimits(Build& build, const StatementView& at, RelaySpec& spec) {
    const auto number = [&](const config::Clause& clause) -> int {
        const auto value = clause.values.empty() ? std::nullopt : parseNumber(clause.values.front().text);
        if (value && *value >= 1 && *value <= kMostPer)
            return int(*value);
        build.report.error(at, clause.range, '"' + clause.words.front().text + "\" wants a number from 1 to 1000000");
        return 0;
    };
    if (const config::Clause* rate = at.clause(ClauseKind::MaxRate); rate && rate->values.size() == 2) {
        const auto time = delayOf(build, at, rate->values[1]);
        const int messages = number(*rate);
        if (time && messages > 0)
            spec.maxRate = {messages, *time};
    }
    if (const config::Clause* most = at.clause(ClauseKind::MaxConnections))
        spec.maxConnections = number(*most);
}

} // namespace

RelaySpec relayOf(Build& build, const StatementView& at, const RelayClauses& clauses) {
    RelaySpec spec;
    spec.era = build.era();
    setOrder(build, at, spec);
    setHost(build, at, clauses, spec);
    setCredentials(build, at, clauses, spec);
    setTls(build, at, clauses, spec);
    setCertificates(build, at, clauses, spec);
    setSource(build, at, clauses, spec);
    setLimits(build, at, spec);
    if (spec.order == RelayOrder::Ratio && spec.hostTable)
        checkShares(build, at, *clauses.host(), spec);
    spec.helo = clauses.helo() ? clauses.helo()->text : QByteArray();
    spec.mailFrom = clauses.as() ? clauses.as()->text : QByteArray();
    spec.isBackup = clauses.isBackup();
    spec.backupMx = clauses.backupMx() ? clauses.backupMx()->text : QByteArray();
    if (const TableArgument* table = clauses.hostByDomain()) {
        spec.hostByDomain = resolveTable(build, at, *table, {tables::Service::Relayhost, "domain", true});
        spec.urlOrigin = originOf(at, table->range);
    }
    if (const TableArgument* table = clauses.heloBySource())
        spec.heloBySource = resolveTable(build, at, *table, {tables::Service::Addrname, "helo-src", true});
    if (clauses.filters()) {
        spec.filters = filtersOf(build, at, *clauses.filters());
        build.report.note(at, "filters of a relay only watch; none is run yet");
    }
    spec.srs = clauses.srs();
    spec.ciphers = clauses.ciphers() ? clauses.ciphers()->text : QByteArray();
    if (const config::Value* protocols = clauses.protocols()) {
        spec.protocols = protocols->text;
        const TlsProtocols meant = protocolsOf(build, at, protocols->range, spec.protocols);
        spec.tls12 = meant.tls12;
        spec.tls13 = meant.tls13;
    }
    if (clauses.srs())
        build.report.note(at, "\"srs\" has no effect yet: nothing is forwarded, so no sender is rewritten");
    return spec;
}

} // namespace postern::policy
