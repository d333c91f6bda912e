// SPDX-License-Identifier: GPL-3.0-or-later
//
// zlib for pieces of bounded size: the only code that calls it.
//
// Inflating stops at the size that is allowed: what would grow beyond it is refused after that many octets, however it was
// made (threats L09). Thread: pure functions. Spec: RFC 1950, RFC 1951.
#pragma once

#include "base/result.h"

#include <QByteArray>

#include <optional>

namespace postern::queue {

std::optional<QByteArray> deflated(QByteArrayView plain);                // nothing if it would not become smaller
Result<QByteArray> inflated(QByteArrayView deflated, qsizetype atMost);  // Corrupt: not such a piece, or larger

} // namespace postern::queue
