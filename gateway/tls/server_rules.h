// SPDX-License-Identifier: GPL-3.0-or-later
//
// What makeServerRules() worked out, in QSslConfiguration's words.
// Thread: immutable, shared.
#pragma once

#include <QList>
#include <QSsl>
#include <QSslCipher>
#include <QSslDiffieHellmanParameters>

namespace postern::tls {

class ServerRules {
  public:
    QSsl::SslProtocol protocol = QSsl::TlsV1_2OrLater;
    QList<QSslCipher> ciphers; // in the order of preference; never empty
    QSslDiffieHellmanParameters diffieHellman;
};

// What the library can do and we would ever use, best first: no NULL, anonymous, export, RC4, DES or MD5 suites.
QList<QSslCipher> usableCiphers();
bool isForwardSecret(const QSslCipher& cipher);
// The key exchange that needs Diffie-Hellman parameters: finite fields, with TLS 1.2.
bool isFiniteField(const QSslCipher& cipher);

} // namespace postern::tls
