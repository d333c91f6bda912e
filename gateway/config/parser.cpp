// SPDX-License-Identifier: GPL-3.0-or-later
//
// The cursor: trivia goes into the tree just before the token that follows it, so nodes begin and end at tokens. Reading
// a macro, m_next stays at its `$name`; the first bump puts those bytes into the tree, later ones an empty token.
#include "config/parser.h"

#include "config/suggest.h"

namespace postern::config {

namespace {

const char* const kNeverClosed = "this quote is never closed";

QByteArray quotedForPeople(QByteArrayView text) {
    constexpr qsizetype kShown = 60;
    QByteArray out = "\"";
    for (const char c : text.first(std::min(text.size(), kShown))) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            out += "\\x" + QByteArray(1, c).toHex();
        else
            out += c;
    }
    return out + (text.size() > kShown ? "...\"" : "\"");
}

bool isString(TokenKind kind) {
    return kind == TokenKind::Word || kind == TokenKind::QuotedString || kind == TokenKind::BareText ||
           kind == TokenKind::UnclosedString;
}

} // namespace

Parser::Parser(QByteArrayView text, const std::vector<Token>& tokens, Dialect dialect, MacroTable& macros,
               const IncludeHook& onInclude)
    : m_text(text), m_tokens(tokens), m_dialect(dialect), m_macros(macros), m_onInclude(onInclude) {}

Parser::Output Parser::run() {
    m_builder.start();
    file();
    m_builder.finish(raw(NodeKind::File));
    m_output.root = m_builder.take();
    return std::move(m_output);
}

QByteArrayView Parser::bytes(const Token& token) const {
    return token.kind == TokenKind::Unread ? m_text.sliced(token.offset) : m_text.sliced(token.offset, token.length);
}

const Parser::Lexeme& Parser::peek() {
    if (m_peeked)
        return m_lexeme;
    m_peeked = true;
    if (m_macro) {
        const MacroToken& token = m_macro->tokens[m_macroIndex];
        const Token& use = m_tokens[m_next];
        m_lexeme = {token.kind, token.text, {use.offset, use.length}, true};
        return m_lexeme;
    }
    m_next = std::max(m_next, m_emitted);
    while (m_next < m_tokens.size()) {
        const Token& token = m_tokens[m_next];
        if (!isTrivia(token.kind)) {
            const Range range{token.offset, bytes(token).size()};
            if (token.kind != TokenKind::MacroUse) {
                m_lexeme = {token.kind, decode(token.kind, bytes(token), m_dialect), range, false};
                return m_lexeme;
            }
            expand(token);
            if (m_macro) {
                m_lexeme = {m_macro->tokens[0].kind, m_macro->tokens[0].text, range, true};
                return m_lexeme;
            }
            if (m_lexeme.kind != TokenKind::None)
                return m_lexeme; // not defined: stands for itself
        }
        ++m_next;
    }
    m_lexeme = {TokenKind::None, {}, {m_text.size(), 0}, false};
    return m_lexeme;
}

// Sets m_macro when there is something to read; else m_lexeme is the use itself (an error) or None (an empty value).
void Parser::expand(const Token& token) {
    const Range range{token.offset, token.length};
    const QByteArray name = bytes(token).sliced(1).toByteArray();
    m_lexeme = {TokenKind::Word, bytes(token).toByteArray(), range, true};
    const MacroValuePtr value = m_macros.find(name);
    if (!value && isFull())
        return;
    if (!value) {
        const QByteArray near = nearest(name, m_macros.names());
        say(Severity::Error, range, "macro \"" + name + "\" is not defined; write " + name + " = \"...\" above this line",
            near.isEmpty() ? QByteArray() : '$' + near);
        return;
    }
    if (!m_macros.spend(qsizetype(value->tokens.size()) + 1)) {
        say(Severity::Error, range, "macros expand to more than " + QByteArray::number(kMostExpanded) +
                                        " words in this configuration; use a table instead");
        return;
    }
    m_output.expansions.emplace_back(token.offset, value);
    if (value->tokens.empty()) {
        m_lexeme.kind = TokenKind::None;
        return;
    }
    m_macro = value;
    m_macroIndex = 0;
}

void Parser::flushTrivia() {
    if (m_macro && m_macroIndex > 0)
        return;
    peek();
    for (; m_emitted < m_next; ++m_emitted) {
        const Token& token = m_tokens[m_emitted];
        m_builder.token(raw(token.kind), bytes(token));
    }
}

void Parser::bump(As as) {
    peek();
    if (m_next >= m_tokens.size())
        return;
    checkString(m_lexeme);
    flushTrivia();
    const Token& token = m_tokens[m_next];
    const bool asKeyword = as == As::Keyword;
    m_peeked = false;
    if (m_macro && m_macroIndex > 0) {
        m_builder.token(raw(asKeyword ? TokenKind::ExpandedKeyword : TokenKind::Expanded), {});
    } else {
        TokenKind kind = token.kind;
        if (asKeyword)
            kind = kind == TokenKind::MacroUse ? TokenKind::MacroKeyword : TokenKind::Keyword;
        m_builder.token(raw(kind), bytes(token));
        m_emitted = m_next + 1;
    }
    if (m_macro && ++m_macroIndex < m_macro->tokens.size())
        return;
    m_macro.reset();
    m_next = m_emitted;
}

