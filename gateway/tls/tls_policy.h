// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a TLS session must be, and what it turned out to be. TLS 1.2 and 1.3 only, no compression, no renegotiation.
// Thread: values (certificates and keys are implicitly shared and immutable). Spec: RFC 8996, 9325, 6125/9525.
#pragma once

#include "base/result.h"

#include <QByteArray>

#include <memory>

namespace postern::tls {

// A certificate chain with its key, loaded and checked once; shared between connections.
class Identity;
using IdentityPtr = std::shared_ptr<const Identity>;

// Reads PEM files. Errors say which file and what to do: missing, unreadable, key readable by others, key does not match
// the certificate, expired (a warning in `notes`), encrypted key.
struct LoadedIdentity {
    IdentityPtr identity;
    QByteArray notes; // "" or one line worth telling
};
Result<LoadedIdentity> loadIdentity(const QByteArray& certFile, const QByteArray& keyFile);

struct ServerTls {
    IdentityPtr identity;
    bool requireClientCertificate = false; // signed by a CA in caFile
    QByteArray caFile;
};

struct ClientTlsPolicy {
    QByteArray peerName;      // SNI and the name the certificate must carry (host or address literal)
    bool verify = true;
    QByteArray caFile;        // "" = the system's
    IdentityPtr identity;     // client certificate, may be null
};

struct SessionFacts {
    QByteArray version, cipher;
    int bits = 0;
    bool peerVerified = false;
    QByteArray peerName;      // subject common name of the peer certificate, harmless text
};

} // namespace postern::tls
