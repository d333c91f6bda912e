// SPDX-License-Identifier: GPL-3.0-or-later
//
// Global values, named after what they mean: `expire 4d` and `queue ttl 4d` are one setting in two spellings.
// Thread: values.
#pragma once

#include <QByteArrayView>

namespace postern::config {

enum class Setting : quint8 {
    QueueTtl,            // expire D; queue ttl D
    MaxMessageSize,      // size S; max-message-size S; smtp max-message-size S
    WarnInterval,        // bounce-warn D, D; bounce warn-interval D, D
    QueueCompression,    // queue compress|compression [ALGORITHM]
    QueueEncryption,     // queue encryption [key K [cipher C] [digest D]]; queue encryption keychain
    QueueInterval,       // queue interval N (2012)
    ServerName,          // hostname STR (2012)
    SessionLimit,        // limit session KEY N ...; smtp limit KEY N ...
    MtaLimit,            // limit mta ...; mta limit ...
    MdaLimit,            // limit mda ...; mda limit ...
    SchedulerLimit,      // limit scheduler ...; scheduler limit ...
    MaxDeferred,         // max-mta-deferred N; mta max-deferred N
    Ciphers,             // ciphers STR; smtp ciphers STR
    Curve,               // curve STR (5.7)
    SubAddressDelimiter, // subaddressing-delimiter C; smtp sub-addr-delim C
    Admd,                // admd STR
    MdaWrapper,          // mda wrapper NAME COMMAND
    SrsKey,              // srs key STR
    SrsBackupKey,        // srs key backup STR
    SrsTtl,              // srs ttl D
};
QByteArrayView toString(Setting setting); // how action/match spells it: "queue ttl"

} // namespace postern::config
