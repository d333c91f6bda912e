// SPDX-License-Identifier: GPL-3.0-or-later
//
// The legal moves of an outbound conversation.
//
// Normal path: Start -> Greeting -> Ehlo -> Choosing -> (StartTls -> Handshake -> Ehlo -> Choosing) -> (Auth... ->) Idle,
// then for each message Offered -> (Rset ->) Mail -> Rcpt (once per recipient) -> Data -> Content -> FinalDot -> Idle, at the
// end Quit -> Closed. Choosing and Offered are left in the same step by an event that their action raises.
//
// BDAT takes the place of DATA where it is offered. A small content leaves in one group with its envelope: Offered ->
// Chunk until its last octet is out, and only then the replies are read, from Rset or Mail on; behind Data comes FinalDot.
// A large one waits for the verdicts on its recipients: Data -> Content -> FinalDot, without a 354 between.
//
// Mail, Rcpt and Data say *whose reply comes next*, so one table serves both ways of talking: with PIPELINING the whole
// envelope is written on leaving Offered, without it each command is written when the reply before it has come. A group is
// always read to its end: a refused MAIL still has its RCPT and DATA replies behind it. If DATA is answered 354 although
// nobody is left, EmptyDot ends it with a lone dot (RFC 2920 §3.1).
//
// Exceptions: 421, nonsense, a lost connection and a time-out end every state alike (kOtherwise); recipients without a
// verdict are then temporary failures. Handshake never goes back to clear text. Closed is never left.
#include "smtp/client_actions.h"

#include "base/contract.h"

#include <array>

