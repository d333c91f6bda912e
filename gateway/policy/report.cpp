// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/report.h"

#include <algorithm>
#include <limits>

namespace postern::policy {

Report::Report(const config::FileSet& set) : m_files(set.files()) {
    for (const config::Diagnostic& one : set.diagnostics())
        keep({fileNumber(one.file), one.offset, one});
}

void Report::keep(Item item) {
    int& said = m_said[size_t(item.diagnostic.severity)];
    if (said > kMostSaid)
        return;
    if (++said > kMostSaid) {
        item.diagnostic.text = "more than " + QByteArray::number(kMostSaid) + " " +
                               toString(item.diagnostic.severity).toByteArray() + "s; the others are not shown";
        item.diagnostic.suggestion.clear();
    }
    m_items.push_back(std::move(item));
}

void Report::say(config::Severity severity, const config::StatementView& at,
                 std::optional<config::Range> range, QByteArray text, QByteArray suggestion) {
    if (isFull(severity))
        return;
    config::Diagnostic made = range ? at.diagnostic(severity, *range, std::move(text), std::move(suggestion))
                                    : at.diagnostic(severity, std::move(text));
    const int number = fileNumber(made.file);
    const qsizetype offset = made.offset;
    keep({number, offset, std::move(made)});
}

void Report::inOtherFile(const config::StatementView& at, const QByteArray& file, int line, QByteArray text,
                         config::Severity severity) {
    config::Diagnostic made;
    made.severity = severity;
    made.file = file;
    made.line = line;
    made.text = std::move(text);
    keep({fileNumber(at.file()), at.range().offset, std::move(made)});
}

void Report::aboutTheFile(config::Severity severity, QByteArray text) {
    config::Diagnostic made;
    made.severity = severity;
    made.file = m_files.value(0);
    made.text = std::move(text);
    keep({0, std::numeric_limits<qsizetype>::max(), std::move(made)}); // behind what has a place
}

config::Diagnostics Report::inOrder() && {
    std::stable_sort(m_items.begin(), m_items.end(), [](const Item& a, const Item& b) {
        return a.file != b.file ? a.file < b.file : a.offset < b.offset;
    });
    config::Diagnostics result;
    for (Item& item : m_items)
        result.push_back(std::move(item.diagnostic));
    return result;
}

int Report::fileNumber(const QByteArray& file) const {
    return int(std::max(m_files.indexOf(file), qsizetype(0)));
}

} // namespace postern::policy
