// SPDX-License-Identifier: GPL-3.0-or-later
//
// The schemas of relay URLs and what each meant in each era: one table, the only place that knows.
// Thread: constant data.
#pragma once

#include "policy/relay_url.h"

#include <QByteArrayView>

#include <span>

namespace postern::policy {

struct RelaySchema {
    QByteArrayView name; // without "://"
    TlsUse tls;
    bool auth = false; // "+auth": credentials are demanded
    bool lmtp = false;
    bool backup = false;
    bool mayHaveLabel = false; // action/match: a label is allowed, and demands credentials
    bool verify = false;       // certificate must check out unless the action says no-verify
    quint16 port = 25;         // 0 = must be written
};

std::span<const RelaySchema> relaySchemas(Era era);
const RelaySchema* findSchema(QByteArrayView name, Era era); // any case
const RelaySchema& defaultSchema(Era era);                   // of a bare host

// What to write instead of an unknown schema: the same thing in this era's words, or the nearest spelling; ""
// = no idea.
QByteArray suggestSchema(QByteArrayView name, Era era);

} // namespace postern::policy
