// SPDX-License-Identifier: GPL-3.0-or-later
//
// Inside of ServerSession, shared by server_session.cpp (bytes, effects, answers) and server_transitions.cpp (the table
// and its actions). Nobody else includes it.
//
// `state` says where the conversation is and changes in dispatch() only. TLS, login and counters are plain fields beside
// it: they decide what an action answers, never which commands exist.
#pragma once

#include "base/line_splitter.h"
#include "smtp/command.h"
#include "smtp/content_stream.h"
#include "smtp/header_scan.h"
#include "smtp/server_replies.h"
#include "smtp/server_session.h"

#include <optional>

namespace postern::smtp {

enum class ServerState : quint8 {
    Opening,       // connected, nothing said
    Greeted,       // 220 said; no HELO, or forgotten by STARTTLS
    Idle,          // HELO known, no transaction
    CheckingSender,
    Mail,          // sender accepted, no recipient yet
    CheckingFirst, // recipient, while there is none
    Rcpt,          // one recipient or more
    CheckingNext,  // recipient, while there are some
    Content,       // behind 354
    Chunk,         // behind BDAT, in its octets
    BetweenChunks, // behind a chunk that was not the last
    Storing,       // behind the end of data
    TlsHandshake,  // behind 220 to STARTTLS
    PlainResponse, // the one answer of AUTH PLAIN is due
    LoginUser,     // first answer of AUTH LOGIN is due
    LoginPassword, // second
    CheckingLogin,
    Closed,
    // In rows of the table only:
    Same, // no change
    Any,  // every state that has no row of its own for the event
};
inline constexpr int kServerStates = int(ServerState::Closed) + 1;
QByteArrayView toString(ServerState state);

enum class ServerEvent : quint8 {
    // Commands: a pair that is not in the table is answered 503.
    Helo, Ehlo, Mail, Rcpt, Data, Rset, Noop, Quit, StartTls, Vrfy, Expn, Help, Bdat, Unimplemented, Unknown,
    AuthPlain,     // with its initial response
    AuthPlainBare, // without
    AuthLogin,     // with the user
    AuthLoginBare, // without
    AuthOther,     // no or an unknown mechanism
    // Everything else: a pair that is not in the table means nothing and is ignored (a late answer, say).
    Greet, Refuse, TlsUp, AuthResponse, SenderAnswer, RecipientAnswer, LoginAnswer, StoredAnswer, DataEnd,
    ChunkEnd, LastChunkEnd, // their octets are complete
    PeerClosed, TimedOut, ShutDown,
    End, // raised by dispatch() when an action asked for the end; the only way into Closed
};
inline constexpr int kServerEvents = int(ServerEvent::End) + 1;
QByteArrayView toString(ServerEvent event);

struct ServerSession::Impl {
    Impl(ServerFeatures f, ServerLimits l, ClientFacts c);

    // server_session.cpp: bytes in, effects out
    void feed(QByteArrayView bytes);
    void process();                                  // whatever is held and may be looked at now
    void handleLine(QByteArray line);
    void handleCommand(QByteArrayView line);
    qsizetype takeContent(QByteArrayView bytes);     // how much of it was content
    void skipChunk();                                // of a BDAT that was refused: its octets are no commands
    void refuseContent(replies::Wire reply);         // drops it; the reply comes at the end of data
    void discardContent();
    qint64 mostSwallowed() const;                    // octets of refused content, then 421
    void dispatch(ServerEvent event);                // the one place where `state` changes
    void answerOutOfOrder(ServerEvent event);
    ServerEffects take();                            // what has come together

    void say(QByteArrayView reply) { m_out.append(reply); }
    void say(replies::Wire reply) { say(QByteArrayView(reply.data(), qsizetype(reply.size()))); }
    bool refuse(replies::Wire reply);                // an error of the client's: counted; false
    bool hasTooManyErrors() const;
    void end(replies::Wire reply);                   // say this (or nothing), then close, when the action returns
    void flush();
    void ask(ServerEffect question);                 // replies stay held while pipelined commands follow
    void resetTransaction();
    bool isWaiting() const;
    bool isInContent() const;                        // octets are content, not commands
    bool takesCommands() const;
    bool takesAuthResponse() const;
    bool authIsOffered() const { return features.auth != AuthMode::Off && tlsOn; }

