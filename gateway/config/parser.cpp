// SPDX-License-Identifier: GPL-3.0-or-later
//
// The cursor: trivia goes into the tree just before the token that follows it, so nodes begin and end at tokens. Reading
// a macro, m_next stays at its `$name`; the first bump puts those bytes into the tree, later ones an empty token.
#include "config/parser.h"

#include "config/suggest.h"

namespace postern::config {

namespace {

const char* const kNeverClosed = "this quote is never closed";
const char* const kTooLong = "the file has too many words and is not read from here on; put long lists into tables, "
                             "and rules into files of their own";

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
    if (!m_tokens.empty() && m_tokens.front().kind == TokenKind::ByteOrderMark) {
        const Range mark{0, m_tokens.front().length};
        if (mark.length == 2)
            say(Severity::Error, mark, "the file is UTF-16, and a configuration is read as UTF-8; save it as UTF-8");
        else
            say(Severity::Note, kReaders, mark,
                "the file begins with a byte order mark, and OpenSMTPD refuses that; save it as UTF-8 without one");
    }
    carriageReturns();
    file();
    m_output.pieces = m_builder.takePieces();
    return std::move(m_output);
}

QByteArrayView Parser::bytes(const Token& token) const {
    return token.kind == TokenKind::Unread ? m_text.sliced(token.offset) : m_text.sliced(token.offset, token.length);
}

QByteArray Parser::textOf(const Token& token) const {
    const QByteArrayView all = bytes(token);
    const auto asItStands = [](QByteArrayView text) { return QByteArray::fromRawData(text.data(), text.size()); };
    switch (token.kind) {
    case TokenKind::Word:
    case TokenKind::Number:
    case TokenKind::BareText:
        return hasByte(all, '\\') ? decode(token.kind, all, m_dialect) : asItStands(all);
    case TokenKind::QuotedString:
        return hasByte(all, '\\') || hasByte(all, '\n') ? decode(token.kind, all, m_dialect)
                                                       : asItStands(all.sliced(1, all.size() - 2));
    case TokenKind::UnclosedString:
        return decode(token.kind, all, m_dialect);
    case TokenKind::None:
    case TokenKind::Whitespace:
    case TokenKind::Newline:
    case TokenKind::Continuation:
    case TokenKind::Comment:
    case TokenKind::ByteOrderMark:
    case TokenKind::Keyword:
    case TokenKind::MacroUse:
    case TokenKind::MacroKeyword:
    case TokenKind::MacroTail:
    case TokenKind::Expanded:
    case TokenKind::ExpandedKeyword:
    case TokenKind::Arrow:
    case TokenKind::Equals:
    case TokenKind::Comma:
    case TokenKind::OpenBrace:
    case TokenKind::CloseBrace:
    case TokenKind::OpenParen:
    case TokenKind::CloseParen:
    case TokenKind::Less:
    case TokenKind::Greater:
    case TokenKind::Bang:
    case TokenKind::Stray:
    case TokenKind::Unread:
        break;
    }
    return asItStands(all);
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
                m_lexeme = {token.kind, textOf(token), range, false};
                return m_lexeme;
            }
            expand(token);
            if (m_macro) {
                m_lexeme = {m_macro->tokens[0].kind, m_macro->tokens[0].text, range, true};
                return m_lexeme;
            }
            if (m_lexeme.kind != TokenKind::None)
                return m_lexeme; // not defined: stands for itself
            if (m_macroEnd > m_next + 1) { // empty but for a comment, which takes the rest of the line
                m_tailFrom = m_next + 1;
                m_tailTo = m_macroEnd;
                m_next = m_macroEnd - 1;
            }
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
    m_macroEnd = m_next + 1;
    const MacroValuePtr value = m_macros.find(name);
    if (!value && isFull())
        return;
    if (name.isEmpty()) {
        say(Severity::Error, range, "a $ needs the name of a macro right behind it: letters, digits and _");
        return;
    }
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
    const MacroValuePtr whole = value->opensComment ? value : withTail(value);
    while (value->opensComment && m_macroEnd < m_tokens.size() && m_tokens[m_macroEnd].kind != TokenKind::Newline)
        ++m_macroEnd;
    m_output.expansions.emplace_back(token.offset, whole);
    if (whole->tokens.empty()) {
        m_lexeme.kind = TokenKind::None;
        return;
    }
    m_macro = whole;
    m_macroIndex = 0;
}

