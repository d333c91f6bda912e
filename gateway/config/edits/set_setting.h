// SPDX-License-Identifier: GPL-3.0-or-later
//
// Sets a global value: the statement that counts if there is one, else a new one above the rules. Thread: functions.
#pragma once

#include "config/edits/edit.h"
#include "config/settings.h"

namespace postern::config::edits {

// `values` as SettingView has them behind the words: {"4d"}, {"1h", "6h"}, {"max-rcpt", "500"}.
Result<Edited> setSetting(const DocumentPtr& document, Setting setting, const QByteArrayList& values);

} // namespace postern::config::edits
