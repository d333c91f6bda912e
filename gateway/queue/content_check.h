// SPDX-License-Identifier: GPL-3.0-or-later
//
// A 64-bit check value over content kept in the database or in segments: tells a flipped or lost byte before a message goes out.
//
// SQLite checks the structure of its pages, not the bytes of a value. Each step is one-to-one in the value so far, so
// any change within one 8-byte word always shows. Against accidents of disks only, not against people. Thread: pure
// function.
#pragma once

#include <QByteArrayView>

namespace postern::queue {

qint64 contentCheck(QByteArrayView bytes);

} // namespace postern::queue
