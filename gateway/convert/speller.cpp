// SPDX-License-Identifier: GPL-3.0-or-later
//
// One walk over the statement's tokens, in order, tells where macros begin and end; a table argument that a macro enters or
// leaves is no piece of text that could be kept.
#include "convert/speller.h"

#include "config/document.h"
#include "config/grammar.h"
#include "config/lexer.h"

#include <algorithm>

namespace postern::convert {

using config::Clause;
using config::Dialect;
using config::NodeKind;
using config::Range;
using config::TableArgument;
using config::Target;
using config::TokenKind;
using config::Value;

namespace {

bool isOneWord(const QByteArray& text, Dialect dialect) {
    const std::vector<config::Token> tokens = config::lex(text);
    return tokens.size() == 1 && tokens.front().kind == TokenKind::Word && !config::isReserved(text, dialect) &&
           config::decode(TokenKind::Word, text, dialect) == text;
}

QByteArray inQuotes(const QByteArray& text, char quote, Dialect dialect) {
    QByteArray out(1, quote);
    for (qsizetype i = 0; i < text.size(); ++i) {
        if (text[i] == quote)
            out += '\\';
        out += text[i];
        const char next = i + 1 < text.size() ? text[i + 1] : '\0';
        if (text[i] == '\\' && (next == ' ' || next == '\t') && dialect == Dialect::Modern)
            out += '\\'; // else the blank would take the backslash with it
    }
    return out + quote;
}

bool givesBack(const QByteArray& text, const QByteArray& spelled, Dialect dialect) {
    const std::vector<config::Token> tokens = config::lex(spelled);
    return tokens.size() == 1 && tokens.front().kind == TokenKind::QuotedString &&
           config::decode(TokenKind::QuotedString, spelled, dialect) == text;
}

bool takesNewlinesInBraces(Target target) {
    switch (target) {
    case Target::Postern:
    case Target::OpenSmtpd78: return true;
    case Target::OpenSmtpd2012:
    case Target::OpenSmtpd59:
    case Target::OpenSmtpd68: return false;
    }
    return true;
}

bool isTable(config::tree::Kind kind) {
    return kind == raw(NodeKind::TableName) || kind == raw(NodeKind::TableLiteral) ||
           kind == raw(NodeKind::TableList) || kind == raw(NodeKind::TableMapping) ||
           kind == raw(NodeKind::TableMapRef);
}

bool isExpanded(TokenKind kind) {
    return kind == TokenKind::Expanded || kind == TokenKind::ExpandedKeyword;
}

// Words that stand behind a clause's value.
bool isFlag(const Value& word) {
    for (const char* flag : {"verify", "no-verify", "masquerade", "rcpt-to", "junk"}) {
        if (word.text == flag)
            return true;
    }
    return false;
}

} // namespace

QByteArray quoted(const QByteArray& text, Dialect dialect) {
    for (const char quote : {'"', '\''}) {
        const QByteArray spelled = inQuotes(text, quote, dialect);
        if (givesBack(text, spelled, dialect))
            return spelled;
    }
    return inQuotes(text, '"', dialect);
}

QByteArray plainOrQuoted(const QByteArray& text, Dialect dialect) {
    return isOneWord(text, dialect) ? text : quoted(text, dialect);
}

Speller::Speller(const config::StatementView& statement, Target target)
    : m_statement(statement), m_target(target), m_source(statement.document().dialect()),
      m_dialect(dialectOf(target).value_or(m_source)) {
    collect(statement.node());
    for (size_t i = 0; i < m_leaves.size(); ++i) {
        if (m_leaves[i].kind != TokenKind::MacroUse && m_leaves[i].kind != TokenKind::MacroKeyword)
            continue;
        // Bytes glued to the use ($net.1) belong to its last word: no text that could be kept apart.
        int count = i + 1 < m_leaves.size() && m_leaves[i + 1].kind == TokenKind::MacroTail ? 2 : 1;
        for (size_t next = i + 1; next < m_leaves.size() && isExpanded(m_leaves[next].kind); ++next)
            ++count;
        m_macroTokens.insert(m_leaves[i].offset, count);
    }
    learnMacros();
}

void Speller::collect(const config::tree::SyntaxNode& node) {
    const size_t first = m_leaves.size();
    for (const config::tree::SyntaxNode::Child& child : node.children()) {
        if (child.node)
            collect(*child.node);
        else
            m_leaves.push_back({TokenKind(child.token.kind), child.token.offset, child.token.bytes});
    }
    if (isTable(node.kind()) && node.range().length > 0 && first < m_leaves.size())
        m_tables.push_back({node.range(), first, m_leaves.size()});
}

void Speller::learnMacros() {
    for (const Table& table : m_tables) {
        const bool entered = isExpanded(m_leaves[table.from].kind);
        const bool left = table.to < m_leaves.size() && isExpanded(m_leaves[table.to].kind);
        m_wholeTables.insert(table.range.offset, !entered && !left);
    }
    for (const Value& value : m_statement.values())
        learnMacro(value);
    for (const Clause& clause : m_statement.clauses()) {
        for (const Value& value : clause.values)
            learnMacro(value);
        if (!clause.table)
            continue;
        for (const Value& item : clause.table->items)
            learnMacro(item);
        for (const TableArgument::Pair& pair : clause.table->pairs) {
            learnMacro(pair.key);
            learnMacro(pair.value);
        }
    }
}

void Speller::learnMacro(const Value& value) {
    if (value.fromMacro && !value.quoted && !value.number)
        m_macroIsReserved[value.range.offset] |=
            config::isReserved(value.text, m_dialect) && !config::isReserved(value.text, m_source);
}

bool Speller::hasSeveralTokens(const Value& value) const {
    return value.fromMacro && m_macroTokens.value(value.range.offset, 1) > 1;
}

QByteArray Speller::value(const Value& value) const {
    if (!value.fromMacro)
        return bytes(value.range);
    if (!hasSeveralTokens(value) && !m_macroIsReserved.value(value.range.offset))
        return m_statement.document().bytes().mid(value.range.offset, value.range.length);
    m_expanded.append(m_statement.document().bytes().mid(value.range.offset, value.range.length));
    if (value.number)
        return value.text;
    return value.quoted ? quoted(value.text, m_dialect) : plainOrQuoted(value.text, m_dialect);
}

QByteArray Speller::table(const TableArgument& argument) const {
    const bool isWhole = argument.range.length > 0 && m_wholeTables.value(argument.range.offset);
    if (argument.bareName && m_dialect != Dialect::Map2012) {
        const QByteArray name = value(argument.value);
        return name.startsWith('$') ? name : '<' + plainOrQuoted(argument.value.text, m_dialect) + '>';
    }
    // A list inside a macro has its brackets and words inside, too.
    const bool isMacro = isWhole && m_statement.document().bytes()[argument.range.offset] == '$';
    const bool isList = argument.form == TableArgument::Form::List || argument.form == TableArgument::Form::Mapping;
    const bool mustBeWrittenOut = isMacro && isList && m_dialect != m_source &&
                                  (m_source == Dialect::Map2012 || m_macroIsReserved.value(argument.range.offset));
    if (isWhole && !mustBeWrittenOut)
        return bytes(argument.range);
    m_expanded.append(m_statement.document().bytes().mid(argument.range.offset, argument.range.length));
    switch (argument.form) {
    case TableArgument::Form::Name: return '<' + plainOrQuoted(argument.value.text, m_dialect) + '>';
    case TableArgument::Form::Literal: return plainOrQuoted(argument.value.text, m_dialect);
    case TableArgument::Form::List:
    case TableArgument::Form::Mapping: break;
    }
    return items(argument);
}

QByteArray Speller::items(const TableArgument& argument) const {
    QByteArrayList items;
    for (const Value& item : argument.items)
        items.append(plainOrQuoted(item.text, m_dialect));
    for (const TableArgument::Pair& pair : argument.pairs)
        items.append(plainOrQuoted(pair.key.text, m_dialect) + " = " + plainOrQuoted(pair.value.text, m_dialect));
    return "{ " + items.join(", ") + " }";
}

// `port smtp` and `listen on socket`: bare though they are words of the language.
bool Speller::isMeantAsWord(size_t leaf) const {
    const size_t before = significant(leaf, -1);
    if (before >= m_leaves.size() || m_leaves[before].kind != TokenKind::Keyword)
        return false;
    return m_leaves[before].bytes == "port" || (m_leaves[before].bytes == "on" && m_leaves[leaf].bytes == "socket");
}

bool Speller::readsOtherwise(size_t index) const {
    if (m_dialect == m_source)
        return false;
    const Leaf& leaf = m_leaves[index];
    const auto text = [&](Dialect dialect) { return config::decode(leaf.kind, leaf.bytes, dialect); };
    if (leaf.kind == TokenKind::Word && isMeantAsWord(index))
        return false;
    if (leaf.kind == TokenKind::Word)
        return config::isReserved(text(m_dialect), m_dialect) && !config::isReserved(text(m_source), m_source);
    if (leaf.kind == TokenKind::QuotedString)
        return text(m_dialect) != text(m_source);
    if (leaf.kind == TokenKind::MacroUse)
        return m_macroTokens.value(leaf.offset, 1) == 1 && m_macroIsReserved.value(leaf.offset);
    return m_source == Dialect::Map2012 && (leaf.kind == TokenKind::OpenParen || leaf.kind == TokenKind::CloseParen);
}

QByteArray Speller::inItsWords(const Leaf& leaf) const {
    if (leaf.kind == TokenKind::OpenParen)
        return "{";
    if (leaf.kind == TokenKind::CloseParen)
        return "}";
    if (leaf.kind != TokenKind::MacroUse)
        return quoted(config::decode(leaf.kind, leaf.bytes, m_source), m_dialect);
    m_expanded.append(leaf.bytes);
    const auto isIt = [&](const Value& value) { return value.fromMacro && value.range.offset == leaf.offset; };
    const auto spelled = [&](const std::vector<Value>& values) {
        const auto found = std::find_if(values.begin(), values.end(), isIt);
        return found == values.end() ? QByteArray() : quoted(found->text, m_dialect);
    };
    QByteArray out = spelled(m_statement.values());
    for (const Clause& clause : m_statement.clauses()) {
        if (out.isEmpty())
            out = spelled(clause.values);
        if (out.isEmpty() && clause.table)
            out = spelled(clause.table->items);
    }
    return out.isEmpty() ? leaf.bytes : out;
}

// The next leaf in that direction that is neither blank, comment nor new line; m_leaves.size() = none.
size_t Speller::significant(size_t leaf, int step) const {
    for (size_t i = leaf + size_t(step); i < m_leaves.size(); i += size_t(step)) { // wraps below zero
        if (!isTrivia(m_leaves[i].kind) && m_leaves[i].kind != TokenKind::Newline && !isExpanded(m_leaves[i].kind))
            return i;
    }
    return m_leaves.size();
}

// Inside braces a new line separates two entries, and stands nowhere else, until 7.5.
bool Speller::isNewlineAllowed(size_t leaf) const {
    const size_t before = significant(leaf, -1), behind = significant(leaf, 1);
    const auto is = [&](size_t at, std::initializer_list<TokenKind> kinds) {
        return at < m_leaves.size() && std::count(kinds.begin(), kinds.end(), m_leaves[at].kind) > 0;
    };
    return !is(before, {TokenKind::OpenBrace, TokenKind::OpenParen, TokenKind::Comma}) &&
           !is(behind, {TokenKind::CloseBrace, TokenKind::CloseParen, TokenKind::Comma});
}

QByteArray Speller::bytes(Range range) const {
    const bool joins = !takesNewlinesInBraces(m_target);
    QByteArray out;
    qsizetype from = range.offset; // what is not copied yet
    const QByteArray& all = m_statement.document().bytes();
    const auto instead = [&](const Leaf& leaf, const QByteArray& text) {
        out += all.mid(from, leaf.offset - from) + text;
        from = leaf.offset + leaf.bytes.size();
    };
    for (size_t i = 0; i < m_leaves.size(); ++i) {
        const Leaf& leaf = m_leaves[i];
        if (leaf.offset < from || leaf.offset >= range.end() || leaf.bytes.isEmpty())
            continue;
        if (leaf.kind == TokenKind::Newline && joins && !isNewlineAllowed(i)) {
            size_t comment = i;
            while (comment > 0 && m_leaves[comment - 1].kind == TokenKind::Whitespace)
                --comment;
            if (comment > 0 && m_leaves[comment - 1].kind == TokenKind::Comment) {
                const Leaf& moved = m_leaves[comment - 1];
                out += all.mid(from, moved.offset - from);
                m_displaced.append(moved.bytes);
            } else {
                out += all.mid(from, leaf.offset - from);
            }
            while (out.endsWith(' ') || out.endsWith('\t'))
                out.chop(1);
            out += ' ';
            from = leaf.offset + leaf.bytes.size();
            if (i + 1 < m_leaves.size() && m_leaves[i + 1].kind == TokenKind::Whitespace)
                from += m_leaves[i + 1].bytes.size();
        } else if (readsOtherwise(i)) {
            instead(leaf, inItsWords(leaf));
        }
    }
    if (from < range.end())
        out += all.mid(from, range.end() - from);
    return out;
}

bool Speller::mustBeWrittenOut() const {
    if (m_dialect == m_source)
        return false;
    return std::any_of(m_leaves.begin(), m_leaves.end(), [&](const Leaf& leaf) {
        return m_macroTokens.value(leaf.offset, 1) > 1 && m_macroIsReserved.value(leaf.offset);
    });
}

bool Speller::isEntangled(const Value& value) const {
    return hasSeveralTokens(value);
}

bool Speller::isEntangled(const Clause& clause) const {
    const auto several = [&](const std::vector<Value>& values) {
        return std::any_of(values.begin(), values.end(), [&](const Value& value) { return hasSeveralTokens(value); });
    };
    if (several(clause.words) || several(clause.values))
        return true;
    return clause.table && (clause.table->range.length == 0 || !m_wholeTables.value(clause.table->range.offset));
}

QByteArray Speller::clause(const Clause& clause) const {
    return isEntangled(clause) ? writtenOut(clause) : bytes(clause.range);
}

QByteArray Speller::writtenOut(const Clause& clause) const {
    QByteArrayList parts;
    QByteArrayList flags;
    for (size_t i = 0; i < clause.words.size(); ++i)
        (i > 0 && isFlag(clause.words[i]) ? flags : parts).append(clause.words[i].text);
    for (const Value& one : clause.values)
        parts.append(value(one));
    if (clause.table)
        parts.append(table(*clause.table));
    const QByteArray text = (parts + flags).join(' ');
    return clause.negated ? "! " + text : text;
}

} // namespace postern::convert
