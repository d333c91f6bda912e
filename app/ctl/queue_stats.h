// SPDX-License-Identifier: GPL-3.0-or-later
//
// The queue in numbers: by state, by age, by destination. Fed with rows, so that it is the same on a running and on a stopped
// queue and costs the gateway no more than a list. Thread: a value. Memory: one record a destination and one id a message.
#pragma once

#include "control/snapshots.h"

#include <QHash>
#include <QMap>
#include <QSet>

namespace postern::ctl {

class QueueStats {
  public:
    explicit QueueStats(qint64 now) : m_now(now) {}
    void add(const control::QueueRow& row);
    QJsonObject toJson() const;
    QString toText() const;

  private:
    struct Part {
        int envelopes = 0;
        QMap<QString, int> states;
        qint64 oldestAt = 0;
        qint64 lastTryAt = 0;
        QString lastError; // of the last try
    };
    struct Named {
        QString domain;
        Part part;
    };
    static QJsonObject toJson(const Part& part);
    QList<Named> byCount() const; // most envelopes first, then by name

    qint64 m_now;
    Part m_all;
    qint64 m_octets = 0;
    QSet<QString> m_messages;
    QHash<QString, Part> m_domains;
    QList<int> m_ages = QList<int>(6, 0); // kAges and "older"
};

} // namespace postern::ctl
