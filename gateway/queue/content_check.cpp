// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/content_check.h"

#include <QtEndian>

namespace postern::queue {

qint64 contentCheck(QByteArrayView bytes) {
    constexpr quint64 kOdd = 0x9e3779b97f4a7c15ULL;
    quint64 value = quint64(bytes.size()) * kOdd;
    const auto mix = [&value](quint64 word) {
        value = (value ^ word) * kOdd;
        value ^= value >> 32;
    };
    qsizetype at = 0;
    for (; at + 8 <= bytes.size(); at += 8)
        mix(qFromLittleEndian<quint64>(bytes.data() + at));
    quint64 rest = 0;
    for (int shift = 0; at < bytes.size(); ++at, shift += 8)
        rest |= quint64(uchar(bytes[at])) << shift;
    mix(rest);
    return qint64(value);
}

} // namespace postern::queue
