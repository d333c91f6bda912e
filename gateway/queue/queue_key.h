// SPDX-License-Identifier: GPL-3.0-or-later
//
// The key of an encrypted queue and the only code that calls the cipher: AES-256-GCM by OpenSSL.
//
// One key for the life of a queue, and no nonce twice under one key: every value and every content gets a key of its own,
// derived from this one and 12 random octets as XAES-256-GCM does (good for 2^80 of them); the 12 octets behind them are
// the nonce of GCM, random for a value, counted for the records of a content.
// Thread: constant after construction; any. Lifetime: wiped when the last holder lets go.
// Failure: Corrupt = damaged, or sealed with another key; Internal = no random octets to be had.
// Spec: NIST SP 800-38D; C2SP XAES-256-GCM; the key's form as smtpd.conf(5) has it: 32 characters, used as octets.
#pragma once

#include "base/result.h"
#include "base/secret.h"

#include <QByteArray>

#include <memory>

namespace postern::queue {

class QueueKey;
using QueueKeyPtr = std::shared_ptr<const QueueKey>;

// What one content or one value is sealed with.
struct DerivedKey {
    Secret octets; // 32
};

class QueueKey {
  public:
    static constexpr qsizetype kOctets = 32;
    static constexpr qsizetype kSalt = 12;
    static constexpr qsizetype kNonce = 12;
    static constexpr qsizetype kTag = 16;

    static Result<QueueKeyPtr> from(const Secret& characters); // Invalid: not exactly 32 of them
    explicit QueueKey(const Secret& octets);                   // of kOctets

    // Tells keys apart and gives no way back but guessing: 8 octets.
    const QByteArray& id() const { return m_id; }

    // A short value: salt, nonce, ciphertext, tag. `about` says what it is and where it belongs: open() wants the same.
    Result<QByteArray> seal(QByteArrayView plain, QByteArrayView about) const;
    Result<QByteArray> open(QByteArrayView sealed, QByteArrayView about) const;

    Result<DerivedKey> derive(QByteArrayView salt) const;

  private:
    Secret m_octets;
    Secret m_second; // of the derivation (K1)
    QByteArray m_id;
};

// AES-256-GCM: ciphertext and tag; and back, nothing if the tag does not fit.
Result<QByteArray> gcmSeal(const DerivedKey& key, QByteArrayView nonce, QByteArrayView plain, QByteArrayView about);
Result<QByteArray> gcmOpen(const DerivedKey& key, QByteArrayView nonce, QByteArrayView sealed, QByteArrayView about);

Result<QByteArray> randomOctets(qsizetype n);

} // namespace postern::queue
