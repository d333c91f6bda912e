// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a client does with one message: envelope, content by DATA or BDAT, verdicts. The order is the table's.
#include "smtp/client_actions.h"

#include "base/log.h"

#include <algorithm>

namespace postern::smtp::action {

using Way = ClientTransitions::Way;
using Machine = ClientTransitions::Machine;
using E = ClientEvent;

// --- one message ----------------------------------------------------------------------------------------------------

// A content that leaves together with its envelope, although some or all recipients may be refused.
constexpr qint64 kChunkInGroup = 64 * 1024;

namespace {

// Where the peer takes ASCII only: domains become A-labels; what then is left beyond ASCII cannot go there.
void fitAddresses(Machine& m) {
    if (m.facts.utf8)
        return;
    const auto refuseAll = [&m](const Address& address) {
        const EnhancedCode code{5, 6, 7};
        return RecipientOutcome{OutcomeKind::Permanent, Reply{0, code, {}},
                                code.text() + ' ' + m.settings.peerName +
                                    " does not take internationalised addresses (SMTPUTF8), and " +
                                    harmless(address.text(), 320) + " is one"};
    };
    const auto sender = m.mail->sender.inAscii();
    for (size_t i = 0; i < m.mail->recipients.size(); ++i) {
        Address& address = m.mail->recipients[i].address;
        if (!sender)
            m.decide(i, refuseAll(m.mail->sender));
        else if (auto ascii = address.inAscii())
            address = std::move(*ascii);
        else
            m.decide(i, refuseAll(address));
    }
    if (sender)
        m.mail->sender = *sender;
}

// RFC 3030 §3: only where it is offered, and for a content whose octets are known. Saves the round trip of DATA and the
// walk through every line of the content.
bool goesInChunks(const Machine& m) {
    return m.facts.chunking && !m.settings.lmtp && m.mail->params.declaredSize >= 0;
}

QByteArray chunkCommand(const Machine& m) {
    return "BDAT " + QByteArray::number(m.mail->params.declaredSize) + " LAST\r\n";
}

void sendEnvelope(Machine& m) {
    QByteArray lines = m.mailCommand();
    if (m.group) {
        for (const size_t index : m.toSend)
            lines += m.rcptCommand(index);
        if (m.bodyInGroup)
            lines += m.chunked ? chunkCommand(m) : QByteArray("DATA\r\n");
    }
    m.send(lines);
    if (m.group && m.bodyInGroup && m.chunked)
        m.effects.push_back(effect::NeedContent{});
}

} // namespace

Way becomeReady(Machine& m) {
    m.effects.push_back(effect::Ready{});
    return Way::Then;
}

Way endOfMail(Machine& m) {
    m.endMail({OutcomeKind::Temporary, {}, m.settings.peerName + " gave no answer for this recipient"});
    return becomeReady(m);
}

Way onOffer(Machine& m) {
    m.mail = std::exchange(m.offered, std::nullopt);
    m.outcomes.assign(m.mail->recipients.size(), std::nullopt);
    m.accepted.clear();
    m.toSend.clear();
    m.rcptAt = m.finalAt = 0;
    m.stuffer = {};
    EnhancedCode code;
    if (const auto why = m.cannotCarry(*m.mail, code)) {
        m.endMail({OutcomeKind::Permanent, Reply{0, code, {}}, code.text() + ' ' + *why});
        becomeReady(m);
        return Way::Else;
    }
    fitAddresses(m);
    for (size_t i = 0; i < m.outcomes.size(); ++i)
        if (!m.outcomes[i])
            m.toSend.push_back(i);
    if (m.toSend.empty()) {
        endOfMail(m);
        return Way::Else;
    }
    m.group = m.facts.pipelining;
    m.chunked = goesInChunks(m);
    m.chunkLeft = m.mail->params.declaredSize;
    m.bodyInGroup = m.group && (!m.chunked || m.chunkLeft <= kChunkInGroup);
    const bool reset = std::exchange(m.needsReset, false);
    m.resetInGroup = reset && m.group;
    m.raised = m.bodyInGroup && m.chunked ? E::WantChunk : reset ? E::WantReset : E::WantMail;
    return Way::Then;
}

Way sendReset(Machine& m) {
    m.send("RSET\r\n");
    if (m.group)
        sendEnvelope(m);
    return Way::Then;
}

Way sendMail(Machine& m) {
    sendEnvelope(m);
    return Way::Then;
}

// The whole message in one group; the first reply is only looked at when the last octet is out.
Way sendGroupWithChunk(Machine& m) {
    if (m.resetInGroup)
        m.send("RSET\r\n");
    sendEnvelope(m);
    return Way::Then;
}

Way onReset(Machine& m) {
    if (!m.group)
        sendEnvelope(m);
    return Way::Then;
}

Way onMail(Machine& m) {
    m.needsReset = true; // until the server has given its word on a whole message
    if (!m.group)
        m.send(m.rcptCommand(m.toSend.front()));
    return Way::Then;
}

Way onMailRefused(Machine& m) {
    for (const size_t index : m.toSend)
        m.decide(index, m.judged());
    m.senderDeferred = m.reply.isTemporary();
    if (m.group)
        return Way::Then;
    m.raised = E::NobodyLeft;
    return Way::Else;
}

Way onRcpt(Machine& m) {
    const size_t index = m.toSend[m.rcptAt++];
    if (m.reply.isPositive()) {
        if (!m.outcomes[index])
            m.accepted.push_back(index);
    } else {
        RecipientOutcome outcome = m.judged();
        if (m.reply.code == 552) // RFC 5321 §4.5.3.1.10: too many recipients, said the old way
            outcome.kind = OutcomeKind::Temporary;
        m.decide(index, std::move(outcome));
    }
    if (m.rcptAt < m.toSend.size()) {
        if (!m.group)
            m.send(m.rcptCommand(m.toSend[m.rcptAt]));
        return Way::Then;
    }
    if (m.bodyInGroup) {
        if (m.chunked)
            m.raised = E::ChunkSent;
    } else if (m.accepted.empty()) {
        m.raised = E::NobodyLeft;
    } else if (m.chunked) {
        m.raised = E::WantChunk;
    } else {
        m.send("DATA\r\n");
    }
    return Way::Else;
}

Way onDataGo(Machine& m) {
    if (m.reply.code != 354)
        return protocolError(m);
    if (m.accepted.empty()) {
        m.send(".\r\n");
        return Way::Else;
    }
    m.effects.push_back(effect::NeedContent{});
    return Way::Then;
}

Way onDataRefused(Machine& m) {
    m.decideAccepted(m.judged());
    return endOfMail(m);
}

Way sendChunk(Machine& m) {
    m.send(chunkCommand(m));
    m.effects.push_back(effect::NeedContent{});
    return Way::Then;
}

namespace {

// Octets of a chunk leave as they are. Fewer or more than were announced would make our next command part of the
// content, or the content our next command: then the connection goes.
Way giveToChunk(Machine& m) {
    if (m.piece.size() > m.chunkLeft || (m.piece.isEmpty() && m.chunkLeft > 0)) {
        m.fail(FaultKind::ConnectionLost, "the stored content has another length than was announced to " +
                                              m.settings.peerName + "; the connection was cut");
        return Way::Closed;
    }
    m.chunkLeft -= m.piece.size();
    if (m.piece.isEmpty())
        return Way::Else;
    m.send(m.piece.toByteArray());
    m.effects.push_back(effect::NeedContent{});
    return Way::Then;
}

} // namespace

Way onGroupContent(Machine& m) {
    const Way way = giveToChunk(m);
    if (way == Way::Else)
        m.raised = m.resetInGroup ? E::WantReset : E::WantMail; // whose reply comes first
    return way;
}

Way onContent(Machine& m) {
    if (m.chunked)
        return giveToChunk(m);
    if (m.piece.isEmpty()) {
        m.send(m.stuffer.end());
        return Way::Else;
    }
    m.send(m.stuffer.piece(m.piece));
    m.effects.push_back(effect::NeedContent{});
    return Way::Then;
}

// The server made up its mind before the end of data. The rest cannot be taken back: its word stands, the connection goes.
Way onEarlyReply(Machine& m) {
    m.decideAccepted(m.judged());
    m.fail(FaultKind::ProtocolError, m.said(), false, true);
    return Way::Closed;
}

Way onFinal(Machine& m) {
    if (m.settings.lmtp) {
        m.decide(m.accepted[m.finalAt++], m.judged()); // RFC 2033 §4.2
        if (m.finalAt < m.accepted.size())
            return Way::Then;
    } else {
        m.decideAccepted(m.judged());
    }
    m.needsReset = m.chunked && !m.reply.isPositive(); // RFC 3030 §2: the state behind a refused chunk is unknown
    endOfMail(m);
    return Way::Else;
}

Way onEmptyFinal(Machine& m) {
    m.needsReset = false;
    return endOfMail(m);
}

Way goOn(Machine&) {
    return Way::Then;
}

} // namespace postern::smtp::action
