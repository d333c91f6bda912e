// SPDX-License-Identifier: GPL-3.0-or-later
//
// The walking half of the tree: a green node seen at its place, with parent and byte offset. Made on demand, thrown away.
//
// Lifetime: a node keeps everything it can reach alive. Do not store nodes across edits: store ranges and find them again.
// Thread: values over immutable data, any.
#pragma once

#include "config/tree/green_tree.h"

#include <optional>

namespace postern::config::tree {

// Bytes [offset, offset + length) of the file.
struct Range {
    qsizetype offset = 0;
    qsizetype length = 0;

    qsizetype end() const { return offset + length; }
    friend bool operator==(const Range&, const Range&) = default;
};

struct SyntaxToken {
    Kind kind = 0;
    QByteArray bytes;
    qsizetype offset = 0;

    Range range() const { return {offset, bytes.size()}; }
};

class SyntaxNode {
  public:
    // A child is a node or else a token.
    struct Child {
        std::shared_ptr<const SyntaxNode> node; // null for a token
        SyntaxToken token;
    };

    explicit SyntaxNode(const GreenTreePtr& tree) : SyntaxNode(tree, tree->root(), 0) {}
    // A root that is a part of a text and begins at `offset`; `owner` keeps the bytes and pieces alive.
    SyntaxNode(std::shared_ptr<const void> owner, GreenView green, qsizetype offset)
        : SyntaxNode(std::move(owner), green, nullptr, offset, 0) {}

    Kind kind() const { return m_green.kind(); }
    Range range() const { return {m_offset, m_green.length()}; }
    QByteArray text() const { return m_green.bytes().toByteArray(); }
    const SyntaxNode* parent() const { return m_parent.get(); }
    qsizetype index() const { return m_index; } // among the parent's children

    std::vector<Child> children() const;

  private:
    SyntaxNode(std::shared_ptr<const void> owner, GreenView green, std::shared_ptr<const SyntaxNode> parent, qsizetype offset,
               qsizetype index)
        : m_owner(std::move(owner)), m_green(green), m_parent(std::move(parent)), m_offset(offset), m_index(index) {}

    std::shared_ptr<const void> m_owner;
    GreenView m_green;
    std::shared_ptr<const SyntaxNode> m_parent; // null for the root
    qsizetype m_offset = 0;
    qsizetype m_index = 0;
};

} // namespace postern::config::tree
