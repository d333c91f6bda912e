// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which domains say of themselves that they neither send nor take mail: those with a null MX.
//
// Answers are remembered for a while, failures shorter, so that name servers that are gone hold up nobody twice.
// Thread: its resolver's. Lifetime: questions under way are forgotten when it is destroyed; nobody is called then.
// Failure: none; of a domain that cannot be asked about nothing bad is known. Spec: RFC 7505.
#pragma once

#include "engine/asked_once.h"

#include <functional>
#include <optional>

namespace postern::engine {

class MailDomains {
  public:
    using Found = std::function<void(bool)>;
    MailDomains(dns::Resolver& resolver, const Clock& clock) : m_resolver(resolver), m_answers(clock, 1'000) {}

    // Whether `domain` (lower case, ASCII) has a null MX, if that is known by now; else `found` is called, never before this
    // returns.
    std::optional<bool> hasNullMx(const QByteArray& domain, Found found);

  private:
    void conclude(const QByteArray& domain, const dns::MxAnswer& answer);

    dns::Resolver& m_resolver;
    AskedOnce<bool> m_answers; // by domain
};

} // namespace postern::engine
