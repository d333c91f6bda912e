// SPDX-License-Identifier: GPL-3.0-or-later
//
// Makes a green tree from a parser's calls, front to back: start, tokens and inner nodes, finish.
//
// A node's kind is told when it is finished, because a grammar often knows only then what it has read. Equal short tokens
// share their bytes. Contract: starts and finishes pair up; take() wants exactly the root finished.
// Thread: one builder, one thread.
#pragma once

#include "config/tree/green_node.h"

#include <array>

namespace postern::config::tree {

class Builder {
  public:
    void start();
    void token(Kind kind, QByteArrayView bytes);
    void finish(Kind kind);
    // Undoes the matching start(): what was collected since joins the node around it.
    void dissolve();
    bool isEmpty() const; // nothing in the open node yet
    GreenNodePtr take();
    // What stands in the only open node, which is closed without being made: for roots that are kept in pieces.
    std::vector<GreenChild> takeOpen();

  private:
    QByteArray shared(QByteArrayView bytes);

    std::vector<GreenChild> m_children; // of all open nodes, one behind the other
    std::vector<size_t> m_starts;       // where each open node's children begin
    std::array<QByteArray, 512> m_short; // the last token of each slot; a newer one takes its place
};

} // namespace postern::config::tree
