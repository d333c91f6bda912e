// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a client does from the greeting until it may offer mail: hello, TLS, signing in. The order is the table's.
#include "smtp/client_actions.h"

namespace postern::smtp::action {

using Way = ClientTransitions::Way;
using Machine = ClientTransitions::Machine;
using E = ClientEvent;

// --- getting ready --------------------------------------------------------------------------------------------------

Way onConnected(Machine&) {
    return Way::Then;
}

Way protocolError(Machine& m) {
    m.fail(FaultKind::ProtocolError, m.said() + ", which makes no sense here", false, true);
    return Way::Closed;
}

namespace {

// The peer still listens: part politely, then report.
Way refuse(Machine& m, FaultKind kind, QByteArray text, bool permanent = false, bool withReply = false) {
    m.send("QUIT\r\n");
    m.fail(kind, std::move(text), permanent, withReply);
    return Way::Closed;
}

constexpr qsizetype kMaxCommand = 510; // RFC 4954 §4: a longer initial response has to wait for 334

} // namespace

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

namespace {

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

} // namespace

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
    if (m.reply.code == 521) // RFC 7504 §3: said here instead of in the greeting
        return onGreetingRefused(m);
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

} // namespace postern::smtp::action
