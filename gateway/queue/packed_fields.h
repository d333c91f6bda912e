// SPDX-License-Identifier: GPL-3.0-or-later
//
// Several byte strings as one, each behind its size. Thread: pure. Failure: bytes that do not hold what is asked for.
#pragma once

#include "base/result.h"

#include <QByteArray>

#include <vector>

namespace postern::queue {

QByteArray packed(const std::vector<const QByteArray*>& fields);
// At least `least` of the fields must be there (an older program wrote fewer); the rest stays as it is.
Result<void> unpack(QByteArrayView bytes, const std::vector<QByteArray*>& fields, size_t least);

} // namespace postern::queue
