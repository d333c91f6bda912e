// SPDX-License-Identifier: GPL-3.0-or-later
//
// While the keychain does not answer for a login that a relay needs: asks it again, after 5 s, later once a minute, and says
// when it answers, so that mail need not wait for its next turn on the retry curve.
//
// Thread: engine control. Lifetime: the engine's. Failure: none of its own; trouble() is what to show.
#pragma once

#include "base/clock.h"
#include "engine/keychain_logins.h"

#include <atomic>
#include <functional>

namespace postern::engine {

class KeychainWatch {
  public:
    KeychainWatch(std::shared_ptr<const KeychainLogins> logins, std::function<void()> answersAgain);

    void tick(SteadyTime now);
    QByteArray trouble() const { return m_logins->trouble().reason; } // "" = none

  private:
    const std::shared_ptr<const KeychainLogins> m_logins;
    const std::function<void()> m_answersAgain;
    const std::shared_ptr<std::atomic<bool>> m_isAsking = std::make_shared<std::atomic<bool>>(false); // any thread
    bool m_isTroubled = false;
    Seconds m_pause{0};
    SteadyTime m_next{};
};

} // namespace postern::engine
