// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/gateway_link.h"

#include <QEventLoop>
#include <QTimer>

namespace postern::ctl {
namespace {

constexpr int kAnswerMs = 60'000;
constexpr int kLookMs = 500;

} // namespace

GatewayLink::GatewayLink(const engine::Profile& profile) {
    m_isThere = m_client.connectTo(profile.socketPath());
    m_client.onLost([this] { stop(); });
}

control::Reply GatewayLink::ask(const control::Request& request) {
    // Shared: an answer that comes after the minute finds nobody waiting.
    const auto answer = std::make_shared<control::Reply>(
        control::Reply{false, {}, QStringLiteral("The gateway did not answer within a minute.")});
    QEventLoop loop;
    const auto waiting = std::make_shared<QEventLoop*>(&loop);
    m_client.ask(request, [answer, waiting](const control::Reply& reply) {
        if (!*waiting)
            return;
        *answer = reply;
        (*waiting)->quit();
    });
    QTimer::singleShot(kAnswerMs, &loop, &QEventLoop::quit);
    loop.exec();
    *waiting = nullptr;
    return *answer;
}

void GatewayLink::wait(const std::function<void()>& every) {
    QEventLoop loop;
    bool isOver = false;
    m_ended = [&] {
        isOver = true;
        loop.quit();
    };
    QTimer timer;
    if (every) {
        QObject::connect(&timer, &QTimer::timeout, &loop, [&] { every(); });
        timer.start(kLookMs);
    }
    if (!isOver)
        loop.exec();
    m_ended = {};
}

void GatewayLink::stop() {
    if (m_ended)
        m_ended();
}

QByteArray nobodyRuns(const engine::Profile& profile) {
    if (const auto may = engine::mayLookInto(profile); !may)
        return may.error().text;
    return "no gateway runs on " + (profile.folder.isEmpty() ? profile.stateFolder : profile.folder) +
           "; start it with `posternctl run` or the Postern window";
}

} // namespace postern::ctl
