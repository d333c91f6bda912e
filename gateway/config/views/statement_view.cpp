// SPDX-License-Identifier: GPL-3.0-or-later
//
// One walk over the statement's tokens collects everything. A token out of a macro has no bytes of its own: the walk keeps
// the value of the last `$name` and an index into it.
#include "config/views/statement_view.h"

#include "base/contract.h"
#include "config/document.h"
#include "config/lexer.h"

#include <algorithm>

namespace postern::config {

namespace {

constexpr size_t kUsualClauses = 8; // of one statement; more of them take a little longer

// A token as the grammar saw it.
struct Leaf {
    TokenKind kind = TokenKind::Stray;
    bool isWord = false; // taken as a word of the grammar
    Value value;
};

bool isString(TokenKind kind) {
    return kind == TokenKind::Word || kind == TokenKind::QuotedString || kind == TokenKind::BareText ||
           kind == TokenKind::UnclosedString || kind == TokenKind::Number;
}

// Blanks, joined lines and newlines become one blank, comments nothing.
void appendOneLine(tree::GreenView node, QByteArray& out) {
    for (const tree::GreenView child : node.children()) {
        if (child.isNode()) {
            appendOneLine(child, out);
        } else if (isTrivia(TokenKind(child.kind())) || TokenKind(child.kind()) == TokenKind::Newline) {
            if (!out.isEmpty() && !out.endsWith(' '))
                out += ' ';
        } else if (child.bytes().contains('\n')) { // inside quotes: dropped, as readers of the language do
            out += child.bytes().toByteArray().replace("\\\r\n", "").replace("\\\n", "").replace("\r\n", "").replace('\n', "");
        } else {
            out += child.bytes();
        }
    }
}

// Are its bytes one line already, with one blank between the words?
bool isOneLine(tree::GreenView node) {
    const auto isPlain = [](const tree::Piece& piece) {
        return piece.isNode || !isTrivia(TokenKind(piece.kind)) || (TokenKind(piece.kind) == TokenKind::Whitespace && piece.length == 1);
    };
    return std::all_of(node.begin(), node.end(), isPlain) && !hasByte(node.bytes(), '\n') && !hasByte(node.bytes(), '\t');
}

QByteArray oneLine(tree::GreenView node) {
    if (isOneLine(node))
        return node.bytes().trimmed().toByteArray();
    QByteArray out;
    appendOneLine(node, out);
    return out.trimmed();
}

class Walk {
  public:
    explicit Walk(const Document& document) : m_document(document), m_dialect(document.dialect()) {}

    std::optional<Value> firstValue(tree::GreenView node, qsizetype offset) {
        for (const tree::GreenView child : node.children()) {
            if (!child.isNode()) {
                if (auto leaf = token(child, offset); leaf && !leaf->isWord && isString(leaf->kind))
                    return std::move(leaf->value);
            }
            offset += child.length();
        }
        return std::nullopt;
    }

    void statement(tree::GreenView node, qsizetype offset, Clause& head, std::vector<Clause>& clauses, bool& hasError) {
        for (const tree::GreenView child : node.children()) {
            if (!child.isNode()) {
                if (auto leaf = token(child, offset))
                    place(std::move(*leaf), head);
            } else if (isClause(child.kind())) {
                clauses.push_back(clause(child, offset));
            } else if (child.kind() == raw(NodeKind::ForGroup)) {
                statement(child, offset, m_group, clauses, hasError);
            } else if (child.kind() == raw(NodeKind::Error)) {
                hasError = true;
            } else {
                head.table = table(child, offset);
            }
            offset += child.length();
        }
    }

