// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/host_name.h"

namespace postern {

bool isHostName(QByteArrayView name) {
    if (name.isEmpty() || name.size() > kMostNameOctets)
        return false;
    qsizetype label = 0;
    for (const char c : name) {
        if (c == '.') {
            if (label == 0)
                return false;
            label = 0;
            continue;
        }
        const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        if (!good || ++label > kMostLabelOctets)
            return false;
    }
    return label > 0;
}

} // namespace postern
