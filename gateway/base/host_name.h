// SPDX-License-Identifier: GPL-3.0-or-later
//
// Can these octets be the name of a host, as DNS and certificates carry it? Letters, digits, '-' and '_' in labels of 1 to 63
// octets, 253 in all, no dot at the end. Stricter readers (mail addresses, relay URLs) have rules of their own.
// And how two spellings of an international name are one.
// Thread: pure. Spec: RFC 1035 §2.3.4; the underscore because names with it are met. RFC 5891 §5.
#pragma once

#include <QByteArray>

namespace postern {

inline constexpr qsizetype kMostNameOctets = 253;
inline constexpr qsizetype kMostLabelOctets = 63;

bool isHostName(QByteArrayView name);

bool isBeyondAscii(QByteArrayView text);
// In lower case, each label beyond ASCII as its A-label, so that "bücher", composed or not, and "xn--bcher-kva" are one. Labels
// that IDNA has no form for stay (a pattern's star makes one so).
QByteArray comparableName(QByteArrayView name);

} // namespace postern
