// SPDX-License-Identifier: GPL-3.0-or-later
//
// Clauses by table: a word, its argument, perhaps a word behind it.
#include "config/parser.h"

#include "config/suggest.h"

#include <algorithm>

namespace postern::config {

namespace {

// Options that fill one place: `tls` and `smtps` are both the TLS mode of a listener.
ClauseKind placeOf(ClauseKind kind) {
    if (kind == ClauseKind::Inet6)
        return ClauseKind::Inet4;
    if (kind == ClauseKind::TlsRequire || kind == ClauseKind::Smtps || kind == ClauseKind::Secure)
        return ClauseKind::Tls;
    if (kind == ClauseKind::AuthOptional || kind == ClauseKind::EnableAuth)
        return ClauseKind::Auth;
    if (kind == ClauseKind::HostByDomain || kind == ClauseKind::Backup || kind == ClauseKind::Via)
        return ClauseKind::Host;
    if (saysFrom(kind))
        return ClauseKind::FromAny;
    return saysFor(kind) ? ClauseKind::ForAny : kind;
}

} // namespace

Parser::Found Parser::findClause(std::span<const ClauseRule> rules, QByteArrayView word) const {
    Found found;
    for (const ClauseRule& rule : rules) {
        if (word.isEmpty() || word.front() != *rule.word || word != rule.word)
            continue;
        if (rule.dialects & in(m_dialect))
            return {&rule, false};
        // 2012 and legacy grew out of each other and are read as one.
        found = {&rule, true};
    }
    return found;
}

// The word is known, but to another dialect only.
void Parser::sayOtherDialect(std::span<const ClauseRule> rules, const ClauseRule& rule) {
    QByteArray here;
    for (const ClauseRule& other : rules) {
        if (other.kind == rule.kind && (other.dialects & in(m_dialect)))
            here = other.word;
    }
    error('"' + QByteArray(rule.word) + "\" does not belong to " + describe(m_dialect).toByteArray(), here);
}

bool Parser::unknownWord(std::initializer_list<Context> contexts) {
    if (isFull())
        return false;
    QByteArrayList words;
    for (const Context context : contexts) {
        for (const ClauseRule& rule : clausesIn(context)) {
            if ((rule.dialects & in(m_dialect)) && !words.contains(rule.word))
                words.append(rule.word);
        }
    }
    if (peek().kind != TokenKind::Word) {
        error("unexpected " + found());
        return false;
    }
    const QByteArray near = nearest(m_lexeme.text, words);
    error((words.contains(m_lexeme.text) ? "misplaced word " : "unknown word ") + found(), near);
    return false;
}

bool Parser::clauses(Context context) {
    while (!atEnd()) {
        const Found found = peek().kind == TokenKind::Word ? findClause(clausesIn(context), m_lexeme.text) : Found();
        if (!found.rule)
            return unknownWord({context});
        if (!clause(clausesIn(context), found))
            return false;
    }
    return true;
}

bool Parser::clause(std::span<const ClauseRule> rules, Found found) {
    if (found.otherDialect)
        sayOtherDialect(rules, *found.rule);
    else
        sayUnknownTo(targetsWithout(found.rule->span), found.rule->span, m_lexeme.text, peek().range);
    once(found.rule->kind, peek().range, m_lexeme.text);
    inRuleOrder(found.rule->kind);
    flushTrivia();
    m_builder.start();
    bump(As::Keyword);
    const bool good = argument(*found.rule);
    m_builder.finish(raw(found.rule->kind));
    return good;
}

bool Parser::argument(const ClauseRule& rule) {
    const What what = What::valueOf(rule.word);
    if (m_dialect != Dialect::Modern && peek().kind == TokenKind::Bang && !atEnd()) {
        if (rule.kind != ClauseKind::Sender && rule.kind != ClauseKind::Recipient && rule.kind != ClauseKind::Tagged)
            return expected(what);
        oldNegation();
    }
    bool good = true;
    switch (rule.argument) {
    case Argument::None:
        break;
    case Argument::String:
        good = value(what);
        break;
    case Argument::OptionalString:
        if (isOptionalValue())
            good = value(what);
        break;
    case Argument::Port:
        good = port();
        break;
    case Argument::Time:
        good = time();
        break;
    case Argument::Table:
        good = table(what);
        break;
    case Argument::OptionalTable:
        if (!atEnd() && (m_lexeme.kind == TokenKind::Less || m_lexeme.kind == TokenKind::OpenBrace || isOptionalValue()))
            good = table(what);
        break;
    case Argument::Condition:
        good = condition(what, false);
        break;
    case Argument::OptionalCondition:
        good = condition(what, true);
        break;
    case Argument::Filters:
        good = filterNames();
        break;
    case Argument::Number:
        good = number("a number");
        break;
    case Argument::Rate:
        good = number("a number") && keyword("per") && time();
        break;
    case Argument::Order:
        good = order();
        break;
    }
    if (good && rule.flag && atWord(rule.flag)) {
        sayUnknownTo(targetsWithout(rule.flagSpan), rule.flagSpan, QByteArray(rule.word) + ' ' + rule.flag, m_lexeme.range);
        bump(As::Keyword);
        if (rule.kind == ClauseKind::Backup)
            good = value("the name of the backup MX");
    } else if (good && rule.kind == ClauseKind::EnableAuth) {
        good = expected("\"auth\"");
    }
    return good;
}

bool Parser::port() {
    if (peek().kind == TokenKind::Number && !atEnd()) {
        bump();
        return true;
    }
    if (atWord("smtp") || atWord("smtps")) {
        if (m_dialect != Dialect::Modern && atWord("smtps"))
            say(Severity::ForOthers, kOldReaders, m_lexeme.range, "OpenSMTPD before 6.4 wants \"smtps\" in quotes here");
        bump();
        return true;
    }
    const QByteArray text = peek().text;
    if (m_lexeme.kind == TokenKind::QuotedString && !text.isEmpty() &&
        std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }))
        say(Severity::ForOthers, kReaders, m_lexeme.range, "OpenSMTPD looks for a service named " + text + "; take the quotes away");
    return value("a port number or service name");
}

