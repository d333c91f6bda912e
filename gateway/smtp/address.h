// SPDX-License-Identifier: GPL-3.0-or-later
//
// Envelope addresses, checked once where they are parsed: nothing that fails this grammar gets past it.
//
// Source routes are accepted and dropped, quoted local parts are kept in one canonical form (quotes only where needed).
// Local-part case is kept; domains keep their spelling for display, compare with domainKey() (lower-case A-label).
// Thread: values. Spec: RFC 5321 §4.1.2, §4.5.3.1; SMTPUTF8 RFC 6531 §3.3 (UTF-8 checked by RFC 3629).
#pragma once

#include "base/result.h"

#include <QByteArray>

#include <optional>

namespace postern::smtp {

// The domain as DNS and a peer without SMTPUTF8 know it: "bücher.example" is "xn--bcher-kva.example"; ASCII stays as it is.
// Nothing if IDNA has no form for it (RFC 5891).
std::optional<QByteArray> asciiDomain(const QByteArray& domain);
// What two spellings of one domain have in common: the A-label in lower case. Also for entries of tables: what is no domain
// comes back in lower case.
QByteArray comparableDomain(const QByteArray& domain);

class Address {
  public:
    Address() = default; // the null reverse-path "<>"
    Address(QByteArray localPart, QByteArray domain) : m_localPart(std::move(localPart)), m_domain(std::move(domain)) {}

    bool isNull() const { return m_localPart.isEmpty() && m_domain.isEmpty(); }
    const QByteArray& localPart() const { return m_localPart; } // canonical, with quotes if it needs them
    const QByteArray& domain() const { return m_domain; }       // as written; may be a literal "[192.0.2.1]"
    QByteArray domainKey() const { return comparableDomain(m_domain); }
    QByteArray key() const; // for comparing whole addresses: local part composed (NFC), domainKey()
    QByteArray text() const; // "local@domain", "" for null; no angle brackets
    bool isAscii() const;
    bool hasAsciiLocalPart() const;
    std::optional<Address> inAscii() const; // the domain as A-label; nothing if that is not enough

    friend bool operator==(const Address&, const Address&) = default;

  private:
    QByteArray m_localPart;
    QByteArray m_domain;
};

enum class AllowUtf8 { No, Yes };

// What is wrong with a path, so that the reply can name it (501 5.1.7, 5.1.2 ..., 553 5.6.7).
enum class PathFault : quint8 { None, Empty, LocalPart, Domain, NeedsUtf8, IllFormedUtf8 };

// The text between < and >, without them. An address without a domain gets `defaultDomain` *after* its local part has
// been checked (CVE-2020-7247); an empty path is an error here, the caller knows whether null is allowed.
Result<Address> parsePath(QByteArrayView inside, const QByteArray& defaultDomain, AllowUtf8 utf8,
                          PathFault* fault = nullptr);

// A plain "user@domain" as found in tables, queue rows and command lines. "" and "<>" give the null address.
Result<Address> parseAddress(QByteArrayView text);

bool isValidDomain(QByteArrayView domain, AllowUtf8 utf8); // host name or address literal
bool isIPv4(QByteArrayView text);                         // strictly four decimal octets, no leading zeros
bool isIPv6(QByteArrayView text);                         // RFC 4291 §2.2 forms, no scope id
bool isValidUtf8(QByteArrayView bytes);                    // RFC 3629: no overlong forms, no surrogates

} // namespace postern::smtp
