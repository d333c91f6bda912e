// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which troubles deserve a notification, and those that were told: only new ones that need a person, at most one per
// cause an hour, several at once as one.
//
// What mail outlives by itself (a relay that cannot be reached for a moment) is told only when it lasts. What is known
// when the window first looks counts as new: it started with the trouble there.
// Thread: values, GUI thread (translations).
#pragma once

#include "window/overview/needs_you.h"

#include <QHash>

#include <optional>

namespace postern::window {

struct Notice {
    QString problemId; // of the worst; a click opens it
    QString title, text;
    qint64 at = 0; // Unix seconds
};

class Notices {
  public:
    std::optional<Notice> due(const QList<BannerText>& open, qint64 now);
    // One that is no open problem; told once in this program's life.
    std::optional<Notice> once(const QString& id, const QString& title, const QString& text, qint64 now);

    const QList<Notice>& told() const { return m_list; } // newest first
    int unseen() const { return m_unseen; }
    void setSeen() { m_unseen = 0; }

    static constexpr qint64 kAtMostEvery = 3600;
    static constexpr qint64 kPatience = 15 * 60; // for what ends by itself
    static constexpr qsizetype kMostKept = 20;

  private:
    struct Known {
        qint64 since = 0; // first seen
        qint64 told = 0;  // 0 = not yet
        qint64 seen = 0;  // last
    };
    void keep(const Notice& notice);

    QHash<QString, Known> m_known;
    QList<Notice> m_list;
    int m_unseen = 0;
};

} // namespace postern::window
