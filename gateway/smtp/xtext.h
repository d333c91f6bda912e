// SPDX-License-Identifier: GPL-3.0-or-later
//
// The "xtext" coding of ESMTP parameter values: printable ASCII with +HH (upper-case hex) for the rest.
//
// Strict: anything else, and a decoded CR, LF or NUL, is refused, so that no stored field can ever hold a line end.
// Thread: functions. Spec: RFC 3461 §4.
#pragma once

#include <QByteArray>

#include <optional>

namespace postern::smtp {

std::optional<QByteArray> decodeXtext(QByteArrayView text);
QByteArray encodeXtext(QByteArrayView text);

// RFC 6533 §3, "utf-8-addr-unitext" made "utf-8-addr-xtext": UTF-8 becomes \x{...}, what is ASCII stays. Nothing if it is
// not well formed, or hides a control character.
std::optional<QByteArray> toUnicodeXtext(QByteArrayView text);

} // namespace postern::smtp
