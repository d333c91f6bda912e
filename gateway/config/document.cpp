// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/document.h"

#include "base/contract.h"
#include "config/parser.h"

#include <algorithm>

namespace postern::config {

DocumentPtr Document::parse(const QByteArray& file, const QByteArray& bytes, const ParseOptions& options) {
    MacroTable macros;
    return parse(file, bytes, options, macros, {});
}

DocumentPtr Document::parse(const QByteArray& file, const QByteArray& bytes, const ParseOptions& options,
                            MacroTable& macros, const IncludeHook& onInclude) {
    auto document = std::make_shared<Document>(Private(), file, bytes);
    const std::vector<Token> tokens = lex(bytes);
    const std::optional<Dialect> detected = options.dialect ? std::nullopt : detectDialect(bytes, tokens);
    document->m_dialect = options.dialect.value_or(detected.value_or(options.fallback));
    document->m_dialectWasDetected = detected.has_value();

    document->m_lineStarts.push_back(0);
    for (qsizetype at = bytes.indexOf('\n'); at >= 0; at = bytes.indexOf('\n', at + 1))
        document->m_lineStarts.push_back(at + 1);

    Parser::IncludeHook hook;
    if (onInclude) {
        hook = [&onInclude](const QByteArray& path, Range range, MacroTable& table) {
            Value value;
            value.text = path;
            value.range = range;
            onInclude(value, table);
        };
    }
    Parser::Output output = Parser(bytes, tokens, document->m_dialect, macros, hook).run();
    document->m_root = std::move(output.root);
    document->m_expansions = std::move(output.expansions);

    qsizetype offset = 0, index = 0;
    for (const tree::GreenChild& child : document->m_root->children()) {
        if (child.node)
            document->m_statements.push_back({index, offset});
        offset += child.length();
        ++index;
    }
    for (Parser::Note& note : output.notes)
        document->m_diagnostics.push_back(
            document->diagnosticAt(note.severity, note.range, std::move(note.text), std::move(note.suggestion), note.refusedBy));
    std::stable_sort(document->m_diagnostics.begin(), document->m_diagnostics.end(),
                     [](const Diagnostic& a, const Diagnostic& b) { return a.offset < b.offset; });
    return document;
}

StatementView Document::statement(size_t index) const {
    POSTERN_CHECK(index < m_statements.size(), index = 0);
    return StatementView(shared_from_this(), index);
}

std::vector<StatementView> Document::statements() const {
    std::vector<StatementView> result;
    result.reserve(m_statements.size());
    for (size_t i = 0; i < m_statements.size(); ++i)
        result.push_back(statement(i));
    return result;
}

size_t Document::statementBehind(qsizetype offset) const {
    const auto behind = std::upper_bound(m_statements.begin(), m_statements.end(), offset,
                                         [](qsizetype at, const Place& place) { return at < place.offset; });
    return size_t(behind - m_statements.begin());
}

QSet<QByteArray> Document::usedMacros() const {
    const auto isNamePart = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    QSet<QByteArray> names;
    for (const auto& [offset, value] : m_expansions) {
        qsizetype end = offset + 1; // behind the $
        while (end < m_bytes.size() && isNamePart(m_bytes[end]))
            ++end;
        names.insert(m_bytes.mid(offset + 1, end - offset - 1));
    }
    return names;
}

Document::Position Document::position(qsizetype offset) const {
    const auto behind = std::upper_bound(m_lineStarts.begin(), m_lineStarts.end(), offset);
    const auto line = std::prev(behind);
    return {int(line - m_lineStarts.begin()) + 1, int(offset - *line) + 1};
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

const MacroValue* Document::expansionAt(qsizetype offset) const {
    const auto found = std::lower_bound(m_expansions.begin(), m_expansions.end(), offset,
                                        [](const auto& entry, qsizetype at) { return entry.first < at; });
    return found != m_expansions.end() && found->first == offset ? found->second.get() : nullptr;
}

} // namespace postern::config
