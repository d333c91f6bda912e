// SPDX-License-Identifier: GPL-3.0-or-later
#include "smtp/client_session.h"

#include "base/log.h"
#include "smtp/client_machine.h"

#include <algorithm>

namespace postern::smtp {
namespace {

bool isAuthWord(QByteArrayView word, QByteArrayView name) {
    return word.compare(name, Qt::CaseInsensitive) == 0;
}

// Up to 20 digits (RFC 1870 §4); anything else is not a SIZE.
std::optional<qint64> sizeParameter(QByteArrayView text) {
    if (text.isEmpty())
        return 0;
    if (text.size() > 20 || !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }))
        return std::nullopt;
    bool ok = false;
    const qint64 value = text.toLongLong(&ok);
    return ok ? value : 0; // larger than any message: no limit
}

// RFC 9422 §3: one to six digits, not 0. Nonsense is no limit.
int limitParameter(const QByteArray& text) {
    const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    return digits && text.size() <= 6 ? text.toInt() : 0;
}

QByteArray waitText(Milliseconds wait) {
    const auto seconds = std::chrono::duration_cast<Seconds>(wait).count();
    if (seconds % 60 == 0 && seconds > 60)
        return QByteArray::number(qlonglong(seconds / 60)) + " minutes";
    return QByteArray::number(qlonglong(seconds)) + (seconds == 1 ? " second" : " seconds");
}

} // namespace

ServerFacts parseEhlo(const Reply& reply) {
    ServerFacts facts;
    for (qsizetype i = 1; i < reply.lines.size(); ++i) {
        const QByteArrayView line = QByteArrayView(reply.lines[i]).trimmed();
        const auto end = std::find_if(line.begin(), line.end(), [](char c) { return c == ' ' || c == '='; });
        const QByteArray keyword = line.first(end - line.begin()).toByteArray().toUpper();
        const QByteArrayView rest = end == line.end() ? QByteArrayView() : line.sliced(end - line.begin() + 1).trimmed();
        if (keyword == "PIPELINING") {
            facts.pipelining = true;
        } else if (keyword == "STARTTLS") {
            facts.startTls = true;
        } else if (keyword == "8BITMIME") {
            facts.eightBit = true;
        } else if (keyword == "SMTPUTF8") {
            facts.utf8 = true;
        } else if (keyword == "DSN") {
            facts.dsn = true;
        } else if (keyword == "CHUNKING") {
            facts.chunking = true;
        } else if (keyword == "LIMITS") {
            for (const QByteArray& word : rest.toByteArray().toUpper().split(' ')) {
                if (word.startsWith("RCPTMAX="))
                    facts.maxRecipients = limitParameter(word.mid(8));
                else if (word.startsWith("MAILMAX="))
                    facts.maxMails = limitParameter(word.mid(8));
            }
        } else if (keyword == "SIZE") {
            const auto size = sizeParameter(rest);
            if (size && !facts.sizeOffered) {
                facts.sizeOffered = true;
                facts.maxSize = *size;
            }
        } else if (keyword == "AUTH") { // also the old form "AUTH=LOGIN"
            facts.authOffered = true;
            for (const QByteArray& word : rest.toByteArray().split(' ')) {
                facts.authPlain = facts.authPlain || isAuthWord(word, "PLAIN");
                facts.authLogin = facts.authLogin || isAuthWord(word, "LOGIN");
            }
        }
    }
    facts.utf8 = facts.utf8 && facts.eightBit; // RFC 6531 §3.1: the one is not to be offered without the other
    return facts;
}

QByteArray tooLargeFor(const QByteArray& peerName, qint64 octets, qint64 limit) {
    return "5.3.4 message too large for peer: it is " + QByteArray::number(octets) + " octets, " + peerName + " takes " +
           QByteArray::number(limit);
}

bool ClientSession::Impl::needsTls() const {
    switch (settings.tls) {
    case ClientTls::Never: return false;
    case ClientTls::Opportunistic: return settings.auth.has_value(); // a password never goes in clear
    case ClientTls::Required: return true;
    case ClientTls::Wrapped: return true;
    }
    return true;
}

// One ClientSend per step: commands that follow one another become one write.
void ClientSession::Impl::send(QByteArray bytes) {
    if (!effects.empty())
        if (auto* last = std::get_if<effect::ClientSend>(&effects.back())) {
            last->bytes += bytes;
            return;
        }
    effects.push_back(effect::ClientSend{std::move(bytes)});
}

