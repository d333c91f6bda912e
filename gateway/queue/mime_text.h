// SPDX-License-Identifier: GPL-3.0-or-later
//
// Text as the body of a MIME part that passes every mail server: 7-bit as it is, anything else as quoted-printable.
// Thread: pure functions. Spec: RFC 2045 §6.7, RFC 5322 §2.1.1 and §2.2.3.
#pragma once

#include <QByteArray>

namespace postern::queue {

struct MimeText {
    QByteArray encoding; // "7bit" or "quoted-printable"
    QByteArray bytes;    // ends in CR LF unless empty
};

// lines: CR LF line ends.
MimeText mimeText(QByteArrayView lines);

// "Name: value" folded at blanks so that lines stay below 78 octets where blanks allow it, and below 998 in any case.
QByteArray foldedField(QByteArrayView name, QByteArrayView value);

} // namespace postern::queue
