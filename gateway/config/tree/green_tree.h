// SPDX-License-Identifier: GPL-3.0-or-later
//
// The stored half of the lossless tree: what the pieces of a text are and how long, never where the text stands.
//
// A tree is one text and one flat list of pieces over it: tokens, and nodes, each followed by all that is inside it. The tokens'
// lengths add up to the text. Two allocations hold any number of pieces, because a long file has millions.
// Language-free: kinds are numbers that only the grammar understands.
// Lifetime: a GreenView points into its tree. Depth is the grammar's nesting, a handful of levels, never the input's.
// Thread: immutable once built, any.
#pragma once

#include <QByteArray>

#include <memory>
#include <vector>

namespace postern::config::tree {

using Kind = quint16;

struct Piece {
    Kind kind = 0;
    bool isNode = false;
    quint32 count = 1;    // pieces up to the next one beside it: itself and all that is inside
    qsizetype length = 0; // in bytes, with all that is inside
};

// One piece with its bytes.
class GreenView {
  public:
    GreenView(const Piece* piece, const char* text) : m_piece(piece), m_text(text) {}

    Kind kind() const { return m_piece->kind; }
    bool isNode() const { return m_piece->isNode; } // else a token
    qsizetype length() const { return m_piece->length; }
    QByteArrayView bytes() const { return {m_text, m_piece->length}; } // all below, in order

    class Iterator {
      public:
        Iterator(const Piece* piece, const char* text) : m_piece(piece), m_text(text) {}
        GreenView operator*() const { return {m_piece, m_text}; }
        Iterator& operator++() {
            m_text += m_piece->length;
            m_piece += m_piece->count;
            return *this;
        }
        bool operator!=(const Iterator& other) const { return m_piece != other.m_piece; }

      private:
        const Piece* m_piece;
        const char* m_text;
    };
    struct Siblings {
        Iterator from, to;
        Iterator begin() const { return from; }
        Iterator end() const { return to; }
    };
    Siblings children() const { return {{m_piece + 1, m_text}, {m_piece + m_piece->count, nullptr}}; }
    // Itself and everything inside it, without the levels.
    const Piece* begin() const { return m_piece; }
    const Piece* end() const { return m_piece + m_piece->count; }

  private:
    const Piece* m_piece;
    const char* m_text;
};

// With one root.
class GreenTree {
  public:
    GreenTree(std::vector<Piece> pieces, QByteArray text);
    GreenView root() const { return {m_pieces.data(), m_text.constData()}; }

  private:
    std::vector<Piece> m_pieces;
    QByteArray m_text;
};
using GreenTreePtr = std::shared_ptr<const GreenTree>;

} // namespace postern::config::tree
