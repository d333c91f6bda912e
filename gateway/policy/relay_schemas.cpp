// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/relay_schemas.h"

#include "config/suggest.h"

#include <QByteArray>

#include <array>

namespace postern::policy {
namespace {

constexpr bool kAuth = true;

// 2012: opportunistic smtp://; starttls:// is the prototype of May 2012, backup:// came in December.
constexpr auto kMap2012 = std::to_array<RelaySchema>({
    {.name = "smtp", .tls = TlsUse::Opportunistic},
    {.name = "tls", .tls = TlsUse::Required},
    {.name = "smtps", .tls = TlsUse::Wrapped, .port = 465},
    {.name = "ssl", .tls = TlsUse::Either},
    {.name = "tls+auth", .tls = TlsUse::Required, .auth = kAuth},
    {.name = "smtps+auth", .tls = TlsUse::Wrapped, .auth = kAuth, .port = 465},
    {.name = "ssl+auth", .tls = TlsUse::Either, .auth = kAuth},
    {.name = "starttls", .tls = TlsUse::Required},
    {.name = "starttls+auth", .tls = TlsUse::Required, .auth = kAuth},
    {.name = "backup", .tls = TlsUse::Opportunistic, .backup = true},
});

// 5.3 to 6.3, the union: ssl:// until 5.3, secure:// from 5.4.1, tls+backup:// from October 2014.
constexpr auto kLegacy = std::to_array<RelaySchema>({
    {.name = "smtp+tls", .tls = TlsUse::Opportunistic},
    {.name = "smtp", .tls = TlsUse::None},
    {.name = "tls", .tls = TlsUse::Required},
    {.name = "smtps", .tls = TlsUse::Wrapped, .port = 465},
    {.name = "secure", .tls = TlsUse::Either},
    {.name = "ssl", .tls = TlsUse::Either},
    {.name = "tls+auth", .tls = TlsUse::Required, .auth = kAuth},
    {.name = "smtps+auth", .tls = TlsUse::Wrapped, .auth = kAuth, .port = 465},
    {.name = "secure+auth", .tls = TlsUse::Either, .auth = kAuth},
    {.name = "ssl+auth", .tls = TlsUse::Either, .auth = kAuth},
    {.name = "lmtp", .tls = TlsUse::None, .lmtp = true, .port = 0},
    {.name = "backup", .tls = TlsUse::Opportunistic, .backup = true},
    {.name = "tls+backup", .tls = TlsUse::Required, .backup = true},
});

constexpr auto kModern = std::to_array<RelaySchema>({
    {.name = "smtp", .tls = TlsUse::Opportunistic},
    {.name = "smtp+tls", .tls = TlsUse::Required, .mayHaveLabel = true, .verify = true},
    {.name = "smtp+notls", .tls = TlsUse::None},
    {.name = "smtps", .tls = TlsUse::Wrapped, .mayHaveLabel = true, .verify = true, .port = 465},
    {.name = "lmtp", .tls = TlsUse::None, .lmtp = true, .port = 0},
});

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

std::span<const RelaySchema> relaySchemas(Era era) {
    switch (era) {
    case Era::Map2012:
        return kMap2012;
    case Era::Legacy:
        return kLegacy;
    case Era::Modern:
        return kModern;
    }
    return kModern;
}

const RelaySchema* findSchema(QByteArrayView name, Era era) {
    for (const RelaySchema& schema : relaySchemas(era)) {
        if (name.compare(schema.name, Qt::CaseInsensitive) == 0)
            return &schema;
    }
    return nullptr;
}

const RelaySchema& defaultSchema(Era era) {
    return relaySchemas(era).front(); // each table starts with it
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
