// SPDX-License-Identifier: GPL-3.0-or-later
#include "listener/envelope_maker.h"

namespace postern::listener {

queue::Envelope EnvelopeMaker::envelopeFor(const delivery::End& end, const policy::Ruleset& rules) {
    const policy::Action& action = *end.action;
    queue::Envelope envelope;
    envelope.destination = end.address;
    envelope.action = action.name;
    envelope.ttl = action.ttl.value_or(rules.settings.queueTtl);
    if (end.method == policy::Method::Catch) {
        envelope.state = queue::EnvelopeState::Caught;
    } else if (rules.era != policy::Era::Modern) {
        if (m_relayOf != &action) {
            m_relayOf = &action;
            m_relayBytes = action.relay.toBytes();
        }
        envelope.relay = m_relayBytes;
    }
    return envelope;
}

} // namespace postern::listener
