// SPDX-License-Identifier: GPL-3.0-or-later
//
// From a place where a recipient's mail ends to the envelope that takes it there.
//
// From action/match the envelope keeps the action's name; older dialects copy what the rule says, so that an edited rule does
// not change queued mail.
// Thread: a value. Lifetime: the rules outlive what was made last, or forget() is called.
#pragma once

#include "delivery/expand.h"
#include "queue/envelope.h"

namespace postern::listener {

class EnvelopeMaker {
  public:
    // All but recipient, parameters, id and times.
    queue::Envelope envelopeFor(const delivery::End& end, const policy::Ruleset& rules);
    void forget() { *this = {}; }

  private:
    const policy::Action* m_copyOf = nullptr; // so that many recipients of one rule cost one copy
    QByteArray m_copy;
};

} // namespace postern::listener
