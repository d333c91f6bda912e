// SPDX-License-Identifier: GPL-3.0-or-later
//
// A file name that a stranger suggested, made safe: no folders, no control or direction characters, no device names of
// Windows, bounded length, and nothing that a double click would run.
// Thread: any (pure).
#pragma once

#include <QString>

namespace postern::window {

QString safeFileName(const QString& suggested, const QString& fallback);

} // namespace postern::window