namespace postern::smtp {

using namespace std::chrono_literals;
using Way = ClientTransitions::Way;
using Machine = ClientTransitions::Machine;
using S = ClientState;
using E = ClientEvent;
using namespace action;

namespace {

constexpr auto kStates = std::to_array<ClientStateRow>({
    {S::Start,     5min,  "start",      "",                        "a connection"},
    {S::Greeting,  5min,  "greeting",   "our connecting",          "its greeting"},
    {S::Ehlo,      5min,  "ehlo",       "EHLO",                    "the reply to EHLO"},
    {S::Helo,      5min,  "helo",       "HELO",                    "the reply to HELO"},
    {S::Choosing,  5min,  "choosing",   "",                        "our own choice"},
    {S::StartTls,  5min,  "starttls",   "STARTTLS",                "the reply to STARTTLS"},
    {S::Handshake, 60s,   "handshake",  "",                        "the TLS handshake"},
    {S::AuthPlain, 5min,  "auth",       "AUTH PLAIN",              "the reply to AUTH PLAIN"},
    {S::AuthLogin, 5min,  "auth",       "AUTH LOGIN",              "the reply to AUTH LOGIN"},
    {S::AuthUser,  5min,  "auth",       "the user name",           "the reply to the user name"},
    {S::AuthResult,5min,  "auth",       "the password",            "the reply to the password"},
    {S::Idle,      5min,  "idle",       "",                        "the next message"},
    {S::Offered,   5min,  "offered",    "",                        "our own choice"},
    {S::Chunk,     3min,  "chunk",      "the message, half sent",  "it to take the message"},
    {S::Rset,      5min,  "rset",       "RSET",                    "the reply to RSET"},
    {S::Mail,      5min,  "mail",       "MAIL",                    "the reply to MAIL"},
    {S::Rcpt,      5min,  "rcpt",       "RCPT",                    "the reply to RCPT"},
    {S::Data,      2min,  "data",       "DATA",                    "the reply to DATA"},
    {S::Content,   3min,  "content",    "the message, half sent",  "it to take the message"},
    {S::FinalDot,  10min, "final dot",  "the end of the message",  "its word on the whole message; it may have taken it"},
    {S::EmptyDot,  5min,  "empty dot",  "an empty message",        "the end of a transaction without recipients"},
    {S::Quit,      5s,    "quit",       "QUIT",                    "the reply to QUIT"},
    {S::Closed,    5min,  "closed",     "",                        "nothing"},
});
static_assert(kStates.size() == size_t(kClientStates));
static_assert([] {
    for (size_t i = 0; i < kStates.size(); ++i)
        if (size_t(kStates[i].state) != i)
            return false;
    return true;
}());

// --- the end --------------------------------------------------------------------------------------------------------

Way sendQuit(Machine& m) {
    m.send("QUIT\r\n");
    return Way::Then;
}

Way onGone(Machine& m) {
    m.effects.push_back(effect::Finished{});
    return Way::Closed;
}

// --- pairs that the table does not list -----------------------------------------------------------------------------

Way ignore(Machine&) {
    return Way::Stay;
}

Way ownFault(Machine&) {
    POSTERN_CHECK(false, return Way::Stay);
    return Way::Stay;
}

Way onOfferRefused(Machine& m) {
    const ClientMail mail = *std::exchange(m.offered, std::nullopt);
    const RecipientOutcome outcome{
        OutcomeKind::Temporary, {}, "the connection to " + m.settings.peerName + " was not ready for another message"};
    m.effects.push_back(effect::MailDone{std::vector<RecipientOutcome>(mail.recipients.size(), outcome)});
    return Way::Stay;
}

Way onAbandoned(Machine& m) {
    if (m.mail)
        m.endMail({OutcomeKind::Temporary, {}, "we ended the connection to " + m.settings.peerName + " first"});
    return onGone(m);
}

Way onLost(Machine& m) {
    m.fail(FaultKind::ConnectionLost, m.reason);
    return Way::Closed;
}

Way onTimedOut(Machine& m) {
    m.fail(FaultKind::Timeout, m.reason);
    return Way::Closed;
}

Way onClosing(Machine& m) {
    m.fail(FaultKind::ServiceClosing, m.said(), false, true);
    return Way::Closed;
}

Way onGarbage(Machine& m) {
    const QByteArray what = m.parser.isBroken() ? m.parser.what() : QByteArray("clear text after agreeing to TLS");
    m.fail(FaultKind::ProtocolError,
           m.settings.peerName + " sent " + what + " while we waited for " + clientStateRow(m.state).awaited);
    return Way::Closed;
}

struct Otherwise {
    E on;
    ClientTransitions::Action does;
};
constexpr auto kOtherwise = std::to_array<Otherwise>({
    {E::Connected, ignore},          {E::TlsUp, ignore},           {E::TlsDown, ignore},
    {E::Offer, onOfferRefused},      {E::Content, ignore},         {E::QuitAsked, onAbandoned},
    {E::Lost, onLost},               {E::TimedOut, onTimedOut},    {E::Positive, protocolError},
    {E::Intermediate, protocolError},{E::Temporary, protocolError},{E::Permanent, protocolError},
    {E::Closing, onClosing},         {E::Garbage, onGarbage},      {E::WantTls, ownFault},
    {E::WantPlain, ownFault},        {E::WantLogin, ownFault},     {E::WantReset, ownFault},
    {E::WantMail, ownFault},         {E::WantChunk, ownFault},     {E::ChunkSent, ownFault},
    {E::NobodyLeft, ownFault},
});
static_assert(kOtherwise.size() == size_t(kClientEvents));
static_assert([] {
    for (size_t i = 0; i < kOtherwise.size(); ++i)
        if (size_t(kOtherwise[i].on) != i)
            return false;
    return true;
}());

constexpr auto kTable = std::to_array<ClientTransitions::Row>({
    // in            on               does                then           else
    {S::Start,      E::Connected,    onConnected,        S::Greeting,   S::Greeting},
    {S::Greeting,   E::Positive,     onGreeting,         S::Ehlo,       S::Ehlo},
    {S::Greeting,   E::Temporary,    onGreetingRefused,  S::Closed,     S::Closed},
    {S::Greeting,   E::Permanent,    onGreetingRefused,  S::Closed,     S::Closed},
    {S::Ehlo,       E::Positive,     onEhlo,             S::Choosing,   S::Choosing},
    {S::Ehlo,       E::Temporary,    onHelloRefused,     S::Closed,     S::Closed},
    {S::Ehlo,       E::Permanent,    onEhloRefused,      S::Helo,       S::Helo},
    {S::Helo,       E::Positive,     onHelo,             S::Choosing,   S::Choosing},
    {S::Helo,       E::Temporary,    onHelloRefused,     S::Closed,     S::Closed},
    {S::Helo,       E::Permanent,    onHelloRefused,     S::Closed,     S::Closed},
    {S::Choosing,   E::WantTls,      sendStartTls,       S::StartTls,   S::StartTls},
    {S::Choosing,   E::WantPlain,    sendAuthPlain,      S::AuthPlain,  S::AuthPlain},
    {S::Choosing,   E::WantLogin,    sendAuthLogin,      S::AuthLogin,  S::AuthLogin},
    {S::Choosing,   E::WantMail,     becomeReady,        S::Idle,       S::Idle},
    {S::StartTls,   E::Positive,     onStartTlsAgreed,   S::Handshake,  S::Handshake},
    {S::StartTls,   E::Temporary,    onStartTlsRefused,  S::Choosing,   S::Choosing},
    {S::StartTls,   E::Permanent,    onStartTlsRefused,  S::Choosing,   S::Choosing},
    {S::Handshake,  E::TlsUp,        onTlsUp,            S::Ehlo,       S::Ehlo},
    {S::Handshake,  E::TlsDown,      onTlsDown,          S::Closed,     S::Closed},
    {S::AuthPlain,  E::Positive,     onSignedIn,         S::Choosing,   S::Choosing},
    {S::AuthPlain,  E::Intermediate, sendPlainToken,     S::AuthResult, S::AuthResult},
    {S::AuthPlain,  E::Temporary,    onSignInRefused,    S::Closed,     S::Closed},
    {S::AuthPlain,  E::Permanent,    onSignInRefused,    S::Closed,     S::Closed},
    {S::AuthLogin,  E::Intermediate, sendUser,           S::AuthUser,   S::AuthUser},
    {S::AuthLogin,  E::Temporary,    onSignInRefused,    S::Closed,     S::Closed},
    {S::AuthLogin,  E::Permanent,    onSignInRefused,    S::Closed,     S::Closed},
    {S::AuthUser,   E::Intermediate, sendPassword,       S::AuthResult, S::AuthResult},
    {S::AuthUser,   E::Temporary,    onSignInRefused,    S::Closed,     S::Closed},
    {S::AuthUser,   E::Permanent,    onSignInRefused,    S::Closed,     S::Closed},
    {S::AuthResult, E::Positive,     onSignedIn,         S::Choosing,   S::Choosing},
    {S::AuthResult, E::Temporary,    onSignInRefused,    S::Closed,     S::Closed},
    {S::AuthResult, E::Permanent,    onSignInRefused,    S::Closed,     S::Closed},
    {S::Idle,       E::Offer,        onOffer,            S::Offered,    S::Idle},
    {S::Idle,       E::QuitAsked,    sendQuit,           S::Quit,       S::Quit},
    {S::Offered,    E::WantReset,    sendReset,          S::Rset,       S::Rset},
    {S::Offered,    E::WantMail,     sendMail,           S::Mail,       S::Mail},
    {S::Offered,    E::WantChunk,    sendGroupWithChunk, S::Chunk,      S::Chunk},
    {S::Chunk,      E::Content,      onGroupContent,     S::Chunk,      S::Chunk},
    {S::Chunk,      E::WantReset,    goOn,               S::Rset,       S::Rset},
    {S::Chunk,      E::WantMail,     goOn,               S::Mail,       S::Mail},
    {S::Rset,       E::Positive,     onReset,            S::Mail,       S::Mail},
    {S::Mail,       E::Positive,     onMail,             S::Rcpt,       S::Rcpt},
    {S::Mail,       E::Temporary,    onMailRefused,      S::Rcpt,       S::Data},
    {S::Mail,       E::Permanent,    onMailRefused,      S::Rcpt,       S::Data},
    {S::Rcpt,       E::Positive,     onRcpt,             S::Rcpt,       S::Data},
    {S::Rcpt,       E::Temporary,    onRcpt,             S::Rcpt,       S::Data},
    {S::Rcpt,       E::Permanent,    onRcpt,             S::Rcpt,       S::Data},
    {S::Data,       E::Intermediate, onDataGo,           S::Content,    S::EmptyDot},
    {S::Data,       E::Temporary,    onDataRefused,      S::Idle,       S::Idle},
    {S::Data,       E::Permanent,    onDataRefused,      S::Idle,       S::Idle},
    {S::Data,       E::NobodyLeft,   endOfMail,          S::Idle,       S::Idle},
    {S::Data,       E::WantChunk,    sendChunk,          S::Content,    S::Content},
    {S::Data,       E::ChunkSent,    goOn,               S::FinalDot,   S::FinalDot},
    {S::Content,    E::Content,      onContent,          S::Content,    S::FinalDot},
    {S::Content,    E::Temporary,    onEarlyReply,       S::Closed,     S::Closed},
    {S::Content,    E::Permanent,    onEarlyReply,       S::Closed,     S::Closed},
    {S::FinalDot,   E::Positive,     onFinal,            S::FinalDot,   S::Idle},
    {S::FinalDot,   E::Temporary,    onFinal,            S::FinalDot,   S::Idle},
    {S::FinalDot,   E::Permanent,    onFinal,            S::FinalDot,   S::Idle},
    {S::EmptyDot,   E::Positive,     onEmptyFinal,       S::Idle,       S::Idle},
    {S::EmptyDot,   E::Temporary,    onEmptyFinal,       S::Idle,       S::Idle},
    {S::EmptyDot,   E::Permanent,    onEmptyFinal,       S::Idle,       S::Idle},
    {S::Quit,       E::Positive,     onGone,             S::Closed,     S::Closed},
    {S::Quit,       E::Intermediate, onGone,             S::Closed,     S::Closed},
    {S::Quit,       E::Temporary,    onGone,             S::Closed,     S::Closed},
    {S::Quit,       E::Permanent,    onGone,             S::Closed,     S::Closed},
    {S::Quit,       E::Closing,      onGone,             S::Closed,     S::Closed},
    {S::Quit,       E::Garbage,      onGone,             S::Closed,     S::Closed},
    {S::Quit,       E::Lost,         onGone,             S::Closed,     S::Closed},
    {S::Quit,       E::TimedOut,     onGone,             S::Closed,     S::Closed},
    {S::Quit,       E::QuitAsked,    ignore,             S::Quit,       S::Quit},
});
constexpr bool eachPairOnce() {
    for (size_t i = 0; i < kTable.size(); ++i)
        for (size_t j = i + 1; j < kTable.size(); ++j)
            if (kTable[i].in == kTable[j].in && kTable[i].on == kTable[j].on)
                return false;
    return true;
}
static_assert(eachPairOnce());

// Row number of each pair, so that a move costs one look; -1 = kOtherwise.
constexpr auto kIndex = [] {
    std::array<std::array<qint8, size_t(kClientEvents)>, size_t(kClientStates)> index{};
    for (auto& row : index)
        row.fill(-1);
    for (size_t i = 0; i < kTable.size(); ++i)
        index[size_t(kTable[i].in)][size_t(kTable[i].on)] = qint8(i);
    return index;
}();
static_assert(kTable.size() < 128);

E eventOf(const Reply& reply) {
    if (reply.code == 421)
        return E::Closing;
    if (reply.isPositive())
        return E::Positive;
    if (reply.isTemporary())
        return E::Temporary;
    return reply.isPermanent() ? E::Permanent : E::Intermediate;
}

} // namespace

const ClientStateRow& clientStateRow(ClientState state) {
    return kStates[size_t(state)];
}

void ClientTransitions::dispatch(Machine& m, ClientEvent event) {
    for (std::optional<ClientEvent> next = event; next; next = std::exchange(m.raised, std::nullopt)) {
        if (m.state == S::Closed && *next != E::Offer)
            return;
        const qint8 at = kIndex[size_t(m.state)][size_t(*next)];
        const Way way = at >= 0 ? kTable[size_t(at)].does(m) : kOtherwise[size_t(*next)].does(m);
        switch (way) {
        case Way::Then: m.state = kTable[size_t(at)].then; break;
        case Way::Else: m.state = kTable[size_t(at)].orElse; break;
        case Way::Stay: break;
        case Way::Closed: m.state = S::Closed; break;
        }
    }
}

void ClientTransitions::readReplies(Machine& m) {
    while (m.state != S::Closed && m.state != S::Chunk) {
        if (m.state == S::Handshake && m.parser.pending() > 0) { // clear text where only TLS may be
            dispatch(m, E::Garbage);
            return;
        }
        std::optional<Reply> reply = m.parser.next();
        if (!reply)
            break;
        m.reply = std::move(*reply);
        if (m.state != S::Ehlo) // comes before any password was said, and its keywords have a meaning
            m.hideSecret();
        ++m.replies;
        dispatch(m, eventOf(m.reply));
    }
    if (m.state != S::Closed && m.parser.isBroken())
        dispatch(m, E::Garbage);
}

} // namespace postern::smtp
