// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/relay_schemas.h"

#include "config/suggest.h"

#include <QByteArray>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace postern::policy {
namespace {

// One schema's history: TLS in each column of UrlEra, nothing where that reader did not know the word.
struct Row {
    QByteArrayView name;
    std::array<std::optional<TlsUse>, kUrlEras.size()> tls;
    bool auth = false;
    bool lmtp = false;
    bool backup = false;
    quint16 port = 25;
};

constexpr std::optional<TlsUse> kNone = TlsUse::None;
constexpr std::optional<TlsUse> kOpp = TlsUse::Opportunistic;
constexpr std::optional<TlsUse> kMust = TlsUse::Required;
constexpr std::optional<TlsUse> kWrap = TlsUse::Wrapped;
constexpr std::optional<TlsUse> kAny = TlsUse::Either;
constexpr std::optional<TlsUse> k_;

// clang-format off
constexpr auto kRows = std::to_array<Row>({
    //                                    May 12 Jul 12 Dec 12 5.3    5.4    5.7    6.4
    {.name = "smtp",           .tls = {{kOpp,  kOpp,  kOpp,  kNone, kNone, kNone, kOpp}}},
    {.name = "smtp+tls",       .tls = {{k_,    k_,    k_,    kOpp,  kOpp,  kOpp,  kMust}}},
    {.name = "smtp+notls",     .tls = {{k_,    k_,    k_,    k_,    k_,    k_,    kNone}}},
    {.name = "tls",            .tls = {{k_,    kMust, kMust, kMust, kMust, kMust, k_}}},
    {.name = "smtps",          .tls = {{kWrap, kWrap, kWrap, kWrap, kWrap, kWrap, kWrap}}, .port = 465},
    {.name = "ssl",            .tls = {{kAny,  kAny,  kAny,  kAny,  k_,    k_,    k_}}},
    {.name = "secure",         .tls = {{k_,    k_,    k_,    k_,    kAny,  kAny,  k_}}},
    {.name = "tls+auth",       .tls = {{k_,    kMust, kMust, kMust, kMust, kMust, k_}}, .auth = true},
    {.name = "smtps+auth",     .tls = {{kWrap, kWrap, kWrap, kWrap, kWrap, kWrap, k_}}, .auth = true, .port = 465},
    {.name = "ssl+auth",       .tls = {{kAny,  kAny,  kAny,  kAny,  k_,    k_,    k_}}, .auth = true},
    {.name = "secure+auth",    .tls = {{k_,    k_,    k_,    k_,    kAny,  kAny,  k_}}, .auth = true},
    {.name = "lmtp",           .tls = {{k_,    k_,    k_,    kNone, kNone, kNone, kNone}}, .lmtp = true, .port = 0},
    {.name = "backup",         .tls = {{k_,    k_,    kOpp,  kOpp,  kOpp,  kOpp,  k_}}, .backup = true},
    {.name = "tls+backup",     .tls = {{k_,    k_,    k_,    k_,    k_,    kMust, k_}}, .backup = true},
    {.name = "starttls",       .tls = {{kMust, k_,    k_,    k_,    k_,    k_,    k_}}},
    {.name = "starttls+auth",  .tls = {{kMust, k_,    k_,    k_,    k_,    k_,    k_}}, .auth = true},
});
// clang-format on

// What a host without schema means. 5.3's own default pointed at lmtp:// by a slip of its table; meant was this.
QByteArrayView defaultName(UrlEra era) {
    switch (era) {
    case UrlEra::May2012:
    case UrlEra::July2012:
    case UrlEra::December2012:
    case UrlEra::Release64:
        return "smtp";
    case UrlEra::Release53:
    case UrlEra::Release54:
    case UrlEra::Release57:
        return "smtp+tls";
    }
    return "smtp";
}

RelaySchema schemaOf(const Row& row, UrlEra era, TlsUse tls) {
    const bool checked = era == UrlEra::Release64 && (tls == TlsUse::Required || tls == TlsUse::Wrapped);
    return {.name = row.name,
            .tls = tls,
            .auth = row.auth,
            .lmtp = row.lmtp,
            .backup = row.backup,
            .mayHaveLabel = checked,
            .verify = checked,
            .port = row.port};
}

using Schemas = std::vector<RelaySchema>;

// Adds what `era` knows and `schemas` lacks, and puts what a bare host means to it in front.
void addFrom(Schemas& schemas, UrlEra era) {
    for (const Row& row : kRows) {
        const auto& tls = row.tls[size_t(era)];
        const bool isNew = std::none_of(schemas.begin(), schemas.end(),
                                        [&](const RelaySchema& known) { return known.name == row.name; });
        if (tls && isNew)
            schemas.push_back(schemaOf(row, era, *tls));
    }
    const auto first = std::find_if(schemas.begin(), schemas.end(),
                                    [&](const RelaySchema& one) { return one.name == defaultName(era); });
    std::rotate(schemas.begin(), first, first + 1);
}

const Schemas& schemasOf(UrlEra era) {
    static const auto kAll = [] {
        std::array<Schemas, kUrlEras.size()> all;
        for (const UrlEra one : kUrlEras)
            addFrom(all[size_t(one)], one);
        return all;
    }();
    return kAll[size_t(era)];
}

const Schemas& schemasOf(Era era) {
    static const auto kAll = [] {
        std::array<Schemas, 3> all;
        for (const Era one : {Era::Map2012, Era::Legacy, Era::Modern}) {
            for (const UrlEra reader : urlErasOf(one))
                addFrom(all[size_t(one)], reader);
        }
        return all;
    }();
    return kAll[size_t(era)];
}

const RelaySchema* findIn(std::span<const RelaySchema> schemas, QByteArrayView name) {
    for (const RelaySchema& schema : schemas) {
        if (name.compare(schema.name, Qt::CaseInsensitive) == 0)
            return &schema;
    }
    return nullptr;
}

// The same meaning under another era's name.
struct Synonym {
    QByteArrayView name;
    Era era;
    QByteArrayView instead;
};
constexpr auto kSynonyms = std::to_array<Synonym>({
    {"tls", Era::Modern, "smtp+tls"},
    {"starttls", Era::Modern, "smtp+tls"},
    {"tls+auth", Era::Modern, "smtp+tls"},
    {"starttls+auth", Era::Modern, "smtp+tls"},
    {"smtps+auth", Era::Modern, "smtps"},
    {"secure", Era::Modern, "smtp+tls"},
    {"secure+auth", Era::Modern, "smtp+tls"},
    {"ssl", Era::Modern, "smtps"},
    {"ssl+auth", Era::Modern, "smtps"},
    {"smtp+notls", Era::Legacy, "smtp"},
    {"starttls", Era::Legacy, "tls"},
    {"starttls+auth", Era::Legacy, "tls+auth"},
    {"smtp+tls", Era::Map2012, "smtp"},
    {"secure", Era::Map2012, "ssl"},
    {"secure+auth", Era::Map2012, "ssl+auth"},
});

} // namespace

