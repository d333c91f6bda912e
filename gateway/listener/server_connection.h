// SPDX-License-Identifier: GPL-3.0-or-later
//
// One client: feeds what the stream brings to the session and carries out the session's effects, in order.
//
// Decides nothing about protocol (smtp::ServerSession), rules (policy::match) or aliases (delivery::RecipientLookup); it asks,
// remembers the envelopes that each recipient comes to, gathers the content and hands the whole to the spool. 250 leaves only
// with the spool's word for it.
// Thread: the host's; a stream calls back on it. The spool thread only ever touches a Commit (its own value).
// Lifetime: keeps the ListenerService it began with, whatever a reload does; ends with host.finished(). Destroying it
//   earlier closes hard and discards a half message; a commit under way goes on (the message is kept, its 250 is lost,
//   which RFC 5321 §6.1 allows).
// Deadlines: tick() once a second. Idle counts from the last complete command, not the last byte.
// Spec: RFC 5321 §4.2.5 (250 means ours), §4.5.3.2.7 (5 minutes), RFC 3207 §4.2.
#pragma once

#include "listener/connection_host.h"
#include "listener/envelope_maker.h"
#include "listener/incoming_content.h"
#include "listener/open_listener.h"
#include "listener/proxy_header.h"
#include "smtp/from_masquerade.h"
#include "smtp/own_results.h"
#include "smtp/submission_fixes.h"
#include "tls/stream.h"

#include <QSet>

#include <optional>
#include <span>

namespace postern::listener {

class ServerConnection final : private tls::StreamHandler {
  public:
    ServerConnection(ConnectionHost& host, ConnectionId id, std::shared_ptr<const ListenerService> service);
    ~ServerConnection() override;
    ServerConnection(const ServerConnection&) = delete;
    ServerConnection& operator=(const ServerConnection&) = delete;

    void start(std::unique_ptr<tls::Stream> stream); // greets, or waits for the handshake first
    void deliver(Outcome outcome);                   // the answer to something asked before
    void tick();
    void shutDown(); // 421 at the next safe point

    ConnectionId id() const { return m_id; }
    const ListenerService& service() const { return *m_service; }

  private:
    // Counts how deep we are in our own doors; the outermost one to be left tells the host that all is over.
    class Door;

    // What was accepted so far. Envelopes lack their ids.
    struct Accepted {
        std::vector<queue::Envelope> envelopes;
        std::vector<queue::Envelope> expanded; // recipients with several ends, whose sender wants to hear of it
        QSet<QByteArray> ends;                 // each has one envelope, whichever recipients lead there
    };

    void onBytes(QByteArrayView bytes) override;
    void onEncrypted(const tls::SessionFacts& facts) override;
    void onWritten() override;
    void onClosed(const Error& reason, bool peerEnded) override;

    // Before the greeting: whom the connection comes from, and what we are called there.
    void onProxyHeader(QByteArrayView bytes);
    void open();
    void begin(QByteArray hostname);
    void tickBeforeTheGreeting();
    void refuseProxy(const QByteArray& why);
    void learnReverseName(QByteArray name);

    void carryOut(smtp::ServerEffects effects);
    void perform(smtp::effect::Send& send);
    void perform(smtp::effect::StartTls& startTls);
    void perform(smtp::effect::CheckSender& question);
    void perform(smtp::effect::CheckRecipient& question);
    void perform(smtp::effect::CheckLogin& question);
    void perform(smtp::effect::BeginContent& begin);
    void perform(smtp::effect::Content& content);
    void perform(smtp::effect::Commit& commit);
    void perform(smtp::effect::Discard& discard);
    void perform(smtp::effect::Close& close);

    // What stands between MAIL and its answer: the client's name, whether the login may use the address, room.
    // server_connection_sender.cpp
    void checkSenderOn();
    void askSenderDomain();
    void judgeSenderDomain(bool hasNullMx);
    void onDomainAnswer(const DomainAnswer& answer);
    void stopWaitingForDomain();
    void judgeSender(const tables::LookupResult& allowed);
    void acceptSender();
    // Asks `table`; `answered` comes at once or, by way of the host, as a TableAnswer.
    void askTable(const tables::Table& table, tables::Service service, const QByteArray& key, TableAnswer::Of what);
    void onTableAnswer(const TableAnswer& answer);