    // server_transitions.cpp: one action per row; the result chooses between the row's two targets
    bool onGreet();
    bool onRefuse();
    bool onTlsUp();
    bool onHelo();
    bool onEhlo();
    bool onMail();
    bool onSenderAnswer();
    bool onRcpt();
    bool onRecipientAnswer();
    bool onData();
    bool onDataEnd();
    bool onFirstChunk();
    bool onNextChunk();
    bool onChunkEnd();
    bool onLastChunkEnd();
    bool onMisplacedChunk();
    bool onStoredAnswer();
    bool onRset();
    bool onNoop();
    bool onQuit();
    bool onStartTls();
    bool onVrfy();
    bool onExpn();
    bool onHelp();
    bool onUnimplemented();
    bool onUnknown();
    bool onAuthPlain();
    bool onAuthPlainBare();
    bool onAuthLogin();
    bool onAuthLoginBare();
    bool onAuthOther();
    bool onPlainResponse();
    bool onLoginUser();
    bool onLoginPassword();
    bool onLoginAnswer();
    bool onPeerClosed();
    bool onPeerClosedWhileWaiting();
    bool onTimedOut();
    bool onTimedOutWhileChecking();
    bool onShutDown();
    bool onShutDownWhileStoring();
    bool onNothing() { return true; }
    bool onEnd();

    bool acceptHelo(bool esmtp);
    void beginContent(ContentStream::Framing framing);
    bool endContent();
    bool mayAuthenticate();
    bool tryLogin(QByteArrayView plainResponse);
    bool failLogin();
    bool isCancelled();

    // constant after construction
    const ServerFeatures features;
    const ServerLimits limits;
    ClientFacts client; // but for its name, which may come late

    // where the conversation is
    ServerState state = ServerState::Opening;
    bool tlsOn = false;
    TlsFacts tls;
    QByteArray helo;
    bool esmtp = false;
    QByteArray user;
    Transaction transaction;
    ContentFacts facts;
    int mails = 0;
    int errors = 0;
    int refusedRecipients = 0;
    int failedLogins = 0;
    bool peerGone = false;     // no more input will come; what is held is still answered
    bool shuttingDown = false; // 421 as soon as the commit is answered

    ServerSession::Trace trace;

    // what the action at hand works on
    QByteArrayView argument;         // of the command, or the whole line of an AUTH exchange
    const Reply* answer = nullptr;   // to the open question
    LoginOutcome loginOutcome = LoginOutcome::Refused;
    const TlsFacts* newTls = nullptr;
    Recipient candidate;             // being checked
    QByteArray loginUser;            // being authenticated

    // content under way
    std::optional<ContentStream> content;
    ChunkArgument chunk;             // of the BDAT at hand: octets still to come
    QByteArray chunkReply;           // to it, when its octets are complete
    qint64 toSkip = 0;               // octets of a refused chunk still to come
    HeaderScan headers;
    replies::Wire contentRefusal;    // empty while the content is acceptable
    qint64 swallowed = 0;            // octets since the refusal
    bool contentOpen = false;        // BeginContent was said, neither Commit nor Discard yet
    bool moreBehindData = false;     // octets had come behind the end of data

    // input and output
    bool sawInput = false;
    LineSplitter m_in;
    QByteArray m_out;
    ServerEffects m_effects;
    std::optional<QByteArray> m_end; // last words; set = close when the action returns
};

// The table; a friend of ServerSession. Row lookup is one array access.
struct ServerTransitions {
    using Impl = ServerSession::Impl;
    struct Row {
        ServerState in;
        ServerEvent on;
        bool (Impl::*does)();
        ServerState then;
        ServerState otherwise;
    };
    static const Row* find(ServerState in, ServerEvent on);
};

} // namespace postern::smtp
