// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/link/gateway_link.h"

#include <algorithm>
#include <chrono>
#include <utility>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace postern::window {

GatewayLink::GatewayLink(control::Facade& facade, const Clock& clock, QObject* parent)
    : QObject(parent), m_facade(facade), m_clock(clock) {
    m_soon.setSingleShot(true);
    m_soon.setInterval(500ms);
    m_slow.setInterval(5s);
    m_flush.setSingleShot(true);
    m_flush.setInterval(250ms);
    connect(&m_soon, &QTimer::timeout, this, &GatewayLink::askStatus);
    connect(&m_slow, &QTimer::timeout, this, &GatewayLink::askStatus);
    connect(&m_flush, &QTimer::timeout, this, &GatewayLink::flushActivity);
}

void GatewayLink::start() {
    listen();
    m_slow.start();
    askStatus();
}

void GatewayLink::listen() {
    m_facade.subscribe([self = QPointer<GatewayLink>(this)](const control::Event& event) {
        if (self)
            self->onEvent(event);
    });
}

void GatewayLink::refresh() {
    askStatus();
}

bool GatewayLink::isInProcess() const {
    return m_facade.isInProcess();
}

qint64 GatewayLink::now() const {
    return m_clock.wall().time_since_epoch().count();
}

void GatewayLink::ask(const QByteArray& verb, const QJsonObject& args, QObject* receiver, Done done) {
    m_facade.ask({verb, args}, [receiver = QPointer<QObject>(receiver), done = std::move(done)](control::Reply reply) {
        if (receiver && done)
            done(reply);
    });
}

void GatewayLink::onEvent(const control::Event& event) {
    if (event.kind == u"activity") {
        m_batch.append(event.activity);
        if (m_batch.size() > kMostRecent)
            m_batch.removeFirst();
        if (!m_flush.isActive())
            m_flush.start();
        return;
    }
    if (event.kind == u"stopping") {
        askStatus();
        return;
    }
    if (!m_soon.isActive())
        m_soon.start();
}

void GatewayLink::flushActivity() {
    QList<control::ActivityEvent> fresh;
    for (const auto& event : std::as_const(m_batch)) {
        if (event.serial > m_lastSerial) {
            m_lastSerial = event.serial;
            fresh.append(event);
        }
    }
    m_batch.clear();
    if (fresh.isEmpty())
        return;
    m_recent += fresh;
    if (m_recent.size() > kMostRecent)
        m_recent.remove(0, m_recent.size() - kMostRecent);
    Q_EMIT activityArrived(fresh);
}

void GatewayLink::askStatus() {
    if (m_isAsking) {
        m_askAgain = true;
        return;
    }
    m_isAsking = true;
    ask("status"_ba, {}, this, [this](const control::Reply& reply) { takeStatus(reply); });
}

void GatewayLink::takeStatus(const control::Reply& reply) {
    m_isAsking = false;
    if (std::exchange(m_askAgain, false) && !m_soon.isActive())
        m_soon.start();
    const bool came = reply.ok && !m_isThere;
    m_isThere = reply.ok;
    if (reply.ok) {
        const bool isOtherRun = m_status.pid != 0 && reply.value.toObject()[u"startedAt"_s].toInteger() != m_status.startedAt;
        m_status = control::Status::fromJson(reply.value.toObject());
        if (came && m_wasEverThere)
            listen(); // it may be another run, which knows nothing of us
        m_wasEverThere = true;
        m_reason.clear();
        if (isOtherRun)
            m_lastSerial = 0; // a new run counts its lines from the start
        if (came || isOtherRun)
            catchUp();
        Q_EMIT queueChanged();
    } else {
        m_reason = reply.error;
    }
    Q_EMIT statusChanged();
}

// What happened before we subscribed, or while the gateway was away.
void GatewayLink::catchUp() {
    ask("activity"_ba, {{u"since"_s, m_lastSerial}, {u"most"_s, 1000}}, this, [this](const control::Reply& reply) {
        if (!reply.ok)
            return;
        for (const auto& json : reply.value.toObject()[u"events"_s].toArray())
            m_batch.append(control::ActivityEvent::fromJson(json.toObject()));
        std::stable_sort(m_batch.begin(), m_batch.end(),
                         [](const auto& a, const auto& b) { return a.serial < b.serial; });
        flushActivity();
    });
}

} // namespace postern::window
