// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which TLS versions and ciphers the words of a configuration mean, for listeners and for relays.
//
// A choice of ciphers is OpenSSL's own little language, so OpenSSL works it out; what comes of it is only ever a part of
// usableCiphers(). It says nothing about TLS 1.3, whose suites are all good and stay.
// Thread: any. Spec: RFC 8996, 9325 §4; tls_config_set_ciphers(3) for libtls' words.
#pragma once

#include "base/result.h"

#include <QByteArray>
#include <QList>
#include <QSsl>
#include <QSslCipher>

namespace postern::tls {

// What the library can do and we would ever use, best first: no NULL, anonymous, export, RC4, DES or MD5 suites.
QList<QSslCipher> usableCiphers();
// Those of them with forward secrecy: what is used if nothing is written.
QList<QSslCipher> secureCiphers();

bool isTls13(const QSslCipher& cipher);
bool isForwardSecret(const QSslCipher& cipher);
// The key exchange that needs Diffie-Hellman parameters: finite fields, with TLS 1.2.
bool isFiniteField(const QSslCipher& cipher);

// Never empty. Errors: words that mean nothing, or only what is broken.
Result<QList<QSslCipher>> chosenCiphers(const QByteArray& words);
// Error: neither.
Result<QSsl::SslProtocol> chosenProtocol(bool tls12, bool tls13);

} // namespace postern::tls
