// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a gateway and the program postern-keychain say to each other: one question in, one answer out, then both close.
//
// Question: `VERB NAME [asking] LENGTH` LF and LENGTH octets; answer: `STATE DETAIL LENGTH` LF and LENGTH octets. NAME and
// DETAIL are in hexadecimal digits. So half an answer is never taken for a whole one.
// Thread: pure functions. Failure: nullopt for what is not of this form.
#pragma once

#include "keychain/keychain.h"

#include <optional>

namespace postern::keychain {

inline constexpr qsizetype kMostExchanged = 8'000; // octets of a question or an answer

Secret toBytes(const Question& question);
std::optional<Question> questionFrom(QByteArrayView bytes);

Secret toBytes(const Answer& answer);
std::optional<Answer> answerFrom(QByteArrayView bytes);

} // namespace postern::keychain
