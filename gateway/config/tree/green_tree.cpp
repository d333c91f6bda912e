// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/tree/green_tree.h"

#include "base/contract.h"

namespace postern::config::tree {

GreenTree::GreenTree(std::vector<Piece> pieces, QByteArray text) : m_pieces(std::move(pieces)), m_text(std::move(text)) {
    POSTERN_CHECK(!m_pieces.empty() && m_pieces.front().count == m_pieces.size() && m_pieces.front().length == m_text.size(),
                  m_pieces.assign(1, {0, true, 1, m_text.size()}));
}

} // namespace postern::config::tree
