// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/queue/pending_removal.h"

#include <utility>

using namespace Qt::StringLiterals;

namespace postern::window {

PendingRemoval::PendingRemoval(GatewayLink& link, QObject* parent) : QObject(parent), m_link(link) {
    m_timer.setSingleShot(true);
    m_timer.setInterval(kGrace);
    connect(&m_timer, &QTimer::timeout, this, &PendingRemoval::carryOutNow);
}

void PendingRemoval::remove(const QStringList& ids) {
    waitWith(ids, {{u"ids"_s, QJsonArray::fromStringList(ids)}}, static_cast<int>(ids.size()));
}

void PendingRemoval::removeAll(const QString& state, const QString& upTo, const QStringList& shown, int count) {
    waitWith(shown, {{u"all"_s, true}, {u"state"_s, state}, {u"upTo"_s, upTo}}, count);
}

void PendingRemoval::waitWith(const QStringList& ids, QJsonObject args, int count) {
    if (ids.isEmpty())
        return;
    carryOutNow();
    m_waiting = QSet<QString>(ids.begin(), ids.end());
    m_args = std::move(args);
    m_count = count;
    m_timer.start();
    Q_EMIT changed();
}

void PendingRemoval::undo() {
    m_timer.stop();
    m_count = 0;
    if (std::exchange(m_waiting, {}).isEmpty())
        return;
    Q_EMIT changed();
}

void PendingRemoval::carryOutNow() {
    m_timer.stop();
    m_count = 0;
    const QSet<QString> ids = std::exchange(m_waiting, {});
    if (ids.isEmpty())
        return;
    m_asked += ids;
    m_link.ask("queue.remove"_ba, m_args, this, [this, ids](const control::Reply& reply) {
        if (reply.ok) { // they stay hidden: ids are never used again
            Q_EMIT removed();
            return;
        }
        m_asked -= ids;
        Q_EMIT changed();
        Q_EMIT failed(reply.error);
    });
    Q_EMIT changed();
}

} // namespace postern::window
