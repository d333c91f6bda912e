// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a configuration means, compiled once and never changed: the snapshot the engine runs.
//
// Made by compile() from the views; shared between threads as shared_ptr<const Ruleset>. A reload makes a new one; sessions
// and deliveries under way keep theirs. Every object knows the lines it came from.
// Thread: immutable, any.
#pragma once

#include "base/host_name.h"
#include "config/settings.h"
#include "policy/filter_spec.h"
#include "policy/limits.h"
#include "policy/origin.h"
#include "policy/relay_url.h"
#include "tables/table.h"

#include <QByteArrayList>

#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace postern::policy {

// One name's `pki` lines together.
struct Pki {
    QByteArray name;     // "*" = default
    QByteArray certFile, keyFile;
    Origin origin;       // of its first line
    QByteArray dhe = {}; // "none", "auto", "legacy"; "" = not written: none, but the library's until 5.9
    QByteArray dhParams = {}; // file, until 5.9
};

struct Ca {
    QByteArray name, file;
    Origin origin = {};
};

// Where a named table comes from.
struct TableOrigin {
    QByteArray backend; // "static", "file", "db" ...
    QByteArray path;    // its file or configuration, beside the including file; "" = none
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
    tables::TablePtr credentials; // null: accounts of this computer
    QByteArray tag;
    QByteArray hostname;       // "" = the server's name
    QByteArray ca, caFile;     // for verifyClient: name and file, "" = the system's
    QByteArrayList pki;        // names, the first is the default; empty = host name's entry, then "*"
    QByteArray ciphers, protocols; // as written, "" = the program's choice
    bool tls12 = true, tls13 = true; // what `protocols` comes to
    bool maskSource = false, receivedAuth = false, noDsn = false;
    tables::TablePtr hostnames;    // local address -> the name it goes by; null = hostname
    tables::TablePtr senders;      // user -> addresses he may use; null = any
    bool masquerade = false;       // with senders: From: becomes the envelope sender
    bool proxyV2 = false;          // every connection begins with a PROXY header, which names the client
    bool isSocket = false;         // the socket for programs of this computer (spec made from SocketSpec)
    // Known here, and refused or noted by compile() because the engine does not do it yet:
    QByteArrayList filters;        // one name, or a chain of several
    bool dsnNotifyOff = false;     // dsn-notify disable (5.7)
    bool dsnHeadersOnly = false;   // dsn-ret headers (5.7)
    Origin origin;
    QByteArray text;           // the statement, for people
    QByteArray comment;        // name given in the comment behind it, "" = none
};

// `listen on socket`: programs of this computer. Always there, written or not.
struct SocketSpec {
    QByteArray tag;            // "local" until 6.6
    QByteArrayList filters;
    bool maskSource = false, noDsn = false;
    Origin origin;             // line 0 = not written
    QByteArray text;
};

// Which of several relays is tried next. All but the first are Postern's own words.
enum class RelayOrder : quint8 {
    RoundRobin, // in turn, one for each envelope
    Random,
    Ratio,      // as often as each one's share says
    Failover,   // the first as written; the next one while those before it fail
};
QByteArrayView toString(RelayOrder order); // as written: "round-robin"

// `max-rate MESSAGES per TIME`.
struct RelayRate {
    int messages = 0; // 0 = no limit
    qint64 seconds = 0;
    friend bool operator==(const RelayRate&, const RelayRate&) = default;
};

// One relay of a list.
struct RelayShare {
    QByteArray url; // not checked
    int share = 1;  // 1 to kMostShare; more than 1 only with RelayOrder::Ratio
};
inline constexpr int kMostShare = 1000;

// How and where to relay. For accept/reject and 2012 rules a copy travels with each envelope (toBytes), because their
// queued mail must not change with the file; action/match envelopes keep the action's name and use today's definition.
struct RelaySpec {
    std::vector<RelayUrl> urls;      // empty = by MX of the recipient's domain
    tables::TablePtr hostTable;      // `host <table>`: one URL per envelope, cycled
    QByteArray hostFile;             // the file it comes from, read anew when it changes; "" = none
    tables::TablePtr hostByDomain;   // `domain <t>`: recipient domain -> URL
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
    tables::TablePtr heloBySource;   // `helo-src`, `hostnames`: source address -> HELO name
    // Known here, and noted by compile().
    QByteArrayList filters;
    bool srs = false;
    QByteArray ciphers, protocols;   // as written, "" = the configuration's `smtp ciphers`, or the program's choice
    bool tls12 = true, tls13 = true; // what `protocols` comes to
    // Postern's own words.
    RelayOrder order = RelayOrder::RoundRobin;
    RelayRate maxRate;               // to all relays of this spec together
    int maxConnections = 0;          // to all of them together, at a time; 0 = as the mta limits say
    Origin urlOrigin;                // where the URL or its table is written; line 0 = by MX

    // The relays of `host`, as written or, if in turn, as the turns go; what `order` picks from. Empty = by MX, or a table
    // that hands out one at a time (fetch).
    std::vector<RelayShare> relays() const;

    QByteArray toBytes() const;
    // Tables and CA are looked up by name in `current`; a table that is gone is a temporary error at delivery.
    static Result<RelaySpec> fromBytes(const QByteArray& bytes, const class Ruleset& current);
};

