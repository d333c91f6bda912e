// SPDX-License-Identifier: GPL-3.0-or-later
//
// RelaySpec to bytes and back: what an envelope of an accept/reject or 2012 rule keeps of its rule.
//
// One compact JSON object with a version. Bytes are kept as Latin-1 characters, so any bytes survive. Secrets
// never get in: credentials are a table's name and a label. An inline list of addresses or hosts has no
// lasting name, so its entries are kept instead. Members that a later version adds are not looked at, and what an earlier
// one did not write has its default.
#include "policy/ruleset.h"
#include "policy/values.h"
#include "tables/table_factory.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace postern::policy {
namespace {

constexpr int kVersion = 1;

QString toJson(const QByteArray& bytes) {
    return QString::fromLatin1(bytes);
}

QByteArray fromJson(const QJsonValue& value) {
    return value.toString().toLatin1();
}

QString eraName(Era era) {
    switch (era) {
    case Era::Map2012:
        return u"2012"_s;
    case Era::Legacy:
        return u"legacy"_s;
    case Era::Modern:
        return u"modern"_s;
    }
    return u"modern"_s;
}

std::optional<Era> eraFromName(const QString& name) {
    for (const Era era : {Era::Map2012, Era::Legacy, Era::Modern}) {
        if (eraName(era) == name)
            return era;
    }
    return std::nullopt;
}

bool isInline(const tables::Table& table) {
    return table.name().startsWith('<');
}

// A named table by its name, an inline list by its entries.
QJsonValue tableToJson(const tables::Table& table) {
    if (!isInline(table))
        return toJson(table.name());
    QJsonArray entries;
    for (const QByteArray& key : table.keys())
        entries.append(toJson(key));
    return entries;
}

Error damaged(const char* what) {
    return {ErrorCode::Corrupt, QByteArray("the relay kept with this message can't be read: ") + what,
            Permanence::Temporary};
}

Error gone(const char* what, const QByteArray& name) {
    return {ErrorCode::Unavailable,
            QByteArray("the rule that took this message uses ") + what + " " + name +
                ", which the configuration no longer has; add it again, or remove the message",
            Permanence::Temporary};
}

// The hosts of `host { ... }` in the order that counts; one with a share of its own as [url, share].
QJsonValue hostsToJson(const RelaySpec& spec) {
    if (!isInline(*spec.hostTable))
        return toJson(spec.hostTable->name());
    QJsonArray entries;
    for (const RelayShare& relay : spec.relays()) {
        if (spec.hostTable->shape() == tables::Shape::Mapping)
            entries.append(QJsonArray{toJson(relay.url), relay.share});
        else
            entries.append(toJson(relay.url));
    }
    return entries;
}

constexpr auto kOrders = {RelayOrder::RoundRobin, RelayOrder::Random, RelayOrder::Ratio, RelayOrder::Failover};

std::optional<RelayOrder> orderFromName(const QByteArray& name) {
    if (name.isEmpty())
        return RelayOrder::RoundRobin;
    for (const RelayOrder order : kOrders) {
        if (toString(order) == name)
            return order;
    }
    return std::nullopt;
}

// Sets `out` from a member that is absent, a table's name, or the entries of an inline list or of hosts with shares.
Result<void> readTable(const QJsonValue& value, const Ruleset& current, tables::TablePtr& out) {
    if (value.isUndefined())
        return {};
    if (value.isArray()) {
        std::vector<tables::Entry> entries;
        tables::Shape shape = tables::Shape::List;
        for (const QJsonValue& one : value.toArray()) {
            const QJsonArray pair = one.toArray();
            if (pair.isEmpty()) {
                entries.push_back({fromJson(one), {}});
            } else {
                shape = tables::Shape::Mapping;
                entries.push_back({fromJson(pair.at(0)), QByteArray::number(pair.at(1).toInt(1))});
            }
        }
        out = tables::makeInlineTable("<inline:kept>", shape, std::move(entries),
                                      current.settings.subAddressDelimiter);
        return {};
    }
    const QByteArray name = fromJson(value);
    out = current.table(name);
    if (!out)
        return gone("table", name);
    return {};
}

} // namespace

QByteArrayView toString(RelayOrder order) {
    switch (order) {
    case RelayOrder::RoundRobin:
        return "round-robin";
    case RelayOrder::Random:
        return "random";
    case RelayOrder::Ratio:
        return "ratio";
    case RelayOrder::Failover:
        return "failover";
    }
    return "round-robin";
}

std::vector<RelayShare> RelaySpec::relays() const {
    std::vector<RelayShare> result;
    for (const RelayUrl& url : urls)
        result.push_back({url.print(), 1});
    if (!hostTable)
        return result;
    for (const QByteArray& url : order == RelayOrder::RoundRobin ? hostTable->keys() : hostTable->keysAsWritten()) {
        RelayShare relay{url, 1};
        if (order == RelayOrder::Ratio && hostTable->shape() == tables::Shape::Mapping)
            hostTable->lookup(tables::Service::Relayhost, url, [&relay](const tables::LookupResult& found) {
                relay.share = std::clamp(found.value.toInt(), 1, kMostShare); // a table in memory answers at once
            });
        result.push_back(std::move(relay));
    }
    return result;
}

