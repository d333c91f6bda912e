// SPDX-License-Identifier: GPL-3.0-or-later
//
// What stands between MAIL and its answer: the client's name, whether the sender's domain sends mail at all, whether the login
// may use the address, and room on the disk.
#include "listener/server_connection.h"

#include "base/log.h"
#include "tables/match_rules.h"

using namespace Qt::StringLiterals;

namespace postern::listener {
namespace {

constexpr Milliseconds kReverseNameLimit{2'000}; // MAIL waits so long for the client's name, counted from the connection
constexpr Milliseconds kDomainLimit{2'000};      // and so long for what DNS says of the sender's domain

} // namespace

void ServerConnection::perform(smtp::effect::CheckSender& question) {
    m_accepted = {};
    m_envelopes.forget();
    m_sender = std::move(question);
    m_senderDomain.clear();
    checkSenderOn();
}

// The client's name belongs to the trace field and may decide the rule. It was asked for when the connection came, so
// usually it is there; name servers that are slow or gone do not hold mail up for long.
void ServerConnection::checkSenderOn() {
    m_senderWaitsForName = !m_reverseName && now() - m_openedAt < kReverseNameLimit;
    if (!m_senderWaitsForName)
        askSenderDomain();
}

// RFC 7505 §4.2: nobody could be told what became of mail from a domain that takes none. Our own programs and people who have
// signed in are trusted with their address.
void ServerConnection::askSenderDomain() {
    const QByteArray domain = m_sender->sender.domainKey();
    const bool isOurs = m_service->spec.isSocket || !m_session->user().isEmpty() || m_host.isOwnAddress(m_session->client().address);
    if (isOurs || domain.isEmpty() || domain.startsWith('[')) {
        judgeSenderDomain(false);
        return;
    }
    const std::optional<bool> isNull = m_host.hasNullMx(m_id, domain);
    if (isNull) {
        judgeSenderDomain(*isNull);
    } else {
        m_senderDomain = domain;
        m_senderDomainSince = now();
    }
}

void ServerConnection::onDomainAnswer(const DomainAnswer& answer) {
    if (m_sender && answer.domain == m_senderDomain)
        judgeSenderDomain(answer.hasNullMx);
}

void ServerConnection::stopWaitingForDomain() {
    if (m_sender && !m_senderDomain.isEmpty() && now() - m_senderDomainSince >= kDomainLimit)
        judgeSenderDomain(false);
}

void ServerConnection::judgeSenderDomain(bool hasNullMx) {
    m_senderDomain.clear();
    if (hasNullMx) {
        const QByteArray sender = m_sender->sender.text();
        m_sender.reset();
        const smtp::Reply reply = smtp::makeReply(550, {5, 7, 27}, "Sender address has null MX");
        reportRefusal("Mail from " + sender + " refused: its domain says that it neither sends nor takes mail (null MX)",
                      reply.oneLine());
        carryOut(m_session->senderChecked(reply));
        return;
    }
    if (m_service->spec.senders && !m_session->user().isEmpty())
        askTable(*m_service->spec.senders, tables::Service::Mailaddrmap, m_session->user(), TableAnswer::Of::Senders);
    else
        acceptSender();
}

// Who has signed in may only use what the table says (A14). The null sender is covered by the entry for everything.
void ServerConnection::judgeSender(const tables::LookupResult& allowed) {
    if (allowed.failed) {
        log(LogLevel::Warning, LogArea::Smtp,
            "table " + m_service->spec.senders->name() + " cannot be asked, so " + harmless(m_session->user(), 100) +
                " was told to try again: " + allowed.value);
        m_sender.reset();
        carryOut(m_session->senderChecked(smtp::makeReply(451, {4, 3, 0}, "Temporary failure, try again later")));
        return;
    }
    const QByteArray address = m_sender->sender.isNull() ? "@"_ba : m_sender->sender.text();
    const char delimiter = m_service->rules->settings.subAddressDelimiter;
    if (allowed.found && tables::mailaddrListCovers(allowed.value, address, delimiter)) {
        acceptSender();
        return;
    }
    m_sender.reset();
    const smtp::Reply reply = smtp::makeReply(550, {5, 7, 1}, "Sender address is not yours to use");
    reportRefusal("Mail from " + (address == "@" ? "<>"_ba : address) + " refused: " + m_session->user() +
                      " may not use that address, says table " + m_service->spec.senders->name(),
                  reply.oneLine());
    carryOut(m_session->senderChecked(reply));
}

void ServerConnection::acceptSender() {
    const qint64 size = std::max<qint64>(0, m_sender->params.declaredSize);
    m_sender.reset();
    const Room room = roomFor(size);
    if (room == Room::Enough) {
        carryOut(m_session->senderChecked(smtp::makeReply(250, {2, 1, 0}, "Ok")));
        return;
    }
    const smtp::Reply reply = smtp::makeReply(452, {4, 3, 1}, "Insufficient system storage, try again later");
    reportRefusal("Mail from " + m_session->client().address + " refused for now: " +
                      (room == Room::DiskNearlyFull ? "the disk is nearly full"_ba
                                                    : "it has used up its share of the queue's disk, half of what is free"_ba),
                  reply.oneLine());
    carryOut(m_session->senderChecked(reply));
}

ServerConnection::Room ServerConnection::roomFor(qint64 octets) const {
    const qint64 room = services().room();
    if (room <= octets)
        return Room::DiskNearlyFull;
    const bool mayTake = !services().shares || services().shares->mayTake(m_session->client().address, octets, room);
    return mayTake ? Room::Enough : Room::ShareUsedUp;
}

} // namespace postern::listener
