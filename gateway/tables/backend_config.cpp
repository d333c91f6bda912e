// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/backend_config.h"

#include "base/log.h"

#include <algorithm>

namespace postern::tables {
namespace {

bool isBlank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

QByteArrayView trimmed(QByteArrayView text) {
    while (!text.isEmpty() && isBlank(text.front()))
        text = text.sliced(1);
    while (!text.isEmpty() && isBlank(text.back()))
        text.chop(1);
    return text;
}

// Blanks, and a colon with a blank behind it: "key: value", "key : value", "key value", "key:value".
QByteArrayView behindSeparator(QByteArrayView text) {
    if (!text.isEmpty())
        text = text.sliced(1);
    while (!text.isEmpty() && (isBlank(text[0]) || (text[0] == ':' && (text.size() == 1 || isBlank(text[1])))))
        text = text.sliced(1);
    return text;
}

} // namespace

BackendConfig::BackendConfig(QByteArrayView text, const std::vector<Key>& keys) {
    for (const Key& key : keys)
        m_lines[key.name.toByteArray()];
    int number = 0;
    for (qsizetype at = 0; at < text.size();) {
        const qsizetype end = text.indexOf('\n', at);
        const QByteArrayView line = trimmed(end < 0 ? text.sliced(at) : text.sliced(at, end - at));
        at = end < 0 ? text.size() : end + 1;
        ++number;
        if (line.isEmpty() || line.front() == '#')
            continue;
        const auto separator = std::find_if(line.begin(), line.end(), [](char c) { return isBlank(c) || c == ':'; });
        const QByteArray name = line.first(separator - line.begin()).toByteArray();
        const QByteArray value = behindSeparator(line.sliced(separator - line.begin())).toByteArray();
        const auto known = std::find_if(keys.begin(), keys.end(), [&name](const Key& key) { return key.name == name; });
        const QByteArray shown = '"' + harmless(name, 40) + '"';
        if (known == keys.end()) {
            problems.push_back({number, "there is no key " + shown + " for this kind of table; it counts for nothing", true});
            continue;
        }
        if (value.isEmpty()) {
            complain(number, "the key " + shown + " has no value");
            continue;
        }
        if (value.contains('\0')) {
            complain(number, "the value of " + shown + " holds a NUL");
            continue;
        }
        Line& kept = m_lines[name];
        if (kept.isWritten())
            problems.push_back({number, shown + " stands in line " + QByteArray::number(kept.number) + " already; " +
                                            (known->twice == Twice::LastCounts ? "the last one counts" : "the first one counts"),
                                true});
        if (!kept.isWritten() || known->twice == Twice::LastCounts)
            kept = {number, value};
    }
}

const BackendConfig::Line& BackendConfig::line(QByteArrayView key) const {
    static const Line kNone;
    const auto at = m_lines.find(key.toByteArray());
    return at == m_lines.end() ? kNone : at->second;
}

bool BackendConfig::isUsable() const {
    return std::all_of(problems.begin(), problems.end(), [](const TableProblem& problem) { return problem.isWarning; });
}

} // namespace postern::tables
