// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/document.h"

#include "base/contract.h"
#include "config/block.h"

#include <algorithm>

namespace postern::config {

DocumentPtr Document::parse(const QByteArray& file, const QByteArray& bytes, const ParseOptions& options) {
    MacroTable macros;
    return parse(file, bytes, options, macros, {});
}

DocumentPtr Document::parse(const QByteArray& file, const QByteArray& bytes, const ParseOptions& options,
                            MacroTable& macros, const IncludeHook& onInclude) {
    auto document = std::make_shared<Document>(Private(), file, bytes);
    document->m_options = options;
    document->m_macros = macros;
    Lines lines;
    lines.length = bytes.size();
    {
        const std::vector<Token> tokens = lex(bytes);
        document->m_tokenCount = tokens.size();
        for (const Token& token : tokens) {
            if (token.kind == TokenKind::UnclosedString)
                lines.openQuotes.push_back(token.offset);
            else if (token.kind == TokenKind::Unread)
                document->m_isLimited = true;
        }
        document->m_evidence = dialectEvidence(bytes, tokens);
        const auto detected = options.dialect ? std::nullopt : detectDialect(document->m_evidence);
        document->m_dialect = options.dialect.value_or(detected.value_or(options.fallback));
        document->m_dialectWasDetected = detected.has_value();

        std::vector<Lines::MacroEvent> included;
        const Parser::IncludeHook hook = [&](const QByteArray& path, Range range, MacroTable& table) {
            MacroTable before = table;
            if (onInclude) {
                Value value;
                value.text = path;
                value.range = range;
                onInclude(value, table);
            }
            included.push_back({range.offset, path, {},
                                std::make_shared<const Lines::Included>(Lines::Included{std::move(before), table})});
        };
        Parser::Output output = Parser(bytes, tokens, document->m_dialect, macros, hook).run();
        lines.pieces = std::move(output.pieces);
        lines.expansions = std::move(output.expansions);
        lines.notes = std::move(output.notes);
        lines.carriageReturns = std::move(output.carriageReturns);
        std::stable_sort(lines.notes.begin(), lines.notes.end(),
                         [](const auto& a, const auto& b) { return a.range.offset < b.range.offset; });
        for (Parser::Definition& one : output.definitions)
            lines.events.push_back({one.offset, std::move(one.name), std::move(one.value), {}});
        lines.events.insert(lines.events.end(), included.begin(), included.end());
        std::stable_sort(lines.events.begin(), lines.events.end(),
                         [](const auto& a, const auto& b) { return a.offset < b.offset; });
    }
    document->m_expanded = macros.spent();
    document->m_isLimited = document->m_isLimited || macros.isExhausted();
    BlockList list(document->m_bytes);
    list.add(std::move(lines));
    document->hold(list.take());
    return document;
}

void Document::hold(std::vector<BlockPtr> blocks) {
    Held held;
    m_blocks.reserve(blocks.size());
    size_t forOthers = 0, lastForOthers = 0;
    enum class Said : quint8 { Nothing, First, Refused } said = Said::Nothing;
    for (BlockPtr& block : blocks) {
        held.block = std::move(block);
        m_blocks.push_back(held);
        const auto& notes = held.block->lines().notes;
        const auto& returns = held.block->lines().carriageReturns;
        auto next = returns.begin();
        // The first line end with a CR, and the first that a reader of the language refuses.
        const auto sayCarriageReturns = [&](qsizetype before) {
            for (; next != returns.end() && said != Said::Refused && next->range.offset <= before; ++next) {
                if (said != Said::Nothing && !next->isRefused)
                    continue;
                m_diagnostics.push_back(diagnosticAt(said == Said::Nothing ? Severity::Note : Severity::ForOthers,
                                                     {held.offset + next->range.offset, next->range.length},
                                                     "lines end in CR LF; OpenSMTPD reads LF only", {},
                                                     next->isRefused ? kReaders : Targets(0)));
                said = next->isRefused ? Said::Refused : Said::First;
            }
        };
        for (const Parser::Note& note : notes) {
            const bool isForOthers = note.severity == Severity::ForOthers;
            size_t& count = isForOthers ? forOthers : m_noteCount;
            if (isForOthers && count > kMostDiagnostics) { // the last one shown says at least who refuses
                m_diagnostics[lastForOthers].refusedBy |= note.refusedBy;
                ++count;
                continue;
            }
            sayCarriageReturns(note.range.offset);
            if (isForOthers && count == kMostDiagnostics)
                lastForOthers = m_diagnostics.size();
            const bool isLast = isForOthers && count++ == kMostDiagnostics;
            if (!isForOthers)
                ++count;
            if (isLast) {
                m_diagnostics.push_back(diagnosticAt(note.severity, {held.offset + note.range.offset, note.range.length},
                                                     "too many errors; what follows is not reported", {}, note.refusedBy));
                continue;
            }
            m_diagnostics.push_back(diagnosticAt(note.severity, {held.offset + note.range.offset, note.range.length},
                                                 note.text, note.suggestion, note.refusedBy));
        }
        sayCarriageReturns(held.block->length());
        if (m_firstOpenQuote < 0 && !held.block->lines().openQuotes.empty())
            m_firstOpenQuote = held.offset + held.block->lines().openQuotes.front();
        held.offset += held.block->length();
        held.statements += held.block->statements().size();
        held.lines += held.block->lineStarts().size();
    }
    m_statementCount = held.statements;
    m_isLimited = m_isLimited || m_noteCount >= kMostDiagnostics || forOthers >= kMostNotesForOthers;
}

tree::SyntaxNode Document::root() const {
    std::vector<tree::Piece> pieces(1);
    for (const Held& held : m_blocks)
        pieces.insert(pieces.end(), held.block->lines().pieces.begin(), held.block->lines().pieces.end());
    pieces.front() = {raw(NodeKind::File), true, quint32(pieces.size()), m_bytes.size()};
    return tree::SyntaxNode(std::make_shared<const tree::GreenTree>(std::move(pieces), m_bytes));
}

StatementView Document::statement(size_t index) const {
    POSTERN_CHECK(index < m_statementCount, index = 0);
    return StatementView(shared_from_this(), index);
}

StatementKind Document::statementKind(size_t index) const {
    POSTERN_CHECK(index < m_statementCount, return StatementKind::None);
    return StatementKind(cursorAt(index).child().kind());
}

std::vector<StatementView> Document::statements() const {
    std::vector<StatementView> result;
    result.reserve(m_statementCount);
    for (size_t i = 0; i < m_statementCount; ++i)
        result.push_back(statement(i));
    return result;
}

size_t Document::blockAt(qsizetype offset) const {
    const auto behind = std::upper_bound(m_blocks.begin(), m_blocks.end(), offset,
                                         [](qsizetype at, const Held& held) { return at < held.offset; });
    return behind == m_blocks.begin() ? 0 : size_t(behind - m_blocks.begin()) - 1;
}

size_t Document::blockOfStatement(size_t statement) const {
    const auto behind = std::upper_bound(m_blocks.begin(), m_blocks.end(), statement,
                                         [](size_t at, const Held& held) { return at < held.statements; });
    return size_t(behind - m_blocks.begin()) - 1;
}

size_t Document::statementBehind(qsizetype offset) const {
    if (m_blocks.empty())
        return 0;
    const Held& held = m_blocks[blockAt(offset)];
    const auto& places = held.block->statements();
    const auto behind = std::upper_bound(places.begin(), places.end(), offset - held.offset,
                                         [](qsizetype at, const Block::Place& place) { return at < place.offset; });
    return held.statements + size_t(behind - places.begin());
}

QSet<QByteArray> Document::usedMacros() const {
    const auto isNamePart = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    QSet<QByteArray> names;
    for (const Held& held : m_blocks) {
        for (const auto& [inside, value] : held.block->lines().expansions) {
            const qsizetype offset = held.offset + inside;
            qsizetype end = offset + 1; // behind the $
            while (end < m_bytes.size() && isNamePart(m_bytes[end]))
                ++end;
            names.insert(m_bytes.mid(offset + 1, end - offset - 1));
        }
    }
    return names;
}

Document::Position Document::position(qsizetype offset) const {
    if (m_blocks.empty())
        return {};
    const Held& held = m_blocks[blockAt(offset)];
    const qsizetype inside = offset - held.offset;
    const auto& starts = held.block->lineStarts();
    const auto behind = std::upper_bound(starts.begin(), starts.end(), inside);
    const qsizetype line = behind == starts.begin() ? 0 : *std::prev(behind);
    return {int(held.lines) + int(behind - starts.begin()) + 1, int(inside - line) + 1};
}

Diagnostic Document::diagnosticAt(Severity severity, Range range, QByteArray text, QByteArray suggestion) const {
    return diagnosticAt(severity, range, std::move(text), std::move(suggestion), usuallyRefusedBy(severity));
}

Diagnostic Document::diagnosticAt(Severity severity, Range range, QByteArray text, QByteArray suggestion,
                                  Targets refusedBy) const {
    const Position at = position(range.offset);
    return {severity,         m_file, at.line, at.column, range.offset, range.length, std::move(text), std::move(suggestion),
            refusedBy};
}

std::vector<size_t> Document::includes() const {
    std::vector<size_t> result;
    for (const Held& held : m_blocks) {
        for (const Lines::MacroEvent& event : held.block->lines().events) {
            if (event.included)
                result.push_back(statementBehind(held.offset + event.offset) - 1);
        }
    }
    return result;
}

Document::MacroOrigin Document::macroOrigin(const QByteArray& name, qsizetype at) const {
    if (m_macros.isFixed(name))
        return {MacroOrigin::Where::CommandLine, 0, {}};
    for (size_t i = m_blocks.empty() ? 0 : blockAt(at) + 1; i-- > 0;) {
        const auto& events = m_blocks[i].block->lines().events;
        for (auto event = events.rbegin(); event != events.rend(); ++event) {
            const qsizetype offset = m_blocks[i].offset + event->offset;
            if (offset >= at)
                continue;
            if (!event->included && event->name == name)
                return {MacroOrigin::Where::Here, offset, {}};
            if (event->included && event->included->behind.find(name) != event->included->before.find(name))
                return {MacroOrigin::Where::Included, offset, event->name};
        }
    }
    return {};
}

const MacroValue* Document::expansionAt(qsizetype offset) const {
    if (m_blocks.empty())
        return nullptr;
    const Held& held = m_blocks[blockAt(offset)];
    const auto& expansions = held.block->lines().expansions;
    const auto found = std::lower_bound(expansions.begin(), expansions.end(), offset - held.offset,
                                        [](const auto& entry, qsizetype at) { return entry.first < at; });
    return found != expansions.end() && found->first == offset - held.offset ? found->second.get() : nullptr;
}

Document::Cursor Document::cursorAt(size_t statement) const {
    POSTERN_CHECK(statement < m_statementCount, return {});
    const size_t block = blockOfStatement(statement);
    const Held& held = m_blocks[block];
    const Block::Place& place = held.block->statements()[statement - held.statements];
    Cursor cursor;
    cursor.m_document = this;
    cursor.m_block = std::ptrdiff_t(block);
    cursor.m_child = place.child;
    cursor.m_offset = held.offset + place.offset;
    return cursor;
}

Document::Cursor Document::begin() const {
    Cursor cursor;
    cursor.m_document = this;
    cursor.m_block = m_blocks.empty() ? -1 : 0;
    return cursor;
}

tree::GreenView Document::Cursor::child() const {
    const Held& held = m_document->m_blocks[size_t(m_block)];
    return held.block->child(m_child, m_offset - held.offset);
}

void Document::Cursor::next() {
    m_offset += child().length();
    if (++m_child < m_document->m_blocks[size_t(m_block)].block->childCount())
        return;
    m_child = 0;
    if (size_t(++m_block) == m_document->m_blocks.size())
        m_block = -1;
}

void Document::Cursor::previous() {
    if (m_child == 0) {
        if (m_block-- == 0)
            return;
        m_child = m_document->m_blocks[size_t(m_block)].block->childCount();
    }
    --m_child;
    m_offset -= child().length(); // known before its place is
}

} // namespace postern::config
