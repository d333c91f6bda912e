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
        return envelope;
    }
    if (rules.era != policy::Era::Modern) {
        if (m_copyOf != &action) {
            m_copyOf = &action;
            m_copy = action.kind == policy::ActionKind::Local ? action.local.toBytes(rules.era) : action.relay.toBytes();
        }
        envelope.relay = m_copy;
    }
    if (end.method != policy::Method::Relay)
        envelope.local = std::make_shared<const queue::LocalEnd>(
            queue::LocalEnd{policy::toString(end.method).toByteArray(), end.isOwnTarget ? end.target : QByteArray(),
                            end.user.name, end.user.uid, end.user.gid, end.user.home});
    return envelope;
}

} // namespace postern::listener
