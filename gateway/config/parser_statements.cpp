// SPDX-License-Identifier: GPL-3.0-or-later
//
// Everything but rules, actions and matches.
#include "config/parser.h"

#include "config/suggest.h"

#include <algorithm>

namespace postern::config {

void Parser::file() {
    bool saidCarriageReturn = false;
    while (true) {
        const Lexeme& next = peek();
        if (next.kind == TokenKind::None)
            break;
        if (next.kind == TokenKind::Newline) {
            if (next.range.length == 2 && !saidCarriageReturn) {
                say(Severity::Note, next.range, "lines end in CR LF; OpenSMTPD reads LF only");
                saidCarriageReturn = true;
            }
            bump();
        } else {
            statement();
        }
    }
    flushTrivia();
}

void Parser::statement() {
    m_seen.clear();
    m_ruleGroup = 0;
    m_mayBeSecret = false;
    m_isForeign = false;
    m_lineAhead = false;
    flushTrivia();
    const size_t begin = m_emitted;
    m_builder.start();
    const Lexeme first = peek();
    StatementKind kind = StatementKind::Unknown;
    bool good = statementBody(first, kind);
    if (good && !atEnd()) {
        error("unexpected " + found() + " at the end of the statement");
        good = false;
    }
    if (!good) {
        recover();
        sayLongString(begin);
    }
    m_builder.finish(raw(kind));
    if (peek().kind == TokenKind::None && m_dialect != Dialect::Modern)
        say(Severity::Warning, m_lexeme.range, "OpenSMTPD before 6.4 refuses a last line that does not end in a newline");
    m_lineAhead = false;
}

bool Parser::statementBody(const Lexeme& first, StatementKind& kind) {
    const bool isString = first.kind == TokenKind::Word || first.kind == TokenKind::QuotedString;
    if (isString && isAhead(TokenKind::Equals)) {
        kind = StatementKind::Macro;
        return macroDefinition();
    }
    if (first.kind != TokenKind::Word)
        return unknownStatement();
    if (const SettingRule* found = findSetting()) {
        kind = StatementKind::Setting;
        return setting(*found);
    }
    const auto rules = statements();
    const auto known = std::find_if(rules.begin(), rules.end(),
                                    [&first](const StatementRule& rule) { return first.text == rule.word; });
    if (known == rules.end())
        return unknownStatement();
    m_isForeign = !(known->dialects & in(m_dialect));
    if (m_isForeign)
        error('"' + first.text + "\" does not belong to " + describe(m_dialect).toByteArray() +
              ", in which the rest of this file is written");
    kind = known->kind;
    switch (kind) {
    case StatementKind::None:
    case StatementKind::Macro:
    case StatementKind::Setting:
    case StatementKind::Unknown:
        break;
    case StatementKind::Include:
        return include();
    case StatementKind::Listen:
        return listen();
    case StatementKind::Pki:
        return pki();
    case StatementKind::Ca:
        return ca();
    case StatementKind::Table:
        return tableStatement();
    case StatementKind::Rule:
        return rule();
    case StatementKind::Action:
        return action();
    case StatementKind::Match:
        return match();
    case StatementKind::Filter:
        return filter();
    case StatementKind::Proc:
        return proc();
    }
    return unknownStatement();
}

bool Parser::unknownStatement() {
    QByteArray near;
    if (peek().kind == TokenKind::Word && !isFull())
        near = nearest(m_lexeme.text, statementWords(m_dialect));
    if (m_lexeme.kind == TokenKind::Unread)
        error("the file is too long to be read from here on");
    else
        error("unknown statement " + found(), near);
    return false;
}

// The rest of the line, whatever it is, as one Error node, an empty one if something is missing at its end.
void Parser::recover() {
    if (atEnd()) {
        m_builder.start();
        m_builder.finish(raw(NodeKind::Error));
        return;
    }
    flushTrivia();
    m_builder.start();
    if (m_macro && m_macroIndex > 0) { // the rest of a macro has no bytes
        m_macro.reset();
        m_emitted = m_next = m_next + 1;
    } else {
        m_macro.reset();
    }
    m_peeked = false;
    size_t end = m_emitted;
    size_t last = m_emitted; // blanks and a comment at the end of the line stay outside
    while (end < m_tokens.size() && m_tokens[end].kind != TokenKind::Newline) {
        if (!isTrivia(m_tokens[end].kind))
            last = end + 1;
        ++end;
    }
    for (; m_emitted < last; ++m_emitted)
        m_builder.token(raw(m_tokens[m_emitted].kind), bytes(m_tokens[m_emitted]));
    m_next = m_emitted;
    m_builder.finish(raw(NodeKind::Error));
}

// Of a statement that made no sense: a string that goes on in the next line may be why.
void Parser::sayLongString(size_t begin) {
    for (size_t i = begin; i < m_emitted; ++i) {
        const Token& token = m_tokens[i];
        if (token.kind != TokenKind::QuotedString || !bytes(token).contains('\n'))
            continue;
        say(Severity::Note, {token.offset, token.length},
            "this string goes on in the next line; is its closing quote missing?");
        return;
    }
}

bool Parser::macroDefinition() {
    const Lexeme name = peek();
    const bool plain = std::all_of(name.text.begin(), name.text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    });
    if (!plain)
        say(Severity::Warning, name.range,
            "a macro's name has only letters, digits and _; this one cannot be used with $");
    value("the name of a macro");
    bump(); // =
    if (peek().kind == TokenKind::Number && !atEnd()) {
        error("the value of a macro must be in quotes: \"" + m_lexeme.text + '"');
        bump();
        return true;
    }
    const Lexeme found = peek();
    if (!value("the value of the macro"))
        return false;
    m_macros.define(QByteArray(name.text.constData(), name.text.size()), lexMacroValue(found.text, m_dialect));
    return true;
}