bool Parser::order() {
    static const QByteArrayList kOrders{"round-robin", "random", "ratio", "failover"};
    if (peek().kind != TokenKind::Word || atEnd() || !kOrders.contains(m_lexeme.text))
        return expectedOneOf(kOrders);
    bump();
    return true;
}

// [regex] table
bool Parser::condition(What what, bool optional) {
    if (atWord("regex")) {
        bump(As::Keyword);
        return table(what);
    }
    if (!optional)
        return table(what);
    if (!atEnd() && (m_lexeme.kind == TokenKind::Less || m_lexeme.kind == TokenKind::OpenBrace || isOptionalValue()))
        return table(what);
    return true;
}

// Each option at most once, as every reader since 5.4.1 demands; a listener may name several certificates since 7.3, and
// a wrapper and what a pki statement says may be said again.
void Parser::once(ClauseKind kind, Range range, QByteArrayView word) {
    const auto isSame = [kind](ClauseKind other) { return placeOf(other) == placeOf(kind); };
    const auto before = std::find_if(m_seen.begin(), m_seen.end(), isSame);
    if (before == m_seen.end()) {
        m_seen.push_back(kind);
        return;
    }
    // The 5.9 reader lets a second `for` of a rule replace `for local`, tried on `accept for local for any relay`.
    const bool mayRepeat = m_kind == StatementKind::Pki || kind == ClauseKind::Wrapper ||
                           (m_dialect == Dialect::Legacy && saysFor(kind));
    if (kind == ClauseKind::Pki && m_kind == StatementKind::Listen)
        say(Severity::ForOthers, kBefore75, range, "OpenSMTPD before 7.3 takes one \"pki\" on a listener");
    else if (*before == kind)
        say(Severity::Warning, mayRepeat ? Targets(0) : kReaders, range,
            '"' + word.toByteArray() + "\" is given twice; the last one counts");
    else
        say(Severity::Error, range, '"' + word.toByteArray() + "\" excludes what stands before it in this statement; keep one of them");
}

} // namespace postern::config
