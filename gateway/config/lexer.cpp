// SPDX-License-Identifier: GPL-3.0-or-later
//
// One pass, one position. The only place that could look ahead without limit is a quote; where it closes depends on the
// bytes behind it alone, so what the first quote of its kind found answers all others up to there.
#include "config/lexer.h"

#include "config/grammar.h"

#include <algorithm>
#include <array>

namespace postern::config {

namespace {

constexpr bool isDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool isAlnum(char c) { return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool isBlank(char c) { return c == ' ' || c == '\t'; }
constexpr bool isHigh(char c) { return static_cast<unsigned char>(c) >= 0x80; }
constexpr bool isWordStart(char c) { return isAlnum(c) || c == ':' || c == '_'; }
constexpr bool isOneOf(char c, const char* set) {
    for (; *set; ++set) {
        if (*set == c)
            return true;
    }
    return false;
}
// Asked for each byte, so a table.
constexpr auto kWordParts = [] {
    std::array<bool, 256> parts{};
    for (int c = ' ' + 1; c < 0x7f; ++c)
        parts[size_t(c)] = !isOneOf(char(c), "(){}<>!=#,\\");
    return parts;
}();
bool isWordPart(char c) { return kWordParts[static_cast<unsigned char>(c)]; }
bool mayEndNumber(char c) { return isBlank(c) || c == '\r' || c == '\n' || isOneOf(c, "),/}="); }

class Lexer {
  public:
    explicit Lexer(QByteArrayView text) : m_text(text) {}

    std::vector<Token> run(qsizetype until, bool isFileStart) {
        m_tokens.reserve(size_t(until / 6) + 4);
        if (isFileStart && m_text.startsWith("\xef\xbb\xbf"))
            add(TokenKind::ByteOrderMark, 3);
        if (isFileStart && (m_text.startsWith("\xff\xfe") || m_text.startsWith("\xfe\xff")))
            add(TokenKind::ByteOrderMark, 2);
        while (m_pos < until) {
            if (m_tokens.size() >= kMostTokens) {
                add(TokenKind::Unread, m_text.size());
                break;
            }
            next();
        }
        return std::move(m_tokens);
    }

  private:
    char at(qsizetype pos) const { return pos < m_text.size() ? m_text[pos] : '\0'; }
    bool has(qsizetype pos) const { return pos < m_text.size(); }

    // Length of the newline at pos: 0 none, 1 LF, 2 CR LF.
    qsizetype newline(qsizetype pos) const {
        if (has(pos) && m_text[pos] == '\n')
            return 1;
        return at(pos) == '\r' && at(pos + 1) == '\n' ? 2 : 0;
    }
    // A backslash that ends the file joins its line to nothing, as readers of the language see it.
    qsizetype continuation(qsizetype pos) const {
        if (at(pos) != '\\')
            return 0;
        const qsizetype length = newline(pos + 1);
        return length || !has(pos + 1) ? length + 1 : 0;
    }
    qsizetype behindContinuations(qsizetype pos) const {
        while (const qsizetype length = continuation(pos))
            pos += length;
        return pos;
    }

    void add(TokenKind kind, qsizetype end) {
        m_tokens.push_back({kind, quint32(m_pos), quint32(end - m_pos)});
        m_pos = end;
    }

    void next() {
        if (isBlank(m_text[m_pos]))
            return blanks();
        if (const qsizetype length = newline(m_pos))
            return add(TokenKind::Newline, m_pos + length);
        if (const qsizetype length = continuation(m_pos))
            return add(TokenKind::Continuation, m_pos + length);
        // A backslash before it changes nothing about what these are.
        const qsizetype at = m_pos + (m_text[m_pos] == '\\' && has(m_pos + 1) && isOneOf(this->at(m_pos + 1), "#,{}()<>!") ? 1 : 0);
        const char c = m_text[at];
        switch (c) {
        case '#':
            return comment();
        case '"':
        case '\'':
            return quoted(c);
        case '$':
            return macroUse();
        case '=':
            return this->at(m_pos + 1) == '>' ? add(TokenKind::Arrow, m_pos + 2) : add(TokenKind::Equals, m_pos + 1);
        case ',':
            return add(TokenKind::Comma, at + 1);
        case '{':
            return add(TokenKind::OpenBrace, at + 1);
        case '}':
            return add(TokenKind::CloseBrace, at + 1);
        case '(':
            return add(TokenKind::OpenParen, at + 1);
        case ')':
            return add(TokenKind::CloseParen, at + 1);
        case '<':
            return add(TokenKind::Less, at + 1);
        case '>':
            return add(TokenKind::Greater, at + 1);
        case '!':
            return add(TokenKind::Bang, at + 1);
        case '\\':
            return backslash();
        }
        if ((isDigit(c) || c == '-') && number())
            return;
        if (isWordPart(c) || isHigh(c))
            return word();
        add(TokenKind::Stray, m_pos + 1);
    }

    void blanks() {
        qsizetype end = m_pos;
        while (isBlank(at(end)))
            ++end;
        add(TokenKind::Whitespace, end);
    }

    void comment() {
        qsizetype end = m_pos;
        while (has(end) && !newline(end)) {
            if (const qsizetype length = continuation(end))
                end += length; // the comment goes on in the next line
            else
                end += m_text[end] == '\\' && has(end + 1) && !newline(end + 1) ? 2 : 1;
        }
        add(TokenKind::Comment, end);
    }

    // What lies ahead of the quotes of one kind.
    struct Ahead {
        qsizetype close = -1;     // index of the next quote that may close one; m_text.size(): there is none
        qsizetype statement = -1; // begin of the last line before `close` that reads like a new statement; -1: none
    };

    Ahead lookAhead(char quote) const {
        Ahead ahead;
        qsizetype pos = m_pos + 1;
        for (; has(pos) && m_text[pos] != quote; ++pos) {
            if (m_text[pos] == '\\' && at(pos + 1) == quote)
                ++pos;
            else if (m_text[pos] == '\n' && startsStatement(pos))
                ahead.statement = pos + 1;
        }
        ahead.close = std::min(pos, m_text.size());
        return ahead;
    }

    // The line behind this newline begins, unindented, with a word that opens a statement, or with NAME =.
    bool startsStatement(qsizetype lineEnd) const {
        const qsizetype last = lineEnd > 0 && m_text[lineEnd - 1] == '\r' ? lineEnd - 2 : lineEnd - 1;
        if (last >= 0 && m_text[last] == '\\')
            return false; // joined on purpose
        constexpr qsizetype kLongestWord = 40;
        const qsizetype from = lineEnd + 1;
        qsizetype end = from;
        while (end - from < kLongestWord && (isAlnum(at(end)) || at(end) == '-' || at(end) == '_'))
            ++end;
        if (end == from || !(isBlank(at(end)) || at(end) == '='))
            return false;
        const bool isWord = isBlank(at(end)) && opensStatement(m_text.sliced(from, end - from));
        while (isBlank(at(end)))
            ++end;
        return isWord || (at(end) == '=' && at(end + 1) != '>');
    }

    // A string may go on over line ends. One that would swallow a whole statement has lost its closing quote.
    void quoted(char quote) {
        Ahead& ahead = quote == '"' ? m_doubleQuotes : m_singleQuotes;
        if (ahead.close <= m_pos)
            ahead = lookAhead(quote);
        if (has(ahead.close) && ahead.statement <= m_pos)
            return add(TokenKind::QuotedString, ahead.close + 1);
        qsizetype line = m_pos;
        while (has(line) && !newline(line))
            ++line;
        add(TokenKind::UnclosedString, line);
    }

    void macroUse() {
        qsizetype end = m_pos + 1;
        while (isAlnum(at(end)) || at(end) == '_')
            ++end;
        add(TokenKind::MacroUse, end);
    }

    void backslash() {
        const char escaped = at(m_pos + 1);
        if (isWordPart(escaped))
            return word();
        const qsizetype length = has(m_pos + 1) && !isHigh(escaped) && escaped != '\r' ? 2 : 1;
        add(length == 2 && isBlank(escaped) ? TokenKind::Whitespace : TokenKind::Stray, m_pos + length);
    }

    bool number() {
        qsizetype end = m_pos;
        for (qsizetype pos = at(m_pos) == '-' ? behindContinuations(m_pos + 1) : m_pos; isDigit(at(pos));
             pos = behindContinuations(pos + 1))
            end = pos + 1;
        if (end == m_pos)
            return false;
        const qsizetype behind = behindContinuations(end);
        const qsizetype meant = at(behind) == '\\' && has(behind + 1) ? behind + 1 : behind; // an escaped blank is one
        if (has(behind) && !mayEndNumber(m_text[meant]))
            return false;
        add(TokenKind::Number, end);
        return true;
    }

    // A run of what may stand in a word; it is a Word if it starts as one may and has no byte that must be quoted.
    void word() {
        const bool escapedStart = at(m_pos) == '\\';
        bool fits = isWordStart(escapedStart ? at(m_pos + 1) : at(m_pos));
        qsizetype end = m_pos;
        while (true) {
            const qsizetype pos = behindContinuations(end);
            if (!has(pos))
                break;
            if (m_text[pos] == '\\' && isWordPart(at(pos + 1))) {
                end = pos + 2;
            } else if (isWordPart(m_text[pos]) || isHigh(m_text[pos])) {
                fits = fits && !isHigh(m_text[pos]);
                end = pos + 1;
            } else {
                break;
            }
        }
        add(fits ? TokenKind::Word : TokenKind::BareText, end);
    }

    QByteArrayView m_text;
    qsizetype m_pos = 0;
    std::vector<Token> m_tokens;
    Ahead m_doubleQuotes, m_singleQuotes;
};

qsizetype newlineAt(QByteArrayView bytes, qsizetype pos) {
    if (pos < bytes.size() && bytes[pos] == '\n')
        return 1;
    return pos + 1 < bytes.size() && bytes[pos] == '\r' && bytes[pos + 1] == '\n' ? 2 : 0;
}

QByteArray decodeWord(QByteArrayView bytes) {
    QByteArray out;
    out.reserve(bytes.size());
    for (qsizetype i = 0; i < bytes.size(); ++i) {
        if (bytes[i] != '\\') {
            out += bytes[i];
        } else if (const qsizetype length = newlineAt(bytes, i + 1)) {
            i += length;
        } else if (++i < bytes.size()) {
            out += bytes[i];
        }
    }
    return out;
}

QByteArray decodeQuoted(QByteArrayView bytes, bool closed, Dialect dialect) {
    const char quote = bytes[0];
    const QByteArrayView inner = bytes.sliced(1, bytes.size() - (closed ? 2 : 1));
    if (!hasByte(inner, '\\') && !hasByte(inner, '\n'))
        return inner.toByteArray();
    QByteArray out;
    out.reserve(inner.size());
    for (qsizetype i = 0; i < inner.size(); ++i) {
        if (const qsizetype raw = newlineAt(inner, i)) {
            i += raw - 1;
            continue;
        }
        if (inner[i] == '\\' && i + 1 < inner.size()) {
            if (const qsizetype joined = newlineAt(inner, i + 1)) {
                i += joined;
                continue;
            }
            const char c = inner[i + 1];
            if (c == quote || (isBlank(c) && dialect == Dialect::Modern)) {
                out += c;
                ++i;
                continue;
            }
        }
        out += inner[i];
    }
    return out;
}

} // namespace

std::vector<Token> lex(QByteArrayView text) {
    if (text.size() <= kMostBytesLexed)
        return lexPart(text, text.size(), true);
    return {{TokenKind::Unread, 0, quint32(kMostBytesLexed)}};
}

std::vector<Token> lexPart(QByteArrayView text, qsizetype until, bool isFileStart) {
    return Lexer(text).run(std::min(until, text.size()), isFileStart);
}

QByteArray decode(TokenKind kind, QByteArrayView bytes, Dialect dialect) {
    if (kind == TokenKind::QuotedString || kind == TokenKind::UnclosedString)
        return decodeQuoted(bytes, kind == TokenKind::QuotedString, dialect);
    const bool isWord = kind == TokenKind::Word || kind == TokenKind::Number || kind == TokenKind::BareText;
    if (isWord && hasByte(bytes, '\\'))
        return decodeWord(bytes);
    return bytes.toByteArray();
}

MacroValuePtr lexMacroValue(QByteArrayView value, Dialect dialect) {
    auto result = std::make_shared<MacroValue>();
    for (const Token& token : lexPart(value, value.size(), false)) {
        if (token.kind == TokenKind::Comment) {
            result->opensComment = true;
            break;
        }
        if (!isTrivia(token.kind) && token.kind != TokenKind::Newline)
            result->tokens.push_back({token.kind, decode(token.kind, value.sliced(token.offset, token.length), dialect)});
    }
    return result;
}

} // namespace postern::config
