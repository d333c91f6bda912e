// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/macros.h"

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
    return m_fixed.keys() + m_values.keys();
}

bool MacroTable::spend(qsizetype count) {
    if (count > kMostExpanded - m_spent)
        return false;
    m_spent += count;
    return true;
}

} // namespace postern::config
