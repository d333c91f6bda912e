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
    {"inet4", C::Inet4, A::None, kInAll},
    {"inet6", C::Inet6, A::None, kInAll},
    {"tls", C::Tls, A::None, kInAll},
    {"tls-require", C::TlsRequire, A::None, kInAll, "verify"},
    {"smtps", C::Smtps, A::None, kInAll, "verify"},
    {"secure", C::Secure, A::None, kInOld},
    {"ssl", C::Secure, A::None, kInOld},
    {"certificate", C::Certificate, A::String, kInOld},
    {"pki", C::Pki, A::String, kInAll},
    {"ca", C::Ca, A::String, kInAll},
    {"auth", C::Auth, A::OptionalTable, kInAll},
    {"auth-optional", C::AuthOptional, A::OptionalTable, kInAll},
    {"enable", C::EnableAuth, A::None, kInOld, "auth"},
    {"tag", C::Tag, A::String, kInAll},
    {"hostname", C::Hostname, A::String, kInAll},
    {"hostnames", C::Hostnames, A::Table, kInAll},
    {"mask-src", C::MaskSource, A::None, kInModern},
    {"mask-source", C::MaskSource, A::None, kInOld},
    {"received-auth", C::ReceivedAuth, A::None, kInAll},
    {"no-dsn", C::NoDsn, A::None, kInAll},
    {"senders", C::Senders, A::Table, kInAll, "masquerade"},
    {"filter", C::Filters, A::Table, kInAll},
    {"proxy-v2", C::ProxyV2, A::None, kInModern},
    {"ciphers", C::Ciphers, A::String, kInModern},
    {"protocols", C::Protocols, A::String, kInModern},
    {"dsn-notify", C::DsnNotify, A::None, kInOld, "disable"},
    {"dsn-ret", C::DsnRet, A::None, kInOld, "headers"},
});

constexpr auto kListenSocket = std::to_array<ClauseRule>({
    {"filter", C::Filters, A::Table, kInAll},
    {"mask-src", C::MaskSource, A::None, kInModern},
    {"mask-source", C::MaskSource, A::None, kInOld},
    {"no-dsn", C::NoDsn, A::None, kInModern},
    {"tag", C::Tag, A::String, kInModern},
});

constexpr auto kPki = std::to_array<ClauseRule>({
    {"cert", C::Certificate, A::String, kInModern},
    {"certificate", C::Certificate, A::String, kInOld},
    {"key", C::Key, A::String, kInAll},
    {"ca", C::Ca, A::String, kInOld},
    {"dhparams", C::DhParams, A::String, kInOld},
    {"dhe", C::Dhe, A::String, kInAll},
});

constexpr auto kCa = std::to_array<ClauseRule>({
    {"cert", C::Certificate, A::String, kInModern},
    {"certificate", C::Certificate, A::String, kInOld},
});

// from, for, deliver and relay have a grammar of their own (parser_rules.cpp).
constexpr auto kRule = std::to_array<ClauseRule>({
    {"on", C::On, A::String, kInOld},
    {"tagged", C::Tagged, A::String, kInOld},
    {"tag", C::Tagged, A::String, kInOld},
    {"from", C::FromAny, A::None, kInOld},
    {"for", C::ForAny, A::None, kInOld},
    {"sender", C::Sender, A::Table, kInOld},
    {"recipient", C::Recipient, A::Table, kInOld},
    {"authenticated", C::Authenticated, A::None, kInOld},
    {"userbase", C::Userbase, A::Table, kInOld},
    {"users", C::Userbase, A::Table, kInOld},
    {"alias", C::Alias, A::Table, kInOld},
    {"virtual", C::Virtual, A::Table, kInOld},
    {"deliver", C::Mbox, A::None, kInOld},
    {"relay", C::Relay, A::None, kInOld},
    {"catch", C::Catch, A::None, kInOld},
    {"forward-only", C::ForwardOnly, A::None, kInOld},
    {"expire", C::Ttl, A::Time, kInOld},
});

