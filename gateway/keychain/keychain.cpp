// SPDX-License-Identifier: GPL-3.0-or-later
#include "keychain/keychain.h"

#include <QStringDecoder>

#include <future>

namespace postern::keychain {

Answer askNow(Keychain& keychain, Question question) {
    std::promise<Answer> answer;
    keychain.ask(std::move(question), [&answer](Answer given) { answer.set_value(std::move(given)); });
    return answer.get_future().get();
}

bool mayPass(State state) {
    switch (state) {
    case State::NoService:
    case State::Locked:
    case State::TooSlow:
        return true;
    case State::Done:
    case State::NotFound:
    case State::Denied:
    case State::NotBuilt:
    case State::Failed:
        return false;
    }
    return false;
}

QByteArray reason(const Answer& answer) {
    const QByteArray words = answer.detail.isEmpty() ? QByteArray() : " (" + answer.detail + ')';
    switch (answer.state) {
    case State::Done:
        return "the keychain has it";
    case State::NotFound:
        return "the keychain has no such entry";
    case State::NoService:
        return "no keychain answers" + words +
               ": it is there while the user that runs Postern is signed in at a desktop with one (GNOME Keyring, KWallet)";
    case State::Locked:
        return "the keychain is locked" + words +
               ": unlock it, by signing in with the password or in the desktop's program for passwords and keys";
    case State::Denied:
        return "the keychain does not give it out" + words + ": allow Postern to use it";
    case State::TooSlow:
        return "the keychain did not answer in time" + words + ": it may be waiting for somebody, look at the screen";
    case State::NotBuilt:
        return "this Postern was built without the keychain's library (QtKeychain)";
    case State::Failed:
        return "the keychain cannot be asked" + words;
    }
    return {};
}

Result<void> checkForm(const Question& question) {
    const auto invalid = [](const QByteArray& text) { return Error{ErrorCode::Invalid, text, Permanence::Permanent}; };
    if (question.name.isEmpty() || question.name.size() > kMostNameOctets)
        return invalid("a name in the keychain has 1 to " + QByteArray::number(kMostNameOctets) + " octets");
    if (question.verb != Verb::Write)
        return {};
    const QByteArrayView value = question.value.expose();
    if (value.isEmpty() || value.size() > kMostOctets)
        return invalid("a secret in the keychain has 1 to " + QByteArray::number(kMostOctets) + " octets, this one has " +
                       QByteArray::number(value.size()));
    QStringDecoder decoder(QStringDecoder::Utf8);
    QString text = decoder(value);
    text.fill(u'\0'); // it was a copy
    if (decoder.hasError() || value.contains('\0'))
        return invalid("a secret in the keychain must be text in UTF-8");
    return {};
}

} // namespace postern::keychain
