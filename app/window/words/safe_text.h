// SPDX-License-Identifier: GPL-3.0-or-later
//
// Text that strangers wrote, made harmless to look at: control, direction and invisible characters become visible
// names, white space becomes one space, floods of combining marks end, and length is bounded.
//
// Every label and cell that shows mail content goes through here; widgets show it as plain text on top of that.
// Thread: any (pure functions).
#pragma once

#include <QString>

namespace postern::window {

inline constexpr qsizetype kMostLine = 1000; // characters of a stranger's line that a list ever holds

QString safeLine(const QString& text, qsizetype most = kMostLine); // one line
QString safeBody(const QString& text, qsizetype most);             // keeps line ends and tabs; very long lines are cut up

QString breakable(const QString& line);   // for labels that wrap: endless words get invisible places to break
QString plainToolTip(const QString& text); // shown letter by letter, whatever markup or "&" is in it
QString isolated(const QString& text);    // in first-strong isolates: cannot reorder its neighbours
QString leftToRight(const QString& text); // addresses, hosts, URLs, configuration, replies: U+2066 .. U+2069

} // namespace postern::window
