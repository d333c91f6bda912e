// SPDX-License-Identifier: GPL-3.0-or-later
//
// The order of an SMTP conversation, as one table, and what happens in each move.
//
// The normal path: Opening -greet-> Greeted -EHLO-> Idle -MAIL-> CheckingSender -> Mail -RCPT-> CheckingFirst -> Rcpt
// (-RCPT-> CheckingNext -> Rcpt)* -DATA-> Content -end of data-> Storing -> Idle, and QUIT. Instead of DATA:
// (-BDAT-> Chunk -> BetweenChunks)* -BDAT LAST-> Chunk -> Storing; a refused chunk leads to Idle.
// Beside it: STARTTLS leads through TlsHandshake back to Greeted, where everything said in clear is forgotten; AUTH leads
// from Idle through its questions back to Idle; EHLO and RSET lead back to Idle from anywhere in a transaction.
// Opening is never entered again. Closed is entered by End only, which dispatch() raises after an action called end(),
// and never left.
#include "smtp/server_session_impl.h"

#include "smtp/auth_login.h"
#include "smtp/auth_plain.h"
#include "smtp/command.h"
#include "smtp/esmtp_params.h"
#include "smtp/extensions.h"

#include <algorithm>
#include <array>

using namespace Qt::StringLiterals;