bool Parser::include() {
    bump(As::Keyword);
    const Lexeme path = peek();
    if (!value("the path of a file"))
        return false;
    if (m_onInclude)
        m_onInclude(path.text, path.range, m_macros);
    return true;
}

bool Parser::listen() {
    bump(As::Keyword);
    if (!keyword("on"))
        return false;
    if (atWord("socket") && m_dialect != Dialect::Map2012) {
        bump();
        return clauses(Context::ListenSocket);
    }
    return value("an interface or address") && clauses(Context::Listen);
}

bool Parser::pki() {
    bump(As::Keyword);
    return value("the name of a certificate") && clauses(Context::Pki);
}

bool Parser::ca() {
    bump(As::Keyword);
    return value("the name of a certificate authority") && clauses(Context::Ca);
}

bool Parser::tableStatement() {
    const bool isMap = peek().text == "map";
    bump(As::Keyword);
    if (!value(isMap ? "the name of a map" : "the name of a table"))
        return false;
    m_mayBeSecret = true; // credentials stand in tables
    if (isMap)
        return mapSource();
    if (!atEnd() && m_lexeme.kind == TokenKind::OpenBrace)
        return tableList();
    return value("a file, backend:file or { ... }");
}

// [{] source plain|file|db|external PATH [}] | PATH
bool Parser::mapSource() {
    const bool braced = peek().kind == TokenKind::OpenBrace;
    const auto newlines = [this, braced] {
        while (braced && peek().kind == TokenKind::Newline)
            bump();
    };
    if (braced)
        bump();
    newlines();
    if (atWord("source")) {
        bump(As::Keyword);
        if (atWord("plain") || atWord("file") || atWord("db") || atWord("external"))
            bump(As::Keyword);
        else
            return expectedOneOf({"plain", "file", "db"});
    } else if (braced) {
        return expected("\"source\"");
    }
    if (!value("the path of the map's file"))
        return false;
    newlines();
    if (!braced)
        return true;
    if (peek().kind != TokenKind::CloseBrace)
        return expected("\"}\"");
    bump();
    return true;
}

bool Parser::filter() {
    const QByteArray word = peek().text;
    bump(As::Keyword);
    if (word == "enqueuer")
        return keyword("filter") && value("the name of a filter");
    if (!value("the name of a filter"))
        return false;
    if (word == "filterchain" || m_dialect != Dialect::Modern) {
        if (atWord("chain"))
            bump(As::Keyword);
        while (!atEnd()) {
            if (!value("the name of a filter or an argument"))
                return false;
        }
        return true;
    }
    const auto part = [this](ClauseKind kind, auto&& rest) {
        flushTrivia();
        m_builder.start();
        bump(As::Keyword);
        const bool good = rest();
        m_builder.finish(raw(kind));
        return good;
    };
    if (atWord("chain"))
        return part(ClauseKind::Chain, [this] { return table("{ filter, filter }"); });
    if (atWord("proc"))
        return part(ClauseKind::UseProc, [this] { return value("the name of a proc"); });
    if (atWord("proc-exec"))
        return part(ClauseKind::ProcExec, [this] { return value("a command"); }) && clauses(Context::Process);
    if (!atWord("phase"))
        return expectedOneOf({"phase", "chain", "proc", "proc-exec"});
    const bool head = part(ClauseKind::Phase, [this] {
        if (!isValue())
            return expected("a phase: connect, helo, ehlo, mail-from, rcpt-to, data, commit");
        bump(As::Keyword);
        return keyword("match");
    });
    while (head && !atEnd()) {
        const bool negated = peek().kind == TokenKind::Bang;
        flushTrivia();
        m_builder.start();
        if (negated)
            bump();
        const auto rules = clausesIn(Context::FilterPhase);
        const Found found = peek().kind == TokenKind::Word ? findClause(rules, m_lexeme.text) : Found();
        if (!found.rule) {
            m_builder.dissolve();
            return unknownWord({Context::FilterPhase});
        }
        bump(As::Keyword);
        const bool good = argument(*found.rule);
        m_builder.finish(raw(found.rule->kind));
        if (!good)
            return false;
    }
    return head;
}