  private:
    std::optional<Leaf> token(tree::GreenView child, qsizetype offset) {
        const auto kind = TokenKind(child.kind());
        const Range range{offset, child.length()};
        switch (kind) {
        case TokenKind::MacroUse:
        case TokenKind::MacroKeyword:
            m_macro = m_document.expansionAt(offset);
            m_index = 0;
            m_use = range;
            if (!m_macro)
                return Leaf{TokenKind::Word, kind == TokenKind::MacroKeyword, {child.bytes().toByteArray(), range, false, false, true}};
            return expanded(kind == TokenKind::MacroKeyword);
        case TokenKind::Expanded:
        case TokenKind::ExpandedKeyword:
            ++m_index;
            return expanded(kind == TokenKind::ExpandedKeyword);
        case TokenKind::Keyword:
            return Leaf{TokenKind::Word, true, {decode(TokenKind::Word, child.bytes(), m_dialect), range}};
        case TokenKind::Word:
        case TokenKind::QuotedString:
        case TokenKind::Number:
        case TokenKind::BareText:
        case TokenKind::UnclosedString:
            return Leaf{kind, false,
                        {decode(kind, child.bytes(), m_dialect), range, kind == TokenKind::QuotedString,
                         kind == TokenKind::Number}};
        case TokenKind::Bang:
            return Leaf{kind, false, {child.bytes().toByteArray(), range}};
        case TokenKind::None:
        case TokenKind::Whitespace:
        case TokenKind::Newline:
        case TokenKind::Continuation:
        case TokenKind::Comment:
        case TokenKind::ByteOrderMark:
        case TokenKind::MacroTail: // its text is in the macro's last word already
        case TokenKind::Arrow:
        case TokenKind::Equals:
        case TokenKind::Comma:
        case TokenKind::OpenBrace:
        case TokenKind::CloseBrace:
        case TokenKind::OpenParen:
        case TokenKind::CloseParen:
        case TokenKind::Less:
        case TokenKind::Greater:
        case TokenKind::Stray:
        case TokenKind::Unread:
            break;
        }
        return std::nullopt;
    }

    std::optional<Leaf> expanded(bool isWord) {
        if (!m_macro || m_index >= m_macro->tokens.size())
            return std::nullopt;
        const MacroToken& token = m_macro->tokens[m_index];
        return Leaf{token.kind, isWord,
                    {token.text, m_use, token.kind == TokenKind::QuotedString, token.kind == TokenKind::Number, true}};
    }

    static void place(Leaf&& leaf, Clause& clause) {
        if (leaf.kind == TokenKind::Bang)
            clause.negated = true;
        else if (leaf.isWord)
            clause.words.push_back(std::move(leaf.value));
        else if (isString(leaf.kind))
            clause.values.push_back(std::move(leaf.value));
    }

    Clause clause(tree::GreenView node, qsizetype offset) {
        Clause result;
        result.kind = ClauseKind(node.kind());
        result.range = {offset, node.length()};
        result.text = oneLine(node);
        for (const tree::GreenView child : node.children()) {
            if (!child.isNode()) {
                if (auto leaf = token(child, offset))
                    place(std::move(*leaf), result);
            } else if (!isClause(child.kind()) && child.kind() != raw(NodeKind::Error)) {
                TableArgument argument = table(child, offset);
                if (m_dialect == Dialect::Map2012 && argument.form == TableArgument::Form::Literal && isBareMapName(result.kind)) {
                    argument.form = TableArgument::Form::Name;
                    argument.bareName = true;
                    argument.items.clear();
                }
                result.table = std::move(argument);
            }
            offset += child.length();
        }
        result.regex = result.has("regex");
        if (result.range.length == 0)
            result.range = m_use;
        return result;
    }

    TableArgument table(tree::GreenView node, qsizetype offset) {
        TableArgument result;
        result.range = {offset, node.length()};
        const auto kind = NodeKind(node.kind());
        result.form = kind == NodeKind::TableName || kind == NodeKind::TableMapRef ? TableArgument::Form::Name
                      : kind == NodeKind::TableList                               ? TableArgument::Form::List
                      : kind == NodeKind::TableMapping                            ? TableArgument::Form::Mapping
                                                                                  : TableArgument::Form::Literal;
        result.bareName = kind == NodeKind::TableMapRef;
        for (const tree::GreenView child : node.children()) {
            if (child.isNode()) {
                std::vector<Value> pair = values(child, offset);
                if (pair.size() == 2)
                    result.pairs.push_back({std::move(pair[0]), std::move(pair[1])});
            } else if (auto leaf = token(child, offset); leaf && !leaf->isWord && isString(leaf->kind)) {
                result.items.push_back(std::move(leaf->value));
            }
            offset += child.length();
        }
        if (!result.items.empty() && (result.form == TableArgument::Form::Name || result.form == TableArgument::Form::Literal))
            result.value = result.items.front();
        if (result.form == TableArgument::Form::Name)
            result.items.clear();
        if (result.range.length == 0)
            result.range = m_use;
        return result;
    }

