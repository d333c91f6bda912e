// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/table_text.h"

#include <algorithm>
#include <optional>

namespace postern::tables {
namespace {

constexpr qsizetype kMaxLine = 65535;
constexpr size_t kMaxProblems = 20;

bool isBlank(char c) {
    return c == ' ' || c == '\t';
}

// Where the key of a mapping line ends; the line's size if it has no separator.
qsizetype keyEnd(QByteArrayView line) {
    if (line.startsWith('[')) {
        const qsizetype bracket = line.indexOf(']');
        return bracket < 0 ? line.size() : bracket + 1;
    }
    for (qsizetype i = 0; i < line.size(); ++i) {
        if (isBlank(line[i]) || line[i] == ':')
            return i;
    }
    return line.size();
}

bool looksLikeUrl(QByteArrayView line, qsizetype end) {
    return line.sliced(end).startsWith("://");
}

qsizetype firstBlank(QByteArrayView line) {
    return std::find_if(line.begin(), line.end(), isBlank) - line.begin();
}

// "smtps://mx.example.net 3": a relay with its share.
bool hasShare(QByteArrayView line) {
    const QByteArrayView rest = line.sliced(firstBlank(line)).trimmed();
    return !rest.isEmpty() && std::all_of(rest.begin(), rest.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// `rest` starts at the separator. A colon of its own between blanks is part of it, as readers until 7.4 took
// it.
QByteArrayView valueOf(QByteArrayView rest) {
    if (rest.startsWith(':'))
        return rest.sliced(1).trimmed();
    rest = rest.trimmed();
    if (rest.size() > 1 && rest[0] == ':' && isBlank(rest[1]))
        return rest.sliced(1).trimmed();
    return rest;
}

} // namespace

TableText parseTableText(QByteArrayView text, Keep keep) {
    TableText result;
    const auto kept = [keep](QByteArrayView bytes) {
        return keep == Keep::Copies ? bytes.toByteArray() : QByteArray::fromRawData(bytes.data(), bytes.size());
    };
    if (keep == Keep::Views)
        result.entries.reserve(size_t(text.count('\n')) + 1);
    std::optional<Shape> shape;
    bool isOfShares = false; // relay URLs with a number behind each: keys hold colons
    int number = 0;
    const auto problem = [&](QByteArray what) { result.problems.push_back({number, std::move(what)}); };
    while (!text.isEmpty() && result.problems.size() < kMaxProblems) {
        const qsizetype newline = text.indexOf('\n');
        const QByteArrayView line = (newline < 0 ? text : text.first(newline)).trimmed();
        text = newline < 0 ? QByteArrayView() : text.sliced(newline + 1);
        ++number;
        if (line.isEmpty())
            continue;
        if (line.startsWith('#')) {
            if (!shape && line.sliced(1).trimmed() == "@list")
                shape = Shape::List;
            continue;
        }
        if (line.size() > kMaxLine || line.contains('\0')) {
            problem(line.size() > kMaxLine ? "the line is longer than 65535 octets"
                                           : "the line holds a NUL octet");
            continue;
        }
        qsizetype end = keyEnd(line);
        if (!shape) {
            isOfShares = looksLikeUrl(line, end) && hasShare(line);
            shape = end == line.size() || (looksLikeUrl(line, end) && !isOfShares) ? Shape::List : Shape::Mapping;
        }
        if (isOfShares)
            end = firstBlank(line);
        if (*shape == Shape::List) {
            result.entries.push_back({kept(line), {}});
            continue;
        }
        const QByteArrayView value = end < line.size() ? valueOf(line.sliced(end)) : QByteArrayView();
        if (end == 0 || value.isEmpty())
            problem(
                "invalid map entry: the first entry of this file has a key and a value, this line lacks one"
                " (\"# @list\" as the first line makes it a list)");
        else
            result.entries.push_back({kept(line.first(end)), kept(value)});
    }
    if (result.problems.size() == kMaxProblems)
        problem("too many bad lines, the rest was not read");
    result.shape = shape.value_or(Shape::Mapping);
    return result;
}

Shape shapeForOpenSmtpd(QByteArrayView text, bool knowsMark) {
    while (!text.isEmpty()) {
        const qsizetype newline = text.indexOf('\n');
        const QByteArrayView line = (newline < 0 ? text : text.first(newline)).trimmed();
        text = newline < 0 ? QByteArrayView() : text.sliced(newline + 1);
        if (line.startsWith('#') && knowsMark && line.sliced(1).trimmed() == "@list")
            return Shape::List;
        if (line.isEmpty() || line.startsWith('#'))
            continue;
        const auto separator = std::find_if(line.begin(), line.end(), [](char c) { return isBlank(c) || c == ':'; });
        return separator == line.end() ? Shape::List : Shape::Mapping;
    }
    return Shape::Mapping;
}

} // namespace postern::tables
