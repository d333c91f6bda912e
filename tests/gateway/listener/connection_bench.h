// SPDX-License-Identifier: GPL-3.0-or-later
//
// The engine around one ServerConnection, played by the test: the spool answers when told to, time stands still, the
// disk is in memory, the peer is a StreamScript.
#pragma once

#include "fake_stream.h"
#include "listener/server_connection.h"
#include "support/failing_file_store.h"
#include "support/fake_clock.h"
#include "support/memory_file_store.h"

#include <QCoreApplication>

namespace postern::test {

class ConnectionBench : public listener::ConnectionHost {
  public:
    ConnectionBench();
    ~ConnectionBench() override;

    // Connects with what is set up so far; the peer's side comes back.
    StreamScript& connect();
    StreamScript& peer() { return *m_script; }
    listener::ServerConnection* connection() { return m_connection.get(); } // null once finished

    // What the peer heard since the last question.
    QByteArray heard();
    // Says `line` CR LF, returns what was heard then.
    QByteArray ask(const QByteArray& line);
    void tick(Milliseconds later) {
        clock.advance(later);
        if (m_connection)
            m_connection->tick();
    }

    // The spool's side.
    int stores() const { return int(m_stores.size()); }
    const queue::StoreMessage& store(int n) const { return m_stores[size_t(n)]; }
    void commit(int n);                     // durable now
    void fail(int n, const Error& error);
    static void deliverOutcomes() { QCoreApplication::sendPostedEvents(); }
    QByteArrayList discarded;               // incoming files given up

    // ConnectionHost
    const std::shared_ptr<const listener::ListenerServices>& services() const override { return m_services; }
    MailboxAddress<listener::Outcome> outcomes() const override { return m_outcomes.address(); }
    bool isOwnAddress(const QByteArray& address) const override { return address == "127.0.0.1"; }
    bool recognise(listener::ConnectionId, const QByteArray& address) override {
        recognised.append(address);
        return admits;
    }
    void checkLogin(listener::LoginQuestion question) override { logins.push_back(std::move(question)); }
    std::optional<QByteArray> reverseNameOf(listener::ConnectionId, const QByteArray& address) override {
        addressesAsked.append(address);
        return reverseName;
    }
    std::optional<bool> hasNullMx(listener::ConnectionId, const QByteArray& domain) override {
        domainsAsked.append(domain);
        return nullMx;
    }
    void answerDomain(const QByteArray& domain, bool isNull) {
        if (m_connection)
            m_connection->deliver({m_connection->id(), listener::DomainAnswer{domain, isNull}});
    }
    void answerReverseName(const QByteArray& name) {
        if (m_connection)
            m_connection->deliver({m_connection->id(), listener::NameAnswer{name}});
    }
    void finished(listener::ConnectionId) override { m_connection.reset(); }

    FakeClock clock;
    MemoryFileStore disk;
    FileStore* files = &disk;               // before connect()
    bool hasRoom = true;
    qint64 room = qint64(1) << 40; // octets above the reserve
    queue::ClientSharesPtr shares;
    std::shared_ptr<policy::Ruleset> rules; // before connect()
    listener::ListenerService service;      // before connect()
    std::optional<QByteArray> reverseName = QByteArray(); // nothing: it comes by answerReverseName()
    bool admits = true;
    QByteArrayList recognised;              // clients that a proxy named
    std::optional<bool> nullMx = false;     // nothing: it comes by answerDomain()
    QByteArrayList domainsAsked;
    QByteArrayList addressesAsked;          // for their names
    delivery::Surroundings surroundings;    // of aliases
    bool holdsFollows = false;              // they are answered by answerFollows()
    std::vector<std::function<void()>> follows;
    void answerFollows();
    std::vector<listener::SessionEvent> events;
    std::vector<queue::QueuedMessage> durable; // told to the scheduler
    std::vector<listener::LoginQuestion> logins;

  private:
    std::shared_ptr<const listener::ListenerServices> m_services;
    std::shared_ptr<StreamScript> m_script;
    std::unique_ptr<listener::ServerConnection> m_connection;
    qsizetype m_heardTo = 0;
    queue::MessageId m_lastMessage = 0x1a2b3c4c;
    std::vector<queue::StoreMessage> m_stores;
    mutable Mailbox<listener::Outcome> m_outcomes;
};

// Says everything up to DATA; what was heard then, hopefully 354.
QByteArray openData(ConnectionBench& bench, const QByteArrayList& recipients = {"bob@example.org"});

inline const QByteArray kMessage =
    "Subject: Scan 7\r\nDate: Thu, 19 Nov 2026 14:32:00 +0000\r\nMessage-ID: <7@scanner.example>\r\n\r\nhello\r\n";

} // namespace postern::test
