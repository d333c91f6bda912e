// SPDX-License-Identifier: GPL-3.0-or-later
//
// The schemas of relay URLs and what each meant to each reader: one table, the only place that knows.
// Thread: constant data.
#pragma once

#include "policy/relay_url.h"

#include <QByteArrayView>

#include <span>

namespace postern::policy {

struct RelaySchema {
    QByteArrayView name; // without "://"
    TlsUse tls = TlsUse::Opportunistic;
    bool auth = false; // "+auth": credentials are demanded
    bool lmtp = false;
    bool backup = false;
    bool mayHaveLabel = false; // 6.4 and later: a label is allowed, and demands credentials
    bool verify = false;       // certificate must check out unless the action says no-verify
    quint16 port = 25;         // 0 = must be written
};

// What one reader of the time took; the default one, of a bare host, comes first.
std::span<const RelaySchema> relaySchemas(UrlEra era);
const RelaySchema* findSchema(QByteArrayView name, UrlEra era); // any case; null: unknown to it
const RelaySchema& defaultSchema(UrlEra era);                   // of a bare host

// A dialect is read as the union of its readers; where they differ the newest one's meaning holds.
std::span<const RelaySchema> relaySchemas(Era era);
const RelaySchema* findSchema(QByteArrayView name, Era era);
const RelaySchema& defaultSchema(Era era);

// What to write instead of an unknown schema: the same thing in this era's words, or the nearest spelling; ""
// = no idea.
QByteArray suggestSchema(QByteArrayView name, Era era);

} // namespace postern::policy
