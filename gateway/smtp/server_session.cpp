// SPDX-License-Identifier: GPL-3.0-or-later
#include "smtp/server_session_impl.h"

#include "smtp/command.h"

#include <algorithm>
#include <utility>

using namespace Qt::StringLiterals;

namespace postern::smtp {
namespace {

constexpr qsizetype kMaxHeld = 64 * 1024;          // unread input while a question is open
constexpr qint64 kSwallowGrace = 1024 * 1024;      // beyond the size limit, before 421
constexpr qint64 kSwallowWithoutLimit = 35 * 1024 * 1024;
constexpr int kRefusedRecipientsPerError = 5;      // mailing lists have dead members; harvesters have many
constexpr Milliseconds kHandshake{60'000};

bool isCommand(ServerEvent event) {
    return event <= ServerEvent::AuthOther;
}

bool hasControlLineEndOrNul(QByteArrayView line) {
    return hasBareCrLf(line) || line.contains('\0');
}

// Octets no SMTP client begins with: a TLS ClientHello, a binary PROXY header, line noise.
bool isForeignStart(char c) {
    return (uchar(c) < 0x20 && c != '\r' && c != '\n') || uchar(c) >= 0x7f;
}

// Which AUTH it is; the argument of a known mechanism is cut down to its initial response.
ServerEvent authEvent(QByteArrayView& argument) {
    const qsizetype blank = argument.indexOf(' ');
    const QByteArray mechanism = (blank < 0 ? argument : argument.first(blank)).toByteArray().toUpper();
    const bool plain = mechanism == "PLAIN"_ba;
    if (!plain && mechanism != "LOGIN"_ba)
        return ServerEvent::AuthOther;
    argument = blank < 0 ? QByteArrayView() : argument.sliced(blank + 1).trimmed();
    if (plain)
        return argument.isEmpty() ? ServerEvent::AuthPlainBare : ServerEvent::AuthPlain;
    return argument.isEmpty() ? ServerEvent::AuthLoginBare : ServerEvent::AuthLogin;
}

ServerEvent eventOf(Verb verb) {
    switch (verb) {
    case Verb::Helo: return ServerEvent::Helo;
    case Verb::Ehlo: return ServerEvent::Ehlo;
    case Verb::Mail: return ServerEvent::Mail;
    case Verb::Rcpt: return ServerEvent::Rcpt;
    case Verb::Data: return ServerEvent::Data;
    case Verb::Rset: return ServerEvent::Rset;
    case Verb::Noop: return ServerEvent::Noop;
    case Verb::Quit: return ServerEvent::Quit;
    case Verb::StartTls: return ServerEvent::StartTls;
    case Verb::Auth: return ServerEvent::AuthOther;
    case Verb::Vrfy: return ServerEvent::Vrfy;
    case Verb::Expn: return ServerEvent::Expn;
    case Verb::Help: return ServerEvent::Help;
    case Verb::Bdat: return ServerEvent::Bdat;
    case Verb::Unimplemented: return ServerEvent::Unimplemented;
    case Verb::Foreign: return ServerEvent::Unknown;
    case Verb::Unknown: return ServerEvent::Unknown;
    }
    return ServerEvent::Unknown;
}

// RFC 3207 §4: what a server that demands TLS still takes in clear.
bool isAllowedWithoutTls(Verb verb) {
    switch (verb) {
    case Verb::Helo:
    case Verb::Ehlo:
    case Verb::Noop:
    case Verb::StartTls:
    case Verb::Quit:
    case Verb::Rset:
    case Verb::Help:
    case Verb::Foreign:
    case Verb::Unknown:
        return true;
    case Verb::Auth: // has its own answer, 538
        return true;
    case Verb::Mail:
    case Verb::Rcpt:
    case Verb::Data:
    case Verb::Vrfy:
    case Verb::Expn:
    case Verb::Bdat:
    case Verb::Unimplemented:
        return false;
    }
    return false;
}

replies::Wire contentFaultReply(ContentStream::Fault fault) {
    switch (fault) {
    case ContentStream::Fault::None: return {};
    case ContentStream::Fault::LineTooLong: return replies::kTextLineTooLong;
    case ContentStream::Fault::Nul: return replies::kNulInMessage;
    case ContentStream::Fault::BareCrOrLf: return replies::kBareCrOrLf;
    }
    return {};
}

} // namespace

QByteArrayView toString(ServerState state) {
    switch (state) {
    case ServerState::Opening: return "opening";
    case ServerState::Greeted: return "greeted";
    case ServerState::Idle: return "idle";
    case ServerState::CheckingSender: return "checking-sender";
    case ServerState::Mail: return "mail";
    case ServerState::CheckingFirst: return "checking-recipient";
    case ServerState::Rcpt: return "rcpt";
    case ServerState::CheckingNext: return "checking-next-recipient";
    case ServerState::Content: return "content";
    case ServerState::Chunk: return "chunk";
    case ServerState::BetweenChunks: return "between-chunks";
    case ServerState::Storing: return "storing";
    case ServerState::TlsHandshake: return "tls-handshake";
    case ServerState::PlainResponse: return "auth-plain";
    case ServerState::LoginUser: return "auth-login-user";
    case ServerState::LoginPassword: return "auth-login-password";
    case ServerState::CheckingLogin: return "checking-login";
    case ServerState::Closed: return "closed";
    case ServerState::Same: return "same";
    case ServerState::Any: return "any";
    }
    return "unknown";
}

QByteArrayView toString(ServerEvent event) {
    switch (event) {
    case ServerEvent::Helo: return "HELO";
    case ServerEvent::Ehlo: return "EHLO";
    case ServerEvent::Mail: return "MAIL";
    case ServerEvent::Rcpt: return "RCPT";
    case ServerEvent::Data: return "DATA";
    case ServerEvent::Rset: return "RSET";
    case ServerEvent::Noop: return "NOOP";
    case ServerEvent::Quit: return "QUIT";
    case ServerEvent::StartTls: return "STARTTLS";
    case ServerEvent::Vrfy: return "VRFY";
    case ServerEvent::Expn: return "EXPN";
    case ServerEvent::Help: return "HELP";
    case ServerEvent::Bdat: return "BDAT";
    case ServerEvent::Unimplemented: return "unimplemented";
    case ServerEvent::Unknown: return "unknown";
    case ServerEvent::AuthPlain:
    case ServerEvent::AuthPlainBare: return "AUTH PLAIN";
    case ServerEvent::AuthLogin:
    case ServerEvent::AuthLoginBare: return "AUTH LOGIN";
    case ServerEvent::AuthOther: return "AUTH";
    case ServerEvent::Greet: return "greet";
    case ServerEvent::Refuse: return "refuse";
    case ServerEvent::TlsUp: return "tls-up";
    case ServerEvent::AuthResponse: return "auth-response";
    case ServerEvent::SenderAnswer: return "sender-answer";
    case ServerEvent::RecipientAnswer: return "recipient-answer";
    case ServerEvent::LoginAnswer: return "login-answer";
    case ServerEvent::StoredAnswer: return "stored-answer";
    case ServerEvent::DataEnd: return "data-end";
    case ServerEvent::ChunkEnd: return "chunk-end";
    case ServerEvent::LastChunkEnd: return "last-chunk-end";
    case ServerEvent::PeerClosed: return "peer-closed";
    case ServerEvent::TimedOut: return "timed-out";
    case ServerEvent::ShutDown: return "shut-down";
    case ServerEvent::End: return "end";
    }
    return "unknown";
}

ServerSession::Impl::Impl(ServerFeatures f, ServerLimits l, ClientFacts c)
    : features(std::move(f)), limits(l), client(std::move(c)), m_in(std::max(l.maxCommandLine, l.maxAuthLine)) {}

// -- bytes in -------------------------------------------------------------------------------------------------------

void ServerSession::Impl::feed(QByteArrayView bytes) {
    if (state == ServerState::Closed || bytes.isEmpty())
        return;
    if (state == ServerState::TlsHandshake) {
        end({}); // plaintext behind STARTTLS is an attack (CVE-2011-0411): drop the connection
    } else if (isWaiting()) {
        if (m_in.pending() + bytes.size() > kMaxHeld)
            end(replies::kTooMuchUnread);
        else
            m_in.append(bytes);
    } else if (!std::exchange(sawInput, true) && isForeignStart(bytes.front())) {
        end(replies::kNotSmtp);
    } else {
        if (isInContent())
            bytes = bytes.sliced(takeContent(bytes));
        m_in.append(bytes);
        process();
    }
    if (m_end)
        dispatch(ServerEvent::End);
}

void ServerSession::Impl::process() {
    while (state != ServerState::Closed && !isWaiting()) {
        if (toSkip > 0) {
            if (m_in.pending() == 0)
                break;
            const QByteArray rest = m_in.takeRest();
            const qint64 skipped = std::min<qint64>(toSkip, rest.size());
            toSkip -= skipped;
            m_in.append(QByteArrayView(rest).sliced(skipped));
            continue;
        }
        if (isInContent()) {
            if (m_in.pending() == 0 && !(state == ServerState::Chunk && chunk.octets == 0))
                break;
            const QByteArray rest = m_in.takeRest();
            m_in.append(QByteArrayView(rest).sliced(takeContent(rest)));
            continue;
        }
        if (!takesCommands() && !takesAuthResponse())
            break;
        if (auto line = m_in.next()) {
            handleLine(std::move(*line));
            continue;
        }
        if (m_in.tooLong()) { // where the next command begins cannot be told any more
            end(replies::kLineTooLong);
            dispatch(ServerEvent::End);
        }
        break;
    }
    if (peerGone && !isWaiting() && state != ServerState::Closed) {
        end({});
        dispatch(ServerEvent::End);
    }
    if (!isWaiting())
        flush();
}

void ServerSession::Impl::handleLine(QByteArray line) {
    if (takesAuthResponse()) {
        argument = line;
        if (m_in.pending() > 0) {
            end(replies::kImproperPipelining);
            dispatch(ServerEvent::End);
        } else {
            dispatch(ServerEvent::AuthResponse);
        }
        argument = {};
        wipe(line);
        return;
    }
    if (state == ServerState::Greeted && !line.isEmpty() && isForeignStart(line.front())) {
        end(replies::kNotSmtp);
    } else if (hasControlLineEndOrNul(line)) {
        refuse(replies::kControlCharacters);
    } else {
        handleCommand(line);
    }
    argument = {};
    if (m_end)
        dispatch(ServerEvent::End);
}

void ServerSession::Impl::handleCommand(QByteArrayView line) {
    const Command command = parseCommand(line);
    argument = command.argument;
    if (command.verb == Verb::Foreign) {
        end(replies::kNotSmtp);
        return;
    }
    if (command.verb == Verb::Bdat) {
        const auto parsed = parseChunk(argument);
        if (!parsed || line.size() > limits.maxCommandLine) { // what follows could be anything
            end(replies::kBadChunk);
            return;
        }
        chunk = *parsed;
    }
    if (line.size() > (command.verb == Verb::Auth ? limits.maxAuthLine : limits.maxCommandLine)) {
        refuse(replies::kLineTooLong);
        return;
    }
    // The client must have waited for the answer to these; what stands behind them was put there by somebody else, or
    // is a password that must not be read as a command (RFC 2920 §3.1, RFC 3207 §4.2, RFC 4954 §4).
    const bool mustBeLast = command.verb == Verb::StartTls || command.verb == Verb::Auth;
    if (mustBeLast && m_in.pending() > 0) {
        end(replies::kImproperPipelining);
        return;
    }
    if (features.requireTls && !tlsOn && !isAllowedWithoutTls(command.verb)) {
        refuse(replies::kTlsRequired);
        if (command.verb == Verb::Bdat)
            skipChunk();
    }
    else if (command.verb == Verb::Auth)
        dispatch(authEvent(argument));
    else
        dispatch(eventOf(command.verb));
    // A message behind a refused DATA must not be run as commands.
    if (command.verb == Verb::Data && takesCommands() && m_in.pending() > 0)
        end(replies::kImproperPipelining);
}

qsizetype ServerSession::Impl::takeContent(QByteArrayView bytes) {
    const bool counted = state == ServerState::Chunk;
    const QByteArrayView data = counted ? bytes.first(std::min<qint64>(bytes.size(), chunk.octets)) : bytes;
    QByteArray text;
    text.reserve(data.size());
    const qsizetype taken = content->feed(data, text);
    if (counted) {
        chunk.octets -= taken;
        if (chunk.last && chunk.octets == 0)
            content->finish(text);
    }
    if (contentRefusal.empty()) {
        headers.feed(text);
        if (content->fault() != ContentStream::Fault::None)
            refuseContent(contentFaultReply(content->fault()));
        else if (limits.maxMessageSize > 0 && content->octets() > limits.maxMessageSize)
            refuseContent(replies::kMessageTooBig);
        else if (headers.isBroken())
            refuseContent(replies::kBrokenHeader);
        else if (headers.received() >= limits.maxHops)
            refuseContent(replies::kLoop);
        else if (!text.isEmpty())
            m_effects.push_back(effect::Content{std::move(text)});
    } else {
        swallowed += taken;
        if (swallowed > mostSwallowed())
            end(replies::kTooMuchDiscarded);
    }
    if (m_end) {
        dispatch(ServerEvent::End);
    } else if (counted && chunk.octets == 0) {
        dispatch(chunk.last ? ServerEvent::LastChunkEnd : ServerEvent::ChunkEnd);
    } else if (!counted && content->isDone()) {
        moreBehindData = taken < bytes.size();
        dispatch(ServerEvent::DataEnd);
    }
    return state == ServerState::Closed ? bytes.size() : taken;
}

void ServerSession::Impl::skipChunk() {
    toSkip = chunk.octets;
    if (toSkip > mostSwallowed())
        end(replies::kTooMuchDiscarded);
}

qint64 ServerSession::Impl::mostSwallowed() const {
    return (limits.maxMessageSize > 0 ? limits.maxMessageSize : kSwallowWithoutLimit) + kSwallowGrace;
}

void ServerSession::Impl::refuseContent(replies::Wire reply) {
    contentRefusal = reply;
    discardContent();
}

// If nobody has seen BeginContent yet (the body came in one packet with DATA) it is taken back instead: whoever carries it
// out may rely on transaction() being this message's.
void ServerSession::Impl::discardContent() {
    if (!std::exchange(contentOpen, false))
        return;
    const auto begun = std::find_if(m_effects.begin(), m_effects.end(), [](const ServerEffect& e) {
        return std::holds_alternative<effect::BeginContent>(e);
    });
    if (begun == m_effects.end())
        m_effects.push_back(effect::Discard{});
    else
        m_effects.erase(begun, m_effects.end()); // only Content stands behind it
}

// -- the one place where the state changes --------------------------------------------------------------------------

void ServerSession::Impl::dispatch(ServerEvent event) {
    if (state == ServerState::Closed)
        return;
    const ServerState before = state;
    if (const ServerTransitions::Row* row = ServerTransitions::find(state, event)) {
        const ServerState next = (this->*row->does)() ? row->then : row->otherwise;
        if (next != ServerState::Same)
            state = next;
    } else if (isCommand(event)) {
        answerOutOfOrder(event);
    }
    if (trace)
        trace(toString(before), toString(event), toString(state));
    if (m_end && event != ServerEvent::End)
        dispatch(ServerEvent::End);
}

void ServerSession::Impl::answerOutOfOrder(ServerEvent event) {
    if (state == ServerState::Greeted)
        refuse(replies::kNeedsHelo);
    else if (event == ServerEvent::StartTls && tlsOn)
        refuse(replies::kAlreadyInTls);
    else if ((event == ServerEvent::Data || event == ServerEvent::Bdat) && state == ServerState::Mail)
        refuse(replies::kNeedsRecipient);
    else if (state == ServerState::Idle &&
             (event == ServerEvent::Data || event == ServerEvent::Bdat || event == ServerEvent::Rcpt))
        refuse(replies::kNeedsMail);
    else
        refuse(replies::kBadSequence);
}

// -- effects out ----------------------------------------------------------------------------------------------------

bool ServerSession::Impl::refuse(replies::Wire reply) {
    ++errors;
    if (hasTooManyErrors())
        end(replies::kTooManyErrors);
    else
        say(reply);
    return false;
}

bool ServerSession::Impl::hasTooManyErrors() const {
    return errors + refusedRecipients / kRefusedRecipientsPerError >= limits.maxErrors;
}

void ServerSession::Impl::end(replies::Wire reply) {
    if (!m_end)
        m_end = QByteArray(reply.data(), qsizetype(reply.size()));
}

void ServerSession::Impl::flush() {
    if (!m_out.isEmpty())
        m_effects.push_back(effect::Send{std::exchange(m_out, QByteArray())});
}

void ServerSession::Impl::ask(ServerEffect question) {
    if (m_in.pending() == 0)
        flush();
    m_effects.push_back(std::move(question));
}

ServerEffects ServerSession::Impl::take() {
    return std::exchange(m_effects, ServerEffects());
}

void ServerSession::Impl::resetTransaction() {
    discardContent();
    transaction = Transaction();
    candidate = Recipient();
}

bool ServerSession::Impl::isWaiting() const {
    return state == ServerState::CheckingSender || state == ServerState::CheckingFirst ||
           state == ServerState::CheckingNext || state == ServerState::CheckingLogin || state == ServerState::Storing;
}

bool ServerSession::Impl::isInContent() const {
    return state == ServerState::Content || state == ServerState::Chunk;
}

bool ServerSession::Impl::takesCommands() const {
    return state == ServerState::Greeted || state == ServerState::Idle || state == ServerState::Mail ||
           state == ServerState::Rcpt || state == ServerState::BetweenChunks;
}

bool ServerSession::Impl::takesAuthResponse() const {
    return state == ServerState::PlainResponse || state == ServerState::LoginUser ||
           state == ServerState::LoginPassword;
}

// -- the public face ------------------------------------------------------------------------------------------------

ServerSession::ServerSession(ServerFeatures features, ServerLimits limits, ClientFacts client)
    : m(std::make_unique<Impl>(std::move(features), limits, std::move(client))) {}
ServerSession::~ServerSession() = default;
ServerSession::ServerSession(ServerSession&&) noexcept = default;
ServerSession& ServerSession::operator=(ServerSession&&) noexcept = default;

ServerEffects ServerSession::greet() {
    m->dispatch(ServerEvent::Greet);
    m->flush();
    return m->take();
}

ServerEffects ServerSession::refuse(const Reply& reply) {
    m->answer = &reply;
    m->dispatch(ServerEvent::Refuse);
    m->answer = nullptr;
    return m->take();
}

ServerEffects ServerSession::feed(QByteArrayView bytes) {
    m->feed(bytes);
    return m->take();
}

ServerEffects ServerSession::peerClosed() {
    m->dispatch(ServerEvent::PeerClosed);
    return m->take();
}

ServerEffects ServerSession::tlsStarted(const TlsFacts& facts) {
    m->newTls = &facts;
    m->dispatch(ServerEvent::TlsUp);
    m->newTls = nullptr;
    return m->take();
}

ServerEffects ServerSession::senderChecked(const Reply& reply) {
    m->answer = &reply;
    m->dispatch(ServerEvent::SenderAnswer);
    m->answer = nullptr;
    m->process();
    return m->take();
}

ServerEffects ServerSession::recipientChecked(const Reply& reply) {
    m->answer = &reply;
    m->dispatch(ServerEvent::RecipientAnswer);
    m->answer = nullptr;
    m->process();
    return m->take();
}

ServerEffects ServerSession::loginChecked(LoginOutcome outcome) {
    m->loginOutcome = outcome;
    m->dispatch(ServerEvent::LoginAnswer);
    m->process();
    return m->take();
}

ServerEffects ServerSession::stored(const Reply& reply) {
    m->answer = &reply;
    m->dispatch(ServerEvent::StoredAnswer);
    m->answer = nullptr;
    m->process();
    return m->take();
}

ServerEffects ServerSession::timedOut() {
    m->dispatch(ServerEvent::TimedOut);
    return m->take();
}

ServerEffects ServerSession::shutDown() {
    m->dispatch(ServerEvent::ShutDown);
    return m->take();
}

Milliseconds ServerSession::timeout() const {
    if (m->state == ServerState::TlsHandshake)
        return kHandshake;
    const bool before = m->state == ServerState::Opening || m->state == ServerState::Greeted;
    return before ? m->limits.beforeFirstCommand : m->limits.idle;
}

void ServerSession::setReverseName(QByteArray name) {
    m->client.reverseName = std::move(name);
}

void ServerSession::setTrace(Trace trace) {
    m->trace = std::move(trace);
}

bool ServerSession::isWaiting() const { return m->isWaiting(); }
bool ServerSession::isReceivingContent() const { return m->isInContent(); }
bool ServerSession::isClosed() const { return m->state == ServerState::Closed; }
const Transaction& ServerSession::transaction() const { return m->transaction; }
const ContentFacts& ServerSession::contentFacts() const { return m->facts; }
const QByteArray& ServerSession::helo() const { return m->helo; }
bool ServerSession::isEsmtp() const { return m->esmtp; }
bool ServerSession::isTls() const { return m->tlsOn; }
const TlsFacts& ServerSession::tls() const { return m->tls; }
const QByteArray& ServerSession::user() const { return m->user; }
const ClientFacts& ServerSession::client() const { return m->client; }
const ServerFeatures& ServerSession::features() const { return m->features; }
QByteArrayView ServerSession::stateName() const { return toString(m->state); }

} // namespace postern::smtp