enum class ActionKind : quint8 {
    Relay,
    Catch,       // Postern's own word: keep in the queue for reading, never send
    Local,       // on this computer, or wherever its aliases lead: delivery/expand.h follows it
};

// What the configuration asks for, whatever of it this version carries out.
enum class Method : quint8 {
    Relay,
    Catch,
    Mbox,
    Maildir,
    Mda,
    Lmtp,
    ExpandOnly,  // also an accept rule that says nothing of delivery: taken if it expands to somewhere else
    ForwardOnly, // taken if it expands to other addresses
};
QByteArrayView toString(Method method); // "relay", "maildir" ...
std::optional<Method> methodFromString(QByteArrayView word);

// Of methods other than Relay and Catch.
struct LocalDelivery {
    QByteArray target;             // maildir's path ("" = ~/Maildir), mda's command, lmtp's destination; with %{...}
    bool junk = false;             // maildir: mail marked as junk goes to its .Junk
    bool rcptTo = false;           // lmtp: RCPT with the whole address
    QByteArray user;               // deliver as this account; "" = as the recipient
    QByteArray wrapper;            // name of an `mda wrapper`; "" = none
    tables::TablePtr aliases;      // user -> destinations
    tables::TablePtr virtualUsers; // address -> destinations; excludes aliases
    tables::TablePtr userbase;     // null = accounts of this computer

    // For envelopes of accept/reject and 2012 rules: target, junk and rcptTo; who it is delivered as is known by then.
    QByteArray toBytes(Era era) const;
};

// What such an envelope keeps.
struct KeptDelivery {
    Era era = Era::Modern; // whose formats the target is written in
    LocalDelivery local;
    static Result<KeptDelivery> fromBytes(const QByteArray& bytes);
};

struct Action {
    ActionKind kind = ActionKind::Relay;
    Method method = Method::Relay;
    QByteArray name;             // "" for rules that carry their action inline
    RelaySpec relay;             // method Relay
    LocalDelivery local;         // methods that deliver here
    std::optional<qint64> ttl;   // seconds
    Origin origin;
};
using ActionPtr = std::shared_ptr<const Action>;

enum class ConditionKind : quint8 {
    FromAny, FromLocal, FromSocket, FromSource,
    FromRdns,    // no table: the client has a reverse name
    ForAny, ForLocal, ForDomain, Tag, Authenticated, Helo, Sender, Recipient,
    Tls,         // documented, and tested by no reader there ever was: a temporary failure
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

enum class QueueKey : quint8 { None, Written, StandardInput, Terminal, Keychain };

struct Settings {
    QByteArray serverName;             // "" = host name of the machine
    qint64 queueTtl = 4 * 86400;       // seconds
    qint64 maxMessageSize = 35LL * 1024 * 1024;
    int maxRecipients = 1000;
    int maxMails = 100;
    char subAddressDelimiter = '+';
    bool compression = false;
    QueueKey queueKey = QueueKey::None;
    Secret queueKeyText;               // of QueueKey::Written
    // Read and kept; the engine does not follow them yet, and compile() says so.
    std::vector<qint64> warnIntervals{4 * 3600}; // seconds, at most four; empty = no notices of delay
    MtaLimits mta;
    std::map<QByteArray, MtaLimits> mtaByDomain; // by comparableName()
    MdaLimits mda;
    SchedulerLimits scheduler;
    int maxDeferred = 100;
    qint64 queueInterval = 15 * 60;    // 2012
    QByteArray ciphers, curve;         // "" = the TLS library's choice
    QByteArray admd;                   // "" = server name
    Secret srsKey, srsBackupKey;       // empty = none
    qint64 srsTtl = 4 * 86400;
    std::map<QByteArray, Wrapper> wrappers; // `mda wrapper`, by name
    std::map<config::Setting, Origin> origins; // of what is written: the last line that says it

    // Those of a recipients' domain or a relay's host, or those of all.
    const MtaLimits& mtaLimitsFor(const QByteArray& domain) const {
        const auto own = mtaByDomain.find(comparableName(domain));
        return own == mtaByDomain.end() ? mta : own->second;
    }
};

class Ruleset {
  public:
    Era era = Era::Modern;
    Settings settings;
    std::vector<ListenerSpec> listeners;
    SocketSpec socket;
    std::vector<Pki> pkis;
    std::vector<Ca> cas;
    std::vector<tables::TablePtr> tables;               // named ones, file order
    std::map<QByteArray, TableOrigin> tableOrigins;     // of those, by name
    std::vector<tables::TablePtr> inlineTables;         // { ... } of a statement, but for conditions; names made up: "<inline:...>"
    std::map<QByteArray, ActionPtr> actions;            // by name (action/match)
    std::vector<Rule> rules;                            // first match wins
    std::vector<FilterSpec> filters;                    // file order; none is run yet
    std::vector<ProcSpec> procs;
    QByteArray enqueuerFilter;                          // 5.7: of mail handed in on this computer
    std::shared_ptr<const class RuleIndex> index;       // made by compile(): many rules at once; null = one by one
    QByteArrayList files;                               // all files read (includes, table files), absolute

    const Pki* pki(QByteArrayView name) const;          // null: none of that name
    tables::TablePtr table(QByteArrayView name) const;  // named or inline; null: none of that name
    QByteArray caFile(QByteArrayView name) const;       // "" = none of that name
};
using RulesetPtr = std::shared_ptr<const Ruleset>;

} // namespace postern::policy
