// SPDX-License-Identifier: GPL-3.0-or-later
//
// Clauses by table: a word, its argument, perhaps a word behind it.
#include "config/parser.h"

#include "config/suggest.h"

#include <algorithm>

namespace postern::config {

Parser::Found Parser::findClause(std::span<const ClauseRule> rules, QByteArrayView word) const {
    Found found;
    for (const ClauseRule& rule : rules) {
        if (word != rule.word)
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
    if (m_isForeign)
        return;
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
    const QByteArray what = "the value of \"" + QByteArray(rule.word) + '"';
    const bool oldNegation = m_dialect != Dialect::Modern && peek().kind == TokenKind::Bang && !atEnd();
    if (oldNegation) {
        if (rule.kind != ClauseKind::Sender && rule.kind != ClauseKind::Recipient && rule.kind != ClauseKind::Tagged)
            return expected(what);
        bump();
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
        if (peek().kind == TokenKind::Number && !atEnd())
            bump();
        else if (atWord("smtp") || atWord("smtps"))
            bump();
        else
            good = value("a port number or service name");
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
    }
    if (good && rule.flag && atWord(rule.flag)) {
        bump(As::Keyword);
        if (rule.kind == ClauseKind::Backup)
            good = value("the name of the backup MX");
    } else if (good && rule.kind == ClauseKind::EnableAuth) {
        good = expected("\"auth\"");
    }
    return good;
}

// [regex] table
bool Parser::condition(QByteArrayView what, bool optional) {
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

// Each option at most once, as every reader since 5.4.1 demands; a listener may name several certificates.
void Parser::once(ClauseKind kind, Range range, QByteArrayView word) {
    const bool again = std::find(m_seen.begin(), m_seen.end(), kind) != m_seen.end();
    if (again && kind != ClauseKind::Pki)
        say(Severity::Warning, range, '"' + word.toByteArray() + "\" is given twice; the last one counts");
    if (!again)
        m_seen.push_back(kind);
}

} // namespace postern::config
