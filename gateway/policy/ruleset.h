// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a configuration means, compiled once and never changed: the snapshot the engine runs.
//
// Made by compile() from the views; shared between threads as shared_ptr<const Ruleset>. A reload makes a new one; sessions
// and deliveries under way keep theirs. Every object knows the lines it came from.
// Thread: immutable, any.
#pragma once

#include "policy/relay_url.h"
#include "tables/table.h"

#include <QByteArrayList>

#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace postern::policy {

// 1-based; file as the user named it.
struct Origin {
    QByteArray file;
    int line = 0;
    int column = 0;
};

struct Pki {
    QByteArray name;     // "*" = default
    QByteArray certFile, keyFile;
    Origin origin;
};

enum class ListenTls : quint8 { None, StartTls, StartTlsRequired, Wrapped };
enum class ListenAuth : quint8 { Off, Optional, Required };

// One `listen on`, before its interface is turned into addresses (the engine does that when it binds).
struct ListenerSpec {
    QByteArray interface;      // as written: name, group, address, host name
    quint16 port = 25;         // 0 = let the system choose (Postern's own)
    int family = 0;            // 0 both, 4, 6
    ListenTls tls = ListenTls::None;
    bool verifyClient = false;
    ListenAuth auth = ListenAuth::Off;
    tables::TablePtr credentials; // may be null: system accounts (not supported yet)
    QByteArray tag;
    QByteArray hostname;       // "" = the server's name
    QByteArray ca, caFile;     // for verifyClient: name and file, "" = the system's
    QByteArrayList pki;        // names; empty = host name's entry, then "*"
    bool maskSource = false, receivedAuth = false, noDsn = false;
    Origin origin;
    QByteArray text;           // the statement, for people
    QByteArray comment;        // name given in the comment behind it, "" = none
};

// How and where to relay. For accept/reject and 2012 rules a copy travels with each envelope (toBytes), because their
// queued mail must not change with the file; action/match envelopes keep the action's name and use today's definition.
struct RelaySpec {
    std::vector<RelayUrl> urls;      // empty = by MX of the recipient's domain
    tables::TablePtr hostTable;      // `host <table>`: one URL per envelope, cycled
    Era era = Era::Modern;
    std::optional<bool> verify;      // set by verify / no-verify; else the URL's era decides
    bool tlsRequired = false;        // the word `tls` on the action
    QByteArray helo;                 // "" = server name
    QByteArray mailFrom;             // `as` / `mail-from`: user, @domain or user@domain; never applied to bounces
    tables::TablePtr credentials;    // `auth <t>`; null = none
    QByteArray credentialsName;
    QByteArray pki, ca;              // names; ca = file once compiled
    QByteArray caFile;
    tables::TablePtr source;         // local addresses, cycled; null = the system chooses
    QByteArray backupMx;
    bool isBackup = false;

    QByteArray toBytes() const;
    // Tables and CA are looked up by name in `current`; a table that is gone is a temporary error at delivery.
    static Result<RelaySpec> fromBytes(const QByteArray& bytes, const class Ruleset& current);
};

enum class ActionKind : quint8 {
    Relay,
    Catch,       // Postern's own word: keep in the queue for reading, never send
    Unsupported, // understood, but this version does not do it: 451 for each recipient it decides
};

struct Action {
    ActionKind kind = ActionKind::Relay;
    QByteArray name;             // "" for rules that carry their action inline
    RelaySpec relay;             // kind Relay
    std::optional<qint64> ttl;   // seconds
    QByteArray unsupported;      // what exactly is not done yet
    Origin origin;
};
using ActionPtr = std::shared_ptr<const Action>;

enum class ConditionKind : quint8 {
    FromAny, FromLocal, FromSocket, FromSource, ForAny, ForLocal, ForDomain, Tag, Authenticated, Helo, Sender, Recipient,
    Unsupported, // understood, but this version can't test it: a rule that gets there ends in a temporary failure
};

struct Condition {
    ConditionKind kind = ConditionKind::FromLocal;
    bool negated = false;
    bool implied = false;        // not written: from local / for local
    bool regex = false;
    tables::TablePtr table;      // for kinds that compare; null with Authenticated = any user
    QByteArray exactTag;         // accept/reject and 2012: the tag, compared to the letter; then table is null
    QByteArray words;            // as written, for explanations: "for domain <ours>"
    Origin origin;
};

struct Rule {
    bool reject = false;
    std::vector<Condition> conditions; // in evaluation order, which differs: tag, from, for, helo, auth, sender, recipient
                                       // in action/match; tag, auth, from, sender, recipient, for in accept/reject
    ActionPtr action;                  // null if reject
    Origin origin;
    QByteArray text;                   // the statement as written, one line
    QByteArray comment;                // the comment line above it, "" = none
};

struct Settings {
    QByteArray serverName;             // "" = host name of the machine
    qint64 queueTtl = 4 * 86400;       // seconds
    qint64 maxMessageSize = 35LL * 1024 * 1024;
    int maxRecipients = 1000;
    int maxMails = 100;
    char subAddressDelimiter = '+';
};

class Ruleset {
  public:
    Era era = Era::Modern;
    Settings settings;
    std::vector<ListenerSpec> listeners;
    std::vector<Pki> pkis;
    std::vector<std::pair<QByteArray, QByteArray>> cas; // name, file
    std::vector<tables::TablePtr> tables;               // named ones, file order
    std::vector<tables::TablePtr> inlineTables;         // { ... } of a statement; names made up: "<inline:...>"
    std::map<QByteArray, ActionPtr> actions;            // by name (action/match)
    std::vector<Rule> rules;                            // first match wins
    QByteArrayList files;                               // all files read (includes, table files), absolute

    const Pki* pki(QByteArrayView name) const;          // null: none of that name
    tables::TablePtr table(QByteArrayView name) const;  // named or inline; null: none of that name
    QByteArray caFile(QByteArrayView name) const;       // "" = none of that name
};
using RulesetPtr = std::shared_ptr<const Ruleset>;

} // namespace postern::policy
