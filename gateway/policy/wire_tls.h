// SPDX-License-Identifier: GPL-3.0-or-later
//
// What one delivery does about TLS: the URL's meaning in its era and the rule's own words, taken together.
//
// The one place that combines them, for the relay, for explain and for the checks of compile().
// Thread: pure.
#pragma once

#include "policy/ruleset.h"

namespace postern::policy {

struct WireTls {
    TlsUse use = TlsUse::Opportunistic;
    bool verify = false;   // the peer's certificate must check out, else nothing is sent
    QByteArray impossible; // "" or why no delivery can ever work: "tls" on a URL that forbids it
};

// url null: by MX.
WireTls wireTls(const RelaySpec& spec, const RelayUrl* url);

} // namespace postern::policy