std::span<const RelaySchema> relaySchemas(UrlEra era) {
    return schemasOf(era);
}

const RelaySchema* findSchema(QByteArrayView name, UrlEra era) {
    return findIn(schemasOf(era), name);
}

const RelaySchema& defaultSchema(UrlEra era) {
    return schemasOf(era).front();
}

std::span<const RelaySchema> relaySchemas(Era era) {
    return schemasOf(era);
}

const RelaySchema* findSchema(QByteArrayView name, Era era) {
    return findIn(schemasOf(era), name);
}

const RelaySchema& defaultSchema(Era era) {
    return schemasOf(era).front();
}

QByteArray suggestSchema(QByteArrayView name, Era era) {
    const QByteArray wanted = name.toByteArray().toLower();
    for (const Synonym& synonym : kSynonyms) {
        if (synonym.era == era && synonym.name == wanted)
            return synonym.instead.toByteArray();
    }
    QByteArray best;
    int bestDistance = 3; // more than two slips is another word
    for (const RelaySchema& schema : relaySchemas(era)) {
        const int edits = config::editDistance(wanted, schema.name, 2);
        if (edits < bestDistance && edits < wanted.size()) {
            bestDistance = edits;
            best = schema.name.toByteArray();
        }
    }
    return best;
}

} // namespace postern::policy
