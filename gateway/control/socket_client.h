// SPDX-License-Identifier: GPL-3.0-or-later
//
// The Facade of a gateway that runs in another process: speaks SocketServer's protocol.
//
// Thread: the one that made it. Lifetime: answers still open when it goes are dropped. When the connection breaks every open
// question is answered with a sentence, and lost() is called once.
#pragma once

#include "control/facade.h"

#include <QHash>
#include <QLocalSocket>

#include <functional>
#include <memory>

namespace postern::control {

class SocketClient final : public Facade {
  public:
    SocketClient();
    ~SocketClient() override;

    // Connects; false if nobody listens there. Blocks at most `timeoutMs` (a local socket: microseconds when it works).
    bool connectTo(const QByteArray& path, int timeoutMs = 2000);
    void onLost(std::function<void()> lost) { m_lost = std::move(lost); }

    void ask(Request request, ReplyDone done) override;
    void subscribe(EventSink sink) override;
    void onEvent(EventSink sink) { m_sink = std::move(sink); } // without asking for them: log.tail {follow} brings some
    bool isInProcess() const override { return false; }

  private:
    void read();
    void breakOff();

    QLocalSocket m_socket;
    QByteArray m_buffer;
    QHash<qint64, ReplyDone> m_open;
    qint64 m_nextId = 1;
    EventSink m_sink;
    std::function<void()> m_lost;
};

} // namespace postern::control
