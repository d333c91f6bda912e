// SPDX-License-Identifier: GPL-3.0-or-later
//
// What exists in Postern's language and in no OpenSMTPD's, in one list: how it is written and what it is for.
//
// The grammar tables mark the same words with kOwn; a test reads each form of this list and checks that Postern takes it and
// every other reader refuses it. None of the words is reserved: they can be names without quotes. Thread: constants.
#pragma once

#include <QByteArrayView>

#include <span>

namespace postern::config {

struct OwnWord {
    const char* form;    // as in the manual: "action NAME relay ... order ORDER"
    const char* example; // a whole configuration in action/match that uses it once, in its first line
    const char* meaning; // one sentence without a full stop
    bool isCarriedOut;   // false: read and kept, no effect yet
};
std::span<const OwnWord> ownWords();

} // namespace postern::config
