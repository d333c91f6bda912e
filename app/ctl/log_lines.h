// SPDX-License-Identifier: GPL-3.0-or-later
//
// Lines of the log, from its files or from a running gateway: taken apart, and chosen by level, area or words.
// Thread: values.
#pragma once

#include "base/log.h"
#include "engine/profile.h"

#include <QJsonObject>

#include <functional>

namespace postern::ctl {

// A line as base/log.h prints it. Level and area are "" in a line that is none (a count of lost ones).
struct LogWords {
    QByteArray at, area, level, text;
    static LogWords from(const QByteArray& line);
    QJsonObject toJson() const;
};

// "--filter WORD[,WORD]...": a level (it and worse ones), an area, or a text in any case; all of them must fit.
class LogFilter {
  public:
    LogFilter() = default;
    explicit LogFilter(const QByteArray& words);
    bool isSet() const { return m_level || !m_areas.isEmpty() || !m_texts.isEmpty(); }
    bool takes(const QByteArray& line) const;

  private:
    std::optional<int> m_level;
    QByteArrayList m_areas, m_texts;
};

// Every line of the log files, oldest first; false: there are none.
bool eachLogLine(const engine::Profile& profile, const std::function<void(const QByteArray& line)>& take);

} // namespace postern::ctl
