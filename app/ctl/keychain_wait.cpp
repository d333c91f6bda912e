// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/keychain_wait.h"

#include "base/log.h"

#include <algorithm>
#include <utility>

namespace postern::ctl {
namespace {

constexpr std::chrono::seconds kLongestPause{60};

} // namespace

KeychainWait::KeychainWait(keychain::KeychainPtr keychain, QByteArray name, std::function<void()> again)
    : m_keychain(std::move(keychain)), m_name(std::move(name)), m_again(std::move(again)),
      m_answers([this](std::vector<keychain::Answer>&& answers) { hear(answers.back()); }) {
    log(LogLevel::Notice, LogArea::Queue, "waiting for the keychain; nothing is listened on until then");
    m_timer.setSingleShot(true);
    QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] { ask(); });
    m_timer.start(m_pause);
}

void KeychainWait::tryNow() {
    m_timer.stop();
    if (const auto again = std::exchange(m_again, {}))
        again(); // last: we may be gone
}

void KeychainWait::ask() {
    m_keychain->ask({keychain::Verb::Read, m_name},
                    [answers = m_answers.address()](keychain::Answer answer) { answers.post(std::move(answer)); });
}

void KeychainWait::hear(const keychain::Answer& answer) {
    if (!keychain::mayPass(answer.state))
        return tryNow();
    m_pause = std::min(m_pause * 2, kLongestPause);
    m_timer.start(m_pause);
}

} // namespace postern::ctl
