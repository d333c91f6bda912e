// SPDX-License-Identifier: GPL-3.0-or-later
//
// Makes a green tree from a parser's calls, front to back: start, tokens and inner nodes, finish.
//
// A node's kind is told when it is finished, because a grammar often knows only then what it has read.
// Contract: starts and finishes pair up; take() wants exactly the root finished.
// Thread: one builder, one thread.
#pragma once

#include "config/tree/green_tree.h"

namespace postern::config::tree {

class Builder {
  public:
    void start();
    void token(Kind kind, qsizetype length);
    void finish(Kind kind);
    // Undoes the matching start(): what was collected since joins the node around it.
    void dissolve();
    GreenTreePtr take(const QByteArray& text); // whose pieces were told
    // What was told so far with no node open: for roots that are kept in parts.
    std::vector<Piece> takePieces();

  private:
    std::vector<Piece> m_pieces;
    std::vector<size_t> m_open; // nodes not yet finished
};

} // namespace postern::config::tree
