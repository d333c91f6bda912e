// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/edits/spelling.h"

#include "config/grammar.h"
#include "config/lexer.h"

#include <algorithm>

namespace postern::config::edits {

namespace {

bool reads(const QByteArray& written, QByteArrayView value, TokenKind as, Dialect dialect) {
    // Something must follow, as in a file: a word may end differently at the end of the text.
    const QByteArray text = written + ' ';
    const std::vector<Token> tokens = lex(text);
    return tokens.size() == 2 && tokens[0].kind == as && qsizetype(tokens[0].length) == written.size() &&
           decode(as, written, dialect) == value;
}

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

} // namespace

Quoting quotingOf(QByteArrayView written) {
    return written.startsWith('"') ? Quoting::Double : written.startsWith('\'') ? Quoting::Single : Quoting::AsNeeded;
}

Result<QByteArray> spelled(QByteArrayView value, Dialect dialect, Quoting habit) {
    for (const char c : {'\0', '\n', '\r'}) {
        if (value.contains(c))
            return refusal("a value cannot hold a line break or a NUL byte");
    }
    if (value.size() > kLongestString)
        return refusal("a value has at most " + QByteArray::number(kLongestString) + " bytes");
    const auto quoted = [value](char quote) {
        QByteArray text = value.toByteArray();
        text.replace(QByteArray(1, quote), QByteArray("\\") + quote);
        return quote + text + quote;
    };
    struct Candidate {
        Quoting style;
        QByteArray text;
        TokenKind as;
    };
    std::vector<Candidate> candidates;
    if (!isReserved(value, dialect))
        candidates.push_back({Quoting::AsNeeded, value.toByteArray(), TokenKind::Word});
    candidates.push_back({Quoting::Double, quoted('"'), TokenKind::QuotedString});
    candidates.push_back({Quoting::Single, quoted('\''), TokenKind::QuotedString});
    std::stable_partition(candidates.begin(), candidates.end(),
                          [habit](const Candidate& one) { return one.style == habit; });
    for (const Candidate& one : candidates) {
        if (reads(one.text, value, one.as, dialect))
            return one.text;
    }
    return refusal("no way of quoting says this value in " + describe(dialect).toByteArray());
}

Result<QByteArray> spelledNumber(QByteArrayView value, QByteArrayView what) {
    constexpr qsizetype kMostDigits = 18;
    if (value.isEmpty() || value.size() > kMostDigits || !std::all_of(value.begin(), value.end(), isDigit))
        return refusal(what.toByteArray() + " is a number");
    return value.toByteArray();
}

Result<QByteArray> spelledTime(QByteArrayView value, Dialect dialect, Quoting habit) {
    bool wasDigit = false, isRight = !value.isEmpty();
    for (const char c : value) {
        if (!isDigit(c) && (!wasDigit || !QByteArrayView("smhd").contains(c)))
            isRight = false;
        wasDigit = isDigit(c);
    }
    if (!isRight || wasDigit)
        return refusal("a time is digits and a unit: 4d, 12h, 1h30m");
    return spelled(value, dialect, habit);
}

} // namespace postern::config::edits
