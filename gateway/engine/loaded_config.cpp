// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/loaded_config.h"

#include "delivery/system_surroundings.h"
#include "engine/local_checks.h"
#include "engine/profile.h"
#include "listener/open_listener.h"

#include <QFile>
#include <QFileInfo>
#include <QSysInfo>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace postern::engine {

using config::Diagnostic;
using config::Severity;

namespace {

// Behind what stands before it in the same file, or at the same place.
void insertInOrder(config::Diagnostics& list, Diagnostic one) {
    const auto isBefore = [&one](const Diagnostic& d) { return d.file == one.file && d.offset <= one.offset; };
    const auto isOfFile = [&one](const Diagnostic& d) { return d.file == one.file; };
    const auto last = std::find_if(list.rbegin(), list.rend(), isBefore);
    const auto at = last != list.rend() ? last.base() : std::find_if(list.begin(), list.end(), isOfFile);
    list.insert(at, std::move(one));
}

} // namespace

bool LoadedConfig::isUsable() const {
    return std::none_of(diagnostics.begin(), diagnostics.end(),
                        [](const Diagnostic& d) { return d.severity == Severity::Error; });
}

QByteArray LoadedConfig::firstError() const {
    for (const Diagnostic& d : diagnostics)
        if (d.severity == Severity::Error)
            return d.print();
    return {};
}

QByteArray serverName(const policy::Ruleset& rules) {
    if (!rules.settings.serverName.isEmpty())
        return rules.settings.serverName;
    const QByteArray machine = QSysInfo::machineHostName().toLatin1();
    return machine.isEmpty() ? QByteArray("localhost") : machine;
}

QByteArrayList localNames(const policy::Ruleset& rules) {
    QByteArrayList names{"localhost", serverName(rules).toLower()};
    for (const QByteArray& address : listener::ownAddresses()) {
        names << address << '[' + address + ']';
        if (address.contains(':'))
            names << "[ipv6:" + address + ']';
    }
    return names;
}

const policy::Pki* pkiFor(const policy::Ruleset& rules, const policy::ListenerSpec& listener,
                          const QByteArray& hostname) {
    if (!listener.pki.isEmpty())
        return rules.pki(listener.pki.first());
    if (const policy::Pki* own = rules.pki(hostname))
        return own;
    return rules.pki("*");
}

QByteArray hostnameOf(const policy::Ruleset& rules, const policy::ListenerSpec& listener) {
    return listener.hostname.isEmpty() ? serverName(rules) : listener.hostname;
}

Result<tls::ServerTls> serverTls(const LoadedConfig& config, const policy::ListenerSpec& listener,
                                 const QByteArray& hostname) {
    const policy::Ruleset& rules = *config.rules;
    const auto identityOf = [&](const policy::Pki* pki) -> tls::IdentityPtr {
        const auto at = pki ? config.identities.find(pki->name) : config.identities.end();
        return at == config.identities.end() ? nullptr : at->second;
    };
    const policy::Pki* own = pkiFor(rules, listener, hostname);
    tls::ServerTls result;
    result.identity = identityOf(own);
    result.requireClientCertificate = listener.verifyClient;
    result.caFile = listener.caFile;

    std::vector<const policy::Pki*> offered;
    const bool listsThem = rules.era == policy::Era::Map2012 || (rules.era == policy::Era::Modern && !listener.pki.isEmpty());
    if (listsThem) {
        for (const QByteArray& name : listener.pki)
            offered.push_back(rules.pki(name));
        std::erase(offered, nullptr);
    } else {
        for (const policy::Pki& pki : rules.pkis)
            offered.push_back(&pki);
    }
    auto names = std::make_shared<tls::IdentityNames>();
    for (const policy::Pki* pki : offered)
        if (const tls::IdentityPtr identity = identityOf(pki))
            names->add(pki->name, identity);
    for (const policy::Pki* pki : offered)
        if (const tls::IdentityPtr identity = identityOf(pki))
            names->addNamesOf(identity);
    if (offered.size() > 1 && !names->isEmpty())
        result.names = std::move(names);

    tls::ServerWords words;
    words.ciphers = listener.ciphers.isEmpty() ? rules.settings.ciphers : listener.ciphers;
    words.tls12 = listener.tls12;
    words.tls13 = listener.tls13;
    if (own) {
        const bool unwritten = own->dhe.isEmpty() && rules.era != policy::Era::Modern;
        words.dhe = unwritten || own->dhe == "auto" || own->dhe == "legacy" ? tls::ServerWords::Dhe::On : tls::ServerWords::Dhe::Off;
        words.dhFile = own->dhParams;
    }
    const auto prepared = tls::makeServerRules(words);
    if (!prepared)
        return prepared.error();
    result.rules = *prepared;
    return result;
}

Result<tls::ClientRulesPtr> clientTls(const policy::Ruleset& rules, const policy::RelaySpec& relay) {
    return tls::makeClientRules({.ciphers = relay.ciphers.isEmpty() ? rules.settings.ciphers : relay.ciphers,
                                 .tls12 = relay.tls12,
                                 .tls13 = relay.tls13});
}