// Readers put the value back into the text, so a word at its end goes on with what stands right behind the use: $net.1
MacroValuePtr Parser::withTail(const MacroValuePtr& value) {
    const auto isRun = [](TokenKind kind) {
        return kind == TokenKind::Word || kind == TokenKind::Number || kind == TokenKind::BareText;
    };
    if (value->tokens.empty() || !isRun(value->tokens.back().kind))
        return value;
    QByteArray text = value->tokens.back().text;
    size_t end = m_macroEnd;
    for (; end < m_tokens.size() && (isRun(m_tokens[end].kind) || m_tokens[end].kind == TokenKind::MacroUse); ++end)
        text += decode(m_tokens[end].kind, bytes(m_tokens[end]), m_dialect);
    if (end == m_macroEnd)
        return value;
    const MacroValuePtr joined = lexMacroValue(text, m_dialect);
    if (joined->tokens.size() != 1) // decoding took an escape away; rare enough to stay two words
        return value;
    auto whole = std::make_shared<MacroValue>(*value);
    whole->tokens.back() = joined->tokens.front();
    m_macroEnd = end;
    return whole;
}

void Parser::flushTrivia() {
    if (m_macro && m_macroIndex > 0)
        return;
    peek();
    for (; m_emitted < m_next; ++m_emitted) {
        const Token& token = m_tokens[m_emitted];
        const bool isTail = m_emitted >= m_tailFrom && m_emitted < m_tailTo && !isTrivia(token.kind);
        m_builder.token(raw(isTail ? TokenKind::MacroTail : token.kind), bytes(token).size());
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
        m_builder.token(raw(asKeyword ? TokenKind::ExpandedKeyword : TokenKind::Expanded), 0);
    } else {
        TokenKind kind = token.kind;
        if (asKeyword)
            kind = kind == TokenKind::MacroUse ? TokenKind::MacroKeyword : TokenKind::Keyword;
        m_builder.token(raw(kind), bytes(token).size());
        m_emitted = m_next + 1;
        if (m_macro)
            emitMacroTail();
    }
    if (m_macro && ++m_macroIndex < m_macro->tokens.size())
        return;
    m_macro.reset();
    m_next = m_emitted;
}