    void settle();
    void flush();
    void updateReading();
    void startTls();
    void timeOut(const char* why);
    void countErrors(QByteArrayView replies);

    // What RCPT is answered: server_connection_recipient.cpp
    policy::MatchContext recipientContext() const;
    void decide(policy::Verdict verdict);
    void judge(delivery::Outcome outcome);
    void onEnds(EndsAnswer answer);
    void stopWaitingForEnds();
    smtp::Reply admit(std::span<const delivery::End> ends);
    smtp::Reply turnDown(const policy::ReplyLine& line, const QByteArray& why);

    queue::Message messageFor(const queue::Body& body) const;
    void keep(QByteArrayView bytes);
    enum class Room : quint8 { Enough, DiskNearlyFull, ShareUsedUp };
    Room roomFor(qint64 octets) const; // more of this client's mail
    void discardContent();
    void reportRefusal(QByteArray text, QByteArray detail);
    QByteArray describe(const queue::Message& message) const;
    const ListenerServices& services() const { return *m_host.services(); }
    SteadyTime now() const { return services().clock->steady(); }

    // Constant after construction.
    ConnectionHost& m_host;
    const ConnectionId m_id;
    const std::shared_ptr<const ListenerService> m_service;

    std::unique_ptr<tls::Stream> m_stream;
    smtp::ClientFacts m_client;                   // as the session begins with it
    std::optional<ProxyHeader> m_proxy;           // while it is being read
    std::optional<smtp::ServerSession> m_session; // nothing before the greeting
    std::optional<QByteArray> m_reverseName;      // nothing while it is being looked up
    bool m_senderWaitsForName = false;
    std::optional<smtp::effect::CheckSender> m_sender; // under way
    QByteArray m_senderDomain;                         // "" while nothing is asked about it
    SteadyTime m_senderDomainSince{};
    SteadyTime m_openedAt{};

    // Carrying out effects.
    smtp::ServerEffects m_effects;
    bool m_carryingOut = false;
    QByteArray m_out; // replies of this turn: one write
    int m_depth = 0;
    bool m_ended = false;   // the stream is gone
    bool m_closing = false; // Close was carried out
    bool m_handshaking = false;

    // Back-pressure.
    bool m_reading = true;
    bool m_slowed = false;   // too many errors: one turn of commands per tick
    int m_errors = 0;
    int m_refusalsReported = 0;
    QByteArray m_toldCode; // of the refusal that was reported before its reply went out

    // Deadlines, on the steady clock.
    SteadyTime m_since{};        // last complete command, content, or state change of ours
    SteadyTime m_contentSince{};
    qint64 m_contentOctets = 0;
    qint64 m_unsent = 0;         // at the last tick
    SteadyTime m_unsentSince{};

    // The transaction under way.
    Accepted m_accepted;
    smtp::Recipient m_asked; // the recipient under judgement
    quint64 m_endsQuestion = 0;                // the last one
    std::optional<SteadyTime> m_endsAskedSince; // nothing while none is open
    EnvelopeMaker m_envelopes;
    queue::MessageId m_messageId = 0;
    queue::ClientShares::Share m_share; // of the disk, for what has come of the content
    std::optional<IncomingContent> m_content;
    std::optional<smtp::FromMasquerade> m_masquerade; // what passes into m_content goes through it,
    std::optional<smtp::OwnResults> m_results;        // then this,
    std::optional<smtp::SubmissionFixes> m_fixes;     // and then this
    bool m_contentRefused = false; // the next reply says why
};

class ServerConnection::Door {
  public:
    explicit Door(ServerConnection& connection) : m_connection(connection) { ++m_connection.m_depth; }
    ~Door() {
        if (m_connection.m_depth == 1)
            m_connection.settle();
        if (--m_connection.m_depth == 0 && m_connection.m_ended)
            m_connection.m_host.finished(m_connection.m_id); // the connection may be gone now
    }
    Door(const Door&) = delete;
    Door& operator=(const Door&) = delete;

  private:
    ServerConnection& m_connection;
};

} // namespace postern::listener
