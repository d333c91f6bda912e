// SPDX-License-Identifier: GPL-3.0-or-later
//
// Passwords against crypt(3) hashes: yescrypt, gost-yescrypt, scrypt, bcrypt, SHA-512 and SHA-256; everything weaker is
// refused by name.
// Thread: any; verifyPassword() is slow on purpose (milliseconds to seconds) and belongs on a worker thread.
#pragma once

#include "base/secret.h"

#include <QByteArray>

namespace postern::listener {

enum class HashKind : quint8 {
    Usable,
    Locked,   // "*" or "!": an account that nobody may sign in to
    Unusable, // plain text, DES, MD5, broken
};
HashKind kindOfHash(QByteArrayView hash);
QByteArray describeUnusable(QByteArrayView hash); // "an MD5 hash, which is too weak"; never the hash itself

// The hash of an account of this computer. Only root may read it; the shadow file is looked at first, then the account's entry.
struct AccountHash {
    enum class State : quint8 { Found, NoSuchUser, NotPermitted, Failed } state = State::Failed;
    QByteArray hash;
};
AccountHash hashOfAccount(const QByteArray& user); // blocking: belongs on a worker thread

enum class PasswordCheck : quint8 { Right, Wrong, CannotTell };
PasswordCheck verifyPassword(const Secret& password, const QByteArray& hash);

// The work of verifyPassword() for an account that does not exist; shaped like `example`, a usable hash, if there is one.
void pretendToVerify(const Secret& password, const QByteArray& example);

} // namespace postern::listener
