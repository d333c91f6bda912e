// SPDX-License-Identifier: GPL-3.0-or-later
//
// accept, reject, action and match: what decides where mail goes.
//
// The two older dialects are read as one, in any order of clauses; where a reader of the time would refuse what is
// otherwise clear, a warning says so.
#include "config/parser.h"

#include <QHash>

#include <algorithm>

namespace postern::config {

namespace {

const QByteArrayList kMethods = {"relay", "mbox", "maildir", "mda", "lmtp", "expand-only", "forward-only", "catch"};

int groupOf(ClauseKind kind) {
    if (saysFrom(kind) || saysFor(kind) || kind == ClauseKind::Sender || kind == ClauseKind::Recipient ||
        kind == ClauseKind::Tagged || kind == ClauseKind::Authenticated)
        return 1;
    if (kind == ClauseKind::Alias || kind == ClauseKind::Virtual || kind == ClauseKind::Userbase)
        return 2;
    if (isMethod(kind) && kind != ClauseKind::ForwardOnly)
        return 3;
    return kind == ClauseKind::Ttl || kind == ClauseKind::ForwardOnly ? 4 : 0;
}

int placeIn2012(ClauseKind kind) {
    using K = ClauseKind;
    if (saysFrom(kind))
        return 2;
    if (saysFor(kind))
        return 4;
    if (isMethod(kind))
        return 6;
    static const QHash<K, int> kPlaces{{K::On, 1},          {K::Sender, 3},  {K::Alias, 5},      {K::Virtual, 5},
                                       {K::Userbase, 5},    {K::Via, 7},     {K::Backup, 7},     {K::Port, 8},
                                       {K::Tls, 9},         {K::Smtps, 9},   {K::Secure, 9},     {K::TlsRequire, 9},
                                       {K::Certificate, 10}, {K::Auth, 11},  {K::AuthOptional, 11}, {K::EnableAuth, 11},
                                       {K::As, 12},         {K::User, 12},   {K::Source, 13},    {K::HeloSource, 14},
                                       {K::Tag, 15},        {K::Tagged, 15}, {K::Hostname, 16},  {K::Ttl, 17}};
    return kPlaces.value(kind);
}

} // namespace

bool Parser::rule() {
    bump(As::Keyword);
    Context context = Context::Rule;
    while (!atEnd()) {
        if (!ruleClause(context))
            return false;
    }
    return true;
}

// The ! of accept and reject, if it comes next.
void Parser::oldNegation() {
    constexpr Span kKnown{"5.4.1"};
    if (peek().kind != TokenKind::Bang || atEnd())
        return;
    sayUnknownTo(targetsWithout(kKnown), kKnown, "!", m_lexeme.range);
    bump();
}

bool Parser::ruleClause(Context& context) {
    if (peek().kind == TokenKind::Bang) { // only: ! authenticated
        flushTrivia();
        m_builder.start();
        oldNegation();
        once(ClauseKind::Authenticated, peek().range, m_lexeme.text);
        inRuleOrder(ClauseKind::Authenticated);
        const bool good = keyword("authenticated");
        m_builder.finish(raw(ClauseKind::Authenticated));
        return good;
    }
    if (m_lexeme.kind != TokenKind::Word)
        return unknownWord({context});
    const QByteArray word = m_lexeme.text;
    const auto behind = clausesIn(context);
    if (context != Context::Rule) {
        if (const Found found = findClause(behind, word); found.rule) {
            const auto seen = [this](ClauseKind kind) { return std::count(m_seen.begin(), m_seen.end(), kind) > 0; };
            const bool hasUrl = seen(ClauseKind::Via);
            if (m_dialect == Dialect::Legacy && context == Context::RuleRelay &&
                ((hasUrl && found.rule->kind == ClauseKind::Tls) ||
                 (!hasUrl && (found.rule->kind == ClauseKind::Auth || found.rule->kind == ClauseKind::Verify))))
                say(Severity::ForOthers, in(Target::OpenSmtpd59), m_lexeme.range,
                    hasUrl ? "OpenSMTPD takes the TLS mode from the URL when there is \"via\""
                           : "OpenSMTPD takes \"" + word + "\" only behind \"via\" and a URL");
            return clause(behind, found);
        }
    }
    const auto rules = clausesIn(Context::Rule);
    const Found found = findClause(rules, word);
    if (!found.rule)
        return unknownWord({context, Context::Rule});
    if (found.otherDialect)
        sayOtherDialect(rules, *found.rule);
    if (word == "from")
        return ruleFrom();
    if (word == "for")
        return ruleFor();
    if (word == "deliver") {
        context = Context::RuleDeliver;
        return deliver();
    }
    if (word == "relay")
        context = Context::RuleRelay;
    return clause(rules, found);
}

// Since 5.4.1 a rule's parts come in groups: conditions, users, what to do, for how long. Before, each option had its one
// place, in listeners too.
void Parser::inRuleOrder(ClauseKind kind) {
    if (m_dialect == Dialect::Modern)
        return;
    const bool is2012 = m_dialect == Dialect::Map2012;
    if (is2012 && kind == ClauseKind::Tagged && m_ruleGroup == 0)
        return; // right behind accept since December 2012, at the end before
    const int group = is2012 ? placeIn2012(kind) : groupOf(kind);
    if (group && group < m_ruleGroup && is2012)
        say(kind == ClauseKind::Port ? Severity::Warning : Severity::ForOthers, in(Target::OpenSmtpd2012), peek().range,
            kind == ClauseKind::Port ? "readers of 2012 want \"port\" before the word for TLS"
                                     : "readers of 2012 want this further ahead: each option has its one place");
    else if (group && group < m_ruleGroup)
        say(Severity::Warning, in(Target::OpenSmtpd59), peek().range,
            "OpenSMTPD wants the parts of a rule in this order: from, for and other conditions; alias, virtual or "
            "userbase; deliver or relay; expire");
    m_ruleGroup = std::max(m_ruleGroup, group);
}

bool Parser::ruleFrom() {
    once(ClauseKind::FromAny, peek().range, "from");
    inRuleOrder(ClauseKind::FromAny);
    flushTrivia();
    m_builder.start();
    bump(As::Keyword);
    oldNegation();
    ClauseKind kind = ClauseKind::FromSource;
    bool good = true;
    if (atWord("any") || atWord("all")) {
        kind = ClauseKind::FromAny;
        sayAll();
        bump(As::Keyword);
    } else if (atWord("local")) {
        kind = ClauseKind::FromLocal;
        bump(As::Keyword);
    } else if (atEnd()) {
        good = expected("any, local or source <table>");
    } else {
        if (atWord("source"))
            bump(As::Keyword);
        else if (m_dialect == Dialect::Legacy)
            say(Severity::Warning, in(Target::OpenSmtpd59), m_lexeme.range,
                "OpenSMTPD since 5.4.1 wants \"source\" before this");
        good = table("any, local or source <table>");
    }
    m_builder.finish(raw(kind));
    return good;
}

void Parser::sayAll() {
    if (m_dialect == Dialect::Legacy && atWord("all"))
        say(Severity::Warning, in(Target::OpenSmtpd59), m_lexeme.range,
            "\"all\" is the word of 2012; OpenSMTPD since 5.3 wants \"any\"", "any");
}

bool Parser::ruleFor() {
    once(ClauseKind::ForAny, peek().range, "for");
    inRuleOrder(ClauseKind::ForAny);
    flushTrivia();
    m_builder.start();
    bump(As::Keyword);
    if (!atEnd() && m_lexeme.kind == TokenKind::OpenBrace)
        return ruleForGroup();
    oldNegation();
    ClauseKind kind = ClauseKind::ForAny;
    const bool good = destination(kind);
    m_builder.finish(raw(kind));
    return good;
}

// for { cond, cond } of 2012: any of them. Finishes the node that ruleFor() began.
bool Parser::ruleForGroup() {
    const Range open = peek().range;
    sayUnknownTo(in(Target::OpenSmtpd59), {nullptr, "2012-11-14"}, "for { }", open);
    bump();
    bool good = true;
    while (good) {
        const TokenKind kind = peek().kind;
        if (kind == TokenKind::CloseBrace) {
            bump();
            break;
        }
        const bool newStatement = kind == TokenKind::Word && afterNewline() && opensStatement(m_lexeme.text);
        if (kind == TokenKind::None || newStatement) {
            say(Severity::Error, open, "this { is never closed");
            m_lineAhead = newStatement;
            good = false;
        } else if (kind == TokenKind::Comma || kind == TokenKind::Newline) {
            bump();
        } else {
            good = groupMember();
        }
    }
    m_builder.finish(raw(NodeKind::ForGroup));
    return good;
}

bool Parser::groupMember() {
    flushTrivia();
    if (atWord("alias")) {
        const auto rules = clausesIn(Context::Rule);
        return clause(rules, findClause(rules, "alias"));
    }
    m_builder.start();
    ClauseKind kind = ClauseKind::ForAny;
    const bool good = destination(kind);
    m_builder.finish(raw(kind));
    return good;
}

// any | all | local | domain TABLE | virtual TABLE | network TABLE
bool Parser::destination(ClauseKind& kind) {
    if (atWord("any") || atWord("all")) {
        sayAll();
        bump(As::Keyword);
        return true;
    }
    if (atWord("local")) {
        kind = ClauseKind::ForLocal;
        bump(As::Keyword);
        return true;
    }
    if (!atWord("domain") && !atWord("virtual") && !atWord("network"))
        return expectedOneOf({"any", "local", "domain"});
    kind = atWord("domain") ? ClauseKind::ForDomain : atWord("virtual") ? ClauseKind::ForVirtual : ClauseKind::ForNetwork;
    const QByteArray word = m_lexeme.text;
    if (kind != ClauseKind::ForDomain)
        sayUnknownTo(in(Target::OpenSmtpd59), {nullptr, "2012-11-14"}, "for " + m_lexeme.text, m_lexeme.range);
    bump(As::Keyword);
    return table(What::valueOf(word));
}

bool Parser::deliver() {
    once(ClauseKind::Relay, peek().range, "deliver");
    inRuleOrder(ClauseKind::Mbox);
    flushTrivia();
    m_builder.start();
    bump(As::Keyword);
    if (!keyword("to")) {
        m_builder.finish(raw(NodeKind::Error));
        return false;
    }
    return method();
}

// mbox | maildir [PATH] [junk] | mda COMMAND | lmtp DESTINATION [rcpt-to] | ...: finishes the node begun before.
bool Parser::method() {
    const bool isModern = m_dialect == Dialect::Modern;
    ClauseKind kind = ClauseKind::None;
    bool good = true;
    const auto take = [this, &kind](QByteArrayView word, ClauseKind as, Span span = {}) {
        if (!atWord(word))
            return false;
        kind = as;
        sayUnknownTo(targetsWithout(span), span, m_lexeme.text, m_lexeme.range);
        bump(As::Keyword);
        return true;
    };
    if (take("mbox", ClauseKind::Mbox)) {
    } else if (take("maildir", ClauseKind::Maildir)) {
        if (isOptionalValue())
            good = value("the path of a maildir");
        if (isModern && atWord("junk"))
            bump(As::Keyword);
    } else if (take("mda", ClauseKind::Mda)) {
        good = value("a command");
    } else if (take("lmtp", ClauseKind::Lmtp, {"5.3.1"})) {
        good = value("host:port or the path of a socket");
        if (good && atWord("rcpt-to")) {
            constexpr Span kKnown{"5.9.1"};
            sayUnknownTo(targetsWithout(kKnown), kKnown, "rcpt-to", m_lexeme.range);
            bump(As::Keyword);
        }
    } else if (isModern && (take("expand-only", ClauseKind::ExpandOnly) || take("forward-only", ClauseKind::ForwardOnly) ||
                            take("catch", ClauseKind::Catch) || take("relay", ClauseKind::Relay))) {
    } else {
        good = expectedOneOf(isModern ? kMethods : QByteArrayList{"mbox", "maildir", "mda", "lmtp"});
    }
    m_builder.finish(good || kind != ClauseKind::None ? raw(kind) : raw(NodeKind::Error));
    return good;
}

bool Parser::action() {
    bump(As::Keyword);
    if (!value("the name of an action"))
        return false;
    if (atEnd())
        return expectedOneOf(kMethods);
    const bool isRelay = atWord("relay");
    const bool isCatch = atWord("catch");
    const bool isMailbox = atWord("mbox");
    const bool isForwarding = atWord("expand-only") || atWord("forward-only");
    if (isCatch)
        sayUnknownTo(targetsWithout(kOwn), kOwn, "catch", m_lexeme.range);
    flushTrivia();
    m_builder.start();
    if (!method())
        return false;
    const Context context = isRelay ? Context::ActionRelay : isCatch ? Context::ActionCatch : Context::ActionLocal;
    const auto rules = clausesIn(context);
    bool sawTtl = false;
    while (!atEnd()) {
        const Found found = peek().kind == TokenKind::Word ? findClause(rules, m_lexeme.text) : Found();
        if (!found.rule)
            return unknownWord({context});
        const auto seen = [this](ClauseKind kind) { return std::count(m_seen.begin(), m_seen.end(), kind) > 0; };
        const ClauseKind kind = found.rule->kind;
        if (sawTtl && kind != ClauseKind::Ttl)
            say(Severity::Warning, kModernReaders, m_lexeme.range,
                "OpenSMTPD wants \"ttl\" to be the last word of an action");
        sawTtl = sawTtl || kind == ClauseKind::Ttl;
        if (kind == ClauseKind::Auth && !seen(ClauseKind::Host) && !seen(ClauseKind::HostByDomain) &&
            !seen(ClauseKind::Via))
            say(Severity::Warning, kModernReaders, m_lexeme.range, "OpenSMTPD wants \"host\" before \"auth\"");
        if (kind == ClauseKind::User && (isMailbox || isForwarding))
            error(isMailbox ? "\"user\" cannot stand with mbox: each user's mailbox is written as that user"
                            : "\"user\" has no meaning where nothing is delivered");
        if (!clause(rules, found))
            return false;
    }
    return true;
}

bool Parser::match() {
    bump(As::Keyword);
    const auto rules = clausesIn(Context::Match);
    bool decided = false;
    while (!atEnd()) {
        if (decided) {
            error("unexpected " + found() + ": \"action\" or \"reject\" ends a match");
            return false;
        }
        const bool negated = peek().kind == TokenKind::Bang;
        flushTrivia();
        m_builder.start();
        if (negated)
            bump();
        const Found found = peek().kind == TokenKind::Word && !atEnd() ? findClause(rules, m_lexeme.text) : Found();
        if (!found.rule) {
            m_builder.dissolve();
            return unknownWord({Context::Match});
        }
        if (found.otherDialect)
            sayOtherDialect(rules, *found.rule);
        else
            sayUnknownTo(targetsWithout(found.rule->span), found.rule->span, m_lexeme.text, m_lexeme.range);
        once(found.rule->kind, m_lexeme.range, m_lexeme.text);
        decided = found.rule->kind == ClauseKind::UseAction || found.rule->kind == ClauseKind::Reject;
        if (decided && negated)
            error("\"!\" belongs before a condition");
        if (m_lexeme.text == "from" || m_lexeme.text == "for") {
            const bool isFrom = m_lexeme.text == "from";
            if (!matchWhere(isFrom ? Context::MatchFrom : Context::MatchFor,
                            isFrom ? ClauseKind::FromAny : ClauseKind::ForAny))
                return false;
            continue;
        }
        bump(As::Keyword);
        const bool good = argument(*found.rule);
        m_builder.finish(raw(found.rule->kind));
        if (!good)
            return false;
    }
    return decided || expected("\"action NAME\" or \"reject\"");
}

// What stands behind from or for; finishes the node that match() began.
bool Parser::matchWhere(Context context, ClauseKind otherwise) {
    bump(As::Keyword);
    const auto rules = clausesIn(context);
    const Found found = peek().kind == TokenKind::Word && !atEnd() ? findClause(rules, m_lexeme.text) : Found();
    bool good = false;
    if (!found.rule) {
        QByteArrayList words;
        for (const ClauseRule& rule : rules) {
            if (rule.dialects & kInModern)
                words.append(rule.word);
        }
        expectedOneOf(words);
    } else if (found.otherDialect) {
        sayOtherDialect(rules, *found.rule);
    } else {
        sayUnknownTo(targetsWithout(found.rule->span), found.rule->span, m_lexeme.text, m_lexeme.range);
        // The test that it stands for besides "any" is taken: `auth` cannot follow `from auth`.
        if (found.rule->kind == ClauseKind::FromAuth)
            m_seen.push_back(ClauseKind::Authenticated);
        else if (found.rule->kind == ClauseKind::FromMailFrom)
            m_seen.push_back(ClauseKind::Sender);
        else if (found.rule->kind == ClauseKind::ForRecipient)
            m_seen.push_back(ClauseKind::Recipient);
        bump(As::Keyword);
        good = argument(*found.rule);
    }
    m_builder.finish(raw(found.rule ? found.rule->kind : otherwise));
    return good;
}

} // namespace postern::config
