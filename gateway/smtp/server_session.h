// SPDX-License-Identifier: GPL-3.0-or-later
//
// One inbound SMTP conversation, as a value machine: bytes in, effects out.
//
// Knows nothing of sockets, timers, threads or rules; listener::ServerConnection feeds it, carries out the effects in
// order and answers the questions (recipient, sender, login, storing). While a question is open the session keeps further
// input unread (bounded); the connection stops reading meanwhile (isWaiting()).
// Thread: any single thread. Lifetime: keeps the features and limits it was built with; a reload never changes a session.
// Failure: protocol errors become replies. The session ends with a Close effect, after which it ignores everything.
// Spec: RFC 5321, 1870, 2034, 2920, 3030, 3207, 3461, 4954, 6152, 6531, 9422; where we differ from OpenSMTPD see ARCHITECTURE.md.
#pragma once

#include "base/clock.h"
#include "base/secret.h"
#include "smtp/envelope_params.h"
#include "smtp/reply.h"

#include <functional>
#include <memory>
#include <variant>
#include <vector>

namespace postern::smtp {

enum class AuthMode : quint8 { Off, Optional, Required };

// What the listener offers. Constant for the session's life.
struct ServerFeatures {
    QByteArray hostname;         // banner, EHLO, Received
    bool startTls = false;       // a certificate is at hand
    bool requireTls = false;     // 530 before MAIL until TLS is on
    bool implicitTls = false;    // smtps listener: TLS before the banner
    AuthMode auth = AuthMode::Off; // offered inside TLS only
    bool dsn = true;             // false: no-dsn
};

struct ServerLimits {
    qint64 maxMessageSize = 35LL * 1024 * 1024; // octets after unstuffing; 0 = no limit
    int maxRecipients = 1000;                   // per message: 452 4.5.3 beyond
    int maxMails = 100;                         // per session: 452 4.5.3 to MAIL beyond; 0 = no limit
    int maxErrors = 20;                         // 421 and close
    int maxAuthFailures = 4;                    // 421 and close
    int maxHops = 100;                          // Received fields
    qsizetype maxCommandLine = 2048;            // octets without CR LF
    qsizetype maxAuthLine = 12288;              // RFC 4954 §4
    qsizetype maxTextLine = 65536;              // of message content: 550 5.6.0 beyond
    Milliseconds idle{300'000};                 // between commands
    Milliseconds beforeFirstCommand{300'000};
    qint64 minDataRate = 500;                   // octets per second over the whole DATA phase, after a grace period
};

// What is known about the client before it speaks.
struct ClientFacts {
    QByteArray address;          // "192.0.2.1" or "2001:db8::1"
    quint16 port = 0;
    QByteArray reverseName;      // validated PTR name, "" = unknown (by now: setReverseName())
};

struct TlsFacts {
    QByteArray version; // "TLSv1.3"
    QByteArray cipher;  // "TLS_AES_256_GCM_SHA384"
    int bits = 0;
    bool peerVerified = false; // client certificate
    QByteArray peerName;
};

// What the content of the message under way turned out to be; complete when Commit comes.
struct ContentFacts {
    qint64 octets = 0;          // unstuffed, with CR LF
    bool hasEightBit = false;   // an octet above 127 somewhere
    bool hasDate = false;
    bool hasMessageId = false;
    QByteArray subject;         // first Subject field, decoded (RFC 2047), UTF-8, at most 200 characters
};

namespace effect {
struct Send { QByteArray bytes; };          // write; batched: one per feed() where possible
struct StartTls {};                         // after the Send before it is out; then tlsStarted() or the connection dies
struct CheckSender { Address sender; MailParams params; };       // answer with senderChecked()
struct CheckRecipient { Recipient recipient; };                  // answer with recipientChecked()
struct CheckLogin { QByteArray user; Secret password; QByteArray mechanism; }; // answer with loginChecked()
struct BeginContent {};                     // 354 was said: open a place for the content (transaction() is complete)
struct Content { QByteArray bytes; };       // unstuffed, CR LF line ends, in order
struct Commit {};                           // all content has come and is acceptable: make it durable, then stored()
struct Discard {};                          // drop what BeginContent opened (refused, RSET is not possible here, or lost)
struct Close {};                            // flush what was sent, then close
} // namespace effect

using ServerEffect = std::variant<effect::Send, effect::StartTls, effect::CheckSender, effect::CheckRecipient,
                                  effect::CheckLogin, effect::BeginContent, effect::Content, effect::Commit,
                                  effect::Discard, effect::Close>;
using ServerEffects = std::vector<ServerEffect>;

enum class LoginOutcome : quint8 { Accepted, Refused, BackendDown };

class ServerSession {
  public:
    ServerSession(ServerFeatures features, ServerLimits limits, ClientFacts client);
    ~ServerSession();
    ServerSession(ServerSession&&) noexcept;
    ServerSession& operator=(ServerSession&&) noexcept;

    // Call once, when the connection is up (implicit TLS: when its handshake is done, after tlsStarted()).
    ServerEffects greet();
    // Overload or shutdown instead of a greeting: "421 4.3.2 text" or "554 5.3.2", then Close.
    ServerEffects refuse(const Reply& reply);

    ServerEffects feed(QByteArrayView bytes);
    ServerEffects peerClosed(); // end of stream: a half message is discarded

    ServerEffects tlsStarted(const TlsFacts& facts);
    ServerEffects senderChecked(const Reply& reply);    // reply 250 accepts
    ServerEffects recipientChecked(const Reply& reply); // reply 250 accepts and adds it to the transaction
    ServerEffects loginChecked(LoginOutcome outcome);
    ServerEffects stored(const Reply& reply);           // the reply to the end of data, whatever it is

    ServerEffects timedOut();          // idle or too slow: 421 4.4.2 and Close
    ServerEffects shutDown();          // 421 4.3.2 at the next safe point (at once unless a commit is under way)

    // The client's name came while the conversation went on. Changes nothing that was said already.
    void setReverseName(QByteArray name);

    // Told every move of the conversation: state, event, next state. Never more than their names, so no secret can leak.
    using Trace = std::function<void(QByteArrayView from, QByteArrayView event, QByteArrayView to)>;
    void setTrace(Trace trace);

    // Which deadline the connection must watch now, counted from the last complete command (not the last byte).
    Milliseconds timeout() const;
    bool isWaiting() const;            // a question is open: do not read
    bool isReceivingContent() const;   // minDataRate applies
    bool isClosed() const;

    const Transaction& transaction() const;
    const ContentFacts& contentFacts() const;
    const QByteArray& helo() const;
    bool isEsmtp() const;              // EHLO was used
    bool isTls() const;
    const TlsFacts& tls() const;
    const QByteArray& user() const;    // "" = not authenticated
    const ClientFacts& client() const;
    const ServerFeatures& features() const;
    QByteArrayView stateName() const;  // for traces and status

  private:
    friend struct ServerTransitions;   // server_transitions.cpp: the table and its actions
    struct Impl;
    std::unique_ptr<Impl> m;
};

} // namespace postern::smtp
