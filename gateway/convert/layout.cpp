// SPDX-License-Identifier: GPL-3.0-or-later
#include "convert/layout.h"

#include "config/document.h"

#include <QHash>

#include <algorithm>
#include <numeric>

namespace postern::convert {

using config::TokenKind;
using config::tree::SyntaxNode;
using config::tree::SyntaxToken;

namespace {

bool is(const SyntaxToken& token, TokenKind kind) {
    return token.kind == raw(kind);
}

// Where the comment lines begin that belong to the statement behind these tokens: directly above it, line by line.
size_t ownComments(const std::vector<SyntaxToken>& tokens, size_t lineStart) {
    while (lineStart > 0) {
        size_t start = lineStart - 1; // the newline that ends the line above
        size_t at = start;
        while (at > 0 && !is(tokens[at - 1], TokenKind::Newline))
            --at;
        const bool hasComment = std::any_of(tokens.begin() + std::ptrdiff_t(at), tokens.begin() + std::ptrdiff_t(start),
                                            [](const SyntaxToken& token) { return is(token, TokenKind::Comment); });
        if (!hasComment)
            break;
        lineStart = at;
    }
    if (lineStart == 0 && !tokens.empty() && is(tokens[0], TokenKind::ByteOrderMark))
        return 1; // stays at the start of the file
    return lineStart;
}

void takeBefore(const std::vector<SyntaxToken>& tokens, Piece& piece) {
    size_t line = tokens.size();
    while (line > 0 && !is(tokens[line - 1], TokenKind::Newline))
        --line;
    const size_t own = std::min(ownComments(tokens, line), line);
    for (size_t i = 0; i < tokens.size(); ++i)
        (i < own ? piece.gap : i < line ? piece.comments : piece.indent) += tokens[i].bytes;
    if (line == 0 && !tokens.empty() && is(tokens[0], TokenKind::ByteOrderMark)) {
        piece.gap = tokens[0].bytes;
        piece.indent.remove(0, piece.gap.size());
    }
}

} // namespace

Layout::Layout(const config::DocumentPtr& document) {
    std::vector<SyntaxToken> pending;
    bool behindStatement = false;
    for (const SyntaxNode::Child& child : document->root().children()) {
        if (child.node) {
            Piece piece;
            takeBefore(pending, piece);
            pending.clear();
            piece.statements = {child.node->text()};
            m_pieces.push_back(std::move(piece));
            behindStatement = true;
        } else if (!behindStatement) {
            pending.push_back(child.token);
        } else if (is(child.token, TokenKind::Newline)) {
            m_pieces.back().newline = child.token.bytes;
            behindStatement = false;
        } else {
            m_pieces.back().behind += child.token.bytes;
        }
    }
    for (const SyntaxToken& token : pending)
        m_rest += token.bytes;
    for (const Piece& piece : m_pieces) {
        if (!piece.newline.isEmpty()) {
            m_newline = piece.newline;
            break;
        }
    }
    m_order.resize(m_pieces.size());
    std::iota(m_order.begin(), m_order.end(), size_t(0));
}

std::vector<size_t> Layout::putDefinitionsFirst() {
    QHash<QByteArray, std::vector<size_t>> definers; // pieces; a certificate and its key may stand in two
    for (size_t piece = 0; piece < m_pieces.size(); ++piece) {
        for (const QByteArray& name : std::as_const(m_pieces[piece].defines))
            definers[name].push_back(piece);
    }
    std::vector<bool> isPlaced(m_pieces.size());
    std::vector<size_t> order, moved;
    const auto place = [&](size_t piece, auto&& again, int depth) -> void {
        if (isPlaced[piece])
            return;
        isPlaced[piece] = true;
        for (const QByteArray& name : std::as_const(m_pieces[piece].uses)) {
            for (size_t definer : definers.value(name)) {
                if (isPlaced[definer] || depth > 8)
                    continue;
                moved.push_back(definer);
                again(definer, again, depth + 1);
            }
        }
        order.push_back(piece);
    };
    for (size_t piece = 0; piece < m_pieces.size(); ++piece)
        place(piece, place, 0);
    m_order = std::move(order);
    for (size_t piece : moved) {
        if (m_pieces[piece].newline.isEmpty())
            m_pieces[piece].newline = m_newline;
    }
    return moved;
}

bool Layout::dropByteOrderMark() {
    constexpr QByteArrayView kMark = "\xef\xbb\xbf";
    QByteArray& start = m_pieces.empty() ? m_rest : m_pieces.front().gap;
    if (!start.startsWith(kMark))
        return false;
    start.remove(0, kMark.size());
    return true;
}

void Layout::endLinesInLf() {
    m_newline = "\n";
    m_rest.replace("\r\n", "\n");
    for (Piece& piece : m_pieces) {
        for (QByteArray* part : {&piece.gap, &piece.comments, &piece.behind, &piece.newline})
            part->replace("\r\n", "\n");
        for (QByteArray& statement : piece.statements)
            statement.replace("\r\n", "\n");
    }
}

void Layout::endWithNewline() {
    if (m_rest.isEmpty() && !m_pieces.empty()) {
        Piece& last = m_pieces[m_order.back()];
        if (last.newline.isEmpty() && last.behind.endsWith('\\'))
            last.behind.chop(1); // it would join the end of the line
        if (last.newline.isEmpty())
            last.newline = m_newline;
    } else if (!m_rest.isEmpty() && !m_rest.endsWith('\n')) {
        m_rest += m_newline;
    }
}

QByteArray Layout::text() const {
    return text(nullptr);
}

size_t Layout::pieceAt(qsizetype offset) const {
    std::vector<std::pair<qsizetype, size_t>> ends;
    text(&ends);
    for (const auto& [end, piece] : ends) {
        if (offset < end)
            return piece;
    }
    return m_pieces.size();
}

// ends: where each piece ends, in their order.
QByteArray Layout::text(std::vector<std::pair<qsizetype, size_t>>* ends) const {
    QByteArray out;
    bool leavesHole = false; // a statement went that stood between blank lines: one of them is enough
    const auto addGap = [&](const QByteArray& gap) { out += leavesHole && gap.startsWith(m_newline) ? gap.sliced(m_newline.size()) : gap; };
    for (size_t place = 0; place < m_order.size(); ++place) {
        const Piece& piece = m_pieces[m_order[place]];
        addGap(m_pieces[place].gap);
        const qsizetype start = out.size();
        for (const QByteArray& line : piece.above)
            out += line + m_newline;
        if (!piece.above.isEmpty() && !piece.comments.isEmpty())
            out += m_newline;
        out += piece.comments;
        for (const QByteArray& line : piece.beside)
            out += piece.indent + line + m_newline;
        const bool isComment = !piece.statements.isEmpty() && piece.statements.front().startsWith('#');
        for (qsizetype i = 0; i < piece.statements.size(); ++i) {
            out += piece.indent + piece.statements[i];
            if (i == (isComment ? piece.statements.size() - 1 : 0))
                out += piece.behind;
            if (i + 1 < piece.statements.size())
                out += m_newline;
        }
        if (piece.statements.isEmpty() && !piece.behind.trimmed().isEmpty())
            out += piece.indent + piece.behind.trimmed() + piece.newline;
        else if (!piece.statements.isEmpty())
            out += piece.newline;
        if (ends)
            ends->emplace_back(out.size(), m_order[place]);
        const bool isGone = out.size() == start;
        leavesHole = isGone && (leavesHole || out.endsWith(m_newline + m_newline));
    }
    addGap(m_rest);
    return out;
}

} // namespace postern::convert
