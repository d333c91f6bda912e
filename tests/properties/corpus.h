// SPDX-License-Identifier: GPL-3.0-or-later
//
// The configurations of tests/corpus/smtpd_conf, and texts that no one wrote: mutated from them, or thrown together from
// pieces of the language. The same seed gives the same text.
#pragma once

#include <QByteArrayList>
#include <QRandomGenerator>

namespace postern::test {

struct CorpusFile {
    QByteArray name; // "legacy/004-..."
    QByteArray text;
};
const QList<CorpusFile>& corpus();

// Below `limit`, or 0.
qsizetype below(QRandomGenerator& random, qsizetype limit);
// Bytes that break things when they are put anywhere: quotes, braces, joined lines, macros ...
QByteArray spice(QRandomGenerator& random);
QByteArray generatedConfig(QRandomGenerator& random);

} // namespace postern::test
