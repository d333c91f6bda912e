// SPDX-License-Identifier: GPL-3.0-or-later
//
// Listeners and the certificates they name. A listener that could not keep what its line promises is an
// error, not a warning: one that should filter or restrict senders and does not is worse than none.
#include "base/log.h"
#include "config/views/ca_view.h"
#include "config/views/pki_view.h"
#include "policy/build.h"
#include "policy/values.h"

#include <algorithm>

namespace postern::policy {
namespace {

using config::ListenView;
using config::Severity;

constexpr qsizetype kMaxTag = 32;
constexpr auto kFiltersNotRun = "filters are not run yet, and a listener must not leave its filter out unseen; take the word"
                                " filter out to accept mail unfiltered";

void setTls(ListenerSpec& spec, ListenView::TlsWord word) {
    switch (word) {
    case ListenView::TlsWord::None:
        spec.tls = ListenTls::None;
        break;
    case ListenView::TlsWord::Tls:
    case ListenView::TlsWord::Secure:
        spec.tls = ListenTls::StartTls;
        break; // its twin is Wrapped
    case ListenView::TlsWord::TlsRequire:
        spec.tls = ListenTls::StartTlsRequired;
        break;
    case ListenView::TlsWord::Smtps:
        spec.tls = ListenTls::Wrapped;
        break;
    }
}

void setPort(Build& build, const ListenView& view, ListenerSpec& spec) {
    spec.port = spec.tls == ListenTls::Wrapped ? 465 : 25;
    if (!view.port())
        return;
    if (view.tls() == ListenView::TlsWord::Secure)
        build.report.error(
            view, view.port()->range,
            "\"secure\" opens two ports, 25 with STARTTLS and 465 with TLS, so no port can be given;"
            " write two lines, one with tls and one with smtps");
    if (const auto port = parsePort(view.port()->text))
        spec.port = *port;
    else
        build.report.error(view, view.port()->range,
                           "\"" + harmless(view.port()->text, 40) +
                               "\" is no port: a number up to 65535, or smtp, smtps, submission");
}

void setAuth(Build& build, const ListenView& view, ListenerSpec& spec) {
    switch (view.auth()) {
    case ListenView::AuthWord::None:
        return;
    case ListenView::AuthWord::Auth:
        spec.auth = ListenAuth::Required;
        break;
    case ListenView::AuthWord::AuthOptional:
    case ListenView::AuthWord::EnableAuth:
        spec.auth = ListenAuth::Optional;
        break;
    }
    if (spec.tls == ListenTls::None)
        build.report.error(view, "auth requires tls/smtps: add tls, tls-require or smtps, so that passwords "
                                 "are not sent in clear");
    if (const config::TableArgument* table = view.authTable()) {
        spec.credentials = resolveTable(build, view, *table, {tables::Service::Credentials, "auth", true});
        checkSecretFile(build, view, *spec.credentials);
    } else {
        build.report.note(view, "who has an account on this computer can sign in here, if the gateway runs as root: only root"
                                " may read the passwords; a table of users works without: auth <users>");
    }
}

void setCertificates(Build& build, const ListenView& view, ListenerSpec& spec) {
    for (const config::Value& name : view.pkis()) {
        const bool olderWord = view.hasClause(config::ClauseKind::Certificate);
        if (olderWord ? knowsCertificate(build, view, name) : knowsPki(build, view, name))
            spec.pki.append(name.text);
    }
    const bool namelessOf2012 =
        build.era() == Era::Map2012 && view.pkis().empty() && build.pkiLines.isEmpty();
    if (namelessOf2012 && spec.tls != ListenTls::None && knowsCertificate(build, view, *view.interface()))
        spec.pki.append(spec.interface); // the default of that time
    if (spec.tls == ListenTls::None && !view.pkis().empty())
        build.report.error(
            view, "pki requires tls/smtps: add tls, tls-require or smtps, or leave the certificate out");
    if (view.ca() && !spec.verifyClient)
        build.report.say(Severity::Note, view, view.ca()->range,
                          "clients are asked for a certificate of this ca and need none: Received says YES or NO;"
                          " write verify behind tls-require or smtps to demand one");
    if (const config::Value* ca = view.ca()) {
        spec.ca = ca->text;
        spec.caFile = build.caFiles.value(ca->text);
        if (spec.caFile.isEmpty())
            build.report.say(
                build.missingHere(), view, ca->range,
                "no such ca: " + harmless(ca->text, 80) + definedLater(build.caLines, ca->text),
                build.caLines.contains(ca->text) ? "" : nearest(build, ca->text, build.caLines));
    }
}

void setProtocols(Build& build, const ListenView& view, ListenerSpec& spec) {
    if (const config::Clause* ciphers = view.clause(config::ClauseKind::Ciphers))
        spec.ciphers = ciphers->valueText();
    const config::Clause* written = view.clause(config::ClauseKind::Protocols);
    if (!written)
        return;
    spec.protocols = written->valueText();
    const TlsProtocols protocols = protocolsOf(build, view, written->range, spec.protocols);
    spec.tls12 = protocols.tls12;
    spec.tls13 = protocols.tls13;
}

void setTag(Build& build, const ListenView& view, ListenerSpec& spec) {
    if (view.tag()) {
        spec.tag = view.tag()->text;
        if (spec.tag.size() > kMaxTag)
            build.report.error(view, view.tag()->range, "a tag has at most 32 characters");
    } else if (build.era() == Era::Map2012) {
        spec.tag = spec.interface; // the default of that time
    }
}

// What the line asks and the engine does not do: kept in `spec`, and said.
void setRest(Build& build, const ListenView& view, ListenerSpec& spec) {
    const Severity unsafe = build.unsafe();
    if (const config::TableArgument* filters = view.filters()) {
        spec.filters = filtersOf(build, view, *filters);
        build.report.say(unsafe, view, filters->range, kFiltersNotRun);
    }
    if (const config::TableArgument* senders = view.senders()) {
        spec.senders = resolveTable(build, view, *senders, {tables::Service::Mailaddrmap, "senders", true});
        spec.masquerade = view.masquerade();
        if (spec.auth == ListenAuth::Off)
            build.report.warning(view, senders->range,
                                 "\"senders\" holds for those who sign in, and nobody can sign in here; add auth <users>");
        else if (spec.auth == ListenAuth::Optional)
            build.report.note(view, "\"senders\" holds for those who sign in; who does not may use any address the rules take");
    }
    if (view.proxyV2()) {
        spec.proxyV2 = true;
        build.report.note(view, "whoever reaches this listener can say by his PROXY header to be any address, also one of this"
                                " computer; let only the proxy reach it");
    }
    if (const config::TableArgument* names = view.hostnames()) {
        spec.hostnames = resolveTable(build, view, *names, {tables::Service::Addrname, "hostnames", true});
    }
    spec.dsnNotifyOff = view.hasClause(config::ClauseKind::DsnNotify);
    spec.dsnHeadersOnly = view.hasClause(config::ClauseKind::DsnRet);
    if (spec.dsnNotifyOff || spec.dsnHeadersOnly)
        build.report.note(view, "dsn-notify and dsn-ret of 5.7 have no effect: notices are sent as senders ask for them; no-dsn keeps"
                                " them from asking");
}

void addSocket(Build& build, const ListenView& view) {
    SocketSpec& socket = build.rules->socket;
    if (socket.origin.line != 0)
        build.report.error(view, "\"listen on socket\" is written already, in line " +
                                     QByteArray::number(socket.origin.line));
    socket.origin = originOf(view);
    socket.text = safeText(view);
    socket.maskSource = view.maskSource();
    socket.noDsn = view.noDsn();
    if (view.tag())
        socket.tag = view.tag()->text;
    if (view.filters()) {
        socket.filters = filtersOf(build, view, *view.filters());
        build.report.say(build.unsafe(), view, view.filters()->range, kFiltersNotRun);
    }
}

Result<qint64> sizeOf(Build& build, const QByteArray& path) {
    return build.options.syntaxOnly ? Result<qint64>(0) : build.files.size(path);
}

void checkFile(Build& build, const config::StatementView& at, const config::Value& value,
               const QByteArray& path) {
    if (const Result<qint64> size = sizeOf(build, path); !size)
        build.report.say(build.missingHere(), at, value.range, size.error().text);
}

QByteArray lowerName(const config::Value& name) {
    return name.text.toLower();
}

// A listener with a slip of the pen: that it is not read is said already, and what is taken in its place is not meant.
bool triesToListen(const config::FileSet& set) {
    bool found = false;
    set.each(in(config::StatementKind::Listen), [&found](const config::StatementView& statement) { found = found || statement.hasError(); });
    const config::Diagnostics said = set.diagnostics();
    return found || std::any_of(said.begin(), said.end(), [](const config::Diagnostic& one) { return one.suggestion == "listen"; });
}

} // namespace

TlsProtocols protocolsOf(Build& build, const config::StatementView& at, config::Range range, const QByteArray& text) {
    const auto protocols = parseTlsProtocols(text);
    if (!protocols) {
        build.report.error(at, range,
                           "protocols are tlsv1.2, tlsv1.3, secure, default, all or legacy, with commas between them and"
                           " ! before what is not wanted");
        return {.tls12 = true, .tls13 = true};
    }
    if (!protocols->tls12 && !protocols->tls13)
        build.report.error(at, range,
                           "no protocol is left: TLS 1.2 and 1.3 are spoken here, older ones are broken (RFC 8996)");
    else if (protocols->olderNamed)
        build.report.warning(at, range, "TLS 1.0 and 1.1 are broken (RFC 8996) and never used; the others are");
    return *protocols;
}

Pki* pkiOf(Build& build, const QByteArray& name) {
    const auto found = build.pkiNumbers.constFind(name.toLower());
    return found == build.pkiNumbers.constEnd() ? nullptr : &build.rules->pkis[*found];
}

void addPki(Build& build, Pki pki) {
    build.pkiNumbers.insert(pki.name, build.rules->pkis.size());
    build.rules->pkis.push_back(std::move(pki));
}

void addCa(Build& build, Ca ca) {
    if (!build.caFiles.contains(ca.name))
        build.caFiles.insert(ca.name, ca.file);
    build.rules->cas.push_back(std::move(ca));
}

void addPki(Build& build, const config::PkiView& view) {
    if (!view.name())
        return;
    const QByteArray name = lowerName(*view.name());
    if (!pkiOf(build, name))
        addPki(build, Pki{name, {}, {}, originOf(view), {}, {}});
    Pki* const found = pkiOf(build, name);
    if (const config::Value* file = view.certificate()) {
        found->certFile = pathBeside(view.file(), file->text);
        checkFile(build, view, *file, found->certFile);
    }
    if (const config::Value* file = view.key()) {
        found->keyFile = pathBeside(view.file(), file->text);
        checkFile(build, view, *file, found->keyFile);
    }
    if (const config::Value* file = view.ca())
        addCa(build, Ca{name, pathBeside(view.file(), file->text), originOf(view)}); // 5.4 had it here
    if (view.dhe())
        found->dhe = view.dhe()->text;
    if (view.dhParams())
        found->dhParams = pathBeside(view.file(), view.dhParams()->text);
    if (view.dhParams())
        checkFile(build, view, *view.dhParams(), found->dhParams);
    if (view.dhe() && view.dhe()->text == "legacy")
        build.report.note(view, "\"dhe legacy\" asked for 1024 bits, which are too few; 2048 are used, as with dhe auto");
}

void addCa(Build& build, const config::CaView& view) {
    if (!view.name() || !view.certificate())
        return;
    const QByteArray path = pathBeside(view.file(), view.certificate()->text);
    checkFile(build, view, *view.certificate(), path);
    if (!build.caFiles.value(view.name()->text).isEmpty())
        build.report.error(view, view.name()->range, "ca " + view.name()->text + " is defined already");
    else
        addCa(build, Ca{view.name()->text, path, originOf(view)});
}

bool knowsPki(Build& build, const config::StatementView& at, const config::Value& name) {
    if (pkiOf(build, name.text))
        return true;
    const QByteArray key = lowerName(name);
    build.report.say(build.missingHere(), at, name.range,
                       "no such pki: " + harmless(name.text, 80) + definedLater(build.pkiLines, key),
                       build.pkiLines.contains(key) ? "" : nearest(build, key, build.pkiLines));
    return false;
}

bool knowsCertificate(Build& build, const config::StatementView& at, const config::Value& name) {
    if (pkiOf(build, name.text))
        return true;
    QByteArrayList tried;
    for (const QByteArray& folder : {pathBeside(at.file(), "certs"), QByteArray("/etc/mail/certs")}) {
        const QByteArray base = folder + "/" + name.text;
        if (sizeOf(build, base + ".crt") && sizeOf(build, base + ".key")) {
            addPki(build, Pki{lowerName(name), base + ".crt", base + ".key", originOf(at), {}, {}});
            return true;
        }
        tried.append(base + ".crt");
    }
    build.report.say(build.missingHere(), at, name.range,
                       "no certificate " + harmless(name.text, 80) + ": neither " + tried.join(" nor ") +
                           " with its .key beside it can be read");
    return false;
}

void addListener(Build& build, const ListenView& view) {
    if (view.isSocket())
        return addSocket(build, view);
    if (!view.interface())
        return;
    ListenerSpec spec;
    spec.interface = view.interface()->text;
    spec.family = view.family();
    spec.origin = originOf(view);
    spec.text = safeText(view);
    spec.comment = view.commentBehind();
    spec.hostname = view.hostname() ? view.hostname()->text : QByteArray();
    spec.verifyClient = view.verifyClient();
    spec.maskSource = view.maskSource();
    spec.receivedAuth = view.receivedAuth();
    spec.noDsn = view.noDsn();
    setTls(spec, view.tls());
    setPort(build, view, spec);
    setAuth(build, view, spec);
    setCertificates(build, view, spec);
    setProtocols(build, view, spec);
    setTag(build, view, spec);
    setRest(build, view, spec);
    build.rules->listeners.push_back(spec);
    if (view.tls() == ListenView::TlsWord::Secure) {
        spec.tls = ListenTls::Wrapped;
        spec.port = 465;
        build.rules->listeners.push_back(std::move(spec));
    }
}

// Certificates found by name may stand anywhere in the file, so this waits for its end.
void checkListeners(Build& build) {
    build.set.each(in(config::StatementKind::Listen), [&build](const config::StatementView& statement) {
        const auto view = ListenView::from(statement);
        if (!view || view->isSocket() || view->tls() == ListenView::TlsWord::None || !view->pkis().empty() ||
            (build.era() == Era::Map2012 && build.pkiLines.isEmpty())) // said where it stands
            return;
        const QByteArray name = view->hostname() ? view->hostname()->text : build.rules->settings.serverName;
        const bool found = pkiOf(build, "*") || (name.isEmpty() ? !build.rules->pkis.empty() : pkiOf(build, name) != nullptr);
        if (!found)
            build.report.say(
                build.unsafe(), statement, {},
                "TLS needs a certificate: define pki NAME with a certificate and a key, and add pki NAME here"
                " (without a name, the entry of the server's host name is taken, then *)");
        else if (build.era() == Era::Modern)
            build.report.note(statement,
                              "no pki is named: the entry of the server's host name is taken, then *;"
                              " OpenSMTPD 7.3 and later want it named");
    });
    build.set.each(in(config::StatementKind::Pki), [&build](const config::StatementView& statement) {
        const auto view = config::PkiView::from(statement);
        const Pki* pki = view && view->name() ? pkiOf(build, view->name()->text) : nullptr;
        if (!pki || (!pki->certFile.isEmpty() && !pki->keyFile.isEmpty()) ||
            pki->origin.line != statement.line())
            return;
        build.report.say(build.unsafe(), statement, {},
                         "pki " + pki->name + " has no " + (pki->certFile.isEmpty() ? "certificate" : "key") +
                             "; add a line: pki \"" + pki->name + "\" " +
                             (!pki->certFile.isEmpty()              ? "key"
                              : build.era() == Era::Modern ? "cert"
                                                           : "certificate") +
                             " \"FILE\"");
    });
    if (build.rules->listeners.empty()) {
        ListenerSpec spec;
        spec.interface = "localhost";
        spec.origin = {build.rules->files.value(0), 1, 1, 0, 0};
        spec.text = "listen on localhost (not written)";
        build.rules->listeners.push_back(std::move(spec));
        if (!triesToListen(build.set))
            build.report.aboutTheFile(Severity::Note,
                                      "no listener is written, so mail is taken on localhost, port 25");
    }
}

} // namespace postern::policy
