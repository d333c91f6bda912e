// SPDX-License-Identifier: GPL-3.0-or-later
//
// accept, reject, action and match: what decides where mail goes.
//
// The two older dialects are read as one, in any order of clauses; where a reader of the time would refuse what is
// otherwise clear, a warning says so.
#include "config/parser.h"

#include <algorithm>

namespace postern::config {

namespace {
const QByteArrayList kMethods = {"relay", "mbox", "maildir", "mda", "lmtp", "expand-only", "forward-only", "catch"};
}

bool Parser::rule() {
    bump(As::Keyword);
    Context context = Context::Rule;
    while (!atEnd()) {
        if (!ruleClause(context))
            return false;
    }
    return true;
}

bool Parser::ruleClause(Context& context) {
    if (peek().kind == TokenKind::Bang) { // only: ! authenticated
        flushTrivia();
        m_builder.start();
        bump();
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
            if (found.rule->kind == ClauseKind::Port &&
                (seen(ClauseKind::Tls) || seen(ClauseKind::Smtps) || seen(ClauseKind::Secure)))
                say(Severity::Warning, m_lexeme.range, "readers of 2012 want \"port\" before the word for TLS");
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

// Since 5.3 a rule's parts come in groups: conditions, users, what to do, for how long.
void Parser::inRuleOrder(ClauseKind kind) {
    if (m_dialect != Dialect::Legacy)
        return;
    int group = 0;
    if (saysFrom(kind) || saysFor(kind) || kind == ClauseKind::Sender || kind == ClauseKind::Recipient ||
        kind == ClauseKind::Tagged || kind == ClauseKind::Authenticated)
        group = 1;
    else if (kind == ClauseKind::Alias || kind == ClauseKind::Virtual || kind == ClauseKind::Userbase)
        group = 2;
    else if (isMethod(kind) && kind != ClauseKind::ForwardOnly)
        group = 3;
    else if (kind == ClauseKind::Ttl || kind == ClauseKind::ForwardOnly)
        group = 4;
    if (group && group < m_ruleGroup)
        say(Severity::Warning, peek().range,
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
    if (peek().kind == TokenKind::Bang && !atEnd())
        bump();
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
            say(Severity::Warning, m_lexeme.range, "OpenSMTPD since 5.4.1 wants \"source\" before this");
        good = table("any, local or source <table>");
    }
    m_builder.finish(raw(kind));
    return good;
}

void Parser::sayAll() {
    if (m_dialect == Dialect::Legacy && atWord("all"))
        say(Severity::Warning, m_lexeme.range, "\"all\" is the word of 2012; OpenSMTPD since 5.3 wants \"any\"", "any");
}

bool Parser::ruleFor() {
    once(ClauseKind::ForAny, peek().range, "for");
    inRuleOrder(ClauseKind::ForAny);
    flushTrivia();
    m_builder.start();
    bump(As::Keyword);
    if (!atEnd() && m_lexeme.kind == TokenKind::OpenBrace)
        return ruleForGroup();
    if (!atEnd() && m_lexeme.kind == TokenKind::Bang)
        bump();
    ClauseKind kind = ClauseKind::ForAny;
    const bool good = destination(kind);
    m_builder.finish(raw(kind));
    return good;
}

// for { cond, cond } of 2012: any of them. Finishes the node that ruleFor() began.
bool Parser::ruleForGroup() {
    const Range open = peek().range;
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
    const QByteArray what = "the value of \"" + m_lexeme.text + '"';
    bump(As::Keyword);
    return table(what);
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
    const auto take = [this, &kind](QByteArrayView word, ClauseKind as) {
        if (!atWord(word))
            return false;
        kind = as;
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
    } else if (take("lmtp", ClauseKind::Lmtp)) {
        good = value("host:port or the path of a socket");
        if (good && atWord("rcpt-to"))
            bump(As::Keyword);
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
        if (sawTtl)
            say(Severity::Warning, m_lexeme.range, "OpenSMTPD wants \"ttl\" to be the last word of an action");
        sawTtl = found.rule->kind == ClauseKind::Ttl;
        if (found.rule->kind == ClauseKind::Auth &&
            std::find_if(m_seen.begin(), m_seen.end(), [](ClauseKind kind) {
                return kind == ClauseKind::Host || kind == ClauseKind::HostByDomain || kind == ClauseKind::Via;
            }) == m_seen.end())
            say(Severity::Warning, m_lexeme.range, "OpenSMTPD wants \"host\" before \"auth\"");
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
        once(found.rule->kind, m_lexeme.range, m_lexeme.text);
        decided = found.rule->kind == ClauseKind::UseAction || found.rule->kind == ClauseKind::Reject;
        if (decided && negated)
            error("\"!\" belongs before a condition");
        if (m_lexeme.text == "from") {
            if (!matchFrom())
                return false;
            continue;
        }
        if (m_lexeme.text == "for") {
            if (!matchFor())
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

// Both finish the node that match() began.
bool Parser::matchFrom() {
    bump(As::Keyword);
    ClauseKind kind = ClauseKind::FromAny;
    bool good = true;
    if (atWord("any")) {
        bump(As::Keyword);
    } else if (atWord("local")) {
        kind = ClauseKind::FromLocal;
        bump(As::Keyword);
    } else if (atWord("socket")) {
        kind = ClauseKind::FromSocket;
        bump(As::Keyword);
    } else if (atWord("src")) {
        kind = ClauseKind::FromSource;
        bump(As::Keyword);
        good = condition("the value of \"src\"", false);
    } else if (atWord("rdns")) {
        kind = ClauseKind::FromRdns;
        bump(As::Keyword);
        good = condition("the value of \"rdns\"", true);
    } else if (atWord("auth")) {
        kind = ClauseKind::FromAuth;
        bump(As::Keyword);
        good = condition("the value of \"auth\"", true);
    } else if (atWord("mail-from")) {
        kind = ClauseKind::FromMailFrom;
        bump(As::Keyword);
        good = condition("the value of \"mail-from\"", false);
    } else {
        if (atWord("source"))
            error("\"source\" does not belong to " + describe(m_dialect).toByteArray(), "src");
        else
            expectedOneOf({"any", "local", "socket", "src", "rdns", "auth", "mail-from"});
        good = false;
    }
    m_builder.finish(raw(kind));
    return good;
}

bool Parser::matchFor() {
    bump(As::Keyword);
    ClauseKind kind = ClauseKind::ForAny;
    bool good = true;
    if (atWord("any")) {
        bump(As::Keyword);
    } else if (atWord("local")) {
        kind = ClauseKind::ForLocal;
        bump(As::Keyword);
    } else if (atWord("domain")) {
        kind = ClauseKind::ForDomain;
        bump(As::Keyword);
        good = condition("the value of \"domain\"", false);
    } else if (atWord("rcpt-to")) {
        kind = ClauseKind::ForRecipient;
        bump(As::Keyword);
        good = condition("the value of \"rcpt-to\"", false);
    } else {
        good = expectedOneOf({"any", "local", "domain", "rcpt-to"});
    }
    m_builder.finish(raw(kind));
    return good;
}

} // namespace postern::config