LoadedConfig loadConfig(FileStore& files, const QByteArray& path, const policy::CompileOptions& options) {
    policy::Compiled compiled = policy::compile(files, path, options);
    LoadedConfig loaded{compiled.ruleset, std::move(compiled.diagnostics), {}};
    if (options.syntaxOnly)
        return loaded;

    const auto complain = [&](const policy::Origin& where, Severity severity, const QByteArray& text) {
        Diagnostic d;
        d.severity = severity;
        d.file = where.file;
        d.line = where.line;
        d.column = where.column;
        d.offset = where.offset;
        d.length = where.length;
        d.text = text;
        insertInOrder(loaded.diagnostics, std::move(d));
    };
    config::Diagnostics wrong; // what compile() found
    std::copy_if(loaded.diagnostics.begin(), loaded.diagnostics.end(), std::back_inserter(wrong),
                 [](const Diagnostic& d) { return d.severity == Severity::Error; });
    const auto isWrongAlready = [&wrong](const policy::Origin& where) {
        return std::any_of(wrong.begin(), wrong.end(), [&where](const Diagnostic& d) {
            return d.file == where.file && d.offset >= where.offset && d.offset <= where.offset + where.length;
        });
    };
    for (const QByteArray& file : loaded.rules->files) {
        policy::Origin whole;
        whole.file = file;
        whole.line = whole.column = 1;
        if (QFileInfo(QFile::decodeName(file)).permission(QFile::WriteOther))
            complain(whole, Severity::Warning,
                     "every user of this computer may change this file; take that right away (chmod o-w " + file + ')');
        if (const QByteArray owner = foreignOwner(file); !owner.isEmpty())
            complain(whole, Severity::Warning,
                     "this file belongs to " + owner + ", who may change by it where your mail goes; make it yours (chown) unless "
                     "you want that");
    }
    for (const policy::Pki& pki : loaded.rules->pkis) {
        const bool isThere = !pki.certFile.isEmpty() && !pki.keyFile.isEmpty() && files.size(pki.certFile) && files.size(pki.keyFile);
        if (!isThere)
            continue; // compile() has said so
        auto identity = tls::loadIdentity(pki.certFile, pki.keyFile);
        if (!identity) {
            complain(pki.origin, Severity::Error, "pki \"" + pki.name + "\": " + identity.error().text);
            continue;
        }
        if (!identity->notes.isEmpty())
            complain(pki.origin, Severity::Warning, "pki \"" + pki.name + "\": " + identity->notes);
        loaded.identities[pki.name] = identity->identity;
    }
    const policy::Settings& settings = loaded.rules->settings;
    const auto forAll = tls::makeClientRules({.ciphers = settings.ciphers});
    if (!forAll) {
        const auto at = settings.origins.find(config::Setting::Ciphers);
        complain(at == settings.origins.end() ? policy::Origin() : at->second, Severity::Error, forAll.error().text);
    }
    for (const auto& [name, action] : loaded.rules->actions) // only there have relays words of their own
        if (!action->relay.ciphers.isEmpty())
            if (const auto own = clientTls(*loaded.rules, action->relay); !own)
                complain(action->origin, Severity::Error, "action \"" + name + "\": " + own.error().text);
    for (const Undeliverable& one : whatCannotBeDelivered(*loaded.rules, delivery::ownAccount(), delivery::systemAccount))
        complain(one.origin, Severity::Warning, one.text);
    policy::Origin complainedOf;
    std::set<std::pair<QByteArray, int>> asked; // the system once about each, and one word is enough
    for (const policy::ListenerSpec& listener : loaded.rules->listeners) {
        const bool isNew = asked.emplace(listener.interface, listener.family).second;
        if (const auto addresses = isNew ? listener::interfaceAddresses(listener.interface, listener.family)
                                         : Result<QByteArrayList>(QByteArrayList());
            !addresses)
            complain(listener.origin, Severity::Warning,
                     addresses.error().text + "; nothing can be received there until that is mended");
        if (listener.tls == policy::ListenTls::None)
            continue;
        const QByteArray hostname = hostnameOf(*loaded.rules, listener);
        const bool isTwin = complainedOf.line == listener.origin.line && complainedOf.file == listener.origin.file; // of `secure`
        if (isTwin || isWrongAlready(listener.origin))
            continue;
        const policy::Pki* pki = pkiFor(*loaded.rules, listener, hostname);
        const bool lacksDhFile = pki && !pki->dhParams.isEmpty() && !files.size(pki->dhParams); // compile() has said so
        const bool isSaid = lacksDhFile || (!forAll && listener.ciphers.isEmpty());
        if (const auto tls = serverTls(loaded, listener, hostname); !tls && !isSaid)
            complain(listener.origin, Severity::Error, tls.error().text);
        if (!pki) {
            complainedOf = listener.origin;
            complain(listener.origin, Severity::Error,
                     "this listener offers TLS but no certificate fits it; add \"pki NAME\" to it, or a pki named \"" +
                         hostname + "\" or \"*\"");
        }
    }
    return loaded;
}

} // namespace postern::engine
