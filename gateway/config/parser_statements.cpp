// SPDX-License-Identifier: GPL-3.0-or-later
//
// Everything but rules, actions and matches.
#include "config/parser.h"

#include "config/suggest.h"

#include <algorithm>

namespace postern::config {

// To readers of the language a CR is no blank: it breaks every line but one that ends in a comment.
void Parser::carriageReturns() {
    if (!m_text.contains('\r'))
        return;
    for (size_t i = 0; i < m_tokens.size(); ++i) {
        const Token& token = m_tokens[i];
        const bool endsLine = token.kind == TokenKind::Newline && token.length == 2;
        const bool inside = token.kind != TokenKind::QuotedString && token.kind != TokenKind::Comment &&
                            token.kind != TokenKind::Newline && bytes(token).contains("\\\r\n");
        if (endsLine || inside)
            m_output.carriageReturns.push_back(
                {{token.offset, token.length}, inside || i == 0 || m_tokens[i - 1].kind != TokenKind::Comment});
    }
}

void Parser::file() {
    while (true) {
        const Lexeme& next = peek();
        if (next.kind == TokenKind::None)
            break;
        if (next.kind == TokenKind::Newline)
            bump();
        else
            statement();
    }
    flushTrivia();
}

void Parser::statement() {
    m_seen.clear();
    m_kind = StatementKind::Unknown;
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
        say(Severity::Warning, kOldReaders, m_lexeme.range,
            "OpenSMTPD before 6.4 refuses a last line that does not end in a newline");
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
    const bool isForeign = !(known->dialects & in(m_dialect));
    if (isForeign)
        error('"' + first.text + "\" does not belong to " + describe(m_dialect).toByteArray() +
              ", in which the rest of this file is written");
    else
        sayUnknownTo(targetsWithout(known->span), known->span, first.text, first.range);
    m_isForeign = isForeign;
    m_kind = kind = known->kind;
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
    if (near == m_lexeme.text)
        near.clear(); // the first of two words that are no statement together
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
    if (m_macro && m_macroIndex > 0) // the rest of a macro has no bytes
        m_next = m_emitted;
    m_macro.reset();
    m_peeked = false;
    size_t end = m_emitted;
    size_t last = m_emitted; // blanks and a comment at the end of the line stay outside
    while (end < m_tokens.size() && m_tokens[end].kind != TokenKind::Newline) {
        if (!isTrivia(m_tokens[end].kind))
            last = end + 1;
        ++end;
    }
    for (; m_emitted < last; ++m_emitted)
        m_builder.token(raw(m_tokens[m_emitted].kind), bytes(m_tokens[m_emitted]).size());
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
    const bool hasBlank = name.text.indexOf(' ', 1) > 0 || name.text.indexOf('\t', 1) > 0;
    if (!plain)
        say(Severity::Warning, hasBlank ? kModernReaders : Targets(0), name.range,
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
    const QByteArray own(name.text.constData(), name.text.size());
    const MacroValuePtr tokens = lexMacroValue(found.text, m_dialect);
    m_macros.define(own, tokens);
    m_output.definitions.push_back({name.range.offset, own, tokens});
    return true;
}

bool Parser::include() {
    bump(As::Keyword);
    const Lexeme path = peek();
    if (!value("the path of a file"))
        return false;
    if (m_onInclude)
        m_onInclude(QByteArray(path.text.constData(), path.text.size()), path.range, m_macros);
    return true;
}

bool Parser::listen() {
    bump(As::Keyword);
    if (!keyword("on"))
        return false;
    if (atWord("socket") && m_dialect != Dialect::Map2012) {
        sayUnknownTo(targetsWithout({"5.9.1"}), {"5.9.1"}, "socket", m_lexeme.range);
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
    return value("the name of a certificate authority") && (!atEnd() || expectedOneOf(m_dialect == Dialect::Modern
                                                                                          ? QByteArrayList{"cert"}
                                                                                          : QByteArrayList{"certificate"})) &&
           clauses(Context::Ca);
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
    if (word == "filterchain" || m_dialect != Dialect::Modern)
        return oldFilter(word == "filterchain");
    const auto part = [this](ClauseKind kind, auto&& rest) {
        flushTrivia();
        m_builder.start();
        bump(As::Keyword);
        const bool good = rest();
        m_builder.finish(raw(kind));
        return good;
    };
    if (atWord("chain"))
        return part(ClauseKind::Chain, [this] {
            return !atEnd() && m_lexeme.kind == TokenKind::OpenBrace ? tableList(false) : expected("{ filter, filter }");
        });
    if (atWord("proc"))
        return part(ClauseKind::UseProc, [this] { return value("the name of a proc"); });
    if (atWord("proc-exec"))
        return part(ClauseKind::ProcExec, [this] { return value("a command"); }) && clauses(Context::Process);
    if (!atWord("phase"))
        return expectedOneOf({"phase", "chain", "proc", "proc-exec"});
    return filterPhase();
}

// PROGRAM ARGUMENT... | chain NAME...
bool Parser::oldFilter(bool isChain) {
    if (atWord("chain")) {
        bump(As::Keyword);
        isChain = true;
    }
    if (isChain && atEnd())
        return expected("the name of a filter");
    while (!atEnd()) {
        if (!value("the name of a filter or an argument"))
            return false;
    }
    return true;
}

// phase PHASE match CONDITION DECISION
bool Parser::filterPhase() {
    const auto phases = filterPhases();
    const auto isNext = [this](const PhaseRule& rule) { return atWord(rule.word); };
    flushTrivia();
    m_builder.start();
    bump(As::Keyword);
    const auto phase = std::find_if(phases.begin(), phases.end(), isNext);
    bool good = phase != phases.end();
    if (good) {
        bump(As::Keyword);
        good = keyword("match");
    } else {
        QByteArrayList words;
        for (const PhaseRule& rule : phases)
            words.append(rule.word);
        expectedOneOf(words);
    }
    m_builder.finish(raw(ClauseKind::Phase));
    if (!good)
        return false;
    const auto rules = clausesIn(Context::FilterPhase);
    return filterPart(rules, &*phase, false) && filterPart(rules, &*phase, true);
}

// The one condition, or the one decision, of a filter.
bool Parser::filterPart(std::span<const ClauseRule> rules, const PhaseRule* phase, bool isDecision) {
    const bool negated = !isDecision && peek().kind == TokenKind::Bang && !atEnd();
    flushTrivia();
    m_builder.start();
    if (negated)
        bump();
    const QByteArrayList conditions = QByteArray(phase->conditions).split(' ');
    const Found found = peek().kind == TokenKind::Word && !atEnd() ? findClause(rules, m_lexeme.text) : Found();
    if (!found.rule) {
        m_builder.dissolve();
        if (!isDecision)
            return atEnd() ? expectedOneOf(conditions) : unknownWord({Context::FilterPhase});
        return atEnd() ? expected("what to do: reject, disconnect, rewrite, report, junk or bypass")
                       : unknownWord({Context::FilterPhase});
    }
    const ClauseKind kind = found.rule->kind;
    const bool decides = kind == ClauseKind::Reject || kind == ClauseKind::Disconnect || kind == ClauseKind::Rewrite ||
                         kind == ClauseKind::Report || kind == ClauseKind::Junk || kind == ClauseKind::Bypass;
    const QByteArray word = m_lexeme.text;
    if (decides != isDecision)
        error(isDecision ? "a filter has one condition; write a second filter and chain them"
                         : "a filter needs a condition before \"" + word + '"');
    else if (!decides && !conditions.contains(word))
        error('"' + word + "\" is not known yet in phase \"" + phase->word + "\"; it may ask for " + conditions.join(", "));
    else if (!phase->mayPass && (kind == ClauseKind::Junk || kind == ClauseKind::Bypass))
        error('"' + word + "\" cannot be decided in phase \"" + phase->word + '"');
    bump(As::Keyword);
    const bool good = argument(*found.rule);
    m_builder.finish(raw(kind));
    if (!good || decides == isDecision)
        return good;
    return isDecision ? filterPart(rules, phase, true) : true; // go on behind what is one too many
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
    QByteArrayList words;
    for (const MacroToken& token : ahead(3)) {
        if (token.kind != TokenKind::Word)
            break;
        words.append(token.text);
    }
    const SettingRule* other = nullptr;
    for (const SettingWords& candidate : candidates) {
        if (candidate.words.size() > words.size() ||
            !std::equal(candidate.words.begin(), candidate.words.end(), words.begin()))
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
    } else {
        sayUnknownTo(targetsWithout(rule.span), rule.span, rule.words, peek().range);
    }
    const QByteArrayView words(rule.words);
    for (qsizetype i = 0; i <= words.count(' '); ++i)
        bump(As::Keyword);
    m_mayBeSecret = rule.setting == Setting::QueueEncryption || rule.setting == Setting::SrsKey ||
                    rule.setting == Setting::SrsBackupKey;
    const What what = What::valueOf(rule.words);
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
            good = limits(rule.setting);
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

// [for domain D] {inet4 | inet6 | KEY NUMBER}; the domain and the families of addresses in limits of the relay only.
bool Parser::limits(Setting setting) {
    const bool ofRelay = setting == Setting::MtaLimit;
    if (ofRelay && atWord("for")) {
        flushTrivia();
        m_builder.start();
        bump(As::Keyword);
        const bool good = keyword("domain") && value("a domain");
        m_builder.finish(raw(ClauseKind::ForDomain));
        if (!good)
            return false;
    }
    const QByteArrayList keys = limitKeys(setting);
    while (!atEnd()) {
        const QByteArray name = m_lexeme.text;
        const Range range = m_lexeme.range;
        if (ofRelay && (atWord("inet4") || atWord("inet6"))) {
            bump();
            continue;
        }
        if (m_lexeme.kind != TokenKind::Word && m_lexeme.kind != TokenKind::QuotedString)
            return expected("the name of a limit");
        if (!value("the name of a limit"))
            return false;
        if (!keys.contains(name))
            say(Severity::Error, range, "unknown limit \"" + name + '"', nearest(name, keys));
        if (!number("a number for \"" + name + '"'))
            return false;
    }
    return true;
}

} // namespace postern::config
