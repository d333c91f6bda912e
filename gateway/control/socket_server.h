// SPDX-License-Identifier: GPL-3.0-or-later
//
// The control socket: one JSON value a line, requests in, replies and events out, for whoever runs as the same user.
//
//   > {"id": 7, "verb": "status", "args": {}}
//   < {"id": 7, "ok": true, "value": {...}}            or {"id": 7, "ok": false, "error": "sentence"}
//   < {"event": {...}}                                  after "subscribe"
//
// Hostile input (random bytes, endless lines, another user) costs that connection and nothing else (threats K01, K02).
// Thread: the one that made it. Failure: listen() says what to do.
#pragma once

#include "base/result.h"
#include "control/facade.h"

#include <QLocalServer>

#include <functional>
#include <memory>
#include <vector>

namespace postern::control {

class SocketServer {
  public:
    static constexpr qint64 kLongestRequest = 1 << 20;  // octets of a line
    static constexpr qint64 kMostUnsentEvents = 4 << 20; // events to a client that does not read are dropped beyond this
    static constexpr qint64 kMostUnsent = 16 << 20;      // a client that is further behind with its answers is let go
    static constexpr int kMostClients = 64;

    // Carries out a request; calls done once, now or later, on this thread.
    using Handler = std::function<void(const Request&, ReplyDone done)>;

    explicit SocketServer(Handler handler);
    ~SocketServer();

    Result<void> listen(const QByteArray& path); // replaces a stale socket; the caller holds the state lock
    void publish(const Event& event); // kind "log" goes to those who follow the log, all else to subscribers
    bool isLogFollowed() const;
    int clients() const { return int(m_clients.size()); }
    void close();

  private:
    struct Client;
    void accept();
    void read(const std::shared_ptr<Client>& client);
    bool isTooFarBehind(const std::shared_ptr<Client>& client); // then it is dropped
    void drop(const std::shared_ptr<Client>& client);

    Handler m_handler;
    QLocalServer m_server;
    std::vector<std::shared_ptr<Client>> m_clients;
};

} // namespace postern::control