bool Parser::atEnd() {
    const TokenKind kind = peek().kind;
    return m_lineAhead || kind == TokenKind::None || kind == TokenKind::Newline;
}

bool Parser::atWord(QByteArrayView word) {
    return peek().kind == TokenKind::Word && !m_lineAhead && m_lexeme.text == word;
}

bool Parser::afterNewline() const {
    size_t before = m_next;
    while (before > 0 && isTrivia(m_tokens[before - 1].kind))
        --before;
    return before > 0 && m_tokens[before - 1].kind == TokenKind::Newline;
}

bool Parser::isAhead(TokenKind kind) {
    peek();
    if (m_macro)
        return m_macroIndex + 1 < m_macro->tokens.size() && m_macro->tokens[m_macroIndex + 1].kind == kind;
    size_t next = m_next + 1;
    while (next < m_tokens.size() && isTrivia(m_tokens[next].kind))
        ++next;
    return next < m_tokens.size() && m_tokens[next].kind == kind;
}

void Parser::say(Severity severity, Range range, QByteArray text, QByteArray suggestion) {
    if (m_output.notes.size() < kMostDiagnostics)
        m_output.notes.push_back({severity, range, std::move(text), std::move(suggestion)});
    else if (m_output.notes.size() == kMostDiagnostics)
        m_output.notes.push_back({Severity::Error, range, "too many errors; what follows is not reported", {}});
}

void Parser::error(QByteArray text, QByteArray suggestion) {
    if (peek().kind == TokenKind::UnclosedString && !atEnd())
        say(Severity::Error, m_lexeme.range, kNeverClosed); // whatever was wanted here: this comes first
    else
        say(Severity::Error, m_lexeme.range, std::move(text), std::move(suggestion));
}

QByteArray Parser::found() {
    if (atEnd())
        return peek().kind == TokenKind::None ? "the end of the file" : "the end of the line";
    if (m_mayBeSecret && (isString(m_lexeme.kind) || m_lexeme.kind == TokenKind::Number))
        return "more text";
    const QByteArray text = quotedForPeople(m_lexeme.text);
    if (m_lexeme.fromMacro)
        return text + " (from " + bytes(m_tokens[m_next]).toByteArray() + ')';
    return text;
}

bool Parser::expected(QByteArrayView what) {
    if (isFull())
        return false;
    if (peek().kind == TokenKind::MacroUse) { // a `$` inside a macro's value
        error("the value of " + bytes(m_tokens[m_next]).toByteArray() + " uses " + m_lexeme.text +
              ", but macros are not expanded inside macros; write the value out");
        return false;
    }
    error("expected " + what.toByteArray() + ", found " + found());
    return false;
}

bool Parser::expectedOneOf(const QByteArrayList& words) {
    if (isFull())
        return false;
    const QByteArray list = words.mid(0, words.size() - 1).join(", ") + " or " + words.last();
    const QByteArray near = !atEnd() && m_lexeme.kind == TokenKind::Word ? nearest(m_lexeme.text, words) : QByteArray();
    error("expected " + list + ", found " + found(), near);
    return false;
}

// What is wrong with a string wherever it stands.
void Parser::checkString(const Lexeme& lexeme) {
    if (lexeme.kind == TokenKind::UnclosedString)
        say(Severity::Error, lexeme.range, kNeverClosed);
    if (isString(lexeme.kind) && lexeme.text.size() > kLongestString)
        say(Severity::Error, lexeme.range,
            "string too long: " + QByteArray::number(lexeme.text.size()) + " bytes, at most " +
                QByteArray::number(kLongestString));
    if (lexeme.kind == TokenKind::QuotedString && lexeme.text.contains('\0'))
        say(Severity::Error, lexeme.range, "a string must not hold a NUL byte");
}

bool Parser::isValue() {
    return !atEnd() && (isString(m_lexeme.kind) || m_lexeme.kind == TokenKind::Number);
}

bool Parser::isOptionalValue() {
    return isValue() && !(m_lexeme.kind == TokenKind::Word && isReserved(m_lexeme.text, m_dialect));
}

bool Parser::value(QByteArrayView what) {
    if (!isValue())
        return expected(what);
    if (m_lexeme.kind == TokenKind::Word && isReserved(m_lexeme.text, m_dialect))
        say(m_dialect == Dialect::Map2012 ? Severity::Warning : Severity::Error, m_lexeme.range,
            '"' + m_lexeme.text + "\" is a word of the language; put it in quotes to use it as " + what.toByteArray());
    else if (m_lexeme.kind == TokenKind::BareText)
        error((m_mayBeSecret ? QByteArray("this text") : quotedForPeople(m_lexeme.text)) + " must be in quotes here");
    else if (m_lexeme.kind == TokenKind::Number)
        error("a number must be in quotes to be used as " + what.toByteArray());
    bump();
    return true;
}

