// SPDX-License-Identifier: GPL-3.0-or-later
//
// How a value is written so that a reader of the dialect gets just this value back.
//
// Writes a plain word where that is enough and quotes where it is not, or as the value that stood there was written. What
// it returns was read back with the lexer. Refused: what no spelling can say, such as a line break. Thread: functions.
#pragma once

#include "config/edits/edit.h"

namespace postern::config::edits {

enum class Quoting : quint8 { AsNeeded, Double, Single };
Quoting quotingOf(QByteArrayView written); // of a token

Result<QByteArray> spelled(QByteArrayView value, Dialect dialect, Quoting habit = Quoting::AsNeeded);
Result<QByteArray> spelledNumber(QByteArrayView value, QByteArrayView what); // digits only
Result<QByteArray> spelledTime(QByteArrayView value, Dialect dialect, Quoting habit); // 4d, 1h30m

} // namespace postern::config::edits