bool Parser::proc() {
    bump(As::Keyword);
    return value("the name of a process") && value("a command") && clauses(Context::Process);
}

// The rule whose words come next; nothing is consumed.
const SettingRule* Parser::findSetting() {
    const auto& candidates = settingsOpenedBy(peek().text);
    if (candidates.empty())
        return nullptr;
    QByteArrayList ahead;
    for (size_t i = m_macroIndex; m_macro && i < m_macro->tokens.size() && m_macro->tokens[i].kind == TokenKind::Word; ++i)
        ahead.append(m_macro->tokens[i].text);
    for (size_t i = m_macro ? m_next + 1 : m_next; i < m_tokens.size() && ahead.size() < 3; ++i) {
        if (isTrivia(m_tokens[i].kind))
            continue;
        if (m_tokens[i].kind != TokenKind::Word)
            break;
        ahead.append(decode(TokenKind::Word, bytes(m_tokens[i]), m_dialect));
    }
    const SettingRule* other = nullptr;
    for (const SettingWords& candidate : candidates) {
        const QByteArrayList& words = candidate.words;
        if (words.size() > ahead.size() || !std::equal(words.begin(), words.end(), ahead.begin()))
            continue;
        if (candidate.rule->dialects & in(m_dialect))
            return candidate.rule;
        if (!other)
            other = candidate.rule;
    }
    return other;
}

bool Parser::setting(const SettingRule& rule) {
    if (!(rule.dialects & in(m_dialect))) {
        QByteArray here;
        for (const SettingRule& same : settings()) {
            if (same.setting == rule.setting && (same.dialects & in(m_dialect)) && here.isEmpty())
                here = same.words;
        }
        error('"' + QByteArray(rule.words) + "\" does not belong to " + describe(m_dialect).toByteArray(), here);
    }
    const QByteArrayView words(rule.words);
    for (qsizetype i = 0; i <= words.count(' '); ++i)
        bump(As::Keyword);
    m_mayBeSecret = rule.setting == Setting::QueueEncryption || rule.setting == Setting::SrsKey ||
                    rule.setting == Setting::SrsBackupKey;
    const QByteArray what = "the value of \"" + QByteArray(rule.words) + '"';
    const QByteArrayView pattern(rule.pattern);
    for (qsizetype i = 0; i < pattern.size(); ++i) {
        const bool optional = i + 1 < pattern.size() && pattern[i + 1] == '?';
        if (pattern[i] == '?' || (optional && atEnd()))
            continue;
        bool good = true;
        switch (pattern[i]) {
        case 'd':
            good = time();
            break;
        case 'D':
            good = time();
            while (good && !atEnd() && m_lexeme.kind == TokenKind::Comma) {
                bump();
                good = time();
            }
            break;
        case 'z':
            if (peek().kind == TokenKind::Number && !atEnd())
                bump();
            else
                good = value("a size such as 35M");
            break;
        case 'n':
            good = number("a number");
            break;
        case 's':
            if (rule.setting == Setting::SubAddressDelimiter && !atEnd() && m_lexeme.kind != TokenKind::QuotedString &&
                m_lexeme.kind != TokenKind::Word)
                good = expected("one character in quotes");
            else
                good = value(what);
            break;
        case 'K':
            good = limits();
            break;
        case 'C':
            while (good && (atWord("cipher") || atWord("digest"))) {
                bump(As::Keyword);
                good = value("the name of an algorithm");
            }
            break;
        }
        if (!good)
            return false;
    }
    return true;
}

// [for domain D] {inet4 | inet6 | KEY NUMBER}
bool Parser::limits() {
    if (atWord("for")) {
        flushTrivia();
        m_builder.start();
        bump(As::Keyword);
        const bool good = keyword("domain") && value("a domain");
        m_builder.finish(raw(ClauseKind::ForDomain));
        if (!good)
            return false;
    }
    while (!atEnd()) {
        if (m_lexeme.kind != TokenKind::Word)
            return expected("the name of a limit");
        const bool alone = m_lexeme.text == "inet4" || m_lexeme.text == "inet6";
        const QByteArray name = m_lexeme.text;
        bump();
        if (!alone && !number("a number for \"" + name + '"'))
            return false;
    }
    return true;
}

} // namespace postern::config
