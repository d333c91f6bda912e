// SPDX-License-Identifier: GPL-3.0-or-later
//
// Reads the parameters of MAIL and RCPT into plain values, and names the reply to what cannot be taken.
//
// A parameter of an extension that is not offered is unknown (555); a bad value, or one given twice, is 501. What was
// accepted is printable ASCII without blanks, whatever is decoded from it: it may be stored and sent on as it is (P11).
// Thread: functions. Spec: RFC 5321 §4.1.1.11; RFC 1870 §3 (SIZE), RFC 6152 §2 (BODY), RFC 4954 §5 (AUTH), RFC 3461 §4
// (RET, ENVID, NOTIFY, ORCPT), RFC 6531 §3.4 (SMTPUTF8), RFC 6533 §3 (ORCPT=utf-8;...).
#pragma once

#include "smtp/envelope_params.h"
#include "smtp/server_replies.h"

#include <QByteArrayView>

namespace postern::smtp {

// What decides about parameters in this session.
struct ParamRules {
    qint64 maxMessageSize = 0; // 0 = no limit
    bool authOffered = false;
    bool dsnOffered = true;
    bool smtpUtf8 = false; // RCPT: said with MAIL
};

// The reply that refuses the command, empty if all is well.
replies::Wire readMailParams(QByteArrayView text, const ParamRules& rules, MailParams& params);
replies::Wire readRcptParams(QByteArrayView text, const ParamRules& rules, RcptParams& params);

} // namespace postern::smtp
