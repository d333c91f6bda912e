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

} // namespace postern::tls
