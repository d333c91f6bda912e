// SPDX-License-Identifier: GPL-3.0-or-later
//
// The small phrases that every page shares: times, ages, sizes, names of relays.
//
// Times come in Unix seconds with "now" beside them, so that tests and pictures own time; 0 = never.
// Thread: the GUI thread (translations).
#pragma once

#include <QString>

namespace postern::window {

QString clockTime(qint64 at);                     // "14:31"
QString clockTimeSeconds(qint64 at);              // "14:31:47"
QString whenWords(qint64 at, qint64 now);         // today "14:31", else "18 Nov, 16:20", with the year if another
QString spanWords(qint64 seconds);                // "23 min", "22 h", "4 days"
QString sizeWords(qint64 octets);                 // "38 KB", "1.8 MB"
QString todayWords(qint64 now);                   // "Thursday 19 November 2026, 14:32"
QString relayWords(const QString& relay);         // the host of a relay URL, with an unusual port; anything else as it is
QString sentence(const QString& words);            // with a capital at the start and a full stop at the end
QString notRunningWords();                        // a page's line while there is no gateway
QString countWords(qint64 n);                     // by the locale's digits and separators

} // namespace postern::window
