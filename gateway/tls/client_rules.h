// SPDX-License-Identifier: GPL-3.0-or-later
//
// What makeClientRules() worked out, in QSslConfiguration's words.
// Thread: immutable, shared.
#pragma once

#include <QList>
#include <QSsl>
#include <QSslCipher>

namespace postern::tls {

class ClientRules {
  public:
    QSsl::SslProtocol protocol = QSsl::TlsV1_2OrLater;
    QList<QSslCipher> ciphers; // in the order of preference; never empty
};

} // namespace postern::tls