bool Parser::number(QByteArrayView what) {
    if (peek().kind != TokenKind::Number)
        return expected(what);
    bump();
    return true;
}

bool Parser::time() {
    if (peek().kind == TokenKind::Number && !atEnd()) {
        error("a time needs a unit: " + m_lexeme.text + "s, " + m_lexeme.text + "m, " + m_lexeme.text + "h or " +
              m_lexeme.text + 'd');
        bump();
        return true;
    }
    return value("a time such as 4d or 12h");
}

bool Parser::keyword(QByteArrayView word) {
    if (!atWord(word) && isFull())
        return false;
    if (!atWord(word)) {
        const QByteArray near = peek().kind == TokenKind::Word ? nearest(m_lexeme.text, {word.toByteArray()}) : QByteArray();
        error("expected \"" + word.toByteArray() + "\", found " + found(), near);
        return false;
    }
    bump(As::Keyword);
    return true;
}

bool Parser::table(QByteArrayView what) {
    if (!atEnd()) {
        if (m_lexeme.kind == TokenKind::Less)
            return tableName();
        if (m_lexeme.kind == TokenKind::OpenBrace || m_lexeme.kind == TokenKind::OpenParen)
            return tableList();
        if (atWord("map") && m_dialect != Dialect::Modern) {
            flushTrivia();
            m_builder.start();
            bump(As::Keyword);
            const bool good = value("the name of a map");
            m_builder.finish(raw(NodeKind::TableMapRef));
            return good;
        }
    }
    if (!isValue())
        return expected(what);
    flushTrivia();
    m_builder.start();
    value(what);
    m_builder.finish(raw(NodeKind::TableLiteral));
    return true;
}

bool Parser::tableName() {
    flushTrivia();
    m_builder.start();
    bump(); // <
    bool good = value("the name of a table");
    if (good && peek().kind == TokenKind::Greater && !atEnd())
        bump();
    else if (good)
        good = expected("\">\" behind the table's name");
    m_builder.finish(raw(NodeKind::TableName));
    return good;
}

bool Parser::tableList() {
    flushTrivia();
    m_builder.start();
    const Range open = peek().range;
    const TokenKind close = m_lexeme.kind == TokenKind::OpenBrace ? TokenKind::CloseBrace : TokenKind::CloseParen;
    bool isMapping = false, isList = false, good = true, wasSeparator = true, wasNewline = false;
    bool saidNewline = false;
    bump();
    while (true) {
        const TokenKind kind = peek().kind;
        const bool newStatement = kind == TokenKind::Word && !m_lexeme.fromMacro && afterNewline() &&
                                  opensStatement(m_lexeme.text);
        if (kind == TokenKind::None || newStatement) {
            say(Severity::Error, open, close == TokenKind::CloseBrace ? "this { is never closed" : "this ( is never closed");
            m_lineAhead = newStatement;
            good = false;
            break;
        }
        if (m_dialect == Dialect::Legacy && !saidNewline && (kind == close || kind == TokenKind::Newline) &&
            (kind == close ? wasNewline : wasSeparator)) {
            say(Severity::Warning, m_lexeme.range,
                "OpenSMTPD before 7.5 takes no new line behind \"{\" or a comma, nor before \"}\"");
            saidNewline = true;
        }
        wasNewline = kind == TokenKind::Newline;
        if (kind == close) {
            if (wasSeparator && (isList || isMapping))
                error("nothing stands behind the last comma; remove it");
            bump();
            break;
        }
        if (kind == TokenKind::Newline) {
            bump();
        } else if (kind == TokenKind::Comma) {
            if (wasSeparator)
                error("nothing stands before this comma; remove it");
            wasSeparator = true;
            bump();
        } else {
            wasSeparator = false;
            if (!listItem(isMapping, isList)) {
                good = false;
                break;
            }
        }
    }
    if (isMapping && isList)
        say(Severity::Error, open, "a table is a list { a, b } or a mapping { k = v }, not both");
    m_builder.finish(raw(isMapping ? NodeKind::TableMapping : NodeKind::TableList));
    return good;
}

// One string, or key = value. False: something else stands there.
bool Parser::listItem(bool& isMapping, bool& isList) {
    if (!isValue())
        return expected("a value or \"}\"");
    flushTrivia();
    m_builder.start();
    value("a table entry");
    if (peek().kind != TokenKind::Equals && m_lexeme.kind != TokenKind::Arrow) {
        m_builder.dissolve();
        isList = true;
        return true;
    }
    bump();
    const bool good = value("the value of this key");
    m_builder.finish(raw(NodeKind::TablePair));
    isMapping = true;
    return good;
}

} // namespace postern::config
