// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a value of the credentials service means: to a relay a login to send, to a listener a hash to compare
// with.
//
// The first ':' splits; an empty half or fewer than three octets is an error. Error texts never repeat the
// value.
// Thread: pure functions.
#pragma once

#include "base/result.h"
#include "base/secret.h"

namespace postern::tables {

struct RelayLogin {
    QByteArray user;
    Secret password; // in clear
};
// "user:password", or just a password for the user that the label names.
Result<RelayLogin> parseRelayCredentials(const QByteArray& label, QByteArrayView value);

struct ListenerLogin {
    QByteArray user; // the name the client gave unless the value says another
    QByteArray hash; // as crypt(3) writes it
};
// A hash, or "user:hash".
Result<ListenerLogin> parseListenerCredentials(const QByteArray& user, QByteArrayView value);

} // namespace postern::tables
