// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/edits/table_file.h"

#include <algorithm>

namespace postern::config::edits {

namespace {

bool isBlank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

struct Line {
    Range whole; // with its newline
    Range key, value;
    bool hasValue = false;
};

struct File {
    std::vector<Line> lines; // those with entries
    bool isList = false;
};

// Key and value of a data line; the value is what follows the blanks or colon behind the key.
Line mappingLine(const QByteArray& text, Range whole, qsizetype from, qsizetype to) {
    Line line;
    line.whole = whole;
    qsizetype end = from;
    if (text[from] == '[') {
        const qsizetype close = text.indexOf(']', from);
        end = close >= 0 && close < to ? close + 1 : to;
    }
    while (end < to && !isBlank(text[end]) && text[end] != ':')
        ++end;
    qsizetype value = end;
    if (value < to && text[value] == ':')
        ++value;
    while (value < to && isBlank(text[value]))
        ++value;
    line.key = {from, end - from};
    line.value = {value, to - value};
    line.hasValue = end < to;
    return line;
}

File read(const QByteArray& text) {
    File file;
    bool decided = false;
    for (qsizetype at = 0; at < text.size();) {
        const qsizetype newline = text.indexOf('\n', at);
        const qsizetype next = newline < 0 ? text.size() : newline + 1;
        qsizetype from = at, to = newline < 0 ? text.size() : newline;
        while (from < to && isBlank(text[from]))
            ++from;
        while (to > from && isBlank(text[to - 1]))
            --to;
        const Range whole{at, next - at};
        at = next;
        if (from == to)
            continue;
        if (text[from] == '#') {
            if (!decided && QByteArrayView(text).sliced(from, to - from).startsWith("# @list"))
                file.isList = decided = true;
            continue;
        }
        Line line = mappingLine(text, whole, from, to);
        if (!decided)
            file.isList = !line.hasValue;
        decided = true;
        if (file.isList)
            line = {whole, {from, to - from}, {to, 0}, false};
        file.lines.push_back(line);
    }
    return file;
}

QByteArray bytesOf(const QByteArray& text, Range range) {
    return text.mid(range.offset, range.length);
}

Result<void> checkEntry(const File& file, const TableEntry& entry) {
    const auto unwritable = [](const QByteArray& one) {
        return one.isEmpty() || one != one.trimmed() || one.contains('\n') || one.contains('\r') || one.contains('\0');
    };
    if (unwritable(entry.key) || (entry.value && unwritable(*entry.value)))
        return refusal("an entry of a table file cannot be empty, begin or end with blanks, or hold a line break");
    if (entry.key.startsWith('#'))
        return refusal("a line that begins with # is a comment in a table file");
    if (!file.lines.empty() && file.isList == entry.value.has_value())
        return refusal(file.isList ? "this table is a list; its entries have no values" : "this table has keys with values; give a value");
    const bool isAddress = entry.key.startsWith('[') && entry.key.endsWith(']');
    const bool ends = std::any_of(entry.key.begin(), entry.key.end(), [](char c) { return isBlank(c) || c == ':'; });
    if (entry.value && ends && !isAddress)
        return refusal("a key ends at the first blank, tab or colon in a table file");
    return {};
}

const Line* find(const QByteArray& text, const File& file, const QByteArray& key) { // the last one counts
    for (auto line = file.lines.rbegin(); line != file.lines.rend(); ++line) {
        if (bytesOf(text, line->key).compare(key, Qt::CaseInsensitive) == 0)
            return &*line;
    }
    return nullptr;
}

using Entries = std::vector<std::pair<QByteArray, QByteArray>>;

Entries entriesOf(const QByteArray& text) {
    Entries entries;
    for (const Line& line : read(text).lines)
        entries.emplace_back(bytesOf(text, line.key), bytesOf(text, line.value));
    return entries;
}

Result<std::vector<tree::TextEdit>> checked(const QByteArray& text, std::vector<tree::TextEdit> edits, const Entries& wanted) {
    const Result<QByteArray> now = tree::applyEdits(text, edits);
    if (!now)
        return now.error();
    if (entriesOf(*now) != wanted)
        return refusal("written into this file, it would not be read as what was asked");
    return edits;
}

Error notThere(const QByteArray& key) {
    return Error{ErrorCode::NotFound, "the table has no entry \"" + key + '"', Permanence::Permanent};
}

} // namespace

Result<std::vector<tree::TextEdit>> addTableLine(const QByteArray& text, const TableEntry& entry) {
    const File file = read(text);
    if (const auto good = checkEntry(file, entry); !good)
        return good.error();
    if (find(text, file, entry.key))
        return Error{ErrorCode::Exists, "the table has an entry \"" + entry.key + "\" already", Permanence::Permanent};
    QByteArray line = entry.key, indentation;
    if (entry.value) {
        QByteArray gap = "\t";
        if (!file.lines.empty()) {
            const Line& model = file.lines.back();
            gap = text.mid(model.key.end(), model.value.offset - model.key.end());
        }
        line += gap + *entry.value;
    }
    const qsizetype first = text.indexOf('\n');
    const QByteArray newline = first > 0 && text[first - 1] == '\r' ? "\r\n" : "\n";
    if (!file.lines.empty())
        indentation = text.mid(file.lines.back().whole.offset, file.lines.back().key.offset - file.lines.back().whole.offset);
    const qsizetype at = file.lines.empty() ? text.size() : file.lines.back().whole.end();
    const bool needsNewline = at > 0 && text[at - 1] != '\n';
    Entries wanted = entriesOf(text);
    wanted.emplace_back(entry.key, entry.value.value_or(QByteArray()));
    return checked(text, {{{at, 0}, needsNewline ? newline + indentation + line : indentation + line + newline}}, wanted);
}

Result<std::vector<tree::TextEdit>> changeTableLine(const QByteArray& text, const QByteArray& key, const TableEntry& entry) {
    const File file = read(text);
    const Line* old = find(text, file, key);
    if (!old)
        return notThere(key);
    if (const auto good = checkEntry(file, entry); !good)
        return good.error();
    const Line* twin = find(text, file, entry.key);
    if (twin && twin != old)
        return Error{ErrorCode::Exists, "the table has an entry \"" + entry.key + "\" already", Permanence::Permanent};
    std::vector<tree::TextEdit> edits;
    if (bytesOf(text, old->key) != entry.key)
        edits.push_back({old->key, entry.key});
    if (entry.value && bytesOf(text, old->value) != *entry.value)
        edits.push_back({old->value, *entry.value});
    Entries wanted = entriesOf(text);
    wanted[size_t(old - file.lines.data())] = {entry.key, entry.value.value_or(QByteArray())};
    return checked(text, std::move(edits), wanted);
}

Result<std::vector<tree::TextEdit>> removeTableLine(const QByteArray& text, const QByteArray& key) {
    const File file = read(text);
    const Line* old = find(text, file, key);
    if (!old)
        return notThere(key);
    Range gone = old->whole;
    const bool isOpenEnd = gone.end() == text.size() && !text.endsWith('\n');
    if (isOpenEnd && gone.offset > 0) { // the file goes on ending without a newline
        const qsizetype newline = gone.offset > 1 && text[gone.offset - 2] == '\r' ? 2 : 1;
        gone = {gone.offset - newline, gone.length + newline};
    }
    Entries wanted = entriesOf(text);
    wanted.erase(wanted.begin() + (old - file.lines.data()));
    return checked(text, {{gone, {}}}, wanted);
}

} // namespace postern::config::edits
