// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where in the configuration something stands: for messages, and for editors that change it there.
// Thread: values.
#pragma once

#include <QByteArray>

namespace postern::policy {

struct Origin {
    QByteArray file;      // as the user named it
    int line = 0;         // 1-based; 0 = not written anywhere
    int column = 0;       // 1-based, in bytes
    qsizetype offset = 0; // the bytes it stands on
    qsizetype length = 0;
};

} // namespace postern::policy
