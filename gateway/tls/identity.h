// SPDX-License-Identifier: GPL-3.0-or-later
//
// What loadIdentity() found: chain and key, parsed once, with the part of a server's settings that hangs on them.
// Thread: immutable, shared.
#pragma once

#include <QList>
#include <QSslCertificate>
#include <QSslKey>

namespace postern::tls {

class Identity {
  public:
    QList<QSslCertificate> chain; // own certificate first
    QSslKey key;
};

} // namespace postern::tls