namespace postern::smtp {
namespace {

using S = ServerState;
using E = ServerEvent;
using M = ServerTransitions::Impl;
using Row = ServerTransitions::Row;

constexpr auto kTable = std::to_array<Row>({
    // in               on                  does                          then              else
    {S::Opening,        E::Greet,           &M::onGreet,                  S::Greeted,       S::Greeted},
    {S::Opening,        E::Refuse,          &M::onRefuse,                 S::Same,          S::Same},
    {S::Opening,        E::TlsUp,           &M::onTlsUp,                  S::Opening,       S::Opening},

    {S::Greeted,        E::Helo,            &M::onHelo,                   S::Idle,          S::Greeted},
    {S::Greeted,        E::Ehlo,            &M::onEhlo,                   S::Idle,          S::Greeted},
    {S::Idle,           E::Helo,            &M::onHelo,                   S::Idle,          S::Idle},
    {S::Idle,           E::Ehlo,            &M::onEhlo,                   S::Idle,          S::Idle},
    {S::Mail,           E::Helo,            &M::onHelo,                   S::Idle,          S::Mail},
    {S::Mail,           E::Ehlo,            &M::onEhlo,                   S::Idle,          S::Mail},
    {S::Rcpt,           E::Helo,            &M::onHelo,                   S::Idle,          S::Rcpt},
    {S::Rcpt,           E::Ehlo,            &M::onEhlo,                   S::Idle,          S::Rcpt},
    {S::BetweenChunks,  E::Helo,            &M::onHelo,                   S::Idle,          S::BetweenChunks},
    {S::BetweenChunks,  E::Ehlo,            &M::onEhlo,                   S::Idle,          S::BetweenChunks},

    {S::Idle,           E::Mail,            &M::onMail,                   S::CheckingSender, S::Idle},
    {S::CheckingSender, E::SenderAnswer,    &M::onSenderAnswer,           S::Mail,          S::Idle},
    {S::Mail,           E::Rcpt,            &M::onRcpt,                   S::CheckingFirst, S::Mail},
    {S::CheckingFirst,  E::RecipientAnswer, &M::onRecipientAnswer,        S::Rcpt,          S::Mail},
    {S::Rcpt,           E::Rcpt,            &M::onRcpt,                   S::CheckingNext,  S::Rcpt},
    {S::CheckingNext,   E::RecipientAnswer, &M::onRecipientAnswer,        S::Rcpt,          S::Rcpt},
    {S::Rcpt,           E::Data,            &M::onData,                   S::Content,       S::Rcpt},
    {S::Content,        E::DataEnd,         &M::onDataEnd,                S::Storing,       S::Idle},
    {S::Rcpt,           E::Bdat,            &M::onFirstChunk,             S::Chunk,         S::Chunk},
    {S::BetweenChunks,  E::Bdat,            &M::onNextChunk,              S::Chunk,         S::Chunk},
    {S::Chunk,          E::ChunkEnd,        &M::onChunkEnd,               S::BetweenChunks, S::Idle},
    {S::Chunk,          E::LastChunkEnd,    &M::onLastChunkEnd,           S::Storing,       S::Idle},
    {S::Storing,        E::StoredAnswer,    &M::onStoredAnswer,           S::Idle,          S::Idle},

    {S::Greeted,        E::Rset,            &M::onRset,                   S::Greeted,       S::Greeted},
    {S::Idle,           E::Rset,            &M::onRset,                   S::Idle,          S::Idle},
    {S::Mail,           E::Rset,            &M::onRset,                   S::Idle,          S::Mail},
    {S::Rcpt,           E::Rset,            &M::onRset,                   S::Idle,          S::Rcpt},
    {S::BetweenChunks,  E::Rset,            &M::onRset,                   S::Idle,          S::BetweenChunks},

    {S::Idle,           E::StartTls,        &M::onStartTls,               S::TlsHandshake,  S::Idle},
    {S::TlsHandshake,   E::TlsUp,           &M::onTlsUp,                  S::Greeted,       S::Greeted},

    {S::Idle,           E::AuthPlain,       &M::onAuthPlain,              S::CheckingLogin, S::Idle},
    {S::Idle,           E::AuthPlainBare,   &M::onAuthPlainBare,          S::PlainResponse, S::Idle},
    {S::Idle,           E::AuthLogin,       &M::onAuthLogin,              S::LoginPassword, S::Idle},
    {S::Idle,           E::AuthLoginBare,   &M::onAuthLoginBare,          S::LoginUser,     S::Idle},
    {S::Idle,           E::AuthOther,       &M::onAuthOther,              S::Idle,          S::Idle},
    {S::PlainResponse,  E::AuthResponse,    &M::onPlainResponse,          S::CheckingLogin, S::Idle},
    {S::LoginUser,      E::AuthResponse,    &M::onLoginUser,              S::LoginPassword, S::Idle},
    {S::LoginPassword,  E::AuthResponse,    &M::onLoginPassword,          S::CheckingLogin, S::Idle},
    {S::CheckingLogin,  E::LoginAnswer,     &M::onLoginAnswer,            S::Idle,          S::Idle},

    {S::Any,            E::Noop,            &M::onNoop,                   S::Same,          S::Same},
    {S::Any,            E::Quit,            &M::onQuit,                   S::Same,          S::Same},
    {S::Any,            E::Vrfy,            &M::onVrfy,                   S::Same,          S::Same},
    {S::Any,            E::Expn,            &M::onExpn,                   S::Same,          S::Same},
    {S::Any,            E::Help,            &M::onHelp,                   S::Same,          S::Same},
    {S::Any,            E::Bdat,            &M::onMisplacedChunk,         S::Same,          S::Same},
    {S::Any,            E::Unimplemented,   &M::onUnimplemented,          S::Same,          S::Same},
    {S::Any,            E::Unknown,         &M::onUnknown,                S::Same,          S::Same},

    // The other end hangs up, is too slow, or we stop. A commit under way is waited for: its answer decides who owns
    // the message.
    {S::CheckingSender, E::PeerClosed,      &M::onPeerClosedWhileWaiting, S::Same,          S::Same},
    {S::CheckingFirst,  E::PeerClosed,      &M::onPeerClosedWhileWaiting, S::Same,          S::Same},
    {S::CheckingNext,   E::PeerClosed,      &M::onPeerClosedWhileWaiting, S::Same,          S::Same},
    {S::CheckingLogin,  E::PeerClosed,      &M::onPeerClosedWhileWaiting, S::Same,          S::Same},
    {S::Storing,        E::PeerClosed,      &M::onPeerClosedWhileWaiting, S::Same,          S::Same},
    {S::Any,            E::PeerClosed,      &M::onPeerClosed,             S::Same,          S::Same},
    {S::CheckingSender, E::TimedOut,        &M::onTimedOutWhileChecking,  S::Same,          S::Same},
    {S::CheckingFirst,  E::TimedOut,        &M::onTimedOutWhileChecking,  S::Same,          S::Same},
    {S::CheckingNext,   E::TimedOut,        &M::onTimedOutWhileChecking,  S::Same,          S::Same},
    {S::CheckingLogin,  E::TimedOut,        &M::onTimedOutWhileChecking,  S::Same,          S::Same},
    {S::Storing,        E::TimedOut,        &M::onNothing,                S::Same,          S::Same},
    {S::Any,            E::TimedOut,        &M::onTimedOut,               S::Same,          S::Same},
    {S::Storing,        E::ShutDown,        &M::onShutDownWhileStoring,   S::Same,          S::Same},
    {S::Any,            E::ShutDown,        &M::onShutDown,               S::Same,          S::Same},
    {S::Any,            E::End,             &M::onEnd,                    S::Closed,        S::Closed},
});

template <size_t N>
constexpr bool eachPairOnce(const std::array<Row, N>& table) {
    for (size_t i = 0; i < N; ++i)
        for (size_t k = i + 1; k < N; ++k)
            if (table[i].in == table[k].in && table[i].on == table[k].on)
                return false;
    return true;
}
static_assert(eachPairOnce(kTable));

using Index = std::array<std::array<qint8, kServerEvents>, kServerStates>;

// Row number for each pair, -1 for none; a row for Any fills what no row of its own has.
template <size_t N>
constexpr Index makeIndex(const std::array<Row, N>& table) {
    static_assert(N < 127);
    Index index{};
    for (auto& events : index)
        events.fill(-1);
    for (size_t i = 0; i < N; ++i)
        if (table[i].in != S::Any)
            index[size_t(table[i].in)][size_t(table[i].on)] = qint8(i);
    for (size_t i = 0; i < N; ++i)
        if (table[i].in == S::Any)
            for (auto& events : index)
                if (events[size_t(table[i].on)] < 0)
                    events[size_t(table[i].on)] = qint8(i);
    return index;
}
constexpr Index kIndex = makeIndex(kTable);

} // namespace

const Row* ServerTransitions::find(ServerState in, ServerEvent on) {
    const qint8 row = kIndex[size_t(in)][size_t(on)];
    return row < 0 ? nullptr : &kTable[size_t(row)];
}

// -- opening, HELO ---------------------------------------------------------------------------------------------------

bool ServerSession::Impl::onGreet() {
    say(Reply{220, {}, {features.hostname + " ESMTP Postern"}}.wire());
    return true;
}

bool ServerSession::Impl::onRefuse() {
    m_end = answer->wire();
    return true;
}

bool ServerSession::Impl::onHelo() {
    return acceptHelo(false);
}

bool ServerSession::Impl::onEhlo() {
    return acceptHelo(true);
}

bool ServerSession::Impl::acceptHelo(bool extended) {
    if (!isValidHelo(argument))
        return refuse(replies::kBadHelo);
    resetTransaction();
    helo = argument.toByteArray();
    esmtp = extended;
    QByteArrayList lines = {features.hostname + " Hello " + helo + " [" + client.address + "], pleased to meet you"};
    if (extended)
        lines += ehloKeywords(features, limits, tlsOn, !user.isEmpty());
    say(Reply{250, {}, std::move(lines)}.wire());
    return true;
}

// -- the transaction -------------------------------------------------------------------------------------------------

bool ServerSession::Impl::onMail() {
    if (features.auth == AuthMode::Required && user.isEmpty())
        return refuse(replies::kAuthRequired);
    if (limits.maxMails > 0 && mails >= limits.maxMails) {
        say(replies::kTooManyMails);
        return false;
    }
    const auto parts = splitPath(argument, "FROM:");
    if (!parts)
        return refuse(beginsWithKeyword(argument, "FROM:") ? replies::kMailPathSyntax : replies::kMailSyntax);
    MailParams params;
    const auto refusal = readMailParams(parts->parameters, {limits.maxMessageSize, authIsOffered(), features.dsn}, params);
    Address sender;
    PathFault fault = PathFault::None;
    if (!parts->path.isEmpty()) {
        auto parsed = parsePath(parts->path, features.hostname, params.smtpUtf8 ? AllowUtf8::Yes : AllowUtf8::No, &fault);
        if (!parsed)
            return refuse(fault == PathFault::NeedsUtf8 ? replies::kNeedsSmtpUtf8
                          : fault == PathFault::Domain  ? replies::kBadSenderDomain
                                                        : replies::kBadSender);
        sender = std::move(parsed).value();
    }
    if (!refusal.empty())
        return refuse(refusal);
    transaction.sender = std::move(sender);
    transaction.params = std::move(params);
    ask(effect::CheckSender{transaction.sender, transaction.params});
    return true;
}

bool ServerSession::Impl::onSenderAnswer() {
    say(answer->wire());
    if (answer->isPositive())
        return true;
    resetTransaction();
    return false;
}

bool ServerSession::Impl::onRcpt() {
    const auto parts = splitPath(argument, "TO:");
    if (!parts)
        return refuse(beginsWithKeyword(argument, "TO:") ? replies::kRcptPathSyntax : replies::kRcptSyntax);
    PathFault fault = PathFault::None;
    const bool utf8 = transaction.params.smtpUtf8;
    auto parsed = parsePath(parts->path, features.hostname, utf8 ? AllowUtf8::Yes : AllowUtf8::No, &fault);
    if (!parsed)
        return refuse(fault == PathFault::NeedsUtf8 ? replies::kNeedsSmtpUtf8
                      : fault == PathFault::Domain  ? replies::kBadRecipientDomain
                                                    : replies::kBadRecipient);
    RcptParams params;
    const auto refusal = readRcptParams(parts->parameters, {0, false, features.dsn, utf8}, params);
    if (!refusal.empty())
        return refuse(refusal);
    if (transaction.recipients.size() >= size_t(std::max(limits.maxRecipients, 1))) {
        say(replies::kTooManyRecipients);
        return false;
    }
    candidate = Recipient{std::move(parsed).value(), std::move(params)};
    ask(effect::CheckRecipient{candidate});
    return true;
}

bool ServerSession::Impl::onRecipientAnswer() {
    if (answer->isPositive()) {
        say(answer->wire());
        transaction.recipients.push_back(std::move(candidate));
        return true;
    }
    if (answer->isPermanent())
        ++refusedRecipients;
    if (hasTooManyErrors())
        end(replies::kTooManyErrors);
    else
        say(answer->wire());
    return false;
}

bool ServerSession::Impl::onData() {
    if (!argument.isEmpty())
        return refuse(replies::kNoArgumentAllowed);
    say(replies::kStartData);
    flush();
    beginContent(ContentStream::Framing::Dotted);
    return true;
}

void ServerSession::Impl::beginContent(ContentStream::Framing framing) {
    content.emplace(limits.maxTextLine, framing);
    headers = HeaderScan();
    facts = ContentFacts();
    contentRefusal = {};
    swallowed = 0;
    moreBehindData = false;
    contentOpen = true;
    m_effects.push_back(effect::BeginContent{});
}

bool ServerSession::Impl::onDataEnd() {
    const ContentStream::Fault fault = content->fault();
    if (endContent())
        return true;
    // Whoever hides line ends in a message and sends more behind it is smuggling: nothing of that is read.
    if (fault >= ContentStream::Fault::Nul && moreBehindData)
        end(contentRefusal);
    else
        refuse(contentRefusal);
    return false;
}

// All of it has come: to be stored, or, with contentRefusal saying why, dropped.
bool ServerSession::Impl::endContent() {
    ++mails;
    headers.finish();
    if (contentRefusal.empty() && headers.isBroken())
        refuseContent(replies::kBrokenHeader);
    facts = ContentFacts{content->octets(), content->hasEightBit(), headers.hasDate(), headers.hasMessageId(),
                         contentRefusal.empty() ? headers.subject() : QByteArray()};
    content.reset();
    if (!contentRefusal.empty()) {
        resetTransaction();
        return false;
    }
    contentOpen = false;
    flush();
    m_effects.push_back(effect::Commit{});
    return true;
}

// -- BDAT: RFC 3030 §2 -----------------------------------------------------------------------------------------------

bool ServerSession::Impl::onFirstChunk() {
    beginContent(ContentStream::Framing::Counted);
    return onNextChunk();
}

bool ServerSession::Impl::onNextChunk() {
    chunkReply = Reply{250, {2, 0, 0}, {QByteArray::number(chunk.octets) + " octets received"}}.wire();
    return true;
}

bool ServerSession::Impl::onChunkEnd() {
    if (contentRefusal.empty()) {
        say(chunkReply);
        return true;
    }
    endContent();
    return refuse(contentRefusal);
}

bool ServerSession::Impl::onLastChunkEnd() {
    return endContent() || refuse(contentRefusal);
}

bool ServerSession::Impl::onMisplacedChunk() {
    answerOutOfOrder(ServerEvent::Bdat);
    skipChunk();
    return true;
}

bool ServerSession::Impl::onStoredAnswer() {
    say(answer->wire());
    resetTransaction();
    if (shuttingDown)
        end(replies::kShuttingDown);
    return true;
}

bool ServerSession::Impl::onRset() {
    if (!argument.isEmpty())
        return refuse(replies::kNoArgumentAllowed);
    resetTransaction();
    say(replies::kReset);
    return true;
}

// -- STARTTLS --------------------------------------------------------------------------------------------------------

bool ServerSession::Impl::onStartTls() {
    if (!argument.isEmpty())
        return refuse(replies::kNoArgumentAllowed);
    if (tlsOn)
        return refuse(replies::kAlreadyInTls);
    if (!features.startTls)
        return refuse(replies::kTlsNotAvailable);
    say(replies::kReadyForTls);
    flush();
    m_effects.push_back(effect::StartTls{});
    return true;
}

bool ServerSession::Impl::onTlsUp() {
    tlsOn = true;
    tls = *newTls;
    helo.clear();
    esmtp = false;
    user.clear();
    resetTransaction();
    m_in.clear();
    return true;
}

// -- AUTH ------------------------------------------------------------------------------------------------------------

bool ServerSession::Impl::mayAuthenticate() {
    if (!user.isEmpty())
        return refuse(replies::kAlreadyLoggedIn);
    if (features.auth == AuthMode::Off)
        return refuse(replies::kAuthNotOffered);
    if (!tlsOn)
        return refuse(replies::kAuthNeedsTls);
    return esmtp || refuse(replies::kNeedsHelo);
}

bool ServerSession::Impl::onAuthPlain() {
    return mayAuthenticate() && tryLogin(argument);
}

bool ServerSession::Impl::onAuthPlainBare() {
    if (!mayAuthenticate())
        return false;
    say(replies::kAuthContinue);
    return true;
}

bool ServerSession::Impl::onAuthLogin() {
    return mayAuthenticate() && onLoginUser();
}

bool ServerSession::Impl::onAuthLoginBare() {
    if (!mayAuthenticate())
        return false;
    say(replies::Wire(kLoginUserPrompt));
    return true;
}

bool ServerSession::Impl::onAuthOther() {
    if (!mayAuthenticate())
        return false;
    return refuse(argument.isEmpty() ? replies::kNeedsArgument : replies::kUnknownMechanism);
}

bool ServerSession::Impl::isCancelled() {
    return argument == "*"_ba;
}

bool ServerSession::Impl::onPlainResponse() {
    return isCancelled() ? refuse(replies::kAuthCancelled) : tryLogin(argument);
}

bool ServerSession::Impl::onLoginUser() {
    if (isCancelled())
        return refuse(replies::kAuthCancelled);
    auto name = readLoginUser(argument);
    if (!name)
        return refuse(replies::kAuthMalformed);
    loginUser = std::move(*name);
    say(replies::Wire(kLoginPasswordPrompt));
    return true;
}

bool ServerSession::Impl::onLoginPassword() {
    if (isCancelled())
        return refuse(replies::kAuthCancelled);
    auto password = readLoginPassword(argument);
    if (!password)
        return refuse(replies::kAuthMalformed);
    if (password->isEmpty() || !isPossibleUser(loginUser))
        return failLogin();
    ask(effect::CheckLogin{loginUser, std::move(*password), "LOGIN"_ba});
    return true;
}

bool ServerSession::Impl::tryLogin(QByteArrayView plainResponse) {
    AuthFault fault = AuthFault::None;
    auto attempt = readPlain(plainResponse, fault);
    if (!attempt)
        return fault == AuthFault::Malformed ? refuse(replies::kAuthMalformed) : failLogin();
    loginUser = attempt->user;
    ask(effect::CheckLogin{loginUser, std::move(attempt->password), "PLAIN"_ba});
    return true;
}

bool ServerSession::Impl::onLoginAnswer() {
    switch (loginOutcome) {
    case LoginOutcome::Accepted:
        user = loginUser;
        failedLogins = 0;
        say(replies::kAuthSucceeded);
        return true;
    case LoginOutcome::Refused:
        return failLogin();
    case LoginOutcome::BackendDown:
        say(replies::kLoginBackendDown);
        return false;
    }
    return false;
}

bool ServerSession::Impl::failLogin() {
    if (++failedLogins >= limits.maxAuthFailures)
        end(replies::kTooManyLogins);
    else
        say(replies::kAuthFailed);
    return false;
}

// -- what is answered everywhere -------------------------------------------------------------------------------------

bool ServerSession::Impl::onNoop() {
    say(replies::kOk);
    return true;
}

bool ServerSession::Impl::onQuit() {
    if (!argument.isEmpty())
        return refuse(replies::kNoArgumentAllowed);
    end(replies::kBye);
    return true;
}

bool ServerSession::Impl::onVrfy() {
    if (argument.isEmpty())
        return refuse(replies::kNeedsArgument);
    say(replies::kCannotVerify);
    return true;
}

bool ServerSession::Impl::onExpn() {
    return refuse(replies::kNotImplemented);
}

bool ServerSession::Impl::onHelp() {
    say(replies::kHelp);
    return true;
}

bool ServerSession::Impl::onUnimplemented() {
    return refuse(replies::kNotImplemented);
}

bool ServerSession::Impl::onUnknown() {
    return refuse(replies::kUnknownCommand);
}

// -- the end ---------------------------------------------------------------------------------------------------------

bool ServerSession::Impl::onPeerClosed() {
    end({});
    return true;
}

bool ServerSession::Impl::onPeerClosedWhileWaiting() {
    peerGone = true;
    return true;
}

bool ServerSession::Impl::onTimedOut() {
    end(replies::kIdleTooLong);
    return true;
}

bool ServerSession::Impl::onTimedOutWhileChecking() {
    end(replies::kTemporaryFault);
    return true;
}

bool ServerSession::Impl::onShutDown() {
    end(replies::kShuttingDown);
    return true;
}

bool ServerSession::Impl::onShutDownWhileStoring() {
    shuttingDown = true;
    return true;
}

bool ServerSession::Impl::onEnd() {
    if (state != ServerState::TlsHandshake) // nothing in clear behind the 220
        say(*m_end);
    discardContent();
    flush();
    m_effects.push_back(effect::Close{});
    m_in.clear();
    return true;
}

} // namespace postern::smtp
