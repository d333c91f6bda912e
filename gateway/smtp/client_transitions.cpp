// SPDX-License-Identifier: GPL-3.0-or-later
//
// The legal moves of an outbound conversation.
//
// Normal path: Start -> Greeting -> Ehlo -> Choosing -> (StartTls -> Handshake -> Ehlo -> Choosing) -> (Auth... ->) Idle,
// then for each message Offered -> (Rset ->) Mail -> Rcpt (once per recipient) -> Data -> Content -> FinalDot -> Idle, at the
// end Quit -> Closed. Choosing and Offered are left in the same step by an event that their action raises.
//
// Mail, Rcpt and Data say *whose reply comes next*, so one table serves both ways of talking: with PIPELINING the whole
// envelope is written on leaving Offered, without it each command is written when the reply before it has come. A group is
// always read to its end: a refused MAIL still has its RCPT and DATA replies behind it. If DATA is answered 354 although
// nobody is left, EmptyDot ends it with a lone dot (RFC 2920 §3.1).
//
// Exceptions: 421, nonsense, a lost connection and a time-out end every state alike (kOtherwise); recipients without a
// verdict are then temporary failures. Handshake never goes back to clear text. Closed is never left.
#include "smtp/client_machine.h"

#include "base/contract.h"

#include <array>

