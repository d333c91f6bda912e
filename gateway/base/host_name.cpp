// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/host_name.h"

#include <QByteArrayList>
#include <QUrl>

#include <algorithm>

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

bool isBeyondAscii(QByteArrayView text) {
    return std::any_of(text.begin(), text.end(), [](char c) { return uchar(c) >= 0x80; });
}

QByteArray comparableName(QByteArrayView name) {
    if (!isBeyondAscii(name))
        return name.toByteArray().toLower();
    QByteArrayList labels = name.toByteArray().toLower().split('.');
    for (QByteArray& label : labels) {
        if (!isBeyondAscii(label))
            continue;
        if (const QByteArray ace = QUrl::toAce(QString::fromUtf8(label)); isHostName(ace))
            label = ace;
    }
    return labels.join('.');
}

} // namespace postern
