// SPDX-License-Identifier: GPL-3.0-or-later
//
// One walk over the statement's tokens collects everything. A token out of a macro has no bytes of its own: the walk keeps
// the value of the last `$name` and an index into it.
#include "config/views/statement_view.h"

#include "base/contract.h"
#include "config/document.h"
#include "config/lexer.h"

namespace postern::config {

namespace {

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
void appendOneLine(const tree::GreenNode& node, QByteArray& out) {
    for (const tree::GreenChild& child : node.children()) {
        if (child.node) {
            appendOneLine(*child.node, out);
        } else if (isTrivia(TokenKind(child.kind)) || TokenKind(child.kind) == TokenKind::Newline) {
            if (!out.isEmpty() && !out.endsWith(' '))
                out += ' ';
        } else {
            const qsizetype from = out.size();
            out += child.bytes;
            if (child.bytes.contains('\n')) // inside quotes: dropped, as readers of the language do
                out = out.first(from) + QByteArray(child.bytes).replace("\\\r\n", "").replace("\\\n", "").replace("\r\n", "").replace('\n', "");
        }
    }
}

QByteArray oneLine(const tree::GreenNode& node) {
    QByteArray out;
    appendOneLine(node, out);
    return out.trimmed();
}

class Walk {
  public:
    using Expansion = std::function<const MacroValue*(qsizetype)>;
    Walk(Dialect dialect, Expansion expansion) : m_dialect(dialect), m_expansion(std::move(expansion)) {}

    void statement(const tree::GreenNode& node, qsizetype offset, Clause& head, std::vector<Clause>& clauses, bool& hasError) {
        for (const tree::GreenChild& child : node.children()) {
            if (!child.node) {
                if (const auto leaf = token(child, offset))
                    place(*leaf, head);
            } else if (isClause(child.kind)) {
                clauses.push_back(clause(*child.node, offset));
            } else if (child.kind == raw(NodeKind::ForGroup)) {
                statement(*child.node, offset, m_group, clauses, hasError);
            } else if (child.kind == raw(NodeKind::Error)) {
                hasError = true;
            } else {
                head.table = table(*child.node, offset);
            }
            offset += child.length();
        }
    }

