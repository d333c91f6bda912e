// SPDX-License-Identifier: GPL-3.0-or-later
//
// A profile's logins for relays: in the system's keychain the secrets, in postern.ini the labels, since a keychain cannot be
// listed. What `table NAME keychain` asks.
//
// Thread: any; answers come on the keychain's thread. Lifetime: shared with the tables that ask.
// Failure: a keychain that is away or locked fails the look-up with what to do about it; it is never "not found" (X03).
#pragma once

#include "engine/profile.h"
#include "keychain/keychain.h"
#include "tables/login_table.h"

#include <mutex>

namespace postern::engine {

class KeychainLogins final : public tables::LoginStore {
  public:
    KeychainLogins(Profile profile, keychain::KeychainPtr keychain);

    void lookup(const QByteArray& label, const tables::LookupDone& done) const override;
    QByteArrayList labels() const override;

    // The last question's label and why the keychain did not answer it; empty = it did, or was not asked.
    struct Trouble {
        QByteArray label, reason;
    };
    Trouble trouble() const;

  private:
    struct Shared { // outlives us in answers under way
        std::mutex mutex;
        Trouble trouble; // guarded by mutex
    };

    const Profile m_profile;
    const keychain::KeychainPtr m_keychain;
    const std::shared_ptr<Shared> m_shared = std::make_shared<Shared>();
};

// The labels that postern.ini of the profile names; and one more, or one less.
QByteArrayList keptLabels(const Profile& profile);
Result<void> noteLabel(const Profile& profile, const QByteArray& label, bool isKept);

} // namespace postern::engine
