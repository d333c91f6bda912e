// SPDX-License-Identifier: GPL-3.0-or-later
//
// What must hold for smtp::ServerSession whatever it is fed: used by the fuzz target and by the random property test.
//
// The first octets of `input` choose the listener and the cuts, the rest is what the client sends (0xFF in it makes
// something else happen: a late answer, a time-out, a hang-up, shutdown). "" if every law held, else the broken one:
// no effect behind Close; Begin, Content, Commit and Discard only in that order; content without NUL and without a lone
// CR or LF, and no longer than the limit; replies whole lines of printable ASCII of at most 512 octets; no question
// while one is open; envelope addresses printable; nothing asked before what the listener requires.
#pragma once

#include <QByteArray>

namespace postern::test {

QByteArray brokenServerLaw(QByteArrayView input);

} // namespace postern::test
