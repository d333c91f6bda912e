// SPDX-License-Identifier: GPL-3.0-or-later
//
// The names of clients: what DNS calls an address, if that name leads back to the address (forward-confirmed).
//
// Answers are remembered for a while, failures shorter, so that a client that comes often costs no question and name servers
// that are gone hold up nobody twice.
// Thread: its resolver's. Lifetime: questions under way are forgotten when it is destroyed; nobody is called then.
// Failure: none; a name that cannot be had is "". Spec: RFC 1912 §2.1, RFC 8601 §2.7.3 (iprev); threat D08.
#pragma once

#include "engine/asked_once.h"

#include <functional>
#include <optional>

namespace postern::engine {

class ReverseNames {
  public:
    using Found = std::function<void(QByteArray)>;
    ReverseNames(dns::Resolver& resolver, const Clock& clock) : m_resolver(resolver), m_answers(clock, 10'000) {}

    // The name if it is known by now, "" = it has none; else `found` is called, never before this returns.
    std::optional<QByteArray> find(const QByteArray& address, Found found);

  private:
    void confirm(const QByteArray& address, const dns::NameAnswer& answer);

    dns::Resolver& m_resolver;
    AskedOnce<QByteArray> m_answers; // by address
};

} // namespace postern::engine
