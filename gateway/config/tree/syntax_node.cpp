// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/tree/syntax_node.h"

#include "base/contract.h"

namespace postern::config::tree {

std::vector<SyntaxNode::Child> SyntaxNode::children() const {
    std::vector<Child> result;
    result.reserve(m_green->children().size());
    const auto self = std::make_shared<const SyntaxNode>(*this);
    qsizetype offset = m_offset;
    qsizetype index = 0;
    for (const GreenChild& child : m_green->children()) {
        Child made;
        if (child.node)
            made.node = std::shared_ptr<const SyntaxNode>(new SyntaxNode(child.node, self, offset, index));
        else
            made.token = {child.kind, child.bytes, offset};
        result.push_back(std::move(made));
        offset += child.length();
        ++index;
    }
    return result;
}

SyntaxNode SyntaxNode::childAt(qsizetype index, qsizetype offset) const {
    const auto& children = m_green->children();
    POSTERN_CHECK(index >= 0 && index < qsizetype(children.size()) && children[size_t(index)].node, return *this);
    return SyntaxNode(children[size_t(index)].node, std::make_shared<const SyntaxNode>(*this), offset, index);
}

} // namespace postern::config::tree
