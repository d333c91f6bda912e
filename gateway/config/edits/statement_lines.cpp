// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/edits/statement_lines.h"

namespace postern::config::edits {

namespace {
constexpr QByteArrayView kMark = "\xef\xbb\xbf";

qsizetype lineStart(const QByteArray& bytes, qsizetype offset) {
    const qsizetype newline = offset > 0 ? bytes.lastIndexOf('\n', offset - 1) : -1;
    if (newline >= 0)
        return newline + 1;
    return bytes.startsWith(kMark) && offset >= kMark.size() ? kMark.size() : 0;
}

// The file ends in a backslash that joins its last line to whatever follows; an even number of them are letters.
bool joinsNext(const QByteArray& bytes) {
    qsizetype begin = bytes.size();
    while (begin > 0 && bytes[begin - 1] == '\\')
        --begin;
    return (bytes.size() - begin) % 2 == 1;
}
} // namespace

Range linesOf(const Document& document, size_t statement) {
    Document::Cursor at = document.cursorAt(statement);
    // Back over blanks and joined lines to the newline or statement before.
    qsizetype from = at.offset();
    Document::Cursor before = at;
    for (before.previous(); before.isValid(); before.previous()) {
        const auto kind = TokenKind(before.child().kind());
        if (before.child().isNode() || (kind != TokenKind::Whitespace && kind != TokenKind::Continuation))
            break;
        from = before.offset();
    }
    qsizetype to = at.offset() + at.child().length();
    for (at.next(); at.isValid() && !at.child().isNode(); at.next()) {
        to = at.offset() + at.child().length();
        if (TokenKind(at.child().kind()) == TokenKind::Newline)
            break;
    }
    return {from, to - from};
}

qsizetype commentStart(const Document& document, size_t statement) {
    const qsizetype own = linesOf(document, statement).offset;
    qsizetype start = own;
    Document::Cursor at = document.cursorAt(statement);
    while (at.isValid() && at.offset() >= own)
        at.previous();
    while (at.isValid() && TokenKind(at.child().kind()) == TokenKind::Newline && !at.child().isNode()) {
        at.previous();
        if (!at.isValid() || at.child().isNode() || TokenKind(at.child().kind()) != TokenKind::Comment)
            break;
        const qsizetype begin = lineStart(document.bytes(), at.offset());
        at.previous();
        if (at.isValid() && !at.child().isNode() && TokenKind(at.child().kind()) == TokenKind::Whitespace)
            at.previous();
        const bool ownLine = !at.isValid() || (!at.child().isNode() && (TokenKind(at.child().kind()) == TokenKind::Newline ||
                                                                    TokenKind(at.child().kind()) == TokenKind::ByteOrderMark));
        if (!ownLine)
            break; // the comment of the statement before
        start = begin;
    }
    const qsizetype fileStart = lineStart(document.bytes(), 0);
    return start <= std::max(fileStart, document.bytes().startsWith(kMark) ? kMark.size() : 0) ? own : start;
}

QByteArray newlineOf(const Document& document) {
    const qsizetype at = document.bytes().indexOf('\n');
    return at > 0 && document.bytes()[at - 1] == '\r' ? "\r\n" : "\n";
}

QByteArray indentationOf(const Document& document, size_t statement) {
    const qsizetype end = document.cursorAt(statement).offset();
    const QByteArray before = document.bytes().mid(lineStart(document.bytes(), end), end - lineStart(document.bytes(), end));
    return before.trimmed().isEmpty() ? before : QByteArray();
}

tree::TextEdit insertedLines(const Document& document, qsizetype at, const QByteArray& text) {
    const QByteArray& bytes = document.bytes();
    const QByteArray newline = newlineOf(document);
    if (at == bytes.size() && at > 0 && !bytes.endsWith('\n') && bytes != kMark)
        return {{at, 0}, (joinsNext(bytes) ? newline + newline : newline) + text};
    return {{at, 0}, text + newline};
}

tree::TextEdit removedLines(const Document& document, Range lines) {
    const QByteArray& bytes = document.bytes();
    const QByteArrayView removed = QByteArrayView(bytes).sliced(lines.offset, lines.length);
    if (lines.end() == bytes.size() && !removed.endsWith('\n') && lines.offset > 0 && bytes[lines.offset - 1] == '\n') {
        const qsizetype newline = lines.offset > 1 && bytes[lines.offset - 2] == '\r' ? 2 : 1;
        return {{lines.offset - newline, lines.length + newline}, {}};
    }
    return {lines, {}};
}

} // namespace postern::config::edits
