// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a TLS session must be, and what it turned out to be. TLS 1.2 and 1.3 only, no compression, no renegotiation.
// Thread: values (certificates and keys are implicitly shared and immutable). Spec: RFC 8996, 9325, 6125/9525.
#pragma once

#include "base/result.h"

#include <QByteArray>
#include <QHash>

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

// Which certificate a client gets that asks for a name (SNI): one that has exactly this name before one with a wildcard;
// among equals the one that was added first.
class IdentityNames {
  public:
    void add(const QByteArray& name, const IdentityPtr& identity);           // "mx.one.example", "*.one.example"
    void addNamesOf(const IdentityPtr& identity);                            // those in its certificate
    IdentityPtr find(const QByteArray& serverName) const;                    // null: nobody's name
    bool isEmpty() const { return m_names.isEmpty() && m_wildcards.isEmpty(); }

  private:
    QHash<QByteArray, IdentityPtr> m_names, m_wildcards; // the latter without "*."
};

// What a listener's words ask of its handshakes, as written.
struct ServerWords {
    QByteArray ciphers = {};           // as OpenSSL writes choices, "" = the secure ones; also libtls' "secure", "compat" ...
    bool tls12 = true, tls13 = true;
    enum class Dhe : quint8 { Off, On } dhe = Dhe::Off; // key exchange over finite fields, beside elliptic curves
    QByteArray dhFile = {};            // PEM parameters for it; "" = the library's
};
// The same, worked out once for all handshakes.
class ServerRules;
using ServerRulesPtr = std::shared_ptr<const ServerRules>;
// Errors: a choice of ciphers that is none or leaves nothing, parameters that cannot be read or are too short.
Result<ServerRulesPtr> makeServerRules(const ServerWords& words);

struct ServerTls {
    IdentityPtr identity; // of clients that ask for no name, or for one that is nobody's
    bool requireClientCertificate = false; // signed by a CA in caFile
    QByteArray caFile;    // "" = the system's, if one is required; else clients are not asked
    std::shared_ptr<const IdentityNames> names = nullptr; // null: the one identity for all
    ServerRulesPtr rules = nullptr;                       // null: as ServerWords begin
};

// What a relay's words ask of its handshakes, as written.
struct ClientWords {
    QByteArray ciphers = {};           // as those of a listener
    bool tls12 = true, tls13 = true;
};
class ClientRules;
using ClientRulesPtr = std::shared_ptr<const ClientRules>;
// Errors: a choice of ciphers that is none or leaves nothing.
Result<ClientRulesPtr> makeClientRules(const ClientWords& words);

struct ClientTlsPolicy {
    QByteArray peerName;      // SNI and the name the certificate must carry (host or address literal)
    bool verify = true;
    QByteArray caFile;        // "" = the system's
    IdentityPtr identity;     // client certificate, may be null
    ClientRulesPtr rules = nullptr; // null: as ClientWords begin
};

struct SessionFacts {
    QByteArray version, cipher;
    int bits = 0;
    bool peerVerified = false;
    QByteArray peerName;      // subject common name of the peer certificate, harmless text
};

} // namespace postern::tls
