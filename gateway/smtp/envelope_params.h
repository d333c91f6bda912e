// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a client said about a message beside its addresses: parameters of MAIL and RCPT, kept as plain values so that the
// queue can store them and the relay can pass them on. Already validated: no control characters, xtext checked.
// Spec: RFC 1870 (SIZE), 6152 (BODY), 6531 (SMTPUTF8), 3461 (RET, ENVID, NOTIFY, ORCPT).
#pragma once

#include "smtp/address.h"

#include <vector>

namespace postern::smtp {

enum class BodyType : quint8 { SevenBit, EightBitMime };
enum class DsnReturn : quint8 { Unset, Full, Headers };

struct MailParams {
    qint64 declaredSize = -1; // octets; -1 = not given
    BodyType body = BodyType::SevenBit;
    bool smtpUtf8 = false;
    DsnReturn ret = DsnReturn::Unset;
    QByteArray envid; // xtext as received
};

struct RcptParams {
    QByteArray notify; // "", "NEVER" or a comma list of SUCCESS, FAILURE, DELAY in upper case
    QByteArray orcpt;  // "rfc822;addr" xtext as received
};

struct Recipient {
    Address address;
    RcptParams params;
};

// One mail transaction as the server session collected it.
struct Transaction {
    Address sender; // null address for "<>"
    MailParams params;
    std::vector<Recipient> recipients;
};

} // namespace postern::smtp