void ClientSession::Impl::sendHello() {
    send((settings.lmtp ? "LHLO " : "EHLO ") + settings.helo + "\r\n");
}

QByteArray ClientSession::Impl::mailCommand() const {
    QByteArray line = "MAIL FROM:<" + mail->sender.text() + '>';
    const MailParams& params = mail->params;
    if (facts.sizeOffered && params.declaredSize >= 0)
        line += " SIZE=" + QByteArray::number(params.declaredSize);
    if (facts.eightBit && mail->hasEightBit)
        line += " BODY=8BITMIME";
    const bool addressNeedsUtf8 =
        !mail->sender.isAscii() || std::any_of(mail->recipients.begin(), mail->recipients.end(),
                                               [](const Recipient& r) { return !r.address.isAscii(); });
    if (facts.utf8 && (params.smtpUtf8 || addressNeedsUtf8))
        line += " SMTPUTF8";
    if (facts.dsn) {
        if (params.ret != DsnReturn::Unset)
            line += params.ret == DsnReturn::Full ? " RET=FULL" : " RET=HDRS";
        if (!params.envid.isEmpty())
            line += " ENVID=" + params.envid;
    }
    return line + "\r\n";
}

QByteArray ClientSession::Impl::rcptCommand(size_t index) const {
    const Recipient& recipient = mail->recipients[index];
    QByteArray line = "RCPT TO:<" + recipient.address.text() + '>';
    if (facts.dsn) {
        if (!recipient.params.notify.isEmpty())
            line += " NOTIFY=" + recipient.params.notify;
        if (!recipient.params.orcpt.isEmpty())
            line += " ORCPT=" + recipient.params.orcpt;
    }
    return line + "\r\n";
}

QByteArray ClientSession::Impl::plainToken() const {
    QByteArray plain('\0' + settings.auth->user + '\0');
    plain += settings.auth->password.expose();
    QByteArray token = plain.toBase64();
    wipe(plain);
    return token;
}

// A server that repeats what it was told must not carry the password into the queue, the log or a notice. Very short
// passwords stand in innocent words too; they are hidden in their encoded forms only.
void ClientSession::Impl::hideSecret() {
    if (!settings.auth || settings.auth->password.isEmpty())
        return;
    constexpr qsizetype kShortest = 4;
    const QByteArrayView password = settings.auth->password.expose();
    QByteArray forms[] = {plainToken(), QByteArray::fromRawData(password.data(), password.size()).toBase64(),
                          password.size() >= kShortest ? password.toByteArray() : QByteArray()};
    for (QByteArray& form : forms) {
        if (!form.isEmpty())
            for (QByteArray& line : reply.lines)
                line.replace(form, "***");
        wipe(form);
    }
}

// Why this message cannot go to this server at all; found out before a word is said.
std::optional<QByteArray> ClientSession::Impl::cannotCarry(const ClientMail& candidate, EnhancedCode& code) const {
    if (facts.maxSize > 0 && candidate.params.declaredSize > facts.maxSize) {
        code = {5, 3, 4};
        return tooLargeFor(settings.peerName, candidate.params.declaredSize, facts.maxSize).mid(6);
    }
    if (!facts.utf8 && candidate.headerNeedsUtf8) {
        code = {5, 6, 7};
        return settings.peerName + " does not take internationalised mail (SMTPUTF8), and the message's header needs it";
    }
    if (!facts.eightBit && candidate.hasEightBit) {
        code = {5, 6, 3};
        return settings.peerName + " does not take 8-bit content (8BITMIME), and the message cannot be converted: " +
               (candidate.notConvertible.isEmpty() ? QByteArray("nobody looked at it") : candidate.notConvertible);
    }
    return std::nullopt;
}

QByteArray ClientSession::Impl::said() const {
    const char* command = clientStateRow(state).command;
    QByteArray text = settings.peerName + " said: " + harmless(reply.oneLine(), 1000);
    if (*command)
        text += QByteArray(" (in reply to ") + command + ')';
    return text;
}

RecipientOutcome ClientSession::Impl::judged() const {
    const OutcomeKind kind = reply.isPositive()    ? OutcomeKind::Delivered
                             : reply.isPermanent() ? OutcomeKind::Permanent
                                                   : OutcomeKind::Temporary;
    return {kind, reply, said(), kind == OutcomeKind::Delivered && facts.dsn};
}

void ClientSession::Impl::decide(size_t index, RecipientOutcome outcome) {
    if (!outcomes[index])
        outcomes[index] = std::move(outcome);
}

