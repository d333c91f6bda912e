// SPDX-License-Identifier: GPL-3.0-or-later
//
// "Did you mean": the nearest of some words to one that is none of them. Thread: values.
#pragma once

#include <QByteArray>
#include <QList>

namespace postern::config {

// Insertions, deletions, replacements and swaps of neighbours, each 1; anything beyond `most` is most + 1.
int editDistance(QByteArrayView a, QByteArrayView b, int most);

// The nearest at a distance of at most 2 (1 for words of up to 4 letters), the first of equals; "" if none is near.
QByteArray nearest(QByteArrayView word, const QList<QByteArray>& candidates);

} // namespace postern::config
