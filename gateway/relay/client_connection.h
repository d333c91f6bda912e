// SPDX-License-Identifier: GPL-3.0-or-later
//
// One connection to a next hop: a tls::Stream and a smtp::ClientSession that know nothing of each other.
//
// Carries out the session's effects (one write per step), feeds it content within bounds, and watches its deadline: the
// time that the peer may take for one reply, not for one byte. Not for choosing hosts, retry or credentials: see Route.
// Thread: one I/O thread. Lifetime: the owner may not destroy it inside its calls; isGone() tells when it may.
// Failure: exactly one onConnectionOver() per connection; a mail under way is handed back before it, once.
#pragma once

#include "base/clock.h"
#include "relay/shipment.h"
#include "smtp/client_session.h"
#include "tls/stream.h"

#include <memory>
#include <optional>

namespace postern::relay {

class ClientConnection;

class ConnectionOwner {
  public:
    virtual ~ConnectionOwner() = default;
    virtual void onConnectionReady(ClientConnection& connection) = 0; // offer(), rest() or quit()
    // The mail is over, its outcomes are in it. `untouched`: the peer never began to take it, so it can go another way at once.
    virtual void onMailOver(ClientConnection& connection, std::unique_ptr<Shipment> shipment, bool untouched) = 0;
    virtual void onConnectionOver(ClientConnection& connection, const std::optional<smtp::Fault>& fault) = 0;
};

struct ConnectionPlan {
    smtp::ClientSettings session;
    tls::ClientTlsPolicy tls;
    QByteArray address;
    quint16 port = 25;
    QByteArray sourceAddress;
    Milliseconds connectTimeout{30'000};
};

class ClientConnection final : private tls::StreamHandler {
  public:
    ClientConnection(const Clock& clock, FileStore& files, const Connector& connector, ConnectionPlan plan,
                     ConnectionOwner& owner);
    ~ClientConnection() override;

    void offer(std::unique_ptr<Shipment> shipment); // after onConnectionReady()
    void rest(Milliseconds keepAlive);              // nothing to do: QUIT after that
    void quit();
    void abandon(const QByteArray& why);            // now; a mail under way comes back as temporary with `why`
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

  private:
    void onConnected() override;
    void onBytes(QByteArrayView bytes) override;
    void onEncrypted(const tls::SessionFacts& facts) override;
    void onWritten() override;
    void onClosed(const Error& reason, bool peerEnded) override;

    void perform(smtp::ClientEffects effects);
    void collect(smtp::ClientEffects effects);
    bool sendContent();
    void flush();
    void tellOwner();
    void over(std::optional<smtp::Fault> fault);
    void restartDeadline();

    enum class Phase : quint8 { Connecting, Wrapping, Talking, Closing };

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
    quint64 m_progress = 0;
    QByteArray m_tlsVersion;
    QByteArray m_ownCause;      // why we gave a mail up ourselves
    bool m_contentBegun = false;
    bool m_gone = false;

    // what the effects under way asked for
    QByteArray m_out;
    bool m_wantsContent = false;
    bool m_wantsTls = false;
    bool m_becameReady = false;
    std::optional<std::vector<smtp::RecipientOutcome>> m_outcomes;
    std::optional<smtp::effect::Finished> m_finished;
};

} // namespace postern::relay
