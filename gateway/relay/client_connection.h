// SPDX-License-Identifier: GPL-3.0-or-later
//
// One connection to a next hop: a tls::Stream and a smtp::ClientSession that know nothing of each other.
//
// Carries out the session's effects (one write per step), feeds it content within bounds, and watches its deadline: the
// time that the peer may take for one reply, not for one byte. Not for choosing hosts, retry or credentials: see Route.
// Thread: one I/O thread. Lifetime: the owner may not destroy it inside its calls; isGone() tells when it may.
// Failure: exactly one onConnectionOver() per connection; a mail under way is handed back before it, once. A connection that
//   is not isGone() then says so later, by onConnectionGone() or to whoever calls tick().
#pragma once

#include "base/clock.h"
#include "relay/shipment.h"
#include "smtp/client_session.h"
#include "tls/stream.h"

#include <memory>
#include <optional>

namespace postern::relay {

class ClientConnection;

enum class MailEnd : quint8 {
    Decided,        // each recipient has its verdict
    Untouched,      // the peer never began to take it, so it can go another way at once
    SenderDeferred, // 4xx to MAIL: the outcomes stand, unless another host takes it now
};

class ConnectionOwner {
  public:
    virtual ~ConnectionOwner() = default;
    virtual void onConnectionReady(ClientConnection& connection) = 0; // offer(), rest() or quit()
    // The mail is over, its outcomes are in it.
    virtual void onMailOver(ClientConnection& connection, std::unique_ptr<Shipment> shipment, MailEnd end) = 0;
    // Only with ConnectionPlan::asksHelo, when TCP is up: proceed() with the name to greet with, or discard().
    virtual void onHeloWanted(ClientConnection& connection, const QByteArray& localAddress) = 0;
    virtual void onConnectionOver(ClientConnection& connection, const std::optional<smtp::Fault>& fault) = 0;
    virtual void onConnectionGone(ClientConnection& connection) = 0; // after it, from the event loop: nothing is open any more
};

struct ConnectionPlan {
    smtp::ClientSettings session;
    tls::ClientTlsPolicy tls;
    QByteArray address;
    quint16 port = 25;
    QByteArray sourceAddress;
    Milliseconds connectTimeout{30'000};
    bool asksHelo = false; // the name depends on the local address, which the system chooses
};

class ClientConnection final : private tls::StreamHandler {
  public:
    ClientConnection(const Clock& clock, FileStore& files, const Connector& connector, ConnectionPlan plan,
                     ConnectionOwner& owner);
    ~ClientConnection() override;

    void proceed(const QByteArray& helo);           // the answer to onHeloWanted()
    void offer(std::unique_ptr<Shipment> shipment); // after onConnectionReady()
    void rest(Milliseconds keepAlive);              // nothing to do: QUIT after that
    void quit();
    void abandon(const QByteArray& why);            // now; a mail under way comes back as temporary with `why`
    void discard();                                 // now, before a word was said; nothing is called any more
    void tick(SteadyTime now);

    bool isReady() const { return m_session.isReady(); }
    bool hasMail() const { return m_shipment != nullptr; }
    bool isGone() const { return m_gone; }
    int mailsDone() const { return m_session.mailsDone(); }
    bool hasServedItsMails() const; // as many as the peer takes on one connection
    const smtp::PeerOffers& offers() const { return m_session.offers(); }
    const QByteArray& peer() const { return m_plan.session.peerName; }
    const QByteArray& tlsVersion() const { return m_tlsVersion; } // "" in clear
    QByteArray stateText() const;
    bool sourceRefused() const { return m_sourceRefused; } // it ended because the local address cannot be used
    // How long a mail has been waiting for the peer to do anything, and for what; 0 = it moves.
    Milliseconds silence(SteadyTime now) const;
    QByteArray awaited() const { return m_session.awaited(); }

  private:
    void onConnected() override;
    void onBytes(QByteArrayView bytes) override;
    void onEncrypted(const tls::SessionFacts& facts) override;
    void onWritten() override;
    void onClosed(const Error& reason, bool peerEnded) override;
    quint32 work() const override;

    void perform(smtp::ClientEffects effects);
    void collect(smtp::ClientEffects effects);
    bool sendContent();
    void flush();
    void tellOwner();
    void over(std::optional<smtp::Fault> fault);
    void restartDeadline();
    void begin();

    enum class Phase : quint8 { Connecting, Naming, Wrapping, Talking, Closing };

    // constant after construction
    const Clock& m_clock;
    FileStore& m_files;
    ConnectionOwner& m_owner;
    ConnectionPlan m_plan;

    smtp::ClientSession m_session;
    std::unique_ptr<tls::Stream> m_stream;
    std::unique_ptr<Shipment> m_shipment;
    Phase m_phase = Phase::Connecting;
    SteadyTime m_deadline{};
    SteadyTime m_lastMove{};
    quint64 m_progress = 0;
    QByteArray m_tlsVersion;
    QByteArray m_ownCause;      // why we gave a mail up ourselves
    bool m_contentBegun = false;
    bool m_unreadable = false;  // that was it: the content
    bool m_gone = false;
    bool m_sourceRefused = false;

    // what the effects under way asked for
    QByteArray m_out;
    bool m_wantsContent = false;
    bool m_wantsTls = false;
    bool m_becameReady = false;
    std::optional<smtp::effect::MailDone> m_done;
    std::optional<smtp::effect::Finished> m_finished;
};

} // namespace postern::relay
