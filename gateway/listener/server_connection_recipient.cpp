// SPDX-License-Identifier: GPL-3.0-or-later
//
// What RCPT is answered: the rules decide at once; what they leave to aliases and accounts is followed on other threads. An
// accepted recipient comes to one envelope for each end of it.
#include "listener/server_connection.h"

#include "base/contract.h"
#include "base/log.h"
#include "smtp/xtext.h"


using namespace Qt::StringLiterals;

namespace postern::listener {
namespace {

constexpr qsizetype kMostEnvelopes = 10'000; // of one message; the client sends it once more to the recipients that are left
constexpr Milliseconds kEndsLimit{60'000};   // accounts and files may be far away; RFC 5321 §4.5.3.2.3 gives RCPT five minutes

smtp::Reply replyFrom(const policy::ReplyLine& line) {
    smtp::EnhancedCode code;
    const qsizetype space = line.text.indexOf(' ');
    const QByteArrayList parts = line.text.left(space).split('.');
    if (space < 0 || parts.size() != 3)
        return smtp::makeReply(line.code, code, line.text);
    code.klass = quint8(parts[0].toUInt());
    code.subject = quint16(parts[1].toUInt());
    code.detail = quint16(parts[2].toUInt());
    return smtp::makeReply(line.code, code, line.text.mid(space + 1));
}

QByteArray keyOf(const QByteArray& address) {
    const auto parsed = smtp::parseAddress(address);
    return parsed ? parsed->key() : address.toLower();
}

// Whether the address takes part in where or how the mail is delivered, so that two of them are two places.
bool needsAddress(const delivery::End& end) {
    switch (end.method) {
    case policy::Method::Maildir:
        if (end.address.contains('+') || end.action->local.target.contains('%'))
            return !end.isOwnTarget; // its sub-address may have a folder of its own
        return !end.isOwnTarget && !end.action->local.user.isEmpty();
    case policy::Method::Mbox:
        return !end.isOwnTarget && (end.action->local.target.contains('%') || !end.action->local.user.isEmpty());
    case policy::Method::Relay:
    case policy::Method::Catch:
    case policy::Method::Mda: // it is told to the command
    case policy::Method::Lmtp:
    case policy::Method::ExpandOnly:
    case policy::Method::ForwardOnly: break;
    }
    return true;
}

// Equal for ends that are the same place. Who wants other notices than the one before him gets an envelope of his own.
QByteArray keyOf(const delivery::End& end, const QByteArray& addressKey, const QByteArray& notify) {
    QByteArray key = char('a' + int(end.method)) + (needsAddress(end) ? addressKey : QByteArray()) + '\0' + notify;
    if (end.method != policy::Method::Relay && end.method != policy::Method::Catch)
        key += '\0' + end.user.name + '\0' +
               (end.isOwnTarget ? end.target : QByteArray::number(quintptr(end.action.get())));
    return key;
}

// RFC 3461 §5.2.7.2: one address for another takes all parameters along. §5.2.7.3 (b): several take them along but for the
// notice of success, in whose place the sender hears that there are several.
smtp::RcptParams paramsFor(const smtp::Recipient& recipient, bool isSeveral) {
    smtp::RcptParams params = recipient.params;
    if (params.orcpt.isEmpty() && recipient.address.isAscii()) // §5.2.1 allows it: notices name what the sender wrote
        params.orcpt = "rfc822;" + smtp::encodeXtext(recipient.address.text());
    QByteArrayList wishes = params.notify.split(',');
    if (isSeveral && wishes.removeAll("SUCCESS") > 0)
        params.notify = wishes.isEmpty() ? "NEVER"_ba : wishes.join(',');
    return params;
}

} // namespace

policy::MatchContext ServerConnection::recipientContext() const {
    policy::MatchContext context;
    context.isSocket = m_service->spec.isSocket;
    if (!context.isSocket) {
        context.clientAddress = m_session->client().address;
        context.isLocalAddress = m_host.isOwnAddress(context.clientAddress);
        context.reverseName = m_session->client().reverseName;
    }
    context.isAuthenticated = !m_session->user().isEmpty();
    context.user = m_session->user();
    context.helo = m_session->helo();
    context.tag = m_service->spec.tag;
    context.sender = m_session->transaction().sender.text();
    context.recipient = m_asked.address.text();
    context.localNames = m_service->localNames;
    context.hostname = m_session->features().hostname;
    return context;
}

void ServerConnection::perform(smtp::effect::CheckRecipient& question) {
    m_asked = std::move(question.recipient);
    auto verdict = policy::matchNow(m_service->rules, recipientContext(),
                                    [id = m_id, outcomes = m_host.outcomes()](policy::Verdict late) {
                                        outcomes.post({id, VerdictAnswer{std::move(late)}});
                                    });
    if (verdict)
        decide(std::move(*verdict));
}

void ServerConnection::decide(policy::Verdict verdict) {
    if (verdict.decision == policy::Decision::Local && services().follow) {
        m_endsAskedSince = now();
        services().follow(std::move(verdict), m_service->rules, recipientContext(),
                          [question = ++m_endsQuestion, id = m_id, outcomes = m_host.outcomes()](delivery::Outcome outcome) {
                              outcomes.post({id, EndsAnswer{question, std::move(outcome)}});
                          });
        return;
    }
    const policy::ReplyLine line = policy::replyFor(verdict, m_asked.address.text());
    smtp::Reply reply;
    if (line.code >= 300) {
        reply = turnDown(line, !verdict.reason.isEmpty() ? ": " + verdict.reason
                               : verdict.rule            ? " by line " + QByteArray::number(verdict.rule->origin.line) + ": " +
                                                    verdict.rule->text
                                                         : ": no rule takes it"_ba);
    } else if (!verdict.action || verdict.decision == policy::Decision::Local) {
        POSTERN_CHECK(verdict.action != nullptr, {});
        reply = turnDown({451, "4.3.0 Temporary failure"}, ": nobody follows aliases here");
    } else {
        const delivery::End end{m_asked.address.text(), std::move(verdict.action), verdict.decision == policy::Decision::Catch
                                                                                       ? policy::Method::Catch
                                                                                       : policy::Method::Relay,
                                false, {}, {}};
        reply = admit({&end, 1});
    }
    carryOut(m_session->recipientChecked(reply));
}

void ServerConnection::onEnds(EndsAnswer answer) {
    if (m_endsAskedSince && answer.question == m_endsQuestion) // else it is late, and the client was told to come again
        judge(std::move(answer.outcome));
}

void ServerConnection::stopWaitingForEnds() {
    if (!m_endsAskedSince || now() - *m_endsAskedSince < kEndsLimit)
        return;
    delivery::Outcome none;
    none.refusal = policy::ReplyLine{451, "4.3.0 Temporary failure: <" + harmless(m_asked.address.text(), 320) + ">"};
    none.reason = "accounts or files that its aliases lead to did not answer within a minute";
    judge(std::move(none));
}

void ServerConnection::judge(delivery::Outcome outcome) {
    m_endsAskedSince.reset();
    const policy::Verdict& first = outcome.first;
    smtp::Reply reply;
    if (outcome.refusal)
        reply = turnDown(*outcome.refusal,
                         !outcome.reason.isEmpty() ? ": " + outcome.reason
                         : first.rule              ? " by line " + QByteArray::number(first.rule->origin.line) + ": " + first.rule->text
                                                   : ": no rule takes it"_ba);
    else
        reply = admit(outcome.ends);
    carryOut(m_session->recipientChecked(reply));
}

// Remembers an envelope for each end that no recipient before led to.
smtp::Reply ServerConnection::admit(std::span<const delivery::End> ends) {
    const smtp::Reply accepted = smtp::makeReply(250, {2, 1, 5}, "Destination address valid: Recipient ok");
    const QByteArray given = m_asked.address.key();
    if (m_accepted.ends.contains(given))
        return accepted; // named twice, stored once
    if (qsizetype(m_accepted.envelopes.size() + ends.size()) > kMostEnvelopes && !m_accepted.envelopes.empty())
        return turnDown({452, "4.5.3 Too many recipients"}, ": the aliases of this message's recipients lead to more than " +
                                                                QByteArray::number(kMostEnvelopes) + " places");
    m_accepted.ends.insert(given);
    const bool isSeveral = ends.size() > 1;
    for (const delivery::End& end : ends) {
        const bool isGiven = !isSeveral && end.address == m_asked.address.text();
        const smtp::RcptParams params = isGiven ? m_asked.params : paramsFor(m_asked, isSeveral);
        const QByteArray key = keyOf(end, isGiven ? given : keyOf(end.address), params.notify);
        if (m_accepted.ends.contains(key))
            continue;
        m_accepted.ends.insert(key);
        queue::Envelope envelope = m_envelopes.envelopeFor(end, *m_service->rules);
        envelope.recipient = m_asked.address.text();
        envelope.params = params;
        m_accepted.envelopes.push_back(std::move(envelope));
    }
    if (isSeveral && m_asked.params.notify.split(',').contains("SUCCESS")) {
        queue::Envelope several;
        several.recipient = several.destination = m_asked.address.text();
        several.params = paramsFor(m_asked, false);
        m_accepted.expanded.push_back(std::move(several));
    }
    return accepted;
}

smtp::Reply ServerConnection::turnDown(const policy::ReplyLine& line, const QByteArray& why) {
    const smtp::Reply reply = replyFrom(line);
    const QByteArray sender = m_session->transaction().sender.text();
    const QByteArray& client = m_session->client().address;
    reportRefusal("Mail from " + (sender.isEmpty() ? "<>"_ba : sender) + " to " + m_asked.address.text() + ", handed in by " +
                      (client == "local" ? "a program of this computer"_ba : client) + ", refused" + why,
                  reply.oneLine());
    return reply;
}

} // namespace postern::listener
