// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/views/clause.h"

#include <algorithm>

namespace postern::config {

bool Clause::has(QByteArrayView word) const {
    return std::any_of(words.begin(), words.end(), [word](const Value& value) { return value.text == word; });
}

} // namespace postern::config
