// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/keychain_watch.h"

#include <algorithm>

namespace postern::engine {
namespace {

constexpr Seconds kFirstPause{5}, kLongestPause{60};

} // namespace

KeychainWatch::KeychainWatch(std::shared_ptr<const KeychainLogins> logins, std::function<void()> answersAgain)
    : m_logins(std::move(logins)), m_answersAgain(std::move(answersAgain)) {}

void KeychainWatch::tick(SteadyTime now) {
    const KeychainLogins::Trouble trouble = m_logins->trouble();
    if (trouble.reason.isEmpty()) {
        if (std::exchange(m_isTroubled, false))
            m_answersAgain();
        return;
    }
    if (!std::exchange(m_isTroubled, true)) {
        m_pause = kFirstPause;
        m_next = now + m_pause;
    }
    if (now < m_next || m_isAsking->exchange(true))
        return;
    m_pause = std::min(m_pause * 2, kLongestPause);
    m_next = now + m_pause;
    m_logins->lookup(trouble.label, [asking = m_isAsking](tables::LookupResult result) {
        wipe(result.value); // only whether there is an answer
        asking->store(false);
    });
}

} // namespace postern::engine
