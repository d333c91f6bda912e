// SPDX-License-Identifier: GPL-3.0-or-later
//
// The mail transaction's half of ServerConnection: room, rules, login, content, commit.
#include "listener/server_connection.h"

#include "base/contract.h"
#include "base/log.h"
#include "smtp/trace_header.h"

#include <QRandomGenerator>

#include <algorithm>
#include <thread>
#include <utility>

using namespace Qt::StringLiterals;

namespace postern::listener {
namespace {

constexpr int kMostRefusalsReported = 20; // per connection; a flood of them is one story, not a thousand lines

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

smtp::Reply storeFailure(const Error& error) {
    if (error.code == ErrorCode::NoSpace)
        return smtp::makeReply(452, {4, 3, 1}, "Insufficient system storage, try again later");
    return smtp::makeReply(451, {4, 3, 0}, "The message cannot be stored now, try again later");
}

// Where the programs and people of this computer, or of an office, hand in what they wrote: nobody relays there. Behind a
// proxy the address says nothing about the client.
bool isForSubmission(const ListenerService& service) {
    constexpr quint16 kSubmission = 587;
    const OpenListener& socket = *service.socket;
    const bool isLoopback = socket.address().startsWith("127.") || socket.address() == "::1";
    return service.spec.isSocket || socket.port() == kSubmission || service.spec.port == kSubmission ||
           (isLoopback && !service.spec.proxyV2);
}

// Whether a question was answered before the call returned. Touched by the asking thread only.
struct AskedNow {
    const std::thread::id thread = std::this_thread::get_id();
    bool open = true;
    std::optional<policy::Verdict> verdict;
};

// A message on its way to the spool: everything that must happen when it is durable, whoever is still there by then.
struct Commit {
    std::shared_ptr<const ListenerServices> services;
    queue::QueuedMessage queued;
    MemoryShare memory; // of its content
    queue::ClientShares::Share share; // of the disk, until the scheduler counts it
    SessionEvent event; // as if all goes well
    MailboxAddress<Outcome> outcomes;
    ConnectionId connection = 0;

