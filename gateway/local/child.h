// SPDX-License-Identifier: GPL-3.0-or-later
//
// One postern-deliver at work: gets its order and the message by a pipe, gives its report by another.
//
// Made by posix_spawn: the gateway has many threads, so nothing of ours runs between fork and exec. The child gets an
// environment of two entries and three descriptors (M03); standard error is the gateway's own, for what a loader may say.
// Thread: one event loop. Lifetime: `done` is called once, from the event loop, and may destroy the child. Destroying one that is
// at work asks it to stop, waits, and kills it. Failure: no report, with a text, is "try again".
#pragma once

#include "local/local_content.h"
#include "mda/order.h"

#include <functional>
#include <memory>

namespace postern::local {

class Child {
  public:
    using Done = std::function<void(mda::Report)>;
    Child(QByteArray program, const mda::Order& order, LocalContent content, Done done);
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    Result<void> start(); // an error: `done` is never called
    void stop();          // asks it to end; it takes back what it began, and reports
    void kill();          // for one that does not

  private:
    struct Impl;
    std::unique_ptr<Impl> m;
};

} // namespace postern::local