    std::vector<Value> values(tree::GreenView node, qsizetype offset) {
        std::vector<Value> result;
        for (const tree::GreenView child : node.children()) {
            if (!child.isNode()) {
                if (auto leaf = token(child, offset); leaf && isString(leaf->kind))
                    result.push_back(std::move(leaf->value));
            }
            offset += child.length();
        }
        return result;
    }

    const Document& m_document;
    Dialect m_dialect;
    const MacroValue* m_macro = nullptr;
    size_t m_index = 0;
    Range m_use;
    Clause m_group; // words of `for { }`: "for"
};

// "# Rules for the office\" -> "Rules for the office"
QByteArray commentText(QByteArrayView bytes) {
    qsizetype from = 0;
    while (from < bytes.size() && bytes[from] == '#')
        ++from;
    return bytes.sliced(from).toByteArray().trimmed();
}

} // namespace

std::optional<Value> firstValueOf(const Document& document, size_t statement) {
    const Document::Cursor at = document.cursorAt(statement);
    return Walk(document).firstValue(at.child(), at.offset());
}

StatementView::StatementView(const DocumentPtr& document, size_t index)
    : StatementView(document, index, document->cursorAt(index).child(), document->cursorAt(index).offset()) {}

StatementView::StatementView(DocumentPtr document, size_t index, tree::GreenView green, qsizetype offset)
    : m_document(std::move(document)), m_index(index), m_green(green), m_kind(StatementKind(green.kind())),
      m_range{offset, green.length()} {
    auto parts = std::make_shared<Parts>();
    parts->clauses.reserve(kUsualClauses);
    parts->hasError = m_kind == StatementKind::Unknown;
    Walk(*m_document).statement(m_green, m_range.offset, parts->head, parts->clauses, parts->hasError);
    m_parts = std::move(parts);
}

tree::SyntaxNode StatementView::node() const {
    return tree::SyntaxNode(m_document, m_green, m_range.offset);
}

QByteArray StatementView::file() const {
    return m_document->file();
}

int StatementView::line() const {
    return m_document->position(m_range.offset).line;
}

int StatementView::column() const {
    return m_document->position(m_range.offset).column;
}

QByteArray StatementView::text() const {
    return oneLine(m_green);
}

QByteArray StatementView::commentAbove() const {
    Document::Cursor at = m_document->cursorAt(m_index);
    at.previous();
    const auto skipBlanks = [&at] {
        while (at.isValid() && at.child().kind() == raw(TokenKind::Whitespace))
            at.previous();
    };
    const auto isAt = [&at](TokenKind kind) { return at.isValid() && at.child().kind() == raw(kind); };
    skipBlanks();
    if (!isAt(TokenKind::Newline))
        return {};
    at.previous();
    if (!isAt(TokenKind::Comment))
        return {};
    const QByteArray text = at.child().bytes().toByteArray();
    at.previous();
    skipBlanks();
    // Behind a statement it is that statement's comment.
    return !at.isValid() || isAt(TokenKind::Newline) || isAt(TokenKind::ByteOrderMark) ? commentText(text) : QByteArray();
}

QByteArray StatementView::commentBehind() const {
    Document::Cursor at = m_document->cursorAt(m_index);
    at.next();
    while (at.isValid() && at.child().kind() == raw(TokenKind::Whitespace))
        at.next();
    return at.isValid() && at.child().kind() == raw(TokenKind::Comment) ? commentText(at.child().bytes()) : QByteArray();
}

const Clause* StatementView::clause(ClauseKind kind) const {
    const Clause* found = nullptr;
    for (const Clause& clause : m_parts->clauses) {
        if (clause.kind == kind)
            found = &clause;
    }
    return found;
}

std::vector<const Clause*> StatementView::allClauses(ClauseKind kind) const {
    std::vector<const Clause*> found;
    for (const Clause& clause : m_parts->clauses) {
        if (clause.kind == kind)
            found.push_back(&clause);
    }
    return found;
}

const Value* StatementView::headValue(size_t index) const {
    return index < m_parts->head.values.size() ? &m_parts->head.values[index] : nullptr;
}

Diagnostic StatementView::diagnostic(Severity severity, Range range, QByteArray text, QByteArray suggestion) const {
    return m_document->diagnosticAt(severity, range, std::move(text), std::move(suggestion));
}

Diagnostic StatementView::diagnostic(Severity severity, QByteArray text) const {
    const Range first = words().empty() ? m_range : words().front().range;
    return diagnostic(severity, first, std::move(text));
}

} // namespace postern::config
