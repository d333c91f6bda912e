// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/block.h"

#include <algorithm>
#include <utility>

namespace postern::config {

namespace {

constexpr size_t kChildrenPerBlock = 512; // small enough to be made anew for each edit, large enough to be few

qsizetype placeOf(qsizetype offset) { return offset; }
qsizetype placeOf(const Parser::Note& note) { return note.range.offset; }
qsizetype placeOf(const std::pair<qsizetype, MacroValuePtr>& expansion) { return expansion.first; }
qsizetype placeOf(const Lines::MacroEvent& event) { return event.offset; }
qsizetype placeOf(const Parser::CarriageReturn& one) { return one.range.offset; }

void shift(qsizetype& offset, qsizetype by) { offset += by; }
void shift(Parser::Note& note, qsizetype by) { note.range.offset += by; }
void shift(std::pair<qsizetype, MacroValuePtr>& expansion, qsizetype by) { expansion.first += by; }
void shift(Lines::MacroEvent& event, qsizetype by) { event.offset += by; }
void shift(Parser::CarriageReturn& one, qsizetype by) { one.range.offset += by; }

template <class T>
void appendShifted(std::vector<T>& to, std::vector<T>&& from, qsizetype by) {
    for (T& one : from) {
        shift(one, by);
        to.push_back(std::move(one));
    }
}

// Those in [from, to), counted from `from`; what stands at the very end of the file belongs to the lines that end there.
template <class T>
std::vector<T> sliced(const std::vector<T>& all, qsizetype from, qsizetype to, bool toEnd) {
    const auto before = [](const T& one, qsizetype at) { return placeOf(one) < at; };
    const auto first = std::lower_bound(all.begin(), all.end(), from, before);
    const auto last = toEnd ? all.end() : std::lower_bound(first, all.end(), to, before);
    std::vector<T> result(first, last);
    for (T& one : result)
        shift(one, -from);
    return result;
}

} // namespace

void Lines::append(Lines&& other) {
    if (length == 0 && pieces.empty()) {
        *this = std::move(other);
        return;
    }
    pieces.insert(pieces.end(), other.pieces.begin(), other.pieces.end());
    appendShifted(notes, std::move(other.notes), length);
    appendShifted(expansions, std::move(other.expansions), length);
    appendShifted(events, std::move(other.events), length);
    appendShifted(openQuotes, std::move(other.openQuotes), length);
    appendShifted(carriageReturns, std::move(other.carriageReturns), length);
    length += other.length;
}

Lines Lines::slice(qsizetype from, qsizetype to) const {
    Lines result;
    result.length = to - from;
    qsizetype offset = 0;
    for (auto piece = pieces.begin(); piece != pieces.end(); piece += piece->count) {
        if (offset >= from && offset < to)
            result.pieces.insert(result.pieces.end(), piece, piece + piece->count);
        offset += piece->length;
    }
    const bool toEnd = to == length;
    result.notes = sliced(notes, from, to, toEnd);
    result.expansions = sliced(expansions, from, to, toEnd);
    result.events = sliced(events, from, to, toEnd);
    result.openQuotes = sliced(openQuotes, from, to, toEnd);
    result.carriageReturns = sliced(carriageReturns, from, to, toEnd);
    return result;
}

Block::Block(Lines lines, QByteArrayView text) : m_lines(std::move(lines)), m_text(text.toByteArray()) {
    const std::vector<tree::Piece>& pieces = m_lines.pieces;
    qsizetype offset = 0;
    for (size_t i = 0; i < pieces.size(); i += pieces[i].count) {
        if (pieces[i].isNode)
            m_statements.push_back({m_children.size(), offset});
        m_children.push_back(quint32(i));
        offset += pieces[i].length;
    }
    for (qsizetype at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1))
        m_lineStarts.push_back(at + 1);
}

qsizetype Block::cutAtOrBefore(qsizetype at) const {
    qsizetype cut = 0, offset = 0;
    for (const quint32 child : m_children) {
        const tree::Piece& piece = m_lines.pieces[child];
        offset += piece.length;
        if (offset > at)
            break;
        if (isLineEnd(piece))
            cut = offset;
    }
    return cut;
}

qsizetype Block::cutAtOrBehind(qsizetype at) const {
    if (at <= 0)
        return 0;
    qsizetype offset = 0;
    for (const quint32 child : m_children) {
        const tree::Piece& piece = m_lines.pieces[child];
        offset += piece.length;
        if (offset >= at && isLineEnd(piece))
            return offset;
    }
    return m_lines.length;
}

void BlockList::add(Lines lines) {
    m_waiting.append(std::move(lines));
}

void BlockList::keep(const BlockPtr& block, qsizetype from, qsizetype to) {
    if (from >= to && block->length() > 0)
        return;
    if (from > 0 || to < block->length())
        return m_waiting.append(block->lines().slice(from, to));
    flush();
    m_blocks.push_back(block);
    m_done += block->length();
}

std::vector<BlockPtr> BlockList::take() {
    flush();
    return std::move(m_blocks);
}

// Cuts what waits at line ends. The parts are moved out of it front to back, so a whole file is cut in linear time.
void BlockList::flush() {
    Lines all = std::exchange(m_waiting, {});
    const auto drain = [](auto& to, auto& from, size_t& next, qsizetype begin, qsizetype end, bool isLast) {
        for (; next < from.size() && (isLast || placeOf(from[next]) < end); ++next) {
            shift(from[next], -begin);
            to.push_back(std::move(from[next]));
        }
    };
    const std::vector<tree::Piece>& pieces = all.pieces;
    size_t left = 0; // children
    for (size_t at = 0; at < pieces.size(); at += pieces[at].count)
        ++left;
    size_t note = 0, expansion = 0, event = 0, quote = 0, carriageReturn = 0;
    qsizetype start = 0;
    for (size_t from = 0; from < pieces.size();) {
        Lines part;
        const size_t wanted = left < kChildrenPerBlock + kChildrenPerBlock / 2 ? left : kChildrenPerBlock;
        size_t to = from;
        bool isAtLineEnd = false;
        for (size_t children = 0; to < pieces.size() && (children < wanted || !isAtLineEnd); ++children, --left) {
            part.length += pieces[to].length;
            isAtLineEnd = isLineEnd(pieces[to]);
            to += pieces[to].count;
        }
        part.pieces.assign(pieces.begin() + std::ptrdiff_t(from), pieces.begin() + std::ptrdiff_t(to));
        from = to;
        const qsizetype end = start + part.length;
        const bool isLast = from == pieces.size();
        drain(part.notes, all.notes, note, start, end, isLast);
        drain(part.expansions, all.expansions, expansion, start, end, isLast);
        drain(part.events, all.events, event, start, end, isLast);
        drain(part.openQuotes, all.openQuotes, quote, start, end, isLast);
        drain(part.carriageReturns, all.carriageReturns, carriageReturn, start, end, isLast);
        const QByteArrayView text = m_text.sliced(m_done, part.length);
        m_done += part.length;
        m_blocks.push_back(std::make_shared<const Block>(std::move(part), text));
        start = end;
    }
}

} // namespace postern::config
