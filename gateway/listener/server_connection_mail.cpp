// SPDX-License-Identifier: GPL-3.0-or-later
//
// The mail transaction's half of ServerConnection: login, content, commit. Recipients: server_connection_recipient.cpp.
#include "listener/server_connection.h"

#include "base/contract.h"
#include "base/log.h"
#include "smtp/trace_header.h"

#include <QRandomGenerator>

#include <algorithm>
#include <utility>

using namespace Qt::StringLiterals;

namespace postern::listener {
namespace {

constexpr int kMostRefusalsReported = 20; // per connection; a flood of them is one story, not a thousand lines

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

// Under which results of checks would be believed to be ours (RFC 8601).
QByteArrayList ownNames(const ListenerService& service, const QByteArray& hostname) {
    QByteArrayList names{hostname, service.rules->settings.serverName, service.rules->settings.admd};
    names.removeAll(QByteArray());
    return names;
}

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
    m_results.reset();
    if (!m_service->spec.isSocket) // a filter of this computer that hands mail back by the socket may speak for us
        m_results.emplace(ownNames(*m_service, m_session->features().hostname));
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
    const QByteArrayView kept = m_results ? m_results->feed(bytes) : bytes;
    m_content->append(m_fixes ? m_fixes->feed(kept) : kept);
    m_share.growTo(m_content->size());
}

void ServerConnection::perform(smtp::effect::Discard&) {
    m_contentRefused = !m_ended && m_content.has_value();
    discardContent();
    m_accepted = {};
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
    const bool complete = m_content.has_value() && !m_accepted.envelopes.empty();
    POSTERN_CHECK(complete, {});
    if (complete && m_masquerade)
        keep(m_masquerade->finish());
    if (complete && m_results) {
        const QByteArrayView rest = m_results->finish();
        m_content->append(m_fixes ? m_fixes->feed(rest) : rest);
        if (const int removed = m_results->removed(); removed > 0)
            log(LogLevel::Info, LogArea::Smtp,
                queue::toText(m_messageId) + ": taken out what said in our name how the message was checked (" +
                    QByteArray::number(removed) + " x Authentication-Results)");
    }
    if (complete && m_fixes)
        m_content->append(m_fixes->finish());
    m_masquerade.reset();
    m_results.reset();
    m_fixes.reset();
    Result<queue::Body> body = complete ? m_content->finish() : Error{ErrorCode::Internal, "nothing to store"};
    if (!body) {
        const QByteArray client = m_session->client().address;
        const smtp::Reply reply = storeFailure(body.error());
        log(LogLevel::Error, LogArea::Smtp,
            "a message from " + client + " was not stored, the client was told to try again: " + body.error().text);
        reportRefusal("A message from " + client + " could not be stored; the client will try again", reply.oneLine());
        discardContent();
        m_accepted = {};
        carryOut(m_session->stored(reply));
        return;
    }

    const auto commit = std::make_shared<Commit>();
    commit->services = m_host.services();
    commit->outcomes = m_host.outcomes();
    commit->connection = m_id;
    commit->queued.message = messageFor(*body);
    commit->queued.envelopes = std::move(m_accepted.envelopes);
    commit->queued.expanded = std::move(m_accepted.expanded);
    bool allCaught = true;
    QSet<queue::EnvelopeId> ids;
    for (queue::Envelope& envelope : commit->queued.envelopes) {
        do
            envelope.id = queue::newEnvelopeId(m_messageId);
        while (ids.contains(envelope.id));
        if (commit->queued.envelopes.size() > 1)
            ids.insert(envelope.id);
        const bool caught = envelope.state == queue::EnvelopeState::Caught;
        envelope.nextTryAt = caught ? 0 : commit->queued.message.createdAt;
        allCaught = allCaught && caught;
    }
    m_accepted = {};
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