QByteArray RelaySpec::toBytes() const {
    QJsonObject object{{u"v"_s, kVersion}, {u"era"_s, eraName(era)}};
    const auto putText = [&](const QString& key, const QByteArray& text) {
        if (!text.isEmpty())
            object.insert(key, toJson(text));
    };
    if (!urls.empty()) {
        QJsonArray list;
        for (const RelayUrl& url : urls)
            list.append(toJson(url.print()));
        object.insert(u"urls"_s, list);
    }
    if (hostTable)
        object.insert(u"hosts"_s, hostsToJson(*this));
    if (hostByDomain)
        object.insert(u"domains"_s, toJson(hostByDomain->name())); // a mapping: by name even if inline
    if (verify)
        object.insert(u"verify"_s, *verify);
    if (tlsRequired)
        object.insert(u"tls"_s, true);
    putText(u"helo"_s, helo);
    putText(u"from"_s, mailFrom);
    putText(u"auth"_s,
            credentials ? credentials->name() : credentialsName); // by name even if inline: no secrets here
    putText(u"pki"_s, pki);
    putText(u"ca"_s, ca);
    if (source)
        object.insert(u"source"_s, tableToJson(*source));
    if (heloBySource)
        object.insert(u"helos"_s, toJson(heloBySource->name())); // a mapping: by name even if inline
    putText(u"ciphers"_s, ciphers);
    putText(u"protocols"_s, protocols);
    putText(u"backupMx"_s, backupMx);
    if (isBackup)
        object.insert(u"backup"_s, true);
    if (order != RelayOrder::RoundRobin)
        putText(u"order"_s, toString(order).toByteArray());
    if (maxRate.messages > 0)
        object.insert(u"rate"_s, QJsonArray{maxRate.messages, maxRate.seconds});
    if (maxConnections > 0)
        object.insert(u"connections"_s, maxConnections);
    return QJsonDocument(object).toJson(QJsonDocument::Compact);
}

Result<RelaySpec> RelaySpec::fromBytes(const QByteArray& bytes, const Ruleset& current) {
    const QJsonDocument document = QJsonDocument::fromJson(bytes);
    if (!document.isObject())
        return damaged("it is not what was written");
    const QJsonObject object = document.object();
    if (object.value("v"_L1).toInt() != kVersion)
        return damaged("another version of this program wrote it");
    const auto kept = eraFromName(object.value("era"_L1).toString());
    if (!kept)
        return damaged("its dialect is unknown");
    RelaySpec spec;
    spec.era = *kept;
    for (const QJsonValue& one : object.value("urls"_L1).toArray()) {
        auto url = RelayUrl::parse(fromJson(one), spec.era, RelayUrl::Labels::MayLack);
        if (!url)
            return damaged("its relay URL is invalid");
        spec.urls.push_back(*url);
    }
    if (auto read = readTable(object.value("hosts"_L1), current, spec.hostTable); !read)
        return read.error();
    if (spec.hostTable && spec.hostTable->kind() == "file")
        if (const auto named = current.tableOrigins.find(spec.hostTable->name()); named != current.tableOrigins.end())
            spec.hostFile = named->second.path;
    if (auto read = readTable(object.value("domains"_L1), current, spec.hostByDomain); !read)
        return read.error();
    if (auto read = readTable(object.value("source"_L1), current, spec.source); !read)
        return read.error();
    if (auto read = readTable(object.value("helos"_L1), current, spec.heloBySource); !read)
        return read.error();
    if (auto read = readTable(object.value("auth"_L1), current, spec.credentials); !read)
        return read.error();
    spec.credentialsName = fromJson(object.value("auth"_L1));
    if (object.contains("verify"_L1))
        spec.verify = object.value("verify"_L1).toBool();
    spec.tlsRequired = object.value("tls"_L1).toBool();
    spec.helo = fromJson(object.value("helo"_L1));
    spec.mailFrom = fromJson(object.value("from"_L1));
    spec.pki = fromJson(object.value("pki"_L1));
    if (!spec.pki.isEmpty() && !current.pki(spec.pki))
        return gone("pki", spec.pki);
    spec.ca = fromJson(object.value("ca"_L1));
    spec.caFile = spec.ca.isEmpty() ? QByteArray() : current.caFile(spec.ca);
    if (!spec.ca.isEmpty() && spec.caFile.isEmpty())
        return gone("ca", spec.ca);
    spec.ciphers = fromJson(object.value("ciphers"_L1));
    spec.protocols = fromJson(object.value("protocols"_L1));
    if (!spec.protocols.isEmpty()) {
        const auto protocols = parseTlsProtocols(spec.protocols);
        if (!protocols || (!protocols->tls12 && !protocols->tls13))
            return damaged("its TLS protocols are unknown");
        spec.tls12 = protocols->tls12;
        spec.tls13 = protocols->tls13;
    }
    spec.backupMx = fromJson(object.value("backupMx"_L1));
    spec.isBackup = object.value("backup"_L1).toBool();
    const auto order = orderFromName(fromJson(object.value("order"_L1)));
    if (!order)
        return damaged("the order of its relays is unknown");
    spec.order = *order;
    const QJsonArray rate = object.value("rate"_L1).toArray();
    spec.maxRate = {rate.at(0).toInt(), rate.at(1).toInteger()};
    spec.maxConnections = object.value("connections"_L1).toInt();
    if (spec.maxRate.messages < 0 || (spec.maxRate.messages > 0 && spec.maxRate.seconds < 1) || spec.maxConnections < 0)
        return damaged("its limits are out of range");
    return spec;
}

} // namespace postern::policy
