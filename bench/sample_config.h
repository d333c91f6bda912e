// SPDX-License-Identifier: GPL-3.0-or-later
//
// Configurations of any length to measure with: valid, of one piece, the same for the same length.
#pragma once

#include <QByteArray>

namespace postern::bench {

// As people write them: comments, blank lines, macros, tables of both kinds, listeners, certificates, actions, matches.
QByteArray mixedConfig(int lines);

// One action and then nothing but rules.
QByteArray rulesOnly(int lines);

} // namespace postern::bench
