// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/map_source.h"

#include <QSet>

#include <algorithm>

namespace postern::tables {
namespace {

constexpr size_t kMaxProblems = 20;

bool isBlank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

// Takes one logical line off `text`: continued lines joined, the comment cut off. `number` counts the lines read.
QByteArray takeLine(QByteArrayView& text, int& number) {
    QByteArray line;
    for (bool goesOn = true; goesOn;) {
        const qsizetype newline = text.indexOf('\n');
        const QByteArrayView piece = newline < 0 ? text : text.first(newline);
        text = newline < 0 ? QByteArrayView() : text.sliced(newline + 1);
        ++number;
        goesOn = piece.endsWith('\\') && !text.isEmpty();
        line += piece.chopped(piece.endsWith('\\') ? 1 : 0);
    }
    QByteArray out;
    for (qsizetype i = 0; i < line.size(); ++i) {
        if (line[i] == '#')
            break;
        if (line[i] == '\\' && i + 1 < line.size() && line[i + 1] == '#')
            ++i;
        out += line[i];
    }
    return out.trimmed();
}

qsizetype keyEnd(QByteArrayView line) {
    if (line.startsWith('[') && line.contains(']'))
        return line.indexOf(']') + 1;
    return std::find_if(line.begin(), line.end(), [](char c) { return isBlank(c) || c == ':'; }) - line.begin();
}

// From the separator on: blanks and a colon that has a blank behind it are not part of the value.
QByteArrayView valueOf(QByteArrayView rest) {
    if (rest.startsWith(':'))
        rest = rest.sliced(1);
    while (!rest.isEmpty() && (isBlank(rest[0]) || (rest[0] == ':' && (rest.size() == 1 || isBlank(rest[1])))))
        rest = rest.sliced(1);
    return rest;
}

} // namespace

MapSource parseMapSource(QByteArrayView text, MapContent content) {
    MapSource source;
    QSet<QByteArray> known;
    int number = 0;
    while (!text.isEmpty() && source.problems.size() < kMaxProblems) {
        const int begin = number + 1;
        const QByteArray line = takeLine(text, number);
        if (line.isEmpty())
            continue;
        const auto problem = [&](QByteArray what) { source.problems.push_back({begin, std::move(what)}); };
        if (line.contains('\0')) {
            problem("the line holds a NUL octet");
            continue;
        }
        const qsizetype end = content == MapContent::Set ? line.size() : keyEnd(line);
        const QByteArray key = line.first(end).toLower();
        const QByteArray value = valueOf(QByteArrayView(line).sliced(end)).toByteArray();
        if (key.isEmpty() || (content == MapContent::Mapping && value.isEmpty())) {
            problem("invalid entry: a key and its value are wanted (-t set makes a database of keys alone)");
            continue;
        }
        if (known.contains(key)) {
            problem("duplicate entry for " + key);
            continue;
        }
        known.insert(key);
        source.entries.push_back({key, value});
        source.lines.push_back(begin);
    }
    return source;
}

} // namespace postern::tables
