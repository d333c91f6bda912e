// SPDX-License-Identifier: GPL-3.0-or-later
//
// A configuration that is ready to run: the compiled rules, the certificates its listeners need, and what is wrong with it.
//
// Shared by the engine (start, reload) and `posternctl check`, so both say the same. Thread: any; reads files.
#pragma once

#include "policy/compile.h"
#include "tls/tls_policy.h"

#include <map>

namespace postern::engine {

struct LoadedConfig {
    policy::RulesetPtr rules;
    config::Diagnostics diagnostics;               // compile's, and certificates'
    std::map<QByteArray, tls::IdentityPtr> identities; // by pki name
    bool isUsable() const;
    QByteArray firstError() const; // printable, "" = none
};

LoadedConfig loadConfig(FileStore& files, const QByteArray& path, const policy::CompileOptions& options = {});

// The certificate entry a listener serves: its `pki`, else the one named like its host name, else "*".
const policy::Pki* pkiFor(const policy::Ruleset& rules, const policy::ListenerSpec& listener, const QByteArray& hostname);

// What a listener's handshakes are to be. Its certificate may be null: then TLS is not possible there. Clients that ask for a
// name get the listener's certificate with that name: of those it lists, in action/match; else of all there are.
Result<tls::ServerTls> serverTls(const LoadedConfig& config, const policy::ListenerSpec& listener, const QByteArray& hostname);

// What a relay's words ask of its handshakes with next hops. Errors: ciphers that are none.
Result<tls::ClientRulesPtr> clientTls(const policy::Ruleset& rules, const policy::RelaySpec& relay);

QByteArray hostnameOf(const policy::Ruleset& rules, const policy::ListenerSpec& listener);

// Settings' server name, else the machine's host name; always with something usable in HELO.
QByteArray serverName(const policy::Ruleset& rules);

// What `for local` means: localhost, the server's name, and this computer's addresses, bare and in brackets.
QByteArrayList localNames(const policy::Ruleset& rules);

} // namespace postern::engine
