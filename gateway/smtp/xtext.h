// SPDX-License-Identifier: GPL-3.0-or-later
//
// The "xtext" coding of ESMTP parameter values: printable ASCII with +HH (upper-case hex) for the rest.
//
// Strict: anything else, and a decoded CR, LF or NUL, is refused, so that no stored field can ever hold a line end.
// Thread: a function. Spec: RFC 3461 §4.
#pragma once

#include <QByteArray>

#include <optional>

namespace postern::smtp {

std::optional<QByteArray> decodeXtext(QByteArrayView text);

} // namespace postern::smtp
