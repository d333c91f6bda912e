// SPDX-License-Identifier: GPL-3.0-or-later
//
// The stored half of the lossless tree: what a piece of text is and which bytes it has, never where it stands.
//
// A node is a kind and its children in order; a token is a kind and its exact bytes. Concatenating all tokens gives the
// text back. Language-free: kinds are numbers that only the grammar understands.
// Ownership: immutable once built, shared between trees by shared_ptr<const>, so an edited tree reuses what did not change.
// Thread: immutable, any. Depth is the grammar's nesting, a handful of levels, never the input's.
#pragma once

#include <QByteArray>

#include <memory>
#include <vector>

namespace postern::config::tree {

using Kind = quint16;

class GreenNode;
using GreenNodePtr = std::shared_ptr<const GreenNode>;

// One child: a node, or else a token with its bytes.
struct GreenChild {
    GreenNodePtr node; // null for a token
    Kind kind = 0;
    QByteArray bytes; // of a token

    qsizetype length() const;
};

class GreenNode {
  public:
    GreenNode(Kind kind, std::vector<GreenChild> children);

    Kind kind() const { return m_kind; }
    qsizetype length() const { return m_length; }
    const std::vector<GreenChild>& children() const { return m_children; }
    QByteArray text() const; // all bytes below, in order

  private:
    Kind m_kind;
    qsizetype m_length = 0;
    std::vector<GreenChild> m_children;
};

} // namespace postern::config::tree