void ClientSession::Impl::decideAccepted(const RecipientOutcome& outcome) {
    for (const size_t index : accepted)
        decide(index, outcome);
}

void ClientSession::Impl::endMail(const RecipientOutcome& rest) {
    effect::MailDone done;
    done.senderDeferred = std::exchange(senderDeferred, false);
    done.outcomes.reserve(outcomes.size());
    for (auto& outcome : outcomes)
        done.outcomes.push_back(outcome ? std::move(*outcome) : rest);
    effects.push_back(std::move(done));
    mail.reset();
    outcomes.clear();
    accepted.clear();
    ++mailsDone;
}

void ClientSession::Impl::fail(FaultKind kind, QByteArray text, bool permanent, bool withReply) {
    Fault fault{kind, permanent, withReply ? reply : Reply{}, std::move(text)};
    if (mail)
        endMail({OutcomeKind::Temporary, fault.reply, fault.text});
    effects.push_back(effect::Finished{std::move(fault)});
}

ClientSession::ClientSession(ClientSettings settings) : m(std::make_unique<Impl>()) {
    m->tls = settings.tls == ClientTls::Wrapped;
    m->settings = std::move(settings);
}
ClientSession::~ClientSession() = default;
ClientSession::ClientSession(ClientSession&&) noexcept = default;
ClientSession& ClientSession::operator=(ClientSession&&) noexcept = default;

ClientEffects ClientSession::connected() {
    ClientTransitions::dispatch(*m, ClientEvent::Connected);
    return m->takeEffects();
}

ClientEffects ClientSession::feed(QByteArrayView bytes) {
    if (m->state == ClientState::Closed || bytes.isEmpty())
        return {};
    m->parser.append(bytes);
    ClientTransitions::readReplies(*m);
    return m->takeEffects();
}

ClientEffects ClientSession::tlsStarted() {
    ClientTransitions::dispatch(*m, ClientEvent::TlsUp);
    return m->takeEffects();
}

ClientEffects ClientSession::tlsFailed(const QByteArray& reason) {
    m->reason = harmless(reason);
    ClientTransitions::dispatch(*m, ClientEvent::TlsDown);
    return m->takeEffects();
}

ClientEffects ClientSession::offer(ClientMail mail) {
    m->offered = std::move(mail);
    ClientTransitions::dispatch(*m, ClientEvent::Offer);
    m->offered.reset();
    return m->takeEffects();
}

ClientEffects ClientSession::content(QByteArrayView bytes) {
    m->piece = bytes;
    ClientTransitions::dispatch(*m, ClientEvent::Content);
    m->piece = {};
    ClientTransitions::readReplies(*m); // of a group whose last octet this was
    return m->takeEffects();
}

ClientEffects ClientSession::quit() {
    ClientTransitions::dispatch(*m, ClientEvent::QuitAsked);
    return m->takeEffects();
}

ClientEffects ClientSession::peerClosed(const QByteArray& reason) {
    const QByteArray text = harmless(reason);
    const QByteArray awaited = clientStateRow(m->state).awaited;
    m->reason = m->settings.peerName + " closed the connection while we waited for " + awaited +
                (text.isEmpty() ? QByteArray() : " (" + text + ')');
    ClientTransitions::dispatch(*m, ClientEvent::Lost);
    return m->takeEffects();
}

ClientEffects ClientSession::timedOut() {
    const ClientStateRow& row = clientStateRow(m->state);
    m->reason = m->settings.peerName + " kept us waiting longer than " + waitText(timeout()) + " for " + row.awaited;
    ClientTransitions::dispatch(*m, ClientEvent::TimedOut);
    return m->takeEffects();
}

Milliseconds ClientSession::timeout() const {
    return m->state == ClientState::Greeting ? m->settings.greetingTimeout : clientStateRow(m->state).timeout;
}
const PeerOffers& ClientSession::offers() const {
    return m->facts;
}
bool ClientSession::isReady() const {
    return m->state == ClientState::Idle;
}
bool ClientSession::isTls() const {
    return m->tls;
}
bool ClientSession::isHandshaking() const {
    return m->state == ClientState::Handshake;
}
quint64 ClientSession::progress() const {
    return m->replies;
}
int ClientSession::mailsDone() const {
    return m->mailsDone;
}
QByteArray ClientSession::awaited() const {
    return clientStateRow(m->state).awaited;
}

QByteArrayView ClientSession::stateName() const {
    return clientStateRow(m->state).name;
}

} // namespace postern::smtp
