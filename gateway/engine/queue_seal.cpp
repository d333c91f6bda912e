// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/queue_seal.h"

namespace postern::engine {
namespace {

using policy::QueueKey;

QByteArray whereWanted(const policy::Settings& settings) {
    const auto at = settings.origins.find(config::Setting::QueueEncryption);
    return at == settings.origins.end() ? QByteArray() : at->second.file + ':' + QByteArray::number(at->second.line) + ": ";
}

Result<Secret> keyFromKeychain(const policy::Settings& settings, const QueueKeySources& sources) {
    keychain::Answer answer{keychain::State::NoService, {}, {}};
    if (sources.keychain)
        answer = keychain::askNow(*sources.keychain, {keychain::Verb::Read, sources.keychainName});
    if (answer.state == keychain::State::Done)
        return std::move(answer.value);
    QByteArray text = whereWanted(settings) + "the key of the encrypted queue is to come from the keychain, but " + keychain::reason(answer);
    if (answer.state == keychain::State::NotFound)
        text += "; \"posternctl keychain set --queue-key\" puts the former key back, and for a new queue"
                " \"posternctl keychain set --queue-key --random\" makes one";
    return Error{ErrorCode::Unavailable, text + "; nothing was touched",
                 keychain::mayPass(answer.state) ? Permanence::Temporary : Permanence::Permanent};
}

Result<Secret> keyFrom(const policy::Settings& settings, const QueueKeySources& sources) {
    switch (settings.queueKey) {
    case QueueKey::None: return Secret();
    case QueueKey::Written: return settings.queueKeyText;
    case QueueKey::Keychain: return keyFromKeychain(settings, sources);
    case QueueKey::StandardInput:
    case QueueKey::Terminal: break;
    }
    if (sources.ask)
        return sources.ask(settings.queueKey);
    return Error{ErrorCode::Unavailable,
                 "the queue is encrypted and its key is to be typed in: start the gateway with \"posternctl run\", or write"
                 " the key into the line \"queue encryption\"",
                 Permanence::Permanent};
}

} // namespace

Result<queue::SealPtr> queueSeal(const policy::Settings& settings, const QueueKeySources& sources) {
    const auto characters = keyFrom(settings, sources);
    if (!characters)
        return characters.error();
    if (settings.queueKey == QueueKey::None)
        return std::make_shared<const queue::Seal>(settings.compression, nullptr);
    auto key = queue::QueueKey::from(*characters);
    if (!key)
        return key.error();
    return std::make_shared<const queue::Seal>(settings.compression, std::move(*key));
}

QByteArray keychainTrouble(const policy::Settings& settings, const QueueKeySources& sources) {
    if (settings.queueKey != QueueKey::Keychain)
        return {};
    const auto key = keyFromKeychain(settings, sources);
    return key ? QByteArray() : key.error().text;
}

bool waitsForKeychain(const Error& error) {
    return error.code == ErrorCode::Unavailable && error.permanence == Permanence::Temporary;
}

bool sameQueueSeal(const policy::Settings& a, const policy::Settings& b) {
    return a.compression == b.compression && a.queueKey == b.queueKey &&
           a.queueKeyText.expose() == b.queueKeyText.expose();
}

} // namespace postern::engine
