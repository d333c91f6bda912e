// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/log_lines.h"

#include "base/log_file.h"

#include <QFile>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace postern::ctl {
namespace {

constexpr LogLevel kLevels[] = {LogLevel::Debug, LogLevel::Info, LogLevel::Notice, LogLevel::Warning, LogLevel::Error};
constexpr LogArea kAreas[] = {LogArea::Engine, LogArea::Config, LogArea::Smtp, LogArea::Queue,
                              LogArea::Relay,  LogArea::Tls,    LogArea::Dns,  LogArea::Control};
constexpr qint64 kLongestLine = 64 << 10;

std::optional<int> levelFrom(QByteArrayView word) {
    for (const LogLevel level : kLevels)
        if (toString(level) == word)
            return int(level);
    return std::nullopt;
}

bool isArea(QByteArrayView word) {
    return std::any_of(std::begin(kAreas), std::end(kAreas), [word](LogArea area) { return toString(area) == word; });
}

} // namespace

LogWords LogWords::from(const QByteArray& line) {
    // "2026-11-19 14:32:07.123 smtp notice: ..."
    const qsizetype time = line.indexOf(' ', line.indexOf(' ') + 1);
    const qsizetype area = time < 0 ? -1 : line.indexOf(' ', time + 1);
    const qsizetype level = area < 0 ? -1 : line.indexOf(": ", area + 1);
    if (level < 0 || !isArea(QByteArrayView(line).sliced(time + 1, area - time - 1)))
        return {{}, {}, {}, line};
    return {line.left(time), line.mid(time + 1, area - time - 1), line.mid(area + 1, level - area - 1), line.mid(level + 2)};
}

QJsonObject LogWords::toJson() const {
    return {{u"at"_s, QString::fromUtf8(at)},
            {u"area"_s, QString::fromUtf8(area)},
            {u"level"_s, QString::fromUtf8(level)},
            {u"text"_s, QString::fromUtf8(text)}};
}

LogFilter::LogFilter(const QByteArray& words) {
    for (const QByteArray& one : words.split(',')) {
        const QByteArray word = one.trimmed().toLower();
        if (word.isEmpty())
            continue;
        if (const auto level = levelFrom(word))
            m_level = level;
        else if (isArea(word))
            m_areas.append(word);
        else
            m_texts.append(word);
    }
}

bool LogFilter::takes(const QByteArray& line) const {
    const LogWords words = LogWords::from(line);
    if (m_level && levelFrom(words.level).value_or(-1) < *m_level)
        return false;
    if (!m_areas.isEmpty() && !m_areas.contains(words.area))
        return false;
    const QByteArray lower = line.toLower();
    return std::all_of(m_texts.begin(), m_texts.end(), [&lower](const QByteArray& text) { return lower.contains(text); });
}

bool eachLogLine(const engine::Profile& profile, const std::function<void(const QByteArray& line)>& take) {
    const QByteArrayList paths = LogFile::filesOf(profile.logFolder());
    bool isAny = false;
    for (const QByteArray& path : paths) {
        QFile file(QFile::decodeName(path));
        if (!file.open(QIODevice::ReadOnly))
            continue;
        isAny = true;
        while (!file.atEnd()) {
            QByteArray line = file.readLine(kLongestLine);
            if (line.endsWith('\n'))
                line.chop(1);
            take(line);
        }
    }
    return isAny;
}

} // namespace postern::ctl
