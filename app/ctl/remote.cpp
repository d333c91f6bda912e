// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/remote.h"

#include "control/socket_client.h"

#include <QEventLoop>
#include <QTimer>

namespace postern::ctl {

namespace {

constexpr int kAnswerMs = 60'000;

} // namespace

std::optional<control::Reply> askRunning(const engine::Profile& profile, const control::Request& request) {
    control::SocketClient client;
    if (!client.connectTo(profile.socketPath()))
        return std::nullopt;
    control::Reply answer{false, {}, QStringLiteral("The gateway did not answer within a minute.")};
    QEventLoop loop;
    client.ask(request, [&](const control::Reply& reply) {
        answer = reply;
        loop.quit();
    });
    QTimer::singleShot(kAnswerMs, &loop, &QEventLoop::quit);
    loop.exec();
    return answer;
}

} // namespace postern::ctl