  private:
    std::optional<Leaf> token(const tree::GreenChild& child, qsizetype offset) {
        const auto kind = TokenKind(child.kind);
        const Range range{offset, child.bytes.size()};
        switch (kind) {
        case TokenKind::MacroUse:
        case TokenKind::MacroKeyword:
            m_macro = m_expansion(offset);
            m_index = 0;
            m_use = range;
            if (!m_macro)
                return Leaf{TokenKind::Word, kind == TokenKind::MacroKeyword, {child.bytes, range, false, false, true}};
            return expanded(kind == TokenKind::MacroKeyword);
        case TokenKind::Expanded:
        case TokenKind::ExpandedKeyword:
            ++m_index;
            return expanded(kind == TokenKind::ExpandedKeyword);
        case TokenKind::Keyword:
            return Leaf{TokenKind::Word, true, {decode(TokenKind::Word, child.bytes, m_dialect), range}};
        case TokenKind::Word:
        case TokenKind::QuotedString:
        case TokenKind::Number:
        case TokenKind::BareText:
        case TokenKind::UnclosedString:
            return Leaf{kind, false,
                        {decode(kind, child.bytes, m_dialect), range, kind == TokenKind::QuotedString,
                         kind == TokenKind::Number}};
        case TokenKind::Bang:
            return Leaf{kind, false, {child.bytes, range}};
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

    static void place(const Leaf& leaf, Clause& clause) {
        if (leaf.kind == TokenKind::Bang)
            clause.negated = true;
        else if (leaf.isWord)
            clause.words.push_back(leaf.value);
        else if (isString(leaf.kind))
            clause.values.push_back(leaf.value);
    }

    Clause clause(const tree::GreenNode& node, qsizetype offset) {
        Clause result;
        result.kind = ClauseKind(node.kind());
        result.range = {offset, node.length()};
        result.text = oneLine(node);
        for (const tree::GreenChild& child : node.children()) {
            if (!child.node) {
                if (const auto leaf = token(child, offset))
                    place(*leaf, result);
            } else if (!isClause(child.kind) && child.kind != raw(NodeKind::Error)) {
                result.table = table(*child.node, offset);
            }
            offset += child.length();
        }
        result.regex = result.has("regex");
        if (result.range.length == 0)
            result.range = m_use;
        if (m_dialect == Dialect::Map2012 && result.table && result.table->form == TableArgument::Form::Literal &&
            isBareMapName(result.kind)) {
            result.table->form = TableArgument::Form::Name;
            result.table->bareName = true;
            result.table->items.clear();
        }
        return result;
    }

    TableArgument table(const tree::GreenNode& node, qsizetype offset) {
        TableArgument result;
        result.range = {offset, node.length()};
        const auto kind = NodeKind(node.kind());
        result.form = kind == NodeKind::TableName || kind == NodeKind::TableMapRef ? TableArgument::Form::Name
                      : kind == NodeKind::TableList                               ? TableArgument::Form::List
                      : kind == NodeKind::TableMapping                            ? TableArgument::Form::Mapping
                                                                                  : TableArgument::Form::Literal;
        result.bareName = kind == NodeKind::TableMapRef;
        for (const tree::GreenChild& child : node.children()) {
            if (child.node) {
                const std::vector<Value> pair = values(*child.node, offset);
                if (pair.size() == 2)
                    result.pairs.push_back({pair[0], pair[1]});
            } else if (const auto leaf = token(child, offset); leaf && !leaf->isWord && isString(leaf->kind)) {
                result.items.push_back(leaf->value);
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

    std::vector<Value> values(const tree::GreenNode& node, qsizetype offset) {
        std::vector<Value> result;
        for (const tree::GreenChild& child : node.children()) {
            if (!child.node) {
                if (const auto leaf = token(child, offset); leaf && isString(leaf->kind))
                    result.push_back(leaf->value);
            }
            offset += child.length();
        }
        return result;
    }

    Dialect m_dialect;
    Expansion m_expansion;
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

StatementView::StatementView(DocumentPtr document, size_t index) : m_document(std::move(document)), m_index(index) {
    const Document::Cursor place = m_document->cursorAt(m_index);
    m_green = place.child().node;
    m_kind = StatementKind(m_green->kind());
    m_range = {place.offset(), m_green->length()};
    auto parts = std::make_shared<Parts>();
    parts->hasError = m_kind == StatementKind::Unknown;
    const Document* from = m_document.get();
    Walk(m_document->dialect(), [from](qsizetype offset) { return from->expansionAt(offset); })
        .statement(*m_green, m_range.offset, parts->head, parts->clauses, parts->hasError);
    m_parts = std::move(parts);
}

tree::SyntaxNode StatementView::node() const {
    return tree::SyntaxNode(m_green, m_range.offset);
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
    return oneLine(*m_green);
}

QByteArray StatementView::commentAbove() const {
    Document::Cursor at = m_document->cursorAt(m_index);
    at.previous();
    const auto skipBlanks = [&at] {
        while (at.isValid() && at.child().kind == raw(TokenKind::Whitespace))
            at.previous();
    };
    const auto isAt = [&at](TokenKind kind) { return at.isValid() && at.child().kind == raw(kind); };
    skipBlanks();
    if (!isAt(TokenKind::Newline))
        return {};
    at.previous();
    if (!isAt(TokenKind::Comment))
        return {};
    const QByteArray text = at.child().bytes;
    at.previous();
    skipBlanks();
    // Behind a statement it is that statement's comment.
    return !at.isValid() || isAt(TokenKind::Newline) || isAt(TokenKind::ByteOrderMark) ? commentText(text) : QByteArray();
}

QByteArray StatementView::commentBehind() const {
    Document::Cursor at = m_document->cursorAt(m_index);
    at.next();
    while (at.isValid() && at.child().kind == raw(TokenKind::Whitespace))
        at.next();
    return at.isValid() && at.child().kind == raw(TokenKind::Comment) ? commentText(at.child().bytes) : QByteArray();
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
