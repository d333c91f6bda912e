// SPDX-License-Identifier: GPL-3.0-or-later
//
// The names of clients: what DNS calls an address, if that name leads back to the address (forward-confirmed).
//
// Answers are remembered for a while, failures shorter, so that a client that comes often costs no question and name servers
// that are gone hold up nobody twice.
// Thread: its resolver's. Lifetime: questions under way are forgotten when it is destroyed; nobody is called then.
// Failure: none; a name that cannot be had is "". Spec: RFC 1912 §2.1, RFC 8601 §2.7.3 (iprev); threat D08.
#pragma once

#include "base/clock.h"
#include "dns/resolver.h"

#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

namespace postern::engine {

class ReverseNames {
  public:
    using Found = std::function<void(QByteArray)>;
    ReverseNames(dns::Resolver& resolver, const Clock& clock) : m_resolver(resolver), m_clock(clock) {}

    // The name if it is known by now, "" = it has none; else `found` is called, never before this returns.
    std::optional<QByteArray> find(const QByteArray& address, Found found);

  private:
    struct Known {
        QByteArray name;
        SteadyTime until{};
    };
    struct Asked {
        std::unique_ptr<dns::Question> question;
        std::vector<Found> waiting;
    };
    struct Hash {
        size_t operator()(const QByteArray& key) const { return qHash(key); }
    };
    void confirm(const QByteArray& address, const dns::NameAnswer& answer);
    void conclude(const QByteArray& address, const QByteArray& name, bool isSure);

    dns::Resolver& m_resolver;
    const Clock& m_clock;
    std::unordered_map<QByteArray, Known, Hash> m_known;
    std::unordered_map<QByteArray, Asked, Hash> m_asked; // by address
};

} // namespace postern::engine
