// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/queue_seal.h"

namespace postern::engine {
namespace {

using policy::QueueKey;

Result<Secret> keyFrom(const policy::Settings& settings, const AskQueueKey& ask) {
    switch (settings.queueKey) {
    case QueueKey::None: return Secret();
    case QueueKey::Written: return settings.queueKeyText;
    case QueueKey::StandardInput:
    case QueueKey::Terminal: break;
    }
    if (ask)
        return ask(settings.queueKey);
    return Error{ErrorCode::Unavailable,
                 "the queue is encrypted and its key is to be typed in: start the gateway with \"posternctl run\", or write"
                 " the key into the line \"queue encryption\"",
                 Permanence::Permanent};
}

} // namespace

Result<queue::SealPtr> queueSeal(const policy::Settings& settings, const AskQueueKey& ask) {
    const auto characters = keyFrom(settings, ask);
    if (!characters)
        return characters.error();
    if (settings.queueKey == QueueKey::None)
        return std::make_shared<const queue::Seal>(settings.compression, nullptr);
    auto key = queue::QueueKey::from(*characters);
    if (!key)
        return key.error();
    return std::make_shared<const queue::Seal>(settings.compression, std::move(*key));
}

bool sameQueueSeal(const policy::Settings& a, const policy::Settings& b) {
    return a.compression == b.compression && a.queueKey == b.queueKey &&
           a.queueKeyText.expose() == b.queueKeyText.expose();
}

} // namespace postern::engine
