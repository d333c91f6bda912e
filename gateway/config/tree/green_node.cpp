// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/tree/green_node.h"

namespace postern::config::tree {

namespace {

void appendText(const GreenNode& node, QByteArray& out) {
    for (const GreenChild& child : node.children()) {
        if (child.node)
            appendText(*child.node, out);
        else
            out += child.bytes;
    }
}

} // namespace

qsizetype GreenChild::length() const {
    return node ? node->length() : bytes.size();
}

GreenNode::GreenNode(Kind kind, std::vector<GreenChild> children)
    : m_kind(kind), m_children(std::move(children)) {
    for (const GreenChild& child : m_children)
        m_length += child.length();
}

QByteArray GreenNode::text() const {
    QByteArray out;
    out.reserve(m_length);
    appendText(*this, out);
    return out;
}

} // namespace postern::config::tree
