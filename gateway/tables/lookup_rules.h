// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is asked of a backend at all, and what is taken from it: limits and forms that hold whatever keeps the table.
//
// Whoever may write into a database must gain no more by it than what the table is for: no second line in a reply or
// header, no home folder that is no path, no URL with blanks. What an alias may lead to is for those who follow aliases.
// Thread: pure. Threats B02, B07.
#pragma once

#include "tables/table.h"

namespace postern::tables {

inline constexpr qsizetype kLongestKey = 1023;
inline constexpr qsizetype kLongestValue = 64 * 1024;
inline constexpr qsizetype kMostElements = 10'000; // of a fetch
inline constexpr qsizetype kMostRows = 1'000;      // that one value is made of, for backends that join rows

bool isMatchService(Service service); // asked whether a key is covered, not for a value

// The key in lower case (ASCII), or why it is not asked: too long, or it holds a NUL or a line end.
Result<QByteArray> askedKey(const QByteArray& key);

// The value, or what is wrong with it (ErrorCode::Corrupt); the text never repeats it.
Result<QByteArray> takenValue(Service service, QByteArray value);

} // namespace postern::tables
