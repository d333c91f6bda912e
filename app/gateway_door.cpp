// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway_door.h"

#include "base/log.h"
#include "control/socket_client.h"
#include "keychain/keychain_program.h"

using namespace Qt::StringLiterals;

namespace postern {

GatewayDoor::GatewayDoor(engine::Profile profile) : m_profile(std::move(profile)), m_reason(u"The gateway is not running."_s) {
    m_host.onStopAsked([this] {
        if (m_stopAsked)
            m_stopAsked();
    });
}

GatewayDoor::~GatewayDoor() {
    close();
}

bool GatewayDoor::open() {
    m_wait.reset();
    close();
    auto client = std::make_unique<control::SocketClient>();
    if (client->connectTo(m_profile.socketPath())) {
        client->onLost([this] { QTimer::singleShot(0, &m_later, [this] { lost(); }); });
        m_through = std::move(client);
        log(LogLevel::Notice, LogArea::Control, "attached to the gateway that runs on " + m_profile.stateFolder);
    } else {
        engine::EngineSettings settings;
        settings.profile = m_profile;
        const auto started = m_host.start(std::move(settings));
        if (!started) {
            m_reason = QString::fromUtf8(started.error().text);
            if (engine::waitsForKeychain(started.error()))
                m_wait = std::make_unique<ctl::KeychainWait>(keychain::systemKeychain(), m_profile.queueKeyName(), [this] {
                    QTimer::singleShot(0, &m_later, [this] { openAgain(); });
                });
            return false;
        }
        m_through = m_host.facade();
    }
    m_reason.clear();
    if (m_sink)
        m_through->subscribe(m_sink);
    return true;
}

// The keychain answers; nobody need press a button for that.
void GatewayDoor::openAgain() {
    if (!m_through)
        open();
    if (m_sink)
        m_sink(control::Event{u"changed"_s, {}});
}

bool GatewayDoor::close() {
    m_wait.reset();
    m_through.reset();
    return m_host.stop();
}

// The other process ended: say so; whether to start one here is for a person to choose.
void GatewayDoor::lost() {
    m_through.reset();
    m_reason = u"The gateway that this window was attached to has stopped."_s;
    if (m_sink)
        m_sink(control::Event{u"changed"_s, {}});
}

void GatewayDoor::ask(control::Request request, control::ReplyDone done) {
    if (m_through) {
        m_through->ask(std::move(request), std::move(done));
        return;
    }
    QTimer::singleShot(0, &m_later, [done = std::move(done), reason = m_reason] { done({false, {}, reason}); });
}

void GatewayDoor::subscribe(control::EventSink sink) {
    m_sink = std::move(sink);
    if (m_through)
        m_through->subscribe(m_sink);
}

bool GatewayDoor::isInProcess() const {
    return m_through ? m_through->isInProcess() : true;
}

} // namespace postern
