// SPDX-License-Identifier: GPL-3.0-or-later
//
// Our TLS policies in QSslConfiguration's words, and a session's facts out of it.
//
// TLS 1.2 and 1.3 only; key exchange with forward secrecy only (RFC 9325 §4.1, §4.2); AEAD before CBC. Server tickets are
// off: each QSslSocket has its own ticket keys, so they could never be redeemed. CA files are kept parsed per thread.
// Thread: any. Failure: a CA file that cannot be read or holds no certificate, a server without identity.
#pragma once

#include "base/result.h"
#include "tls/tls_policy.h"

#include <QSslConfiguration>

class QSslSocket;

namespace postern::tls {

Result<QSslConfiguration> serverConfiguration(const ServerTls& tls);
Result<QSslConfiguration> clientConfiguration(const ClientTlsPolicy& policy);
SessionFacts factsOf(const QSslSocket& socket); // all but peerVerified

} // namespace postern::tls
