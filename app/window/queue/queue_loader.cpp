// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/queue/queue_loader.h"

#include <chrono>
#include <utility>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace postern::window {

QueueLoader::QueueLoader(GatewayLink& link, QStringList states, QObject* parent)
    : QObject(parent), m_link(link), m_states(std::move(states)) {
    m_soon.setSingleShot(true);
    connect(&m_soon, &QTimer::timeout, this, &QueueLoader::refreshNow);
    connect(&m_link, &GatewayLink::queueChanged, this, &QueueLoader::refresh);
}

void QueueLoader::setActive(bool on) {
    m_isActive = on;
    if (on)
        refreshNow();
}

void QueueLoader::refresh() {
    if (!m_isActive || m_soon.isActive())
        return;
    m_soon.start(!m_wasLoaded ? 0ms : m_rows.size() <= kPage ? 500ms : m_rows.size() <= kStep ? 2s : 10s);
}

void QueueLoader::refreshNow() {
    m_soon.stop();
    if (m_isBusy)
        m_again = true;
    else
        startRound();
}

void QueueLoader::showMore() {
    m_wanted += kStep;
    refreshNow();
}

void QueueLoader::startRound() {
    m_isBusy = true;
    m_again = false;
    m_fresh.clear();
    m_freshTotal = 0;
    m_state = 0;
    m_after.clear();
    askPage();
}

void QueueLoader::askPage() {
    const auto room = m_wanted - static_cast<int>(m_fresh.size());
    m_link.ask("queue.list"_ba,
               {{u"state"_s, m_states.at(m_state)}, {u"after"_s, m_after}, {u"most"_s, std::clamp(room, 1, kPage)}}, this,
               [this](const control::Reply& reply) { takePage(reply); });
}

void QueueLoader::takePage(const control::Reply& reply) {
    if (!reply.ok) {
        m_isBusy = false;
        Q_EMIT failed(reply.error);
        return;
    }
    const QJsonObject value = reply.value.toObject();
    const QJsonArray rows = value[u"rows"_s].toArray();
    const int total = value[u"total"_s].toInt();
    for (const auto& json : rows) {
        if (m_fresh.size() < m_wanted)
            m_fresh.append(control::QueueRow::fromJson(json.toObject()));
    }
    m_after = value[u"next"_s].toString();
    const bool isStateDone = m_after.isEmpty() || m_fresh.size() >= m_wanted;
    if (!isStateDone) {
        askPage();
        return;
    }
    m_freshTotal += total;
    m_newest = value[u"newest"_s].toString();
    m_after.clear();
    if (++m_state < m_states.size()) {
        askPage(); // also when there is no room left: its total counts
        return;
    }
    m_isBusy = false;
    m_rows = std::exchange(m_fresh, {});
    m_total = m_freshTotal;
    m_wasLoaded = true;
    Q_EMIT loaded();
    if (m_again)
        startRound();
}

} // namespace postern::window
