// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/arguments.h"
#include "ctl/commands.h"
#include "ctl/input_store.h"
#include "ctl/late_answer.h"

#include "base/log.h"
#include "config/document.h"
#include "delivery/explain.h"
#include "delivery/system_surroundings.h"
#include "engine/loaded_config.h"
#include "listener/open_listener.h"
#include "policy/explain.h"
#include "policy/judge.h"
#include "smtp/address.h"

#include <QHostAddress>
#include <QJsonObject>

#include <algorithm>
#include <cstdio>

using namespace Qt::StringLiterals;

namespace postern::ctl {
namespace {

constexpr std::chrono::minutes kLongestExplanation{5}; // of many lookups, each of which has its own limit

QByteArray onlyFile(const Arguments& arguments, bool mayBeOption) {
    QByteArrayList files = arguments.words();
    if (mayBeOption) {
        if (const auto file = arguments.value("-f"))
            files.prepend(*file);
    }
    if (files.size() != 1)
        throw UsageError{files.isEmpty() ? QByteArray("which file?") : QByteArray("one file at a time")};
    return files.first();
}

// "local@domain" as the engine would keep it, in angle brackets or without; "" and "<>" are the null address. A name without
// a domain gets the server's, as in a session.
QByteArray addressFrom(const QByteArray& text, const char* option, const QByteArray& serverName = "localhost") {
    const bool isPath = text.startsWith('<') && text.endsWith('>');
    const QByteArray inside = isPath ? text.sliced(1, text.size() - 2) : text;
    const auto address = inside.isEmpty() || inside.contains('@')
                             ? smtp::parseAddress(inside)
                             : smtp::parsePath(inside, serverName, smtp::AllowUtf8::Yes, nullptr);
    if (!address)
        throw UsageError{QByteArray(option) + " \"" + harmless(text) + "\": " + address.error().text};
    return address->text();
}

config::Target targetFrom(const Arguments& arguments) {
    const QByteArray name = arguments.value("--target").value_or("postern");
    const auto target = config::targetFromString(name);
    if (!target)
        throw UsageError{"--target is one of " + config::targetNames().join(", ") + ", not \"" + harmless(name) + '"'};
    return *target;
}

constexpr QByteArrayView kSocket = "socket"; // --listener socket: handed in on this computer

// The listener that the option names ("127.0.0.1:2525"); null for the socket and without the option.
const policy::ListenerSpec* listenerOf(const policy::Ruleset& rules, const std::optional<QByteArray>& name) {
    if (!name || *name == kSocket)
        return nullptr;
    for (const policy::ListenerSpec& spec : rules.listeners) {
        const auto addresses = listener::interfaceAddresses(spec.interface, spec.family);
        if (!addresses)
            continue;
        for (const QByteArray& address : *addresses) {
            const QByteArray host = address.contains(':') ? '[' + address + ']' : address;
            if (*name == host + ':' + QByteArray::number(spec.port))
                return &spec;
        }
    }
    throw UsageError{"no listener of this configuration is " + harmless(*name)};
}

// What the options of `explain` say about the client.
void setClient(policy::MatchContext& context, const Arguments& arguments, const policy::Ruleset& rules) {
    const auto client = arguments.value("--client");
    const auto listener = arguments.value("--listener");
    context.isSocket = listener == kSocket;
    context.clientAddress = context.isSocket ? QByteArray() : client.value_or("127.0.0.1");
    context.isLocalAddress = arguments.has("--local") || !client || listener::ownAddresses().contains(*client);
    context.reverseName = arguments.value("--rdns").value_or("");
    context.helo = arguments.value("--helo").value_or("");
    context.user = arguments.value("--auth").value_or("");
    context.isAuthenticated = !context.user.isEmpty();
    const policy::ListenerSpec* spec = listenerOf(rules, listener);
    context.tag = arguments.value("--tag").value_or(context.isSocket ? rules.socket.tag : spec ? spec->tag : QByteArray());
    if (!spec && !context.isSocket && rules.listeners.size() == 1)
        spec = &rules.listeners.front(); // no other can have taken the connection
    context.localNames = engine::localNames(rules);
    context.hostname = spec && !spec->hostname.isEmpty() ? spec->hostname : engine::serverName(rules);
}

// What stands in a client's way before any rule is asked.
QByteArrayList notesOnTheListener(const policy::MatchContext& context, const Arguments& arguments, const policy::Ruleset& rules) {
    const auto& all = rules.listeners;
    const bool maySignIn = std::any_of(all.begin(), all.end(), [](const auto& one) { return one.auth != policy::ListenAuth::Off; });
    QByteArrayList notes;
    if (context.isAuthenticated && !maySignIn)
        notes.append("no listener of this configuration lets clients sign in, so nobody comes with --auth");
    const policy::ListenerSpec* spec = listenerOf(rules, arguments.value("--listener"));
    if (spec && spec->tls == policy::ListenTls::StartTlsRequired && !arguments.has("--tls"))
        notes.append("this listener refuses MAIL with 530 until the client has begun TLS; --tls says that it has");
    if (spec && spec->auth == policy::ListenAuth::Required && !context.isAuthenticated)
        notes.append("this listener refuses MAIL with 530 until the client has signed in; --auth USER says that it has");
    return notes;
}

// {"ok": false, "error": "...", "diagnostics": [...]}: what --json prints where there is nothing to explain.
int explainNothing(bool wantsJson, const QByteArray& why, const config::Diagnostics& diagnostics) {
    for (const config::Diagnostic& d : diagnostics) {
        if (d.severity == config::Severity::Error)
            complain(d);
    }
    complain(why);
    if (wantsJson)
        outJson(QJsonObject{{u"ok"_s, false}, {u"error"_s, QString::fromUtf8(harmless(why))}, {u"diagnostics"_s, toJson(diagnostics)}});
    return kErrorsFound;
}

} // namespace

int checkCommand(const QByteArrayList& words) {
    const Arguments arguments(words, {"--json", "--syntax-only"}, {"-f", "--dialect", "--profile", "--state", "--target"}, {"-D"});
    QByteArray file;
    if (arguments.words().isEmpty() && !arguments.value("-f"))
        file = profileFrom(arguments).configFile;
    else
        file = onlyFile(arguments, true);
    policy::CompileOptions options;
    options.dialect = dialectFrom(arguments);
    options.syntaxOnly = arguments.has("--syntax-only");
    options.macros = macrosFrom(arguments);
    const config::Target target = targetFrom(arguments);
    if (options.dialect && config::dialectOf(target))
        throw UsageError{toString(target).toByteArray() + " reads one dialect only; leave --dialect out"};
    const auto files = storeWith(file);
    if (auto size = files->size(file); !size)
        return refuse(arguments.has("--json"), size.error().text);
    const config::Diagnostics found = target == config::Target::Postern
                                          ? engine::loadConfig(*files, file, options).diagnostics
                                          : policy::judge(*files, file, {target, {}, options.syntaxOnly, options.macros});
    // Their severities are the target's own by now.
    const bool isGood = !config::isRefused(found, config::Target::Postern);
    if (arguments.has("--json"))
        outJson(QJsonObject{{u"ok"_s, isGood},
                            {u"target"_s, QString::fromLatin1(toString(target))},
                            {u"diagnostics"_s, toJson(found)}});
    for (const config::Diagnostic& d : found)
        complain(d);
    if (!isGood)
        return kErrorsFound;
    if (!arguments.has("--json"))
        out("configuration OK");
    return kGood;
}

int printCommand(const QByteArrayList& words) {
    const Arguments arguments(words, {"--json"}, {"-f", "--dialect", "--profile", "--state"});
    const bool asJson = arguments.has("--json");
    QByteArray file = onlyFile(arguments, true);
    const auto bytes = storeWith(file)->read(file);
    if (!bytes)
        return refuse(asJson, bytes.error().text);
    const config::DocumentPtr document = config::Document::parse(file, *bytes);
    const QByteArray text = document->root().text();
    if (asJson) { // what is no UTF-8 can be no JSON string
        const bool isUtf8 = smtp::isValidUtf8(text);
        outJson(QJsonObject{{u"file"_s, QString::fromUtf8(file)},
                            {u"text"_s, isUtf8 ? QJsonValue(QString::fromUtf8(text)) : QJsonValue()},
                            {u"base64"_s, isUtf8 ? QJsonValue() : QJsonValue(QString::fromLatin1(text.toBase64()))}});
        return kGood;
    }
    std::fwrite(text.constData(), 1, size_t(text.size()), stdout);
    return std::fflush(stdout) == 0 ? kGood : kErrorsFound;
}

int explainCommand(const QByteArrayList& words) {
    const Arguments arguments(words, {"--json", "--local", "--tls"},
                              {"-f", "--dialect", "--profile", "--state", "--client", "--helo", "--rdns", "--auth", "--tag",
                               "--listener", "--mail-from", "--rcpt-to"},
                              {"-D"});
    if (!arguments.words().isEmpty())
        throw UsageError{"explain takes no words, but \"" + arguments.words().first() + "\" was given"};
    const bool wantsJson = arguments.has("--json");
    policy::MatchContext context;
    const QByteArray sender = arguments.required("--mail-from"), recipient = arguments.required("--rcpt-to");
    (void)addressFrom(sender, "--mail-from");
    if (addressFrom(recipient, "--rcpt-to").isEmpty())
        throw UsageError{"--rcpt-to needs an address"};
    // Qt takes "1" for 0.0.0.1.
    if (const auto client = arguments.value("--client");
        client && (QHostAddress(QString::fromLatin1(*client)).isNull() || !(client->contains(':') || client->count('.') == 3)))
        throw UsageError{"--client wants an IP address, not \"" + harmless(*client) + '"'};
    const bool isPiped = arguments.value("-f") == "-";
    QByteArray file = isPiped ? QByteArray("-") : profileFrom(arguments).configFile;
    policy::CompileOptions options;
    options.dialect = dialectFrom(arguments);
    options.macros = macrosFrom(arguments);
    options.lookups = lookupsForOneCommand();
    options.rulesOnly = true; // of a server's file, too, whose certificates are not here
    const auto files = storeWith(file);
    const policy::Compiled compiled = policy::compile(*files, file, options);
    if (!compiled.isUsable())
        return explainNothing(wantsJson, "the configuration has errors, so nothing can be explained", compiled.diagnostics);
    setClient(context, arguments, *compiled.ruleset);
    context.sender = addressFrom(sender, "--mail-from", context.hostname);
    context.recipient = addressFrom(recipient, "--rcpt-to", context.hostname);

    LateAnswer<policy::Explanation> answer;
    delivery::explain(compiled.ruleset, context, engine::serverName(*compiled.ruleset), delivery::systemSurroundings(),
                      answer.done());
    std::optional<policy::Explanation> explanation = answer.wait(kLongestExplanation);
    if (!explanation)
        return explainNothing(wantsJson, "a table did not answer", {});
    explanation->notes += notesOnTheListener(context, arguments, *compiled.ruleset);
    if (wantsJson) {
        outJson(explanation->toJson());
        for (const QByteArray& note : explanation->notes)
            complain("note: " + harmless(note));
    } else {
        out(explanation->toText().trimmed());
    }
    return kGood;
}

} // namespace postern::ctl
