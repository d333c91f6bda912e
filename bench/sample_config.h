// SPDX-License-Identifier: GPL-3.0-or-later
//
// Configurations of any length to measure with: valid, of one piece, the same for the same length.
#pragma once

#include <QByteArray>
#include <QHash>

#include <vector>

namespace postern::bench {

// As people write them: comments, blank lines, macros, tables of both kinds, listeners, certificates, actions, matches.
QByteArray mixedConfig(int lines);

// One action and then nothing but rules.
QByteArray rulesOnly(int lines);

// One kind of line as often as it fits, each kind that long files are made of, in all three dialects.
struct Sample {
    QByteArray name, text;
    QHash<QByteArray, QByteArray> included = {}; // files beside it
};
int sampleCount();
Sample sample(int number, int lines);

} // namespace postern::bench
