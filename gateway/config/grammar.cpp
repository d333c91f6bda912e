// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/grammar.h"

#include <QHash>
#include <QSet>

#include <algorithm>
#include <array>

namespace postern::config {

namespace {

using A = Argument;
using C = ClauseKind;

constexpr auto kListen = std::to_array<ClauseRule>({
    {"port", C::Port, A::Port, kInAll},
    {"inet4", C::Inet4, A::None, kInAll, nullptr, {"5.4"}},
    {"inet6", C::Inet6, A::None, kInAll, nullptr, {"5.4"}},
    {"tls", C::Tls, A::None, kInAll},
    {"tls-require", C::TlsRequire, A::None, kInAll, "verify", {"2012-10-09"}, {"5.4.1"}},
    {"smtps", C::Smtps, A::None, kInAll, "verify", {}, {"5.4.1"}},
    {"secure", C::Secure, A::None, kInOld, nullptr, {"5.4.1", "6.0.2"}},
    {"ssl", C::Secure, A::None, kInOld, nullptr, {nullptr, "5.4"}},
    {"certificate", C::Certificate, A::String, kInOld, nullptr, {nullptr, "5.4"}},
    {"pki", C::Pki, A::String, kInAll, nullptr, {"5.4.1"}},
    {"ca", C::Ca, A::String, kInAll, nullptr, {"5.7.1"}},
    {"auth", C::Auth, A::OptionalTable, kInAll, nullptr, {"2012-10-09"}},
    {"auth-optional", C::AuthOptional, A::OptionalTable, kInAll, nullptr, {"2012-10-09"}},
    {"enable", C::EnableAuth, A::None, kInOld, "auth", {nullptr, "2012-10-04"}},
    {"tag", C::Tag, A::String, kInAll},
    {"hostname", C::Hostname, A::String, kInAll, nullptr, {"5.3"}},
    {"hostnames", C::Hostnames, A::Table, kInAll, nullptr, {"5.4.1"}},
    {"mask-src", C::MaskSource, A::None, kInModern},
    {"mask-source", C::MaskSource, A::None, kInOld, nullptr, {"5.4.1"}},
    {"received-auth", C::ReceivedAuth, A::None, kInAll, nullptr, {"5.7.1"}},
    {"no-dsn", C::NoDsn, A::None, kInAll, nullptr, {"5.4.4"}},
    {"senders", C::Senders, A::Table, kInAll, "masquerade", {"5.7.1"}},
    {"filter", C::Filters, A::Filters, kInAll, nullptr, {"5.4.4"}},
    {"proxy-v2", C::ProxyV2, A::None, kInModern, nullptr, {"6.6"}},
    {"ciphers", C::Ciphers, A::String, kInModern, nullptr, {"7.3"}},
    {"protocols", C::Protocols, A::String, kInModern, nullptr, {"7.3"}},
    {"dsn-notify", C::DsnNotify, A::None, kInOld, "disable", {"5.7.1", "5.7.3"}},
    {"dsn-ret", C::DsnRet, A::None, kInOld, "headers", {"5.7.1", "5.7.3"}},
});

constexpr auto kListenSocket = std::to_array<ClauseRule>({
    {"filter", C::Filters, A::Filters, kInAll},
    {"mask-src", C::MaskSource, A::None, kInModern},
    {"mask-source", C::MaskSource, A::None, kInOld},
    {"no-dsn", C::NoDsn, A::None, kInModern, nullptr, {"7.5"}},
    {"tag", C::Tag, A::String, kInModern, nullptr, {"6.7"}},
});

constexpr auto kPki = std::to_array<ClauseRule>({
    {"cert", C::Certificate, A::String, kInModern},
    {"certificate", C::Certificate, A::String, kInOld},
    {"key", C::Key, A::String, kInAll},
    {"ca", C::Ca, A::String, kInOld, nullptr, {"5.4.1", "5.4.6"}},
    {"dhparams", C::DhParams, A::String, kInOld, nullptr, {"5.4.1", "5.9.2"}},
    {"dhe", C::Dhe, A::String, kInAll, nullptr, {"6.0"}},
});

constexpr auto kCa = std::to_array<ClauseRule>({
    {"cert", C::Certificate, A::String, kInModern},
    {"certificate", C::Certificate, A::String, kInOld},
});

// from, for, deliver and relay have a grammar of their own (parser_rules.cpp).
constexpr auto kRule = std::to_array<ClauseRule>({
    {"on", C::On, A::String, kInOld, nullptr, {nullptr, "2012-12-31"}},
    {"tagged", C::Tagged, A::String, kInOld, nullptr, {"2012-11-22"}},
    {"tag", C::Tagged, A::String, kInOld, nullptr, {nullptr, "2012-12-04"}},
    {"from", C::FromAny, A::None, kInOld},
    {"for", C::ForAny, A::None, kInOld},
    {"sender", C::Sender, A::Table, kInOld, nullptr, {"5.3"}},
    {"recipient", C::Recipient, A::Table, kInOld, nullptr, {"5.4.1"}},
    {"authenticated", C::Authenticated, A::None, kInOld, nullptr, {"6.0.3"}},
    {"userbase", C::Userbase, A::Table, kInOld, nullptr, {"5.3"}},
    {"users", C::Userbase, A::Table, kInOld, nullptr, {"2012-12-05", "2012-12-31"}},
    {"alias", C::Alias, A::Table, kInOld},
    {"virtual", C::Virtual, A::Table, kInOld},
    {"deliver", C::Mbox, A::None, kInOld},
    {"relay", C::Relay, A::None, kInOld},
    {"catch", C::Catch, A::None, kInOld, nullptr, kOwn},
    {"forward-only", C::ForwardOnly, A::None, kInOld, nullptr, {"5.4.1"}},
    {"expire", C::Ttl, A::Time, kInOld},
});

constexpr auto kRuleRelay = std::to_array<ClauseRule>({
    {"via", C::Via, A::Table, kInOld},
    {"backup", C::Backup, A::OptionalString, kInOld, nullptr, {"2012-08-19"}},
    {"port", C::Port, A::Port, kInOld, nullptr, {nullptr, "2012-05-28"}},
    {"tls", C::Tls, A::None, kInOld, "verify", {}, {"5.4.1"}},
    {"smtps", C::Smtps, A::None, kInOld, nullptr, {nullptr, "2012-05-28"}},
    {"ssl", C::Secure, A::None, kInOld, nullptr, {nullptr, "2012-05-28"}},
    {"secure", C::Secure, A::None, kInOld, nullptr, {nullptr, "2012-05-28"}},
    {"verify", C::Verify, A::None, kInOld, nullptr, {"5.4.1"}},
    {"certificate", C::Certificate, A::String, kInOld, nullptr, {nullptr, "5.4"}},
    {"auth", C::Auth, A::Table, kInOld},
    {"as", C::As, A::String, kInOld},
    {"source", C::Source, A::Table, kInOld, nullptr, {"2012-12-10"}},
    {"helo", C::HeloSource, A::Table, kInOld, nullptr, {"5.3", "5.4"}},
    {"hostname", C::Helo, A::String, kInOld, nullptr, {"5.4.1"}},
    {"hostnames", C::HeloSource, A::Table, kInOld, nullptr, {"5.4.1"}},
    {"order", C::Order, A::Order, kInOld, nullptr, kOwn},
    {"max-rate", C::MaxRate, A::Rate, kInOld, nullptr, kOwn},
    {"max-connections", C::MaxConnections, A::Number, kInOld, nullptr, kOwn},
    {"pki", C::Pki, A::String, kInOld, nullptr, {"5.4.1"}},
    {"ca", C::Ca, A::String, kInOld, nullptr, {"5.7.1"}},
});

constexpr auto kRuleDeliver = std::to_array<ClauseRule>({
    {"as", C::User, A::String, kInOld},
});

constexpr auto kMatch = std::to_array<ClauseRule>({
    {"from", C::FromAny, A::None, kInModern},
    {"for", C::ForAny, A::None, kInModern},
    {"auth", C::Authenticated, A::OptionalCondition, kInModern},
    {"helo", C::HeloIs, A::Condition, kInModern},
    {"mail-from", C::Sender, A::Condition, kInModern},
    {"rcpt-to", C::Recipient, A::Condition, kInModern},
    {"tag", C::Tagged, A::Condition, kInModern},
    {"tls", C::TlsUsed, A::None, kInModern},
    {"action", C::UseAction, A::String, kInModern},
    {"reject", C::Reject, A::None, kInModern},
    {"sender", C::Sender, A::Condition, kInOld},
    {"recipient", C::Recipient, A::Condition, kInOld},
    {"tagged", C::Tagged, A::Condition, kInOld},
    {"authenticated", C::Authenticated, A::None, kInOld},
});

constexpr auto kMatchFrom = std::to_array<ClauseRule>({
    {"any", C::FromAny, A::None, kInModern},
    {"local", C::FromLocal, A::None, kInModern},
    {"socket", C::FromSocket, A::None, kInModern},
    {"src", C::FromSource, A::Condition, kInModern},
    {"rdns", C::FromRdns, A::OptionalCondition, kInModern, nullptr, {"6.6"}},
    {"auth", C::FromAuth, A::OptionalCondition, kInModern, nullptr, {"6.7"}},
    {"mail-from", C::FromMailFrom, A::Condition, kInModern, nullptr, {"6.7"}},
    {"source", C::FromSource, A::Condition, kInOld},
});

constexpr auto kMatchFor = std::to_array<ClauseRule>({
    {"any", C::ForAny, A::None, kInModern},
    {"local", C::ForLocal, A::None, kInModern},
    {"domain", C::ForDomain, A::Condition, kInModern},
    {"rcpt-to", C::ForRecipient, A::Condition, kInModern, nullptr, {"6.7"}},
});

constexpr auto kActionLocal = std::to_array<ClauseRule>({
    {"alias", C::Alias, A::Table, kInModern},
    {"virtual", C::Virtual, A::Table, kInModern},
    {"userbase", C::Userbase, A::Table, kInModern},
    {"user", C::User, A::String, kInModern},
    {"wrapper", C::Wrapper, A::String, kInModern},
    {"ttl", C::Ttl, A::Time, kInModern},
    {"expire", C::Ttl, A::Time, kInOld},
});

constexpr auto kActionRelay = std::to_array<ClauseRule>({
    {"host", C::Host, A::Table, kInModern},
    {"domain", C::HostByDomain, A::Table, kInModern, nullptr, {"6.7"}},
    {"backup", C::Backup, A::None, kInModern, "mx"},
    {"tls", C::Tls, A::None, kInModern, "no-verify"},
    {"auth", C::Auth, A::Table, kInModern},
    {"pki", C::Pki, A::String, kInModern},
    {"ca", C::Ca, A::String, kInModern},
    {"ciphers", C::Ciphers, A::String, kInModern, nullptr, {"7.3"}},
    {"protocols", C::Protocols, A::String, kInModern, nullptr, {"7.3"}},
    {"mail-from", C::As, A::String, kInModern},
    {"helo", C::Helo, A::String, kInModern},
    {"helo-src", C::HeloSource, A::Table, kInModern},
    {"src", C::Source, A::Table, kInModern},
    {"filter", C::Filters, A::Filters, kInModern, nullptr, {"6.7"}},
    {"srs", C::Srs, A::None, kInModern, nullptr, {"6.6"}},
    {"order", C::Order, A::Order, kInModern, nullptr, kOwn},
    {"max-rate", C::MaxRate, A::Rate, kInModern, nullptr, kOwn},
    {"max-connections", C::MaxConnections, A::Number, kInModern, nullptr, kOwn},
    {"ttl", C::Ttl, A::Time, kInModern},
    {"via", C::Via, A::Table, kInOld},
    {"as", C::As, A::String, kInOld},
    {"source", C::Source, A::Table, kInOld},
    {"hostname", C::Helo, A::String, kInOld},
    {"hostnames", C::HeloSource, A::Table, kInOld},
    {"expire", C::Ttl, A::Time, kInOld},
});

constexpr auto kActionCatch = std::to_array<ClauseRule>({
    {"ttl", C::Ttl, A::Time, kInModern},
});

constexpr auto kFilterPhase = std::to_array<ClauseRule>({
    {"fcrdns", C::FcrDns, A::None, kInModern},
    {"rdns", C::Rdns, A::OptionalCondition, kInModern},
    {"src", C::ClientSource, A::Condition, kInModern},
    {"helo", C::HeloIs, A::Condition, kInModern},
    {"auth", C::Authenticated, A::OptionalCondition, kInModern},
    {"mail-from", C::Sender, A::Condition, kInModern},
    {"rcpt-to", C::Recipient, A::Condition, kInModern},
    {"reject", C::Reject, A::String, kInModern},
    {"disconnect", C::Disconnect, A::String, kInModern},
    {"rewrite", C::Rewrite, A::String, kInModern},
    {"report", C::Report, A::String, kInModern},
    {"junk", C::Junk, A::None, kInModern},
    {"bypass", C::Bypass, A::None, kInModern},
});

// Every phase but connect knows what the earlier ones asked.
constexpr auto kPhases = std::to_array<PhaseRule>({
    {"connect", "fcrdns rdns src"},
    {"helo", "fcrdns rdns src helo"},
    {"ehlo", "fcrdns rdns src helo"},
    {"auth", "fcrdns rdns src helo auth"},
    {"mail-from", "fcrdns rdns src helo auth mail-from"},
    {"rcpt-to", "fcrdns rdns src helo auth mail-from rcpt-to"},
    {"data", "fcrdns rdns src helo auth mail-from"},
    {"commit", "fcrdns rdns src helo auth mail-from", false},
});

constexpr auto kProcess = std::to_array<ClauseRule>({
    {"user", C::User, A::String, kInModern},
    {"group", C::Group, A::String, kInModern},
    {"chroot", C::Chroot, A::String, kInModern},
});

constexpr auto kStatements = std::to_array<StatementRule>({
    {"include", StatementKind::Include, kInAll},
    {"listen", StatementKind::Listen, kInAll},
    {"pki", StatementKind::Pki, kInAll, {"5.4.1"}},
    {"ca", StatementKind::Ca, kInAll, {"5.7.1"}},
    {"table", StatementKind::Table, kInAll, {"2012-11-14"}},
    {"map", StatementKind::Table, kInOld, {nullptr, "2012-11-14"}},
    {"accept", StatementKind::Rule, kInOld},
    {"reject", StatementKind::Rule, kInOld},
    {"action", StatementKind::Action, kInModern},
    {"match", StatementKind::Match, kInModern},
    {"filter", StatementKind::Filter, kInAll, {"5.3"}},
    {"filterchain", StatementKind::Filter, kInOld, {"5.4.1", "5.4.2"}},
    {"enqueuer", StatementKind::Filter, kInOld, {"5.7.1", "5.7.3"}},
    {"proc", StatementKind::Proc, kInModern, {"6.6"}},
});

using S = Setting;

// A longer form stands before a shorter one that starts it.
constexpr auto kSettings = std::to_array<SettingRule>({
    {"queue ttl", S::QueueTtl, "d", kInModern},
    {"expire", S::QueueTtl, "d", kInOld},
    {"smtp max-message-size", S::MaxMessageSize, "z", kInModern},
    {"max-message-size", S::MaxMessageSize, "z", kInOld, {"2012-11-22"}},
    {"size", S::MaxMessageSize, "z", kIn2012},
    {"bounce warn-interval", S::WarnInterval, "D", kInModern},
    {"bounce-warn", S::WarnInterval, "D?", kInOld, {"2012-12-10"}},
    {"queue compression", S::QueueCompression, "s?", kIn2012},
    {"queue compression", S::QueueCompression, "", kInLegacy | kInModern},
    {"queue compress", S::QueueCompression, "s?", kIn2012},
    {"queue encryption keychain", S::QueueEncryption, "", kInAll, kOwn},
    {"queue encryption key", S::QueueEncryption, "sC", kInOld, {"2012-08-26"}},
    {"queue encryption", S::QueueEncryption, "", kInLegacy, {"5.4.1"}},
    {"queue encryption", S::QueueEncryption, "s?", kInModern},
    {"queue interval", S::QueueInterval, "n", kIn2012},
    {"hostname", S::ServerName, "s", kInOld, {nullptr, "2012-12-31"}},
    {"smtp limit", S::SessionLimit, "K", kInModern},
    {"limit session", S::SessionLimit, "K", kInOld, {"5.7.1"}},
    {"mta limit", S::MtaLimit, "K", kInModern},
    {"limit mta", S::MtaLimit, "K", kInOld, {"5.4"}},
    {"mda limit", S::MdaLimit, "K", kInModern},
    {"limit mda", S::MdaLimit, "K", kInOld, {"5.4.1"}},
    {"scheduler limit", S::SchedulerLimit, "K", kInModern},
    {"limit scheduler", S::SchedulerLimit, "K", kInOld, {"5.4.1"}},
    {"mta max-deferred", S::MaxDeferred, "n", kInModern},
    {"max-mta-deferred", S::MaxDeferred, "n", kInOld, {"5.4.1"}},
    {"smtp ciphers", S::Ciphers, "s", kInModern},
    {"ciphers", S::Ciphers, "s", kInOld, {"5.7.1"}},
    {"curve", S::Curve, "s", kInOld, {"5.7.1", "5.7.3"}},
    {"smtp sub-addr-delim", S::SubAddressDelimiter, "s", kInModern},
    {"subaddressing-delimiter", S::SubAddressDelimiter, "s", kInOld, {"6.0.3"}},
    {"admd", S::Admd, "s", kInModern, {"6.8"}},
    {"mda wrapper", S::MdaWrapper, "ss", kInModern},
    {"srs key backup", S::SrsBackupKey, "s", kInModern, {"6.6"}},
    {"srs key", S::SrsKey, "s", kInModern, {"6.6"}},
    {"srs ttl", S::SrsTtl, "d", kInModern, {"6.6"}},
});

QByteArrayList listed(const char* words) {
    return QByteArray(words).simplified().split(' ');
}

// word[@since[@until]]
QHash<QByteArray, Targets> reservedWords(Targets readers, const char* words) {
    QHash<QByteArray, Targets> result;
    for (const QByteArray& entry : listed(words)) {
        const QByteArrayList parts = entry.split('@');
        const QByteArray since = parts.value(1), until = parts.value(2);
        const Span span{since.isEmpty() ? nullptr : since.constData(), until.isEmpty() ? nullptr : until.constData()};
        if (const Targets knowing = readers & Targets(~targetsWithout(span)))
            result.insert(parts.first(), knowing);
    }
    return result;
}

const QHash<QByteArray, Targets>& reserved(Dialect dialect) {
    static const auto k2012 =
        reservedWords(readersOf(Dialect::Map2012),
                      "accept alias any as auth auth-optional backup certificate compression deliver domain expire filter for "
                      "from hostname include listen local maildir map mbox mda on port queue reject relay size smtps source "
                      "ssl tag tls tls-require to via virtual");
    static const auto kLegacy = reservedWords(
        readersOf(Dialect::Legacy),
        "accept alias any as auth auth-optional authenticated@6.0.3 backup bounce-warn ca certificate ciphers compression "
        "deliver dhe@6.0 dhparams@5.4.1@5.9.2 domain encryption expire filter for forward-only from hostname hostnames "
        "include inet4 inet6 key limit listen lmtp local maildir mask-source masquerade max-message-size max-mta-deferred "
        "mbox mda mta no-dsn on pki port queue rcpt-to received-auth recipient reject relay scheduler secure@5.4.1@6.0.2 "
        "sender senders session smtps socket source subaddressing-delimiter@6.0.3 table tag tagged tls tls-require to "
        "userbase verify via virtual");
    static const auto kModern = reservedWords(
        readersOf(Dialect::Modern),
        "action admd@6.8 alias any auth auth-optional backup bounce bypass ca cert chain chroot ciphers commit compression "
        "connect data data-line dhe disconnect domain ehlo encryption expand-only fcrdns filter for forward-only from group "
        "helo helo-src host hostname hostnames include inet4 inet6 junk key limit listen lmtp local mail-from maildir "
        "mask-src masquerade match max-deferred max-message-size mbox mda mta mx no-dsn no-verify noop on phase pki port "
        "proc proc-exec protocols@7.3 proxy-v2 queue quit rcpt-to rdns received-auth recipient regex reject relay report "
        "rewrite rset scheduler senders smtp smtp-in smtp-out smtps socket src srs sub-addr-delim table tag tagged tls "
        "tls-require ttl user userbase verify virtual warn-interval wrapper");
    switch (dialect) {
    case Dialect::Map2012:
        return k2012;
    case Dialect::Legacy:
        return kLegacy;
    case Dialect::Modern:
        return kModern;
    }
    return kModern;
}

QByteArrayView firstWord(const char* text) {
    const QByteArrayView view(text);
    const qsizetype blank = view.indexOf(' ');
    return blank < 0 ? view : view.first(blank);
}

} // namespace

std::span<const ClauseRule> clausesIn(Context context) {
    switch (context) {
    case Context::Listen:
        return kListen;
    case Context::ListenSocket:
        return kListenSocket;
    case Context::Pki:
        return kPki;
    case Context::Ca:
        return kCa;
    case Context::Rule:
        return kRule;
    case Context::RuleRelay:
        return kRuleRelay;
    case Context::RuleDeliver:
        return kRuleDeliver;
    case Context::Match:
        return kMatch;
    case Context::MatchFrom:
        return kMatchFrom;
    case Context::MatchFor:
        return kMatchFor;
    case Context::ActionLocal:
        return kActionLocal;
    case Context::ActionRelay:
        return kActionRelay;
    case Context::ActionCatch:
        return kActionCatch;
    case Context::FilterPhase:
        return kFilterPhase;
    case Context::Process:
        return kProcess;
    }
    return {};
}

std::span<const SettingRule> settings() {
    return kSettings;
}

const std::vector<SettingWords>& settingsOpenedBy(QByteArrayView word) {
    static const auto kByWord = [] {
        QHash<QByteArrayView, std::vector<SettingWords>> result;
        for (const SettingRule& rule : kSettings)
            result[firstWord(rule.words)].push_back({&rule, QByteArray(rule.words).split(' ')});
        return result;
    }();
    static const std::vector<SettingWords> kNone;
    const auto found = kByWord.constFind(word);
    return found == kByWord.constEnd() ? kNone : *found;
}

std::span<const StatementRule> statements() {
    return kStatements;
}

Targets reservedIn(QByteArrayView word, Dialect dialect) {
    return reserved(dialect).value(QByteArray::fromRawData(word.data(), word.size()));
}

Targets readersOf(Dialect dialect) {
    switch (dialect) {
    case Dialect::Map2012:
        return in(Target::OpenSmtpd2012);
    case Dialect::Legacy:
        return in(Target::OpenSmtpd59);
    case Dialect::Modern:
        return kModernReaders;
    }
    return kModernReaders;
}

std::span<const PhaseRule> filterPhases() {
    return kPhases;
}

QByteArrayList limitKeys(Setting setting) {
    static const auto kMta = listed("max-conn-per-host max-conn-per-route max-conn-per-source max-conn-per-connector "
                                    "max-conn-per-relay max-conn-per-domain conn-delay-host conn-delay-route "
                                    "conn-delay-source conn-delay-connector conn-delay-relay conn-delay-domain "
                                    "reconn-delay-route session-mail-max session-transaction-delay session-keepalive "
                                    "max-failures-per-session task-hiwat task-lowat task-release");
    static const auto kMda = listed("max-session max-session-per-user task-lowat task-hiwat task-release");
    static const auto kScheduler = listed("max-inflight max-evp-batch-size max-msg-batch-size max-schedule");
    static const auto kSession = listed("max-rcpt max-mails");
    static const QHash<Setting, QByteArrayList> kKeys{{Setting::MtaLimit, kMta},
                                                      {Setting::MdaLimit, kMda},
                                                      {Setting::SchedulerLimit, kScheduler},
                                                      {Setting::SessionLimit, kSession}};
    return kKeys.value(setting);
}

bool opensStatement(QByteArrayView word) {
    static const auto kAll = [] {
        QSet<QByteArrayView> result;
        for (const StatementRule& rule : kStatements)
            result.insert(rule.word);
        for (const SettingRule& rule : kSettings)
            result.insert(firstWord(rule.words));
        return result;
    }();
    return kAll.contains(word);
}

QByteArrayList statementWords(Dialect dialect) {
    QByteArrayList result;
    const auto add = [&result](QByteArrayView word) {
        if (!result.contains(word))
            result.append(word.toByteArray());
    };
    for (const StatementRule& rule : kStatements) {
        if (rule.dialects & in(dialect))
            add(rule.word);
    }
    for (const SettingRule& rule : kSettings) {
        if (rule.dialects & in(dialect))
            add(firstWord(rule.words));
    }
    return result;
}

} // namespace postern::config
