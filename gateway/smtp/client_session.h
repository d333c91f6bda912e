// SPDX-License-Identifier: GPL-3.0-or-later
//
// One outbound SMTP conversation, as a value machine: bytes and messages in, effects and per-recipient outcomes out.
//
// Greets, upgrades to TLS and signs in as its settings demand, then takes one message after another (offer()), pipelining
// when the server offers it. Knows nothing of sockets, timers or retry: relay::ClientConnection drives it.
// Thread: any single thread. Failure: everything the peer can do ends in outcomes or a Finished effect with a Fault.
// Spec: RFC 5321 §4.2, §4.5.3.2, RFC 1870, 2920, 3030, 3461, 6152, 6531, 9422, 3207 §4.2 (forget the plaintext EHLO), 4954; standards as a relay client.
#pragma once

#include "base/clock.h"
#include "base/secret.h"
#include "smtp/envelope_params.h"
#include "smtp/reply.h"

#include <memory>
#include <optional>
#include <variant>
#include <vector>

namespace postern::smtp {

enum class ClientTls : quint8 {
    Never,         // smtp+notls
    Opportunistic, // STARTTLS when offered, not verified; on handshake failure the caller reconnects with Never
    Required,      // STARTTLS or nothing
    Wrapped,       // TLS from the first byte (the connection does it before greeting)
};

struct Credentials {
    QByteArray user;
    Secret password;
};

struct ClientSettings {
    QByteArray helo;                  // our name
    ClientTls tls = ClientTls::Opportunistic;
    std::optional<Credentials> auth;  // demanded when present; sent inside TLS only
    bool lmtp = false;                // LHLO, one final reply per recipient
    QByteArray peerName;              // for texts: "mx.example.net [192.0.2.25]:25"
    Milliseconds greetingTimeout{5 * 60'000}; // RFC 5321 §4.5.3.2.1; shorter only where silence says something else
};

// What a peer said it takes, as far as it decides about a message.
struct PeerOffers {
    bool eightBit = false, utf8 = false, dsn = false, chunking = false;
    qint64 maxSize = 0; // octets of a message; 0 = no limit told
    int maxRecipients = 0, maxMails = 0; // RFC 9422 RCPTMAX, MAILMAX; 0 = none told
};

// One message for one or more recipients. The content is fetched piece by piece through NeedContent.
struct ClientMail {
    Address sender;
    MailParams params;                // declaredSize = real octets of the stored content (CR LF form)
    std::vector<Recipient> recipients;
    bool hasEightBit = false;         // content holds octets > 127
    bool headerNeedsUtf8 = false;     // some of them in a header field; only asked where the peer lacks SMTPUTF8
    QByteArray notConvertible;        // why they cannot be coded for a peer without 8BITMIME; only asked there
};

enum class OutcomeKind : quint8 { Delivered, Temporary, Permanent };

struct RecipientOutcome {
    OutcomeKind kind = OutcomeKind::Temporary;
    Reply reply;       // the peer's words, cleaned to one line each; code 0 = no reply (our own text in `text`)
    QByteArray text;   // one line for queue and log: "PEER said: 550 5.1.1 no such user (in reply to RCPT)", or our cause
    bool dsnPassedOn = false; // delivered to a peer that sends the notices that were asked for (RFC 3461 §6.2.7)
};

// Why a session is over although nobody asked it to be.
enum class FaultKind : quint8 {
    ConnectionLost, Timeout, GreetingRefused, HeloRefused, TlsUnavailable, TlsFailed, AuthUnavailable, AuthRefused,
    ProtocolError, ServiceClosing, // 421
};

struct Fault {
    FaultKind kind = FaultKind::ConnectionLost;
    bool permanent = false;   // true only where the RFCs say so (e.g. 521/554 greeting of this host)
    Reply reply;              // if the peer said something
    QByteArray text;          // one line, who and what
};

namespace effect {
struct ClientSend { QByteArray bytes; };
struct ClientStartTls {};           // then tlsStarted(), or tlsFailed()
struct NeedContent {};              // give the next piece with content(); empty piece = end
struct MailDone {
    std::vector<RecipientOutcome> outcomes; // same order as ClientMail::recipients
    bool senderDeferred = false;            // 4xx to MAIL: nothing of it was taken, another host may
};
struct Ready {};                    // offer() the next mail or quit()
struct Finished { std::optional<Fault> fault; }; // close the socket; without a fault: after QUIT
} // namespace effect

using ClientEffect = std::variant<effect::ClientSend, effect::ClientStartTls, effect::NeedContent, effect::MailDone,
                                  effect::Ready, effect::Finished>;
using ClientEffects = std::vector<ClientEffect>;

// Why a message of so many octets cannot go to a peer with that limit; begins with its enhanced code.
QByteArray tooLargeFor(const QByteArray& peerName, qint64 octets, qint64 limit);

class ClientSession {
  public:
    explicit ClientSession(ClientSettings settings);
    ~ClientSession();
    ClientSession(ClientSession&&) noexcept;
    ClientSession& operator=(ClientSession&&) noexcept;

    ClientEffects connected();                   // TCP is up (Wrapped: and TLS); waits for the greeting
    ClientEffects feed(QByteArrayView bytes);
    ClientEffects tlsStarted();
    ClientEffects tlsFailed(const QByteArray& reason);
    ClientEffects offer(ClientMail mail);        // after Ready; else it comes back at once as MailDone, all Temporary
    ClientEffects content(QByteArrayView bytes); // dot-stuffs on the way; the stored form must end in CR LF
    ClientEffects quit();                        // says QUIT when Ready, else just ends
    ClientEffects peerClosed(const QByteArray& reason);
    ClientEffects timedOut();

    Milliseconds timeout() const;   // RFC 5321 §4.5.3.2 for the state it is in
    const PeerOffers& offers() const; // what it said in reply to the last EHLO
    bool isReady() const;
    bool isTls() const;
    bool isHandshaking() const;     // after ClientStartTls: an end of the connection is tlsFailed()
    quint64 progress() const;       // grows with each whole reply: a deadline is for a reply, not for a byte
    int mailsDone() const;          // messages that came to an end, whatever it was
    QByteArrayView stateName() const;
    QByteArray awaited() const;     // for people: "the reply to RCPT"

  private:
    friend struct ClientTransitions;
    struct Impl;
    std::unique_ptr<Impl> m;
};

} // namespace postern::smtp
