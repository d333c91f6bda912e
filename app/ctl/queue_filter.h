// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which rows of the queue somebody wants to see: --since, --from, --to. Thread: a value; UsageError for what is no time.
#pragma once

#include "control/snapshots.h"
#include "ctl/arguments.h"

namespace postern::ctl {

// "30m", "2h", "3d", "1w" ago, or "2026-11-29", "2026-11-29 08:30[:15]" in local time, as Unix seconds.
std::optional<qint64> timeFrom(const QByteArray& text, qint64 now);

// The whole address, @DOMAIN, or a pattern with *; letters of either case. "" and "<>" are the null sender.
bool addressMatches(const QString& address, const QByteArray& pattern);

class QueueFilter {
  public:
    QueueFilter() = default;
    explicit QueueFilter(const Arguments& arguments);
    bool isSet() const { return m_since || m_from || m_to; }
    bool takes(const control::QueueRow& row) const;

  private:
    std::optional<qint64> m_since; // taken in then or later
    std::optional<QByteArray> m_from, m_to;
};

} // namespace postern::ctl