void Parser::emitMacroTail() {
    for (; m_emitted < m_macroEnd; ++m_emitted)
        m_builder.token(raw(TokenKind::MacroTail), bytes(m_tokens[m_emitted]).size());
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

std::vector<MacroToken> Parser::ahead(size_t count) {
    std::vector<MacroToken> result;
    const auto take = [&result, count](const MacroValue& value, size_t from) {
        for (size_t i = from; i < value.tokens.size() && result.size() < count; ++i)
            result.push_back(value.tokens[i]);
    };
    peek();
    if (m_macro)
        take(*m_macro, m_macroIndex);
    for (size_t next = m_macro ? m_macroEnd : m_next; next < m_tokens.size() && result.size() < count; ++next) {
        const Token& token = m_tokens[next];
        const MacroValuePtr value =
            token.kind == TokenKind::MacroUse ? m_macros.find(bytes(token).sliced(1).toByteArray()) : nullptr;
        if (value)
            take(*value, 0);
        else if (!isTrivia(token.kind))
            result.push_back({token.kind, decode(token.kind, bytes(token), m_dialect)});
    }
    return result;
}

bool Parser::isAhead(TokenKind kind) {
    peek();
    if (!m_macro) { // the everyday case, without copies
        size_t next = m_next + 1;
        while (next < m_tokens.size() && isTrivia(m_tokens[next].kind))
            ++next;
        if (next >= m_tokens.size() || m_tokens[next].kind != TokenKind::MacroUse)
            return next < m_tokens.size() && m_tokens[next].kind == kind;
    }
    const std::vector<MacroToken> tokens = ahead(2);
    return tokens.size() > 1 && tokens[1].kind == kind;
}

void Parser::say(Severity severity, Range range, QByteArray text, QByteArray suggestion) {
    say(severity, usuallyRefusedBy(severity), range, std::move(text), std::move(suggestion));
}

// What a reader refuses must not get lost among what is not reported: the last note of each sort says at least who refuses.
void Parser::say(Severity severity, Targets refusedBy, Range range, QByteArray text, QByteArray suggestion) {
    if (m_isForeign)
        return; // said of its first word
    const bool isForOthers = severity == Severity::ForOthers;
    size_t& count = isForOthers ? m_saidForOthers : m_saidToUser;
    const size_t most = isForOthers ? kMostNotesForOthers : kMostDiagnostics;
    if (count > most) {
        Note& last = m_output.notes[isForOthers ? m_lastForOthers : m_lastToUser];
        last.refusedBy |= refusedBy;
        return;
    }
    if (count == most) {
        (isForOthers ? m_lastForOthers : m_lastToUser) = m_output.notes.size();
        severity = isForOthers ? severity : Severity::Error;
        refusedBy = isForOthers ? refusedBy : kReaders;
        text = "too many errors; what follows is not reported";
        suggestion.clear();
    }
    ++count;
    m_output.notes.push_back({severity, range, std::move(text), std::move(suggestion), refusedBy});
}

void Parser::sayUnknownTo(Targets readers, Span span, const QByteArray& what, Range range) {
    readers &= readersOf(m_dialect);
    if (!readers)
        return;
    say(Severity::ForOthers, readers, range, '"' + what + "\" " + describe(span));
}

void Parser::error(QByteArray text, QByteArray suggestion) {
    if (peek().kind == TokenKind::Unread)
        say(Severity::Error, m_lexeme.range, kTooLong);
    else if (m_lexeme.kind == TokenKind::UnclosedString && !atEnd())
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

Parser::What Parser::What::valueOf(QByteArrayView word) {
    What result("");
    result.text = word;
    result.isWord = true;
    return result;
}

QByteArray Parser::What::print() const {
    return isWord ? "the value of \"" + text.toByteArray() + '"' : text.toByteArray();
}

bool Parser::expected(What what) {
    if (isFull())
        return false;
    if (peek().kind == TokenKind::MacroUse) { // a `$` inside a macro's value
        error("the value of " + bytes(m_tokens[m_next]).toByteArray() + " uses " + m_lexeme.text +
              ", but macros are not expanded inside macros; write the value out");
        return false;
    }
    error("expected " + what.print() + ", found " + found());
    return false;
}

bool Parser::expectedOneOf(const QByteArrayList& words) {
    if (isFull())
        return false;
    const QByteArray list = words.size() == 1 ? '"' + words.first() + '"' : words.first(words.size() - 1).join(", ") + " or " + words.last();
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

bool Parser::value(What what) {
    if (!isValue())
        return expected(what);
    const Targets reservedBy = m_lexeme.kind == TokenKind::Word ? reservedIn(m_lexeme.text, m_dialect) : Targets(0);
    if (reservedBy) {
        const bool everywhere = reservedBy == readersOf(m_dialect) && m_dialect != Dialect::Map2012;
        say(everywhere ? Severity::Error : Severity::Warning, reservedBy, m_lexeme.range,
            '"' + m_lexeme.text + "\" is a word of the language; put it in quotes to use it as " + what.print());
    } else if (m_lexeme.kind == TokenKind::BareText)
        error((m_mayBeSecret ? QByteArray("this text") : quotedForPeople(m_lexeme.text)) + " must be in quotes here");
    else if (m_lexeme.kind == TokenKind::Number)
        error("a number must be in quotes to be used as " + what.print());
    bump();
    return true;
}

bool Parser::number(What what) {
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

bool Parser::table(What what) {
    if (!atEnd()) {
        if (m_lexeme.kind == TokenKind::Less)
            return tableName();
        if (m_lexeme.kind == TokenKind::OpenParen && m_dialect != Dialect::Map2012)
            say(m_dialect == Dialect::Legacy ? Severity::Warning : Severity::Error,
                m_dialect == Dialect::Legacy ? in(Target::OpenSmtpd59) : kReaders, m_lexeme.range,
                "a list in parentheses is of 2012; since then it stands in braces: { a, b }");
        if (m_lexeme.kind == TokenKind::OpenBrace || m_lexeme.kind == TokenKind::OpenParen)
            return tableList();
        if (atWord("map") && m_dialect != Dialect::Modern) {
            sayUnknownTo(in(Target::OpenSmtpd59), {nullptr, "2012-11-14"}, "map", m_lexeme.range);
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

// A filter's name, or { names }: what "filter" and "chain" take.
bool Parser::filterNames() {
    if (!atEnd() && m_lexeme.kind == TokenKind::OpenBrace)
        return tableList(false);
    return table("the name of a filter or { names }");
}

// Readers before 7.5 take a comma, new lines or nothing between two entries, and nothing else anywhere.
bool Parser::tableList(bool mayMap) {
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
        const bool oddNewline = kind == close ? wasNewline : kind == TokenKind::Newline ? wasSeparator
                                                                                        : kind == TokenKind::Comma && wasNewline;
        if (oddNewline && !saidNewline) {
            say(m_dialect == Dialect::Modern ? Severity::ForOthers : Severity::Warning, kBefore75, m_lexeme.range,
                "OpenSMTPD before 7.5 takes no new line behind \"{\" or a comma, nor before \"}\"");
            saidNewline = true;
        }
        wasNewline = kind == TokenKind::Newline;
        if (kind == close) {
            if (wasSeparator && (isList || isMapping))
                error("nothing stands behind the last comma; remove it");
            else if (!isList && !isMapping)
                say(Severity::Warning, kReaders, m_lexeme.range, "OpenSMTPD wants at least one entry between the braces");
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
            if (!listItem(isMapping, isList, mayMap)) {
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
bool Parser::listItem(bool& isMapping, bool& isList, bool mayMap) {
    if (!isValue())
        return expected("a value or \"}\"");
    flushTrivia();
    m_builder.start();
    value("a table entry");
    if (!mayMap || (peek().kind != TokenKind::Equals && m_lexeme.kind != TokenKind::Arrow)) {
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
