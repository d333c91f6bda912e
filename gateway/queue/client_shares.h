// SPDX-License-Identifier: GPL-3.0-or-later
//
// How much of the queue's disk each client's mail takes, and whether it may take more: at most half of what it would find if
// it were alone, so that whoever fills the queue leaves room for the others (threats L10).
//
// Mail that is arriving counts as well as mail that waits. Programs of this computer (loopback, the local socket) and our own
// notices are not counted; IPv6 clients count by network (/64), as one household. Thread: any (a mutex).
#pragma once

#include <QByteArray>

#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace postern::queue {

class ClientShares : public std::enable_shared_from_this<ClientShares> {
  public:
    // Octets of one client's mail, counted while it lives.
    class Share {
      public:
        Share() = default;
        Share(Share&& other) noexcept { swap(other); }
        Share& operator=(Share&& other) noexcept {
            swap(other);
            return *this;
        }
        ~Share();
        void growTo(qint64 octets); // never shrinks

      private:
        friend class ClientShares;
        Share(std::shared_ptr<ClientShares> shares, QByteArray key) : m_shares(std::move(shares)), m_key(std::move(key)) {}
        void swap(Share& other) noexcept {
            std::swap(m_shares, other.m_shares);
            std::swap(m_key, other.m_key);
            std::swap(m_octets, other.m_octets);
        }
        std::shared_ptr<ClientShares> m_shares; // null: not counted
        QByteArray m_key;
        qint64 m_octets = 0;
    };

    Share take(const QByteArray& clientAddress, qint64 octets);
    qint64 heldBy(const QByteArray& clientAddress) const;
    qint64 total() const; // of all that count
    // room: octets that may still be written. Whether the client may have so many of them.
    bool mayTake(const QByteArray& clientAddress, qint64 octets, qint64 room) const;

  private:
    void add(const QByteArray& key, qint64 octets);

    mutable std::mutex m_mutex;
    qint64 m_total = 0;                     // guarded by it
    std::map<QByteArray, qint64> m_octets; // guarded by it; by keyOf()
};

using ClientSharesPtr = std::shared_ptr<ClientShares>;

} // namespace postern::queue
