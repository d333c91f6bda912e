// SPDX-License-Identifier: GPL-3.0-or-later
//
// A gateway that cannot start yet because the keychain that holds its queue's key is locked or not there, as at the start of
// a computer: asks again after 5 s, later once a minute, and says when a start is worth another try. That is when the keychain
// has the key, and when waiting for it is no use any more; the start then says why.
//
// Nothing listens meanwhile: clients keep their mail. Thread: main; needs its event loop. Lifetime: one wait; `again` may end
//   it, and is called once.
#pragma once

#include "base/mailbox.h"
#include "keychain/keychain.h"

#include <QTimer>

#include <functional>

namespace postern::ctl {

class KeychainWait {
  public:
    KeychainWait(keychain::KeychainPtr keychain, QByteArray name, std::function<void()> again);
    void tryNow();

  private:
    void ask();
    void hear(const keychain::Answer& answer);

    const keychain::KeychainPtr m_keychain;
    const QByteArray m_name;
    std::function<void()> m_again; // empty once it was called
    std::chrono::seconds m_pause{5};
    QTimer m_timer;
    Mailbox<keychain::Answer> m_answers;
};

} // namespace postern::ctl