namespace postern::smtp {

using namespace std::chrono_literals;
using Way = ClientTransitions::Way;
using Machine = ClientTransitions::Machine;
using S = ClientState;
using E = ClientEvent;

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

// --- getting ready --------------------------------------------------------------------------------------------------

Way onConnected(Machine&) {
    return Way::Then;
}

Way protocolError(Machine& m) {
    m.fail(FaultKind::ProtocolError, m.said() + ", which makes no sense here", false, true);
    return Way::Closed;
}

// The peer still listens: part politely, then report.
Way refuse(Machine& m, FaultKind kind, QByteArray text, bool permanent = false, bool withReply = false) {
    m.send("QUIT\r\n");
    m.fail(kind, std::move(text), permanent, withReply);
    return Way::Closed;
}

Way onGreeting(Machine& m) {
    if (m.reply.code != 220)
        return protocolError(m);
    m.sendHello();
    return Way::Then;
}

Way onGreetingRefused(Machine& m) {
    const bool noMailHere = m.reply.code == 521 || m.reply.code == 554; // RFC 7504 §3, RFC 5321 §3.1
    return refuse(m, FaultKind::GreetingRefused, m.said(), noMailHere, true);
}

// With the peer's abilities known: TLS first, then signing in, then mail.
Way choose(Machine& m) {
    const ClientTls tls = m.settings.tls;
    if (!m.tls && m.facts.startTls && tls != ClientTls::Never) {
        m.raised = E::WantTls;
        return Way::Then;
    }
    if (!m.tls && tls == ClientTls::Required)
        return refuse(m, FaultKind::TlsUnavailable,
                      "TLS required but not supported by remote host: " + m.settings.peerName + " does not offer STARTTLS");
    if (!m.settings.auth) {
        m.raised = E::WantMail;
        return Way::Then;
    }
    if (!m.tls)
        return refuse(m, FaultKind::AuthUnavailable,
                      "Refuse to AUTH over insecure channel: the connection to " + m.settings.peerName +
                          " has no TLS, and a password is only sent inside TLS");
    if (!m.facts.authOffered)
        return refuse(m, FaultKind::AuthUnavailable,
                      "AUTH not advertised: " + m.settings.peerName + " offers no way to sign in");
    if (!m.facts.authPlain && !m.facts.authLogin)
        return refuse(m, FaultKind::AuthUnavailable,
                      "no supported AUTH method: " + m.settings.peerName + " offers neither PLAIN nor LOGIN");
    m.raised = m.facts.authPlain ? E::WantPlain : E::WantLogin;
    return Way::Then;
}

Way onEhlo(Machine& m) {
    m.facts = parseEhlo(m.reply);
    return choose(m);
}

Way onHelo(Machine& m) {
    m.facts = {};
    return choose(m);
}

Way onHelloRefused(Machine& m) {
    return refuse(m, FaultKind::HeloRefused, m.said(), false, true);
}

Way onEhloRefused(Machine& m) {
    if (!m.mayFallToHelo())
        return refuse(m, FaultKind::HeloRefused, "EHLO rejected: " + m.said(), false, true);
    m.send("HELO " + m.settings.helo + "\r\n");
    return Way::Then;
}

Way sendStartTls(Machine& m) {
    m.send("STARTTLS\r\n");
    return Way::Then;
}

Way onStartTlsAgreed(Machine& m) {
    if (m.reply.code != 220)
        return protocolError(m);
    if (m.parser.pending() > 0) { // CVE-2011-0411, client side: it would be taken for words said inside TLS
        m.fail(FaultKind::ProtocolError,
               m.settings.peerName + " sent clear text behind its reply to STARTTLS: an attack or a broken server; dropped");
        return Way::Closed;
    }
    m.effects.push_back(effect::ClientStartTls{});
    return Way::Then;
}

Way onStartTlsRefused(Machine& m) {
    if (m.needsTls())
        return refuse(m, FaultKind::TlsUnavailable, "TLS required but not supported by remote host: " + m.said(), false, true);
    m.facts.startTls = false; // opportunistic: go on in clear
    return choose(m);
}

Way onTlsUp(Machine& m) {
    m.tls = true;
    m.facts = {}; // RFC 3207 §4.2
    m.parser.clear();
    m.sendHello();
    return Way::Then;
}

Way onTlsDown(Machine& m) {
    m.fail(FaultKind::TlsFailed, "TLS with " + m.settings.peerName + " failed: " + m.reason);
    return Way::Closed;
}

// --- signing in -----------------------------------------------------------------------------------------------------

constexpr qsizetype kMaxCommand = 510; // RFC 4954 §4: a longer initial response has to wait for 334

Way sendAuthPlain(Machine& m) {
    QByteArray line = "AUTH PLAIN " + m.plainToken();
    m.send(line.size() <= kMaxCommand ? line + "\r\n" : QByteArray("AUTH PLAIN\r\n"));
    wipe(line);
    return Way::Then;
}

Way sendPlainToken(Machine& m) {
    m.send(m.plainToken() + "\r\n");
    return Way::Then;
}

Way sendAuthLogin(Machine& m) {
    m.send("AUTH LOGIN\r\n");
    return Way::Then;
}

Way sendUser(Machine& m) {
    m.send(m.settings.auth->user.toBase64() + "\r\n");
    return Way::Then;
}

Way sendPassword(Machine& m) {
    const QByteArrayView password = m.settings.auth->password.expose();
    m.send(QByteArray::fromRawData(password.data(), password.size()).toBase64() + "\r\n");
    return Way::Then;
}

Way onSignedIn(Machine& m) {
    m.raised = E::WantMail;
    return Way::Then;
}

Way onSignInRefused(Machine& m) {
    return refuse(m, FaultKind::AuthRefused, m.said(), false, true);
}

// --- one message ----------------------------------------------------------------------------------------------------

Way becomeReady(Machine& m) {
    m.effects.push_back(effect::Ready{});
    return Way::Then;
}

Way endOfMail(Machine& m) {
    m.endMail({OutcomeKind::Temporary, {}, m.settings.peerName + " gave no answer for this recipient"});
    return becomeReady(m);
}

Way onOffer(Machine& m) {
    m.mail = std::exchange(m.offered, std::nullopt);
    m.outcomes.assign(m.mail->recipients.size(), std::nullopt);
    m.accepted.clear();
    m.rcptAt = m.finalAt = 0;
    m.stuffer = {};
    EnhancedCode code;
    if (const auto why = m.cannotCarry(*m.mail, code)) {
        m.endMail({OutcomeKind::Permanent, Reply{0, code, {}}, code.text() + ' ' + *why});
        becomeReady(m);
        return Way::Else;
    }
    if (m.mail->recipients.empty()) {
        endOfMail(m);
        return Way::Else;
    }
    m.raised = std::exchange(m.needsReset, false) ? E::WantReset : E::WantMail;
    return Way::Then;
}

void sendEnvelope(Machine& m) {
    QByteArray lines = m.mailCommand();
    m.group = m.facts.pipelining;
    if (m.group) {
        for (size_t i = 0; i < m.mail->recipients.size(); ++i)
            lines += m.rcptCommand(i);
        lines += "DATA\r\n";
    }
    m.send(lines);
}

Way sendReset(Machine& m) {
    m.send("RSET\r\n");
    if (m.facts.pipelining)
        sendEnvelope(m);
    return Way::Then;
}

Way sendMail(Machine& m) {
    sendEnvelope(m);
    return Way::Then;
}

Way onReset(Machine& m) {
    if (!m.facts.pipelining)
        sendEnvelope(m);
    return Way::Then;
}

Way onMail(Machine& m) {
    m.needsReset = true; // until the server has given its word on a whole message
    if (!m.group)
        m.send(m.rcptCommand(0));
    return Way::Then;
}

Way onMailRefused(Machine& m) {
    for (size_t i = 0; i < m.outcomes.size(); ++i)
        m.decide(i, m.judged());
    if (m.group)
        return Way::Then;
    m.raised = E::NobodyLeft;
    return Way::Else;
}

Way onRcpt(Machine& m) {
    const size_t index = m.rcptAt++;
    if (m.reply.isPositive()) {
        if (!m.outcomes[index])
            m.accepted.push_back(index);
    } else {
        RecipientOutcome outcome = m.judged();
        if (m.reply.code == 552) // RFC 5321 §4.5.3.1.10: too many recipients, said the old way
            outcome.kind = OutcomeKind::Temporary;
        m.decide(index, std::move(outcome));
    }
    if (m.rcptAt < m.mail->recipients.size()) {
        if (!m.group)
            m.send(m.rcptCommand(m.rcptAt));
        return Way::Then;
    }
    if (!m.group) {
        if (m.accepted.empty())
            m.raised = E::NobodyLeft;
        else
            m.send("DATA\r\n");
    }
    return Way::Else;
}

Way onDataGo(Machine& m) {
    if (m.reply.code != 354)
        return protocolError(m);
    if (m.accepted.empty()) {
        m.send(".\r\n");
        return Way::Else;
    }
    m.effects.push_back(effect::NeedContent{});
    return Way::Then;
}

Way onDataRefused(Machine& m) {
    m.decideAccepted(m.judged());
    return endOfMail(m);
}

Way onContent(Machine& m) {
    if (m.piece.isEmpty()) {
        m.send(m.stuffer.end());
        return Way::Else;
    }
    m.send(m.stuffer.piece(m.piece));
    m.effects.push_back(effect::NeedContent{});
    return Way::Then;
}

// The server made up its mind before the end of data. The rest cannot be taken back: its word stands, the connection goes.
Way onEarlyReply(Machine& m) {
    m.decideAccepted(m.judged());
    m.fail(FaultKind::ProtocolError, m.said(), false, true);
    return Way::Closed;
}

Way onFinal(Machine& m) {
    if (m.settings.lmtp) {
        m.decide(m.accepted[m.finalAt++], m.judged()); // RFC 2033 §4.2
        if (m.finalAt < m.accepted.size())
            return Way::Then;
    } else {
        m.decideAccepted(m.judged());
    }
    m.needsReset = false;
    endOfMail(m);
    return Way::Else;
}

Way onEmptyFinal(Machine& m) {
    m.needsReset = false;
    return endOfMail(m);
}

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
    {E::WantMail, ownFault},         {E::NobodyLeft, ownFault},
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
    while (m.state != S::Closed) {
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
