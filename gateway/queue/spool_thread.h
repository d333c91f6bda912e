// SPDX-License-Identifier: GPL-3.0-or-later
//
// The spool on its own thread, with natural batching: whatever arrives while one commit runs makes up the next.
// Thread: start()/stop() from the thread that owns it; post() from any.
#pragma once

#include "queue/spool.h"

#include <QThread>

#include <memory>

namespace postern::queue {

class SpoolThread {
  public:
    SpoolThread(FileStore& files, const Clock& clock, SpoolSettings settings);
    ~SpoolThread(); // stops

    // Opens the spool in its thread and returns what is queued.
    Result<QueueOutline> start();
    void post(SpoolRequest request);
    void stop(); // carries out all that was posted, then closes; blocks until done
    QByteArrayList findings() const; // Spool::findings(), as of start()
    std::map<QByteArray, qint64> counters() const; // Spool::counters(), as of start()
    std::shared_ptr<MessageIds> ids() const;
    QByteArray incomingPath(MessageId id) const;

  private:
    struct Impl;
    std::unique_ptr<Impl> m;
};

} // namespace postern::queue
