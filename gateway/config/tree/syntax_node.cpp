// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/tree/syntax_node.h"

namespace postern::config::tree {

std::vector<SyntaxNode::Child> SyntaxNode::children() const {
    std::vector<Child> result;
    const auto self = std::make_shared<const SyntaxNode>(*this);
    qsizetype offset = m_offset;
    qsizetype index = 0;
    for (const GreenView child : m_green.children()) {
        Child made;
        if (child.isNode())
            made.node = std::shared_ptr<const SyntaxNode>(new SyntaxNode(m_owner, child, self, offset, index));
        else
            made.token = {child.kind(), child.bytes().toByteArray(), offset};
        result.push_back(std::move(made));
        offset += child.length();
        ++index;
    }
    return result;
}

} // namespace postern::config::tree
