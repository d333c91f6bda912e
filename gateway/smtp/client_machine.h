// SPDX-License-Identifier: GPL-3.0-or-later
//
// The inside of ClientSession, shared by client_session.cpp (facts, commands, texts) and client_transitions.cpp (the table
// of legal moves and what each does). Not for other folders. Only ClientTransitions::dispatch() writes `state`.
#pragma once

#include "smtp/client_session.h"
#include "smtp/dot_stuffer.h"
#include "smtp/reply_parser.h"

namespace postern::smtp {

enum class ClientState : quint8 {
    Start, Greeting, Ehlo, Helo, Choosing, StartTls, Handshake, AuthPlain, AuthLogin, AuthUser, AuthResult,
    Idle, Offered, Chunk, Rset, Mail, Rcpt, Data, Content, FinalDot, EmptyDot, Quit, Closed,
};
inline constexpr int kClientStates = int(ClientState::Closed) + 1;

enum class ClientEvent : quint8 {
    Connected, TlsUp, TlsDown, Offer, Content, QuitAsked, Lost, TimedOut,      // from the connection
    Positive, Intermediate, Temporary, Permanent, Closing, Garbage,            // from the peer: 2xx 3xx 4xx 5xx 421 nonsense
    WantTls, WantPlain, WantLogin, WantReset, WantMail, WantChunk, ChunkSent, NobodyLeft, // raised by our own actions
};
inline constexpr int kClientEvents = int(ClientEvent::NobodyLeft) + 1;

// One row per state: its name, how long the peer may take (RFC 5321 §4.5.3.2), and two wordings for people.
struct ClientStateRow {
    ClientState state;
    Milliseconds timeout;
    const char* name;     // for traces and status
    const char* command;  // "(in reply to X)"
    const char* awaited;  // "while we waited for X"
};
const ClientStateRow& clientStateRow(ClientState state);

// What the server said it can do; forgotten when TLS starts.
struct ServerFacts : PeerOffers {
    bool pipelining = false, startTls = false;
    bool authOffered = false, authPlain = false, authLogin = false;
    bool sizeOffered = false;
};
ServerFacts parseEhlo(const Reply& reply);

struct ClientSession::Impl {
    // constant after construction
    ClientSettings settings;

    ClientState state = ClientState::Start;
    ReplyParser parser;
    ServerFacts facts;
    bool tls = false;
    bool mayFallToHelo() const { return !needsTls() && !settings.auth && !settings.lmtp; }
    bool needsTls() const;

    // the mail under way
    std::optional<ClientMail> mail;
    std::vector<std::optional<RecipientOutcome>> outcomes; // one per recipient, decided ones filled
    std::vector<size_t> toSend;     // recipients that are named to this peer
    std::vector<size_t> accepted;   // those that RCPT took
    size_t rcptAt = 0;              // which of `toSend` is answered next
    size_t finalAt = 0;             // LMTP: which of `accepted` is answered next
    bool group = false;             // the envelope went out in one write: every reply will come
    bool bodyInGroup = false;       // and DATA, or the whole content as a chunk, with it
    bool resetInGroup = false;      // and a RSET in front of it
    bool chunked = false;           // by BDAT; never together with DATA
    qint64 chunkLeft = 0;           // octets of it still to go
    bool senderDeferred = false;    // MAIL was answered 4xx
    bool needsReset = false;        // the server may still hold a transaction
    DotStuffer stuffer;
    int mailsDone = 0;
    quint64 replies = 0;

    // the event under way
    Reply reply;                    // for the four reply events
    QByteArray reason;              // for Lost, TlsDown
    QByteArrayView piece;           // for Content
    std::optional<ClientMail> offered; // for Offer
    std::optional<ClientEvent> raised;
    ClientEffects effects;

    // commands
    void send(QByteArray bytes);
    void sendHello();
    QByteArray mailCommand() const;
    QByteArray rcptCommand(size_t index) const;
    QByteArray plainToken() const;
    void hideSecret(); // in `reply`
    std::optional<QByteArray> cannotCarry(const ClientMail& candidate, EnhancedCode& code) const;

    // outcomes
    QByteArray said() const;        // "PEER said: 550 5.1.1 no such user (in reply to RCPT)"
    RecipientOutcome judged() const; // by the class of the reply
    void decide(size_t index, RecipientOutcome outcome);
    void decideAccepted(const RecipientOutcome& outcome);
    void endMail(const RecipientOutcome& rest); // undecided recipients get `rest`; MailDone
    void fail(FaultKind kind, QByteArray text, bool permanent = false, bool withReply = false);

    ClientEffects takeEffects() { return std::exchange(effects, {}); }
};

// The table; client_transitions.cpp tells the story above it.
struct ClientTransitions {
    enum class Way : quint8 { Then, Else, Stay, Closed };
    using Machine = ClientSession::Impl;
    using Action = Way (*)(Machine&);
    struct Row {
        ClientState in;
        ClientEvent on;
        Action does;
        ClientState then;
        ClientState orElse;
    };
    static void dispatch(Machine& m, ClientEvent event);
    static void readReplies(Machine& m); // whole replies in the parser become events, until closed
};

} // namespace postern::smtp
