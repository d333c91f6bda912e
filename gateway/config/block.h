// SPDX-License-Identifier: GPL-3.0-or-later
//
// Some whole lines of a file, read: what a document is kept in, so that an edit makes new only what it touched.
//
// Every place in a block counts from the block's start, so a block that moves in the file stays the same block. A block
// begins at the start of a line, never inside a statement, and ends there too or at the end of the file. Where the cuts
// are means nothing: the same file can be kept in different blocks.
// Thread: immutable once made, any. Only document.cpp and its parts need this header.
#pragma once

#include "config/parser.h"

#include <memory>

namespace postern::config {

// What has not been cut into blocks yet.
struct Lines {
    struct Included { // the macros before and behind
        MacroTable before, behind;
    };
    // What changes the macros: a definition or an include.
    struct MacroEvent {
        qsizetype offset = 0;
        QByteArray name; // of the macro, or the path as written
        MacroValuePtr value;
        std::shared_ptr<const Included> included; // null for a definition
    };

    std::vector<tree::Piece> pieces; // side by side: statements, newlines, comments
    std::vector<Parser::Note> notes;
    std::vector<std::pair<qsizetype, MacroValuePtr>> expansions;
    std::vector<MacroEvent> events;
    std::vector<qsizetype> openQuotes; // that nothing closes
    std::vector<Parser::CarriageReturn> carriageReturns;
    qsizetype length = 0;

    void append(Lines&& other);
    // Lines [from, to) of it; contract: both at the start of a line outside of statements, or at the end.
    Lines slice(qsizetype from, qsizetype to) const;
};

class Block {
  public:
    struct Place {
        size_t child;     // which of the children
        qsizetype offset; // in the block
    };

    Block(Lines lines, QByteArrayView text);

    const Lines& lines() const { return m_lines; }
    // What stands side by side: statements, newlines, comments.
    size_t childCount() const { return m_children.size(); }
    tree::GreenView child(size_t index, qsizetype offset) const { // that it starts at
        return {&m_lines.pieces[m_children[index]], m_text.constData() + offset};
    }
    qsizetype length() const { return m_lines.length; }
    const std::vector<Place>& statements() const { return m_statements; }
    const std::vector<qsizetype>& lineStarts() const { return m_lineStarts; } // behind each newline

    // The nearest place to cut at: behind a newline that no statement holds, or the block's start or end.
    qsizetype cutAtOrBefore(qsizetype offset) const;
    qsizetype cutAtOrBehind(qsizetype offset) const;

  private:
    Lines m_lines;
    QByteArray m_text; // of its own, because blocks outlive the document that they were made for
    std::vector<quint32> m_children; // where each begins among the pieces
    std::vector<Place> m_statements;
    std::vector<qsizetype> m_lineStarts;
};
using BlockPtr = std::shared_ptr<const Block>;

inline bool isLineEnd(tree::Piece piece) {
    return !piece.isNode && piece.kind == raw(TokenKind::Newline);
}

// Puts a file together from lines read anew and lines kept of an older one, front to back. Blocks kept whole are shared.
class BlockList {
  public:
    explicit BlockList(QByteArrayView text) : m_text(text) {}
    void add(Lines lines);
    void keep(const BlockPtr& block, qsizetype from, qsizetype to); // offsets in the block
    std::vector<BlockPtr> take();

  private:
    void flush();

    QByteArrayView m_text; // all of the new file
    qsizetype m_done = 0;  // bytes of it in m_blocks
    Lines m_waiting;
    std::vector<BlockPtr> m_blocks;
};

} // namespace postern::config
