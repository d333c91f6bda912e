// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which of the three languages a file is written in, found from its own words.
//
// Evidence is the first word of each statement and a few tell-tale words inside; the strongest wins and a file without any
// (only listeners, or empty) takes what it is told. Detection looks at tokens, so it works on broken files too.
// Thread: values. Spec: `map` statements are 2012; accept/reject with tables 5.3-6.3; action/match 6.4 and later.
#pragma once

#include <QByteArrayView>

#include <optional>
#include <vector>

namespace postern::config {

enum class Dialect : quint8 { Map2012, Legacy, Modern };
QByteArrayView toString(Dialect dialect);                     // "2012", "legacy", "modern"
QByteArrayView describe(Dialect dialect);                     // for people: "the map dialect of 2012"
std::optional<Dialect> dialectFromString(QByteArrayView name); // the same names; nothing for "auto" and all else

// How often each hint was seen. Evidence of whole lines adds up, so what an edit changes can be told from its own lines.
struct DialectEvidence {
    qint64 rules = 0;       // accept, reject: 2012 or legacy
    qint64 maps = 0;        // map: 2012
    qint64 tables = 0;      // table statements and <references>: not 2012
    qint64 modern = 0;      // action, match
    qint64 oldWords = 0;    // spelled like this before 6.4 only
    qint64 modernWords = 0; // since 6.4 only
    qint64 words2012 = 0;   // in 2012 only

    DialectEvidence& operator+=(const DialectEvidence& other);
    DialectEvidence& operator-=(const DialectEvidence& other);
};
struct Token;
DialectEvidence dialectEvidence(QByteArrayView text, const std::vector<Token>& tokens);

// Nothing when the text gives no hint.
std::optional<Dialect> detectDialect(QByteArrayView text);
std::optional<Dialect> detectDialect(const DialectEvidence& evidence);

} // namespace postern::config
