// SPDX-License-Identifier: GPL-3.0-or-later
//
// Secrets by name in the system's keychain: the one of the user that runs us.
//
// Not a list: no keychain of every system can tell its names. Secrets are text (UTF-8 without NUL), at most kMostOctets:
// that is what each system takes and its own tools can show and back up.
// Thread: ask() any, it never blocks; `done` is called once, on a thread of the keychain's own or before ask() returns, and
//   must only post. askNow() blocks, for starts and commands.
// Failure: an Answer whose state is not Done; its text says what a person can do. Nobody is asked for a password unless
//   the question allows it.
// Spec: what every system's keychain takes: Secret Service API 0.2; Windows credentials hold 2 560 octets.
#pragma once

#include "base/result.h"
#include "base/secret.h"

#include <functional>
#include <memory>

namespace postern::keychain {

inline constexpr qsizetype kMostOctets = 2'000;     // of a secret
inline constexpr qsizetype kMostNameOctets = 1'000; // of a name

enum class Verb : quint8 { Read, Write, Remove };

enum class State : quint8 {
    Done,
    NotFound,  // the keychain is open and has no such entry
    NoService, // no program keeps a keychain here, or nobody is signed in
    Locked,    // or it has no keyring yet
    Denied,    // a person, or the system, said no
    TooSlow,   // no answer in time
    NotBuilt,  // this program was built without
    Failed,    // anything else; `detail` says what
};

struct Question {
    Verb verb = Verb::Read;
    QByteArray name;
    Secret value = {};   // Write
    bool mayAsk = false; // a person waits: a locked keychain may ask for its password on the screen
};

struct Answer {
    State state = State::Failed;
    Secret value = {};       // Read
    QByteArray detail = {};  // the system's own words, harmless
};
using Done = std::function<void(Answer)>;

class Keychain {
  public:
    virtual ~Keychain() = default;
    virtual void ask(Question question, Done done) = 0;
};
using KeychainPtr = std::shared_ptr<Keychain>;

Answer askNow(Keychain& keychain, Question question);

// May it be otherwise in a minute, though nobody changes the configuration? Then waiting is right.
bool mayPass(State state);
// What is the matter and what to do about it: a clause for people, "the keychain is locked: ...". Not for Done.
QByteArray reason(const Answer& answer);
// Nothing is wrong with a secret or name of this form; an Error says what is.
Result<void> checkForm(const Question& question);

} // namespace postern::keychain
