// SPDX-License-Identifier: GPL-3.0-or-later
//
// The time from an edit to the new document.
#pragma once

#include <QByteArray>

namespace postern::bench {

void measureEdits(const QByteArray& mixed, const QByteArray& rules);

} // namespace postern::bench