constexpr auto kRuleRelay = std::to_array<ClauseRule>({
    {"via", C::Via, A::Table, kInOld},
    {"backup", C::Backup, A::OptionalString, kInOld},
    {"port", C::Port, A::Port, kInOld},
    {"tls", C::Tls, A::None, kInOld, "verify"},
    {"smtps", C::Smtps, A::None, kInOld},
    {"ssl", C::Secure, A::None, kInOld},
    {"secure", C::Secure, A::None, kInOld},
    {"verify", C::Verify, A::None, kInOld},
    {"certificate", C::Certificate, A::String, kInOld},
    {"auth", C::Auth, A::Table, kInOld},
    {"as", C::As, A::String, kInOld},
    {"source", C::Source, A::Table, kInOld},
    {"helo", C::HeloSource, A::Table, kInOld},
    {"hostname", C::Helo, A::String, kInOld},
    {"hostnames", C::HeloSource, A::Table, kInOld},
    {"pki", C::Pki, A::String, kInOld},
    {"ca", C::Ca, A::String, kInOld},
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
    {"domain", C::HostByDomain, A::Table, kInModern},
    {"backup", C::Backup, A::None, kInModern, "mx"},
    {"tls", C::Tls, A::None, kInModern, "no-verify"},
    {"auth", C::Auth, A::Table, kInModern},
    {"pki", C::Pki, A::String, kInModern},
    {"ca", C::Ca, A::String, kInModern},
    {"ciphers", C::Ciphers, A::String, kInModern},
    {"protocols", C::Protocols, A::String, kInModern},
    {"mail-from", C::As, A::String, kInModern},
    {"helo", C::Helo, A::String, kInModern},
    {"helo-src", C::HeloSource, A::Table, kInModern},
    {"src", C::Source, A::Table, kInModern},
    {"filter", C::Filters, A::Table, kInModern},
    {"srs", C::Srs, A::None, kInModern},
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

constexpr auto kProcess = std::to_array<ClauseRule>({
    {"user", C::User, A::String, kInModern},
    {"group", C::Group, A::String, kInModern},
    {"chroot", C::Chroot, A::String, kInModern},
});

constexpr auto kStatements = std::to_array<StatementRule>({
    {"include", StatementKind::Include, kInAll},
    {"listen", StatementKind::Listen, kInAll},
    {"pki", StatementKind::Pki, kInAll},
    {"ca", StatementKind::Ca, kInAll},
    {"table", StatementKind::Table, kInAll},
    {"map", StatementKind::Table, kInOld},
    {"accept", StatementKind::Rule, kInOld},
    {"reject", StatementKind::Rule, kInOld},
    {"action", StatementKind::Action, kInModern},
    {"match", StatementKind::Match, kInModern},
    {"filter", StatementKind::Filter, kInAll},
    {"filterchain", StatementKind::Filter, kInOld},
    {"enqueuer", StatementKind::Filter, kInOld},
    {"proc", StatementKind::Proc, kInModern},
});

using S = Setting;

// A longer form stands before a shorter one that starts it.
constexpr auto kSettings = std::to_array<SettingRule>({
    {"queue ttl", S::QueueTtl, "d", kInModern},
    {"expire", S::QueueTtl, "d", kInOld},
    {"smtp max-message-size", S::MaxMessageSize, "z", kInModern},
    {"max-message-size", S::MaxMessageSize, "z", kInOld},
    {"size", S::MaxMessageSize, "z", kIn2012},
    {"bounce warn-interval", S::WarnInterval, "D", kInModern},
    {"bounce-warn", S::WarnInterval, "D?", kInOld},
    {"queue compression", S::QueueCompression, "s?", kInAll},
    {"queue compress", S::QueueCompression, "s?", kIn2012},
    {"queue encryption key", S::QueueEncryption, "sC", kInOld},
    {"queue encryption", S::QueueEncryption, "s?", kInAll},
    {"queue interval", S::QueueInterval, "n", kIn2012},
    {"hostname", S::ServerName, "s", kInOld},
    {"smtp limit", S::SessionLimit, "K", kInModern},
    {"limit session", S::SessionLimit, "K", kInOld},
    {"mta limit", S::MtaLimit, "K", kInModern},
    {"limit mta", S::MtaLimit, "K", kInOld},
    {"mda limit", S::MdaLimit, "K", kInModern},
    {"limit mda", S::MdaLimit, "K", kInOld},
    {"scheduler limit", S::SchedulerLimit, "K", kInModern},
    {"limit scheduler", S::SchedulerLimit, "K", kInOld},
    {"mta max-deferred", S::MaxDeferred, "n", kInModern},
    {"max-mta-deferred", S::MaxDeferred, "n", kInOld},
    {"smtp ciphers", S::Ciphers, "s", kInModern},
    {"ciphers", S::Ciphers, "s", kInOld},
    {"curve", S::Curve, "s", kInOld},
    {"smtp sub-addr-delim", S::SubAddressDelimiter, "s", kInModern},
    {"subaddressing-delimiter", S::SubAddressDelimiter, "s", kInOld},
    {"admd", S::Admd, "s", kInModern},
    {"mda wrapper", S::MdaWrapper, "ss", kInModern},
    {"srs key backup", S::SrsBackupKey, "s", kInModern},
    {"srs key", S::SrsKey, "s", kInModern},
    {"srs ttl", S::SrsTtl, "d", kInModern},
});

QSet<QByteArrayView> words(QByteArrayView list) {
    QSet<QByteArrayView> result;
    qsizetype from = 0;
    for (qsizetype i = 0; i <= list.size(); ++i) {
        if (i == list.size() || list[i] == ' ') {
            if (i > from)
                result.insert(list.sliced(from, i - from));
            from = i + 1;
        }
    }
    return result;
}

const QSet<QByteArrayView>& reserved(Dialect dialect) {
    static const auto k2012 = words("accept alias any as auth auth-optional backup certificate compression deliver domain "
                                    "expire filter for from hostname include listen local maildir map mbox mda on port "
                                    "queue reject relay size smtps source ssl tag tls tls-require to via virtual");
    static const auto kLegacy = words(
        "accept alias any as auth auth-optional authenticated backup bounce-warn ca certificate ciphers compression "
        "deliver domain encryption expire filter for forward-only from hostname hostnames include inet4 inet6 key limit "
        "listen lmtp local maildir mask-source masquerade max-message-size max-mta-deferred mbox mda mta no-dsn on pki "
        "port queue rcpt-to received-auth recipient reject relay scheduler sender senders session smtps source table "
        "tag tagged tls tls-require to userbase verify via virtual");
    static const auto kModern = words(
        "action admd alias any auth auth-optional backup bounce bypass ca cert chain chroot ciphers commit compression "
        "connect data data-line dhe disconnect domain ehlo encryption expand-only fcrdns filter for forward-only from "
        "group helo helo-src host hostname hostnames include inet4 inet6 junk key limit listen lmtp local mail-from "
        "maildir mask-src masquerade match max-deferred max-message-size mbox mda mta mx no-dsn no-verify noop on phase "
        "pki port proc proc-exec proxy-v2 queue quit rcpt-to rdns received-auth recipient regex reject relay report "
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

bool isReserved(QByteArrayView word, Dialect dialect) {
    return reserved(dialect).contains(word);
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
