// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/tree/builder.h"

#include "base/contract.h"

#include <utility>

namespace postern::config::tree {

void Builder::start() {
    m_open.push_back(m_pieces.size());
    m_pieces.push_back({0, true, 1, 0});
}

void Builder::token(Kind kind, qsizetype length) {
    m_pieces.push_back({kind, false, 1, length});
}

void Builder::finish(Kind kind) {
    POSTERN_CHECK(!m_open.empty(), return);
    const size_t own = m_open.back();
    m_open.pop_back();
    qsizetype length = 0;
    for (size_t inside = own + 1; inside < m_pieces.size(); inside += m_pieces[inside].count)
        length += m_pieces[inside].length;
    m_pieces[own] = {kind, true, quint32(m_pieces.size() - own), length};
}

void Builder::dissolve() {
    POSTERN_CHECK(!m_open.empty(), return);
    m_pieces.erase(m_pieces.begin() + std::ptrdiff_t(m_open.back()));
    m_open.pop_back();
}

GreenTreePtr Builder::take(const QByteArray& text) {
    POSTERN_CHECK(m_open.empty(), m_open.clear());
    return std::make_shared<const GreenTree>(std::exchange(m_pieces, {}), text);
}

std::vector<Piece> Builder::takePieces() {
    POSTERN_CHECK(m_open.empty(), return {});
    return std::exchange(m_pieces, {});
}

} // namespace postern::config::tree
