// SPDX-License-Identifier: GPL-3.0-or-later
//
// A document after an edit, made from the one before.
//
// The edit's lines are cut out where the parser was between two statements, read by themselves, and put back; all other
// blocks are shared. That is the same as reading everything, if what is read has no say over what is kept and the other
// way round. What could have a say is checked, and any doubt means a full parse: macros and includes among the lines, the
// evidence for the dialect, a quote that nothing closes, and limits that count over the whole file.
// A statement that now goes on into the next lines takes them in, twice as many each time.
#include "config/document.h"

#include "base/contract.h"
#include "config/block.h"

#include <algorithm>

namespace postern::config {

// Lines [from, to) of the old file and what stands there now.
struct Document::Region {
    qsizetype from = 0, to = 0;
    size_t nextEdit = 0;                // the first that is not inside
    qsizetype growth = 0;               // by how much longer the lines are now
    Lines lines;
};

qsizetype Document::cutAtOrBefore(qsizetype offset) const {
    if (m_blocks.empty())
        return 0;
    const Held& held = m_blocks[blockAt(offset)];
    return held.offset + held.block->cutAtOrBefore(offset - held.offset);
}

qsizetype Document::cutAtOrBehind(qsizetype offset) const {
    if (m_blocks.empty())
        return 0;
    const Held& held = m_blocks[blockAt(offset)];
    return held.offset + held.block->cutAtOrBehind(offset - held.offset);
}

void Document::keep(BlockList& list, qsizetype from, qsizetype to) const {
    if (from >= to)
        return;
    for (size_t i = blockAt(from); i < m_blocks.size() && m_blocks[i].offset < to; ++i) {
        const Held& held = m_blocks[i];
        list.keep(held.block, std::max(from - held.offset, qsizetype(0)),
                  std::min(to - held.offset, held.block->length()));
    }
}

// Everything defined above, the state behind the last include first.
MacroTable Document::macrosAt(qsizetype offset) const {
    std::vector<const Lines::MacroEvent*> definitions;
    MacroTable table = m_macros;
    for (size_t i = m_blocks.empty() ? 0 : blockAt(offset) + 1; i-- > 0;) {
        const auto& events = m_blocks[i].block->lines().events;
        const auto last = std::lower_bound(events.begin(), events.end(), offset - m_blocks[i].offset,
                                           [](const auto& event, qsizetype at) { return event.offset < at; });
        bool sawInclude = false;
        for (auto event = last; event != events.begin() && !sawInclude;) {
            --event;
            sawInclude = event->included != nullptr;
            if (sawInclude)
                table = event->included->behind;
            else
                definitions.push_back(&*event);
        }
        if (sawInclude)
            break;
    }
    for (auto one = definitions.rbegin(); one != definitions.rend(); ++one)
        table.define((*one)->name, (*one)->value);
    table.startCounting();
    return table;
}

bool Document::sameMacroEvents(qsizetype from, qsizetype to, const Lines& lines) const {
    size_t next = 0;
    for (size_t i = blockAt(from); i < m_blocks.size() && m_blocks[i].offset < to; ++i) {
        for (const Lines::MacroEvent& old : m_blocks[i].block->lines().events) {
            const qsizetype offset = m_blocks[i].offset + old.offset;
            if (offset < from || offset >= to)
                continue;
            if (old.included || next == lines.events.size())
                return false;
            const Lines::MacroEvent& now = lines.events[next++];
            if (now.name != old.name || *now.value != *old.value)
                return false;
        }
    }
    return next == lines.events.size();
}

namespace {

// No statement goes on behind these.
bool endsWithLine(const std::vector<tree::Piece>& pieces) {
    bool result = true;
    for (size_t i = 0; i < pieces.size(); i += pieces[i].count)
        result = isLineEnd(pieces[i]);
    return result;
}

} // namespace

// False: the whole file has to be read.
bool Document::readRegion(Region& region, qsizetype delta, const std::vector<tree::TextEdit>& edits, Document& into) const {
    const qsizetype end = m_bytes.size();
    for (qsizetype step = 1;; step *= 2) {
        while (region.nextEdit < edits.size() &&
               (edits[region.nextEdit].range.offset < region.to || region.to == end)) {
            const tree::TextEdit& edit = edits[region.nextEdit++];
            region.growth += edit.replacement.size() - edit.range.length;
            region.to = std::max(region.to, cutAtOrBehind(edit.range.end()));
        }
        const qsizetype start = region.from + delta;
        const qsizetype length = region.to - region.from + region.growth;
        const QByteArrayView rest = QByteArrayView(into.m_bytes).sliced(start);
        const std::vector<Token> tokens = lexPart(rest, length, start == 0);
        const qsizetype read = tokens.empty() ? 0 : qsizetype(tokens.back().offset) + tokens.back().length;
        const bool isWhole = region.to == end;
        const bool fits = isWhole || (length == 0 && start > 0) ||
                          (length > 0 && read == length && tokens.back().kind == TokenKind::Newline);
        if (fits) {
            MacroTable macros;
            const auto is = [](TokenKind kind) { return [kind](const Token& token) { return token.kind == kind; }; };
            if (std::any_of(tokens.begin(), tokens.end(), is(TokenKind::MacroUse)))
                macros = macrosAt(region.from);
            bool sawInclude = false;
            const Parser::IncludeHook hook = [&sawInclude](const QByteArray&, Range, MacroTable&) { sawInclude = true; };
            Parser::Output output = Parser(rest.first(length), tokens, m_dialect, macros, hook).run();
            if (isWhole || endsWithLine(output.pieces)) {
                Lines lines;
                lines.length = length;
                lines.pieces = std::move(output.pieces);
                lines.expansions = std::move(output.expansions);
                lines.notes = std::move(output.notes);
                lines.carriageReturns = std::move(output.carriageReturns);
                std::stable_sort(lines.notes.begin(), lines.notes.end(),
                                 [](const auto& a, const auto& b) { return a.range.offset < b.range.offset; });
                for (Parser::Definition& one : output.definitions)
                    lines.events.push_back({one.offset, std::move(one.name), std::move(one.value), {}});
                for (const Token& token : tokens) {
                    if (token.kind == TokenKind::UnclosedString)
                        lines.openQuotes.push_back(token.offset);
                }
                if (sawInclude || macros.isExhausted() || !sameMacroEvents(region.from, region.to, lines))
                    return false;
                const QByteArrayView before = QByteArrayView(m_bytes).sliced(region.from);
                const std::vector<Token> old = lexPart(before, region.to - region.from, region.from == 0);
                into.m_evidence -= dialectEvidence(before, old);
                into.m_evidence += dialectEvidence(rest, tokens);
                into.m_tokenCount += tokens.size();
                into.m_tokenCount -= old.size();
                into.m_expanded += macros.spent();
                region.lines = std::move(lines);
                return true;
            }
        }
        constexpr qsizetype kMostSteps = 1024; // beyond, reading everything costs no more
        if (isWhole || step > kMostSteps)
            return false;
        for (qsizetype i = 0; i < step && region.to < end; ++i)
            region.to = cutAtOrBehind(region.to + 1);
    }
}

Result<DocumentPtr> Document::editedInPlace(const std::vector<tree::TextEdit>& unsorted) const {
    const Result<QByteArray> bytes = tree::applyEdits(m_bytes, unsorted);
    if (!bytes)
        return bytes.error();
    constexpr size_t kMostEdits = 20000; // beyond, reading everything is no slower
    const DocumentPtr whole;
    if (m_isLimited || unsorted.size() > kMostEdits || bytes->size() > kMostBytesLexed)
        return whole;
    std::vector<tree::TextEdit> edits = unsorted;
    std::stable_sort(edits.begin(), edits.end(), [](const tree::TextEdit& a, const tree::TextEdit& b) {
        return a.range.offset < b.range.offset;
    });
    auto document = std::make_shared<Document>(Private(), m_file, *bytes);
    document->m_options = m_options;
    document->m_dialect = m_dialect;
    document->m_dialectWasDetected = m_dialectWasDetected;
    document->m_evidence = m_evidence;
    document->m_macros = m_macros;
    document->m_tokenCount = m_tokenCount;
    document->m_expanded = m_expanded;

    BlockList list(document->m_bytes);
    qsizetype done = 0, delta = 0;
    for (size_t next = 0; next < edits.size();) {
        Region region;
        region.from = std::max(done, cutAtOrBefore(edits[next].range.offset));
        // The first line, which may begin with a byte order mark, is never kept where something changes before it.
        region.to = std::max(region.from, cutAtOrBehind(std::max(edits[next].range.end(), qsizetype(region.from == 0))));
        region.growth = edits[next].replacement.size() - edits[next].range.length;
        region.nextEdit = next + 1;
        if (m_firstOpenQuote >= 0 && m_firstOpenQuote < region.from)
            return whole;
        if (!readRegion(region, delta, edits, *document))
            return whole;
        keep(list, done, region.from);
        list.add(std::move(region.lines));
        done = region.to;
        delta += region.growth;
        next = region.nextEdit;
    }
    keep(list, done, m_bytes.size());
    if (document->m_tokenCount > kMostTokens || document->m_expanded > kMostExpanded)
        return whole;
    const auto detected = m_options.dialect ? std::nullopt : detectDialect(document->m_evidence);
    if (detected.has_value() != m_dialectWasDetected || (detected && *detected != m_dialect))
        return whole;
    document->hold(list.take());
    if (document->m_isLimited)
        return whole;
    return DocumentPtr(std::move(document));
}

Result<DocumentPtr> Document::edited(const std::vector<tree::TextEdit>& edits) const {
    Result<DocumentPtr> quick = editedInPlace(edits);
    if (!quick || *quick)
        return quick;
    const Result<QByteArray> bytes = tree::applyEdits(m_bytes, edits);
    if (!bytes)
        return bytes.error();
    QHash<QByteArray, std::shared_ptr<const Lines::Included>> included;
    for (const Held& held : m_blocks) {
        for (const Lines::MacroEvent& event : held.block->lines().events) {
            if (event.included)
                included.insert(event.name, event.included);
        }
    }
    MacroTable macros = m_macros;
    const auto replay = [&included](const Value& path, MacroTable& table) {
        if (const auto known = included.value(path.text))
            table.defineChanges(known->before, known->behind);
    };
    return Document::parse(m_file, *bytes, m_options, macros, replay);
}

} // namespace postern::config
