// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/tree/builder.h"

#include "base/contract.h"

#include <iterator>
#include <utility>

namespace postern::config::tree {

namespace {
constexpr qsizetype kSharedLength = 16; // keywords, blanks, newlines
} // namespace

void Builder::start() {
    m_starts.push_back(m_children.size());
}

void Builder::token(Kind kind, QByteArrayView bytes) {
    m_children.push_back({nullptr, kind, shared(bytes)});
}

void Builder::finish(Kind kind) {
    POSTERN_CHECK(!m_starts.empty(), return);
    const auto from = m_children.begin() + std::ptrdiff_t(m_starts.back());
    std::vector<GreenChild> own(std::make_move_iterator(from), std::make_move_iterator(m_children.end()));
    m_children.erase(from, m_children.end());
    m_starts.pop_back();
    m_children.push_back({std::make_shared<const GreenNode>(kind, std::move(own)), kind, {}});
}

void Builder::dissolve() {
    POSTERN_CHECK(!m_starts.empty(), return);
    m_starts.pop_back();
}

bool Builder::isEmpty() const {
    return m_children.size() == (m_starts.empty() ? 0 : m_starts.back());
}

GreenNodePtr Builder::take() {
    POSTERN_CHECK(m_starts.empty() && m_children.size() == 1 && m_children.front().node,
                  return std::make_shared<const GreenNode>(Kind{0}, std::vector<GreenChild>{}));
    GreenNodePtr root = std::move(m_children.front().node);
    m_children.clear();
    return root;
}

std::vector<GreenChild> Builder::takeOpen() {
    POSTERN_CHECK(m_starts.size() == 1 && m_starts.front() == 0, return {});
    m_starts.clear();
    return std::exchange(m_children, {});
}

QByteArray Builder::shared(QByteArrayView bytes) {
    if (bytes.size() > kSharedLength)
        return bytes.toByteArray();
    if (bytes.isEmpty())
        return {};
    const auto at = [bytes](qsizetype index) { return size_t(static_cast<unsigned char>(bytes[index])); };
    const qsizetype last = bytes.size() - 1;
    QByteArray& slot = m_short[(at(0) * 31 + at(last / 2) * 7 + at(last) * 3 + size_t(last)) % m_short.size()];
    if (slot != bytes)
        slot = bytes.toByteArray();
    return slot;
}

} // namespace postern::config::tree
