// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/macros.h"

#include <algorithm>

namespace postern::config {

MacroValuePtr MacroTable::find(const QByteArray& name) const {
    if (const auto fixed = m_fixed.constFind(name); fixed != m_fixed.constEnd())
        return *fixed;
    return m_values.value(name);
}

QList<QByteArray> MacroTable::names() const {
    constexpr qsizetype kMostCompared = 500;
    if (m_fixed.size() + m_values.size() > kMostCompared)
        return {};
    QList<QByteArray> result = m_fixed.keys() + m_values.keys();
    std::sort(result.begin(), result.end()); // a hash has another order in every run
    return result;
}

void MacroTable::defineChanges(const MacroTable& before, const MacroTable& behind) {
    for (auto one = behind.m_values.constBegin(); one != behind.m_values.constEnd(); ++one) {
        if (before.m_values.value(one.key()) != one.value())
            define(one.key(), one.value());
    }
}

bool MacroTable::spend(qsizetype count) {
    if (count > kMostExpanded - m_spent) {
        m_isExhausted = true;
        return false;
    }
    m_spent += count;
    return true;
}

} // namespace postern::config
