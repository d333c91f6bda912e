// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which problems deserve a notification: only new ones that need a person, at most one per cause an hour, several at
// once as one.
// Thread: values.
#pragma once

#include "control/snapshots.h"

#include <QHash>

#include <optional>

namespace postern::window {

struct Notice {
    QString problemId; // of the worst; a click opens it
    QString title, text;
};

class Notices {
  public:
    std::optional<Notice> due(const QList<control::Problem>& problems, qint64 now);

  private:
    QHash<QString, qint64> m_told; // problem id -> Unix seconds
};

} // namespace postern::window
