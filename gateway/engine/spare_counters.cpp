// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/spare_counters.h"

namespace postern::engine {
namespace {

constexpr QByteArrayView kEnd = "end\n";

qint64 valueOf(const std::map<QByteArray, qint64>& counters, const QByteArray& name) {
    const auto at = counters.find(name);
    return at == counters.end() ? 0 : at->second;
}

qint64 countedIn(const std::map<QByteArray, qint64>& counters) {
    qint64 sum = 0;
    for (const char* name : {"taken", "delivered", "refused", "bounced"})
        sum += valueOf(counters, name);
    return sum;
}

} // namespace

void SpareCounters::makeRoom() {
    if (m_files.size(m_path).value_or(0) == kOctets)
        return;
    (void)m_files.remove(m_path);
    auto file = m_files.create(m_path);
    if (!file)
        return;
    (void)(*file)->write(QByteArray(kOctets, '\n'));
    (void)(*file)->close();
}

void SpareCounters::keep(const std::vector<std::pair<QByteArray, qint64>>& values) {
    QByteArray text;
    for (const auto& [name, value] : values)
        text += name + ' ' + QByteArray::number(value) + '\n';
    text += kEnd;
    if (text.size() <= kOctets)
        (void)m_files.overwrite(m_path, 0, text.leftJustified(kOctets, '\n'));
}

std::map<QByteArray, qint64> SpareCounters::newer(std::map<QByteArray, qint64> kept) const {
    const QByteArray text = m_files.read(m_path, 0, kOctets).value_or(QByteArray());
    const qsizetype end = text.indexOf(kEnd);
    if (end < 0)
        return kept;
    std::map<QByteArray, qint64> spare;
    for (const QByteArray& line : text.first(end).split('\n')) {
        const qsizetype space = line.indexOf(' ');
        bool isNumber = false;
        const qint64 value = line.mid(space + 1).toLongLong(&isNumber);
        if (space > 0 && isNumber)
            spare[line.left(space)] = value;
    }
    const qint64 day = valueOf(spare, "day"), keptDay = valueOf(kept, "day");
    if (day < keptDay || (day == keptDay && countedIn(spare) <= countedIn(kept)))
        return kept;
    for (const auto& [name, value] : spare)
        kept[name] = value;
    return kept;
}

} // namespace postern::engine