    void conclude(Result<queue::BodyPtr> result) { // on the spool thread
        if (!result) {
            const smtp::Reply reply = storeFailure(result.error());
            log(LogLevel::Error, LogArea::Smtp,
                "message " + queue::toText(queued.message.id) + " from " + event.clientAddress +
                    " was not stored, the client was told to try again: " + result.error().text);
            event.kind = SessionEvent::Kind::Refused;
            event.text = "A message from " + event.clientAddress + " could not be stored; the client will try again";
            event.detail = reply.oneLine();
            services->report(std::move(event));
            outcomes.post({connection, StoreAnswer{reply}});
            return;
        }
        const smtp::Reply reply =
            smtp::makeReply(250, {2, 0, 0}, queue::toText(queued.message.id) + " Message accepted for delivery");
        services->stored(std::move(queued), *result);
        services->report(std::move(event));
        outcomes.post({connection, StoreAnswer{reply}});
    }
};

} // namespace

void ServerConnection::perform(smtp::effect::CheckRecipient& question) {
    m_asked = std::move(question.recipient);
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

    const auto call = std::make_shared<AskedNow>();
    policy::match(m_service->rules, std::move(context), policy::WantTrace::No,
                  [call, id = m_id, outcomes = m_host.outcomes()](policy::Verdict verdict) {
                      if (call->thread == std::this_thread::get_id() && call->open)
                          call->verdict = std::move(verdict);
                      else
                          outcomes.post({id, VerdictAnswer{std::move(verdict)}});
                  });
    call->open = false;
    if (call->verdict)
        carryOut(m_session->recipientChecked(judge(*call->verdict)));
}

// Remembers an accepted recipient; reports a refused one.
smtp::Reply ServerConnection::judge(policy::Verdict verdict) {
    const QByteArray recipient = m_asked.address.text();
    smtp::Reply reply = replyFrom(policy::replyFor(verdict, recipient));
    if (reply.isPositive() && !verdict.action) {
        POSTERN_CHECK(verdict.action != nullptr, {});
        reply = smtp::makeReply(451, {4, 3, 0}, "Temporary failure");
    }
    if (!reply.isPositive()) {
        const QByteArray sender = m_session->transaction().sender.text();
        const QByteArray& client = m_session->client().address;
        QByteArray text = "Mail from " + (sender.isEmpty() ? "<>"_ba : sender) + " to " + recipient + ", handed in by " +
                          (client == "local" ? "a program of this computer"_ba : client) + ", refused";
        if (!verdict.reason.isEmpty())
            text += ": " + verdict.reason;
        else if (verdict.rule)
            text += " by line " + QByteArray::number(verdict.rule->origin.line) + ": " + verdict.rule->text;
        else
            text += ": no rule takes it";
        reportRefusal(text, reply.oneLine());
        return reply;
    }

    QByteArray key = m_asked.address.key();
    const bool known = std::any_of(m_accepted.begin(), m_accepted.end(), [&](const Accepted& a) { return a.key == key; });
    if (known)
        return reply; // named twice, stored once

    const policy::Action& action = *verdict.action;
    queue::Envelope envelope;
    envelope.recipient = recipient;
    envelope.destination = recipient;
    envelope.params = m_asked.params;
    envelope.action = action.name;
    envelope.ttl = action.ttl.value_or(m_service->rules->settings.queueTtl);
    if (action.kind == policy::ActionKind::Catch) {
        envelope.state = queue::EnvelopeState::Caught;
    } else if (m_service->rules->era != policy::Era::Modern) {
        if (m_relayOf != &action) {
            m_relayOf = &action;
            m_relayBytes = action.relay.toBytes();
        }
        envelope.relay = m_relayBytes;
    }
    m_accepted.push_back({std::move(key), std::move(envelope)});
    return reply;
}

void ServerConnection::perform(smtp::effect::CheckLogin& question) {
    m_host.checkLogin({m_id, m_service->spec.credentials, std::move(question.user), std::move(question.password),
                       m_session->client().address, m_service->socket->name()});
}

void ServerConnection::perform(smtp::effect::BeginContent&) {
    m_contentSince = now();
    m_contentOctets = 0;
    m_messageId = services().newMessageId();
    m_content.emplace(*services().files, services().incomingPath(m_messageId),
                      m_session->transaction().params.declaredSize, services().contentMemory,
                      FileForm{services().seal, m_messageId, [this](qint64 octets) { return roomFor(octets) == Room::Enough; }});
    m_share = services().shares ? services().shares->take(m_session->client().address, 0) : queue::ClientShares::Share();
    m_masquerade.reset();
    const bool mustBeHimself = m_service->spec.masquerade && !m_session->user().isEmpty();
    if (mustBeHimself && !m_session->transaction().sender.isNull())
        m_masquerade.emplace(m_session->transaction().sender.text());
    m_fixes.reset();
    const auto domain = isForSubmission(*m_service) ? smtp::asciiDomain(m_session->features().hostname) : std::nullopt;
    if (domain && smtp::isValidDomain(*domain, smtp::AllowUtf8::No))
        m_fixes.emplace(*domain, smtp::dateText(services().clock->wall()), QRandomGenerator::global()->generate64());
    m_content->append(smtp::receivedHeader(*m_session, queue::toText(m_messageId), services().clock->wall(),
                                           {m_service->spec.maskSource, m_service->spec.receivedAuth}));
}

void ServerConnection::perform(smtp::effect::Content& content) {
    POSTERN_CHECK(m_content.has_value(), return);
    if (m_masquerade)
        keep(m_masquerade->feed(content.bytes));
    else
        keep(content.bytes);
}

void ServerConnection::keep(QByteArrayView bytes) {
    m_content->append(m_fixes ? m_fixes->feed(bytes) : bytes);
    m_share.growTo(m_content->size());
}

void ServerConnection::perform(smtp::effect::Discard&) {
    m_contentRefused = !m_ended && m_content.has_value();
    discardContent();
    m_accepted.clear();
}

void ServerConnection::discardContent() {
    if (!m_content)
        return;
    const QByteArray file = m_content->fileName();
    m_content.reset(); // closes it
    m_share = {};
    if (!file.isEmpty())
        services().toSpool(queue::DiscardIncoming{file});
}

void ServerConnection::perform(smtp::effect::Commit&) {
    const bool complete = m_content.has_value() && !m_accepted.empty();
    POSTERN_CHECK(complete, {});
    if (complete && m_masquerade)
        keep(m_masquerade->finish());
    if (complete && m_fixes)
        m_content->append(m_fixes->finish());
    m_masquerade.reset();
    m_fixes.reset();
    Result<queue::Body> body = complete ? m_content->finish() : Error{ErrorCode::Internal, "nothing to store"};
    if (!body) {
        const QByteArray client = m_session->client().address;
        const smtp::Reply reply = storeFailure(body.error());
        log(LogLevel::Error, LogArea::Smtp,
            "a message from " + client + " was not stored, the client was told to try again: " + body.error().text);
        reportRefusal("A message from " + client + " could not be stored; the client will try again", reply.oneLine());
        discardContent();
        m_accepted.clear();
        carryOut(m_session->stored(reply));
        return;
    }

    const auto commit = std::make_shared<Commit>();
    commit->services = m_host.services();
    commit->outcomes = m_host.outcomes();
    commit->connection = m_id;
    commit->queued.message = messageFor(*body);
    commit->queued.envelopes.reserve(m_accepted.size());
    bool allCaught = true;
    for (Accepted& one : m_accepted) {
        queue::Envelope envelope = std::move(one.envelope);
        const auto taken = [&](const queue::Envelope& other) { return other.id == envelope.id; };
        const auto& others = commit->queued.envelopes;
        do
            envelope.id = queue::newEnvelopeId(m_messageId);
        while (std::any_of(others.begin(), others.end(), taken));
        const bool caught = envelope.state == queue::EnvelopeState::Caught;
        envelope.nextTryAt = caught ? 0 : commit->queued.message.createdAt;
        allCaught = allCaught && caught;
        commit->queued.envelopes.push_back(std::move(envelope));
    }
    m_accepted.clear();
    commit->memory = m_content->takeShare();
    commit->share = std::exchange(m_share, {});
    m_content.reset();

    const queue::Message& message = commit->queued.message;
    commit->event.kind = allCaught ? SessionEvent::Kind::Caught : SessionEvent::Kind::Accepted;
    commit->event.listener = message.listener;
    commit->event.clientAddress = message.clientAddress;
    commit->event.message = message.id;
    commit->event.text = describe(message) + " for " + harmless(commit->queued.envelopes.front().recipient, 100);
    if (const size_t more = commit->queued.envelopes.size() - 1; more > 0)
        commit->event.text += " and " + QByteArray::number(qulonglong(more)) + " more";
    commit->event.text += allCaught ? " caught" : " accepted";
    commit->event.detail = "from " + message.clientAddress + " (" + harmless(message.helo, 100) + ") at " +
                           message.listener + ", " + QByteArray::number(message.size) + " octets";

    queue::StoreMessage store{message, commit->queued.envelopes, std::move(*body),
                              [commit](Result<queue::BodyPtr> result) { commit->conclude(std::move(result)); }};
    services().toSpool(std::move(store));
}

queue::Message ServerConnection::messageFor(const queue::Body& body) const {
    const smtp::Transaction& transaction = m_session->transaction();
    const smtp::ContentFacts& facts = m_session->contentFacts();
    queue::Message message;
    message.id = m_messageId;
    message.sender = transaction.sender.text();
    message.params = transaction.params;
    message.createdAt = services().clock->wall().time_since_epoch().count();
    message.size = body.size;
    message.hasEightBit = facts.hasEightBit;
    message.subject = facts.subject;
    message.helo = m_session->helo();
    message.clientAddress = m_session->client().address;
    message.clientName = m_session->client().reverseName;
    message.listener = m_service->socket->name();
    message.tag = m_service->spec.tag;
    message.user = m_session->user();
    return message;
}

QByteArray ServerConnection::describe(const queue::Message& message) const {
    const QByteArray what = message.subject.isEmpty() ? "A message"_ba : "\"" + harmless(message.subject, 100) + "\"";
    return what + " from " + (message.sender.isEmpty() ? "<>"_ba : harmless(message.sender, 100));
}

void ServerConnection::reportRefusal(QByteArray text, QByteArray detail) {
    m_toldCode = detail.startsWith('5') ? detail.first(std::min<qsizetype>(3, detail.size())) : QByteArray();
    if (m_refusalsReported++ >= kMostRefusalsReported)
        return;
    services().report({SessionEvent::Kind::Refused, m_service->socket->name(), m_session->client().address,
                       harmless(text), harmless(detail), 0});
}

} // namespace postern::listener
