// SPDX-License-Identifier: GPL-3.0-or-later
//
// Cuts a text into tokens that together are all of its bytes, and tells what string a token stands for.
//
// Differs from the daemon's lexer in keeping everything: comments, blanks and the backslash-newline between tokens are
// tokens; inside a word or a quoted string it stays among the token's bytes and decode() drops it. CR LF counts as a
// newline everywhere. A quoted string may go on in the next line, but not over a line that opens a statement: then its end was
// forgotten. Text that only lacks quotes (/path, @domain) is one BareText token, so that a diagnostic can say so.
// Failure: none, any bytes are tokens. Time: linear. Thread: functions.
// Spec: the lexer rules of the 2012 dialect with the later ones' differences: `\ ` inside quotes is a blank since 6.6 only.
#pragma once

#include "config/dialect.h"
#include "config/kinds.h"
#include "config/macros.h"

#include <cstring>

namespace postern::config {

inline constexpr qsizetype kLongestString = 8095;          // bytes of one string, as in every reader of the language
inline constexpr size_t kMostTokens = 8'000'000;           // of one file; what follows is one Unread token
inline constexpr qsizetype kMostBytesLexed = 1 << 30;      // likewise

// An Unread token reaches to the end of the text, whatever its length says.
struct Token {
    TokenKind kind = TokenKind::Stray;
    quint32 offset = 0;
    quint32 length = 0;
};

// Asked for nearly every token, and much cheaper than contains().
inline bool hasByte(QByteArrayView bytes, char c) {
    return !bytes.isEmpty() && std::memchr(bytes.data(), c, size_t(bytes.size())) != nullptr;
}

std::vector<Token> lex(QByteArrayView text);

// The same for a part of a file: `text` is the rest of it, from a place where a token may start, and the cut ends with the
// first token that ends at or behind `until`. The tokens are those of lex() over the whole, as long as no quote stands open.
std::vector<Token> lexPart(QByteArrayView text, qsizetype until, bool isFileStart);

// Quotes, escapes and joined lines removed. For tokens that are no strings: their bytes.
QByteArray decode(TokenKind kind, QByteArrayView bytes, Dialect dialect);

// The tokens of a macro's value, without blanks and comments; a `$` stays a MacroUse, which is an error where it is used.
MacroValuePtr lexMacroValue(QByteArrayView value, Dialect dialect);

} // namespace postern::config
